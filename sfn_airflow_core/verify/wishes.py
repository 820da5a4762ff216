"""What a scenario's documents must be like, collected on the way through a machine, and documents that are so."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, TypeAlias

from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.jsonata import Library, QueryError, Undefined, UnsupportedResult, read_query
from sfn_airflow_core.expr.model import Compare, Literal, Path, Root, Test
from sfn_airflow_core.interpreter.evaluate import Data, evaluate
from sfn_airflow_core.interpreter.evaluate_intrinsics import INTRINSICS
from sfn_airflow_core.interpreter.failures import EvaluationError
from sfn_airflow_core.verify.boundaries import DEFAULTS, candidates, of_kind
from sfn_airflow_core.verify.symbols import (
    AS_JSON,
    INPUT,
    App,
    Asked,
    Const,
    Impossible,
    Lst,
    Obj,
    Sym,
    Unknown,
    Value,
    inside,
)

Json = Any
Documents: TypeAlias = "dict[str, Json]"
_MOST_TRIALS: Final = 2000
_LIBRARY: Final = Library(Random(0), lambda: datetime(2026, 1, 1, tzinfo=UTC))
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison or type test of a Choice rule that must hold, or must not."""

    test: Compare | Test
    left: Value
    right: Value
    wanted: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """Wishes for all sources; never changed, so that another way can be tried from the same point.

    ``present`` parts must be there, ``absent`` ones must not; ``kinds`` say what a part is (string, number, integer,
    boolean, array, object, timestamp), ``checks`` what must hold between parts, ``lengths`` how long lists are.
    """

    present: tuple[Sym, ...] = ()
    absent: tuple[Sym, ...] = ()
    kinds: tuple[tuple[Sym, str], ...] = ()
    hints: tuple[tuple[Sym, str], ...] = ()
    checks: tuple[Check, ...] = ()
    lengths: tuple[tuple[Sym, int], ...] = ()

    def need(self, value: Value) -> Wishes:
        """Everything that a value is made of is there."""
        return replace(self, present=(*self.present, *inside(value)))

    def lack(self, part: Sym) -> Wishes:
        """A part is not there."""
        return replace(self, absent=(*self.absent, part))

    def be(self, value: Value, kind: str, *, hint: bool = False) -> Wishes:
        """A part is of a kind; as a ``hint``, only if nothing else is asked of it. Other values are what they are."""
        if not isinstance(value, Sym) or kind == "any":
            return self
        if hint:
            return replace(self, hints=(*self.hints, (value, kind)))
        return replace(self, kinds=(*self.kinds, (value, kind)), present=(*self.present, value))

    def long(self, part: Sym, length: int) -> Wishes:
        """A part is a list of this length."""
        return replace(self, lengths=(*self.lengths, (part, length)), present=(*self.present, part))

    def check(self, check: Check) -> Wishes:
        """A comparison comes out as wanted."""
        return replace(self.need(check.left).need(check.right), checks=(*self.checks, check))

    def documents(self) -> Documents:
        """A document for every source. Raises Impossible where there is none, or none was found."""
        return _Solver(self).solve()


@dataclass(slots=True)
class _Node:
    """A part of a source while documents are made."""

    parts: dict[str | int, _Node] = field(default_factory=dict)
    kind: str = ""
    hint: str = ""
    absent: bool = False
    present: bool = False
    length: int | None = None
    value: Json = _NOTHING
    leaf: bool = True
    """Whether it is below the root of its source."""


