"""AWS SDK integrations through botocore's own service models: tokens, actions, argument names.

Step Functions names services, actions and members as the AWS SDK for Java 2 does; botocore's models, from which both
SDKs are made, give all of them. Models are read lazily, once a process.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from sfn_airflow_core.catalogue.model import Unknown

IRREGULAR = {
    "applicationdiscovery": "discovery",
    "config": "config",
    "costandusagereport": "cur",
    "databasemigration": "dms",
    "directory": "ds",
    "elasticsearch": "es",
    "marketplaceentitlement": "marketplace-entitlement",
    "lexmodelbuilding": "lex-models",
    "lexruntime": "lex-runtime",
}
"""Tokens that are not the service id without punctuation."""

PREFIXES = {
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
"""Error prefixes that are not the service id in Java's PascalCase."""

GONE = frozenset(
    [
        "alexaforbusiness",
        "codestar",
        "elasticinference",
        "elastictranscoder",
        "evidently",
        "honeycode",
        "iot1clickprojects",
        "iotanalytics",
        "iotevents",
        "ioteventsdata",
        "iotfleethub",
        "lookoutvision",
        "macie",
        "mobile",
        "opsworks",
        "opsworkscm",
        "panorama",
        "qldb",
        "qldbsession",
        "robomaker",
        "sms",
    ]
)
"""Tokens that Step Functions has listed and whose services AWS has ended: no current SDK knows them."""

_SERVICE_ID = re.compile(rb'"serviceId"\s*:\s*"([^"]+)"')

LISTED = "https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"


def _loader() -> Any:
    from botocore.loaders import Loader  # not at import time: most machines never need it

    return Loader()


@cache
def tokens() -> dict[str, str]:
    """The service tokens of AWS SDK integrations and boto3's name of each; reads only the head of each model."""
    found: dict[str, str] = {}
    for client, path in _models():
        with gzip.open(path, "rb") as file:
            match = _SERVICE_ID.search(file.read(4096)) or _SERVICE_ID.search(file.read())
        if match:
            token = re.sub(r"[^a-z0-9]", "", match[1].decode().lower())
            if found.get(token, "").replace("-", "") != token:  # of two clients with one id, the one called like it
                found[token] = client
    return {**found, **IRREGULAR}


def _models() -> Iterator[tuple[str, Path]]:
    import botocore

    for folder in sorted((Path(botocore.__file__).parent / "data").iterdir()):
        if versions := sorted(folder.glob("*/service-2.json.gz")):
            yield folder.name, versions[-1]


@cache
def model(client: str) -> Any:
    """botocore's ``ServiceModel`` of a client, such as ``dynamodb``."""
    from botocore.model import ServiceModel

    return ServiceModel(_loader().load_service_model(client, "service-2"), service_name=client)


def client_of(token: str) -> str | None:
    """The boto3 client for a service token: ``stepfunctions`` for ``sfn``; ``None`` where no service has it."""
    return tokens().get(token)


def similar_service(token: str) -> str | None:
    """The token that is nearest to a wrong one: boto3's own name, or a misspelling."""
    by_client = {client.replace("-", ""): name for name, client in tokens().items()}
    return by_client.get(token.replace("-", "")) or next(iter(get_close_matches(token, tokens(), 1, 0.8)), None)


def operation_of(client: str, action: str) -> str | None:
    """botocore's operation for an action: ``DescribeInstances`` for ``describeInstances``."""
    return _operations(client).get(action)


def similar_action(client: str, action: str) -> str | None:
    """The action that is nearest to a wrong one."""
    names = _operations(client)
    folded = {name.lower(): name for name in names}
    return folded.get(action.lower()) or next(iter(get_close_matches(action, names, 1, 0.7)), None)


@cache
def _operations(client: str) -> dict[str, str]:
    names = [str(name) for name in model(client).operation_names]
    return {spelling: name for name in names for spelling in (name[0].lower() + name[1:], uncapitalized(name))}


def title(client: str) -> str:
    """The service's name in prose: ``Amazon DynamoDB``."""
    metadata = model(client).metadata
    return str(metadata.get("serviceFullName", client))


# The service prefix of IAM actions is the signing name, except:
_IAM_PREFIX = {
    "bedrock-runtime": "bedrock",
    "apigatewayv2": "apigateway",
    "cloudwatch": "cloudwatch",
    "efs": "elasticfilesystem",
}
_IAM_ACTION = {
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "ListObjects"): "s3:ListBucket",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "CopyObject"): "s3:PutObject",
    ("s3", "DeleteObjects"): "s3:DeleteObject",
    ("dynamodb", "TransactWriteItems"): "dynamodb:PutItem",
    ("dynamodb", "TransactGetItems"): "dynamodb:GetItem",
}


def iam_action(client: str, operation: str) -> str:
    """The IAM action that allows a call: ``ec2:DescribeInstances``. Most are the signing name and the operation."""
    if action := _IAM_ACTION.get((client, operation)):
        return action
    prefix = _IAM_PREFIX.get(client) or str(model(client).signing_name)
    return f"{prefix}:{operation}"


def members(client: str, operation: str) -> tuple[str, ...]:
    """The members of an operation's request, spelt as in botocore."""
    shape = model(client).operation_model(operation).input_shape
    return tuple(shape.members) if shape is not None else ()


def unknown_arguments(given: tuple[str, ...], known: tuple[str, ...]) -> tuple[Unknown, ...]:
    """The arguments that an API does not have, whatever their case, each with the nearest known name."""
    folded = {name.lower(): pascal(name) for name in known}
    return tuple(
        Unknown(name, folded.get(next(iter(get_close_matches(name.lower(), folded, 1, 0.7)), "")))
        for name in given
        if name.lower() not in folded
    )


def uncapitalized(name: str) -> str:
    """A name with its leading capitals made small, as Java's code generator does.

    >>> uncapitalized("DBInstanceIdentifier"), uncapitalized("ETag"), uncapitalized("ChecksumCRC32")
    ('dbInstanceIdentifier', 'eTag', 'checksumCRC32')
    """
    end = 1
    while end < len(name) and name[end].isupper() and not name[end + 1 : end + 2].islower():
        end += 1
    return name[:end].lower() + name[end:]


def pascal(name: str) -> str:
    """How Step Functions spells a member of an AWS SDK integration.

    >>> pascal("DBInstanceIdentifier"), pascal("taskDefinition")
    ('DbInstanceIdentifier', 'TaskDefinition')
    """
    name = uncapitalized(name)
    return name[:1].upper() + name[1:]


def error_prefix(client: str) -> str:
    """What the errors of a service start with in an AWS SDK integration: ``DynamoDb``, ``Sfn``, ``SecretsManager``."""
    return PREFIXES.get(client) or java_class(str(model(client).service_id))


def java_class(text: str) -> str:
    """A name in the PascalCase of Java's code generator: words are cut at case changes and after digits.

    >>> java_class("DynamoDB"), java_class("Secrets Manager"), java_class("SFN"), java_class("WAFV2")
    ('DynamoDb', 'SecretsManager', 'Sfn', 'Wafv2')
    """
    text = re.sub(r"[^A-Za-z0-9]+", " ", text)
    text = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", text)
    text = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    text = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", text)
    return "".join(word.lower().capitalize() for word in text.split())
