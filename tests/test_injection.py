"""Texts of the input are data: in no place of a definition can one become code, a template, or a path."""

from __future__ import annotations

import ast
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from command import Run
from goldens import calls_made, comparable, strict

from sfn2airflow.options import Options
from sfn2airflow.translate import Translation, translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import execute, read_replies

HARMLESS = "plain text"
HOSTILE = {
    "double quote": 'a"b',
    "single quote": "a'b",
    "both quotes": '"\'"',
    "three double": 'x"""\nimport os\n"""',
    "three single": "x'''\nimport os\n'''",
    "backslash": "a\\",
    "backslash quote": "a\\\"b\\'c",
    "newline": "a\nraise SystemExit(1)",
    "carriage return": "a\rraise SystemExit(1)",
    "line separator": "a\u2028b\u2029c\x85d",
    "form feed": "a\x0cb\x0bc",
    "expression": "{{ dag.dag_id }}",
    "statement": "{% for x in [1] %}{{ x }}{% endfor %}",
    "template comment": "{# gone #}x",
    "raw": "{% raw %}{{ 7 * 7 }}{% endraw %}",
    "template file": "run.sql .sh .json",
    "macro": "{{ macros.os.system('id') }}",
    "braces": "{data} {0} {{x}} {!r}",
    "percent": "%s %(x)s %d",
    "f-string": "f\"{__import__('os')}\"",
    "call": "__import__('os').system('id')",
    "close call": "'); __import__('os').abort(); ('",
    "comment": "# ASL: x\n@dag\ndef f(): pass",
    "null": "a\x00b",
    "escape": "\x1b[31mred\x1b[0m\x07",
    "delete": "a\x7fb\x9bc",
    "pair": "😀",
    "right to left": "a\u202eb\u202c\u2066c\u2069\u200f",
    "zero width": "a\u200bb\ufeffc\u2060",
    "homoglyph": "ｓｔａｔｅ",
    "variation": "a\ufe0f\U000e0041",
    "private": "\ue000\U0010ffff",
    "path": "../../../etc/passwd",
    "windows path": "..\\..\\c:\\x",
    "html": "<script>alert(1)</script>&amp;",
    "shell": "$(id) `id` ;id|id",
    "placeholder": "${__import__('os')} ${ } $${ ${a.b[0]}",
    "keyword": "class",
    "dunder": "__class__",
    "digits": "007",
    "empty slug": "→ ←",
}
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:f"


def path(text: str) -> str:
    """``$['text']`` with the escapes of JSONPath."""
    return "$['" + text.replace("\\", "\\\\").replace("'", "\\'") + "']"


def literal(text: str) -> str:
    """The text between quotes of an intrinsic function."""
    return "".join(f"\\{c}" if c in "\\'{}" else c for c in text)


