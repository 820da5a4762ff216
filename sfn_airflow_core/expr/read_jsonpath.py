"""Read JSONPath as AWS Step Functions accepts it (Jayway's dialect) into an expression.

A reader of our own: measured against 891 distinct paths of published state machines, a general JSONPath parser gets
Jayway's ways wrong (``['a','b']`` is a sub-object, a dot before a bracket is ignored, a step in a slice does nothing,
unquoted words in filters), and builds its tables anew for each path. jsonpath-ng serves as the independent check in the
tests. Source: States Language specification, "Paths" and "Reference Paths".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.model import (
    Descend,
    Field,
    Filter,
    Index,
    Indexes,
    Names,
    Path,
    PathFunction,
    Root,
    Slice,
    Step,
    Wildcard,
)

PATH_FUNCTIONS = ("length", "size", "min", "max", "avg", "stddev", "sum", "keys", "first", "last")
"""The functions without arguments that Jayway knows at the end of a path; AWS does not document them."""

_MOST_STEPS = 90
"""Steps of one path: more would nest deeper than Python reads; nobody writes that many, hostile input does."""

_INPUT, _CONTEXT, _CURRENT = Root("input"), Root("context"), Root("current")
_PLAIN = re.compile(r"\$(\$|[A-Za-z_]\w*)?((?:\.[A-Za-z_][\w-]*)*)")
_ROOT = re.compile(r"\$\$|\$[A-Za-z_]\w*|\$|@")
_NAME = {
    # Jayway ends a name at these; a name in a filter or in an intrinsic also ends where the next token begins.
    False: re.compile(r"(?:\$\{[^{}]*\}|\\.|[^\s.\[(\\])+"),
    True: re.compile(r"(?:\$\{[^{}]*\}|\\.|[^\s.\[(\\<>=!~&|),\]])+"),
}
_INTEGER = re.compile(r"\s*(-?\d{1,10})\s*")
_SLICE = re.compile(r"\s*(-?\d{1,10})?\s*:\s*(-?\d{1,10})?\s*(?::\s*-?\d{0,10}\s*)?")
_CALL = re.compile(r"\(\s*\)")
_SPACE = re.compile(r"\s*")

Found: TypeAlias = "tuple[Step, int]"


@lru_cache(maxsize=4096)
def read_path(text: str) -> Path:
    """The path that ``text`` says: ``$…``, ``$$…`` (context object) or ``$name…`` (variable).

    Raises ``ExpressionError`` with the offset of what cannot be read.
    """
    if (match := _PLAIN.fullmatch(text)) and text.count(".") <= _MOST_STEPS:
        start, tail = match.groups()
        steps = tuple(map(Field, tail.split(".")[1:])) if tail else ()
        if start is None:
            return Path(_INPUT, steps, text)
        return Path(_CONTEXT if start == "$" else Root("variable", start), steps, text)
    if not text.startswith("$"):
        raise ExpressionError("a path starts with $", text)
    path, end = path_at(text, 0, inside=False)
    if end != len(text):
        raise ExpressionError("unexpected text in a path", text, end)
    return path


def is_reference_path(path: Path) -> bool:
    """Whether the path names one place (only members and positions), as ResultPath and ItemsPath need it."""
    return path.root.kind != "current" and all(isinstance(step, Field | Index) for step in path.steps)


def path_at(text: str, start: int, *, inside: bool = True, depth: int = 0) -> tuple[Path, int]:
    """The path that begins at ``start`` and where it ends; names ``inside`` a filter or call end at operators too."""
    root = _ROOT.match(text, start)
    if root is None:
        raise ExpressionError("a path starts with $ or @", text, start)
    at, steps = root.end(), list[Step]()
    reader = _Steps(text, inside, depth)
    while at < len(text) and text[at] in ".[":
        if steps and isinstance(steps[-1], PathFunction):
            raise ExpressionError("a function ends a path", text, at)
        if text.startswith("..", at):
            steps.append(Descend())
            at += 1 if text[at + 2 : at + 3] != "[" else 2
        if len(steps) >= _MOST_STEPS:
            raise reader.error(f"a path has more than {_MOST_STEPS} steps", at)
        step, at = reader.step(at)
        steps.append(step)
    return Path(_root(root.group()), tuple(steps), text[start:at]), at


def _root(text: str) -> Root:
    match text:
        case "$":
            return _INPUT
        case "$$":
            return _CONTEXT
        case "@":
            return _CURRENT
        case _:
            return Root("variable", text[1:])


@dataclass(frozen=True, slots=True)
class _Steps:
    """Reads single steps of one text."""

    text: str
    inside: bool
    depth: int

    def error(self, message: str, at: int) -> ExpressionError:
        return ExpressionError(message, self.text, at)

    def step(self, at: int) -> Found:
        """The step that begins at ``at`` with a dot or bracket."""
        if self.text[at] == "." and self.text[at + 1 : at + 2] != "[":  # Jayway reads $.[0] as $[0]
            return self._dotted(at + 1)
        return self._bracket(at + 1 if self.text[at] == "[" else at + 2)

    def _dotted(self, at: int) -> Found:
        if self.text.startswith("*", at):
            return Wildcard(), at + 1
        name = _NAME[self.inside].match(self.text, at)
        if name is None:
            raise self.error("a name is missing", at)
        if call := _CALL.match(self.text, name.end()):
            if name.group() not in PATH_FUNCTIONS:
                raise self.error(f"{name.group()}() is no function of a path", at)
            return PathFunction(name.group()), call.end()
        if self.text.startswith("(", name.end()):
            raise self.error("functions of a path with arguments are not supported", name.end())
        if self.text.startswith(" ", name.end()) and not self.inside:
            raise self.error("a name with blanks needs brackets and quotes", name.end())
        return Field(re.sub(r"\\(.)", r"\1", name.group())), name.end()

    def _bracket(self, at: int) -> Found:
        at = skip(self.text, at)
        match self.text[at : at + 1]:
            case "*":
                return self._close(Wildcard(), at + 1)
            case "'" | '"':
                return self._names(at)
            case "?":
                return self._filter(at)
            case "(":
                raise self.error("script expressions in brackets are not supported by Step Functions", at)
            case _:
                return self._positions(at)

    def _close(self, step: Step, at: int) -> Found:
        at = skip(self.text, at)
        if not self.text.startswith("]", at):
            raise self.error("] is missing", at)
        return step, at + 1

    def _names(self, at: int) -> Found:
        names = []
        while True:
            name, at = quoted(self.text, at)
            names.append(name)
            at = skip(self.text, at)
            if not self.text.startswith(",", at):
                return self._close(Field(names[0]) if len(names) == 1 else Names(tuple(names)), at)
            at = skip(self.text, at + 1)

    def _positions(self, at: int) -> Found:
        if match := _SLICE.match(self.text, at):
            start, end = (None if part is None else int(part) for part in match.groups())
            return self._close(Slice(start, end), match.end())
        positions = []
        while match := _INTEGER.match(self.text, at):
            positions.append(int(match.group(1)))
            at = match.end()
            if not self.text.startswith(",", at):
                return self._close(Index(positions[0]) if len(positions) == 1 else Indexes(tuple(positions)), at)
            at += 1
        raise self.error("brackets hold a quoted name, a position, a slice, * or a filter", at)

    def _filter(self, at: int) -> Found:
        from sfn_airflow_core.expr.read_filter import filter_at  # few paths have one

        predicate, end = filter_at(self.text, at + 1, self.depth + 1)
        return self._close(Filter(predicate), end)


def skip(text: str, at: int) -> int:
    """Where the white space at ``at`` ends."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def quoted(text: str, at: int) -> tuple[str, int]:
    r"""The string in quotes at ``at``, and where it ends.

    A backslash before the quote or another backslash is an escape; before anything else it is itself (recorded: AWS
    finds the member ``Test\""Name"`` by ``$['Test\""Name"']``).
    """
    quote, characters, start = text[at], list[str](), at
    at += 1
    while at < len(text):
        character = text[at]
        if character == quote:
            return "".join(characters), at + 1
        if character == "\\" and text[at + 1 : at + 2] in (quote, "\\"):
            at += 1
            character = text[at]
        characters.append(character)
        at += 1
    raise ExpressionError("a quote is not closed", text, start)
