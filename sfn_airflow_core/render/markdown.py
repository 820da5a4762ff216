"""The report as Markdown, for a pull request or a wiki page."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_airflow_core.findings import Report, SourceReport
from sfn_airflow_core.render.entries import COUNTED, entries, label, percent, plural, score, totals
from sfn_airflow_core.render.escape import code_span, markdown, prose
from sfn_airflow_core.render.json_format import UNITS


def render_markdown(report: Report) -> str:
    """A heading, a table of counts per input, then a table of findings for every input that has some."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    unit = UNITS.get(report.tool, "states")
    yield f"# {report.tool} report"
    yield ""
    yield f"| input | {unit} | {' | '.join(COUNTED)} | score |"
    yield f"|---|{'---:|' * (len(COUNTED) + 2)}"
    for source in report:
        yield _row(markdown(source.source), source.counts(), source.status)
    if len(report.sources) > 1:
        yield _row("**total**", totals(report.sources), "translated")
    yield ""
    yield f"The score is the share of {unit} that behave the same as before."
    for source in report:
        yield from _findings(source)


def _row(name: str, counts: dict[str, int], status: str) -> str:
    cells = [str(counts["states"]), *(str(counts[key]) for key in COUNTED)]
    return f"| {name} | {' | '.join(cells)} | {status if status == 'rejected' else percent(score(counts))} |"


def _findings(source: SourceReport) -> Iterator[str]:
    found = list(entries(source))
    if not found:
        return
    yield ""
    yield f"## {markdown(source.source)}"
    yield ""
    if source.status == "rejected":
        yield f"Rejected, nothing was written: {plural(len(found), 'problem')}."
    else:
        yield f"{plural(len(found), 'finding')}."
    yield ""
    yield "| place | code | fidelity | what differs | remedy |"
    yield "|---|---|---|---|---|"
    for entry in found:
        pointer = code_span(entry.at).replace("|", "\\|")
        place = f"{entry.span} {pointer}" if entry.at else str(entry.span)
        fidelity = "rejected" if entry.rule is None and source.status == "rejected" else label(entry.fidelity)
        cells = (place, markdown(entry.code), fidelity, markdown(entry.message), prose(entry.remedy))
        yield f"| {' | '.join(cells)} |"
