"""Verification from a team's own tests: the fixture behind the files that ``verify --write-test`` writes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from sfn2airflow.options import Options
from sfn2airflow.output import runtime_files
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.render.verification import diff
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.scenario import Scenario, load_scenarios
from sfn_airflow_core.verify.verification import Subject, verify

__all__ = ["Bench", "Scenario", "load_scenarios"]


class Bench:
    """State machines and their DAGs on one Airflow: ``with Bench({"order": path}) as bench: …``.

    Args:
        machines: the file of each machine by name.
        dag: the DAG file of a single machine; without it, machines are translated.
        substitutions: values for ``${Name}`` with which the machines are translated.
    """

    def __init__(
        self, machines: Mapping[str, Path], dag: Path | None = None, substitutions: Mapping[str, Json] | None = None
    ):
        self._machines, self._dag, self._known = dict(machines), dag, dict(substitutions or {})
        self._stack = ExitStack()
        self._files: dict[str, Path] = {}

    def __enter__(self) -> Bench:
        self._session = self._stack.enter_context(AirflowSession())
        if self._dag is None:
            self._translate(Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sfn2airflow-test-"))))
        else:
            self._files = dict.fromkeys(self._machines, self._dag)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _translate(self, folder: Path) -> None:
        for name, path in self._machines.items():
            options = Options(substitutions=self._known, dag_id=name)
            translation = translate_text(path.read_bytes(), path.name, options)
            if translation.text is None:
                raise ValueError(f"{path.name} is no state machine: {translation.report.problems[0].message}")
            self._files[name] = folder / f"{name}.py"
            self._files[name].write_text(format_sources([translation.text])[0], encoding="utf-8")
        for file, content in runtime_files().items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_bytes(content)

    def differences(self, name: str, scenario: Scenario) -> list[str]:
        """What the DAG of a machine does differently in a scenario, as lines; empty if nothing.

        Raises ValueError where the scenario cannot be compared.
        """
        path = self._machines[name]
        subject = Subject(name, path.name, path.read_bytes(), self._files[name], (scenario,), self._known)
        result = verify(self._session, subject)
        if result.error:
            raise ValueError(result.outcomes[0].reason if result.outcomes else result.error)
        found = result.outcomes[0].differences
        return [line for one in found for line in (f"{one.at} {one.task}".rstrip(), *diff(one))]
