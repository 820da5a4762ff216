"""What an imagined execution needs so far: wishes for documents, and the replies that were used, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from sfn_airflow_core.verify.symbols import Sym, Value
from sfn_airflow_core.verify.wishes import Documents, Wishes

Json = Any
Numbers: TypeAlias = "tuple[int, ...]"


@dataclass(frozen=True, slots=True)
class Used:
    """One reply: of which state, for which item (empty for all), and what it says; ``source`` names its document."""

    state: str
    item: str
    kind: str
    source: str = ""
    error: str = ""
    function: bool = False
    """Whether a Lambda function fails, whose cause is the JSON that describes its exception."""


@dataclass(frozen=True, slots=True)
class Track:
    """One way through a machine, so far; never changed. ``visits`` counts stays by pointer and place."""

    wishes: Wishes = field(default_factory=Wishes)
    used: tuple[Used, ...] = ()
    visits: Mapping[tuple[str, Numbers], int] = field(default_factory=dict)

    def enter(self, at: str, numbers: Numbers) -> Track:
        """One more stay in a state."""
        key = (at, numbers)
        return replace(self, visits={**self.visits, key: self.visits.get(key, 0) + 1})

    def visit(self, at: str, numbers: Numbers) -> int:
        """How often a state was entered before, at a place."""
        return self.visits.get((at, numbers), 0)

    def wish(self, wishes: Wishes) -> Track:
        """The same with other wishes."""
        return replace(self, wishes=wishes)

    def fails(self, state: str, item: str, error: str, times: int, function: bool) -> Track:
        """The service (a Lambda ``function``) fails ``times`` times."""
        kind = "timeout" if error == "States.Timeout" else "error"
        return replace(self, used=(*self.used, *[Used(state, item, kind, error=error, function=function)] * times))

    def answers(self, state: str, item: str, kind: str) -> tuple[Track, str]:
        """The service answers; gives the name of the answer as a source."""
        number = sum(used.state == state and bool(used.source) for used in self.used)
        source = f"{state}: answer {number + 1}" if number else f"{state}: answer"
        used = (*self.used, Used(state, item, kind, source))
        return replace(self, used=used, wishes=self.wishes.need(Sym(source))), source

    def replies(self, documents: Documents) -> dict[str, Json]:
        """The replies as the value of a replies file."""
        table: dict[str, dict[str, list[Json]]] = {}
        for used in self.used:
            table.setdefault(used.state, {}).setdefault(used.item, []).append(_reply(used, documents))
        return {state: _entry(items) for state, items in table.items()}


def cause_of(state: str, error: str, function: bool) -> str:
    """The cause of an error: what Lambda tells of an exception, or a sentence."""
    text = f"{error} of {state}"
    if not function or error.startswith(("Lambda.", "States.")):
        return text
    return json.dumps({"errorMessage": text, "errorType": error})


def _reply(used: Used, documents: Documents) -> Json:
    match used.kind:
        case "error":
            return {"error": used.error, "cause": cause_of(used.state, used.error, used.function)}
        case "timeout":
            return {"timeout": True}
        case kind:
            return {kind: documents[used.source]}


def _entry(items: dict[str, list[Json]]) -> Json:
    return items[""] if set(items) == {""} else {key or "*": replies for key, replies in items.items()}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a scope ended: with a value, or with an error (``None`` without a name)."""

    track: Track
    value: Value | None
    error: str | None = None
    failed: bool = False
    variables: Mapping[str, Value] = field(default_factory=dict)
