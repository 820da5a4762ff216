"""Taking fields out of a located object, one problem for each thing that is wrong, and none that stops the reading."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sfn_airflow_core.asl.model import Given, Json, Placeholder, Pointer, Query, QueryLanguage
from sfn_airflow_core.findings import Problem
from sfn_airflow_core.jsonmap import Document
from sfn_airflow_core.text import join

SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"
MOST_CHARACTERS: Final = 4_000_000
"""The same for the length of all pointers together, as keys can be endless."""

MOST_PROBLEMS: Final = 500
"""Errors, and warnings, after which no more are kept; a text with more is no definition."""

_OPEN = re.compile(r"\$\{[^{}]+\}")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A field that the States Language does not know; the service's answer to it differs, so it is no error here."""

    at: Pointer
    name: str
    suggestion: str | None = None


@dataclass(slots=True)
class Notes:
    """What is being found while one document is read."""

    problems: list[Problem] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    keys: set[Pointer] = field(default_factory=set)
    errors: int = 0
    room: int = MOST_CHARACTERS
    kept: dict[str, int] = field(default_factory=dict)

    def error(
        self, at: Pointer, message: str, code: str = SCHEMA, *, on_key: bool = False, trail: Sequence[str | int] = ()
    ) -> None:
        """Something for which the service rejects the definition; ``trail`` leads from ``at`` to it."""
        self.errors += 1
        self._add(at, trail, Problem(code, message), on_key)

    def warn(
        self, at: Pointer, message: str, code: str = SCHEMA, *, on_key: bool = False, trail: Sequence[str | int] = ()
    ) -> None:
        """Something that the service takes and that is probably not meant."""
        self._add(at, trail, Problem(code, message, severity="WARNING"), on_key)

    def _add(self, at: Pointer, trail: Sequence[str | int], problem: Problem, on_key: bool) -> None:
        kept = self.kept.get(problem.severity, 0)
        if kept < MOST_PROBLEMS and (self.room > 0 or not kept):
            self.kept[problem.severity] = kept + 1
            at = join(at, *trail)
            self.room -= len(at)
            self.problems.append(replace(problem, at=at))
            if on_key:
                self.keys.add(at)

    def located(self, document: Document) -> tuple[Problem, ...]:
        """All problems, those of the document first, with their places in the text, in the order of the text."""
        places = document.source_map
        found = [
            Problem(p.code, p.message, p.at, places.key(p.at) if p.at in self.keys else places.value(p.at), p.severity)
            for p in self.problems
        ]
        found.sort(key=lambda p: (p.span is None, p.span))
        return (*document.problems, *found)


def query_of(text: str) -> Query | None:
    """The JSONata expression of a ``{% … %}`` string; nothing may stand outside the marks."""
    if text.startswith("{%") and text.endswith("%}") and len(text) >= 4:
        return Query(text[2:-2])
    return None


def is_open(text: str) -> bool:
    """Whether a string still has a ``${…}`` in it, so that nothing can be said about its value."""
    return "${" in text and _OPEN.search(text) is not None


def as_text(value: Json) -> Json:
    """A bare placeholder as the string it may become; anything else unchanged."""
    return f"${{{value.name}}}" if isinstance(value, Placeholder) else value


class Fields:
    """The members of one object: each is taken once, and what nobody took is reported by ``close``."""

    __slots__ = ("at", "language", "notes", "taken", "value")

    def __init__(self, value: dict[str, Json], at: Pointer, notes: Notes, language: QueryLanguage = "JSONPath"):
        self.value, self.at, self.notes, self.language = value, at, notes, language
        self.taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self.value

    def where(self, name: str) -> Pointer:
        """The pointer of a member."""
        return join(self.at, name)

    def error(self, name: str, message: str, code: str = SCHEMA) -> None:
        """A problem with the value of a member."""
        self.notes.error(self.where(name), message, code)

    def take(self, name: str) -> Json:
        """The value of a member; ``None`` if it is absent (or null)."""
        self.taken.add(name)
        return self.value.get(name)

    def given(self, name: str) -> Given | None:
        """The value of a member, with null and absent told apart."""
        self.taken.add(name)
        return Given(self.value[name]) if name in self.value else None

    def require(self, *names: str) -> bool:
        """Report the members that are missing, in one problem, as the service does."""
        missing = [name for name in names if name not in self.value]
        if missing:
            self.notes.error(self.at, f"These fields are required: [{', '.join(missing)}]")
        return not missing

    def text(self, name: str) -> str | None:
        """A string member; a bare placeholder counts as one."""
        value = as_text(self.take(name))
        if isinstance(value, str):
            return value
        if name in self.value:
            self.error(name, f"The field '{name}' must be a string")
        return None

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """A string member with a closed set of values; an open placeholder is let through."""
        value = self.text(name)
        if value is not None and value not in allowed and not is_open(value):
            self.error(name, f"The field '{name}' should have one of these values: [{', '.join(allowed)}]")
            return None
        return value

    def members(self, name: str) -> Fields | None:
        """A member that is an object."""
        value = self.take(name)
        if isinstance(value, dict):
            return Fields(value, self.where(name), self.notes, self.language)
        if name in self.value:
            self.error(name, f"The field '{name}' must be an object")
        return None

    def elements(self, name: str) -> list[Fields]:
        """A member that is an array of objects."""
        value, at = self.take(name), self.where(name)
        if not isinstance(value, list):
            if name in self.value:
                self.error(name, f"The field '{name}' must be an array")
            return []
        found = []
        for index, element in enumerate(value):
            if isinstance(element, dict):
                found.append(Fields(element, join(at, index), self.notes, self.language))
            else:
                self.notes.error(join(at, index), f"The elements of '{name}' must be objects")
        return found

    def forbid(self, names: Iterable[str], reason: str) -> None:
        """Report members that must not be here."""
        for name in names:
            if name in self.value:
                self.taken.add(name)
                self.notes.error(self.where(name), f"The field '{name}' is not supported {reason}", on_key=True)

    def only_one(self, *names: str) -> bool:
        """Report that two of these members are there."""
        there = [name for name in names if name in self.value]
        if len(there) > 1:
            message = f"Only one of these fields is allowed: [{', '.join(there)}]"
            self.notes.error(self.where(there[1]), message, on_key=True)
        return len(there) <= 1

    def close(self, known: Iterable[str] = ()) -> None:
        """Report what nobody took as unknown, with the nearest known name."""
        left = [name for name in self.value if name not in self.taken]
        if not left:
            return
        names = sorted({*self.taken, *known})
        for name in left[: max(0, MOST_PROBLEMS - len(self.notes.unknown))]:
            close = difflib.get_close_matches(name, names, 1, 0.75) if len(name) <= 40 else []
            self.notes.unknown.append(Unknown(self.where(name), name, close[0] if close else None))
