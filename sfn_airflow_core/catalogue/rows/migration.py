"""Rows for AWS Database Migration Service."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_WAITS = "wait_for_completion"
_BY_TASK = "Filters.0.Name='replication-task-arn' Filters.0.Values.0="
_BY_CONFIG = "Filters.0.Name='replication-config-arn' Filters.0.Values.0="
MIGRATION: tuple[Row, ...] = (
    sdk(
        "databasemigration:createReplicationTask",
        operator(
            "dms.DmsCreateTaskOperator",
            "replication_task_id=ReplicationTaskIdentifier source_endpoint_arn target_endpoint_arn"
            " replication_instance_arn table_mappings=TableMappings:text migration_type create_task_kwargs=*",
            defaults={"migration_type": "full-load"},
            waits="always",
            delay=15,
            attempts=60,
            waited="$states.result.ReplicationTasks[0].ReplicationTaskArn",
        ),
        describe=describe_by(
            "databasemigration:describeReplicationTasks",
            f"{_BY_TASK}result.ReplicationTask.ReplicationTaskArn",
            "ReplicationTasks.0.Status",
            "ready",
            "failed deleting",
        ),
    ),
    sdk(
        "databasemigration:startReplicationTask",
        operator(
            "dms.DmsStartTaskOperator",
            "replication_task_arn start_replication_task_type start_task_kwargs=*",
            defaults={"start_replication_task_type": "start-replication"},
        ),
        sensor(
            "dms.DmsTaskBaseSensor",
            "replication_task_arn=Filters.0.Values[]",
            targets="target_statuses",
            fixed={"Filters.0.Name": "replication-task-arn"},
            breaks="termination_statuses",
        ),
        sensor(
            "dms.DmsTaskCompletedSensor",
            "replication_task_arn=Filters.0.Values[]",
            fixed={"Filters.0.Name": "replication-task-arn"},
        ),
        describe=describe_by(
            "databasemigration:describeReplicationTasks",
            f"{_BY_TASK}request.ReplicationTaskArn",
            "ReplicationTasks.0.Status",
            "stopped",
            "creating deleting failed failed-move modifying moving ready testing",
        ),
    ),
    sdk("databasemigration:stopReplicationTask", operator("dms.DmsStopTaskOperator", "replication_task_arn")),
    sdk(
        "databasemigration:deleteReplicationTask",
        operator("dms.DmsDeleteTaskOperator", "replication_task_arn", waits="always", delay=15, attempts=60),
        describe=describe_by(
            "databasemigration:describeReplicationTasks",
            f"{_BY_TASK}request.ReplicationTaskArn",
            "ReplicationTasks.0.Status",
            "deleted",
            "failed",
            gone="ResourceNotFoundFault",
        ),
    ),
    sdk(
        "databasemigration:modifyReplicationTask",
        operator(
            "dms.DmsModifyTaskOperator",
            "replication_task_arn table_mappings=TableMappings:text migration_type replication_task_settings"
            " cdc_start_time cdc_start_position cdc_stop_position",
            waits=_WAITS,
            result="$states.result.ReplicationTask",
            waited="$states.result.ReplicationTasks[0]",
        ),
        describe=describe_by(
            "databasemigration:describeReplicationTasks",
            f"{_BY_TASK}request.ReplicationTaskArn",
            "ReplicationTasks.0.Status",
            "stopped ready failed",
            "deleting",
        ),
    ),
    sdk(
        "databasemigration:describeReplicationTasks",
        operator(
            "dms.DmsDescribeTasksOperator",
            "describe_tasks_kwargs=*",
            result="[$states.result.Marker, $states.result.ReplicationTasks]",
        ),
    ),
    sdk(
        "databasemigration:createReplicationConfig",
        operator(
            "dms.DmsCreateReplicationConfigOperator",
            "replication_config_id=ReplicationConfigIdentifier source_endpoint_arn target_endpoint_arn"
            " compute_config replication_type table_mappings additional_config_kwargs=*",
            result="$states.result.ReplicationConfig.ReplicationConfigArn",
        ),
    ),
    sdk(
        "databasemigration:describeReplicationConfigs",
        operator(
            "dms.DmsDescribeReplicationConfigsOperator", "filter=Filters", result="[$states.result.ReplicationConfigs]"
        ),
    ),
    sdk(
        "databasemigration:describeReplications",
        operator("dms.DmsDescribeReplicationsOperator", "filter=Filters", result="[$states.result.Replications]"),
    ),
    sdk(
        "databasemigration:deleteReplicationConfig",
        operator(
            "dms.DmsDeleteReplicationConfigOperator", "replication_config_arn", waits=_WAITS, delay=60, attempts=60
        ),
        describe=describe_by(
            "databasemigration:describeReplicationConfigs",
            f"{_BY_CONFIG}request.ReplicationConfigArn",
            "($exists($states.result.ReplicationConfigs) ? 'deleting' : 'deleted')",
            "deleted",
            "",
            gone="ResourceNotFoundFault",
        ),
    ),
    sdk(
        "databasemigration:startReplication",
        operator(
            "dms.DmsStartReplicationOperator",
            "replication_config_arn replication_start_type=StartReplicationType cdc_start_time"
            " cdc_start_pos=CdcStartPosition cdc_stop_pos=CdcStopPosition",
            waits=_WAITS,
        ),
        describe=describe_by(
            "databasemigration:describeReplications",
            f"{_BY_CONFIG}request.ReplicationConfigArn",
            "Replications.0.Status",
            "stopped",
            "failed",
        ),
    ),
    sdk(
        "databasemigration:stopReplication",
        operator("dms.DmsStopReplicationOperator", "replication_config_arn", waits=_WAITS),
        describe=describe_by(
            "databasemigration:describeReplications",
            f"{_BY_CONFIG}request.ReplicationConfigArn",
            "Replications.0.Status",
            "stopped",
            "failed",
        ),
    ),
)
