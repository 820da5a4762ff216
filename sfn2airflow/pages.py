"""The page of every finding and the generated parts of the documentation, made from docstrings and examples.

``python -m sfn2airflow.pages`` rewrites docs/findings.md and the marked parts of README.md below the working directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sfn2airflow.options import Options
from sfn2airflow.rules import RULES
from sfn2airflow.rules.example import Example
from sfn2airflow.translate import Translation, translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.findings import Finding, Report
from sfn_airflow_core.render import pages
from sfn_airflow_core.render.escape import code_block, code_span
from sfn_airflow_core.render.text import render_text

AREAS: Mapping[str, str] = {
    "1": "The document and its control flow",
    "2": "States and operators",
    "3": "Data and expressions",
    "4": "Retries, errors, timeouts",
    "5": "Service integrations",
    "6": "Schedule and deployment",
    "7": "Cost and limits",
}
"""What the first digit of a code says."""

README_EXAMPLE = Path("fixtures/readme/nightly_report.asl.json")
DEMO = Path("fixtures/demo/order_fulfilment.asl.json")


def page(rule: type[Finding], python: bool = True) -> str:
    """The page of one rule as Markdown: what, why, remedy, source, and an example with what comes of it.

    Args:
        rule: the finding's class.
        python: whether to show the whole DAG file that the example becomes.
    """
    return "\n".join(_page(rule, python))


def _page(rule: type[Finding], python: bool) -> Iterator[str]:
    yield from pages.head(rule)
    example: Example = rule.example
    translation = translate_text(example.text(), "example.asl.json", example.options)
    yield ""
    yield "Example:"
    yield ""
    yield code_block(example.text(), "json")
    yield ""
    yield from _messages(rule, translation)
    if python and translation.text is not None:
        yield ""
        yield "The DAG file:"
        yield ""
        yield code_block(format_sources([translation.text])[0], "python")


def _messages(rule: type[Finding], translation: Translation) -> Iterator[str]:
    for located in translation.report.findings:
        if located.finding.code == rule.code:
            yield f"> {code_span(located.finding.at)} at {located.span or '1:1'}: {located.finding.message()}"


def findings_page() -> str:
    """The whole of docs/findings.md."""
    lead = "A state without a finding behaves the same. `sfn2airflow explain CODE` also shows the example's DAG."
    return pages.findings_page("sfn2airflow", lead, RULES, AREAS, lambda rule: page(rule, python=False))


def readme_blocks(root: Path) -> dict[str, str]:
    """The generated parts of the README by the name in their markers."""
    text = (root / README_EXAMPLE).read_text(encoding="utf-8")
    translation = translate_text(text, README_EXAMPLE.name, Options())
    assert translation.text is not None, f"{README_EXAMPLE} is rejected"
    demo = translate_text((root / DEMO).read_text(encoding="utf-8"), DEMO.as_posix(), Options())
    return {
        "before": code_block(text, "json"),
        "after": code_block(format_sources([translation.text])[0], "python"),
        "report": code_block(render_text(Report("sfn2airflow", (demo.report,))), "text"),
    }


def current(root: Path) -> dict[Path, str]:
    """What the generated documents of a checkout should say, by file."""
    readme = root / "README.md"
    return {
        root / "docs" / "findings.md": findings_page(),
        readme: pages.with_blocks(readme.read_text(encoding="utf-8"), readme_blocks(root)),
    }


def main() -> None:
    """Rewrites the generated documents below the working directory."""
    pages.rewrite(current(Path.cwd()))


if __name__ == "__main__":
    main()
