"""Calls of botocore by the operators and functions of a DAG, and by Lambda functions, answered from one scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from botocore.exceptions import ClientError

from sfn_airflow_core.interpreter import Reply
from sfn_airflow_core.verify.aws_answers import Place, Services
from sfn_airflow_core.verify.botocore_answers import answered, botocore_value, fitted, shown
from sfn_airflow_core.verify.dag_answers import Says
from sfn_airflow_core.verify.dag_history import Asked, History, as_json
from sfn_airflow_core.verify.plain_answers import plain_answer

Json = Any
_POLLS: Final = ("Get", "Describe", "List", "BatchGet", "Head")
_NOT_THERE_YET: Final = frozenset({("HeadBucket", "CreateBucket"), ("HeadObject", "PutObject")})
"""What an operator asks before it makes what it asks for."""
_MET: Final = {"RequestId": "request-1", "HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
"""What botocore says of how it has met the service: some operators ask whether it has."""


class Aws(Protocol):
    """All of AWS, as the clients of botocore see it."""

    def call(self, place: Place, client: Any, operation: str, arguments: dict[str, Json]) -> Json:
        """The answer to a call, or botocore's exception for it."""
        ...


Kind = Literal["python", "operator", "sensor"]


@dataclass(frozen=True, slots=True)
class Doers:
    """Who makes the calls of a task: its function, an operator, or a sensor; functions where nothing is said.

    ``absorbed`` are operators by the sensor that only waits for the job that they started, ``works`` what the states of
    tasks call, as boto3 names it (``ListObjectsV2``), ``looks`` the answers that end a task's waiting, by task and
    action.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    absorbed: Mapping[str, str] = field(default_factory=dict)
    works: Mapping[str, str] = field(default_factory=dict)
    looks: Mapping[tuple[str, str], Json] = field(default_factory=dict)

    def kind(self, task: str) -> Kind:
        """Who makes the calls of a task."""
        return self.kinds.get(task, "python")

    def asks(self, task: str, operation: str) -> bool:
        """Whether a call only asks about a job; where asking is all the work of a task, it does that."""
        polls = operation.startswith(_POLLS) and operation != self.works.get(task)
        return task in self.absorbed or (self.kind(task) == "operator" and polls)


@dataclass(slots=True)
class DagServices(Services):
    """Hands every call of botocore to ``aws``, and notes it with the task instance that makes it."""

    aws: Aws | None = None
    history: History = field(default_factory=History)
    doers: Doers = field(default_factory=Doers)

    def _call(self, client: Any, operation: str, arguments: dict[str, Json]) -> Json:
        assert self.aws is not None
        if not self.doers.asks(self.place.state, operation):
            did = self.history.of(self.place.state, self.place.index)
            notes = did.inner if self.doers.kind(self.place.state) == "python" else did.calls
            notes.append(asked(client, operation, arguments))
        answer = self.aws.call(self.place, client, operation, arguments)
        return {"ResponseMetadata": _MET, **answer} if isinstance(answer, dict) else answer


def asked(client: Any, operation: str, arguments: dict[str, Json]) -> Asked:
    """A call of botocore in the words of a state."""
    action = f"{client.meta.service_model.service_name}:{operation[:1].lower()}{operation[1:]}"
    shape = client.meta.service_model.operation_model(operation).input_shape
    given = {name: _content(value) for name, value in arguments.items()}
    return Asked(action, as_json(shown(action, given, shape)))


def _content(value: Any) -> Any:
    """What is in a file that is sent, which can be read again afterwards."""
    if not all(hasattr(value, method) for method in ("read", "seek", "tell")):
        return value
    place = value.tell()
    content = value.read()
    value.seek(place)
    return content


@dataclass(slots=True)
class TableAws:
    """AWS as the replies of a scenario have it.

    Functions get an answer for each call. An operator gets the reply to its state: the call that starts something has
    it, and what the operator asks afterwards is answered with the description of the job. ``jobs`` are the replies by
    task instance.
    """

    answers: Says
    doers: Doers = field(default_factory=Doers)
    jobs: dict[tuple[str, int | None], Reply] = field(default_factory=dict)

    def call(self, place: Place, client: Any, operation: str, arguments: dict[str, Json]) -> Json:
        """The answer to a call of botocore."""
        shape = client.meta.service_model.operation_model(operation).output_shape
        call = asked(client, operation, arguments)
        key = (self.doers.absorbed.get(place.state, place.state), place.index)
        job = self.jobs.get(key)
        if self.doers.asks(place.state, operation):
            if job is None and (operation, self.doers.works.get(place.state)) in _NOT_THERE_YET:
                raise _not_found(operation)
            good = self.doers.looks.get((key[0], call.action))
            if good is not None and (job is None or job.kind == "result"):
                return botocore_value(good, shape)
            told = job.value if job is not None else {}
            found = fitted(told, shape, arguments, invent=not told)
            return found or botocore_value(plain_answer(f"arn:aws:states:::aws-sdk:{call.action}"), shape)
        match self.doers.kind(place.state):
            case "sensor":
                return self._looked(place, call, operation, shape)
            case "python":
                resource = self.answers.resource("", call.action)
                reply = self.answers.of_service("", None, resource, call.arguments)
                return _given(reply, call.action, operation, shape, operator=False)
        if job is not None and job.kind == "timeout":
            return {}  # a job that took too long is stopped
        self.jobs[key] = self._reply(key, call, call.arguments)
        return _given(self.jobs[key], call.action, operation, shape, operator=True)

    def _reply(self, key: tuple[str, int | None], call: Asked, arguments: Json) -> Reply:
        found = self.answers.of_task(*key, call.arguments)
        return found or self.answers.of_service(*key, self.answers.resource(key[0], call.action), arguments)

    def _looked(self, place: Place, call: Asked, operation: str, shape: Any) -> Json:
        """The answer to a sensor's look, from the reply to the look of its state, which may be another operation."""
        if operation != "HeadObject":
            reply = self._reply((place.state, place.index), call, call.arguments)
            return _given(reply, call.action, operation, shape, operator=False)
        name = call.arguments["Key"]
        reply = self._reply((place.state, place.index), call, {"Prefix": name})
        if reply.kind != "result" or not isinstance(reply.value, dict):
            return _given(reply, call.action, operation, shape, operator=False)
        listed: Any = reply.value.get("Contents") or ()
        if name not in [entry.get("Key") for entry in listed]:
            raise _not_found(operation)
        return {"ContentLength": 1}


def _not_found(operation: str) -> ClientError:
    answer: Any = {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
    return ClientError(answer, operation)


def _given(reply: Reply, action: str, operation: str, shape: Any, *, operator: bool) -> Json:
    """A reply as botocore would have it."""
    match reply.kind:
        case "error":
            code = (reply.error or "").rpartition(".")[2]
            error: Any = {"Error": {"Code": code, "Message": reply.cause or ""}, "ResponseMetadata": {}}
            raise ClientError(error, operation)
        case "timeout" | "never":
            return answered({"timeout": True}, action, operation, shape, operator)
        case kind:
            found = answered({kind: reply.value}, action, operation, shape, operator)
            return found if operator else botocore_value(found, shape)
