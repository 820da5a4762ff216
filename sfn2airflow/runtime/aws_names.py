"""Names as Step Functions spells them: members of requests and results, errors, times.

Step Functions writes every member in PascalCase, whatever the service's own API writes. AWS SDK integrations follow the
AWS SDK for Java 2 (``DbInstanceIdentifier``), optimised integrations capitalise the first letter.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, date, datetime
from typing import Any

Json = Any

OPTIMISED = {
    "lambda": ("Lambda", "AWSLambda"),
    "sns": ("SNS", "AmazonSNS"),
    "sqs": ("SQS", "AmazonSQS"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDBv2"),
    "events": ("EventBridge", "AmazonEventBridge"),
    "states": ("StepFunctions", "AWSStepFunctions"),
    "apigateway": ("ApiGateway", "ApiGateway"),
    "glue": ("Glue", "AWSGlue"),
    "athena": ("Athena", "AmazonAthena"),
    "databrew": ("DataBrew", "AWSGlueDataBrew"),
    "batch": ("Batch", "AWSBatch"),
    "ecs": ("ECS", "AmazonECS"),
    "codebuild": ("CodeBuild", "AWSCodeBuild"),
    "mediaconvert": ("MediaConvert", "AWSMediaConvert"),
    "sagemaker": ("SageMaker", "AmazonSageMaker"),
    "bedrock": ("Bedrock", "AmazonBedrock"),
    "elasticmapreduce": ("ElasticMapReduce", "AmazonElasticMapReduce"),
    "emr-containers": ("EMRContainers", "AmazonEMRContainers"),
    "emr-serverless": ("EMRServerless", "AWSEMRServerless"),
    "eks": ("EKS", "AmazonEKS"),
}
"""Prefix of the errors of an optimised integration, and the service as its causes name it."""

_PREFIXES = {
    "config": "Config",
    "cur": "CostAndUsageReport",
    "discovery": "ApplicationDiscovery",
    "dms": "DatabaseMigration",
    "ds": "Directory",
    "es": "Elasticsearch",
    "lex-models": "LexModelBuilding",
    "lex-runtime": "LexRuntime",
    "marketplace-entitlement": "MarketplaceEntitlement",
    "memorydb": "MemoryDB",
}


def plain_name(member: str) -> str:
    """A member of an optimised integration: ``taskArn`` is ``TaskArn``."""
    return member[:1].upper() + member[1:]


def java_name(member: str) -> str:
    """A member of an AWS SDK integration: ``DBInstanceIdentifier`` is ``DbInstanceIdentifier``."""
    end = 1
    while end < len(member) and member[end].isupper() and not member[end + 1 : end + 2].islower():
        end += 1
    return member[:1].upper() + member[1:end].lower() + member[end:]


def java_class(text: str) -> str:
    """A name in the PascalCase of Java's code generator: ``DynamoDB`` is ``DynamoDb``, ``SFN`` is ``Sfn``."""
    text = re.sub(r"[^A-Za-z0-9]+", " ", text)
    text = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", text)
    text = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    text = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", text)
    return "".join(word.capitalize() for word in text.lower().split())


def request(value: Json, shape: Any) -> Json:
    """Arguments of a Task as botocore wants them: the API's own names, JSON text where text is wanted, no nulls.

    Names are matched without regard to case. A name that the API does not have is kept, for botocore to refuse.
    """
    match getattr(shape, "type_name", None):
        case "structure" if isinstance(value, dict):
            names = {name.lower(): name for name in shape.members}
            named = {names.get(k.lower(), k): v for k, v in value.items() if v is not None}
            return {k: request(v, shape.members.get(k)) for k, v in named.items()}
        case "list" if isinstance(value, list):
            return [request(item, shape.member) for item in value]
        case "map" if isinstance(value, dict):
            return {k: request(v, shape.value) for k, v in value.items()}
        case "string" if isinstance(value, dict | list):
            return compact(value)
        case "blob" if not isinstance(value, bytes):
            return (value if isinstance(value, str) and not streaming(shape) else compact(value)).encode()
        case _:
            return value


def streaming(shape: Any) -> bool:
    """Whether a shape is the body of a message, such as an object in S3."""
    return bool(shape.serialization.get("streaming"))


def compact(value: Json) -> str:
    """A JSON value as text without white space."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def result(value: Json, shape: Any, spell: Any) -> Json:
    """botocore's answer as a Task's result; ``spell`` is ``plain_name`` or ``java_name``."""
    match getattr(shape, "type_name", None):
        case "structure" if isinstance(value, dict):
            return {spell(k): result(v, shape.members.get(k), spell) for k, v in value.items()}
        case "list" if isinstance(value, list):
            return [result(item, shape.member, spell) for item in value]
        case "map" if isinstance(value, dict):
            return {k: result(v, shape.value, spell) for k, v in value.items()}
        case _:
            return scalar(value)


def scalar(value: Json) -> Json:
    """Times as ISO 8601 in UTC, bytes and streams as text (base64 where they are no text)."""
    if hasattr(value, "read"):
        value = value.read()
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec=_precision(value)).replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return base64.b64encode(value).decode()
        case _:
            return value


def _precision(value: datetime) -> str:
    """Java prints no fraction, milliseconds, or microseconds."""
    if not value.microsecond:
        return "seconds"
    return "microseconds" if value.microsecond % 1000 else "milliseconds"


def service_error(action: str, error: Any, operation: Any) -> tuple[str, str]:
    """The Error and Cause that Step Functions gives to a botocore ``ClientError`` of an operation (its model).

    An exception that the operation declares has its own name, which ends in ``Exception``; any other is the service's
    base exception: ``DynamoDB.AmazonDynamoDBException``, ``DynamoDb.DynamoDbException``.
    """
    told, meta = error.response["Error"], error.response.get("ResponseMetadata", {})
    code, message = str(told.get("Code", "")), told.get("Message")
    status, request_id = meta.get("HTTPStatusCode"), meta.get("RequestId")
    if action.startswith("aws-sdk:"):
        prefix = sdk_prefix(operation.service_model)
        name = _declared(code, operation, java_class) or f"{prefix}Exception"
        extended = f", Extended Request ID: {meta['HostId']}" if meta.get("HostId") else ""
        return (
            f"{prefix}.{name}",
            f"{message} (Service: {prefix}, Status Code: {status}, Request ID: {request_id}{extended})",
        )
    prefix, service = OPTIMISED[action.partition(":")[0]]
    name = _declared(code, operation, str) or f"{service.removesuffix('v2')}Exception"
    where = f"Service: {service}; Status Code: {status}; Error Code: {code}; Request ID: {request_id}; Proxy: null"
    return f"{prefix}.{name}", f"{message} ({where})"


def sdk_prefix(service: Any) -> str:
    """What the names of a service's errors start with in an AWS SDK integration, from its botocore model."""
    return _PREFIXES.get(service.service_name) or java_class(str(service.service_id))


def _declared(code: str, operation: Any, spell: Any) -> str | None:
    """The exception that an operation declares for an error code."""
    code = code.rpartition("#")[2]
    shapes = operation.error_shapes
    for shape in shapes:
        if code in (shape.name, shape.error_code, f"{shape.name}Exception") or (code == "404" and len(shapes) == 1):
            name = spell(shape.name)
            if spell is not str:
                name = name.removesuffix("Fault")
            return name if name.endswith("Exception") else f"{name}Exception"
    return None
