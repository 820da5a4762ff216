"""Service calls of an operator and of its state in the same words, without what only one of them adds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sfn_airflow_core.verify.calls import as_values, normal
from sfn_airflow_core.verify.dag_history import Asked

Json = Any
_ADDED: Final[Mapping[str, Mapping[str, Json]]] = {
    "athena:startQueryExecution": {"WorkGroup": "primary"},
    "lambda:invoke": {"InvocationType": "RequestResponse", "ClientContext": ""},
    "sqs:sendMessage": {"MessageAttributes": {}, "DelaySeconds": 0},
    "batch:createComputeEnvironment": {"Tags": {}},
    "batch:submitJob": {"ContainerOverrides": {}, "RetryStrategy": {"Attempts": 1}, "ArrayProperties": {}},
    "s3:listObjectsV2": {"Delimiter": "", "StartAfter": ""},
    "s3:copyObject": {"ACL": "private"},
    "s3:putObject": {"ChecksumAlgorithm": "CRC32"},
    "ecs:runTask": {"Count": 1, "Overrides": {}, "LaunchType": "EC2"},
}
"""What the operators send that is the service's own default."""


def plain_call(call: Asked) -> Asked:
    """A call as it is compared."""
    action, arguments = call.action, call.arguments
    if isinstance(arguments, dict):
        arguments = normal(action, _alike(action, as_values(arguments)))
        added = _ADDED.get(action, {})
        arguments = {name: value for name, value in arguments.items() if name not in added or added[name] != value}
    return Asked(action, arguments)


def _alike(action: str, arguments: dict[str, Json]) -> dict[str, Json]:
    change = _CHANGES.get(action)
    return arguments if change is None else change(dict(arguments))


def _invoked(arguments: dict[str, Json]) -> dict[str, Json]:
    """Where the log of a function goes makes no difference to what it gives; a state machine cannot ask for it."""
    arguments.pop("LogType", None)
    return arguments


def _published(arguments: dict[str, Json]) -> dict[str, Json]:
    """The hook of SNS sends every message as JSON for all protocols, to a target."""
    message = arguments.get("Message")
    if arguments.pop("MessageStructure", None) == "json" and isinstance(message, dict):
        arguments["Message"] = as_values(message.get("default"))
    if "TargetArn" in arguments:
        arguments["TopicArn"] = arguments.pop("TargetArn")
    return arguments


def _started(arguments: dict[str, Json]) -> dict[str, Json]:
    """A DAG that is triggered is the state machine of that name; the name of an execution is as good as any other."""
    arguments.pop("Name", None)
    target = arguments.pop("Dag", arguments.get("StateMachineArn"))
    found = re.fullmatch(r"\$\{(\w+)StateMachineArn\}", str(target))
    arguments["StateMachineArn"] = re.sub(r"[^a-z0-9]", "", (found[1] if found else str(target)).lower())
    return arguments


def _looked(arguments: dict[str, Json]) -> dict[str, Json]:
    """Whether an object is there: by asking for it, or by the first name that begins like it."""
    return {"Bucket": arguments.get("Bucket"), "Key": arguments.get("Key", arguments.get("Prefix"))}


def _queried(arguments: dict[str, Json]) -> dict[str, Json]:
    """The operator of Athena names the catalog that is the default."""
    context = arguments.get("QueryExecutionContext")
    if isinstance(context, dict) and context.get("Catalog") == "AwsDataCatalog":
        arguments["QueryExecutionContext"] = {name: value for name, value in context.items() if name != "Catalog"}
    return arguments


def _put(arguments: dict[str, Json]) -> dict[str, Json]:
    """Where an object must not be there yet, the hook asks before, and the state has the service look."""
    return {name: value for name, value in arguments.items() if (name, value) != ("IfNoneMatch", "*")}


def _copied(arguments: dict[str, Json]) -> dict[str, Json]:
    """boto3 takes what is copied apart, the service has it as one text."""
    source = arguments.get("CopySource")
    if isinstance(source, dict):
        version = f"?versionId={source['VersionId']}" if source.get("VersionId") else ""
        arguments["CopySource"] = f"{source.get('Bucket')}/{source.get('Key')}{version}"
    return arguments


_CHANGES: Final[Mapping[str, Callable[[dict[str, Json]], dict[str, Json]]]] = {
    "lambda:invoke": _invoked,
    "athena:startQueryExecution": _queried,
    "sns:publish": _published,
    "stepfunctions:startExecution": _started,
    "s3:copyObject": _copied,
    "s3:putObject": _put,
    "s3:headObject": _looked,
}


def plain_look(call: Asked) -> Asked:
    """A sensor's look as it is compared."""
    if call.action in ("s3:headObject", "s3:listObjectsV2") and isinstance(call.arguments, dict):
        return Asked("s3:headObject", _looked(call.arguments))
    return plain_call(call)