class _Solver:
    def __init__(self, wishes: Wishes):
        self._wishes = wishes
        self._roots: dict[str, _Node] = {}
        for part in wishes.present:
            self._need(part)
        for part, kind in wishes.hints:
            if self._find(part) is not None:
                self._node(part).hint = kind
        for part, kind in wishes.kinds:
            self._kind(self._node(part), kind)
        for part, length in wishes.lengths:
            node = self._node(part)
            if node.length not in (None, length):
                raise Impossible("a list cannot have two lengths")
            node.length = length
        for part in wishes.absent:
            self._lack(part)

    def _node(self, part: Sym) -> _Node:
        node = self._roots.setdefault(part.source, _Node(leaf=False))
        for step in part.steps:
            node = node.parts.setdefault(step, _Node())
        return node

    def _find(self, part: Sym) -> _Node | None:
        node = self._roots.get(part.source)
        for step in part.steps:
            node = None if node is None else node.parts.get(step)
        return node

    def _need(self, part: Sym) -> None:
        node = self._roots.setdefault(part.source, _Node(leaf=False))
        node.present = True
        for step in part.steps:
            node = node.parts.setdefault(step, _Node())
            node.present = True

    def _kind(self, node: _Node, kind: str) -> None:
        kinds = {node.kind, kind} - {""}
        if len(kinds) == 2:
            narrow = {frozenset(("number", "integer")): "integer", frozenset(("string", "timestamp")): "timestamp"}
            found = narrow.get(frozenset(kinds))
            if found is None:
                raise Impossible(f"a value cannot be both {node.kind} and {kind}")
            kind = found
        node.kind, node.present = kind, True

    def _lack(self, part: Sym) -> None:
        node = self._find(part)
        if node is not None and (node.present or not part.steps):
            raise Impossible("a value cannot be there and not be there")
        above = self._node(Sym(part.source, part.steps[:-1]))
        above.parts.setdefault(part.steps[-1], _Node()).absent = True

    def solve(self) -> Documents:
        """Give values to the parts that are compared, group by group, and build the documents."""
        groups: list[tuple[set[Sym], list[Check]]] = []
        for check in self._wishes.checks:
            parts = set(_leaves(check.left)) | set(_leaves(check.right))
            joined = [group for group in groups if group[0] & parts]
            groups = [group for group in groups if not group[0] & parts]
            groups.append((parts.union(*(g[0] for g in joined)), [*(c for g in joined for c in g[1]), check]))
        for parts, checks in groups:
            self._assign(sorted(parts, key=repr), checks)
        return {source: _built(node, _title(source)) for source, node in self._roots.items()}

    def _assign(self, parts: list[Sym], checks: list[Check]) -> None:
        choices = [list(self._choices(part, checks)) for part in parts]
        for trial in itertools.islice(itertools.product(*choices), _MOST_TRIALS):
            for part, value in zip(parts, trial, strict=True):
                self._node(part).value = value
            if all(_holds(check, self._look) is check.wanted for check in checks):
                return
        raise Impossible("no value meets the conditions on the way")

    def _choices(self, part: Sym, checks: list[Check]) -> Iterator[Json]:
        node = self._node(part)
        if node.parts or node.length is not None:
            yield _NOTHING
            return
        kind = node.kind or node.hint
        seen = set[str]()
        for value in candidates(part, [(c.test, c.left, c.right) for c in checks], kind):
            text = json.dumps(value, sort_keys=True)
            if text not in seen and (not node.kind or of_kind(value, node.kind)):
                seen.add(text)
                yield value

    def _look(self, part: Sym) -> Json:
        node = self._find(part)
        if node is None or node.absent:
            raise Impossible("a value that is compared is not there")
        return _built(node, named(part))


def _leaves(value: Value) -> Iterator[Sym]:
    """The parts of sources whose values decide what a value is."""
    match value:
        case App(path=path) if path:
            yield from itertools.islice(inside(value.arguments[0]), 1)
            yield from (part for part in inside(value) if part not in set(inside(value.arguments[0])))
        case _:
            yield from inside(value)


def _built(node: _Node, name: str) -> Json:
    """The document under a node; values that nothing was asked of are named after their key."""
    if node.value is not _NOTHING and not node.parts:
        return node.value
    if AS_JSON in node.parts:
        return json.dumps(_built(node.parts[AS_JSON], name))
    parts = {key: part for key, part in node.parts.items() if not part.absent}
    positions = [key for key in parts if isinstance(key, int)]
    if positions or node.length is not None or node.kind == "array":
        if node.kind not in ("", "array"):
            raise Impossible("a value cannot be a list and something else")
        parts = _spread(parts)
        least = max(positions, default=-1) + 1
        if node.length is not None and node.length < least:
            raise Impossible("the list is too short")
        length = node.length if node.length is not None else max(least, 0 if node.kind == "array" and not parts else 1)
        return [_built(parts[n], f"{name}.{n}") if n in parts else _like(parts, name, n) for n in range(length)]
    if parts or node.kind == "object" or any(part.absent for part in node.parts.values()):
        if node.kind not in ("", "object"):
            raise Impossible(f"a value cannot be an object and a {node.kind}")
        return {str(key): _built(part, f"{name}.{key}" if name else str(key)) for key, part in parts.items()}
    return DEFAULTS[node.kind or node.hint or ("string" if node.leaf else "object")](name)


