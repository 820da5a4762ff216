"""What an imagined execution needs so far: wishes for documents, and the replies that were used, in order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from sfn_airflow_core.text import parts
from sfn_airflow_core.verify.symbols import Sym, Value
from sfn_airflow_core.verify.wishes import Wishes

Json = Any
Documents: TypeAlias = "dict[str, Json]"
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
    pointer: str = ""
    """Where in a JSON file the items are."""


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

    def fails(
        self, state: str, item: str, error: str, times: int, *, function: bool = False, told: bool = False
    ) -> Track:
        """The service (a Lambda ``function``) fails ``times`` times; a timeout may be ``told``."""
        kind = "timeout" if error == "States.Timeout" and not told else "error"
        return replace(self, used=(*self.used, *[Used(state, item, kind, error=error, function=function)] * times))

    def answers(self, state: str, item: str, kind: str) -> tuple[Track, str]:
        """The service answers; gives the name of the answer as a source."""
        number = sum(used.state == state and bool(used.source) for used in self.used)
        source = f"{state}: answer {number + 1}" if number else f"{state}: answer"
        used = (*self.used, Used(state, item, kind, source))
        return replace(self, used=used, wishes=self.wishes.need(Sym(source))), source

    def reads(self, state: str, item: str, form: str, pointer: str) -> tuple[Track, str]:
        """A file (csv, jsonl, json) or a listing is read; gives the name of its items as a source."""
        track, source = self.answers(state, item, form)
        return replace(track, used=(*self.used, replace(track.used[-1], pointer=pointer))), source

    def replies(self, documents: Documents) -> dict[str, Json]:
        """The replies as the value of a replies file."""
        table: dict[str, dict[str, list[Json]]] = {}
        for used in self.used:
            table.setdefault(used.state, {}).setdefault(used.item or "*", []).append(_reply(used, documents))
        return {state: items["*"] if set(items) == {"*"} else dict(items) for state, items in table.items()}


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
        case "csv" | "jsonl" | "json" | "listing":
            return {"result": _file(used, documents[used.source])}
        case kind:
            return {kind: documents[used.source]}


def _file(used: Used, items: Json) -> Json:
    """What a file with these items holds."""
    if used.kind == "csv":
        names = list(dict.fromkeys(name for item in items for name in item)) or ["id"]
        text = io.StringIO()
        rows = csv.DictWriter(text, names, lineterminator="\n")
        rows.writeheader()
        rows.writerows(item or {names[0]: f"row-{number}"} for number, item in enumerate(items))
        return text.getvalue()
    if used.kind == "jsonl":
        return "".join(f"{json.dumps(item)}\n" for item in items)
    for key in reversed(parts(used.pointer)):
        items = {key: items}
    return items


@dataclass(frozen=True, slots=True)
class Ended:
    """How a scope ended: with a value, or with an error (``None`` without a name)."""

    track: Track
    value: Value | None
    error: str | None = None
    failed: bool = False
    variables: Mapping[str, Value] = field(default_factory=dict)
