"""Rows for Amazon RDS: instances, clusters, snapshots, exports."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Describe, Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_JSON = "$string($states.result)"
_WAITS = "wait_for_completion"
_INSTANCE, _CLUSTER, _EITHER = "db_type=instance", "db_type=cluster", "db_type=instance?"


def _instance(good: str, bad: str = "failed", gone: str = "") -> Describe:
    return describe_by(
        "rds:describeDBInstances",
        "DbInstanceIdentifier=request.DbInstanceIdentifier",
        "DbInstances.0.DbInstanceStatus",
        good,
        bad,
        gone=gone,
    )


def _cluster(good: str, bad: str = "failed", gone: str = "") -> Describe:
    return describe_by(
        "rds:describeDBClusters",
        "DbClusterIdentifier=request.DbClusterIdentifier",
        "DbClusters.0.Status",
        good,
        bad,
        gone=gone,
    )


def _snapshot(good: str, gone: str = "", source: str = "DbSnapshotIdentifier") -> Describe:
    return describe_by(
        "rds:describeDBSnapshots",
        f"DbSnapshotIdentifier=request.{source}",
        "DbSnapshots.0.Status",
        good,
        "failed",
        gone=gone,
    )


def _cluster_snapshot(good: str, gone: str = "", source: str = "DbClusterSnapshotIdentifier") -> Describe:
    return describe_by(
        "rds:describeDBClusterSnapshots",
        f"DbClusterSnapshotIdentifier=request.{source}",
        "DbClusterSnapshots.0.Status",
        good,
        "failed",
        gone=gone,
    )


_SNAPSHOTS = (
    sdk(
        "rds:createDBSnapshot",
        operator(
            "rds.RdsCreateDbSnapshotOperator",
            "db_identifier=DbInstanceIdentifier db_snapshot_identifier=DbSnapshotIdentifier tags=Tags:tags",
            when=_INSTANCE,
            waits=_WAITS,
            result=_JSON,
        ),
        sensor(
            "rds.RdsSnapshotExistenceSensor",
            "db_snapshot_identifier=DbSnapshotIdentifier",
            when=_INSTANCE,
            targets="target_statuses",
            broken="",
            missing="DBSnapshotNotFound",
        ),
        describe=_snapshot("available"),
    ),
    sdk(
        "rds:createDBClusterSnapshot",
        operator(
            "rds.RdsCreateDbSnapshotOperator",
            "db_identifier=DbClusterIdentifier db_snapshot_identifier=DbClusterSnapshotIdentifier tags=Tags:tags",
            when=_CLUSTER,
            waits=_WAITS,
            result=_JSON,
        ),
        sensor(
            "rds.RdsSnapshotExistenceSensor",
            "db_snapshot_identifier=DbClusterSnapshotIdentifier",
            when=_CLUSTER,
            targets="target_statuses",
            broken="",
            missing="DBClusterSnapshotNotFoundFault",
        ),
        describe=_cluster_snapshot("available"),
    ),
    sdk(
        "rds:copyDBSnapshot",
        operator(
            "rds.RdsCopyDbSnapshotOperator",
            "source_db_snapshot_identifier=SourceDBSnapshotIdentifier"
            " target_db_snapshot_identifier=TargetDBSnapshotIdentifier kms_key_id tags=Tags:tags copy_tags"
            " pre_signed_url option_group_name target_custom_availability_zone source_region",
            when=_INSTANCE,
            waits=_WAITS,
            result=_JSON,
        ),
        describe=_snapshot("available", source="TargetDBSnapshotIdentifier"),
    ),
    sdk(
        "rds:copyDBClusterSnapshot",
        operator(
            "rds.RdsCopyDbSnapshotOperator",
            "source_db_snapshot_identifier=SourceDBClusterSnapshotIdentifier"
            " target_db_snapshot_identifier=TargetDBClusterSnapshotIdentifier kms_key_id tags=Tags:tags copy_tags"
            " pre_signed_url source_region",
            when=_CLUSTER,
            waits=_WAITS,
            result=_JSON,
        ),
        describe=_cluster_snapshot("available", source="TargetDBClusterSnapshotIdentifier"),
    ),
    sdk(
        "rds:deleteDBSnapshot",
        operator(
            "rds.RdsDeleteDbSnapshotOperator",
            "db_snapshot_identifier=DbSnapshotIdentifier",
            when=_INSTANCE,
            waits=_WAITS,
            result=_JSON,
        ),
        describe=_snapshot("deleted", gone="DBSnapshotNotFound"),
    ),
    sdk(
        "rds:deleteDBClusterSnapshot",
        operator(
            "rds.RdsDeleteDbSnapshotOperator",
            "db_snapshot_identifier=DbClusterSnapshotIdentifier",
            when=_CLUSTER,
            waits=_WAITS,
            result=_JSON,
        ),
        describe=_cluster_snapshot("deleted", gone="DBClusterSnapshotNotFoundFault"),
    ),
)
_TASK = describe_by(
    "rds:describeExportTasks",
    "ExportTaskIdentifier=request.ExportTaskIdentifier",
    "ExportTasks.0.Status",
    "COMPLETE",
    "CANCELED FAILED",
)
_INSTANCES = (
    sdk(
        "rds:createDBInstance",
        operator(
            "rds.RdsCreateDbInstanceOperator",
            "db_instance_identifier db_instance_class engine rds_kwargs=*",
            waits=_WAITS,
            result=_JSON,
        ),
        describe=_instance("available", "failed deleting deleted incompatible-restore incompatible-parameters"),
    ),
    sdk(
        "rds:deleteDBInstance",
        operator("rds.RdsDeleteDbInstanceOperator", "db_instance_identifier rds_kwargs=*", waits=_WAITS, result=_JSON),
        describe=_instance("deleted", "", gone="DBInstanceNotFound"),
    ),
    sdk(
        "rds:startDBInstance",
        operator(
            "rds.RdsStartDbOperator",
            "db_identifier=DbInstanceIdentifier",
            when=_EITHER,
            waits=_WAITS,
            result=_JSON,
            attempts=40,
        ),
        sensor(
            "rds.RdsDbSensor",
            "db_identifier=DbInstanceIdentifier",
            when=_EITHER,
            targets="target_statuses",
            broken="",
            missing="DBInstanceNotFound",
        ),
        describe=_instance("available"),
    ),
    sdk(
        "rds:startDBCluster",
        operator(
            "rds.RdsStartDbOperator",
            "db_identifier=DbClusterIdentifier",
            when=_CLUSTER,
            waits=_WAITS,
            result=_JSON,
            attempts=40,
        ),
        sensor(
            "rds.RdsDbSensor",
            "db_identifier=DbClusterIdentifier",
            when=_CLUSTER,
            targets="target_statuses",
            broken="",
            missing="DBClusterNotFoundFault",
        ),
        describe=_cluster("available"),
    ),
    sdk(
        "rds:stopDBInstance",
        operator(
            "rds.RdsStopDbOperator",
            "db_identifier=DbInstanceIdentifier db_snapshot_identifier",
            when=_EITHER,
            waits=_WAITS,
            result=_JSON,
            attempts=40,
        ),
        describe=_instance("stopped"),
    ),
    sdk(
        "rds:stopDBCluster",
        operator(
            "rds.RdsStopDbOperator",
            "db_identifier=DbClusterIdentifier",
            when=_CLUSTER,
            waits=_WAITS,
            result=_JSON,
            ignored="db_snapshot_identifier",
            attempts=40,
        ),
        describe=_cluster("stopped"),
    ),
    sdk(
        "rds:startExportTask",
        operator(
            "rds.RdsStartExportTaskOperator",
            "export_task_identifier source_arn s3_bucket_name=S3BucketName iam_role_arn kms_key_id"
            " s3_prefix=S3Prefix export_only",
            waits=_WAITS,
            result=_JSON,
            attempts=40,
        ),
        sensor(
            "rds.RdsExportTaskExistenceSensor",
            "export_task_identifier",
            targets="target_statuses",
            succeeded="STARTING IN_PROGRESS COMPLETE CANCELING CANCELED",
            broken="FAILED",
            missing="ExportTaskNotFound",
            breaks="error_statuses",
        ),
        describe=_TASK,
    ),
    sdk(
        "rds:cancelExportTask",
        operator("rds.RdsCancelExportTaskOperator", "export_task_identifier", waits=_WAITS, result=_JSON, attempts=40),
        describe=describe_by(
            "rds:describeExportTasks",
            "ExportTaskIdentifier=request.ExportTaskIdentifier",
            "ExportTasks.0.Status",
            "CANCELED",
            "FAILED",
        ),
    ),
    sdk(
        "rds:createEventSubscription",
        operator(
            "rds.RdsCreateEventSubscriptionOperator",
            "subscription_name sns_topic_arn source_type event_categories source_ids enabled tags=Tags:tags",
            defaults={"enabled": True},
            waits=_WAITS,
            result=_JSON,
        ),
        describe=describe_by(
            "rds:describeEventSubscriptions",
            "SubscriptionName=request.SubscriptionName",
            "EventSubscriptionsList.0.Status",
            "active",
            "no-permission topic-not-exist",
        ),
    ),
    sdk(
        "rds:deleteEventSubscription",
        operator("rds.RdsDeleteEventSubscriptionOperator", "subscription_name", result=_JSON),
    ),
)


RDS: tuple[Row, ...] = (*_SNAPSHOTS, *_INSTANCES)
