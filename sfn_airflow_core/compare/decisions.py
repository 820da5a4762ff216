"""What a Choice and a branching task decide, compared by meaning: for which values they go different ways.

Both are read as formulas, their values are matched by name, and every combination of values that the formulas tell
apart is decided on both sides. Nothing of either is executed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

from sfn_airflow_core.compare.operators import words
from sfn_airflow_core.compare.predicates import (
    OTHER,
    Absent,
    All,
    Ask,
    Formula,
    No,
    Operand,
    Scalar,
    Some,
    Values,
    asks,
    holds,
    samples,
)
from sfn_airflow_core.compare.quote import figure
from sfn_airflow_core.compare.read_predicates import Unread
from sfn_airflow_core.interpreter.values import kind

_MOST: Final = 4096
"""Combinations of values that are decided."""
_SHOWN: Final = 2


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a decision goes if its formula is the first that holds."""

    formula: Formula
    to: str


def differing(ours: Sequence[Branch], theirs: Sequence[Branch], same: Callable[[str, str], bool]) -> Iterator[str]:
    """Values for which two decisions go different ways, as sentences; the first few kinds of them.

    Args:
        ours: the branches of the Choice, in order.
        theirs: those of the task.
        same: whether going one way on our side is what going another way is on theirs.

    Raises:
        Unread: where the values that one side asks about cannot be told to be those of the other.
    """
    renamed = _aligned(ours, theirs)
    theirs = [Branch(_renamed(branch.formula, renamed), branch.to) for branch in theirs]
    for other, mine in renamed.items():
        if other != mine and not _alike(mine, other):  # they are the only ones: nothing else could be meant
            yield f"asks about {_name(mine)}, and about {_name(other)}"
    asked: dict[Operand, list[Ask]] = {}
    for branch in (*ours, *theirs):
        for ask in asks(branch.formula):
            asked.setdefault(ask.operand, []).append(ask)
    choices = {operand: samples(questions) for operand, questions in asked.items()}
    if prod(map(len, choices.values())) > _MOST:
        raise Unread("too many values are asked about")
    seen: dict[tuple[str, str], Values] = {}
    for combination in product(*choices.values()):
        values: Values = dict(zip(choices, combination, strict=True))
        first, second = _decided(ours, values), _decided(theirs, values)
        if not same(first, second):
            seen.setdefault((first, second), values)
    for (first, second), values in list(seen.items())[:_SHOWN]:
        yield f"{_said(values)}: goes to {first or 'nothing'}, and to {second or 'nothing'}"
    if len(seen) > _SHOWN:
        yield f"{len(seen) - _SHOWN} more ways differ"


def _decided(branches: Iterable[Branch], values: Values) -> str:
    return next((branch.to for branch in branches if holds(branch.formula, values)), "")


def _aligned(ours: Iterable[Branch], theirs: Iterable[Branch]) -> dict[Operand, Operand]:
    """Our name of each value that their side asks about. Raises Unread where there is one without."""
    mine, other = _operands(ours), _operands(theirs)
    found: dict[Operand, Operand] = {}
    for operand in other:
        fitting = [one for one in mine if one not in found.values() and _alike(one, operand)]
        if fitting:
            found[operand] = fitting[0]
    left, rest = [one for one in mine if one not in found.values()], [one for one in other if one not in found]
    if len(left) == len(rest) == 1 and mine[left[0]] == other[rest[0]]:
        return found | {rest[0]: left[0]}  # one value on each side, compared with the same kind of literals
    if rest and left:
        raise Unread(f"{'.'.join(rest[0])}: no value of the state machine has that name")
    return {operand: found.get(operand, operand) for operand in other}


def _operands(branches: Iterable[Branch]) -> dict[Operand, set[str]]:
    """The values that some branches ask about, with the kinds of literals that they are compared with."""
    found: dict[Operand, set[str]] = {}
    for branch in branches:
        for ask in asks(branch.formula):
            kinds = found.setdefault(ask.operand, set())
            if ask.question != "given":
                kinds.add("boolean" if ask.question == "true" else kind(ask.literal))
    return found


def _alike(first: Operand, second: Operand) -> bool:
    return words(first[-1]) == words(second[-1]) and (first[0] == "len") is (second[0] == "len")


def _renamed(formula: Formula, names: dict[Operand, Operand]) -> Formula:
    match formula:
        case All(parts):
            return All(tuple(_renamed(part, names) for part in parts))
        case Some(parts):
            return Some(tuple(_renamed(part, names) for part in parts))
        case No(part):
            return No(_renamed(part, names))
        case Ask(operand, question, literal):
            return Ask(names[operand], question, literal)


def _said(values: Values) -> str:
    """Values for people: those of a decision that goes different ways."""
    return ", ".join(_value(operand, value) for operand, value in values.items()) or "always"


def _name(operand: Operand) -> str:
    return operand[-1] if operand[0] != "len" else f"the length of {operand[-1]}"


def _value(operand: Operand, value: Scalar | Absent) -> str:
    name = _name(operand)
    match value:
        case Absent():
            return f"without {name}"
        case None:
            return f"{name} null"
        case bool():
            return f"{name} {str(value).lower()}"
        case str():
            return f"{name} another text" if value == OTHER else f"{name} {value!r:.40}"
        case _:
            return f"{name} {figure(value)}"
