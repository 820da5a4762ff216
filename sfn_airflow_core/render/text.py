"""The report for a terminal: a line per finding, a table of counts, and one sentence that sums it up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import takewhile
from typing import TYPE_CHECKING

from sfn_airflow_core.findings import Fidelity, Report, SourceReport
from sfn_airflow_core.render.entries import COUNTED, Entry, entries, label, percent, plural, score, totals
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.render.json_format import UNITS

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

STYLES: dict[Fidelity, str] = {
    Fidelity.EXACT: "green",
    Fidelity.NOTE: "cyan",
    Fidelity.MANUAL: "yellow",
    Fidelity.APPROXIMATE: "magenta",
    Fidelity.UNSUPPORTED: "bold red",
}
WIDTH = 120
"""Columns where the output is not a terminal."""


def render_text(
    report: Report, *, color: bool = False, width: int = WIDTH, remedies: bool = False, summary: bool = True
) -> str:
    """The report as lines.

    Args:
        report: what to show; problems of rejected inputs are named in the table (the command prints them as errors).
        color: with ANSI colours.
        width: columns of the terminal; only the table is fitted to it, a finding is one line however long.
        remedies: with the remedy below every finding.
        summary: with the table and the closing sentences.
    """
    out = StringIO()
    console = _console(out, color, width)
    found = [(source, entry) for source in report for entry in entries(source) if entry.rule is not None]
    for source, entry in found:
        console.print(_line(source.source, entry), soft_wrap=True)
        if remedies and entry.remedy:
            console.print(_styled(f"    {visible(entry.remedy)}", "dim"), soft_wrap=True)
    if summary and report.sources:
        if found:
            console.print()
        console.print(_table(report))
        console.print()
        for sentence in _sentences(report):
            console.print(sentence, soft_wrap=True)
    return out.getvalue()


def _console(out: StringIO, color: bool, width: int) -> Console:
    from rich.console import Console  # rich is slow to import, and only this format needs it

    return Console(
        file=out,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def _styled(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(text, style=style)


def _line(source: str, entry: Entry) -> Text:
    from rich.text import Text

    line = Text(visible(source), style="bold")
    pieces = ((f":{entry.span}: ", "not bold cyan"), (entry.code, STYLES[entry.fidelity]))
    for text, style in pieces:
        line.append(text, style)
    line.append(f" [{label(entry.fidelity)}] ", "not bold")
    line.append(visible(entry.message), "not bold")
    return line


def _table(report: Report) -> RenderableType:
    from rich.table import Table

    unit = UNITS.get(report.tool, "states")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", overflow="fold", min_width=12)
    for name in (unit, *COUNTED, "score"):
        table.add_column(name, justify="right", no_wrap=True)
    folder = common_folder([source.source for source in report])
    for source in report:
        table.add_row(*_row(source, folder))
    if len(report.sources) > 1:
        table.add_row(_styled("total", "bold"), *_cells(totals(report.sources), bold=True))
    return table


def common_folder(names: Sequence[str]) -> str:
    """The folder that all names begin with, to be left out where they stand below one another; empty for one name.

    >>> common_folder(["a/b/x.json", "a/b/c/y.json"]), common_folder(["a/x.json"]), common_folder(["x", "a/y"])
    ('a/b/', '', '')
    """
    if len(names) < 2:
        return ""
    first, last = min(names).split("/")[:-1], max(names).split("/")[:-1]
    shared = list(takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    return "".join(f"{part}/" for part, _ in shared)


def _row(source: SourceReport, folder: str) -> Iterator[Text]:
    yield _styled(visible(source.source.removeprefix(folder)), "")
    if source.status == "rejected":
        yield from (_styled("-", "dim") for _ in range(len(COUNTED) + 1))
        yield _styled("rejected", "bold red")
    else:
        yield from _cells(source.counts())


def _cells(counts: dict[str, int], bold: bool = False) -> Iterator[Text]:
    yield _styled(str(counts["states"]), "bold" if bold else "")
    for key in COUNTED:
        yield _styled(str(counts[key]), STYLES[Fidelity[key.upper()]] if counts[key] else "dim")
    share = score(counts)
    style = "green" if share == 1 else "yellow" if share >= 0.5 else "red"
    yield _styled(percent(share), f"bold {style}" if bold else style)


def _sentences(report: Report) -> Iterator[Text]:
    unit = UNITS.get(report.tool, "states")
    done = [source for source in report if source.status != "rejected"]
    counts = totals(tuple(done))
    if done:
        share = f"{counts['exact']} of {plural(counts['states'], unit.removesuffix('s'))} ({percent(score(counts))})"
        yield _styled(f"{share} behave the same; {_by_fidelity(done)}.", "bold")
    if rejected := len(report.sources) - len(done):
        yield _styled(f"{rejected} of {plural(len(report.sources), 'input')} rejected.", "bold red")


def _by_fidelity(sources: list[SourceReport]) -> str:
    found = [located.finding.fidelity for source in sources for located in source.findings]
    if not found:
        return "no findings"
    kinds = sorted(set(found), reverse=True)
    return f"{plural(len(found), 'finding')}: {', '.join(f'{found.count(kind)} {label(kind)}' for kind in kinds)}"
