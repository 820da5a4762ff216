"""The report as SARIF 2.1.0, which code hosts and editors show beside the source (OASIS, sarif-v2.1.0)."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from sfn_airflow_core.findings import Fidelity, Finding, Report, section, summary
from sfn_airflow_core.render.entries import Entry, entries
from sfn_airflow_core.text import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: dict[Fidelity, str] = {
    Fidelity.EXACT: "none",
    Fidelity.NOTE: "note",
    Fidelity.MANUAL: "warning",
    Fidelity.APPROXIMATE: "warning",
    Fidelity.UNSUPPORTED: "error",
}


def render_sarif(report: Report) -> str:
    """One run with a rule for every code that occurs and a result for every finding and problem."""
    found = [(source.source, entry) for source in report for entry in entries(source)]
    first = {entry.code: entry for _, entry in reversed(found)}
    codes = sorted(first)
    driver = {"name": report.tool, "rules": [_rule(first[code]) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(source, entry, codes.index(entry.code)) for source, entry in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(entry: Entry) -> dict[str, Any]:
    """The description of a finding's class; a problem has only its code."""
    level = {"defaultConfiguration": {"level": LEVELS[entry.fidelity]}}
    if entry.rule is None:
        return {"id": entry.code, **level}
    return {"id": entry.code, "name": entry.rule.__name__, **_texts(entry.rule), "helpUri": entry.rule.source, **level}


def _texts(rule: type[Finding]) -> dict[str, Any]:
    why, remedy = section(rule, "Why it matters"), section(rule, "Remedy")
    plain = f"{summary(rule)}\n\nWhy it matters: {why}\n\nRemedy: {remedy}"
    rich = f"{summary(rule)}\n\n**Why it matters:** {why}\n\n**Remedy:** {remedy}"
    return {
        "shortDescription": {"text": summary(rule)},
        "fullDescription": {"text": f"{summary(rule)} {why}"},
        "help": {"text": plain, "markdown": rich},
    }


def _result(source: str, entry: Entry, index: int) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": uri(source)}, "region": _region(entry.span)}
    logical = {"logicalLocations": [{"fullyQualifiedName": entry.at}]} if entry.at else {}
    return {
        "ruleId": entry.code,
        "ruleIndex": index,
        "level": LEVELS[entry.fidelity],
        "message": {"text": entry.message},
        "locations": [{"physicalLocation": place, **logical}],
    }


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def uri(source: str) -> str:
    """A file's name as a URI reference, relative where the name is.

    >>> uri("flows/a b.json"), uri("<stdin>")
    ('flows/a%20b.json', 'stdin')
    """
    path = PurePath(source.strip("<>") if source.startswith("<") else source)
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix().encode("utf-8", "surrogateescape"))
