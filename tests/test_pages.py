"""Generated documentation is current, and its parts hold together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfn2airflow.pages import AREAS, current, findings_page, page
from sfn2airflow.rules import RULES
from sfn_airflow_core.render.pages import find, with_blocks


def test_generated_documents_are_current(root: Path):
    stale = [path.name for path, text in current(root).items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run make docs"


def test_the_list_links_to_every_page():
    text = findings_page()
    headings = re.findall(r"^## (.+)$", text, re.M)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert set(links) == anchors
    assert len(links) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_shows_the_finding_that_its_example_makes(rule: type):
    text = page(rule)
    assert re.search(r"^> `/", text, re.M), "the example does not make the finding"
    assert rule.code[3] in AREAS
    assert find(rule.code.lower(), RULES) is rule


def test_links_of_the_documents_lead_somewhere(root: Path):
    for path in [root / "README.md", *(root / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_missing_markers_are_an_error():
    with pytest.raises(ValueError, match="markers of before"):
        with_blocks("no markers", {"before": "x"})
