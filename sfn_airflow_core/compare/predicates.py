"""Conditions as formulas over named values, whichever language they are written in, and what they say of a value.

A formula asks plain questions only: is a value equal to, less or more than a literal, is it there, is it null, is it
true. What asks for more has no formula, and is not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from operator import ge, gt, le, lt
from typing import Any, Final, Literal, TypeAlias, assert_never

from sfn_airflow_core.interpreter.values import kind

Operand: TypeAlias = "tuple[str, ...]"
"""The names on the way to a value: ``("order", "total")``; functions of it stand before them: ``("len", "files")``."""
Scalar: TypeAlias = "str | int | float | bool | None"
Question: TypeAlias = Literal["==", "<", "<=", ">", ">=", "present", "given", "null", "true"]
"""``given`` is ``present`` where nobody asks whether a value is there, and one that is not would change the answer."""


class Absent:
    """The type of ``ABSENT``, which stands for a value that is not there."""


ABSENT: Final = Absent()
OTHER: Final = "…"
"""A text that no condition names."""
_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
FLIPPED: Final[Mapping[str, Question]] = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The question about the right side of a comparison that is the same as that about the left side."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question about a value; ``literal`` is what it is compared with."""

    operand: Operand
    question: Question
    literal: Scalar = None


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class No:
    """The part does not hold."""

    part: Formula


Formula: TypeAlias = "Ask | All | Some | No"
ALWAYS: Final = All(())
Values: TypeAlias = "Mapping[Operand, Scalar | Absent]"


def holds(formula: Formula, values: Values) -> bool:
    """Whether a formula holds for some values."""
    match formula:
        case All(parts):
            return all(holds(part, values) for part in parts)
        case Some(parts):
            return any(holds(part, values) for part in parts)
        case No(part):
            return not holds(part, values)
        case Ask(operand, question, literal):
            return _answer(values[operand], question, literal)
        case _:
            assert_never(formula)


def _answer(value: Scalar | Absent, question: Question, literal: Scalar) -> bool:
    if isinstance(value, Absent):
        return False
    match question:
        case "present" | "given":
            return True
        case "null":
            return value is None
        case "true":
            return bool(value)
        case "==":
            return kind(value) == kind(literal) and value == literal
        case "<" | "<=" | ">" | ">=":
            return kind(value) == kind(literal) != "boolean" and value is not None and _ORDER[question](value, literal)
        case _:
            assert_never(question)


def asks(formula: Formula) -> Iterator[Ask]:
    """All questions in a formula."""
    match formula:
        case All(parts) | Some(parts):
            for part in parts:
                yield from asks(part)
        case No(part):
            yield from asks(part)
        case Ask():
            yield formula
        case _:
            assert_never(formula)


def samples(questions: list[Ask]) -> list[Scalar | Absent]:
    """Values of one operand among which each question gets all its answers: one from every range that is told apart."""
    literals = [each.literal for each in questions if each.question in FLIPPED]
    numbers = sorted({value for value in literals if isinstance(value, int | float) and not isinstance(value, bool)})
    texts = sorted({value for value in literals if isinstance(value, str)})
    asked = {each.question for each in questions}
    found: list[Scalar | Absent] = []
    if numbers:
        found += [*numbers, *((low + high) / 2 for low, high in pairwise(numbers)), numbers[0] - 1, numbers[-1] + 1]
    if texts:
        found += [*texts, OTHER]
    if any(isinstance(value, bool) for value in literals) or "true" in asked or not found:
        found += [True, False]
    if "null" in asked or None in literals:
        found.append(None)
    if "present" in asked:
        found.append(ABSENT)
    return found
