"""Rows for Amazon Redshift clusters and Amazon Neptune."""

from __future__ import annotations

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.model import Describe, Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_WAITS = "wait_for_completion"


def _redshift(good: str, bad: str = "", gone: str = "") -> Describe:
    return describe_by(
        "redshift:describeClusters",
        "ClusterIdentifier=request.ClusterIdentifier",
        "Clusters.0.ClusterStatus",
        good,
        bad,
        gone=gone,
    )


_NEW_CLUSTER = (
    "cluster_identifier node_type master_username master_user_password cluster_type db_name cluster_security_groups"
    " vpc_security_group_ids cluster_subnet_group_name availability_zone preferred_maintenance_window"
    " cluster_parameter_group_name automated_snapshot_retention_period manual_snapshot_retention_period port"
    " cluster_version allow_version_upgrade publicly_accessible encrypted hsm_client_certificate_identifier"
    " hsm_configuration_identifier elastic_ip tags kms_key_id enhanced_vpc_routing additional_info iam_roles"
    " maintenance_track_name snapshot_schedule_identifier availability_zone_relocation aqua_configuration_status"
    " default_iam_role_arn"
)
_NEW_DEFAULTS: dict[str, Json] = {"db_name": "dev", "publicly_accessible": True}
_REDSHIFT = (
    sdk(
        "redshift:createCluster",
        operator(
            "redshift_cluster.RedshiftCreateClusterOperator",
            f"{_NEW_CLUSTER} number_of_nodes",
            when="cluster_type=multi-node?",
            defaults={
                "cluster_type": "multi-node",
                "number_of_nodes": 1,
                "db_name": "dev",
                "publicly_accessible": True,
            },
            waits=f"{_WAITS}:no",
            delay=60,
            attempts=5,
            ignored="delete_cluster_on_failure cleanup_timeout_seconds",
        ),
        operator(
            "redshift_cluster.RedshiftCreateClusterOperator",
            _NEW_CLUSTER,
            when="cluster_type=single-node",
            defaults=_NEW_DEFAULTS,
            waits=f"{_WAITS}:no",
            delay=60,
            attempts=5,
            ignored="delete_cluster_on_failure cleanup_timeout_seconds number_of_nodes",
        ),
        sensor(
            "redshift_cluster.RedshiftClusterSensor",
            "cluster_identifier",
            targets="target_status",
            broken="",
            missing="ClusterNotFound",
        ),
        describe=_redshift("available", "deleting"),
    ),
    sdk(
        "redshift:deleteCluster",
        operator(
            "redshift_cluster.RedshiftDeleteClusterOperator",
            "cluster_identifier skip_final_cluster_snapshot final_cluster_snapshot_identifier",
            defaults={"skip_final_cluster_snapshot": True},
            waits=_WAITS,
            delay=30,
            attempts=30,
        ),
        describe=_redshift("deleted", gone="ClusterNotFound"),
    ),
    sdk(
        "redshift:pauseCluster",
        operator(
            "redshift_cluster.RedshiftPauseClusterOperator", "cluster_identifier", waits=f"{_WAITS}:no", attempts=30
        ),
        describe=_redshift("paused", "deleting"),
    ),
    sdk(
        "redshift:resumeCluster",
        operator(
            "redshift_cluster.RedshiftResumeClusterOperator", "cluster_identifier", waits=f"{_WAITS}:no", attempts=30
        ),
        describe=_redshift("available", "deleting"),
    ),
    sdk(
        "redshift:createClusterSnapshot",
        operator(
            "redshift_cluster.RedshiftCreateClusterSnapshotOperator",
            "snapshot_identifier cluster_identifier retention_period=ManualSnapshotRetentionPeriod tags",
            defaults={"retention_period": -1},
            waits=f"{_WAITS}:no",
            delay=15,
            attempts=20,
        ),
        describe=describe_by(
            "redshift:describeClusterSnapshots",
            "SnapshotIdentifier=request.SnapshotIdentifier",
            "Snapshots.0.Status",
            "available",
            "failed deleted",
        ),
    ),
    sdk(
        "redshift:deleteClusterSnapshot",
        operator(
            "redshift_cluster.RedshiftDeleteClusterSnapshotOperator",
            "snapshot_identifier cluster_identifier=SnapshotClusterIdentifier",
            waits=_WAITS,
            delay=10,
            attempts=60_480,
        ),
        describe=describe_by(
            "redshift:describeClusterSnapshots",
            "SnapshotIdentifier=request.SnapshotIdentifier",
            "Snapshots.0.Status",
            "deleted",
            "",
            gone="ClusterSnapshotNotFound",
        ),
    ),
)


def _graph(good: str, bad: str, gone: str = "", source: str = "result.Id") -> Describe:
    return describe_by("neptunegraph:getGraph", f"GraphIdentifier={source}", "Status", good, bad, gone=gone)


def _import(source: str, good: str = "SUCCEEDED", bad: str = "CANCELLING CANCELLED FAILED ROLLING_BACK") -> Describe:
    return describe_by("neptunegraph:getImportTask", f"TaskIdentifier={source}", "Status", good, bad)


