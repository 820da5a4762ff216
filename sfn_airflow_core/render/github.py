"""The report as workflow commands of GitHub Actions, which shows them beside the changed lines (GitHub's documentation,
"Workflow commands for GitHub Actions", "Setting a notice/warning/error message").
"""

from __future__ import annotations

from sfn_airflow_core.findings import Fidelity, Report
from sfn_airflow_core.render.entries import Entry, entries
from sfn_airflow_core.render.escape import visible

LEVELS: dict[Fidelity, str] = {
    Fidelity.EXACT: "notice",
    Fidelity.NOTE: "notice",
    Fidelity.MANUAL: "warning",
    Fidelity.APPROXIMATE: "warning",
    Fidelity.UNSUPPORTED: "error",
}


def render_github(report: Report) -> str:
    """A line for every finding and problem; nothing where there is none."""
    return "".join(f"{_command(report.tool, source.source, entry)}\n" for source in report for entry in entries(source))


def _command(tool: str, source: str, entry: Entry) -> str:
    span = entry.span
    places = {"file": source, "line": span.line, "col": span.column, "endLine": span.end_line}
    if span.end_line == span.line:  # GitHub takes an end column on the same line only
        places["endColumn"] = span.end_column
    shown = {**places, "title": f"{tool} {entry.code}"}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in shown.items())
    return f"::{LEVELS[entry.fidelity]} {properties}::{_data(entry.message)}"


def _data(text: str) -> str:
    """Text as the message of a command, which ends with the line."""
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
