"""What the services answer in a scenario, by state, and the calls that were made.

A scenario is an object of a JSON file (``scenarios.json`` holds a list of them)::

    {"id": "stock is short",
     "input": {...},
     "replies": {"Check stock": [{"payload": {"left": 0}}], "Ship#1": [{"error": "CarrierBusy", "cause": "later"}]},
     "expected": {"status": "FAILED", "output": null, "error": "OutOfStock",
                  "calls": [{"state": "Check stock", "action": "lambda:invoke", "arguments": {...}}]}}

``replies`` maps the name of a state to the list of its replies (a single reply may stand for a list of one). They are
used in order, once per call, retries included; the last one repeats. ``"Ship#1"`` answers the state ``Ship`` for the
item with index 1 of the Map around it only and is used before ``"Ship"``. A state without replies gets ``{}`` from its
service. One reply is one of

* ``{"result": value}``: what the service integration gives to the state, as Step Functions shows it (members in
  PascalCase; for ``.sync`` the description of the finished job);
* ``{"payload": value}``: what a Lambda function returns; around it is an ordinary answer of ``lambda:invoke``;
* ``{"error": name, "cause": text}``: the call fails with this error name (``cause`` may be left out);
* ``{"timeout": true}``: the call takes longer than the state may: ``States.Timeout``;
* ``{"job_failed": value}``: the job of a ``.sync`` state ends badly; ``value`` is its description and, as JSON, the
  cause of the ``States.TaskFailed`` that follows.

* ``{"never": true}``: nobody ever answers a task token.

A state that waits for its task token (``.waitForTaskToken``, an activity) gets the reply as the answer to its token.

Calls are compared by state, action and arguments. The action is the name that boto3 gives to the service, a colon and
the operation (``dynamodb:updateItem``, ``stepfunctions:startExecution``); the arguments are as in the state machine.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Json = Any
Reply = Mapping[str, Json]

_KINDS: Final = ("result", "payload", "error", "timeout", "job_failed", "never")


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One call of a service: the state that made it, ``service:operation``, and its arguments."""

    state: str
    action: str
    arguments: Json


class ReplyFormatError(ValueError):
    """A table of replies that does not follow the format of this module."""


@dataclass(slots=True)
class Replies:
    """The replies of one execution: hands them out in order and keeps the calls.

    ``table`` maps a state name, or ``state#index``, to one reply or a list of replies.
    """

    table: Mapping[str, Reply | Sequence[Reply]] = field(default_factory=dict)
    calls: list[ServiceCall] = field(default_factory=list)
    _used: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for key, replies in self.table.items():
            for reply in _listed(replies):
                if not isinstance(reply, Mapping) or not any(kind in reply for kind in _KINDS):
                    raise ReplyFormatError(f"replies of {key!r}: {reply!r} has none of {', '.join(_KINDS)}")

    def answer(
        self, state: str, action: str, arguments: Json, index: int | None = None, around: tuple[int, ...] = ()
    ) -> Reply:
        """The next reply for a state (inside a Map: for the item with this index); keeps the call.

        ``around`` are the indexes in the Maps around the innermost one.
        """
        self.calls.append(ServiceCall(state, action, copy.deepcopy(arguments)))
        key = f"{state}#{index}"
        if index is None or key not in self.table:
            key = state
        replies = _listed(self.table.get(key, ()))
        if not replies:
            return {"result": {}}
        used, self._used[key] = self._used[key], self._used[key] + 1
        return replies[min(used, len(replies) - 1)]


def _listed(replies: Reply | Sequence[Reply]) -> Sequence[Reply]:
    return (replies,) if isinstance(replies, Mapping) else replies