def _endpoint(good: str, bad: str, gone: str = "") -> Describe:
    return describe_by(
        "neptunegraph:getPrivateGraphEndpoint",
        "GraphIdentifier=request.GraphIdentifier VpcId=request.VpcId",
        "Status",
        good,
        bad,
        gone=gone,
    )


_GRAPH = "graph_name vector_search_config=VectorSearchConfiguration public_connectivity replica_count"
_NEPTUNE = (
    sdk(
        "neptune:startDBCluster",
        operator(
            "neptune.NeptuneStartDbClusterOperator",
            "db_cluster_id=DbClusterIdentifier",
            waits=_WAITS,
            waited="{'db_cluster_id': $job.DbClusterIdentifier}",
        ),
        describe=describe_by(
            "neptune:describeDBClusters",
            "DbClusterIdentifier=request.DbClusterIdentifier",
            "DbClusters.0.Status",
            "available",
            "deleting deleted failed",
        ),
    ),
    sdk(
        "neptune:stopDBCluster",
        operator(
            "neptune.NeptuneStopDbClusterOperator",
            "db_cluster_id=DbClusterIdentifier",
            waits=_WAITS,
            waited="{'db_cluster_id': $job.DbClusterIdentifier}",
        ),
        describe=describe_by(
            "neptune:describeDBClusters",
            "DbClusterIdentifier=request.DbClusterIdentifier",
            "DbClusters.0.Status",
            "stopped",
            "deleting deleted failed",
        ),
    ),
    sdk(
        "neptunegraph:createGraph",
        operator(
            "neptune_analytics.NeptuneCreateGraphOperator",
            f"{_GRAPH} provisioned_memory deletion_protection kms_key_id=KmsKeyIdentifier tags",
            defaults={"deletion_protection": False},
            waits=_WAITS,
            result="{'graph_id': $states.result.Id}",
            waited="{'graph_id': $job.GraphIdentifier}",
        ),
        describe=_graph("AVAILABLE", "DELETING FAILED"),
    ),
    sdk(
        "neptunegraph:deleteGraph",
        operator(
            "neptune_analytics.NeptuneDeleteGraphOperator", "graph_id=GraphIdentifier skip_snapshot", waits=_WAITS
        ),
        describe=_graph("DELETED", "FAILED", "ResourceNotFoundException", "request.GraphIdentifier"),
    ),
    sdk(
        "neptunegraph:createPrivateGraphEndpoint",
        operator(
            "neptune_analytics.NeptuneCreatePrivateGraphEndpointOperator",
            "graph_identifier vpc_id subnet_ids vpc_security_group_ids",
            waits=_WAITS,
            waited="{'vpc_endpoint_id': $states.result.VpcEndpointId, 'graph_id': $job.GraphIdentifier,"
            " 'vpc_id': $job.VpcId}",
        ),
        describe=describe_by(
            "neptunegraph:getPrivateGraphEndpoint",
            "GraphIdentifier=request.GraphIdentifier VpcId=result.VpcId",
            "Status",
            "AVAILABLE",
            "DELETING FAILED",
        ),
    ),
    sdk(
        "neptunegraph:deletePrivateGraphEndpoint",
        operator(
            "neptune_analytics.NeptuneDeletePrivateGraphEndpointOperator", "graph_identifier vpc_id", waits=_WAITS
        ),
        describe=_endpoint("DELETED", "FAILED", "ResourceNotFoundException"),
    ),
    sdk(
        "neptunegraph:createGraphUsingImportTask",
        operator(
            "neptune_analytics.NeptuneCreateGraphWithImportOperator",
            f"{_GRAPH} source role_arn format min_provisioned_memory max_provisioned_memory fail_on_error"
            " deletion_protection kms_key_id=KmsKeyIdentifier tags import_options",
            waits=_WAITS,
            result="{'graph_id': $states.result.GraphId}",
            refused="blank_node_handling parquet_type",
        ),
        describe=_import("result.TaskId"),
    ),
    sdk(
        "neptunegraph:startImportTask",
        operator(
            "neptune_analytics.NeptuneStartImportTaskOperator",
            "graph_identifier role_arn source blank_node_handling fail_on_error format import_options parquet_type",
            defaults={"fail_on_error": True, "parquet_type": "COLUMNAR"},
            waits=_WAITS,
            result="{'import_task_id': $states.result.TaskId, 'graph_id': $states.result.GraphId}",
            waited="{'import_task_id': $job.TaskIdentifier, 'graph_id': $states.result.GraphId}",
        ),
        describe=_import("result.TaskId"),
    ),
    sdk(
        "neptunegraph:cancelImportTask",
        operator(
            "neptune_analytics.NeptuneCancelImportTaskOperator",
            "import_task_id=TaskIdentifier",
            waits=_WAITS,
            result="{'import_task_id': $states.result.TaskId}",
            waited="{'import_task_id': $job.TaskIdentifier}",
        ),
        describe=_import("request.TaskIdentifier", "CANCELLED", "FAILED"),
    ),
)


DATABASES: tuple[Row, ...] = (*_REDSHIFT, *_NEPTUNE)
