"""The work of ``compare``: machines, each with the DAG of its translation or with one that is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from sfn2airflow.batch import machines
from sfn2airflow.commands.options import substitutions_of
from sfn2airflow.task_shapes import shapes_of
from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.compare.comparison import Comparison
from sfn_airflow_core.compare.dag_file import DagFile, DagFileError, read_dag_file
from sfn_airflow_core.compare.steps import plan
from sfn_airflow_core.compare.structure import match
from sfn_airflow_core.dag.names import slug
from sfn_airflow_core.shell.comparing import Request, guarded, read_machines, workflow_names
from sfn_airflow_core.shell.group import UNUSABLE
from sfn_airflow_core.shell.inputs import Input
from sfn_airflow_core.shell.progress import tracked


def run(given: Mapping[str, Any]) -> int:
    """Compares, reports, and gives the exit code. Raises click.UsageError for anything unusable."""
    return guarded(lambda: Work(given, Request.read(given)).run())


@dataclass(slots=True)
class Work:
    """One run of the command; ``given`` are its options as click gives them."""

    given: Mapping[str, Any]
    request: Request

    def run(self) -> int:
        """Compares and reports; gives the exit code."""
        dags = [name for name in self.given["inputs"] if name.endswith(".py")]
        machines = self.machines([name for name in self.given["inputs"] if not name.endswith(".py")])
        if not machines:
            return max(self.request.code, UNUSABLE)
        self.request.expect(len(machines), dags)
        if len(dags) > 1:
            raise click.UsageError(f"Name one DAG file, not {len(dags)}.")
        if self.given["verifies"] and not (dags and self.given["scenarios"]):
            raise click.UsageError("--verify needs a DAG file and --scenarios FILE.")
        return self.request.finish([self.compared(found, machine, dags) for found, machine in tracked(machines)])

    def machines(self, names: Sequence[str]) -> list[tuple[Input, Machine]]:
        """The machines that could be read."""
        if not names:
            raise click.UsageError("Name a state machine: a JSON or YAML file, a folder, or - for standard input.")
        inputs = [found for found in machines(names) if not isinstance(found, str)]
        if not inputs:
            self.request.error("sfn2airflow: error: no state machine found in the given folders")
        return list(read_machines(self.request, inputs, substitutions_of(self.given)))

    def compared(self, found: Input, machine: Machine, dags: Sequence[str]) -> Comparison:
        """One machine compared."""
        names = workflow_names(found.name)
        own = plan(machine, len(found.data))
        shapes = shapes_of(machine, slug(names[-1], "machine"), found.name)
        if not dags:
            return self.request.compared(names, own, shapes)
        dag = self.dag(dags[0])
        structure = match(own, dag)
        if self.given["verifies"]:
            from sfn_airflow_core.shell.compare_verify import behaviour

            scenarios = Path(self.given["scenarios"])
            structure = replace(structure, behaviour=behaviour(found, own, structure, Path(dags[0]), scenarios))
        return self.request.compared(names, own, shapes, dag, structure)

    def dag(self, name: str) -> DagFile:
        """The DAG file, read without running it."""
        try:
            return read_dag_file(Path(name).read_bytes(), name, self.given["dag_id"] or "")
        except OSError as error:
            raise DagFileError(f"{name}: {error.strerror}") from None
