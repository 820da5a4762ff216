"""The table of operators: a row for each that has a service integration of its own; all others become stubs.

Names of actions are those of the States Language's optimised integrations, as in ``sfn2airflow/services``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

_AMAZON = "airflow.providers.amazon.aws"
_STANDARD = "airflow.providers.standard"


@dataclass(frozen=True, slots=True)
class Row:
    """One operator or sensor and the state that does its work.

    ``arguments`` maps Airflow's argument to a place in the state's Arguments (``QueryExecutionContext.Database``).
    ``waits`` says whether the operator waits for what it starts: by an argument of that name, always, or never;
    ``suffix`` is what the resource ends in then. ``result`` and ``started`` are its XCom with and without waiting.
    ``pascal`` are places whose keys Airflow gives in lower camel case and the integration wants in Pascal case;
    ``parsed`` are texts with JSON in them that the integration takes as values. ``default`` is written where the task
    does not say otherwise. ``ignored`` are arguments that say nothing about the service (polling, log output).
    ``start_errors`` are what can go wrong before the job runs, for operators whose own sensor does the waiting.
    """

    operator: str
    resource: str
    arguments: Mapping[str, str]
    waits: Literal["always", "never", "argument"] = "never"
    suffix: str = ".sync"
    wait_argument: str = "wait_for_completion"
    waits_by_default: bool = True
    result: str = "$states.result"
    started: str = "$states.result"
    pascal: frozenset[str] = frozenset()
    parsed: frozenset[str] = frozenset()
    default: Mapping[str, str | int | bool] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    start_errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SensorRow:
    """One sensor as a state that looks once: ``found`` is the condition on ``$states.result``."""

    operator: str
    resource: str
    arguments: Mapping[str, str]
    found: str
    default: Mapping[str, str | int | bool] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pair:
    """An operator that only starts something, and the sensor that waits for it: together one state that waits."""

    operator: str
    sensor: str
    link: str
    """The sensor's argument that is the operator's XCom."""


POLLING = frozenset(
    {
        "aws_conn_id",
        "region_name",
        "verify",
        "botocore_config",
        "deferrable",
        "poll_interval",
        "waiter_delay",
        "waiter_max_attempts",
        "sleep_time",
        "max_polling_attempts",
        "verbose",
        "mode",
        "check_interval",
        "number_logs_exception",
        "awslogs_group",
        "awslogs_region",
        "awslogs_stream_prefix",
        "awslogs_fetch_interval",
        "log_query",
        "poke_interval",
        "reattach",
        "stop_job_run_on_kill",
        "sleep_before_return",
        "max_retries",
        "status_retries",
        "job_poll_interval",
        "job_poll_timeout",
    }
)
"""Arguments about how Airflow waits and connects; the state machine waits in its own way with its own role."""

ROWS: tuple[Row, ...] = (
    Row(
        f"{_AMAZON}.operators.lambda_function.LambdaInvokeFunctionOperator",
        "lambda:invoke",
        {
            "function_name": "FunctionName",
            "payload": "Payload",
            "qualifier": "Qualifier",
            "invocation_type": "InvocationType",
            "client_context": "ClientContext",
        },
        result="$string($states.result.Payload)",
        started="$string($states.result.Payload)",
        parsed=frozenset({"payload"}),
        ignored=frozenset({"log_type", "keep_empty_log_lines"}),
    ),
    Row(
        f"{_AMAZON}.operators.glue.GlueJobOperator",
        "glue:startJobRun",
        {"job_name": "JobName", "script_args": "Arguments", "security_configuration": "SecurityConfiguration"},
        waits="argument",
        result="$states.result.Id",
        started="$states.result.JobRunId",
        start_errors=(
            "Glue.ConcurrentRunsExceededException",
            "Glue.InternalServiceException",
            "Glue.OperationTimeoutException",
            "Glue.ResourceNumberLimitExceededException",
            "Glue.ThrottlingException",
        ),
    ),
    Row(
        f"{_AMAZON}.operators.athena.AthenaOperator",
        "athena:startQueryExecution",
        {
            "query": "QueryString",
            "database": "QueryExecutionContext.Database",
            "catalog": "QueryExecutionContext.Catalog",
            "output_location": "ResultConfiguration.OutputLocation",
            "workgroup": "WorkGroup",
            "client_request_token": "ClientRequestToken",
        },
        waits="always",
        result="$states.result.QueryExecution.QueryExecutionId",
    ),
    Row(
        f"{_AMAZON}.operators.batch.BatchOperator",
        "batch:submitJob",
        {
            "job_name": "JobName",
            "job_definition": "JobDefinition",
            "job_queue": "JobQueue",
            "container_overrides": "ContainerOverrides",
            "array_properties": "ArrayProperties",
            "parameters": "Parameters",
            "retry_strategy": "RetryStrategy",
            "tags": "Tags",
            "share_identifier": "ShareIdentifier",
            "scheduling_priority_override": "SchedulingPriorityOverride",
        },
        waits="always",
        result="$states.result.JobId",
        pascal=frozenset({"container_overrides", "array_properties", "retry_strategy"}),
    ),
    Row(
        f"{_AMAZON}.operators.ecs.EcsRunTaskOperator",
        "ecs:runTask",
        {
            "cluster": "Cluster",
            "task_definition": "TaskDefinition",
            "overrides": "Overrides",
            "launch_type": "LaunchType",
            "network_configuration": "NetworkConfiguration",
            "group": "Group",
            "capacity_provider_strategy": "CapacityProviderStrategy",
            "platform_version": "PlatformVersion",
            "placement_constraints": "PlacementConstraints",
            "placement_strategy": "PlacementStrategy",
            "tags": "Tags",
            "propagate_tags": "PropagateTags",
        },
        waits="argument",
        pascal=frozenset(
            {
                "overrides",
                "network_configuration",
                "capacity_provider_strategy",
                "placement_constraints",
                "placement_strategy",
            }
        ),
        default={"launch_type": "EC2"},
    ),
    Row(
        f"{_AMAZON}.operators.sns.SnsPublishOperator",
        "sns:publish",
        {
            "target_arn": "TopicArn",
            "subject": "Subject",
            "message": "Message",
            "message_group_id": "MessageGroupId",
            "message_deduplication_id": "MessageDeduplicationId",
        },
    ),
    Row(
        f"{_AMAZON}.operators.sqs.SqsPublishOperator",
        "sqs:sendMessage",
        {
            "sqs_queue": "QueueUrl",
            "message_content": "MessageBody",
            "delay_seconds": "DelaySeconds",
            "message_group_id": "MessageGroupId",
            "message_deduplication_id": "MessageDeduplicationId",
        },
    ),
    Row(
        f"{_AMAZON}.operators.step_function.StepFunctionStartExecutionOperator",
        "states:startExecution",
        {"state_machine_arn": "StateMachineArn", "name": "Name", "state_machine_input": "Input"},
        started="$states.result.ExecutionArn",
        parsed=frozenset({"state_machine_input"}),
    ),
)
"""Operators with a row of their own."""

SENSOR_ROWS: tuple[SensorRow, ...] = (
    SensorRow(
        f"{_AMAZON}.sensors.s3.S3KeySensor",
        "aws-sdk:s3:listObjectsV2",
        {"bucket_name": "Bucket", "bucket_key": "Prefix"},
        found="$exists($states.result.Contents) and $states.result.Contents[0].Key = $states.result.Prefix",
        default={"MaxKeys": 1},
        ignored=frozenset({"wildcard_match", "use_regex"}),
    ),
)
"""Sensors that look by one call."""

PAIRS: tuple[Pair, ...] = (
    Pair(f"{_AMAZON}.operators.glue.GlueJobOperator", f"{_AMAZON}.sensors.glue.GlueJobSensor", "run_id"),
)
"""Operators with a sensor of their own."""

TRIGGER_DAG = f"{_STANDARD}.operators.trigger_dagrun.TriggerDagRunOperator"
PYTHON: Mapping[str, Literal["work", "branch", "short_circuit", "sensor"]] = {
    "task": "work",
    "task.branch": "branch",
    "task.short_circuit": "short_circuit",
    "task.sensor": "sensor",
    f"{_STANDARD}.operators.python.PythonOperator": "work",
    f"{_STANDARD}.operators.python.BranchPythonOperator": "branch",
    f"{_STANDARD}.operators.python.ShortCircuitOperator": "short_circuit",
    f"{_STANDARD}.sensors.python.PythonSensor": "sensor",
}
"""Operators whose work is a Python callable, which becomes a Lambda function."""

OPERATORS: Mapping[str, Row] = {row.operator: row for row in ROWS}
SENSORS: Mapping[str, SensorRow] = {row.operator: row for row in SENSOR_ROWS}
