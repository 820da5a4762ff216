"""Rows for clusters and what runs on them: Amazon EMR in its three kinds."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Operator, Row, Sensor
from sfn_airflow_core.catalogue.notation import RR_SYNC, describe_by, operator, row, sensor

Classes = tuple[Operator | Sensor, ...]


def _emr(
    verb: str, operation: str, arguments: str = "", *, iam: str = "", sync: str = "", classes: Classes = ()
) -> Row:
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
        classes=classes,
    )


_EMR = (
    _emr(
        "createCluster",
        "RunJobFlow",
        iam="elasticmapreduce:RunJobFlow iam:PassRole",
        sync="Cluster.Status.State|WAITING TERMINATED|TERMINATED_WITH_ERRORS|ClusterId=Cluster.Id Cluster=Cluster",
        classes=(
            operator(
                "emr.EmrCreateJobFlowOperator",
                "job_flow_overrides=*",
                waits="wait_for_completion:no",
                result="$states.result.ClusterId",
                waited="$states.result.ClusterId",
                ignored="emr_conn_id wait_policy terminate_job_flow_on_failure",
            ),
            sensor(
                "emr.EmrJobFlowSensor",
                "job_flow_id=ClusterId",
                targets="target_states",
                succeeded="TERMINATED",
                breaks="failed_states",
            ),
        ),
    ),
    _emr(
        "terminateCluster",
        "TerminateJobFlows",
        "ClusterId",
        sync="Cluster.Status.State|TERMINATED TERMINATED_WITH_ERRORS||",
        classes=(operator("emr.EmrTerminateJobFlowOperator", "job_flow_id=ClusterId", waits="deferrable:no"),),
    ),
    _emr(
        "addStep",
        "AddJobFlowSteps",
        "ClusterId Step ExecutionRoleArn",
        sync="Step.Status.State|COMPLETED|FAILED CANCELLED INTERRUPTED|",
        classes=(
            sensor(
                "emr.EmrStepSensor",
                "job_flow_id=ClusterId step_id",
                targets="target_states",
                breaks="failed_states",
            ),
        ),
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


def _serverless(
    verb: str, sync_operation: str, status: str, good: str, bad: str, ids: str, classes: Classes = ()
) -> Row:
    name = sync_operation[0].upper() + sync_operation[1:]
    return row(
        "connect-emr-serverless",
        "Amazon EMR Serverless",
        "emr-serverless",
        f"emr-serverless:{verb}",
        RR_SYNC,
        sync_iam=f"emr-serverless:{name}",
        describe=describe_by(f"emr-serverless:{sync_operation}", ids, status, good, bad),
        classes=classes,
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
        (
            operator(
                "emr.EmrServerlessCreateApplicationOperator",
                "release_label job_type=Type client_request_token=ClientToken config=*",
                waits="wait_for_completion",
                result="$states.result.ApplicationId",
                waited="$states.result.Application.ApplicationId",
            ),
            sensor(
                "emr.EmrServerlessApplicationSensor",
                "application_id",
                targets="target_states",
                broken="STOPPED TERMINATED",
            ),
        ),
    ),
    _serverless(
        "startApplication", "getApplication", "Application.State", "STARTED", "STOPPED TERMINATED", _APPLICATION
    ),
    _serverless(
        "stopApplication",
        "getApplication",
        "Application.State",
        "STOPPED CREATED",
        "TERMINATED",
        _APPLICATION,
        (
            operator(
                "emr.EmrServerlessStopApplicationOperator",
                "application_id",
                waits="wait_for_completion",
                refused="force_stop",
            ),
        ),
    ),
    _serverless(
        "deleteApplication",
        "getApplication",
        "Application.State",
        "TERMINATED",
        "",
        _APPLICATION,
        (
            operator(
                "emr.EmrServerlessDeleteApplicationOperator",
                "application_id",
                waits="wait_for_completion",
                refused="force_stop",
            ),
        ),
    ),
    _serverless(
        "startJobRun",
        "getJobRun",
        "JobRun.State",
        "SUCCESS",
        "FAILED CANCELLED",
        f"{_APPLICATION} JobRunId=result.JobRunId",
        (
            operator(
                "emr.EmrServerlessStartJobOperator",
                "application_id execution_role_arn job_driver configuration_overrides client_request_token=ClientToken"
                " name config=*",
                waits="wait_for_completion",
                result="$states.result.JobRunId",
                waited="$states.result.JobRun.JobRunId",
                ignored="enable_application_ui_links cancel_on_kill",
            ),
            sensor(
                "emr.EmrServerlessJobSensor", "application_id job_run_id", targets="target_states", link="job_run_id"
            ),
        ),
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
    row(
        "connect-emr-eks",
        "Amazon EMR on EKS",
        "emr-containers",
        "emr-containers:createVirtualCluster",
        classes=(
            operator(
                "emr.EmrEksCreateClusterOperator",
                "virtual_cluster_name=Name eks_cluster_name=ContainerProvider.Id"
                " eks_namespace=ContainerProvider.Info.EksInfo.Namespace tags",
                fixed={"ContainerProvider.Type": "EKS"},
                result="$states.result.Id",
                ignored="virtual_cluster_id",
            ),
        ),
    ),
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
        classes=(
            operator(
                "emr.EmrContainerOperator",
                "name virtual_cluster_id execution_role_arn release_label=ReleaseLabel job_driver"
                " configuration_overrides client_request_token=ClientToken tags"
                " job_retry_max_attempts=RetryPolicyConfiguration.MaxAttempts",
                waits="wait_for_completion",
                result="$states.result.Id",
                waited="$states.result.JobRun.Id",
                ignored="cancel_on_kill",
            ),
            sensor(
                "emr.EmrContainerSensor",
                "virtual_cluster_id job_id=Id",
                link="job_id",
                poke=10,
                broken="FAILED CANCELLED CANCEL_PENDING",
            ),
        ),
    ),
)


CLUSTERS: tuple[Row, ...] = (*_EMR, *_SERVERLESS, *_CONTAINERS)
