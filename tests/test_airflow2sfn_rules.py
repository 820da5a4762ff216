"""Every finding of the translation of DAGs: documented, produced by its example where it says, not by its near miss."""

from __future__ import annotations

import re

import pytest

from airflow2sfn.deploy.deployment import deploy
from airflow2sfn.read import read_text
from airflow2sfn.rules import choices, control, data, deployment, external, functions, generated, retries
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.findings import Finding, section, summary

ROOMS = (control, choices, external, generated, data, retries, functions, deployment)
RULES = tuple(rule for room in ROOMS for rule in room.RULES)


def findings(text: str) -> list[Finding]:
    reading = read_text(text, "example.py")
    assert not reading.problems, reading.problems
    found: list[Finding] = []
    for dag in reading.dags:
        result = translate(dag)
        again = read_machine(write(result.machine), "example")
        assert (again.problems, again.unknown) == ((), ())
        found.extend((*result.findings, *deploy(dag, result, "example").findings))
    assert reading.dags
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.__name__}")
class TestRule:
    def test_is_documented(self, rule: type[Finding]) -> None:
        assert summary(rule).endswith(".")
        assert section(rule, "Why it matters")
        assert section(rule, "Remedy")
        assert re.fullmatch(r"A2S[2346]\d\d", rule.code)
        assert rule.source.startswith("https://")

    def test_example_produces_it(self, rule: type[Finding]) -> None:
        found = [finding for finding in findings(rule.example.text) if isinstance(finding, rule)]
        assert [finding.at for finding in found] == [rule.example.at]
        assert not found[0].message().endswith(".")

    def test_near_miss_does_not(self, rule: type[Finding]) -> None:
        assert rule.code not in [finding.code for finding in findings(rule.near_miss.text)]


def test_codes_are_unique() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
