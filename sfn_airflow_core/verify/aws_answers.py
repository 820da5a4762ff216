"""Replies of a scenario as answers of botocore and of the AWS triggers, where the tasks of a DAG meet them."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest import mock

from sfn_airflow_core.verify.kubernetes_answers import job_answer
from sfn_airflow_core.verify.replies import Json, Replies, Reply

_POLLS: Final = ("Get", "Describe", "List", "BatchGet", "Head")
_SERVICE_CAUSE: Final = re.compile(
    r"(?P<message>.*) \(Service: (?P<service>[^;,]+)[;,] Status Code: (?P<status>\d+)[;,] "
    r".*?Request ID: (?P<request>[^;,)]+)",
    re.DOTALL,
)
_LAMBDA_ANSWER: Final[Json] = {"ExecutedVersion": "$LATEST", "StatusCode": 200}
_RUNTIMES: Final = ("asl_runtime", "sfn2airflow.runtime")
# members of the answer that starts a job, and where its description holds them
_JOB_IDS: Final = {"JobRunId": ("Id", "RunId"), "executionArn": ("ExecutionArn",), "jobId": ("JobId",)}
# lists that the service sends even when they are empty, and that the provider's operators read unasked (ECS RunTask)
_ALWAYS_SENT: Final = ("failures",)


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

    ``token``: the replies are to the token that its call hands out, not to the call.
    """

    state: str
    operator: bool
    index: int | None
    job: Reply | None = None
    token: bool = False


_KEYS: Final = {"AccessKeyId": "id", "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": "2100-01-01"}


