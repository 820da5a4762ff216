"""Results of a verification as text, Markdown and JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from sfn_airflow_core.render.escape import visible, xml
from sfn_airflow_core.render.text import WIDTH, _console, _styled
from sfn_airflow_core.verify.compare import Difference
from sfn_airflow_core.verify.result import Outcome, Verified, shown

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN = 12
"""Lines of either side of a difference."""


def place(result: Verified, found: Difference) -> str:
    """Where a difference is: line and column of the state or task in the text, and the task in a generated DAG."""
    span = result.spans.get(found.pointer)
    machine = f"{result.source}:{span}" if span and found.pointer else result.source
    return f"{machine}, task {found.task}" if found.task else machine


def diff(found: Difference) -> list[str]:
    """A difference as lines of a small diff: ``-`` is what is translated, ``+`` its translation."""
    lines = []
    for sign, value in (("-", found.expected), ("+", found.actual)):
        text = json.dumps(shown(value), ensure_ascii=False, indent=2, sort_keys=True).splitlines()
        more = len(text) - _SHOWN
        lines += [f"{sign} {visible(line)}" for line in text[:_SHOWN]]
        if more > 0:
            lines.append(f"{sign} … {more} more lines")
    return lines


def render_text(results: Sequence[Verified], *, color: bool = False, width: int = WIDTH, verbose: bool = False) -> str:
    """A line for every scenario that is not equal, with its first difference (``verbose``: all), and a table."""
    out = StringIO()
    console = _console(out, color, width)
    for result in results:
        if result.error:
            console.print(_styled(f"{visible(result.source)}: error: {visible(result.error)}", "bold red"))
        for outcome in result.outcomes:
            for line, style in _scenario(result, outcome, verbose):
                console.print(_styled(line, style), soft_wrap=True)
        if verbose:
            for at, why in result.coverage.missed.items():
                console.print(
                    _styled(f"{visible(result.source)}: not reached: {visible(at)}: {visible(why)}", "yellow")
                )
    console.print(_table(results))
    missed = sum(len(result.coverage.missed) for result in results)
    if missed and not verbose:
        console.print(_styled(f"{missed} of the states and edges not reached; -v says which, and why", "dim"))
    return out.getvalue()


def _scenario(result: Verified, outcome: Outcome, verbose: bool) -> Iterator[tuple[str, str]]:
    title = f"{visible(result.source)}: {visible(outcome.id)}"
    if not outcome.comparable:
        yield f"{title}: not comparable: {visible(outcome.reason)}", "yellow"
    elif not outcome.equal:
        count = len(outcome.differences)
        yield f"{title}: {count} difference{'s' * (count != 1)}", "bold red"
        for found in outcome.differences if verbose else outcome.differences[:1]:
            yield f"  {visible(found.at)} ({visible(place(result, found))})", "bold"
            for line in diff(found):
                yield f"    {line}", "red" if line.startswith("-") else "green"
    elif verbose:
        yield f"{title}: equal", "green"
    if verbose and outcome.comparable and outcome.around:
        yield f"    compared around {visible('; '.join(outcome.around))}", "dim"


def _table(results: Sequence[Verified]) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", overflow="fold", min_width=12)
    for name in ("scenarios", "equal", "different", "not comparable", "states", "edges"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        table.add_row(_styled(visible(result.source), "bold red" if result.error else ""), *_counts(result))
    return table


def _counts(result: Verified) -> list[str]:
    total, compared, different = len(result.outcomes), result.compared, result.different
    reached = (f"{one} of {all}" for one, all in (result.coverage.states, result.coverage.edges))
    return [str(total), str(compared - different), str(different), str(total - compared), *reached]


def render_markdown(results: Sequence[Verified]) -> str:
    """A table of machines, and the first difference of each scenario that has one."""
    lines = [
        "| machine | scenarios | equal | different | not comparable | states | edges |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [f"| {_cell(result.source)} | {' | '.join(_counts(result))} |" for result in results]
    for result in results:
        if result.error:
            lines += ["", f"**{_cell(result.source)}**: {_cell(result.error)}"]
        for outcome in result.outcomes:
            if outcome.comparable and not outcome.equal:
                found = outcome.differences[0]
                lines += ["", f"### {_cell(result.source)}: {_cell(outcome.id)}", ""]
                lines += [f"{_cell(found.at)} ({_cell(place(result, found))})", ""]
                lines += [f"    {line}" for line in diff(found)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    plain = " ".join(visible(text).split())
    return "".join(f"\\{c}" if c in "\\|`*_<>[]#" else c for c in plain)


def render_junit(results: Sequence[Verified], tool: str = "sfn2airflow verify") -> str:
    """JUnit XML: a suite for every machine, a case for every scenario."""
    root = ElementTree.Element("testsuites", name=tool)
    for result in results:
        suite = ElementTree.SubElement(root, "testsuite", {"name": xml(result.source), **_suite(result)})
        if result.failure or not result.outcomes:
            case = ElementTree.SubElement(suite, "testcase", name="verification", classname=xml(result.name))
            ElementTree.SubElement(case, "error", message=xml(result.error))
        for outcome in result.outcomes:
            case = ElementTree.SubElement(
                suite, "testcase", name=xml(outcome.id), classname=xml(result.name), time=f"{outcome.seconds:.3f}"
            )
            _case(case, result, outcome)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(result: Verified) -> dict[str, str]:
    failed = bool(result.failure) or not result.outcomes
    return {
        "tests": str(len(result.outcomes) + failed),
        "failures": str(result.different),
        "errors": str(int(failed)),
        "skipped": str(len(result.outcomes) - result.compared),
    }


def _case(case: Any, result: Verified, outcome: Outcome) -> None:
    if not outcome.comparable:
        ElementTree.SubElement(case, "skipped", message=xml(outcome.reason))
    elif not outcome.equal:
        found = outcome.differences[0]
        told = ElementTree.SubElement(case, "failure", message=xml(f"{found.at} ({place(result, found)})"))
        told.text = xml("\n".join(line for found in outcome.differences for line in (found.at, *diff(found))))
