"""Whoever answers the tasks that wait for a token: the replies of a scenario, as they would come through the REST API.

A reply to a state that waits is the answer, and not what the call that hands the token out gives. ``after`` (seconds)
and ``heartbeats`` (a list of seconds) say when it comes and when there is a sign of life before.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sfn_airflow_core.verify.aws_answers import Place
from sfn_airflow_core.verify.replies import Json, Replies, Reply

_NEVER: Final = ("timeout", "never")
_LATE: Final = 400 * 86_400.0  # seconds; longer than any limit of a state that ends at all
_INSTANT: Final = 0.001  # so that rounding does not keep a limit from having passed


def waits(task: Any) -> str:
    """``token`` or ``activity`` for a task that waits for an answer, ``job`` for one that asks about it; else empty."""
    return getattr(task, "waits_for", None) or ""


@dataclass(slots=True)
class Outside:
    """Answers each try of a waiting task instance once, at the moment at which the reply comes."""

    replies: Replies
    answered: set[tuple[UUID, int]] = field(default_factory=set)
    worked: dict[tuple[UUID, int], Reply] = field(default_factory=dict)
    """What workers of activities answer to each try."""

    def arrival(self, task: Any, ti: Any, place: Place, reply: Reply | None, session: Any) -> float | None:
        """When a waiting task instance has to look again: its answer is there, or its time is over.

        In seconds since 1970; nothing where it looks in its usual interval. ``reply`` is the reply to its call; the
        work of an activity is looked up in its notes, and replied to.
        """
        notes = _Notes(ti, session)
        if waits(task) == "job":
            job = notes.get("job")
            return job["since"] + job["limit"] if job is not None and _never(reply) else None
        if (kept := notes.get("token")) is None:
            return None
        reply = self._reply(task, ti, place, reply, notes)
        if (last := _silence(reply, kept)) is None:
            return float(kept["since"] + reply.get("after", 0))
        limits = (kept["timeout"], last + kept["heartbeat"] if kept["heartbeat"] else None)
        return float(kept["since"] + min([limit for limit in limits if limit], default=_LATE))

    def answer(self, task: Any, ti: Any, place: Place, reply: Reply | None, session: Any) -> None:
        """Write the answer to a waiting task instance, or the last sign of life where none comes in time."""
        key, notes = _key(ti), _Notes(ti, session)
        if waits(task) == "job":
            if (job := notes.get("job")) is not None and _never(reply):
                notes.set("job", {**job, "since": job["since"] - _INSTANT})
            return
        if key in self.answered or (kept := notes.get("token")) is None:
            return
        self.answered.add(key)
        reply = self._reply(task, ti, place, reply, notes)
        if (last := _silence(reply, kept)) is not None:
            since = kept["since"] - _INSTANT
            notes.set("token", {**kept, "since": since, "alive": since + last})
        else:
            notes.set(f"answer-{ti.try_number}", _answer(reply))

    def _reply(self, task: Any, ti: Any, place: Place, reply: Reply | None, notes: _Notes) -> Reply:
        if waits(task) != "activity":
            return reply or {"never": True}
        if (key := _key(ti)) not in self.worked:
            work = notes.get(f"work-{ti.try_number}")
            name = f"activity:{work['activity'].rpartition(':')[2]}"
            given = json.loads(work["input"])
            found = self.replies.answer(place.state, name, given, place.index, place.around)
            self.worked[key] = found or {"never": True}
        return self.worked[key]


def _key(ti: Any) -> tuple[UUID, int]:
    return UUID(str(ti.id)), ti.try_number


def _never(reply: Reply | None) -> bool:
    """Whether a reply says that there will be none."""
    return reply is not None and any(kind in reply for kind in _NEVER)


def choice_of(task: Any, reply: Reply) -> Json:
    """What Airflow tells a task that asks a person: the option whose result the reply has, or that nobody chose.

    Raises LookupError for a reply that no option stands for.
    """
    if any(kind in reply for kind in _NEVER):
        return {"error": "nobody has chosen in time", "error_type": "timeout"}
    result = reply.get("result", reply.get("payload"))
    chosen = [option for option, outcome in task.outcomes.items() if _has(result, outcome)]
    if not chosen:
        raise LookupError(f"no option of {task.task_display_name} gives {reply!r}")
    now = datetime.now(UTC)
    return {"chosen_options": chosen[:1], "params_input": {}, "responded_at": now, "responded_by_user": None}


def _has(value: Json, wanted: Json) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            name in value and _has(value[name], part) for name, part in wanted.items()
        )
    return bool(value == wanted)


def _silence(reply: Reply, kept: Json) -> float | None:
    """The last sign of life, in seconds from the start, if a limit passes before the reply comes; else None."""
    end = math.inf if any(kind in reply for kind in _NEVER) else float(reply.get("after", 0))
    heartbeat = kept["heartbeat"] or math.inf
    last = 0.0
    for beat in sorted(reply.get("heartbeats", ())):
        if beat - last > heartbeat:
            break
        last = float(beat)
    late = end - last > heartbeat or end > (kept["timeout"] or math.inf) or end == math.inf
    return last if late else None


def _answer(reply: Reply) -> Json:
    """A reply as the body of an answer."""
    match reply:
        case {"error": error}:
            return {"error": error, "cause": _text(reply.get("cause"))}
        case {"job_failed": description}:
            return {"error": "States.TaskFailed", "cause": _text(description)}
        case _:
            return {"output": json.dumps(reply.get("result", reply.get("payload")))}


def _text(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))


class _Notes:
    """The state store of a task instance."""

    def __init__(self, ti: Any, session: Any) -> None:
        from airflow._shared.state import TaskScope
        from airflow.state.metastore import MetastoreBackend

        self._scope: Any = TaskScope(ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
        self._store, self._session = MetastoreBackend(), session

    def get(self, key: str) -> Json:
        text = self._store.get(self._scope, key, session=self._session)
        return None if text is None else json.loads(text)

    def set(self, key: str, value: Json) -> None:
        self._store.set(self._scope, key, json.dumps(value), expires_at=None, session=self._session)