def _spread(parts: dict[str | int, _Node]) -> dict[str | int, _Node]:
    """In JSONata a name behind a list means that member of its elements: here, of the first one."""
    named = {key: part for key, part in parts.items() if isinstance(key, str)}
    if not named:
        return parts
    first = parts.get(0, _Node())
    spread: dict[str | int, _Node] = {key: part for key, part in parts.items() if isinstance(key, int)}
    inner: dict[str | int, _Node] = {**first.parts}
    for key, part in named.items():
        inner.setdefault(key, part)
    return {**spread, 0: replace(first, parts=inner)}


def _title(source: str) -> str:
    """The name of a whole source in the values made for it; the input's parts need none."""
    return "" if source == INPUT else source


def named(part: Sym) -> str:
    """A text that names a part of a source: ``order.id``, ``Check stock: count``."""
    return ".".join(filter(None, (_title(part.source), *(str(step) for step in part.steps if step != AS_JSON))))


def _like(parts: Mapping[str | int, _Node], name: str, position: int) -> Json:
    """An element of which nothing is asked, like the first one."""
    return _built(parts[0], f"{name}.{position}") if 0 in parts else f"{name}.{position}"


def concrete(value: Value, look: Any) -> Json:
    """What a value is, with ``look`` giving what is at a part of a source. Raises Impossible."""
    match value:
        case Const():
            return value.value
        case Unknown():
            return value.example
        case Sym():
            return look(value)
        case Lst():
            return [concrete(item, look) for item in value.items]
        case Obj():
            base = {} if value.base is None else concrete(value.base, look)
            return {
                **(base if isinstance(base, dict) else {}),
                **{k: concrete(v, look) for k, v in value.members.items()},
            }
        case Asked():
            return _answered(value, look)
        case App():
            return _applied(value, [concrete(argument, look) for argument in value.arguments])


def _answered(value: Asked, look: Any) -> Json:
    names = {name: _present(bound, look) for name, bound in value.names.items()}
    focus = names.pop("", None)
    try:
        result = read_query(value.text).evaluate(names, _LIBRARY, focus)
    except (ExpressionError, QueryError, UnsupportedResult) as error:
        raise Impossible(str(error)) from error
    if isinstance(result, Undefined):
        raise Impossible("the expression has no value")
    return result


def _present(value: Value, look: Any) -> Json:
    """What a name stands for, as far as it is there."""
    if isinstance(value, Obj):
        base = {} if value.base is None else _present(value.base, look)
        found = {name: _present(part, look) for name, part in value.members.items()}
        return {**(base if isinstance(base, dict) else {}), **found}
    try:
        return concrete(value, look)
    except Impossible:
        return None


def _applied(value: App, arguments: list[Json]) -> Json:
    try:
        if value.path:
            return evaluate(Path(Root(), value.path), Data(arguments[0]))
        signature = INTRINSICS[value.function]
        return 7 if signature.draws else signature.apply(*arguments)
    except (EvaluationError, LookupError, TypeError, ValueError) as error:
        raise Impossible(str(error)) from error


def _holds(check: Check, look: Any) -> bool | None:
    """Whether a check holds; ``None`` where it cannot be evaluated."""
    try:
        left = concrete(check.left, look)
        if isinstance(check.test, Test):
            return evaluate(Test(check.test.kind, Path(Root())), Data(left)) is True
        right = concrete(check.right, look)
        return (
            evaluate(Compare(check.test.family, check.test.operator, Literal(left), Literal(right)), Data(None)) is True
        )
    except (Impossible, EvaluationError):
        return None
