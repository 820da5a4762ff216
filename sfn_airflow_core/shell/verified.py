"""What both directions do with the results of a verification: progress, report, exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.render import verification as render
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.terminal import colors, columns, put
from sfn_airflow_core.verify.result import Outcome, Verified, as_json
from sfn_airflow_core.verify.scenario import Scenario
from sfn_airflow_core.verify.scenario import as_json as scenarios_as_json

Told = Callable[[Outcome], None]
FORMATS: Final = ("text", "json", "junit", "markdown")
LIMITS: Final = ("difference", "incomparable", "unreached", "none")


def show(results: Sequence[Verified], form: str, target: Path | None, *, tool: str, verbose: bool) -> None:
    """Prints the results, or writes them to a file.

    Args:
        results: of all machines or DAGs.
        form: one of ``FORMATS``.
        target: the file; standard output, if there is none.
        tool: the name of the command, for JUnit.
        verbose: with all scenarios and differences.
    """
    match form:
        case "json":
            text = json.dumps(as_json(tuple(results), "airflow"), ensure_ascii=False, indent=2) + "\n"
        case "junit":
            text = render.render_junit(results, tool)
        case "markdown":
            text = render.render_markdown(results)
        case _:
            color = target is None and colors()
            text = render.render_text(results, color=color, width=columns(), verbose=verbose)
    put(text, target)


def is_bad(results: Iterable[Verified], limit: str) -> bool:
    """Whether the results are bad enough for the exit code 1; ``limit`` is one of ``LIMITS``."""
    known = tuple(results)
    different = any(result.different for result in known)
    incomparable = any(result.compared < len(result.outcomes) for result in known)
    unreached = any(result.coverage.missed for result in known)
    bad = {
        "difference": different,
        "incomparable": different or incomparable,
        "unreached": different or incomparable or unreached,
    }
    return bad.get(limit, False)


def scenario_file(subjects: Sequence[tuple[str, Iterable[Scenario]]]) -> str:
    """The scenarios of several machines or DAGs, by name, as the text of one file."""
    named = len(subjects) > 1
    entries: list[Json] = scenarios_as_json(
        replace(scenario, machine=name if named else "") for name, scenarios in subjects for scenario in scenarios
    )
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"


@contextmanager
def progress(total: int | None, quiet: bool) -> Iterator[Told]:
    """Tells of finished scenarios with a bar, for people who watch; ``total`` may not be known."""
    if quiet or not sys.stderr.isatty():
        yield lambda outcome: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Verifying", total=total)

        def told(outcome: Outcome) -> None:
            bar.update(task, advance=1, description=visible(outcome.machine))

        yield told
