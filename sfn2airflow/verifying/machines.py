"""The work of ``verify``: translate, find scenarios, run both sides, report."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import click

from sfn2airflow import __version__
from sfn2airflow.batch import Translated, machines, translate_all
from sfn2airflow.commands.options import substitutions_of
from sfn2airflow.options import Options
from sfn2airflow.output import runtime_files
from sfn2airflow.services.assumed import assumed_values
from sfn2airflow.services.endings import endings
from sfn2airflow.verifying.pytest_file import write_test
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.asl.read import Reading, read_text
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.group import BUG, CLEAN, FOUND, UNUSABLE, report_bug
from sfn_airflow_core.shell.inputs import Input, usable
from sfn_airflow_core.shell.verified import is_bad, progress, scenario_file, show
from sfn_airflow_core.verify.airflow_process import AirflowUnavailable
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.result import Verified
from sfn_airflow_core.verify.scenario import Scenario, load_scenarios
from sfn_airflow_core.verify.scenarios import Generated, generate_text
from sfn_airflow_core.verify.verification import Subject, verify


class Verifying:
    """One run of the command; ``codes`` collects what the exit code will be."""

    def __init__(self, given: dict[str, Any]):
        self.given = given
        self.codes = {CLEAN}

    def run(self, machines: Iterable[str]) -> int:
        """Verifies and reports; gives the exit code."""
        if self.given["recordings"] is not None:
            from sfn2airflow.verifying.recordings import replay

            return replay(self.given)
        known = substitutions_of(self.given)
        with tempfile.TemporaryDirectory(prefix="sfn2airflow-verify-") as folder:
            subjects = self.subjects(list(self.readable(machines)), known, Path(folder))
            results = self.verified(subjects) if subjects else ()
        if results:
            self.keep(subjects)
            self.show(results)
            self.judge(results)
        return max(self.codes)

    def readable(self, arguments: Iterable[str]) -> Iterator[Input]:
        """The inputs that could be read."""
        return usable(machines(arguments), self.error, ("verify", "no state machine found"))

    def error(self, name: str, message: str) -> None:
        """Reports what cannot be used."""
        click.echo(visible(f"{name}: error: {message}"), err=True)
        self.codes.add(UNUSABLE)

    def subjects(self, inputs: Sequence[Input], known: dict[str, Json], folder: Path) -> list[Subject]:
        """What is to be verified: each machine with its DAG file and its scenarios."""

        def bug(error: Exception, source: str) -> None:
            report_bug(error, "sfn2airflow", __version__, self.given["verbose"], during=source)
            self.codes.add(BUG)

        batch = [done for done in translate_all(inputs, self.options(known), bug) if self.usable(done)]
        self.write_dags(batch, folder)
        try:
            own = None if self.given["scenarios"] is None else load_scenarios(self.given["scenarios"])
            return [self.subject(done, known, folder, own) for done in batch]
        except (ValueError, OSError) as error:
            self.error(str(self.given["scenarios"] or self.given["from_history"] or "verify"), str(error))
            return []

    def options(self, known: dict[str, Json]) -> Options:
        """How the machines are translated."""
        return Options(substitutions=known, type=self.given["kind"] or "STANDARD")

    def usable(self, done: Translated) -> bool:
        """Whether an input was translated; reports why not."""
        for problem in done.translation.report.problems if done.translation.text is None else ():
            self.error(f"{done.input.name}:{problem.span or '1:1'}", f"{problem.code} {problem.message}")
        return done.translation.text is not None

    def write_dags(self, batch: Sequence[Translated], folder: Path) -> None:
        """Writes the DAG files of a batch, and the runtime beside them."""
        texts = format_sources([done.translation.text or "" for done in batch])
        files: dict[PurePosixPath, bytes] = {
            PurePosixPath(f"{done.translation.dag_id}.py"): text.encode()
            for done, text in zip(batch, texts, strict=True)
        }
        for name, content in {**files, **runtime_files()}.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def subject(self, done: Translated, known: dict[str, Json], folder: Path, own: list[Scenario] | None) -> Subject:
        """One machine with its DAG file and scenarios. Raises BadScenarios, OSError."""
        name, data = done.translation.dag_id, done.input.data
        reading = read_text(data, done.input.name, substitutions=known, machine_type=self.options(known).type)
        assert reading.machine is not None
        spans = {state.at: reading.document.source_map.value(state.at) for state in reading.machine.walk()}
        made = self.scenarios(reading, done, known, own)
        return Subject(
            name=name,
            source=done.input.name,
            text=data,
            dag_file=self.given["dag"] or folder / f"{name}.py",
            scenarios=tuple(s for s in made.scenarios if self.given["only"] in s.id),
            known=known,
            spans={at: span for at, span in spans.items() if span is not None},
            missed=made.missed,
        )

    def scenarios(
        self, reading: Reading, done: Translated, known: dict[str, Json], own: list[Scenario] | None
    ) -> Generated:
        """The scenarios of a machine: given, from a history, or generated."""
        assert reading.machine is not None
        if self.given["from_history"] is not None:
            from sfn_airflow_core.verify.history import load_history

            return Generated((load_history(self.given["from_history"], reading.machine),), {})
        if own is not None:
            own = [s if self.given["kind"] is None else replace(s, type=self.given["kind"]) for s in own]
            return Generated(tuple(s for s in own if s.machine in ("", done.translation.dag_id)), {})
        kind = self.options(known).type
        return generate_text(done.input.data, done.input.name, known, endings(), assumed_values, machine_type=kind)

    def verified(self, subjects: Sequence[Subject]) -> tuple[Verified, ...]:
        """Runs all machines on one Airflow."""
        results = []
        try:
            with (
                progress(sum(len(s.scenarios) for s in subjects), self.given["quiet"]) as told,
                AirflowSession() as run,
            ):
                results = [verify(run, subject, told, stop_early=self.given["exitfirst"]) for subject in subjects]
        except AirflowUnavailable as error:
            self.error("verify", str(error))
        return tuple(results)

    def keep(self, subjects: Sequence[Subject]) -> None:
        """Writes the scenarios and the test that were asked for."""
        scenarios, test = self.given["write_scenarios"], self.given["write_test"]
        if scenarios is None and test is not None:
            scenarios = test.with_name(f"{test.stem}_scenarios.json")
        try:
            if scenarios is not None:
                scenarios.write_text(scenario_file([(s.name, s.scenarios) for s in subjects]), encoding="utf-8")
            if test is not None:
                machines = [(subject.source, subject.name) for subject in subjects]
                test.write_text(write_test(test, machines, self.given["dag"], scenarios), encoding="utf-8")
        except (OSError, ValueError) as error:
            self.error(str(test or scenarios), str(error))

    def show(self, results: tuple[Verified, ...]) -> None:
        """Prints the results, or writes them to the file that was asked for."""
        given = self.given
        show(results, given["form"], given["output_file"], tool="sfn2airflow verify", verbose=given["verbose"])

    def judge(self, results: tuple[Verified, ...]) -> None:
        """Adds what the results mean for the exit code; a machine of which nothing was compared is an error."""
        for result in results:
            if result.error:
                self.error(result.source, result.error)
        if is_bad(results, self.given["fail_on"]):
            self.codes.add(FOUND)
