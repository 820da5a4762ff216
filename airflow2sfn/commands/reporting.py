"""The report of a run: what was read of each file, what a translation changes, printed or written to a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow2sfn.commands.files import Files
from airflow2sfn.generated import is_generated, states_of
from airflow2sfn.read import Reading
from airflow2sfn.source import Dag, Symbolic, Task, walk
from sfn_airflow_core.findings import Fidelity, Report, SourceReport
from sfn_airflow_core.render import FORMATS, render_text
from sfn_airflow_core.render.entries import plural
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.group import FOUND
from sfn_airflow_core.shell.terminal import colors, columns, put


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """How a run reports, and which fidelity makes its exit code 1."""

    format: str = "text"
    output_file: str | None = None
    fail_on: Fidelity | None = Fidelity.UNSUPPORTED

    def show(self, report: Report, readings: Iterable[Reading], files: Files) -> None:
        """Prints what was read and the report, or writes it to a file, and counts the report to the exit code."""
        if self.fail_on is not None and report.worst >= self.fail_on:
            files.codes.add(FOUND)
        if self.format == "text":
            lines = [] if files.quiet else [line for reading in readings for line in describe(reading, files.verbose)]
            color = self.output_file is None and colors()
            text = "".join(f"{visible(line)}\n" for line in lines)
            text += render_text(report, color=color, width=columns(), remedies=files.verbose, summary=not files.quiet)
        else:
            text = FORMATS[self.format](report)
        try:
            put(text, None if self.output_file is None else Path(self.output_file))
        except OSError as error:
            files.error(str(self.output_file), error.strerror or str(error))


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
