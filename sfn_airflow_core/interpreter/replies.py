"""What services answer in an execution that calls none: replies by state or resource, in order (docs/replies.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from sfn_airflow_core.asl.model import Given, Json
from sfn_airflow_core.interpreter.execution import ServiceCall
from sfn_airflow_core.interpreter.resource import short_names
from sfn_airflow_core.interpreter.values import equal, json_text

Kind: TypeAlias = Literal["result", "payload", "error", "timeout", "job_failed", "never"]
KINDS: tuple[Kind, ...] = ("result", "payload", "error", "timeout", "job_failed", "never")
"""What a reply may be; exactly one of these members says so."""


class BadReplies(ValueError):
    """A replies file does not say what it should; the message names the place."""


class MissingReply(LookupError):
    """A service was called for which there is no reply: a gap in the scenario, not an error of the machine."""

    def __init__(self, call: ServiceCall):
        super().__init__(
            f"no reply for state '{call.state}' ({call.resource}), attempt {call.attempt}, at {list(call.place)}, "
            f"with arguments {json_text(call.arguments)[:500]}"
        )
        self.call = call


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``value`` is the result, payload or failed job; ``after`` and ``heartbeats`` are in seconds from
    the call.
    """

    kind: Kind
    value: Json = None
    error: str | None = None
    cause: str | None = None
    after: float = 0.0
    heartbeats: tuple[float, ...] = ()
    when: Given | None = None


class Answers(Protocol):
    """Where replies come from; implement it to compute them."""

    def answer(self, call: ServiceCall) -> Reply:
        """The reply to a call; raises MissingReply where there is none."""
        ...


@dataclass(slots=True)
class Series:
    """The replies under one name, and which of them were used."""

    replies: tuple[Reply, ...]
    used: set[int] = field(default_factory=set)

    def next(self, arguments: Json) -> Reply | None:
        """The first unused reply whose ``when`` matches; the last matching one again when all were used."""
        fitting = [
            n for n, reply in enumerate(self.replies) if reply.when is None or within(reply.when.value, arguments)
        ]
        if not fitting:
            return None
        chosen = next((n for n in fitting if n not in self.used), fitting[-1])
        self.used.add(chosen)
        return self.replies[chosen]


Entry: TypeAlias = "tuple[Reply, ...] | dict[str, tuple[Reply, ...]]"


class Replies:
    """Replies by name (state, resource, function, ``*``); every ``fresh()`` copy starts from the first reply."""

    def __init__(self, entries: Mapping[str, Entry] | None = None):
        self._entries = dict(entries or {})
        self._series: dict[tuple[str, str], Series] = {}

    def fresh(self) -> Replies:
        """The same replies, none of them used."""
        return Replies(self._entries)

    def answer(self, call: ServiceCall) -> Reply:
        """The reply to a call: by state, then by resource or function, then ``*``; raises MissingReply."""
        for name in (*_names(call), "*"):
            entry = self._entries.get(name)
            if entry is not None and (reply := self._from(name, entry, call)) is not None:
                return reply
        raise MissingReply(call)

    def _from(self, name: str, entry: Entry, call: ServiceCall) -> Reply | None:
        key = ""
        replies: tuple[Reply, ...] | None
        if isinstance(entry, dict):
            path = [str(number) for _, number in call.place]
            number = str(call.item) if call.item is not None else path[-1] if path else ""
            key = next((k for k in ("/".join(path), number, "*") if k in entry), "")
            replies = entry.get(key)
            if replies is None:
                return None
        else:
            replies = entry
        return self._series.setdefault((name, key), Series(replies)).next(call.arguments)


def _names(call: ServiceCall) -> list[str]:
    ends = {"task": (), "reader": (f"{call.state}.ItemReader",), "writer": (f"{call.state}.ResultWriter",)}[
        call.purpose
    ]
    numbered = () if call.item is None else (f"{call.state}#{call.item}",)
    own = () if call.purpose == "writer" else (*numbered, call.state)
    return [*ends, *own, *short_names(call.resource, call.arguments)]


def within(wanted: Json, given: Json) -> bool:
    """Whether ``given`` has everything that ``wanted`` says: objects may have more members, all else must be equal."""
    if isinstance(wanted, dict):
        return isinstance(given, dict) and all(
            name in given and within(value, given[name]) for name, value in wanted.items()
        )
    return equal(wanted, given)


def read_replies(document: Json) -> Replies:
    """Replies from the value of a replies file; raises BadReplies with the place of the mistake."""
    if not isinstance(document, dict):
        raise BadReplies("replies must be an object: state name -> list of replies")
    return Replies({name: _entry(value, name) for name, value in document.items() if name != "$schema"})


def _entry(value: Json, at: str) -> Entry:
    if isinstance(value, dict) and value and all(_is_place(key) for key in value):
        return {key: _series(item, f"{at}.{key}") for key, item in value.items()}
    return _series(value, at)


def _is_place(key: str) -> bool:
    return key == "*" or all(part.isascii() and part.isdigit() for part in key.split("/"))


def _series(value: Json, at: str) -> tuple[Reply, ...]:
    items: Sequence[Json] = value if isinstance(value, list) else [value]
    if not items:
        raise BadReplies(f"{at}: at least one reply is needed")
    return tuple(_reply(item, f"{at}[{n}]") for n, item in enumerate(items))


def _reply(value: Json, at: str) -> Reply:
    if not isinstance(value, dict):
        raise BadReplies(f"{at}: a reply must be an object with one of {', '.join(KINDS)}")
    kinds = [kind for kind in KINDS if kind in value]
    unknown = [key for key in value if key not in (*KINDS, "cause", "after", "when", "heartbeats")]
    if len(kinds) != 1 or unknown:
        raise BadReplies(f"{at}: one of {', '.join(KINDS)} is needed" + (f", not {unknown[0]!r}" if unknown else ""))
    kind = kinds[0]
    after, heartbeats = value.get("after", 0), value.get("heartbeats", [])
    if not isinstance(after, int | float) or isinstance(after, bool) or not after >= 0:
        raise BadReplies(f"{at}.after: seconds are needed")
    if not isinstance(heartbeats, list) or not all(isinstance(beat, int | float) for beat in heartbeats):
        raise BadReplies(f"{at}.heartbeats: a list of seconds is needed")
    beats = tuple(sorted(float(beat) for beat in heartbeats if isinstance(beat, int | float)))
    when = Given(value["when"]) if "when" in value else None
    error, cause = (_optional(value, "error", at), _cause(value.get("cause"))) if kind == "error" else (None, None)
    return Reply(kind, None if kind == "error" else value[kind], error, cause, float(after), beats, when)


def _optional(value: dict[str, Json], name: str, at: str) -> str | None:
    text = value.get(name)
    if text is not None and not isinstance(text, str):
        raise BadReplies(f"{at}.{name}: a string is needed")
    return text


def _cause(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else json_text(value)
