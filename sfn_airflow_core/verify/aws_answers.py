"""Where the tasks of a DAG meet the replies of a scenario: in calls of botocore, HTTP requests and AWS triggers."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest import mock

from sfn_airflow_core.verify.agenda import Spent
from sfn_airflow_core.verify.botocore_answers import (
    RUNTIMES,
    accepted,
    answered,
    as_file,
    fitted,
    raised,
    shown,
    too_late,
)
from sfn_airflow_core.verify.kubernetes_answers import job_answer
from sfn_airflow_core.verify.replies import Json, Replies, Reply

_POLLS: Final = ("Get", "Describe", "List", "BatchGet", "Head")


_clients: dict[tuple[str, str | None], Any] = {}


_MOST_POLLS: Final = 12
_sleep = time.sleep


class JobNeverEnds(RuntimeError):
    """An operator keeps asking how its job is doing, and the reply never says that it has ended."""


def _briefly(seconds: float) -> None:
    """Operators that watch a job themselves need not wait: what they ask for does not change."""
    _sleep(min(seconds, 0.05))


@dataclass(slots=True)
class Place:
    """The task instance that runs: its state, whether a provider's operator makes its calls, its Map index.

    ``around`` are the indexes of the Maps around that one, outermost first. ``token``: the replies are to the token
    that its call hands out, not to the call.
    """

    state: str
    operator: bool
    index: int | None
    job: Reply | None = None
    token: bool = False
    around: tuple[int, ...] = ()


_KEYS: Final = {"AccessKeyId": "id", "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": "2100-01-01"}


@dataclass(slots=True)
class Services:
    """Answers every call of botocore from the replies, for the task instance at ``place``."""

    replies: Replies
    place: Place = field(default_factory=lambda: Place("", False, None))
    jobs: dict[tuple[str, int | None], Reply] = field(default_factory=dict)
    started: dict[tuple[str, int | None], str] = field(default_factory=dict)
    polls: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    spent: Spent = field(default_factory=Spent)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While it lasts, no client of botocore reaches a network; clients are made once, which takes botocore long."""
        from botocore.client import BaseClient
        from botocore.session import Session

        make = Session.create_client

        def call(client: Any, operation: str, arguments: dict[str, Json]) -> Json:
            return self._call(client, operation, arguments)

        def create(session: Any, service_name: str, region_name: str | None = None, **options: Any) -> Any:
            key = (service_name, region_name or session.get_config_variable("region"))
            if key not in _clients:
                _clients[key] = make(session, service_name, region_name, **options)
            return _clients[key]

        with ExitStack() as patches:
            patches.enter_context(_connecting_once())
            patches.enter_context(mock.patch.object(BaseClient, "_make_api_call", call))
            patches.enter_context(mock.patch.object(Session, "create_client", create))
            patches.enter_context(mock.patch.object(time, "sleep", _briefly))
            for runtime in RUNTIMES:
                for name, member, double in (
                    ("aws_http", "exchange", self._exchange),
                    ("http", "credentials", _no_credentials),
                    ("clock", "hold", self.spent.hold),
                    ("clock", "alarm", self.spent.alarm),
                    ("inline", "pause", lambda task, seconds: self.spent.repeats.append((task, seconds))),
                ):
                    if (module := sys.modules.get(f"{runtime}.{name}")) is not None:
                        patches.enter_context(mock.patch.object(module, member, double))
            yield

    def _exchange(self, action: str, arguments: Json, message: Any, authority: str | None = None) -> Any:
        """The response to a request of ``apigateway:invoke``, ``http:invoke``, ``eks:call`` or ``eks:runJob``."""
        place = self.place
        if action == "eks:runJob" and message.method != "POST":  # about a job that runs
            told = self.jobs[place.state, place.index]
            job = told.get("result", told.get("job_failed"))
            return _response({"ResponseBody": job_answer(job, message.method, message.url)})
        reply = self.replies.answer(place.state, action, arguments, place.index, place.around)
        self.jobs[place.state, place.index] = reply
        if place.token:
            return _response({})
        self.spent.take(reply.get("after", 0.0))
        if "error" in reply:
            return raised(reply["error"], reply.get("cause"), action, "Invoke")
        if "timeout" in reply and not place.operator:
            raise too_late()
        result = reply.get("result", reply.get("job_failed", reply.get("payload")))
        if action == "eks:runJob" and place.operator:
            result = {"ResponseBody": job_answer(result, message.method, message.url), "StatusCode": 201}
        return _response(result)

    def _call(self, client: Any, operation: str, arguments: dict[str, Json]) -> Json:
        if operation == "AssumeRole":  # a call of the state's role, not of the state
            return {"Credentials": _KEYS}
        model = client.meta.service_model.operation_model(operation)
        place = _here(self.place)
        key = (place.state, place.index)
        if place.operator and operation.startswith(_POLLS):
            job = self.jobs.get(key, {})
            if "timeout" in job:
                raise too_late()
            self.polls[key] += 1
            if self.polls[key] > _MOST_POLLS:
                raise JobNeverEnds(f"{place.state}: the reply does not say that the job has ended: {job}")
            description = job.get("result", job.get("job_failed", {}))
            return fitted(description, model.output_shape, arguments, invent=not description)
        if place.operator and "timeout" in self.jobs.get(key, {}) and operation != self.started.get(key):
            return {}  # a job that took too long is stopped
        service = client.meta.service_model.service_name
        action = f"{service}:{operation[0].lower()}{operation[1:]}"
        reply = self.replies.answer(
            place.state, action, shown(action, arguments, model.input_shape), place.index, place.around
        )
        self.jobs[key], self.started[key], self.polls[key] = reply, operation, 0
        if place.token:
            return accepted(model.output_shape)
        self.spent.take(reply.get("after", 0.0))
        return answered(as_file(reply, action), action, operation, model.output_shape, place.operator)

    def event(self, trigger: Any) -> Any:
        """The event by which an AWS trigger would report the job of the task instance at ``place``."""
        from airflow.sdk.exceptions import AirflowException
        from airflow.triggers.base import TriggerEvent

        event: Any = TriggerEvent
        reply = self.jobs.get((self.place.state, self.place.index), {})
        if "timeout" in reply:
            raise TimeoutError(f"{self.place.state}: the job takes too long")
        cause = json.dumps(reply["job_failed"]) if "job_failed" in reply else None
        if hasattr(trigger, "return_key"):
            if cause is not None:
                return trigger._event_from_exception(AirflowException(f"{trigger.failure_message}: {cause}"))
            return event({"status": "success", trigger.return_key: trigger.return_value})
        _, arguments = trigger.serialize()
        told = {"status": "success"} if cause is None else {"status": "failed", "message": cause}
        return event({**arguments, **told})


