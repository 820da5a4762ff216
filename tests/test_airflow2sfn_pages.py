"""The pages of the findings about DAGs: current, and each shows what its example makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow2sfn.cli import cli
from airflow2sfn.pages import AREAS, current, page
from airflow2sfn.rules import RULES
from sfn_airflow_core.findings import summary


def test_the_documents_are_current(root: Path) -> None:
    stale = [path.name for path, text in current(root).items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run make docs"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_shows_the_finding_that_its_example_makes(rule: type) -> None:
    assert re.search(r"^> `\d+:\d+`: ", page(rule, definition=False), re.M), "the example does not make the finding"
    assert rule.code[3] in AREAS


def test_explain_shows_the_definition_of_the_example() -> None:
    result = CliRunner().invoke(cli, ["explain", "a2s201"], standalone_mode=False)
    assert result.exception is None
    assert '"Type": "Parallel"' in result.output


def test_explain_suggests_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    from sfn_airflow_core.shell.group import run

    assert run(cli, "airflow2sfn", "0", ["explain", "A2S299"]) == 2
    assert "Did you mean" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_rules_lists_every_finding(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    from sfn_airflow_core.shell.group import run

    assert run(cli, "airflow2sfn", "0", ["rules", "--format", form]) == 0
    shown = capsys.readouterr().out
    assert all(rule.code in shown for rule in RULES)
    assert " ".join(summary(RULES[0]).split()[:3]) in shown