def definition(text: str) -> dict[str, Any]:
    """A machine that has the text wherever a definition can have one; it reads every value that it makes."""

    def state(kind: str) -> str:
        return f"{text} {kind}"[:80]

    into = {"ResultPath": path(text)}
    return {
        "Comment": text,
        "StartAt": state("pass"),
        "States": {
            state("pass"): {
                "Type": "Pass",
                "Comment": text,
                "Result": {text: [text, {"k": text}]},
                **into,
                "Next": state("template"),
            },
            state("template"): {
                "Type": "Pass",
                "Parameters": {
                    text: text,
                    "nested": {text: {text: [text]}},
                    "read.$": path(text),
                    "format.$": f"States.Format('{literal(text)} {{}}', '{literal(text)}')",
                    "list.$": f"States.Array('{literal(text)}', 1)",
                },
                "ResultPath": "$.made",
                "Next": state("call"),
            },
            state("call"): {
                "Type": "Task",
                "Comment": text,
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {
                    "TopicArn": text,
                    "Subject": text,
                    "Message": {text: text},
                    "MessageAttributes": {text: {"StringValue": text}},
                },
                "ResultSelector": {text: text},
                "ResultPath": path(text),
                "Retry": [{"ErrorEquals": [text], "Comment": text, "MaxAttempts": 1}],
                "Catch": [
                    {"ErrorEquals": [text, "x"], "Comment": text, "Next": state("each"), "ResultPath": path(text)}
                ],
                "Next": state("choice"),
            },
            state("choice"): {
                "Type": "Choice",
                "Comment": text,
                "Choices": [
                    {"Variable": path(text), "StringEquals": text, "Next": state("fail"), "Comment": text},
                    {
                        "Variable": path(text),
                        "StringMatches": f"*{text.replace(chr(92), chr(92) * 2)}",
                        "Next": state("fail"),
                    },
                    {
                        "And": [
                            {"Variable": path(text), "IsPresent": True},
                            {"Not": {"Variable": path(text), "StringEqualsPath": path(text)}},
                        ],
                        "Next": state("each"),
                    },
                ],
                "Default": state("fail"),
            },
            state("each"): {
                "Type": "Map",
                "Comment": text,
                "ItemsPath": "$.made.list",
                "ItemSelector": {text: text, "item.$": "$$.Map.Item.Value", "whole.$": path(text)},
                "ItemProcessor": {
                    "StartAt": state("inner"),
                    "States": {state("inner"): {"Type": "Pass", "Comment": text, "Result": text, "End": True}},
                },
                "ResultPath": "$.each",
                "Next": state("both"),
            },
            state("both"): {
                "Type": "Parallel",
                "Comment": text,
                "Branches": [
                    {"StartAt": state("in"), "States": {state("in"): {"Type": "Succeed", "OutputPath": path(text)}}}
                ],
                "ResultPath": "$.both",
                "Catch": [{"ErrorEquals": [text], "Next": state("fail"), "ResultPath": path(text)}],
                "Next": state("job"),
            },
            state("job"): {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun.sync",
                "Parameters": {"JobName": text, "Arguments": {text: text}},
                "ResultPath": None,
                "Next": state("function"),
            },
            state("function"): {
                "Type": "Task",
                "Resource": ARN,
                "Parameters": {text: text},
                "ResultPath": None,
                "End": True,
            },
            state("fail"): {"Type": "Fail", "Comment": text, "Error": text, "Cause": text},
        },
    }


def translated(text: str, name: str = "machine.asl.json") -> Translation:
    return translate_text(json.dumps(definition(text)), name, Options())


