"""The work of ``compare`` that both commands share: options, runs of a workflow, the comparison, and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path, PurePath
from typing import Any

import click

from sfn_airflow_core.asl.model import Machine, Pointer
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.compare.comparison import Comparison, compare
from sfn_airflow_core.compare.cost import Terms
from sfn_airflow_core.compare.dag_file import DagFile, DagFileError
from sfn_airflow_core.compare.dag_shapes import side
from sfn_airflow_core.compare.durations import ASSUMED, DurationError, Durations, load_durations
from sfn_airflow_core.compare.estate import Estate, estate
from sfn_airflow_core.compare.estate_sections import estate_sections
from sfn_airflow_core.compare.generated import MOST_STEPS, generated_runs
from sfn_airflow_core.compare.history import HistoryError, load_histories, missing_children
from sfn_airflow_core.compare.overheads import OverheadError, Overheads, overheads
from sfn_airflow_core.compare.polls import Poll
from sfn_airflow_core.compare.prices import PriceError, load_prices, packaged, stale
from sfn_airflow_core.compare.qualify import names
from sfn_airflow_core.compare.report_json import render_json
from sfn_airflow_core.compare.report_text import render_markdown, render_text
from sfn_airflow_core.compare.scenarios import ScenarioError, read_scenarios, run_scenarios, strangers
from sfn_airflow_core.compare.schedule import runs_a_month
from sfn_airflow_core.compare.sections import sections
from sfn_airflow_core.compare.steps import Origin, Plan, Run, TaskShape, Workflow
from sfn_airflow_core.compare.structure import Structure
from sfn_airflow_core.compare.walk import ITEMS, turned_once, walk
from sfn_airflow_core.findings import UnreadableInput
from sfn_airflow_core.jsonmap import read_document
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.group import CLEAN, UNUSABLE
from sfn_airflow_core.shell.inputs import Input
from sfn_airflow_core.shell.terminal import colors, columns, put
from sfn_airflow_core.shell.values import read_object

HOURLY = 730.0
MOST_RUNS = 1e10
FEW = 50
"""Up to so many machines scenarios are generated, which can take a second each; for more, paths are walked."""
_BAD = (DagFileError, DurationError, HistoryError, OverheadError, PriceError, ScenarioError)
_EVEN = "every way is equally likely, and no error happens"


def guarded(work: Callable[[], int]) -> int:
    """Does some work; an input that cannot be used becomes one message. Raises click.UsageError."""
    try:
        return work()
    except _BAD as error:
        raise click.UsageError(visible(str(error))) from None


@dataclass(frozen=True, slots=True)
class _Runs:
    """Where the figures of a workflow come from, as ``Workflow`` has it."""

    runs: tuple[Run, ...]
    origin: Origin
    assumed: tuple[str, ...]
    notes: tuple[str, ...] = ()
    polls: tuple[Poll, ...] = ()


@dataclass(slots=True)
class Request:
    """What one call of the command asks for; ``given`` are its options as click gives them."""

    given: Mapping[str, Any]
    terms: Terms
    overheads: Overheads
    durations: Durations
    runs: dict[str, float]
    code: int = CLEAN
    used: set[str] = field(default_factory=set)
    count: int = 1

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Request:
        """The request that options make. Raises click.UsageError, or what a file cannot be used for."""
        path = given["durations"]
        durations = load_durations(Path(path)) if path else Durations()
        return cls(given, _terms(given), _overheads(given), durations, _run_counts(given["runs"]))

    def expect(self, count: int, dags: Sequence[str]) -> None:
        """Takes note of how many workflows there are, and checks the options that are about one."""
        self.count = count
        single = {"--scenarios": self.given["scenarios"], "--history": self.given["history"], "a DAG": dags}
        for name, value in single.items():
            if value and count > 1:
                raise click.UsageError(f"{name} belongs to one workflow, and there are {count}.")
        if self.given["scenarios"] and self.given["history"]:
            raise click.UsageError("Give --scenarios or --history, not both.")

    def compared(
        self,
        names_: Sequence[str],
        own: Plan,
        shapes: Mapping[Pointer, TaskShape],
        dag: DagFile | None = None,
        structure: Structure | None = None,
        *,
        translated: bool = False,
        unlikely: frozenset[Pointer] = frozenset(),
        notes: Sequence[str] = (),
    ) -> Comparison:
        """One workflow compared.

        Args:
            names_: what it may be called in ``--runs``; the last is its name.
            own: the state machine.
            shapes: the tasks of its translation, for want of a DAG of its own.
            dag: the DAG, which says how often it runs.
            structure: what of the machine is what of the DAG; then the DAG's own tasks count.
            translated: whether the state machine is the translation of the DAG, so that there is nothing to match.
            unlikely: states that an ordinary run does not come to.
            notes: what a reader should know.
        """
        self.durations.assumed.clear()
        self.durations.kinds.clear()
        airflow = None
        if structure is not None and not structure.dag.generated:
            shapes, airflow = side(own, structure, self.durations)
        self.durations.polls.clear()
        found = self._runs_of(own, unlikely, translated)
        workflow = Workflow(
            names_[-1],
            own,
            found.runs,
            found.origin,
            shapes,
            found.assumed,
            airflow,
            translated,
            names_[0],
            notes=(*notes, *found.notes),
            polls=found.polls,
        )
        terms = self._terms_of(names_, dag)
        return compare(workflow, terms, self.overheads, None if translated else structure, dag)

    def _terms_of(self, names_: Sequence[str], dag: DagFile | None) -> Terms:
        """The terms with the runs of one workflow: those in ``--runs``, those of all, or those that its DAG says."""
        free = self.terms.free_tier and self.count == 1  # free once, not for each of them
        terms = replace(self.terms, free_tier=free)
        for key in names_:
            if key in self.runs:
                self.used.add(key)
                return replace(terms, runs=self.runs[key], reason="given")
        schedule = dag.settings.get("schedule") if dag else None
        often = runs_a_month(schedule)
        if self.given["runs_per_month"] is not None or often is None:
            return terms
        return replace(terms, runs=often, reason=f"the DAG's schedule {shown(schedule)}")

    def _runs_of(self, own: Plan, unlikely: frozenset[Pointer], translated: bool) -> _Runs:
        """The runs that the figures come from, where they come from, and what was assumed for them."""
        if self.given["history"]:
            return self._recorded(own)
        if self.given["scenarios"]:
            return self._given(own, Path(self.given["scenarios"]))
        before = dict(self.durations.assumed)
        items = self.given["items"] or ITEMS
        paths = walk(own, self.durations, items, unlikely)
        texts = self._assumptions()
        if any("/ItemProcessor/" in at or "/Iterator/" in at for at in own.states):
            texts.append(f"every Map has {items:,} items")
        polls, notes = tuple(self.durations.polls.values()), list[str]()
        if loops := turned_once(own, paths, polls):
            texts.append(f"a loop turns once ({names(loops)})")
        if self.count <= FEW and not translated:  # the ordinary ways of a translation are known
            self.durations.assumed.clear()
            self.durations.assumed.update(before)
            made = generated_runs(own, self.durations, MOST_STEPS)
            if made.exhausted:
                notes.append(f"The search for scenarios ended at its bound of {MOST_STEPS:,} steps")
            if _entered(made.runs) >= _entered(paths):
                notes = [f"{note}: there may be ways that no run takes." for note in notes]
                assumed = (*self._assumptions(), _EVEN)
                return _Runs(made.runs, "scenarios generated", assumed, tuple(notes))
        notes = [f"{note}, before every state was come to: paths were walked." for note in notes]
        return _Runs(tuple(paths), "walk through the graph", (*texts, _EVEN), tuple(notes), polls)

    def _recorded(self, own: Plan) -> _Runs:
        """The runs of recorded histories."""
        runs = [run for path in self.given["history"] for run in load_histories(Path(path), own)]
        missing = missing_children(runs, own)
        note = f"Not in the histories, and not counted: the child executions of {names(missing)}."
        return _Runs(tuple(runs), "recorded history", tuple(self._assumptions()), (note,) if missing else ())

    def _given(self, own: Plan, path: Path) -> _Runs:
        """The runs of the scenarios in a file."""
        value = _value(path)
        runs = run_scenarios(own, read_scenarios(value, str(path)), self.durations)
        for name in strangers(value, own):
            _warn(f"{path}: no state asks for replies of {name!r}")
        return _Runs(tuple(runs), "scenarios given", tuple(self._assumptions()))

    def _assumptions(self) -> list[str]:
        """The durations that nobody gave, by kind."""
        kinds: dict[str, list[str]] = {}
        for state, kind in self.durations.assumed.items():
            kinds.setdefault(kind, []).append(state)
        return [f"a {kind} takes {ASSUMED[kind]:g} s ({names(states)})" for kind, states in sorted(kinds.items())]

    def finish(self, parts: Sequence[Comparison]) -> int:
        """Reports on all comparisons; gives the exit code."""
        self._unused()
        parts = list(_told_apart(parts))
        self._show(tuple(parts), estate(parts, self.terms) if len(parts) > 1 else None)
        return self.code

    def _unused(self) -> None:
        """Warns about names in files that no workflow has."""
        for name in sorted(self.durations.given.keys() - self.durations.used):
            if not self.given["history"]:
                _warn(f"{self.given['durations']}: no run comes to a state, task or resource {name!r}")
        for name in sorted(self.runs.keys() - self.used):
            _warn(f"{self.given['runs']}: there is no workflow {name!r}")

    def _show(self, parts: tuple[Comparison, ...], total: Estate | None) -> None:
        """Prints the report, or writes it to the file that was asked for."""
        path, explain = self.given["output_file"], self.given["explain"]
        found = list(estate_sections(total, explain) if total else sections(parts[0], explain))
        match self.given["form"]:
            case "json":
                text = render_json(parts, total)
            case "markdown":
                text = render_markdown(found)
            case _:
                text = render_text(found, color=path is None and colors(), width=columns())
        try:
            put(text, None if path is None else Path(path))
        except OSError as error:
            self.error(f"{path}: error: {error.strerror}")

    def error(self, message: str) -> None:
        """Reports an input or output that cannot be used."""
        click.echo(visible(message), err=True)
        self.code = UNUSABLE


def _entered(runs: Sequence[Run]) -> set[Pointer]:
    return {step.at for run in runs for step in run.steps}


def _told_apart(parts: Sequence[Comparison]) -> Iterator[Comparison]:
    """Comparisons whose names say which is which: with the path where several files have the same name."""
    counts = Counter(part.workflow.name for part in parts)
    for part in parts:
        name = part.workflow.name
        if counts[name] > 1:
            part = replace(part, workflow=replace(part.workflow, name=part.workflow.source or name))
        yield part


def read_machines(
    request: Request, inputs: Sequence[Input], known: Mapping[str, Any]
) -> Iterator[tuple[Input, Machine]]:
    """The machines that could be read; says why others could not."""
    for found in inputs:
        if found.error:
            request.error(f"{found.name}: error: {found.error}")
            continue
        try:
            reading = read_text(found.data, found.name, substitutions=known)
        except UnreadableInput as error:
            request.error(str(error))
            continue
        if reading.machine is not None:
            yield found, reading.machine
            continue
        for problem in reading.problems:
            request.error(f"{found.name}:{problem.span or '1:1'}: {problem.code} {problem.message}")


def workflow_names(source: str) -> tuple[str, ...]:
    """What a workflow may be called by, its file's path first, its name last.

    >>> workflow_names("flows/nightly.asl.json")
    ('flows/nightly.asl.json', 'nightly.asl.json', 'nightly')
    """
    name = PurePath(source).name
    short = name
    for ending in (".json", ".yaml", ".yml", ".py", ".asl"):
        short = short[: -len(ending)] if short.lower().endswith(ending) and len(short) > len(ending) else short
    return source, name, short


def shown(schedule: Any) -> str:
    """A schedule for people."""
    return repr(schedule) if isinstance(schedule, str) else f"of every {schedule:g} s"


def _terms(given: Mapping[str, Any]) -> Terms:
    """Prices and the other conditions."""
    table = load_prices(Path(given["prices"])) if given["prices"] else packaged()
    rows = table.region(given["region"])
    if warning := stale(rows.values(), date.today()):
        _warn(warning)
    runs = given["runs_per_month"]
    if runs is not None and not 0 < runs <= MOST_RUNS:
        raise click.UsageError(f"--runs-per-month {runs:g}: must be more than 0 and at most {MOST_RUNS:g}")
    if not 1 <= given["max_workers"] <= 50:
        raise click.UsageError(f"--max-workers {given['max_workers']}: must be from 1 to 50")
    if not 0 <= given["database_gb"] <= 65536:
        raise click.UsageError(f"--database-gb {given['database_gb']:g}: must be from 0 to 65536")
    if given["items"] is not None and not 1 <= given["items"] <= 100_000_000:
        raise click.UsageError(f"--items {given['items']}: must be from 1 to 100,000,000")
    reason = "given" if runs else "assumed: once an hour"
    size = float(given["database_gb"])
    return Terms(rows, runs or HOURLY, not given["no_free_tier"], given["max_workers"], size, reason=reason)


def _overheads(given: Mapping[str, Any]) -> Overheads:
    """Seconds per hop."""
    pairs = {}
    for text in given["overhead"]:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"--overhead {text!r}: write NAME=SECONDS")
        pairs[name] = value
    return overheads(pairs)


def _run_counts(path: str | None) -> dict[str, float]:
    """Runs a month by workflow, from ``--runs``."""
    counts: dict[str, float] = {}
    for name, value in (read_object(Path(path)) if path else {}).items():
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= MOST_RUNS:
            raise click.UsageError(f"{path}: {name!r}: runs a month must be a positive number")
        counts[name] = float(value)
    return counts


def _warn(message: str) -> None:
    """Says something that does not stop the work."""
    click.echo(f"warning: {visible(message)}", err=True)


def _value(path: Path) -> Any:
    """The value of a JSON or YAML file. Raises ScenarioError."""
    try:
        return read_document(path.read_bytes(), str(path)).value
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from None
    except UnreadableInput as error:
        raise ScenarioError(f"{path}: {error.problems[0].message}" if error.problems else str(error)) from None
