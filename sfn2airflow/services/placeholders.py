"""What an open Resource is: a ``${Name}`` that CloudFormation or the deployment fills in later.

The name itself and the arguments of the Task are the evidence. Without evidence for another service a placeholder is
taken for a Lambda function's ARN, as in nearly all published templates.
"""

from __future__ import annotations

import re
from collections.abc import Collection

PLACEHOLDER = re.compile(r"\$\{([^${}]*)\}")

_BY_NAME: tuple[tuple[str, str], ...] = (
    (r"sns.*publish|publish.*sns|topicpublish", "sns:publish"),
    (r"sqs.*send|send.*sqs|sendmessageaction", "sqs:sendMessage"),
    (r"(ddb|dynamodb|dynamo).*(transactwrite)", "aws-sdk:dynamodb:transactWriteItems"),
    (r"(ddb|dynamodb|dynamo).*(batchwrite)", "aws-sdk:dynamodb:batchWriteItem"),
    (r"(ddb|dynamodb|dynamo).*(batchget)", "aws-sdk:dynamodb:batchGetItem"),
    (r"(ddb|dynamodb|dynamo).*update", "dynamodb:updateItem"),
    (r"(ddb|dynamodb|dynamo).*put", "dynamodb:putItem"),
    (r"(ddb|dynamodb|dynamo).*get", "dynamodb:getItem"),
    (r"(ddb|dynamodb|dynamo).*delete", "dynamodb:deleteItem"),
    (r"(ddb|dynamodb|dynamo).*query", "aws-sdk:dynamodb:query"),
    (r"(ddb|dynamodb|dynamo).*scan", "aws-sdk:dynamodb:scan"),
    (r"putevents|eventbridge.*put", "events:putEvents"),
    (r"glue.*startjob|startgluejob", "glue:startJobRun"),
    (r"(lambda).*(action|invoke)", "lambda:invoke"),
)

_BY_ARGUMENTS: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(names.split()), action)
    for names, action in (
        ("TopicArn Message", "sns:publish"),
        ("TargetArn Message", "sns:publish"),
        ("QueueUrl MessageBody", "sqs:sendMessage"),
        ("TransactItems", "aws-sdk:dynamodb:transactWriteItems"),
        ("RequestItems", "aws-sdk:dynamodb:batchWriteItem"),
        ("TableName Item", "dynamodb:putItem"),
        ("TableName Key UpdateExpression", "dynamodb:updateItem"),
        ("TableName Key AttributeUpdates", "dynamodb:updateItem"),
        ("TableName KeyConditionExpression", "aws-sdk:dynamodb:query"),
        ("StateMachineArn", "states:startExecution"),
        ("JobQueue JobDefinition JobName", "batch:submitJob"),
        ("TaskDefinition", "ecs:runTask"),
        ("QueryString ResultConfiguration", "athena:startQueryExecution"),
        ("FunctionName Payload", "lambda:invoke"),
    )
)

_ONLY: dict[frozenset[str], str] = {
    frozenset(("FunctionName",)): "lambda:invoke",
    frozenset(("JobName",)): "glue:startJobRun",
    frozenset(("JobName", "Arguments")): "glue:startJobRun",
    frozenset(("Entries",)): "events:putEvents",
}
"""Arguments that name a service only when there are no others: a function may well get a ``JobName`` among its data."""

_KEYED = {
    "ConsistentRead": "dynamodb:getItem",
    "ProjectionExpression": "dynamodb:getItem",
    "ConditionExpression": "dynamodb:deleteItem",
    "ReturnValues": "dynamodb:deleteItem",
}


def placeholders(text: str) -> tuple[str, ...]:
    """The names of the placeholders in a text, each once.

    >>> placeholders("arn:${AWS::Partition}:states:::${X}")
    ('AWS::Partition', 'X')
    """
    return tuple(dict.fromkeys(PLACEHOLDER.findall(text)))


def guess(name: str, arguments: Collection[str]) -> tuple[str, str] | None:
    """The action that an open Resource most likely stands for, and the evidence; ``None`` for a Lambda function.

    ``name`` is the placeholder's name, ``arguments`` the names of the Task's arguments without ``.$``.
    The result ``("activity", …)`` means an activity's ARN.
    """
    plain = re.sub(r"[^a-z]", "", name.lower())
    if re.search(r"activity(arn)?$", plain):
        return "activity", f"the name {name}"
    given = frozenset(arguments)
    for pattern, action in _BY_NAME:
        if re.search(pattern, plain) and (action != "lambda:invoke" or "FunctionName" in given):
            return action, f"the name {name}"
    for names, action in _BY_ARGUMENTS:
        if names <= given:
            return action, "the arguments " + ", ".join(sorted(names))
    if {"TableName", "Key"} <= given:
        action = next((a for member, a in _KEYED.items() if member in given), "dynamodb:getItem")
        return action, "the arguments TableName, Key"
    if action := _ONLY.get(given, ""):
        return action, "the arguments " + ", ".join(sorted(given))
    return None
