"""The report as JSON with a stable schema; ``schema_version`` changes when a reader would have to."""

from __future__ import annotations

import json
from typing import Any

from sfn_airflow_core.findings import Report, SourceReport
from sfn_airflow_core.render.entries import Entry, entries, label

SCHEMA_VERSION = 1
UNITS = {"airflow2sfn": "tasks"}
"""What a tool counts, where it is not states."""


def render_json(report: Report) -> str:
    """The whole report, indented, with a line feed at the end; characters outside ASCII are escaped."""
    unit = UNITS.get(report.tool, "states")
    sources = [_source(source, unit) for source in report]
    value = {"schema_version": SCHEMA_VERSION, "tool": report.tool, "sources": sources}
    return json.dumps(value, indent=2) + "\n"


def _source(source: SourceReport, unit: str) -> dict[str, Any]:
    counts = source.counts()
    return {
        "source": source.source,
        "name": source.name,
        "status": source.status,
        "outputs": list(source.outputs),
        "counts": {unit: counts.pop("states"), **counts},
        "findings": [_finding(entry) for entry in entries(source)],
    }


def _finding(entry: Entry) -> dict[str, Any]:
    return {
        "code": entry.code,
        "fidelity": label(entry.fidelity),
        "at": entry.at,
        "line": entry.span.line,
        "column": entry.span.column,
        "message": entry.message,
        "remedy": entry.remedy,
    }
