"""Read the predicate of a JSONPath filter, ``[?(@.a == 'x' && @.b)]``, in Jayway's dialect.

Jayway's precedence: ``!``, then ``&&``, then ``||``. A path alone is a test whether it finds something.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TypeAlias, cast, get_args

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.model import Compare, Expr, FilterOperator, Literal, Logic, Negation, Path, Test
from sfn_airflow_core.expr.read_jsonpath import path_at, quoted, skip

_DEEPEST = 30
"""Parentheses and filters inside filters; nobody writes that many, hostile input does."""

_OPERATOR = re.compile(r"==(?!=)|!=(?!=)|<=|>=|<|>|=~|(?:in|nin|subsetof|anyof|noneof|contains|size|empty)(?![\w-])")
_REGEX = re.compile(r"/(?:\\.|[^/\\])*/[a-zA-Z]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.-])")
_WORD = re.compile(r"[\w./:\-]+(?: +(?!\|)[\w./:\-]+)*")
_CONSTANTS: dict[str, Json] = {"true": True, "false": False, "null": None}

Found: TypeAlias = "tuple[Expr, int]"


def filter_at(text: str, at: int, depth: int = 0) -> Found:
    """The predicate in parentheses at ``at`` and where it ends."""
    reader = _Predicate(text)
    at = reader.skip(at)
    if not text.startswith("(", at):
        raise reader.error("a filter is written [?(…)]", at)
    return reader.group(at, depth)


@dataclass(frozen=True, slots=True)
class _Predicate:
    text: str

    def error(self, message: str, at: int) -> ExpressionError:
        return ExpressionError(message, self.text, at)

    def skip(self, at: int) -> int:
        return skip(self.text, at)

    def group(self, at: int, depth: int) -> Found:
        """What is in the parentheses at ``at``."""
        if depth > _DEEPEST:
            raise self.error("a filter is nested too deeply", at)
        inner, at = self._either(at + 1, depth)
        if not self.text.startswith(")", at):
            raise self.error(") is missing", at)
        return inner, self.skip(at + 1)

    def _either(self, at: int, depth: int) -> Found:
        operands = []
        while True:
            operand, at = self._both(at, depth)
            operands.append(operand)
            if not self.text.startswith("||", at):
                return (operands[0] if len(operands) == 1 else Logic("or", tuple(operands))), at
            at += 2

    def _both(self, at: int, depth: int) -> Found:
        operands = []
        while True:
            operand, at = self._one(at, depth)
            operands.append(operand)
            if not self.text.startswith("&&", at):
                return (operands[0] if len(operands) == 1 else Logic("and", tuple(operands))), at
            at += 2

    def _one(self, at: int, depth: int) -> Found:
        at, negated = self.skip(at), False
        while self.text.startswith("!", at):
            at, negated = self.skip(at + 1), not negated
        found, at = self.group(at, depth + 1) if self.text.startswith("(", at) else self._relation(at, depth)
        return (Negation(found) if negated else found), at

    def _relation(self, at: int, depth: int) -> Found:
        start = at
        left, at = self._value(at, depth)
        at = self.skip(at)
        operator = _OPERATOR.match(self.text, at)
        if operator is None:
            if not isinstance(left, Path):
                raise self.error("an operator is missing", at)
            return Test("Exists", left), at
        name = cast("FilterOperator", operator.group())
        assert name in get_args(FilterOperator)
        right, at = self._value(self.skip(operator.end()), depth)
        if name == "=~" and not self._is_regex(right) and not self._is_regex(left):
            raise self.error("=~ needs a regular expression between slashes", start)
        return Compare("jsonpath", name, left, right), self.skip(at)

    @staticmethod
    def _is_regex(value: Expr) -> bool:
        return isinstance(value, Literal) and isinstance(value.value, str) and value.value.startswith("/")

    def _value(self, at: int, depth: int) -> Found:
        """A path, or a literal; a regular expression is the string with its slashes and flags."""
        match self.text[at : at + 1]:
            case "@" | "$":
                return path_at(self.text, at, depth=depth)
            case "'" | '"':
                value, end = quoted(self.text, at)
                return Literal(value), end
            case "[" | "{":
                return self._json(at)
            case "/":
                if regex := _REGEX.match(self.text, at):
                    return Literal(regex.group()), regex.end()
        if number := _NUMBER.match(self.text, at):
            return Literal(json.loads(re.sub(r"^(-?)0+(?=\d)", r"\1", number.group()))), number.end()
        if word := _WORD.match(self.text, at):
            # Published AWS samples write @.Name==Receipt; Jayway refuses it, so a bare word can only mean a string.
            value = word.group()
            return Literal(_CONSTANTS.get(value, value)), word.end()
        raise self.error("a value is missing", at)

    def _json(self, at: int) -> Found:
        """An array or object literal; Jayway also takes single quotes in it."""
        depth, end = 0, at
        while end < len(self.text):
            character = self.text[end]
            if character in "'\"":
                _, end = quoted(self.text, end)
                continue
            depth += (character in "[{") - (character in "]}")
            end += 1
            if depth == 0:
                break
        try:
            return Literal(json.loads(_double_quoted(self.text[at:end]))), end
        except (ValueError, RecursionError) as error:
            raise ExpressionError(f"no JSON: {error}", self.text, at) from None


def _double_quoted(text: str) -> str:
    """JSON with its single-quoted strings in double quotes."""
    result, at = list[str](), 0
    while at < len(text):
        if text[at] == "'":
            value, at = quoted(text, at)
            result.append(json.dumps(value))
        elif text[at] == '"':
            _, end = quoted(text, at)
            result.append(text[at:end])
            at = end
        else:
            result.append(text[at])
            at += 1
    return "".join(result)
