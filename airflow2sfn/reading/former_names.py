"""Where operators of providers stood in the years of Airflow 1.10 and 2, and what they were called.

Sources: the tables of deprecated classes in ``airflow/contrib`` of apache-airflow 2 and the deprecated modules of
apache-airflow-providers-amazon up to 5 (both say where each class has gone).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

V = TypeVar("V")
_AWS = "airflow.providers.amazon.aws"
_STANDARD = "airflow.providers.standard"
_OPERATORS = {
    "athena": ("aws_athena",),
    "batch": ("awsbatch",),
    "dms": ("dms_create_task", "dms_delete_task", "dms_describe_tasks", "dms_start_task", "dms_stop_task"),
    "ec2": ("ec2_start_instance", "ec2_stop_instance"),
    "ecs": (),
    "emr": ("emr_add_steps", "emr_containers", "emr_create_job_flow", "emr_modify_cluster", "emr_terminate_job_flow"),
    "glue_databrew": ("databrew",),
    "lambda_function": ("aws_lambda",),
    "redshift_cluster": ("redshift", "redshift_pause_cluster", "redshift_resume_cluster"),
    "s3": (
        "s3_bucket", "s3_bucket_tagging", "s3_copy_object", "s3_delete_objects", "s3_file_transform", "s3_list",
        "s3_list_prefixes",
    ),
    "sagemaker": tuple(
        f"sagemaker_{part}"
        for part in (
            "base", "endpoint", "endpoint_config", "model", "notebook", "processing", "training", "transform", "tuning",
        )
    ),
    "sns": ("sns_publish",),
    "sqs": ("aws_sqs_publish",),
    "step_function": ("step_function_get_execution_output", "step_function_start_execution"),
}  # fmt: skip
_SENSORS = {
    "athena": ("aws_athena",),
    "dms": ("dms_task",),
    "ec2": ("ec2_instance_state",),
    "emr": ("emr_base", "emr_containers", "emr_job_flow", "emr_step"),
    "glue_catalog_partition": ("aws_glue_catalog_partition",),
    "redshift_cluster": ("redshift", "aws_redshift_cluster"),
    "s3": ("s3_key", "s3_keys_unchanged"),
    "sagemaker": tuple(f"sagemaker_{part}" for part in ("base", "endpoint", "training", "transform", "tuning")),
    "sqs": ("aws_sqs",),
    "step_function": ("step_function_execution",),
}
"""Modules of today by the room they stand in, and former ones."""
_TRANSFERS = (
    "dynamodb_to_s3", "gcs_to_s3", "google_api_to_s3_transfer", "hive_to_dynamodb", "imap_attachment_to_s3",
    "mongo_to_s3", "redshift_to_s3", "s3_to_redshift", "s3_to_sftp", "sftp_to_s3",
)  # fmt: skip
"""Transfers that were operators once."""
_ELSEWHERE = {
    "airflow.contrib.operators.kubernetes_pod_operator": "airflow.providers.cncf.kubernetes.operators.pod",
    "airflow.providers.cncf.kubernetes.operators.kubernetes_pod": "airflow.providers.cncf.kubernetes.operators.pod",
    "airflow.contrib.operators.ssh_operator": "airflow.providers.ssh.operators.ssh",
    "airflow.contrib.sensors.bash_sensor": f"{_STANDARD}.sensors.bash",
    "airflow.contrib.sensors.file_sensor": f"{_STANDARD}.sensors.filesystem",
    "airflow.contrib.sensors.python_sensor": f"{_STANDARD}.sensors.python",
    "airflow.contrib.sensors.weekday_sensor": f"{_STANDARD}.sensors.weekday",
    "airflow.operators.http_operator": "airflow.providers.http.operators.http",
    "airflow.sensors.http_sensor": "airflow.providers.http.sensors.http",
    "airflow.operators.postgres_operator": "airflow.providers.postgres.operators.postgres",
    "airflow.operators.mysql_operator": "airflow.providers.mysql.operators.mysql",
    "airflow.sensors.s3_key_sensor": f"{_AWS}.sensors.s3",
}


def _modules() -> dict[str, str]:
    found = dict(_ELSEWHERE)
    for room, ending, modules in (("operators", "_operator", _OPERATORS), ("sensors", "_sensor", _SENSORS)):
        for module, former in modules.items():
            home = f"{_AWS}.{room}.{module}"
            found |= {f"airflow.contrib.{room}.{name}{ending}": home for name in (module, *former)}
            found |= {f"{_AWS}.{room}.{name}": home for name in former}
    for name in _TRANSFERS:
        home = f"{_AWS}.transfers.{name.removesuffix('_transfer')}"
        found |= {f"{_AWS}.operators.{name}": home, f"airflow.operators.{name}_operator": home}
        found |= {f"airflow.contrib.operators.{name}{end}": home for end in ("", "_operator", "_transfer_operator")}
    return found


MODULES = _modules()
"""Modules of today by their former names."""

CLASSES = {
    "AWSAthenaOperator": "AthenaOperator",
    "AWSBatchOperator": "BatchOperator",
    "AWSDataSyncOperator": "DataSyncOperator",
    "AwsBatchOperator": "BatchOperator",
    "AwsGlueCatalogPartitionSensor": "GlueCatalogPartitionSensor",
    "AwsGlueCrawlerOperator": "GlueCrawlerOperator",
    "AwsGlueCrawlerSensor": "GlueCrawlerSensor",
    "AwsGlueJobOperator": "GlueJobOperator",
    "AwsGlueJobSensor": "GlueJobSensor",
    "AwsLambdaInvokeFunctionOperator": "LambdaInvokeFunctionOperator",
    "AwsRedshiftClusterSensor": "RedshiftClusterSensor",
    "ECSOperator": "EcsRunTaskOperator",
    "EcsOperator": "EcsRunTaskOperator",
    "RedshiftToS3Transfer": "RedshiftToS3Operator",
    "S3ToRedshiftTransfer": "S3ToRedshiftOperator",
    "SQSPublishOperator": "SqsPublishOperator",
    "SQSSensor": "SqsSensor",
}
"""Classes of Amazon's provider by their former names; ``EKS…`` became ``Eks…``."""

