"""The work of ``compare``: reads machines, runs and prices, compares, and writes the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path, PurePath
from typing import Any

import click

from sfn2airflow.batch import holds_machine
from sfn2airflow.cli_compare_names import workflow_name
from sfn2airflow.cli_options import choose, read_object
from sfn2airflow.task_shapes import shapes_of
from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.compare.comparison import Comparison, compare
from sfn_airflow_core.compare.cost import Terms
from sfn_airflow_core.compare.dag_file import DagFile, DagFileError, read_dag_file
from sfn_airflow_core.compare.durations import DurationError, Durations, load_durations
from sfn_airflow_core.compare.estate import Estate, estate
from sfn_airflow_core.compare.estate_sections import estate_sections
from sfn_airflow_core.compare.generated import generated_runs
from sfn_airflow_core.compare.history import HistoryError, load_histories
from sfn_airflow_core.compare.overheads import OverheadError, Overheads, overheads
from sfn_airflow_core.compare.prices import PriceError, load_prices, packaged, stale
from sfn_airflow_core.compare.report_json import render_json
from sfn_airflow_core.compare.report_text import render_markdown, render_text
from sfn_airflow_core.compare.scenarios import ScenarioError, read_scenarios, run_scenarios
from sfn_airflow_core.compare.sections import sections
from sfn_airflow_core.compare.steps import Origin, Plan, Run, Workflow, plan
from sfn_airflow_core.compare.structure import Structure, match
from sfn_airflow_core.compare.walk import ITEMS, walk
from sfn_airflow_core.dag.names import slug
from sfn_airflow_core.findings import UnreadableInput
from sfn_airflow_core.jsonmap import read_document
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.group import CLEAN, UNUSABLE
from sfn_airflow_core.shell.inputs import Input, gather
from sfn_airflow_core.shell.progress import tracked
from sfn_airflow_core.shell.terminal import colors, columns

HOURLY = 730.0
MOST_RUNS = 1e10
FEW = 50
"""Up to so many machines scenarios are generated, which can take a second each; for more, paths are walked."""
_BAD = (DagFileError, DurationError, HistoryError, OverheadError, PriceError, ScenarioError)


@dataclass(slots=True)
class Work:
    """One run of the command; ``given`` are its options as click gives them."""

    given: Mapping[str, Any]
    code: int = CLEAN
    durations: Durations = field(default_factory=Durations)
    runs: dict[str, float] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    few: bool = True

    def run(self) -> int:
        """Compares, reports, and gives the exit code. Raises click.UsageError for anything unusable."""
        try:
            return self._run()
        except _BAD as error:
            raise click.UsageError(visible(str(error))) from None

    def _run(self) -> int:
        terms, costs = self.terms(), self.overheads()
        if self.given["durations"]:
            self.durations = load_durations(Path(self.given["durations"]))
        self.runs = self.run_counts()
        dags = [name for name in self.given["inputs"] if name.endswith(".py")]
        machines = list(self.machines([name for name in self.given["inputs"] if not name.endswith(".py")]))
        if not machines:
            return max(self.code, UNUSABLE)
        self.check_single(machines, dags)
        self.few = len(machines) <= FEW
        own = terms if len(machines) == 1 else replace(terms, free_tier=False)  # free once, not for each of them
        parts = [self.compared(found, machine, own, costs, dags) for found, machine in tracked(machines)]
        self.unused()
        total = estate(parts, terms) if len(parts) > 1 else None
        self.show(tuple(parts), total)
        return self.code

    def terms(self) -> Terms:
        """Prices and the other conditions."""
        path = self.given["prices"]
        table = load_prices(Path(path)) if path else packaged()
        rows = table.region(self.given["region"])
        if warning := stale(rows.values(), date.today()):
            self.warn(warning)
        runs = self.given["runs_per_month"]
        if runs is not None and not 0 < runs <= MOST_RUNS:
            raise click.UsageError(f"--runs-per-month {runs:g}: must be more than 0 and at most {MOST_RUNS:g}")
        if not 1 <= self.given["max_workers"] <= 50:
            raise click.UsageError(f"--max-workers {self.given['max_workers']}: must be from 1 to 50")
        if not 0 <= self.given["database_gb"] <= 65536:
            raise click.UsageError(f"--database-gb {self.given['database_gb']:g}: must be from 0 to 65536")
        if self.given["items"] is not None and not 1 <= self.given["items"] <= 100_000_000:
            raise click.UsageError(f"--items {self.given['items']}: must be from 1 to 100,000,000")
        free = not self.given["no_free_tier"]
        return Terms(rows, runs or HOURLY, free, self.given["max_workers"], float(self.given["database_gb"]))

    def overheads(self) -> Overheads:
        """Seconds per hop."""
        pairs = {}
        for text in self.given["overhead"]:
            name, equals, value = text.partition("=")
            if not equals:
                raise click.UsageError(f"--overhead {text!r}: write NAME=SECONDS")
            pairs[name] = value
        return overheads(pairs)

    def run_counts(self) -> dict[str, float]:
        """Runs a month by workflow, from ``--runs``."""
        if not self.given["runs"]:
            return {}
        counts: dict[str, float] = {}
        for name, value in read_object(Path(self.given["runs"])).items():
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= MOST_RUNS:
                raise click.UsageError(f"{self.given['runs']}: {name!r}: runs a month must be a positive number")
            counts[name] = float(value)
        return counts

    def machines(self, names: list[str]) -> Iterator[tuple[Input, Machine]]:
        """The machines that could be read; says why others could not."""
        if not names:
            raise click.UsageError("Name a state machine: a JSON or YAML file, a folder, or - for standard input.")
        substitutions = choose(self.given).substitutions
        count = 0
        for found in gather(names, holds_machine):
            if isinstance(found, str):
                continue
            count += 1
            if found.error:
                self.error(f"{found.name}: error: {found.error}")
                continue
            try:
                reading = read_text(found.data, found.name, substitutions=substitutions)
            except UnreadableInput as error:
                self.error(str(error))
                continue
            if reading.machine is not None:
                yield found, reading.machine
                continue
            for problem in reading.problems:
                self.error(f"{found.name}:{problem.span or '1:1'}: {problem.code} {problem.message}")
        if not count:
            self.error("sfn2airflow: error: no state machine found in the given folders")

    def check_single(self, machines: list[tuple[Input, Machine]], dags: list[str]) -> None:
        """Options that are about one machine."""
        single = {"--scenarios": self.given["scenarios"], "--history": self.given["history"], "a DAG": dags}
        for name, value in single.items():
            if value and len(machines) > 1:
                raise click.UsageError(f"{name} belongs to one state machine, and there are {len(machines)}.")
        if len(dags) > 1:
            raise click.UsageError(f"Name one DAG file, not {len(dags)}.")
        if self.given["verifies"] and not (dags and self.given["scenarios"]):
            raise click.UsageError("--verify needs a DAG file and --scenarios FILE.")
        if self.given["scenarios"] and self.given["history"]:
            raise click.UsageError("Give --scenarios or --history, not both.")

    def compared(self, found: Input, machine: Machine, terms: Terms, costs: Overheads, dags: list[str]) -> Comparison:
        """One machine compared."""
        name = workflow_name(found.name)
        own = plan(machine, len(found.data))
        runs, origin, assumed = self.runs_of(own)
        shapes = shapes_of(machine, slug(name, "machine"), found.name)
        workflow = Workflow(name, own, tuple(runs), origin, shapes, tuple(assumed))
        dag = self.dag(dags[0]) if dags else None
        structure = match(own, dag) if dag else None
        if structure is not None and self.given["verifies"]:
            structure = self.verified(structure, found, dags[0])
        return compare(workflow, self.terms_of(found.name, name, terms), costs, structure)

    def terms_of(self, source: str, name: str, terms: Terms) -> Terms:
        """The terms with the runs of one workflow; its own in ``--runs`` win."""
        for key in (source, PurePath(source).name, name):
            if key in self.runs:
                self.used.add(key)
                return replace(terms, runs=self.runs[key])
        return terms

    def runs_of(self, own: Plan) -> tuple[list[Run], Origin, list[str]]:
        """The runs that the figures come from, where they come from, and what was assumed for them."""
        self.durations.assumed.clear()
        if self.given["history"]:
            recorded = [run for path in self.given["history"] for run in load_histories(Path(path), own)]
            return recorded, "recorded history", []
        if self.given["scenarios"]:
            path = Path(self.given["scenarios"])
            runs = run_scenarios(own, read_scenarios(_read(path), str(path)), self.durations)
            return runs, "scenarios given", self.assumptions()
        runs = generated_runs(own, self.durations) if self.few else []
        if runs:
            return (
                runs,
                "scenarios generated",
                [*self.assumptions(), "every way is equally likely, and no error happens"],
            )
        self.durations.assumed.clear()
        items = self.given["items"] or ITEMS
        runs = walk(own, self.durations, items)
        texts = self.assumptions()
        if any("/ItemProcessor/" in at or "/Iterator/" in at for at in own.states):
            texts.append(f"every Map has {items:,} items")
        return runs, "walk through the graph", [*texts, "every way is equally likely, and no error happens"]

    def assumptions(self) -> list[str]:
        """The durations that nobody gave, by kind."""
        from sfn_airflow_core.compare.durations import ASSUMED
        from sfn_airflow_core.compare.qualify import names

        kinds: dict[str, list[str]] = {}
        for state, kind in self.durations.assumed.items():
            kinds.setdefault(kind, []).append(state)
        what = {"function": "function", "request": "request", "job": "job", "callback": "callback"}
        return [f"a {what[kind]} takes {ASSUMED[kind]:g} s ({names(states)})" for kind, states in sorted(kinds.items())]

    def dag(self, name: str) -> DagFile:
        """The DAG file, read without running it."""
        try:
            return read_dag_file(Path(name).read_bytes(), name)
        except OSError as error:
            raise DagFileError(f"{name}: {error.strerror}") from None

    def verified(self, structure: Structure, found: Input, dag: str) -> Structure:
        """The structure with what running both sides over the scenarios found."""
        from sfn2airflow.cli_compare_verify import behaviour

        return replace(structure, behaviour=behaviour(found, Path(dag), Path(self.given["scenarios"])))

    def unused(self) -> None:
        """Warns about names in files that no workflow has."""
        for name in sorted(self.durations.given.keys() - self.durations.used):
            if not self.given["history"]:
                self.warn(f"{self.given['durations']}: no run comes to a state or resource {name!r}")
        for name in sorted(self.runs.keys() - self.used):
            self.warn(f"{self.given['runs']}: there is no workflow {name!r}")

    def show(self, parts: tuple[Comparison, ...], total: Estate | None) -> None:
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
        if path is None:
            click.echo(text, nl=False, color=True)
            return
        try:
            Path(path).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            self.error(f"{path}: error: {error.strerror}")

    def error(self, message: str) -> None:
        """Reports an input or output that cannot be used."""
        click.echo(visible(message), err=True)
        self.code = UNUSABLE

    def warn(self, message: str) -> None:
        """Says something that does not stop the work."""
        click.echo(f"warning: {visible(message)}", err=True)


def _read(path: Path) -> Any:
    """The value of a JSON or YAML file. Raises ScenarioError."""
    try:
        return read_document(path.read_bytes(), str(path)).value
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from None
    except UnreadableInput as error:
        raise ScenarioError(f"{path}: {error.problems[0].message}" if error.problems else str(error)) from None
