"""Reports in every format: what they say, and that nothing in the input can break out of them."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, ClassVar
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sfn_airflow_core.findings import Fidelity, Finding, Located, Problem, Report, SourceReport
from sfn_airflow_core.render import (
    FORMATS,
    render_github,
    render_json,
    render_junit,
    render_markdown,
    render_sarif,
    render_text,
)
from sfn_airflow_core.render.entries import percent
from sfn_airflow_core.render.escape import code_block, code_span, markdown, visible
from sfn_airflow_core.render.sarif import uri
from sfn_airflow_core.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Slower(Finding):
    """Something is slower.

    Why it matters: it takes longer.

    Remedy: wait.
    """

    code: ClassVar[str] = "S2A901"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = "https://states-language.net/spec.html"
    example: ClassVar[Any] = None
    near_miss: ClassVar[Any] = None

    what: str

    def message(self) -> str:
        return f"{self.what} is slower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing(Slower):
    """Something is missing.

    Remedy: do without.
    """

    code: ClassVar[str] = "S2A902"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED

    def message(self) -> str:
        return f"{self.what} is missing"


def report(what: str = "it", source: str = "flows/a.asl.json") -> Report:
    translated = SourceReport(
        source=source,
        name="a",
        status="translated",
        outputs=("a.py",),
        dispositions={
            "/States/A": Fidelity.APPROXIMATE,
            "/States/B": Fidelity.EXACT,
            "/States/C": Fidelity.UNSUPPORTED,
        },
        findings=(
            Located(Slower(at="/States/A", what=what), Span(3, 5, 3, 9)),
            Located(Missing(at="/States/C/Resource", what=what)),
        ),
    )
    problem = Problem("INVALID_JSON_DESCRIPTION", what, "/States", Span(2, 1, 2, 4))
    return Report("sfn2airflow", (translated, SourceReport("b.json", "b", "rejected", problems=(problem,))))


EMPTY = Report("sfn2airflow")
CLEAN = Report("sfn2airflow", (SourceReport("c.json", "c", "translated", ("c.py",), {"/States/A": Fidelity.NOTE}),))


def test_json_has_exactly_the_documented_schema():
    value = json.loads(render_json(report()))
    assert value["schema_version"] == 1
    assert list(value) == ["schema_version", "tool", "sources"]
    first, second = value["sources"]
    assert first == {
        "source": "flows/a.asl.json",
        "name": "a",
        "status": "translated",
        "outputs": ["a.py"],
        "counts": {"states": 3, "exact": 1, "approximate": 1, "manual": 0, "unsupported": 1},
        "findings": [
            {
                "code": "S2A901",
                "fidelity": "approximate",
                "at": "/States/A",
                "line": 3,
                "column": 5,
                "message": "it is slower",
                "remedy": "wait.",
            },
            {
                "code": "S2A902",
                "fidelity": "unsupported",
                "at": "/States/C/Resource",
                "line": 1,
                "column": 1,
                "message": "it is missing",
                "remedy": "do without.",
            },
        ],
    }
    assert (second["status"], second["outputs"]) == ("rejected", [])
    assert second["findings"][0]["code"] == "INVALID_JSON_DESCRIPTION"


def test_json_counts_tasks_for_the_other_direction():
    counts = json.loads(render_json(Report("airflow2sfn", CLEAN.sources)))["sources"][0]["counts"]
    assert counts == {"tasks": 1, "exact": 1, "approximate": 0, "manual": 0, "unsupported": 0}


def test_sarif_has_the_structure_that_readers_require():
    log = json.loads(render_sarif(report(source="my flows/ä.json")))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        if rule["id"].startswith("S2A"):
            assert rule["helpUri"].startswith("https://")
            assert rule["shortDescription"]["text"]
            assert "Remedy" in rule["help"]["text"]
            assert "**Remedy:**" in rule["help"]["markdown"]
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert not re.match(r"[a-z]+:|/", place["artifactLocation"]["uri"])
        assert min(place["region"].values()) >= 1
    assert [result["level"] for result in results] == ["warning", "error", "error"]
    place = results[0]["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20flows/%C3%A4.json"},
        "region": {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "/States/A"}]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("a/b.json", "a/b.json", id="relative"),
        pytest.param("../b.json", "../b.json", id="above"),
        pytest.param("a b#?.json", "a%20b%23%3F.json", id="reserved characters"),
        pytest.param("c:b.json", "c%3Ab.json", id="looks like a scheme"),
        pytest.param("<stdin>", "stdin", id="standard input"),
        pytest.param("\udcff.json", "%FF.json", id="a name that is not UTF-8"),
    ],
)
def test_sarif_uris(source: str, expected: str):
    assert uri(source) == expected


def test_text_is_a_line_per_finding_and_a_table_that_adds_up():
    lines = render_text(report()).splitlines()
    assert lines[0] == "flows/a.asl.json:3:5: S2A901 [approximate] it is slower"
    assert lines[1] == "flows/a.asl.json:1:1: S2A902 [unsupported] it is missing"
    assert any(line.split() == ["flows/a.asl.json", "3", "1", "1", "0", "1", "33", "%"] for line in lines)
    assert any(line.split()[0] == "b.json" and line.split()[-1] == "rejected" for line in lines if line.split())
    assert "1 of 3 states (33 %) behave the same; 2 findings: 1 unsupported, 1 approximate." in lines
    assert lines[-1] == "1 of 2 inputs rejected."
    assert "\x1b" not in "".join(lines)


def test_text_options():
    assert "    wait." in render_text(report(), remedies=True)
    assert "\x1b[" in render_text(report(), color=True)
    assert len(render_text(report(), summary=False).splitlines()) == 2


def test_a_finding_stays_one_line_in_a_narrow_terminal():
    assert render_text(report(what="x" * 300), width=40).splitlines()[0].endswith("is slower")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", [pytest.param(EMPTY, id="no inputs"), pytest.param(CLEAN, id="no findings")])
def test_every_format_takes_every_report(form: str, value: Report):
    text = FORMATS[form](value)
    assert form == "text" or text.endswith("\n") or (form == "github" and text == "")


def test_github_shows_each_finding_at_its_line():
    assert render_github(report(what="100%", source="a,b:c.json")).splitlines() == [
        "::warning file=a%2Cb%3Ac.json,line=3,col=5,endLine=3,endColumn=9,title=sfn2airflow S2A901::100%25 is slower",
        "::error file=a%2Cb%3Ac.json,line=1,col=1,endLine=1,endColumn=1,title=sfn2airflow S2A902::100%25 is missing",
        "::error file=b.json,line=2,col=1,endLine=2,endColumn=4,title=sfn2airflow INVALID_JSON_DESCRIPTION::100%25",
    ]


def test_junit_fails_for_what_cannot_be_translated():
    first, second = ElementTree.fromstring(render_junit(report()))
    assert {**first.attrib} == {
        "name": "flows/a.asl.json", "tests": "2", "failures": "1", "errors": "0", "skipped": "0",
    }  # fmt: skip
    assert [(case.get("name"), case.get("line"), case[0].tag) for case in first] == [
        ("S2A901 /States/A", "3", "system-out"),
        ("S2A902 /States/C/Resource", "1", "failure"),
    ]
    assert first[1][0].get("message") == "it is missing"
    assert first[1][0].text == ("flows/a.asl.json:1:1: S2A902 [unsupported] it is missing\ndo without.")
    assert [(second.get(count), second[0][0].tag) for count in ("failures", "errors")] == [
        ("0", "error"),
        ("1", "error"),
    ]
    assert [case.get("name") for case in ElementTree.fromstring(render_junit(CLEAN))[0]] == ["nothing found"]


def test_the_score_can_fall_and_only_everything_is_everything():
    assert "100 %" in render_text(CLEAN)
    assert percent(999 / 1000) == "99 %"
    assert "100 %" not in render_text(report())


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)


def tags(text: str) -> list[str]:
    parser = Tags()
    parser.feed(MarkdownIt("commonmark", {"html": True, "linkify": True}).enable(["table"]).render(text))
    return parser.seen


HOSTILE = [
    "<script>alert(1)</script>",
    "a | b | c",
    "![x](https://example.org/p.png)",
    "[x](javascript:alert(1))",
    "`code` *em* _em_ ~~gone~~",
    "\n\n# heading\n\n- item",
    "\x1b[31mred\x1b]8;;https://example.org\x07link",
    "\u202egnp.exe\u200b",
    "&lt;b&gt; &#60;",
    "<!-- --> <https://example.org>",
    "back\\slash\\",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_the_input_becomes_markup(text: str):
    assert tags(render_markdown(report(text, source=text))) == tags(render_markdown(report("x", source="x")))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("`|\\<>&*_[]()!#~-+ \n\tab1.:/@w"), max_size=30))
def test_no_text_becomes_markup(text: str):
    assert tags(markdown(f"x{text}")) in (["p"], ["p", "br"])
    block = MarkdownIt("commonmark").parse(code_block(text or "x"))
    assert [token.type for token in block] == ["fence"]


@pytest.mark.parametrize("text", ["a", "`", "``a`", "a`b", " ", " a ", "a|b", "a\nb"])
def test_a_code_span_is_one_span(text: str):
    tokens = MarkdownIt("commonmark").parseInline(f"x {code_span(text)} y")[0].children or []
    assert [token.type for token in tokens] == ["text", "code_inline", "text"]
    assert tokens[1].content == visible(text)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_nothing_in_the_input_reaches_the_terminal_as_a_control(text: str):
    shown = render_text(report(text, source=text), color=False)
    assert not [char for char in shown if unicodedata.category(char).startswith("C") and char != "\n"]
    assert shown.count("\n") == render_text(report("x", source="x")).count("\n") or "x" * 24 not in shown
    json.loads(render_json(report(text, source=text)))
    json.loads(render_sarif(report(text)))
    assert [line.partition(" ")[0] for line in render_github(report(text, source=text)).splitlines()] == [
        "::warning", "::error", "::error",
    ]  # fmt: skip
    ElementTree.fromstring(render_junit(report(text, source=text)))
