"""The report as JUnit XML, which continuous integration counts and draws: what cannot be translated is a failure."""

from __future__ import annotations

from xml.etree import ElementTree

from sfn_airflow_core.findings import Fidelity, Report, SourceReport
from sfn_airflow_core.render.entries import Entry, entries, label
from sfn_airflow_core.render.escape import xml


def render_junit(report: Report) -> str:
    """A suite for every input, a case for every finding and problem; one case that passes where there is none."""
    root = ElementTree.Element("testsuites", name=report.tool)
    for source in report:
        found = list(entries(source))
        suite = ElementTree.SubElement(root, "testsuite", _suite(source, found))
        for entry in found:
            _case(suite, source, entry)
        if not found:
            ElementTree.SubElement(suite, "testcase", name="nothing found", classname=xml(source.source))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(source: SourceReport, found: list[Entry]) -> dict[str, str]:
    failures = sum(entry.fidelity is Fidelity.UNSUPPORTED and entry.rule is not None for entry in found)
    errors = sum(entry.fidelity is Fidelity.UNSUPPORTED and entry.rule is None for entry in found)
    return {
        "name": xml(source.source),
        "tests": str(max(len(found), 1)),
        "failures": str(failures),
        "errors": str(errors),
        "skipped": "0",
    }


def _case(suite: ElementTree.Element, source: SourceReport, entry: Entry) -> None:
    """A problem that rejects an input is an error, an UNSUPPORTED finding a failure, all else text of a case."""
    place = f"{source.source}:{entry.span}"
    name = f"{entry.code} {entry.at}" if entry.at else entry.code
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=xml(name),
        classname=xml(source.source),
        file=xml(source.source),
        line=str(entry.span.line),
    )
    told = xml(f"{place}: {entry.code} [{label(entry.fidelity)}] {entry.message}\n{entry.remedy}".rstrip())
    if entry.fidelity is Fidelity.UNSUPPORTED:
        kind = "error" if entry.rule is None else "failure"
        ElementTree.SubElement(case, kind, message=xml(entry.message)).text = told
    else:
        ElementTree.SubElement(case, "system-out").text = told
