"""What a Task's Resource means, as values: what ``resolve`` answers.

A ``Service`` is a row of the catalogue (or an AWS SDK action, or a Lambda function) applied to one Task. It knows
botocore's names only as text: nothing here imports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sfn_airflow_core.catalogue.model import Describe, Operator, Pattern, Unknown

__all__ = ["Describe", "Encoding", "Kind", "Operator", "Pattern", "Service", "Unknown", "Unsupported"]

Encoding: TypeAlias = Literal["call", "function", "operator", "job", "callback", "activity"]
"""What stands for the Task in the runtime: ``aws(action, …)``, ``invoke(arn, …)``, ``as_state(…)``, ``job(…)``,
``@callback`` over a call, ``@activity``.
"""

Kind: TypeAlias = Literal[
    "service-gone",
    "unknown-service",
    "unknown-action",
    "sync-not-available",
    "open",
    "not-a-resource",
]
"""Why a Resource cannot be translated."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a Task calls, and everything needed to write it as an Airflow task.

    ``action`` is the name the runtime takes: ``dynamodb:updateItem``, ``glue:startJobRun.sync`` for a job,
    ``aws-sdk:ec2:describeInstances``, or ``lambda`` or ``activity`` for an ARN (then in ``function_arn``).
    ``error_prefix`` is what the service's errors start with. ``iam`` names the actions that the connections' role
    needs.
    ``assumption`` is a sentence where the Resource was open and had to be guessed; ``open`` are the placeholders in
    it.
    """

    action: str
    pattern: Pattern
    encoding: Encoding
    title: str
    error_prefix: str
    client: str
    operation: str
    iam: tuple[str, ...]
    sources: tuple[str, ...]
    function_arn: str | None = None
    region: str | None = None
    operator: Operator | None = None
    describe: Describe | None = None
    connections: tuple[str, ...] = ("aws_default",)
    assumption: str | None = None
    open: tuple[str, ...] = ()
    unknown_arguments: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why nothing can be called for a Resource."""

    reason: str
    kind: Kind
    resource: str
    remedy: str = ""
    sources: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
