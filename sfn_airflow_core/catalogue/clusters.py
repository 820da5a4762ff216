"""Rows for clusters and what runs on them: Amazon EMR in its three kinds, Amazon EKS."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import RR_SYNC, describe_by, row


def _emr(verb: str, operation: str, arguments: str = "", *, iam: str = "", sync: str = "") -> Row:
    """An action of EMR; ``sync`` is written as status, good and bad ends, and result, with ``|`` between."""
    describe = None
    if sync:
        status, good, bad, result = sync.split("|")
        step = "StepId=result.StepId" if verb == "addStep" else ""
        cluster = "result" if verb == "createCluster" else "request"
        name = "describeStep" if step else "describeCluster"
        describe = describe_by(
            f"elasticmapreduce:{name}", f"ClusterId={cluster}.ClusterId {step}", status, good, bad, result
        )
    return row(
        "connect-emr",
        "Amazon EMR",
        "emr",
        f"elasticmapreduce:{verb}",
        RR_SYNC if sync else ("request",),
        operation=operation,
        iam=iam or f"elasticmapreduce:{operation}",
        sync_iam=f"elasticmapreduce:{'DescribeStep' if verb == 'addStep' else 'DescribeCluster'}" if sync else "",
        arguments=arguments,
        describe=describe,
    )


_EMR = (
    _emr(
        "createCluster",
        "RunJobFlow",
        iam="elasticmapreduce:RunJobFlow iam:PassRole",
        sync="Cluster.Status.State|WAITING TERMINATED|TERMINATED_WITH_ERRORS|ClusterId=Cluster.Id Cluster=Cluster",
    ),
    _emr(
        "terminateCluster",
        "TerminateJobFlows",
        "ClusterId",
        sync="Cluster.Status.State|TERMINATED TERMINATED_WITH_ERRORS||",
    ),
    _emr(
        "addStep",
        "AddJobFlowSteps",
        "ClusterId Step ExecutionRoleArn",
        sync="Step.Status.State|COMPLETED|FAILED CANCELLED INTERRUPTED|",
    ),
    _emr("cancelStep", "CancelSteps", "ClusterId StepId StepCancellationOption"),
    _emr(
        "modifyInstanceFleetByName",
        "ModifyInstanceFleet",
        "ClusterId InstanceFleetName InstanceFleet",
        iam="elasticmapreduce:ListInstanceFleets elasticmapreduce:ModifyInstanceFleet",
    ),
    _emr(
        "modifyInstanceGroupByName",
        "ModifyInstanceGroups",
        "ClusterId InstanceGroupName InstanceGroup",
        iam="elasticmapreduce:ListInstanceGroups elasticmapreduce:ModifyInstanceGroups",
    ),
    _emr("setClusterTerminationProtection", "SetTerminationProtection", "ClusterId TerminationProtected"),
)


def _serverless(verb: str, sync_operation: str, status: str, good: str, bad: str, ids: str) -> Row:
    name = sync_operation[0].upper() + sync_operation[1:]
    return row(
        "connect-emr-serverless",
        "Amazon EMR Serverless",
        "emr-serverless",
        f"emr-serverless:{verb}",
        RR_SYNC,
        sync_iam=f"emr-serverless:{name}",
        describe=describe_by(f"emr-serverless:{sync_operation}", ids, status, good, bad),
    )


_APPLICATION = "ApplicationId=request.ApplicationId"
_SERVERLESS = (
    _serverless(
        "createApplication",
        "getApplication",
        "Application.State",
        "CREATED STARTED",
        "TERMINATED",
        "ApplicationId=result.ApplicationId",
    ),
    _serverless(
        "startApplication", "getApplication", "Application.State", "STARTED", "STOPPED TERMINATED", _APPLICATION
    ),
    _serverless(
        "stopApplication", "getApplication", "Application.State", "STOPPED CREATED", "TERMINATED", _APPLICATION
    ),
    _serverless("deleteApplication", "getApplication", "Application.State", "TERMINATED", "", _APPLICATION),
    _serverless(
        "startJobRun",
        "getJobRun",
        "JobRun.State",
        "SUCCESS",
        "FAILED CANCELLED",
        f"{_APPLICATION} JobRunId=result.JobRunId",
    ),
    _serverless(
        "cancelJobRun",
        "getJobRun",
        "JobRun.State",
        "CANCELLED SUCCESS FAILED",
        "",
        f"{_APPLICATION} JobRunId=request.JobRunId",
    ),
)

_CONTAINERS = (
    row("connect-emr-eks", "Amazon EMR on EKS", "emr-containers", "emr-containers:createVirtualCluster"),
    row(
        "connect-emr-eks",
        "Amazon EMR on EKS",
        "emr-containers",
        "emr-containers:deleteVirtualCluster",
        RR_SYNC,
        sync_iam="emr-containers:DescribeVirtualCluster",
        describe=describe_by(
            "emr-containers:describeVirtualCluster", "Id=result.Id", "VirtualCluster.State", "TERMINATED", "ARRESTED"
        ),
    ),
    row(
        "connect-emr-eks",
        "Amazon EMR on EKS",
        "emr-containers",
        "emr-containers:startJobRun",
        RR_SYNC,
        sync_iam="emr-containers:DescribeJobRun",
        describe=describe_by(
            "emr-containers:describeJobRun",
            "Id=result.Id VirtualClusterId=result.VirtualClusterId",
            "JobRun.State",
            "COMPLETED",
            "FAILED CANCELLED",
        ),
    ),
)


def _eks(noun: str, arguments: str, not_made: str, not_gone: str) -> tuple[Row, ...]:
    """Creating and deleting; what is deleted ends in the status ``DELETED``, which stands for "not found"."""

    def one(verb: str, good: str, bad: str, iam: str) -> Row:
        ids = " ".join(f"{name}=request.{name}" for name in arguments.split())
        if noun == "Cluster" and verb == "create":
            ids = "Name=request.Name"
        return row(
            "connect-eks",
            "Amazon EKS",
            "eks",
            f"eks:{verb}{noun}",
            RR_SYNC,
            iam=iam,
            sync_iam=f"eks:Describe{noun}",
            describe=describe_by(f"eks:describe{noun}", ids, f"{noun}.Status", good, bad),
        )

    return (
        one("create", "ACTIVE", not_made, f"eks:Create{noun} iam:PassRole"),
        one("delete", "DELETED", not_gone, f"eks:Delete{noun}"),
    )


_CLUSTER = "ClusterName CertificateAuthority Endpoint"
_KUBERNETES = (
    row(
        "connect-eks",
        "Amazon EKS",
        "eks",
        "eks:call",
        operation="",
        iam="sts:GetCallerIdentity",
        arguments=f"{_CLUSTER} Method Path QueryParameters RequestBody",
    ),
    row(
        "connect-eks",
        "Amazon EKS",
        "eks",
        "eks:runJob",
        RR_SYNC,
        operation="",
        iam="sts:GetCallerIdentity",
        sync_iam="sts:GetCallerIdentity",
        arguments=f"{_CLUSTER} Namespace Job LogOptions",
        describe=describe_by(
            "eks:describeJob",
            " ".join(f"{name}=request.{name}" for name in (*_CLUSTER.split(), "Namespace", "LogOptions"))
            + " Name=result.ResponseBody.metadata.name",
            "State",
            "Complete",
            "Failed",
            "Job",
        ),
    ),
)
"""The Kubernetes API of a cluster, which itself decides who may use it: of IAM it needs the identity only."""


CLUSTERS: tuple[Row, ...] = (
    *_EMR,
    *_SERVERLESS,
    *_CONTAINERS,
    *_KUBERNETES,
    *_eks("Cluster", "Name", "FAILED", "FAILED"),
    *_eks("Nodegroup", "ClusterName NodegroupName", "CREATE_FAILED DEGRADED", "DELETE_FAILED"),
    *_eks("FargateProfile", "ClusterName FargateProfileName", "CREATE_FAILED", "DELETE_FAILED"),
)
