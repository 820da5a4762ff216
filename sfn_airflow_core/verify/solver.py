"""Documents that are as a way through a machine wishes: parts that are compared get values, all others names."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from sfn_airflow_core.verify.boundaries import DEFAULTS, candidates, of_kind
from sfn_airflow_core.verify.budget import QUERY, TRIAL, Budget
from sfn_airflow_core.verify.concretes import holds
from sfn_airflow_core.verify.symbols import (
    AS_JSON,
    INPUT,
    App,
    Asked,
    Impossible,
    Lst,
    Obj,
    Sym,
    Value,
    inside,
    lackable,
)
from sfn_airflow_core.verify.wishes import Check, Wishes

Json = Any
Documents: TypeAlias = "dict[str, Json]"
_MOST_TRIALS: Final = 2000
_NOTHING: Final = object()
_ABSENT: Final = object()


def documents(wishes: Wishes, budget: Budget | None = None) -> Documents:
    """A document for every source. Raises Impossible where there is none, or none was found."""
    return _Solver(wishes, budget or Budget()).solve()


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
    separator: str = ""
    pieces: int = 0
    leaf: bool = True
    """Whether it is below the root of its source."""


class _Solver:
    def __init__(self, wishes: Wishes, budget: Budget):
        self._wishes, self._budget = wishes, budget
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
        for part, separator, least in wishes.pieces:
            node = self._node(part)
            node.separator, node.pieces = separator, max(node.pieces, least)
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
        hard = [check for check in checks if not check.soft]
        if self._tried(parts, checks) or (len(hard) < len(checks) and self._tried(parts, hard)):
            return
        raise Impossible("no value meets the conditions on the way")

    def _tried(self, parts: list[Sym], checks: list[Check]) -> bool:
        """Whether values were found for the parts."""
        spared = {part for check in checks for side in (check.left, check.right) for part in lackable(side)}
        choices = [list(self._choices(part, checks, may_lack=part in spared)) for part in parts]
        price = TRIAL + QUERY * sum(_queries(check.left) + _queries(check.right) for check in checks)
        for trial in itertools.islice(_combined(choices), _MOST_TRIALS):
            self._budget.spend(price)
            for part, value in zip(parts, trial, strict=True):
                node = self._node(part)
                node.value, node.absent = value, value is _ABSENT
            if all(holds(check, self._look) is check.wanted for check in checks):
                return True
        return False

    def _choices(self, part: Sym, checks: list[Check], *, may_lack: bool) -> Iterator[Json]:
        node = self._node(part)
        if part in self._wishes.absent:
            yield _ABSENT
            return
        may_lack = may_lack and not node.present
        if node.parts or node.length is not None:
            yield from (_NOTHING, _ABSENT) if may_lack else (_NOTHING,)
            return
        kind = node.kind or node.hint
        seen = set[str]()
        for value in candidates(part, [(c.test, c.left, c.right) for c in checks], kind):
            text = json.dumps(value, sort_keys=True)
            if text not in seen and (not node.kind or of_kind(value, node.kind)):
                seen.add(text)
                yield value
        if may_lack:
            yield _ABSENT

    def _look(self, part: Sym) -> Json:
        node = self._find(part)
        if node is None or node.absent:
            raise Impossible("a value that is compared is not there")
        return _built(node, named(part))


def _combined(choices: list[list[Json]]) -> Iterator[tuple[Json, ...]]:
    """Every combination of values; those in which few parts are not as they would be first."""
    if not all(choices):
        return
    usual = [values[0] for values in choices]
    for others in range(len(choices) + 1):
        for places in itertools.combinations(range(len(choices)), others):
            for values in itertools.product(*(choices[place][1:] for place in places)):
                trial = list(usual)
                for place, value in zip(places, values, strict=True):
                    trial[place] = value
                yield tuple(trial)


def _queries(value: Value) -> int:
    """How many expressions are evaluated for a value."""
    match value:
        case Asked(names=names):
            return 1 + sum(map(_queries, names.values()))
        case Obj(base=base, members=members):
            return sum(map(_queries, members.values())) + (0 if base is None else _queries(base))
        case Lst(items=values) | App(arguments=values):
            return sum(map(_queries, values))
        case _:
            return 0


def _leaves(value: Value) -> Iterator[Sym]:
    """The parts of sources whose values decide what a value is."""
    match value:
        case App(path=path) if path:
            yield from itertools.islice(inside(value.arguments[0]), 1)
            yield from (part for part in inside(value) if part not in set(inside(value.arguments[0])))
        case _:
            yield from inside(value)
    yield from lackable(value)


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
    if node.separator:
        plain = "".join(c for c in name if c not in node.separator)
        return node.separator.join(f"{plain}-{number}" for number in range(node.pieces))
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
