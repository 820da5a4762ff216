"""Calls of botocore by the operators and functions of a DAG, and by Lambda functions, answered from one scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from botocore.exceptions import ClientError

from sfn_airflow_core.interpreter import Reply
from sfn_airflow_core.verify.aws_answers import Place, Services, answered, botocore_value, fitted, shown
from sfn_airflow_core.verify.dag_answers import DagAnswers
from sfn_airflow_core.verify.dag_history import Asked, History, as_json

Json = Any
_POLLS: Final = ("Get", "Describe", "List", "BatchGet", "Head")


class Aws(Protocol):
    """All of AWS, as the clients of botocore see it."""

    def call(self, place: Place, client: Any, operation: str, arguments: dict[str, Json]) -> Json:
        """The answer to a call, or botocore's exception for it."""
        ...


@dataclass(slots=True)
class DagServices(Services):
    """Hands every call of botocore to ``aws``, with the task instance that makes it."""

    aws: Aws | None = None

    def _call(self, client: Any, operation: str, arguments: dict[str, Json]) -> Json:
        assert self.aws is not None
        return self.aws.call(self.place, client, operation, arguments)


Kind = Literal["python", "operator", "sensor"]


@dataclass(slots=True)
class TableAws:
    """AWS as the replies of a scenario have it.

    Functions get an answer for each call. An operator gets the reply to its state: the call that starts something has
    it, and what the operator asks afterwards is answered with the description of the job. ``jobs`` are the replies by
    task instance; a sensor that was ``absorbed`` asks about the job of its operator.
    """

    answers: DagAnswers
    history: History
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    absorbed: Mapping[str, str] = field(default_factory=dict)
    jobs: dict[tuple[str, int | None], Reply] = field(default_factory=dict)

    def call(self, place: Place, client: Any, operation: str, arguments: dict[str, Json]) -> Json:
        """The answer to a call of botocore."""
        model = client.meta.service_model.operation_model(operation)
        action = f"{client.meta.service_model.service_name}:{operation[:1].lower()}{operation[1:]}"
        asked = Asked(action, as_json(shown(action, arguments, model.input_shape)))
        task, index = self.absorbed.get(place.state, place.state), place.index
        kind = self.kinds.get(place.state, "python")
        if place.state in self.absorbed or (kind == "operator" and operation.startswith(_POLLS)):
            job = self.jobs.get((task, index))
            told = job.value if job is not None else {}
            return fitted(told, model.output_shape, arguments, invent=not told)
        if kind == "sensor":
            return self._looked(place, asked, operation, model.output_shape)
        did = self.history.of(task, index)
        if kind == "python":
            did.inner.append(asked)
            reply = self.answers.of_service("", None, self.answers.resource("", action), asked.arguments)
            return _given(reply, action, operation, model.output_shape, operator=False)
        if (task, index) in self.jobs and self.jobs[task, index].kind == "timeout":
            return {}  # a job that took too long is stopped
        did.calls.append(asked)
        resource = self.answers.resource(task, action)
        found = self.answers.of_task(task, index, asked.arguments)
        reply = found or self.answers.of_service(task, index, resource, asked.arguments)
        self.jobs[task, index] = reply
        return _given(reply, action, operation, model.output_shape, operator=True)

    def _looked(self, place: Place, asked: Asked, operation: str, shape: Any) -> Json:
        """The answer to a sensor's look, from the reply to the look of its state, which may be another operation."""
        self.history.of(place.state, place.index).calls.append(asked)
        resource = self.answers.resource(place.state, asked.action)
        prefix = asked.arguments.get("Key") if isinstance(asked.arguments, dict) else None
        found = self.answers.of_task(place.state, place.index, asked.arguments)
        given = {"Prefix": prefix} if operation == "HeadObject" else asked.arguments
        reply = found or self.answers.of_service(place.state, place.index, resource, given)
        if operation == "HeadObject" and reply.kind == "result" and isinstance(reply.value, dict):
            listed: Any = reply.value.get("Contents") or ()
            keys = [entry.get("Key") for entry in listed]
            if prefix not in keys:
                raise ClientError({"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, operation)  # type: ignore[typeddict-item]
            return {"ContentLength": 1}
        return _given(reply, asked.action, operation, shape, operator=False)


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
