"""The replies of a scenario for a DAG and its state machine: by task, then by service, then as services answer."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sfn_airflow_core.interpreter import MissingReply, Replies, Reply, ServiceCall, read_replies
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.interpreter.values import json_text
from sfn_airflow_core.verify.calls import action_of
from sfn_airflow_core.verify.plain_answers import plain_answer

Json = Any
VARIABLES = "/airflow/variables/"
"""Where Airflow's own Systems Manager backend looks for Variables."""
_ACCOUNT = "arn:aws:{service}:eu-west-1:111122223333"
_CONTAINER: Json = {"Name": "main", "ContainerArn": _ACCOUNT.format(service="ecs") + ":container/1", "ExitCode": 0}
JOBS: Mapping[str, tuple[dict[str, Json], dict[str, Json]]] = {
    "glue:startJobRun": (
        {"Id": "jr-1", "JobRunId": "jr-1", "JobRunState": "SUCCEEDED"},
        {"Id": "jr-1", "JobRunId": "jr-1", "JobRunState": "FAILED", "ErrorMessage": "no"},
    ),
    "athena:startQueryExecution": (
        {"QueryExecution": {"QueryExecutionId": "q-1", "Status": {"State": "SUCCEEDED"}}},
        {"QueryExecution": {"QueryExecutionId": "q-1", "Status": {"State": "FAILED", "StateChangeReason": "no"}}},
    ),
    "batch:submitJob": (
        {"JobId": "job-1", "JobName": "job", "JobQueue": "queue", "Status": "SUCCEEDED"},
        {"JobId": "job-1", "JobName": "job", "JobQueue": "queue", "Status": "FAILED", "StatusReason": "no"},
    ),
    "ecs:runTask": (
        {
            "TaskArn": _ACCOUNT.format(service="ecs") + ":task/main/1",
            "LastStatus": "STOPPED",
            "StopCode": "EssentialContainerExited",
            "StoppedReason": "Essential container in task exited",
            "Containers": [{**_CONTAINER, "LastStatus": "STOPPED"}],
        },
        {
            "TaskArn": _ACCOUNT.format(service="ecs") + ":task/main/1",
            "LastStatus": "STOPPED",
            "StopCode": "EssentialContainerExited",
            "StoppedReason": "Essential container in task exited",
            "Containers": [{**_CONTAINER, "LastStatus": "STOPPED", "ExitCode": 1, "Reason": "no"}],
        },
    ),
    "states:startExecution": (
        {"ExecutionArn": _ACCOUNT.format(service="states") + ":execution:m:1", "StartDate": 0, "Status": "SUCCEEDED"},
        {"ExecutionArn": _ACCOUNT.format(service="states") + ":execution:m:1", "StartDate": 0, "Status": "FAILED"},
    ),
}
"""How jobs are described that have ended well, and badly."""
_ANSWERS: Mapping[str, dict[str, Json]] = {
    "athena:startQueryExecution": {"QueryExecutionId": "q-1"},
    "lambda:invoke": {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": None},
    "sns:publish": {"MessageId": "m-1"},
    "sqs:sendMessage": {"MessageId": "m-1", "MD5OfMessageBody": "0"},
}
"""What else services answer where a scenario says nothing."""
ROWS: list[Json] = [[1]]
_LONG_AGO = "2020-01-01T00:00:00Z"
"""The rows of every query where a scenario says nothing."""
_RECORDS = {"Records": [[{"LongValue": value} for value in row] for row in ROWS]}
_CELLS = [{"Data": [{"VarCharValue": str(value)} for value in row]} for row in ROWS]
_QUERIED: Mapping[str, dict[str, Json]] = {
    "rdsdata:executeStatement": _RECORDS,
    "redshiftdata:executeStatement": {"Id": "s-1"},
    "redshiftdata:batchExecuteStatement": {"Id": "s-1"},
    "redshiftdata:describeStatement": {"Id": "s-1", "Status": "FINISHED"},
    "redshiftdata:getStatementResult": _RECORDS,
    "athena:getQueryResults": {
        "ResultSet": {
            "ResultSetMetadata": {"ColumnInfo": [{"Name": "n", "Type": "bigint"} for _ in ROWS[0]]},
            "Rows": [{"Data": [{"VarCharValue": "n"} for _ in ROWS[0]]}, *_CELLS],
        }
    },
}
"""What services answer about queries where a scenario says nothing."""


def imagined(resource: str, arguments: Json) -> Reply:
    """What a service answers where a scenario says nothing: a job that ends well, an object that is there."""
    parsed = parse_resource(resource)
    action = f"{parsed.service.removeprefix('aws-sdk:')}:{parsed.action}"
    if action == "s3:listObjectsV2" and isinstance(arguments, dict) and (prefix := arguments.get("Prefix")):
        return Reply(
            "result", {"KeyCount": 1, "Prefix": prefix, "Contents": [{"Key": prefix, "LastModified": _LONG_AGO}]}
        )
    if action == "sfn:listExecutions":
        return Reply("result", {"Executions": [{"Status": "SUCCEEDED", "StartDate": "2100-01-01T00:00:00Z"}]})
    if action in _QUERIED:
        return Reply("result", copy.deepcopy(_QUERIED[action]))
    if action == "lambda:invoke" and isinstance(arguments, dict) and "sql" in (arguments.get("Payload") or {}):
        return Reply("result", {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": copy.deepcopy(ROWS)})
    jobs = JOBS.get(action)
    waits = parsed.pattern != "request"
    if jobs is not None and (waits or action not in _ANSWERS):
        return Reply("result", copy.deepcopy(jobs[0]))
    return Reply("result", copy.deepcopy(_ANSWERS[action]) if action in _ANSWERS else plain_answer(resource))


def failed(resource: str) -> dict[str, Json]:
    """A reply, as in a replies file, with which a call of this resource fails."""
    parsed = parse_resource(resource)
    jobs = JOBS.get(f"{parsed.service}:{parsed.action}")
    if parsed.pattern != "request" and jobs is not None:
        return {"job_failed": copy.deepcopy(jobs[1])}
    return {"error": "ServiceException", "cause": "no"}


class Says(Protocol):
    """Who says what tasks do and what services answer, for one side of a scenario."""

    def of_task(self, task: str, index: int | None, arguments: Json) -> Reply | None:
        """What a task instance itself does; ``None`` where it does what it does."""
        ...

    def of_service(self, task: str, index: int | None, resource: str, arguments: Json) -> Reply:
        """What a service answers."""
        ...

    def resource(self, task: str, action: str) -> str:
        """The resource of a task's state; for a task without one, that of an action of boto3."""
        ...


@dataclass(slots=True)
class DagAnswers:
    """The replies of one scenario for one side.

    ``resources`` are those of the states by task, ``variables`` values of Airflow's Variables, which functions and
    states find in the Parameter Store, ``looks`` what ends loops, by state and action.
    """

    tasks: Replies = field(default_factory=Replies)
    services: Replies = field(default_factory=Replies)
    resources: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Json] = field(default_factory=dict)
    looks: Mapping[tuple[str, str], Json] = field(default_factory=dict)

    def of_task(self, task: str, index: int | None, arguments: Json) -> Reply | None:
        """What the scenario says about a task instance itself; ``None`` where it says nothing."""
        call = ServiceCall(task, "arn:aws:states:::none:none", arguments, 0, (), 0.0, item=index)
        try:
            return self.tasks.answer(call)
        except MissingReply:
            return None

    def of_service(self, task: str, index: int | None, resource: str, arguments: Json) -> Reply:
        """What a service answers."""
        call = ServiceCall(task, resource, arguments, 0, (), 0.0, item=index)
        try:
            return self.services.answer(call)
        except MissingReply:
            good = self.looks.get((task, action_of(resource)))
            known = parameters(resource, arguments, self.variables) if good is None else Reply("result", good)
            return known or imagined(resource, arguments)

    def resource(self, task: str, action: str) -> str:
        """The resource of a task's state; for a task without one, that of an action of boto3."""
        return self.resources.get(task, f"arn:aws:states:::{action.replace('stepfunctions:', 'states:')}")


def parameters(resource: str, arguments: Json, variables: Mapping[str, Json]) -> Reply | None:
    """What the Parameter Store answers about Airflow's Variables; nothing for other calls."""
    action = parse_resource(resource).action
    if parse_resource(resource).service.removeprefix("aws-sdk:") != "ssm" or not isinstance(arguments, dict):
        return None
    named = {f"{VARIABLES}{name}": value for name, value in variables.items()}
    found: list[Json] = [{"Name": n, "Value": v if isinstance(v, str) else json_text(v)} for n, v in named.items()]
    match action:
        case "getParameters":
            asked = arguments.get("Names") or []
            missing = [name for name in asked if name not in named]
            return Reply(
                "result", {"Parameters": [p for p in found if p["Name"] in asked], "InvalidParameters": missing}
            )
        case "getParameter":
            one = next((p for p in found if p["Name"] == arguments.get("Name")), None)
            return Reply("error", error="Ssm.ParameterNotFound") if one is None else Reply("result", {"Parameter": one})
    return None


def answers(
    table: Mapping[str, Json],
    tasks: Iterable[str],
    resources: Mapping[str, str],
    variables: Mapping[str, Json] | None = None,
    looks: Mapping[tuple[str, str], Json] | None = None,
) -> DagAnswers:
    """The replies in a scenario's table, none of them used. Raises ``BadReplies``."""
    known = set(tasks)

    def about_task(name: str) -> bool:
        head, mark, number = name.rpartition("#")
        return name in known or (bool(mark) and number.isdigit() and head in known)

    return DagAnswers(
        read_replies({name: value for name, value in table.items() if about_task(name)}),
        read_replies({name: value for name, value in table.items() if not about_task(name)}),
        resources,
        variables or {},
        looks or {},
    )