_RENAMED = {
    "airflow.providers.http.operators.http.SimpleHttpOperator": "airflow.providers.http.operators.http.HttpOperator",
}
ARGUMENTS = {
    f"{_AWS}.operators.athena.AthenaOperator": {"max_tries": "max_polling_attempts"},
    f"{_AWS}.operators.batch.BatchOperator": {"overrides": "container_overrides"},
    f"{_AWS}.operators.emr.EmrContainerOperator": {"max_tries": "max_polling_attempts"},
    f"{_STANDARD}.operators.trigger_dagrun.TriggerDagRunOperator": {"execution_date": "logical_date"},
}
"""Arguments of today by their former names, by the operator."""


def today(name: str) -> str:
    """The name that the provider of today has for a class, the name itself if that is no former one.

    >>> today("airflow.contrib.operators.ecs_operator.ECSOperator")
    'airflow.providers.amazon.aws.operators.ecs.EcsRunTaskOperator'
    >>> today("airflow.providers.amazon.aws.operators.s3_list.S3ListOperator")
    'airflow.providers.amazon.aws.operators.s3.S3ListOperator'
    """
    module, _, member = name.rpartition(".")
    module = MODULES.get(module, module)
    if not module.startswith(f"{_AWS}."):
        moved = f"{module}.{member}" if module else member
        return _RENAMED.get(moved, moved)
    if member == "RedshiftSQLOperator":
        module = f"{_AWS}.operators.redshift_sql"
    return f"{module}.{CLASSES.get(member) or re.sub('^EKS(?=[A-Z])', 'Eks', member)}"


def named_today(operator: str, arguments: Mapping[str, V]) -> dict[str, V]:
    """The arguments of an operator under the names of today; what has one already keeps it."""
    former = ARGUMENTS.get(operator, {})
    return {former.get(name, name): value for name, value in arguments.items() if former.get(name) not in arguments}
