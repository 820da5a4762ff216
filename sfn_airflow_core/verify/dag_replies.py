"""The replies of a scenario for the tasks of a DAG: the same rules by which the interpreter is answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from sfn_airflow_core.asl.model import Json, Map, Task
from sfn_airflow_core.interpreter import Answers
from sfn_airflow_core.interpreter import Replies as NoAnswers
from sfn_airflow_core.interpreter import Reply as Answer
from sfn_airflow_core.interpreter import ServiceCall as Call
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.verify.places import Home
from sfn_airflow_core.verify.replies import Replies, Reply

_READS: Final = ("s3:getObject", "s3:listObjectsV2")


@dataclass(slots=True)
class DagCall:
    """A call that a task made: by which state, as ``service:operation``, with which arguments, for which item."""

    state: str
    action: str
    arguments: Json
    index: int | None
    around: tuple[int, ...] = ()


@dataclass(slots=True)
class DagReplies(Replies):
    """Answers the calls of a DAG from ``answers``; ``homes`` are the states of the machine by name.

    A task whose display name is no state of the machine is answered by that name, its action, or ``*``.
    """

    answers: Answers = field(default_factory=NoAnswers)
    homes: dict[str, Home] = field(default_factory=dict)
    made: list[DagCall] = field(default_factory=list)
    attempts: Counter[tuple[str, int | None, tuple[int, ...]]] = field(default_factory=Counter)

    def answer(
        self, state: str, action: str, arguments: Json, index: int | None = None, around: tuple[int, ...] = ()
    ) -> Reply:
        """The reply to a call, in the words of ``sfn_airflow_core.verify.replies``; keeps the call."""
        self.made.append(DagCall(state, action, arguments, index, around))
        home = self.homes.get(state)
        task = home.state if home is not None and isinstance(home.state, Task) else None
        resource = task.resource if task is not None else f"arn:aws:states:::{action}"
        given = arguments
        if parse_resource(resource).kind == "lambda" and isinstance(arguments, dict):
            given = arguments.get("Payload")
        key = (state, index, around)
        number, self.attempts[key] = self.attempts[key], self.attempts[key] + 1
        purpose: Literal["task", "reader", "writer"] = "task"
        if home is not None and isinstance(home.state, Map):  # what a distributed Map itself reads and writes
            purpose = "reader" if action in _READS else "writer"
        call = Call(state, resource, given, number, home.place(index, around) if home else (), 0.0, purpose)
        return _spoken(self.answers.answer(call), task)


def _spoken(reply: Answer, task: Task | None) -> Reply:
    limit = task.timeout_seconds if task is not None else None
    if reply.kind in ("timeout", "never") or (isinstance(limit, int | float) and reply.after > limit):
        return {"timeout": True, "after": limit if isinstance(limit, int | float) else reply.after}
    timing: dict[str, Json] = {"after": reply.after} if reply.after else {}
    if reply.heartbeats:
        timing["heartbeats"] = list(reply.heartbeats)
    match reply.kind:
        case "error":
            return {"error": reply.error, "cause": reply.cause, **timing}
        case kind:
            return {kind: reply.value, **timing}
