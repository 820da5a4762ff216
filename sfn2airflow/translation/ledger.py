"""What a translation notes on its way: findings, permissions, names, and open placeholders with their uses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sfn_airflow_core.asl.model import Json, Placeholder, Pointer
from sfn_airflow_core.dag.model import Constant
from sfn_airflow_core.dag.names import Names, screaming, slug
from sfn_airflow_core.findings import Fidelity, Finding
from sfn_airflow_core.jsonmap.substitute import PLACEHOLDER
from sfn_airflow_core.text import join


@dataclass(slots=True)
class Ledger:
    """Grows while one machine is translated; ``names`` hands out task ids, ``children`` names of child DAGs.

    ``approvals`` are the states that ask a person, with the options; with ``human_approval`` they are asked in Airflow.
    """

    names: Names
    findings: list[Finding] = field(default_factory=list)
    permissions: set[str] = field(default_factory=set)
    places: dict[str, list[Pointer]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    dispositions: dict[Pointer, Fidelity] = field(default_factory=dict)
    approvals: dict[Pointer, dict[str, Json]] = field(default_factory=dict)
    human_approval: bool = False
    dag_id: str = "machine"
    children: Names = field(default_factory=Names)

    def child(self, task_id: str) -> tuple[str, Ledger]:
        """The name of the function that makes the child DAG of a task, and the ledger to translate it with."""
        main = "__".join(slug(part, "machine") for part in self.dag_id.split("__"))
        name = self.children.take(f"{main}__{task_id}", companion="_dag")
        return name, replace(self, names=self.names.afresh(), dag_id=f"{self.dag_id}__{task_id}")

    def note(self, *findings: Finding) -> None:
        """Records findings."""
        self.findings += findings

    def placeholders(self, value: Json, at: Pointer) -> None:
        """Records every open placeholder in a value, at any depth; in the names of members, too."""
        match value:
            case Placeholder():
                self._use(value.name, at)
            case str():
                for match in PLACEHOLDER.finditer(value):
                    self._use(match[1], at)
            case list():
                for index, element in enumerate(value):
                    self.placeholders(element, join(at, index))
            case dict():
                for key, element in value.items():
                    self.placeholders(key, join(at, key))
                    self.placeholders(element, join(at, key))
            case _:
                pass

    def _use(self, name: str, at: Pointer) -> None:
        self.places.setdefault(name, []).append(at)

    def name_constants(self) -> tuple[Constant, ...]:
        """Gives every open placeholder its constant, in the order of first use."""
        names = Names()
        for name in self.places:
            self.constants[name] = names.take(screaming(name), suffix="VALUE")
        return tuple(Constant(self.constants[name], name, tuple(uses)) for name, uses in self.places.items())
