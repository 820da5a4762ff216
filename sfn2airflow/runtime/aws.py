"""AWS calls by the names that state machines use, and AWS operators as states."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
from airflow.sdk import BaseOperator
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from .errors import Json, StateError
from .documents import DOCUMENT, STATE

_PREFIX = {
    "dynamodb": "DynamoDB",
    "sns": "SNS",
    "sqs": "SQS",
    "states": "StepFunctions",
    "events": "EventBridge",
    "ecs": "ECS",
}
_CLIENT = {
    "states": "stepfunctions",
    "elasticmapreduce": "emr",
    "sfn": "stepfunctions",
    "eventbridge": "events",
}
_JSON_TEXT = {"sns:publish": "Message", "sqs:sendMessage": "MessageBody", "states:startExecution": "Input"}


def aws(action: str, **arguments: Json) -> Json:
    """Call a service by the name ASL gives the call: ``dynamodb:updateItem``, ``aws-sdk:ec2:describeInstances``."""
    service, operation = action.removeprefix("aws-sdk:").split(":")
    client = AwsGenericHook(client_type=_CLIENT.get(service, service)).get_conn()
    model = client.meta.service_model.operation_model(operation[0].upper() + operation[1:])
    if action == "lambda:invoke":
        arguments["Payload"] = json.dumps(arguments.get("Payload", {}), separators=(",", ":"))
    elif (field := _JSON_TEXT.get(action)) and not isinstance(arguments.get(field), str):
        arguments[field] = json.dumps(arguments[field], separators=(",", ":"))
    method = getattr(client, xform_name(operation))
    prefix = _PREFIX.get(service, service.capitalize()) if not action.startswith("aws-sdk:") else _java(client)
    try:
        answer = method(**_renamed(arguments, model.input_shape, str.lower))
    except ClientError as error:
        raise _service_error(prefix, error) from error
    except BotoCoreError as error:
        raise StateError(f"{prefix}.SdkClientException", str(error)) from error
    answer.pop("ResponseMetadata", None)
    if action == "lambda:invoke":
        text = answer["Payload"].read().decode()
        payload = json.loads(text) if text else None
        if "FunctionError" in answer:
            raise StateError((payload or {}).get("errorType", "Lambda.Unknown"), text)
        answer["Payload"] = payload
    return _renamed(answer, model.output_shape, str.upper)


def _service_error(prefix: str, error: ClientError) -> StateError:
    """``DynamoDB.ConditionalCheckFailedException``, with the cause as Step Functions words it."""
    problem, meta = error.response["Error"], error.response.get("ResponseMetadata", {})
    code = problem["Code"] if problem["Code"].endswith("Exception") else f"{problem['Code']}Exception"
    where = f"(Service: {prefix}, Status Code: {meta.get('HTTPStatusCode')}, Request ID: {meta.get('RequestId')})"
    return StateError(f"{prefix}.{code}", f"{problem.get('Message')} {where}")


def _java(client: Any) -> str:
    """The prefix of AWS SDK errors: ``DynamoDb`` for DynamoDB, ``SecretsManager`` for Secrets Manager."""
    words = re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+", client.meta.service_model.service_id)
    return "".join(word.capitalize() for word in words)


def _renamed(value: Json, shape: Any, case: Callable[[str], str]) -> Json:
    """ASL writes PascalCase members, some services camelCase: rename by the service's model; dates become text."""
    match getattr(shape, "type_name", None):
        case "structure" if isinstance(value, dict):
            pairs = ((k, k[0].swapcase() + k[1:], v) for k, v in value.items())
            if case is str.lower:
                named = ((k if k in shape.members else other, v) for k, other, v in pairs)
                return {k: _renamed(v, shape.members.get(k), case) for k, v in named}
            return {k[0].upper() + k[1:]: _renamed(v, shape.members.get(k), case) for k, _, v in pairs}
        case "list" if isinstance(value, list):
            return [_renamed(v, shape.member, case) for v in value]
        case "map" if isinstance(value, dict):
            return {k: _renamed(v, shape.value, case) for k, v in value.items()}
        case _:
            return value.isoformat() if isinstance(value, date) else value


def as_state(
    operator: type[BaseOperator], name: str, *, output: Callable[[Json, Any], Json], **task_args: Any
) -> BaseOperator:
    """A provider's operator whose XCom is the document its state hands on: ``output(document, result)``."""

    class State(operator):
        def execute(self, context: Any) -> Json:
            data = DOCUMENT.resolve(context)
            try:
                return output(data, super().execute(context))
            except ClientError as error:
                raise _service_error(self.hook.client_type.capitalize(), error) from error

        def execute_complete(self, context: Any, event: Any = None) -> Json:
            return output(DOCUMENT.resolve(context), super().execute_complete(context, event))

    State.__name__ = State.__qualname__ = operator.__name__
    return State(**{**STATE, "task_display_name": name, **task_args})
