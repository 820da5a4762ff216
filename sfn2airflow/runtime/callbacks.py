"""Callbacks: a state that hands out a token, and waits until somebody outside returns it with an answer.

The token names the task instance and its try. Whoever has it writes the answer into the state store of that task
instance, through Airflow's REST API::

    PUT /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/state-store/answer-{try}?map_index={index}
    {"value": {"output": "<JSON>"}, "expires_at": null}         or {"value": {"error": "...", "cause": "..."}}

and ``heartbeat-{try}`` with any value for a sign of life. The state store is used and not an XCom because Airflow
clears the XComs of a task instance each time the waiting task looks.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, BaseSensorOperator, PokeReturnValue, get_current_context

from . import clock
from .context import has_token
from .documents import DOCUMENT, STATE, DataFunction, as_document, called, keep_variables
from .errors import KEEP, HeartbeatMissed, Json, StateError, data_errors
from .jobs import seconds
from .settings import Setting
from .waits import time_limit

Limit = float | Setting | DataFunction
"""Seconds: a number, an open one, or what a data function finds in the document."""

_FOREVER = timedelta(days=366).total_seconds()  # longer than an execution may live
_POLL = 15
_SOON = 5


def task_token() -> str:
    """``$$.Task.Token``: names the try of the task instance that runs; it may stand in a URL as it is.

    Raises StateError (States.Runtime) in a task that waits for nothing: there, the context object has no token.
    """
    context: Any = get_current_context()
    if not has_token(context["task"]):
        raise StateError("States.Runtime", "$$.Task.Token: only a Task that waits for an answer has a token.")
    return token_of(context["ti"])


def token_of(ti: Any) -> str:
    """The token of a task instance: its DAG, run, task, map index and try as base64url of a JSON list."""
    parts = [ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def callback(
    name: str, given: Any = None, *, output: Callable[[Json, Json], Json] | None = None, **task_args: Any
) -> Callable[[DataFunction], BaseOperator]:
    """A Task that waits for its token to come back: the function makes the call that hands ``task_token()`` out.

    What the function returns is dropped; the result of the state is the answer. ``output(document, result)`` makes the
    document that is handed on. ``execution_timeout``, or ``timeout`` in seconds, limits the wait, ``heartbeat`` the
    time between two signs of life; both raise States.Timeout, a missed heartbeat also as States.HeartbeatTimeout. A
    retry hands out a new token, and answers to the old one are ignored. ``poll`` is the number of seconds between two
    looks; no worker is held in between. ``given`` is the item, for the first state of a Map.
    """

    def decorate(function: DataFunction) -> BaseOperator:
        return _sensor(CallbackSensor, function, name, given, output, task_args)  # type: ignore[no-any-return]

    return decorate


def activity(
    name: str, resource: str | Callable[[], str], given: Any = None, *, output: Any = None, **task_args: Any
) -> Callable[[DataFunction], BaseOperator]:
    """A Task whose work is done by workers of an activity: the function makes their input.

    The task instance offers ``{"activity", "input", "token"}`` in its state store under ``work-{try}`` to workers that
    poll Airflow's REST API; ``resource`` is the ARN of the activity, or gives it when the task runs (an ARN with open
    settings in it). All else is as in ``callback``.
    """

    def decorate(function: DataFunction) -> BaseOperator:
        sensor: Any = _sensor(ActivitySensor, function, name, given, output, task_args)
        sensor.resource = resource
        return sensor  # type: ignore[no-any-return]

    return decorate


def _sensor(
    kind: type[CallbackSensor], function: DataFunction, name: str, given: Any, output: Any, task_args: Any
) -> Any:
    limits = {key: task_args.pop(key, None) for key in ("timeout", "heartbeat")}
    if (whole := task_args.pop("execution_timeout", None)) is not None:  # Airflow's own holds for a single look only
        limits["timeout"] = whole.total_seconds()
    about = {"task_id": function.__name__, "task_display_name": name, "doc_md": function.__doc__}
    poll = task_args.pop("poll", _POLL)
    sensor = kind(**{**STATE, **about, **task_args}, mode="reschedule", poke_interval=poll, timeout=_FOREVER)
    sensor.ask, sensor.shape, sensor.limits, sensor.given = function, output, limits, given
    return sensor


class CallbackSensor(BaseSensorOperator):
    """Makes its call at the first poke of a try, and pokes until the answer is there or a limit has passed."""

    template_fields = ()
    waits_for = "token"
    ask: DataFunction
    shape: Callable[[Json, Json], Json] | None
    limits: dict[str, Limit | None]
    given: Any = None
    due: float = _FOREVER

    def poke(self, context: Any) -> PokeReturnValue | bool:
        """Look once; raises the error of a failure, and States.Timeout when a limit has passed."""
        document, store = DOCUMENT.resolve(context), context["task_state_store"]
        attempt, now = context["ti"].try_number, clock.now().timestamp()
        kept = store.get("token")
        if kept is None or kept["try"] != attempt:
            kept = {"try": attempt, "since": now, "alive": now, **self._limits(context, document)}
            with time_limit(timedelta(seconds=kept["timeout"])) if kept["timeout"] else nullcontext():
                self.start(context, document)
            store.set("token", kept, retention=KEEP)
        if (answer := store.get(f"answer-{attempt}")) is not None:
            return PokeReturnValue(is_done=True, xcom_value=self._handed_on(context, document, result_of(answer)))
        if kept["heartbeat"] and store.get(f"heartbeat-{attempt}") is not None:
            store.delete(f"heartbeat-{attempt}")
            kept = {**kept, "alive": now}
            store.set("token", kept, retention=KEEP)
        self.due = _check(kept, clock.now().timestamp())
        return False

    def start(self, context: Any, document: Json) -> None:
        """Make the call that hands out the token."""
        called(context, self.ask, document, keep=False)

    def _limits(self, context: Any, document: Json) -> dict[str, int | None]:
        return {name: _seconds(name, limit, context, document) for name, limit in self.limits.items()}

    def _handed_on(self, context: Any, document: Json, result: Json) -> Json:
        if self.shape is None:
            keep_variables(context)
            value = result
        else:
            value = called(context, self.shape, document, result)
        with data_errors():
            return as_document(value)

    def _get_next_poke_interval(self, *_: Any) -> float:
        """Look again after the usual time, or when a limit is over, whatever comes first; not too soon, as in waits."""
        return max(min(self.poke_interval, self.due), min(self.poke_interval, _SOON))


class ActivitySensor(CallbackSensor):
    """Offers its work at the first poke of a try, and pokes until a worker has answered."""

    waits_for = "activity"
    resource: str | Callable[[], str]

    def start(self, context: Any, document: Json) -> None:
        """Offer the work."""
        work = {
            "activity": self.resource() if callable(self.resource) else self.resource,
            "input": json.dumps(called(context, self.ask, document, keep=False)),
            "token": token_of(context["ti"]),
        }
        context["task_state_store"].set(f"work-{context['ti'].try_number}", work, retention=KEEP)


def _seconds(name: str, limit: Limit | None, context: Any, document: Json) -> int | None:
    found = called(context, limit, document, keep=False) if callable(limit) else limit
    return seconds(f"{name.capitalize()}Seconds", found)


def _check(kept: dict[str, Any], now: float) -> float:
    """Seconds until the next limit; raises States.Timeout for the limit that has passed first."""
    ends = [kept["since"] + (kept["timeout"] or _FOREVER)]
    silent = [kept["alive"] + kept["heartbeat"]] if kept["heartbeat"] else []
    first = min([*ends, *silent])
    if now < first:
        return float(first - now)
    if silent and first in silent and first not in ends:
        raise HeartbeatMissed
    raise StateError("States.Timeout", "")


def result_of(answer: Json) -> Json:
    """The result in an answer; raises the error of a failure, and States.Runtime for what is no answer."""
    match answer:
        case {"output": str() as text}:
            try:
                return json.loads(text)
            except ValueError as error:
                raise StateError("States.Runtime", f"the answer's output is no JSON: {error}") from error
        case {"output": output}:
            return output
        case {"error": error}:
            raise StateError(_text(error), _text(answer.get("cause")))
        case _:
            raise StateError("States.Runtime", f"the answer has neither output nor error: {json.dumps(answer)[:200]}")


def _text(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
