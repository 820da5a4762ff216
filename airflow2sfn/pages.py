"""The page of every finding of this direction, made from docstrings and examples.

``python -m airflow2sfn.pages`` rewrites docs/airflow2sfn-findings.md and the marked parts of README.md below the
working directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from airflow2sfn.deploy.deployment import deploy
from airflow2sfn.importing.parent import Imported, merge
from airflow2sfn.read import read_text
from airflow2sfn.rules import RULES
from airflow2sfn.rules.example import Example
from airflow2sfn.structure import Cyclic
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.findings import Finding
from sfn_airflow_core.render import pages
from sfn_airflow_core.render.escape import code_block, code_span

AREAS: Mapping[str, str] = {
    "1": "Reading",
    "2": "Tasks and control flow",
    "3": "Data",
    "4": "Retries and timeouts",
    "5": "Services",
    "6": "Schedule and deployment",
}
"""What the first digit of a code says."""
README_EXAMPLE = Path("fixtures/readme/daily_orders.py")


def page(rule: type[Finding], definition: bool = True) -> str:
    """The page of one rule as Markdown: what, why, remedy, source, and an example with what comes of it.

    Args:
        rule: the finding's class.
        definition: whether to show the definition that the example becomes.
    """
    return "\n".join(_page(rule, definition))


def _page(rule: type[Finding], definition: bool) -> Iterator[str]:
    example: Example = rule.example
    found, machines = outcome(example)
    yield from pages.head(rule)
    yield from ("", "Example:", "", code_block(example.text, "python"))
    mine = [(at, finding) for at, finding in found if finding.code == rule.code]
    if mine:
        yield ""
    yield from (f"> {code_span(at)}: {finding.message()}" for at, finding in mine)
    if definition:
        for text in machines:
            yield from ("", "The definition:", "", code_block(text, "json"))


def outcome(example: Example) -> tuple[list[tuple[str, Finding]], list[str]]:
    """The findings of an example with their places, and the definitions of its DAGs."""
    reading = read_text(example.text, "example.py")
    if example.imported:
        error = str(example.imported.get("error", ""))
        reading = merge(reading, Imported({} if error else example.imported, error))  # type: ignore[arg-type]
    found: list[tuple[str, Finding]] = [(str(one.span or ""), one.finding) for one in reading.findings]
    machines: list[str] = []
    for dag in reading.dags:
        try:
            result = translate(dag)
        except Cyclic:
            continue
        findings = (*result.findings, *deploy(dag, result, "example").findings)
        found += [(finding.at, finding) for finding in dict.fromkeys(findings)]
        machines.append(write(result.machine))
    return found, machines


def findings_page() -> str:
    """The whole of docs/airflow2sfn-findings.md."""
    lead = "A task without a finding behaves the same. `airflow2sfn explain CODE` also shows the example's definition."
    return pages.findings_page("airflow2sfn", lead, RULES, AREAS, lambda rule: page(rule, definition=False))


def readme_blocks(root: Path) -> dict[str, str]:
    """The generated parts of the README by the name in their markers."""
    text = (root / README_EXAMPLE).read_text(encoding="utf-8")
    (dag,) = read_text(text, README_EXAMPLE.name).dags
    definition = write(translate(dag).machine)
    return {"dag": code_block(text, "python"), "definition": code_block(definition, "json")}


def current(root: Path) -> dict[Path, str]:
    """What the generated documents of a checkout should say, by file."""
    readme = root / "README.md"
    return {
        root / "docs" / "airflow2sfn-findings.md": findings_page(),
        readme: pages.with_blocks(readme.read_text(encoding="utf-8"), readme_blocks(root)),
    }


def main() -> None:
    """Rewrites the documents below the working directory."""
    pages.rewrite(current(Path.cwd()))


if __name__ == "__main__":
    main()
