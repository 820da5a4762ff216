"""Service calls of both sides in the same words: boto3's names, and arguments without what is assumed anyway."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.verify.around import as_value

Json = Any

_BOTO3: Final = {
    "states": "stepfunctions",
    "sfn": "stepfunctions",
    "elasticmapreduce": "emr",
    "eventbridge": "events",
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexruntime": "lex-runtime",
    "marketplacemetering": "meteringmarketplace",
    "serverlessapplicationrepository": "serverlessrepo",
    "ssoadmin": "sso-admin",
}
"""What boto3 calls the services that Step Functions calls otherwise."""

_EMR: Final = {
    "createCluster": "runJobFlow",
    "terminateCluster": "terminateJobFlows",
    "addStep": "addJobFlowSteps",
    "cancelStep": "cancelSteps",
    "setClusterTerminationProtection": "setTerminationProtection",
}
"""The operations of Amazon EMR behind the optimised integration."""

_ADDED: Final[dict[str, dict[str, Json]]] = {
    "athena:startQueryExecution": {
        "QueryExecutionContext": {"Catalog": "AwsDataCatalog"},
        "ResultConfiguration": {},
        "WorkGroup": "primary",
    },
    "batch:submitJob": {"Tags": {}, "Parameters": {}},
    "bedrock-runtime:invokeModel": {"Accept": "application/json", "ContentType": "application/json"},
    "ecs:runTask": {"StartedBy": "airflow"},
    "glue:startJobRun": {"Arguments": {}},
    "lambda:invoke": {"Payload": {}},
    "s3:listObjectsV2": {"Prefix": "", "Delimiter": ""},
}
"""What the operators of the Amazon provider write down, and Step Functions or the service would fill in itself."""


def action_of(resource: str) -> str:
    """``service:operation`` of a Task's Resource, as boto3 names it.

    >>> action_of("arn:aws:states:::aws-sdk:sfn:listExecutions"), action_of("arn:aws:lambda:x:1:function:f")
    ('stepfunctions:listExecutions', 'lambda:invoke')
    """
    parsed = parse_resource(resource)
    if parsed.kind == "lambda":
        return "lambda:invoke"
    service = parsed.service.removeprefix("aws-sdk:")
    if parsed.service == "elasticmapreduce":
        return f"emr:{_EMR.get(parsed.action, parsed.action)}"
    if (service, parsed.action) == ("bedrock", "invokeModel"):
        return "bedrock-runtime:invokeModel"
    return f"{_BOTO3.get(service) or _hyphened().get(service, service)}:{parsed.action}"


@lru_cache(maxsize=1)
def _hyphened() -> dict[str, str]:
    """boto3's names that have a hyphen, by those without."""
    try:
        from botocore.session import Session
    except ImportError:
        return {}
    return {name.replace("-", ""): name for name in Session().get_available_services() if "-" in name}


def arguments_of(resource: str, given: Json) -> Json:
    """What the service gets: a Task that names a function sends its input as the payload.

    Source: for EMR, the Developer Guide beside the API reference of Amazon EMR.
    """
    parsed = parse_resource(resource)
    if parsed.kind == "lambda":
        return {"FunctionName": resource, "Payload": given}
    if parsed.service != "elasticmapreduce" or not isinstance(given, dict):
        return given
    rest, cluster = {key: value for key, value in given.items() if key != "ClusterId"}, given.get("ClusterId")
    match parsed.action:
        case "addStep":
            step = rest.pop("Step", None)
            return {"JobFlowId": cluster, **rest, "Steps": [step]}
        case "cancelStep":
            step = rest.pop("StepId", None)
            return {"ClusterId": cluster, **rest, "StepIds": [step]}
        case "terminateCluster" | "setClusterTerminationProtection":
            return {**rest, "JobFlowIds": [cluster]}
        case _:
            return given


def normal(action: str, arguments: Json) -> Json:
    """Arguments as they are compared: JSON texts as values, without what an operator adds."""
    return as_values(_without(arguments, _ADDED.get(action, {})))


def _without(value: Json, added: Mapping[str, Json]) -> Json:
    """An object without what stands in another one as well, at any depth, and without what is empty then."""
    if not isinstance(value, dict):
        return value
    kept: dict[str, Json] = {}
    for key, part in value.items():
        if key in added and isinstance(added[key], dict) and isinstance(part, dict):
            if inner := _without(part, added[key]):
                kept[key] = inner
        elif key not in added or part != added[key]:
            kept[key] = part
    return kept


def as_values(value: Json) -> Json:
    """A value with JSON texts of objects and lists parsed, at any depth."""
    match value:
        case str():
            parsed = as_value(value)
            return as_values(parsed) if isinstance(parsed, dict | list) else value
        case dict():
            return {key: as_values(part) for key, part in value.items()}
        case list():
            return [as_values(part) for part in value]
        case _:
            return value
