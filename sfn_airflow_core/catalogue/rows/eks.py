"""Rows for Amazon EKS: clusters with their compute, and the Kubernetes API in them."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Operator, Row, Sensor
from sfn_airflow_core.catalogue.notation import RR_SYNC, describe_by, operator, row, sensor

Classes = tuple[Operator | Sensor, ...]


def _eks(noun: str, arguments: str, not_made: str, not_gone: str, create: Classes, delete: Classes) -> tuple[Row, ...]:
    """Creating and deleting; what is deleted ends in the status ``DELETED``, which stands for "not found"."""

    def one(verb: str, good: str, bad: str, iam: str, classes: Classes) -> Row:
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
            describe=describe_by(
                f"eks:describe{noun}", ids, f"{noun}.Status", good, bad, gone="ResourceNotFoundException"
            ),
            classes=classes,
        )

    return (
        one("create", "ACTIVE", not_made, f"eks:Create{noun} iam:PassRole", create),
        one("delete", "DELETED", not_gone, f"eks:Delete{noun}", delete),
    )


def _eks_sensor(noun: str, places: str, terminal: str) -> Sensor:
    return sensor(
        f"eks.Eks{noun}StateSensor",
        places,
        targets="target_state",
        succeeded="ACTIVE",
        broken=terminal,
        gone="ResourceNotFoundException",
        vanished="NONEXISTENT",
    )


_MAKE = "wait_for_completion:no"
_POOL = "cluster_name nodegroup_name"
_PROFILE = "cluster_name fargate_profile_name"
_COMPUTE = (
    *_eks(
        "Cluster",
        "Name",
        "FAILED",
        "FAILED",
        (
            operator(
                "eks.EksCreateClusterOperator",
                "cluster_name=Name cluster_role_arn=RoleArn resources_vpc_config=ResourcesVpcConfig"
                " create_cluster_kwargs=*",
                waits="always",
                ignored="compute nodegroup_name nodegroup_role_arn create_nodegroup_kwargs fargate_profile_name"
                " fargate_pod_execution_role_arn fargate_selectors create_fargate_profile_kwargs wait_for_completion",
            ),
            _eks_sensor("Cluster", "cluster_name=Name", "ACTIVE FAILED"),
        ),
        (operator("eks.EksDeleteClusterOperator", "cluster_name=Name", waits=_MAKE, refused="force_delete_compute"),),
    ),
    *_eks(
        "Nodegroup",
        "ClusterName NodegroupName",
        "CREATE_FAILED DEGRADED",
        "DELETE_FAILED",
        (
            operator(
                "eks.EksCreateNodegroupOperator",
                f"{_POOL} nodegroup_subnets=Subnets nodegroup_role_arn=NodeRole create_nodegroup_kwargs=*",
                waits=_MAKE,
                defaults={"nodegroup_name": "nodegroup"},
            ),
            _eks_sensor("Nodegroup", _POOL, "ACTIVE CREATE_FAILED DELETE_FAILED"),
        ),
        (operator("eks.EksDeleteNodegroupOperator", _POOL, waits=_MAKE),),
    ),
    *_eks(
        "FargateProfile",
        "ClusterName FargateProfileName",
        "CREATE_FAILED",
        "DELETE_FAILED",
        (
            operator(
                "eks.EksCreateFargateProfileOperator",
                f"{_PROFILE} pod_execution_role_arn selectors create_fargate_profile_kwargs=*",
                waits=_MAKE,
                defaults={"fargate_profile_name": "profile"},
            ),
            _eks_sensor("FargateProfile", _PROFILE, "ACTIVE CREATE_FAILED DELETE_FAILED"),
        ),
        (operator("eks.EksDeleteFargateProfileOperator", _PROFILE, waits=_MAKE),),
    ),
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

EKS: tuple[Row, ...] = (*_KUBERNETES, *_COMPUTE)
