"""Names inside of values: as botocore's models have them, and as Step Functions spells them.

Optimised integrations write the first letter of every member large, AWS SDK integrations follow the AWS SDK for Java 2
(``DBInstanceIdentifier`` is ``DbInstanceIdentifier``). Keys of maps and of free documents are data and stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.aws_sdk import client_of, error_prefix, java_class, model, operation_of, pascal
from sfn_airflow_core.catalogue.model import SDK, Row

Spell: TypeAlias = Callable[[str], str]
TOKENS: Mapping[str, str] = {
    "states": "sfn",
    "events": "eventbridge",
    "elasticmapreduce": "emr",
    "emr-serverless": "emrserverless",
    "emr-containers": "emrcontainers",
}
"""Services that optimised integrations and AWS SDK integrations call by different names."""


def capital(name: str) -> str:
    """A member of an optimised integration.

    >>> capital("taskArn"), capital("JobName")
    ('TaskArn', 'JobName')
    """
    return name[:1].upper() + name[1:]


def as_sdk(action: str) -> str:
    """A call as an AWS SDK integration.

    >>> as_sdk("states:describeExecution"), as_sdk("aws-sdk:rds:stopDBInstance")
    ('aws-sdk:sfn:describeExecution', 'aws-sdk:rds:stopDBInstance')
    """
    if action.startswith(SDK):
        return action
    service, _, verb = action.partition(":")
    return f"{SDK}{TOKENS.get(service, service)}:{verb}"


def operation(action: str) -> Any:
    """botocore's model of the operation that an AWS SDK integration calls. Raises KeyError where there is none."""
    _, token, verb = action.split(":")
    client = client_of(token)
    name = operation_of(client, verb) if client else None
    if client is None or name is None:
        raise KeyError(action)
    return model(client).operation_model(name)


def request(action: str, row: Row) -> tuple[Any, Spell]:
    """The shape of an action's request (``None`` where Step Functions has its own), and how it spells members."""
    if action.startswith(SDK):
        return operation(action).input_shape, pascal
    if row.arguments or not row.operation:
        return None, capital
    return model(row.client).operation_model(row.operation).input_shape, capital


def at(shape: Any, path: str) -> Any:
    """The shape at a dotted path of members, whatever their case; ``None`` where there is none."""
    for step in path.split("."):
        kind = getattr(shape, "type_name", None)
        if kind == "list":
            shape = shape.member
        elif kind == "map":
            shape = shape.value
        elif kind == "structure":
            shape = next((member for name, member in shape.members.items() if name.lower() == step.lower()), None)
        else:
            return None
    return shape


def spelt(value: Json, shape: Any, spell: Spell) -> Json:
    """A value with botocore's names as Step Functions spells it; names that the shape does not have are spelt too."""
    match getattr(shape, "type_name", None), value:
        case "structure", dict() if not getattr(shape, "is_document_type", False):
            return {spell(name): spelt(part, at(shape, name), spell) for name, part in value.items()}
        case "list", list():
            return [spelt(item, shape.member, spell) for item in value]
        case "map", dict():
            return {name: spelt(part, shape.value, spell) for name, part in value.items()}
        case _:
            return value


def own_spelling(value: Json, shape: Any, spell: Spell) -> Json:
    """A value of a Task with botocore's own names: the inverse of ``spelt``."""
    match getattr(shape, "type_name", None), value:
        case "structure", dict() if not getattr(shape, "is_document_type", False):
            names = {spell(name): name for name in shape.members}
            return {
                names.get(name, name): own_spelling(part, at(shape, names.get(name, name)), spell)
                for name, part in value.items()
            }
        case "list", list():
            return [own_spelling(item, shape.member, spell) for item in value]
        case "map", dict():
            return {name: own_spelling(part, shape.value, spell) for name, part in value.items()}
        case _:
            return value


@cache
def error_name(action: str, code: str) -> str:
    """What an AWS SDK integration calls an error that the service answers with this code.

    An exception that the operation declares has its own name; any other is the service's base exception.
    """
    called = operation(action)
    prefix = error_prefix(called.service_model.service_name)
    for shape in called.error_shapes:
        if code in (shape.name, shape.error_code, f"{shape.name}Exception"):
            name = java_class(shape.name).removesuffix("Fault")
            return f"{prefix}.{name if name.endswith('Exception') else name + 'Exception'}"
    return f"{prefix}.{prefix}Exception"
