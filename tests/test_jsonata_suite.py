"""Compiled JSONata against the engine, on the cases of the language's own test suite."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from queries import answer, compiled, kind, run, same, source
from shared import CORPUS

SUITE = CORPUS / "jsonata-suite.json"
if not SUITE.is_file():
    pytest.skip("the suite jsonata-suite.json is not here", allow_module_level=True)


def _cases() -> list[tuple[str, str, Any, Any]]:
    """Id, expression, input and variables; an expression over an object becomes one over ``$states.input``."""
    suite, found = json.loads(SUITE.read_text(encoding="utf-8")), []
    for case in suite["cases"]:
        text, data = case.get("expr"), case["data"] if "data" in case else suite["datasets"].get(case.get("dataset"))
        if not isinstance(text, str) or (data is not None and not isinstance(data, dict)):
            continue
        text = text if data is None else f"$states.input.({text}\n)"
        found.append((case["id"], text, data, case.get("bindings") or {}))
    return found


CASES = _cases()
CODE = {text: compiled(text) for _, text, _, _ in CASES}
COMPILED = [pytest.param(*case, id=case[0]) for case in CASES if kind(CODE[case[1]]) in ("plain", "helper")]


@pytest.mark.parametrize(("name", "text", "data", "variables"), COMPILED)
def test_a_compiled_expression_is_worth_what_it_is_to_the_engine(
    name: str, text: str, data: Any, variables: Any
) -> None:
    want, have = answer(text, data, variables), run(CODE[text], data, variables)
    assert same(want, have), source(CODE[text])


def test_most_of_what_is_not_exotic_is_compiled() -> None:
    """The suite is about the corners of the language; nearly half of it is compiled all the same."""
    kinds = Counter(kind(CODE[text]) for _, text, _, _ in CASES)
    assert kinds["plain"] + kinds["helper"] >= 700, kinds