@dataclass(slots=True)
class Services:
    """Answers every call of botocore from the replies, for the task instance at ``place``."""

    replies: Replies
    place: Place = field(default_factory=lambda: Place("", False, None))
    jobs: dict[tuple[str, int | None], Reply] = field(default_factory=dict)
    started: dict[tuple[str, int | None], str] = field(default_factory=dict)
    polls: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    held: list[float] = field(default_factory=list)
    """The seconds for which the task that runs has waited in its process."""

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
            patches.enter_context(mock.patch.object(BaseClient, "_make_api_call", call))
            patches.enter_context(mock.patch.object(Session, "create_client", create))
            patches.enter_context(mock.patch.object(time, "sleep", _briefly))
            for runtime in _RUNTIMES:
                for name, member, double in (
                    ("aws_http", "exchange", self._exchange),
                    ("http", "credentials", _no_credentials),
                    ("waits", "hold", self.held.append),
                    ("loops", "hold", self.held.append),
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
        reply = self.replies.answer(place.state, action, arguments, place.index)
        self.jobs[place.state, place.index] = reply
        if place.token:
            return _response({})
        if "error" in reply:
            return _raise(reply["error"], reply.get("cause"), action, "Invoke")
        if "timeout" in reply and not place.operator:
            raise _too_late()
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
                raise _too_late()
            self.polls[key] += 1
            if self.polls[key] > _MOST_POLLS:
                raise JobNeverEnds(f"{place.state}: the reply does not say that the job has ended: {job}")
            description = job.get("result", job.get("job_failed", {}))
            return fitted(description, model.output_shape, arguments, invent=not description)
        if place.operator and "timeout" in self.jobs.get(key, {}) and operation != self.started.get(key):
            return {}  # a job that took too long is stopped
        service = client.meta.service_model.service_name
        action = f"{service}:{operation[0].lower()}{operation[1:]}"
        reply = self.replies.answer(place.state, action, shown(action, arguments, model.input_shape), place.index)
        self.jobs[key], self.started[key], self.polls[key] = reply, operation, 0
        if place.token:
            return _accepted(model.output_shape)
        return answered(_file(reply, action), action, operation, model.output_shape, place.operator)

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
    return place if memory is None else Place(context["task"].task_display_name, False, memory.number)


def _file(reply: Reply, action: str) -> Reply:
    """An object of S3 or a listing, which a reply may give without the answer around it, as items of a Map."""
    result = reply.get("result")
    if action == "s3:getObject" and not (isinstance(result, dict) and "Body" in result) and "result" in reply:
        return {"result": {"Body": result}}
    if action == "s3:listObjectsV2" and isinstance(result, list):
        return {"result": {"Contents": result}}
    return reply


def answered(reply: Reply, action: str, operation: str, shape: Any, operator: bool) -> Json:
    if "error" in reply:
        return _raise(reply["error"], reply.get("cause"), action, operation)
    if "timeout" in reply:
        if operator:  # the job starts, and its trigger never reports
            return fitted({}, shape, {})
        raise _too_late()
    if "payload" in reply:
        return {**_LAMBDA_ANSWER, "Payload": _stream(json.dumps(reply["payload"]))}
    result = reply.get("result", reply.get("job_failed"))
    if action == "lambda:invoke":
        payload = result["Payload"] if isinstance(result, dict) and "Payload" in result else result
        shown_members = result if isinstance(result, dict) and "Payload" in result else {}
        return {**_LAMBDA_ANSWER, **shown_members, "Payload": _stream(json.dumps(payload))}
    if operator:
        return fitted(result, shape, {})
    return botocore_value(result, shape)


def _too_late() -> BaseException:
    """What Airflow raises in a task whose time is over."""
    from airflow.sdk.exceptions import AirflowTaskTimeout

    return AirflowTaskTimeout("the call takes longer than the state may")


def _accepted(shape: Any) -> Json:
    """The answer to a call that hands a token out: nobody looks at it."""
    bodies = {name for name, member in getattr(shape, "members", {}).items() if member.type_name == "blob"}
    return {**fitted({}, shape, {}), **{name: _stream("{}") for name in bodies}}


def _stream(text: str) -> Any:
    from botocore.response import StreamingBody

    data = text.encode()
    return StreamingBody(io.BytesIO(data), len(data))


def _raise(name: str | None, cause: Json, action: str, operation: str) -> Json:
    """Fail as botocore would where that gives this name and cause, else with the runtime's own error."""
    from botocore.exceptions import ClientError

    if action == "lambda:invoke" and name and _error_type(cause) == name:
        return {**_LAMBDA_ANSWER, "FunctionError": "Unhandled", "Payload": _stream(str(cause))}
    code, message = (name or "").rpartition(".")[2], {"Message": cause}
    if told := _SERVICE_CAUSE.match(str(cause or "")):
        meta = {"HTTPStatusCode": int(told["status"]), "RequestId": told["request"]}
        error: Any = {"Error": {"Code": code, "Message": told["message"]}, "ResponseMetadata": meta}
        raise ClientError(error, operation)
    for runtime in _RUNTIMES:
        if (known := sys.modules.get(f"{runtime}.errors")) is not None:
            raise known.StateError(name, cause)
    raise ClientError({"Error": {"Code": code, **message}}, operation)  # type: ignore[typeddict-item]


def _error_type(cause: Json) -> Json:
    try:
        told = json.loads(cause)
    except (TypeError, ValueError):
        return None
    return told.get("errorType") if isinstance(told, dict) else None


def shown(action: str, arguments: Json, shape: Any) -> Json:
    """The arguments of a call of botocore as a state machine writes them: PascalCase, a Lambda payload as JSON."""
    renamed = _renamed(arguments, shape)
    if action == "lambda:invoke" and isinstance(renamed.get("Payload"), str | bytes):
        renamed = {**renamed, "Payload": json.loads(renamed["Payload"] or "null")}
    return renamed


def _renamed(value: Json, shape: Any) -> Json:
    match getattr(shape, "type_name", None):
        case "structure" if isinstance(value, dict):
            return {k[:1].upper() + k[1:]: _renamed(v, shape.members.get(k)) for k, v in value.items()}
        case "list" if isinstance(value, list | tuple):
            return [_renamed(v, shape.member) for v in value]
        case "map" if isinstance(value, dict):
            return {k: _renamed(v, shape.value) for k, v in value.items()}
        case "blob" if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        case _:
            return value


def botocore_value(value: Json, shape: Any) -> Json:
    """A result as Step Functions shows it, with the members, bytes and dates that botocore would have."""
    match getattr(shape, "type_name", None):
        case "structure" if isinstance(value, dict):
            named = {(k if k in shape.members else k[:1].swapcase() + k[1:]): v for k, v in value.items()}
            known = {k: botocore_value(v, shape.members[k]) for k, v in named.items() if k in shape.members}
            return {**{k: v for k, v in named.items() if k not in shape.members}, **known}
        case "list" if isinstance(value, list):
            return [botocore_value(v, shape.member) for v in value]
        case "map" if isinstance(value, dict):
            return {k: botocore_value(v, shape.value) for k, v in value.items()}
        case "blob" if isinstance(value, str | dict | list):
            text = value if isinstance(value, str) else json.dumps(value)
            return _stream(text) if shape.serialization.get("streaming") else text.encode()
        case _:
            return value


def fitted(description: Json, shape: Any, arguments: dict[str, Json], *, invent: bool = True) -> Json:
    """The description of a job as the answer of an operation that starts or describes it.

    It goes where the answer's shape has room for it: at the top, in a structure, or in a list; a description inside an
    object of its own (``{"Build": {...}}``) may have to leave it. With ``invent``, identifiers that nobody told are
    made up, as an answer that starts a job needs them.
    """
    members = getattr(shape, "members", {})
    description = description if isinstance(description, dict) else {}
    inner = next(iter(description.values())) if len(description) == 1 else None
    for told in (description, inner if isinstance(inner, dict) else {}):
        own = {k[:1].lower() + k[1:] for k in told}
        if own & {k[:1].lower() + k[1:] for k in members}:
            return {**_named(members, told, arguments, invent), **botocore_value(told, shape)}
        for name, member in members.items():
            if member.type_name == "structure" and _fits(own, member):
                held: Json = {**_named(member.members, told, arguments, invent), **botocore_value(told, member)}
            elif member.type_name == "list" and member.member.type_name == "structure" and _fits(own, member.member):
                held = [botocore_value(told, member.member)]
            else:
                continue
            return {**_named(members, told, arguments, invent), name: held}
    return _named(members, description, arguments, invent)


def _fits(own: set[str], shape: Any) -> bool:
    return bool(own & {k[:1].lower() + k[1:] for k in shape.members})


def _named(members: Any, description: dict[str, Json], arguments: dict[str, Json], invent: bool) -> dict[str, Json]:
    """Identifiers and names that every answer has: from the description, the arguments, or made up."""
    found: dict[str, Json] = {}
    for name, member in members.items():
        pascal = name[:1].upper() + name[1:]
        aliases = (pascal, name, *_JOB_IDS.get(name, ()))
        value = next((description[a] for a in aliases if a in description), None)
        if invent and member.type_name == "string" and value is None and name.lower().endswith(("id", "arn", "name")):
            value = arguments.get(name, arguments.get(f"Job{name}", f"{name}-1"))
        if value is None and name in _ALWAYS_SENT and member.type_name == "list":
            value = []
        if value is not None:
            found[name] = botocore_value(value, member)
    return found
