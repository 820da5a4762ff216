"""The work that is the same for all commands: read files, compare with Airflow where that is asked for, report."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from airflow2sfn import __version__
from airflow2sfn.generated import is_generated, states_of
from airflow2sfn.read import Reading, Settings, module_name, read_text
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag, Symbolic, Task, walk
from sfn_airflow_core.findings import Fidelity, Report, SourceReport
from sfn_airflow_core.render import FORMATS, render_text
from sfn_airflow_core.render.entries import plural
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.group import BUG, CLEAN, FOUND, UNUSABLE, report_bug
from sfn_airflow_core.shell.inputs import STDIN, Input, gather, usable
from sfn_airflow_core.shell.progress import tracked
from sfn_airflow_core.shell.terminal import colors, columns
from sfn_airflow_core.shell.values import read_object

TOOL = "airflow2sfn"


def holds_dag(name: str, data: bytes) -> bool:
    """Whether a Python file in a folder may define DAGs: as Airflow's safe mode has it, by two words in the text."""
    lower = data.lower()
    return b"airflow" in lower and (b"dag" in lower or b"asset" in lower)


def environment(given: Iterable[str]) -> dict[str, str]:
    """Environment variables from ``NAME=VALUE``. Raises click.UsageError."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.UsageError(f"--env {text!r}: write NAME=VALUE")
        found[name] = value
    return found


def variables(path: str | None) -> dict[str, Any]:
    """Airflow Variables from a JSON or YAML file. Raises click.UsageError."""
    return {} if path is None else dict(read_object(Path(path)))


@dataclass(slots=True, kw_only=True)
class Check(ABC):
    """One run over some inputs; ``codes`` collects what the exit code will be."""

    format: str = "text"
    output_file: str | None = None
    fail_on: Fidelity | None = Fidelity.UNSUPPORTED
    roots: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    imports: bool = False
    quiet: bool = False
    verbose: bool = False
    codes: set[int] = field(default_factory=lambda: {CLEAN})

    def run(self, arguments: Sequence[str]) -> int:
        """Reads and reports; gives the exit code."""
        folders = [Path(argument) for argument in arguments if argument != "-" and Path(argument).is_dir()]
        self.roots = [*self.roots, *map(str, folders)]
        inputs = list(self.readable(arguments))
        readings = [self.read(each) for each in tracked(inputs, quiet=self.quiet, doing="Reading")]
        done = [reading for reading in readings if reading is not None]
        if self.imports:
            done = self.imported(done)
        explicit = set(arguments)
        shown = [r for r in done if r.dags or r.problems or r.findings or r.source in explicit]
        self.complain(shown, explicit)
        report = self.report(shown)
        self.show(report, shown)
        if self.fail_on is not None and report.worst >= self.fail_on:
            self.codes.add(FOUND)
        return max(self.codes)

    @abstractmethod
    def report(self, readings: Sequence[Reading]) -> Report:
        """The report of all files that were read."""

    def readable(self, arguments: Iterable[str]) -> Iterator[Input]:
        """The inputs that could be read; says why others could not."""

        def passed_over(name: str) -> None:
            if self.verbose:
                _err(f"{name}: skipped, not a DAG file")

        nothing = "no DAG file found in the given folders (-v says what was skipped)"
        return usable(gather(arguments, holds_dag, (".py",)), self.error, (TOOL, nothing), passed_over)

    def project(self, name: str) -> Project:
        """Where the imports of a file are looked up: its folder, the folders given, ``--root``."""
        own = () if name == STDIN else (Path(name).parent,)
        return Project((*own, *(Path(root) for root in self.roots)))

    def read(self, given: Input) -> Reading | None:
        """One file; ``None`` where the reader itself fails."""
        project = self.project(given.name)
        module = "dag" if given.name == STDIN else module_name(Path(given.name), project)
        try:
            return read_text(given.data, given.name, project, Settings(self.environment, self.variables), module)
        except Exception as error:  # reading never raises: whatever comes is a bug, and the other files go on
            self.bug(error, given.name)
            return None

    def bug(self, error: Exception, source: str) -> None:
        """Reports an exception that should not happen, and goes on."""
        report_bug(error, TOOL, __version__, self.verbose, during=source, hint=BUG not in self.codes)
        self.codes.add(BUG)

    def imported(self, readings: list[Reading]) -> list[Reading]:
        """The readings, merged with what Airflow makes of the files."""
        from airflow2sfn.importing.parent import import_files, merge

        files = [Path(r.source) for r in readings if r.source != STDIN and not r.problems]
        settings = Settings(self.environment, self.variables)
        results = dict(import_files(files, [Path(root) for root in self.roots], settings))
        return [merge(r, results[Path(r.source)]) if Path(r.source) in results else r for r in readings]

    def complain(self, readings: Iterable[Reading], explicit: set[str]) -> None:
        """Reports files that cannot be read, and files without a DAG that were named."""
        for reading in readings:
            for problem in reading.problems:
                self.codes.add(UNUSABLE)
                _err(f"{reading.source}:{problem.span or '1:1'}: {problem.code} [error] {problem.message}")
            if not reading.dags and not reading.problems and reading.source in explicit:
                self.error(reading.source, "no DAG found in this file")

    def error(self, name: str, message: str) -> None:
        """Reports an input or output that cannot be used."""
        _err(f"{name}: error: {message}")
        self.codes.add(UNUSABLE)

    def show(self, report: Report, readings: Iterable[Reading]) -> None:
        """Prints what was read and the report, or writes it to a file."""
        if self.format == "text":
            lines = [] if self.quiet else [line for reading in readings for line in describe(reading, self.verbose)]
            color = self.output_file is None and colors()
            text = "".join(f"{visible(line)}\n" for line in lines)
            text += render_text(report, color=color, width=columns(), remedies=self.verbose, summary=not self.quiet)
        else:
            text = FORMATS[self.format](report)
        if self.output_file is None:
            click.echo(text, nl=False, color=True)
            return
        try:
            Path(self.output_file).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            self.error(self.output_file, error.strerror or str(error))


def describe(reading: Reading, verbose: bool) -> Iterator[str]:
    """What was read of a file, a line per DAG; with ``verbose`` also what is not known."""
    for dag in reading.dags:
        version = f" (Airflow {dag.airflow})" if dag.airflow else ""
        if states := _read_back(dag):
            counted = plural(len(states), "state")
            yield f"{reading.source}:{dag.span or '1:1'}: DAG {dag.dag_id}{version}: {counted}, written by sfn2airflow"
            continue
        hidden = list(symbolic(dag))
        counts = [plural(len(dag.tasks), "task"), plural(len(dag.edges), "edge"), plural(len(dag.groups), "group")]
        known = f"{plural(len(hidden), 'value')} not known" if hidden else "every value known"
        yield f"{reading.source}:{dag.span or '1:1'}: DAG {dag.dag_id}{version}: {', '.join(counts)}; {known}"
        if verbose:
            for value in hidden:
                key = f" {value.key}" if value.key else ""
                yield f"  {reading.source}:{value.span or '1:1'}: {value.text} ({value.reason}{key})"


def symbolic(dag: Dag) -> Iterator[Symbolic]:
    """The values of a DAG and its tasks that are not known."""
    tables = [dag.arguments, dag.defaults]
    for task in dag.tasks:
        tables += [task.arguments, task.op_kwargs]
    seen: set[str] = set()
    for value in (value for table in tables for value in table.values()):
        for part in walk(value):
            if isinstance(part, Symbolic) and (place := f"{part.span} {part.text}") not in seen:
                seen.add(place)
                yield part


def source_report(reading: Reading) -> SourceReport:
    """The report of one file; a task has the worst finding that stands inside of its definition.

    Of a DAG that sfn2airflow has written, its states are counted.
    """
    dispositions = {
        f"{dag.dag_id}.{task.task_id}": _disposition(reading, task) for dag in reading.dags for task in dag.tasks
    }
    for dag in reading.dags:
        for state, fidelity in _read_back(dag).items():
            dispositions[f"{dag.dag_id}.{state}"] = fidelity
    return SourceReport(
        source=reading.source,
        name=", ".join(dag.dag_id for dag in reading.dags),
        status="rejected" if reading.problems else "translated",
        dispositions=dispositions,
        findings=reading.findings,
        problems=reading.problems,
    )


def _read_back(dag: Dag) -> Mapping[str, Fidelity]:
    """The states of a DAG that sfn2airflow has written, and how they come back; none of another DAG."""
    return states_of(dag.module.text, dag.dag_id) if is_generated(dag.module.text) else {}


def _disposition(reading: Reading, task: Task) -> Fidelity:
    worst = Fidelity.EXACT if task.certain and task.known_id else Fidelity.APPROXIMATE
    for located in reading.findings:
        if task.span and located.span and task.span.line <= located.span.line <= task.span.end_line:
            worst = max(worst, located.finding.fidelity)
    return worst


def _err(line: str) -> None:
    click.echo(visible(line), err=True)
