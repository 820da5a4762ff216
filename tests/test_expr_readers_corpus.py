"""Readers of expressions, on any text, on published definitions, and beside an independent reader."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from compiled import condition, python
from hypothesis import given, settings
from hypothesis import strategies as st
from shared import CORPUS

from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.model import (
    Descend,
    Field,
    Index,
    Names,
    Slice,
    Step,
    Wildcard,
)
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_intrinsic import read_value
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.expr.read_template import read_template


def refusal(text: str) -> ExpressionError | None:
    """Why a text cannot be read; if it can, it compiles."""
    try:
        expr = read_value(text)
    except ExpressionError as error:
        return error
    ast.parse(python(expr), feature_version=(3, 11))
    return None


@settings(derandomize=True, max_examples=600, deadline=None)
@given(
    st.sampled_from(["$", "$.l[?(", "States.Format("]),
    st.text(alphabet="$@.[]()'\"\\?*:,&|!=<>~/ {}ab01-\n\u202e", max_size=40),
)
def test_any_text_is_read_or_refused(start: str, text: str) -> None:
    error = refusal(start + text)
    assert error is None or 0 <= error.position <= len(start + text)


class _Tags(yaml.SafeLoader):
    """YAML whose tags (``!Sub``) do not matter."""


def _untagged(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    match node:
        case yaml.MappingNode():
            return loader.construct_mapping(node, deep=True)
        case yaml.SequenceNode():
            return loader.construct_sequence(node, deep=True)
        case _:
            return str(node.value)


_Tags.add_multi_constructor("", _untagged)


@cache
def corpus(published_only: bool) -> tuple[tuple[str, Any], ...]:
    """Key and value of every object member of the corpus."""
    found: list[tuple[str, Any]] = []

    def walk(value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            for key, part in value.items():
                yield str(key), part
                yield from walk(part)
        elif isinstance(value, list):
            for part in value:
                yield from walk(part)

    folder = CORPUS / "state-machines"
    for file in sorted((folder / "step-functions-workflows-collection" if published_only else folder).rglob("*")):
        try:
            text = file.read_text("utf-8") if file.is_file() else ""
            found += walk(yaml.load(text, _Tags) if file.suffix in (".yaml", ".yml") else json.loads(text))
        except (ValueError, yaml.YAMLError):
            continue  # invalid on purpose, or no document
    for line in (CORPUS / "aws-recordings.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["query_language"] == "JSONPath":
            found += walk(row["definition"])
    return tuple(found)


def texts(published_only: bool) -> set[str]:
    """Every text of the corpus that is meant as a path or intrinsic function."""
    return {
        value
        for key, value in corpus(published_only)
        if isinstance(value, str)
        and (key.endswith(".$") or key == "Variable" or (key.endswith("Path") and value.startswith("$")))
        and value.lstrip().startswith(("$", "States."))
    }


needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")


@needs_corpus
def test_published_expressions_compile() -> None:
    found = texts(published_only=True)
    refused = {text for text in found if refusal(text)}
    # A result that a recorded Pass state hands on unread: Result is no template.
    assert refused == {'States.StringToJson(\'{"text":"An \\"escaped double quote\\" here"}\')'}
    assert len(found) > 700


@needs_corpus
def test_published_templates_and_rules_compile() -> None:
    templates = rules = 0
    for key, value in corpus(published_only=True):
        if key in ("Parameters", "ResultSelector", "ItemSelector") and isinstance(value, dict):
            ast.parse(python(read_template(value)), feature_version=(3, 11))
            templates += 1
        if key == "Choices" and isinstance(value, list):
            for rule in (rule for rule in value if "Condition" not in rule):
                if "${" not in json.dumps(rule):
                    ast.parse(python(read_condition(condition(rule))), feature_version=(3, 11))
                    rules += 1
    assert (templates > 900, rules > 400) == (True, True), (templates, rules)


@needs_corpus
def test_invalid_expressions_are_refused_with_a_position() -> None:
    refused = [error for text in texts(published_only=False) if (error := refusal(text))]
    assert refused
    assert all(0 <= error.position <= len(error.text) for error in refused)


@needs_corpus
def test_paths_as_jsonpath_ng_reads_them() -> None:
    """An independent reader agrees on every path that it reads; filters and backslashes are read in AWS's own ways."""
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext import parse

    refused, compared = set(), 0
    for text in sorted(text for text in texts(published_only=True) if re.match(r"\$([.\[]|$)(?!.*[?\\])", text)):
        try:
            tree = parse(text)
        except JSONPathError:
            refused.add(text)
            continue
        assert _steps(tree) == read_path(text).steps, text
        compared += 1
    assert compared > 500
    assert all("${" in text for text in refused)


def _steps(tree: Any) -> tuple[Step, ...]:
    """The steps of a tree of jsonpath-ng."""
    match type(tree).__name__:
        case "Root":
            return ()
        case "Child":
            return (*_steps(tree.left), *_steps(tree.right))
        case "Descendants":
            return (*_steps(tree.left), Descend(), *_steps(tree.right))
        case "Fields":
            names = tuple(tree.fields)
            return (Wildcard(),) if names == ("*",) else (Field(names[0]) if len(names) == 1 else Names(names),)
        case "Index":
            return (Index(tree.indices[0] if hasattr(tree, "indices") else tree.index),)
        case "Wildcard":
            return (Wildcard(),)
        case "Slice" if tree.start is None and tree.end is None:
            return (Wildcard(),)
        case "Slice":
            return (Slice(tree.start, tree.end),)
        case other:
            raise AssertionError(other)
