"""Every rule: documented, with a unique code, an example that produces it there, and a near miss that does not."""

from __future__ import annotations

import re

import pytest

from sfn2airflow.rules import RULES
from sfn2airflow.rules.example import Example
from sfn2airflow.translate import translate_text
from sfn_airflow_core.findings import Finding, section, summary


def findings(example: Example) -> list[tuple[str, str]]:
    translation = translate_text(example.text(), "example.asl.json", example.options)
    assert translation.text is not None, translation.report.problems
    return [(located.finding.code, located.finding.at) for located in translation.report.findings]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.__name__}")
class TestRule:
    def test_is_documented(self, rule: type[Finding]) -> None:
        assert summary(rule).endswith("."), "the first paragraph says what differs"
        assert section(rule, "Why it matters")
        assert section(rule, "Remedy")
        assert re.fullmatch(r"S2A[1-7]\d\d", rule.code)
        assert rule.source.startswith("https://")

    def test_example_produces_it(self, rule: type[Finding]) -> None:
        assert (rule.code, rule.example.at) in findings(rule.example)

    def test_near_miss_does_not(self, rule: type[Finding]) -> None:
        assert rule.code not in [code for code, _ in findings(rule.near_miss)]

    def test_message_is_one_sentence(self, rule: type[Finding]) -> None:
        translation = translate_text(rule.example.text(), "example.asl.json", rule.example.options)
        for located in translation.report.findings:
            message = located.finding.message()
            assert message
            assert not message.endswith(".")
            assert "\n" not in message
            assert located.span is not None, "every finding has its place in the text"


def test_codes_are_unique() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    assert codes == sorted(codes), "the table is in the order of the codes"
