"""What a Task's ``Resource`` names (asl.md 8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from sfn_airflow_core.asl.model import Json

Kind: TypeAlias = Literal["lambda", "activity", "service"]
Pattern: TypeAlias = Literal["request", "sync", "sync:2", "waitForTaskToken"]


@dataclass(frozen=True, slots=True)
class Resource:
    """A parsed resource: ``service`` and ``action`` as in ``sqs`` and ``sendMessage``, ``aws-sdk:s3`` and
    ``getObject``.
    """

    arn: str
    kind: Kind
    service: str
    action: str
    pattern: Pattern = "request"


@lru_cache(maxsize=1024)
def parse_resource(arn: str) -> Resource:
    """The parts of a resource; whatever is not an activity or integration is a Lambda function, as on AWS."""
    parts = arn.split(":")
    if parts[2:3] == ["states"] and "activity" in parts[5:6]:
        return Resource(arn, "activity", "activity", parts[-1])
    if parts[2:3] == ["states"] and len(parts) > 6:
        named = ":".join(parts[5:])
        base, pattern = named, "request"
        for ending in (".waitForTaskToken", ".sync:2", ".sync"):
            if named.endswith(ending):
                base, pattern = named.removesuffix(ending), ending[1:]
                break
        service, _, action = base.rpartition(":")
        return Resource(arn, "service", service, action, _PATTERNS[pattern])
    return Resource(arn, "lambda", "lambda", parts[6] if len(parts) > 6 else arn)


_PATTERNS: dict[str, Pattern] = {
    "request": "request",
    "sync": "sync",
    "sync:2": "sync:2",
    "waitForTaskToken": "waitForTaskToken",
}


def short_names(arn: str, arguments: Json) -> list[str]:
    """Names under which replies to this resource may be given, the most exact first.

    >>> short_names("arn:aws:states:::sqs:sendMessage.waitForTaskToken", {})
    ['arn:aws:states:::sqs:sendMessage.waitForTaskToken', 'sqs:sendMessage.waitForTaskToken', 'sqs:sendMessage']
    """
    resource = parse_resource(arn)
    if resource.kind != "service":
        return [arn, resource.action]
    base = f"{resource.service}:{resource.action}"
    named = [arn, arn.split(":::", 1)[-1], base]
    if base == "lambda:invoke" and isinstance(arguments, dict):
        function = arguments.get("FunctionName")
        if isinstance(function, str):
            named[1:1] = [function, parse_resource(function).action]
    return list(dict.fromkeys(named))