@contextmanager
def _connecting_once() -> Iterator[None]:
    """Within a run, hooks that ask for the same client get the same one: connections do not change meanwhile."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    hook: Any = AwsGenericHook
    connect, kept = hook.get_conn, dict[Any, Any]()

    def get_conn(self: Any) -> Any:
        config = repr(getattr(self._config, "_user_provided_options", self._config))
        key = (self.aws_conn_id, self.client_type, self.resource_type, self._region_name, self._verify, config)
        if key not in kept:
            kept[key] = connect(self)
        return kept[key]

    with mock.patch.object(hook, "get_conn", get_conn):
        yield


def _no_credentials(_: Json) -> Json:
    """What an HTTP Task adds to its request where no connection is needed."""
    return {"headers": {}, "query": {}}


def _response(result: Json) -> Any:
    """A Task's result as the HTTP response that gives it."""
    from urllib3 import HTTPHeaderDict, HTTPResponse

    result = result if isinstance(result, dict) else {}
    kept = dict(result.get("Headers") or {})
    headers = [(name, text) for name, values in kept.items() for text in values]
    headers += [] if any(name.lower() == "content-type" for name in kept) else [("Content-Type", "application/json")]
    body = result.get("ResponseBody", {})
    return HTTPResponse(
        json.dumps(body).encode(),
        HTTPHeaderDict(headers),
        result.get("StatusCode", 200),
        reason=result.get("StatusText", "OK"),
    )


def _here(place: Place) -> Place:
    """Where a call is made: within a task that runs child executions itself, in the state of one of them."""
    from airflow.sdk import get_current_context

    try:
        context: Any = get_current_context()
    except RuntimeError:
        return place
    memory = getattr(context["ti"], "memory", None)
    return (
        place if memory is None else Place(context["task"].task_display_name, False, memory.number, around=place.around)
    )
