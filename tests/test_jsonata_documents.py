"""Compiled JSONata against the engine, on documents of every shape."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from queries import NO_VALUE, answer, compiled, kind, published, run, same, source

WRITTEN = """
$states.input.a
$states.input.a.b.c
$states.input.a[0]
$states.input.a[-1].b
$states.input.a.b[0].c
($states.input.a.b)[0]
$states.input[0].a
$states.input.a[b > 1]
$states.input.a[b = 'x'].c
$states.input.a[b = 1 and c].b
$states.input.a[$ != 1]
$states.input.a.(b * c)
$states.input.a.{'b': b, 'c': c}
$states.input.a.$string(b)
$states.input.a[]
$a.b & $c
$states.input.a & '-' & $states.input.b.c
$states.input.a = $states.input.b
$states.input.a != $states.input.b
$states.input.a = null
$states.input.a = true
$states.input.a != 'x'
$states.input.a < $states.input.b
$states.input.a >= 1
$states.input.a + 1
$states.input.a * $states.input.b - 2
$states.input.a / $states.input.b
-$states.input.a
$states.input.a % 3
$states.input.a and $states.input.b
$states.input.a or $not($states.input.b)
$states.input.a in $states.input.b
$states.input.a ? $states.input.b : $states.input.c
$states.input.a = 1 ? 'x'
$exists($states.input.a.b) ? $states.input.a.b : 'none'
[$states.input.a, $states.input.b]
[[$states.input.a], 1]
[$states.input.a..$states.input.b]
{'a': $states.input.a, 'b': [1, $states.input.b]}
$count($states.input.a)
$sum($states.input.a.b)
$max($states.input.a)
$min($states.input.a)
$average($states.input.a)
$string($states.input.a)
$number($states.input.a)
$boolean($states.input.a)
$uppercase($states.input.a)
$length($states.input.a)
$substring($states.input.a, 1, 2)
$substringBefore($states.input.a, 'x')
$contains($states.input.a, 'x')
$split($states.input.a, 'x')
$join($states.input.a, ',')
$replace($states.input.a, 'x', '$0$$')
$round($states.input.a, 1)
$floor($states.input.a)
$power($states.input.a, 2)
$append($states.input.a, $states.input.b)
$reverse($states.input.a)
$distinct($states.input.a)
$sort($states.input.a)
$zip($states.input.a, $states.input.b)
$keys($states.input.a)
$lookup($states.input, 'a')
$merge([$states.input, {'b': 1}])
$type($states.input.a)
$map($states.input.a, function($v) { $v.b })
$map($states.input.a, function($v, $i) { $i & ':' & $v })
$filter($states.input.a, function($v) { $v.b })
$reduce($states.input.a, function($x, $y) { $x + $y })
$reduce($states.input.a, function($x, $y) { $x & $y }, '')
$each($states.input.a, function($v, $k) { $k & $v })
$sift($states.input, function($v, $k) { $k = 'a' })
$partition($states.input.a, 2)
$range($states.input.a, 5, 2)
$hash($states.input.a, 'MD5')
$parse($states.input.a)
($x := $states.input.a; $y := $x.b; [$x, $y])
$states.input.a ~> $string() ~> $length()
$sum($states.input.a[b > 0].(b * c)) > 1
$count($states.input.a[b = $states.input.c])
$base64encode($states.input.a)
$encodeUrlComponent($states.input.a)
$pad($states.input.a, -4, '*')
$trim($states.input.a)
""".strip().splitlines()
"""Expressions as state machines have them, with short names."""

PUBLISHED = published()
_CHANGING = re.compile(r"\$(uuid|random|now|millis|randomSeeded)\b")


def documents(names: list[str]) -> st.SearchStrategy[Any]:
    """JSON values whose objects have these names."""
    numbers = st.one_of(st.integers(-3, 12), st.sampled_from([0.5, -1.5, 2.5, 1e20, 1e-7, 123456.789]))
    texts = st.sampled_from(["", "x", "axb", "1", "3.50", " a  b ", "true", '{"a":1}', "é€", "Zz"])
    scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
    values = st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(names), inner, max_size=len(names))
        ),
        max_leaves=8,
    )
    return st.one_of(st.dictionaries(st.sampled_from(names), values, min_size=1, max_size=len(names)), values)


def names_in(text: str) -> list[str]:
    """The names in an expression that can be members."""
    found = re.findall(r"(?<![$\w'\"])[A-Za-z_]\w*", text)
    return list(dict.fromkeys(name for name in found if name not in ("and", "or", "in", "null", "true", "function")))


def check(text: str, data: Any, variables: Any) -> None:
    code = compiled(text)
    want, have = answer(text, data, variables), run(code, data, variables)
    if not (want == NO_VALUE and _engine_slips(text, data, variables)):
        assert same(want, have), (source(code), data, variables, want, have)


def _engine_slips(text: str, *values: Any) -> bool:
    """Whether the engine may be wrong: ``$sum($x.name)`` of an empty array is nothing to it; it is 0."""
    return "$sum(" in text and "[]" in repr(values)


@pytest.mark.parametrize("text", WRITTEN)
def test_an_expression_on_documents_of_every_shape(text: str) -> None:
    @settings(derandomize=True, max_examples=60, deadline=None, database=None)
    @given(documents(["a", "b", "c"]), st.dictionaries(st.sampled_from(["a", "c"]), documents(["b"])))
    def agrees(data: Any, variables: Any) -> None:
        check(text, data, variables)

    assert kind(compiled(text)) in ("plain", "helper")
    agrees()


@pytest.mark.skipif(not PUBLISHED, reason="the corpus is not here")
def test_published_expressions_on_documents_of_every_shape() -> None:
    texts = [text for text in PUBLISHED if kind(compiled(text)) in ("plain", "helper") and not _CHANGING.search(text)]
    assert len(texts) >= 140
    for text in texts:
        _agree(text)


def _agree(text: str) -> None:
    names = [name for name in names_in(text) if name not in ("states", "input", "context")] or ["a"]
    held = [name for name in re.findall(r"\$([A-Za-z_]\w*)", text) if name != "states"] or ["v"]

    @settings(derandomize=True, max_examples=15, deadline=None, database=None)
    @given(documents(names), st.dictionaries(st.sampled_from(held), documents(names)))
    def agrees(data: Any, variables: Any) -> None:
        check(text, data, variables)

    agrees()


@pytest.mark.skipif(not PUBLISHED, reason="the corpus is not here")
def test_how_published_expressions_are_compiled() -> None:
    kinds = Counter(kind(compiled(text)) for text in PUBLISHED)
    assert kinds["plain"] >= 115, kinds
    assert kinds["engine"] <= 10, kinds