def strings(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def shape(source: str) -> str:
    """The syntax tree without the values of strings and names: what a text of the input must not change."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str()):
                node.value = ""
            case ast.Name():
                node.id = "x"
            case ast.FunctionDef():
                node.name = "x"
            case ast.keyword(arg=str()) | ast.arg():
                node.arg = "x"
            case ast.ImportFrom():
                node.names = []
    return ast.dump(tree)


PAYLOADS = [pytest.param(text, id=name) for name, text in HOSTILE.items()]


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_text_stays_a_literal(text: str) -> None:
    """The file says what it says for a harmless text, with the text itself in place of it."""
    translation = translated(text)
    assert translation.text is not None, translation.report.problems
    (source,) = format_sources([translation.text])
    assert shape(source) == shape(translated(HARMLESS).text or "")
    assert text in strings(ast.parse(source))
    assert f"{text} pass"[:80] in strings(ast.parse(source))


def test_half_a_character_is_rejected_with_its_places() -> None:
    """JSON can hold a lone surrogate; no UTF-8 file, and no answer of AWS, can."""
    translation = translated("a\ud800b")
    assert translation.text is None
    assert all(problem.span is not None for problem in translation.report.problems)


@pytest.mark.parametrize("text", PAYLOADS)
def test_nothing_in_the_file_is_invisible(text: str) -> None:
    source = translated(text).text or ""
    source.encode("utf-8")
    bad = {c for c in source if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")}
    assert bad == set()


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_report_names_every_place(text: str) -> None:
    for located in translated(text).report.findings:
        assert located.span is not None
        assert located.finding.message()


def test_airflow_imports_all_of_them(airflow: Any, with_runtime: Path) -> None:
    for number, text in enumerate(HOSTILE.values()):
        translation = translate_text(json.dumps(definition(text)), "m.asl.json", Options(dag_id=f"hostile_{number}"))
        (with_runtime / f"hostile_{number}.py").write_text(translation.text or "", encoding="utf-8")
    errors = airflow.import_errors(with_runtime)
    assert {path: error for path, error in errors.items() if "hostile_" in path} == {}


RUN = ["expression", "statement", "template file", "braces", "three double", "right to left"]


@pytest.mark.parametrize("name", RUN)
def test_nothing_is_rendered_when_it_runs(name: str, airflow: Any, tmp_path: Path, with_runtime: Path) -> None:
    """The output and the service calls are those of the reference interpreter, which knows no templates."""
    text = HOSTILE[name]
    machine = read_text(json.dumps(definition(text)), "m.asl.json").machine
    assert machine is not None
    job = {"Id": "jr", "JobName": "j", "JobRunState": "SUCCEEDED"}
    replies = {f"{text} function"[:80]: {"payload": text}, f"{text} job"[:80]: {"result": job}}
    caught = {**replies, f"{text} call"[:80]: {"error": "x", "cause": text}}
    path = with_runtime / f"run_{RUN.index(name)}.py"
    path.write_text(translate_text(json.dumps(definition(text)), "m.asl.json").text or "", encoding="utf-8")
    failing = {**replies, f"{text} function"[:80]: {"error": text, "cause": text}}
    for table in (caught, failing):
        wanted = execute(machine, {}, read_replies({"*": {"result": {}}, **table}))
        execution = airflow.run(path, {}, table)
        assert (execution.status, execution.error) == (wanted.status, wanted.error)
        assert strict(execution.output) == strict(wanted.output if wanted.status == "SUCCEEDED" else None)
        made = [{"state": c.state, "action": c.action, "arguments": c.arguments} for c in execution.calls]
        assert comparable(made, {}) == comparable(calls_made(wanted), {})


NAMES = [
    "..asl.json",
    "....asl.json",
    "-rf.asl.json",
    "a b'c\"d.asl.json",
    "{{ x }}.asl.json",
    "$(id).asl.json",
    "__init__.asl.json",
    "asl_runtime.asl.json",
    "class.asl.json",
    "os.asl.json",
    "a\nb.asl.json",
    "a\u202eb.asl.json",
    "ä→.asl.json",
    "x" * 200 + ".asl.json",
]


def test_file_names_cannot_lead_out_of_the_folder(call: Run, tmp_path: Path) -> None:
    inputs, out, machine = tmp_path / "in", tmp_path / "out", json.dumps(definition("../../x"))
    inputs.mkdir()
    for name in NAMES:
        (inputs / name).write_text(machine, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert call("convert", str(inputs), "-o", str(out), "--fail-on", "none")[0] == 0
    written = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert all(path == out or out in path.parents for path in written)
    dags = sorted(path.name for path in out.glob("*.py"))
    assert len(dags) == len(NAMES)
    for path in out.glob("*.py"):
        assert path.stem.isidentifier()
        assert path.stem.isascii()
        ast.parse(path.read_text(encoding="utf-8"))
    assert (out / "asl_runtime" / "__init__.py").is_file(), "no input takes the place of the runtime"


@pytest.mark.parametrize(
    "name", ["../../etc/x.asl.json", "/etc/passwd", "a/b\\c.json", "", ".json", '"""\nimport os.asl.json']
)
def test_names_of_sources_are_data(name: str) -> None:
    translation = translated(HARMLESS, name)
    assert translation.dag_id.isidentifier()
    assert translation.text is not None
    assert shape(translation.text) == shape(translated(HARMLESS).text or "")


@pytest.mark.parametrize("text", PAYLOADS)
@pytest.mark.parametrize(
    "resource",
    ["arn:aws:lambda:eu-west-1:1:function:{}", "arn:aws:states:::{}", "arn:aws:states:::aws-sdk:{}:get", "{}"],
)
def test_resources_are_data(text: str, resource: str) -> None:
    """A Resource is translated, taken for unknown, or rejected with its place."""
    machine = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource.format(text), "End": True}}}
    translation = translate_text(json.dumps(machine), "m.asl.json")
    if translation.text is None:
        assert all(problem.at for problem in translation.report.problems)
    else:
        tree = ast.parse(translation.text)
        assert not [
            node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in ("__import__", "os", "eval")
        ]
