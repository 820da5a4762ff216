"""The history events of one attempt of a Task."""

from __future__ import annotations

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter.failures import TIMEOUT, StateFailed
from sfn_airflow_core.interpreter.resource import Resource
from sfn_airflow_core.interpreter.run import Stay

_PREFIX = {"lambda": "LambdaFunction", "activity": "Activity", "service": "Task"}


class TaskEvents:
    """Writes the events; Lambda functions and activities have names and details of their own."""

    def __init__(self, stay: Stay, resource: Resource):
        self._stay, self._resource = stay, resource
        self._prefix = _PREFIX[resource.kind]

    def scheduled(self, arguments: Json, timeout: int | None, heartbeat: int | None, credentials: Json) -> None:
        """The call goes out."""
        limits: dict[str, Json] = {
            "timeoutInSeconds": timeout,
            "heartbeatInSeconds": heartbeat,
            "taskCredentials": credentials,
        }
        given = {name: value for name, value in limits.items() if value is not None}
        if self._resource.kind == "service":
            region = self._stay.run.world.options.region
            self._event("Scheduled", **self._service(), region=region, parameters=arguments, **given)
            self._event("Started", **self._service())
            if self._resource.pattern != "request":
                self._event("Submitted", **self._service())
        else:
            self._event("Scheduled", resource=self._resource.arn, input=arguments, **given)
            if self._resource.kind == "activity":
                self._event("Started", workerName=None)
            else:
                self._event("Started")

    def succeeded(self, result: Json) -> None:
        """The call has given a result."""
        self._event("Succeeded", **self._service(), output=result)

    def failed(self, failure: StateFailed) -> None:
        """The call has failed or taken too long."""
        ending = "TimedOut" if failure.error == TIMEOUT else "Failed"
        self._event(ending, **self._service(), error=failure.error, cause=failure.cause)

    def _service(self) -> dict[str, Json]:
        if self._resource.kind != "service":
            return {}
        suffix = "" if self._resource.pattern == "request" else f".{self._resource.pattern}"
        return {"resourceType": self._resource.service, "resource": f"{self._resource.action}{suffix}"}

    def _event(self, ending: str, **details: Json) -> None:
        self._stay.event(f"{self._prefix}{ending}", **details)
