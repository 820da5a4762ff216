"""S2A5xx: service integrations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sfn2airflow.rules.example import Example, lambda_task, machine
from sfn_airflow_core.findings import Fidelity, Finding

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedService(Finding):
    """The Resource is an open placeholder; which service it names is concluded from its name and the parameters.

    Why it matters: if the conclusion is wrong, the task calls the wrong service.

    Remedy: translate again with ``--substitute NAME=VALUE``.
    """

    code: ClassVar[str] = "S2A504"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/state-task.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Task", "Resource": "${ProcessFunctionArn}"}), "/States/Work/Resource"
    )
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:${Process}"})
    )

    resource: str
    assumption: str

    def message(self) -> str:
        return f"the Resource {self.resource} is open and taken for {self.assumption}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownService(Finding):
    """A Resource that names no service, action or pattern that is known.

    Why it matters: the state fails when it is run.

    Remedy: check the spelling of the Resource; a retired service needs a replacement.
    """

    code: ClassVar[str] = "S2A505"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = f"{_GUIDE}/integrate-services.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Task", "Resource": "arn:aws:states:::nosuchservice:doIt"}), "/States/Work/Resource"
    )
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:describeInstances", "Parameters": {}})
    )

    resource: str
    reason: str

    def message(self) -> str:
        return f"{self.resource}: {self.reason}; the task fails when run"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownArgument(Finding):
    """An argument that the service's API does not have.

    Why it matters: Step Functions rejects the call, and so does boto3, with another error.

    Remedy: correct the name.
    """

    code: ClassVar[str] = "S2A506"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_GUIDE}/supported-services-awssdk.html"
    example: ClassVar[Example] = Example(
        machine(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:getItem",
                "Parameters": {"TableNaem": "orders", "Key": {"id": {"S": "1"}}},
            }
        ),
        "/States/Work/Parameters/TableNaem",
    )
    near_miss: ClassVar[Example] = Example(
        machine(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:getItem",
                "Parameters": {"TableName": "orders", "Key": {"id": {"S": "1"}}},
            }
        )
    )

    name: str
    suggestion: str = ""

    def message(self) -> str:
        hint = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{self.name} is not an argument of this action{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRole(Finding):
    """A Task with Credentials calls its service in another role, which Airflow's role assumes for the call.

    Why it matters: until the other role trusts the role of the Airflow connection, the task fails.

    Remedy: add the role of the Airflow environment to the trust policy of the other role, and allow it sts:AssumeRole.
    """

    code: ClassVar[str] = "S2A507"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/concepts-access-cross-acct-resources.html"
    example: ClassVar[Example] = Example(
        machine(lambda_task(Credentials={"RoleArn": "arn:aws:iam::111122223333:role/other"})),
        "/States/Work/Credentials",
    )
    near_miss: ClassVar[Example] = Example(machine(lambda_task()))

    def message(self) -> str:
        return "the role of the Airflow connection must be trusted by the role in Credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess(Finding):
    """A Task that uses the Kubernetes API of an Amazon EKS cluster does so as the role of the Airflow connection.

    Why it matters: a cluster grants access to roles by their names; until it knows this one, the task fails with
    EKS.401.

    Remedy: add the role of the connection ``aws_default`` to the cluster's access entries (or its ``aws-auth``), with
    what the role of the state machine was allowed there.
    """

    code: ClassVar[str] = "S2A512"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/connect-eks.html"
    example: ClassVar[Example] = Example(
        machine(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::eks:call",
                "Parameters": {
                    "ClusterName": "data",
                    "CertificateAuthority": "LS0t",
                    "Endpoint": "https://x.eks.amazonaws.com",
                    "Method": "GET",
                    "Path": "/api/v1/pods",
                },
            }
        ),
        "/States/Work/Resource",
    )
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Task", "Resource": "arn:aws:states:::eks:deleteCluster.sync", "Parameters": {"Name": "data"}})
    )

    def message(self) -> str:
        return "the cluster must grant the role of the Airflow connection what it granted the state machine's"


RULES: tuple[type[Finding], ...] = (
    AssumedService,
    UnknownService,
    UnknownArgument,
    AssumedRole,
    ClusterAccess,
)
