"""Operators as the files of Airflow 1.10 and 2 import them: each is one that the provider of today has."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from airflow2sfn.read import read_text
from airflow2sfn.reading.former_names import ARGUMENTS, CLASSES, MODULES, named_today, today
from airflow2sfn.reading.names import canonical, written_for
from airflow2sfn.source import Known

AWS = "airflow.providers.amazon.aws"
FORMER = {
    "airflow.contrib.operators.aws_athena_operator.AWSAthenaOperator": f"{AWS}.operators.athena.AthenaOperator",
    "airflow.contrib.operators.aws_sqs_publish_operator.SQSPublishOperator": f"{AWS}.operators.sqs.SqsPublishOperator",
    "airflow.contrib.operators.awsbatch_operator.AWSBatchOperator": f"{AWS}.operators.batch.BatchOperator",
    "airflow.contrib.operators.ecs_operator.ECSOperator": f"{AWS}.operators.ecs.EcsRunTaskOperator",
    "airflow.contrib.operators.emr_add_steps_operator.EmrAddStepsOperator": f"{AWS}.operators.emr.EmrAddStepsOperator",
    "airflow.contrib.operators.s3_list_operator.S3ListOperator": f"{AWS}.operators.s3.S3ListOperator",
    "airflow.contrib.operators.sns_publish_operator.SnsPublishOperator": f"{AWS}.operators.sns.SnsPublishOperator",
    "airflow.contrib.sensors.emr_step_sensor.EmrStepSensor": f"{AWS}.sensors.emr.EmrStepSensor",
    "airflow.contrib.sensors.aws_sqs_sensor.SQSSensor": f"{AWS}.sensors.sqs.SqsSensor",
    "airflow.contrib.sensors.sagemaker_training_sensor.SageMakerTrainingSensor": (
        f"{AWS}.sensors.sagemaker.SageMakerTrainingSensor"
    ),
    "airflow.sensors.s3_key_sensor.S3KeySensor": f"{AWS}.sensors.s3.S3KeySensor",
    "airflow.operators.s3_to_redshift_operator.S3ToRedshiftTransfer": (
        f"{AWS}.transfers.s3_to_redshift.S3ToRedshiftOperator"
    ),
    f"{AWS}.operators.aws_lambda.AwsLambdaInvokeFunctionOperator": (
        f"{AWS}.operators.lambda_function.LambdaInvokeFunctionOperator"
    ),
    f"{AWS}.operators.batch.AwsBatchOperator": f"{AWS}.operators.batch.BatchOperator",
    f"{AWS}.operators.eks.EKSCreateClusterOperator": f"{AWS}.operators.eks.EksCreateClusterOperator",
    f"{AWS}.operators.emr_create_job_flow.EmrCreateJobFlowOperator": f"{AWS}.operators.emr.EmrCreateJobFlowOperator",
    f"{AWS}.operators.glue.AwsGlueJobOperator": f"{AWS}.operators.glue.GlueJobOperator",
    f"{AWS}.operators.glue_crawler.AwsGlueCrawlerOperator": f"{AWS}.operators.glue_crawler.GlueCrawlerOperator",
    f"{AWS}.operators.redshift.RedshiftResumeClusterOperator": (
        f"{AWS}.operators.redshift_cluster.RedshiftResumeClusterOperator"
    ),
    f"{AWS}.operators.s3_bucket.S3CreateBucketOperator": f"{AWS}.operators.s3.S3CreateBucketOperator",
    f"{AWS}.operators.sagemaker_endpoint_config.SageMakerEndpointConfigOperator": (
        f"{AWS}.operators.sagemaker.SageMakerEndpointConfigOperator"
    ),
    f"{AWS}.operators.step_function_start_execution.StepFunctionStartExecutionOperator": (
        f"{AWS}.operators.step_function.StepFunctionStartExecutionOperator"
    ),
    f"{AWS}.sensors.emr_job_flow.EmrJobFlowSensor": f"{AWS}.sensors.emr.EmrJobFlowSensor",
    f"{AWS}.sensors.redshift.AwsRedshiftClusterSensor": f"{AWS}.sensors.redshift_cluster.RedshiftClusterSensor",
    f"{AWS}.sensors.s3_key.S3KeySensor": f"{AWS}.sensors.s3.S3KeySensor",
}


@pytest.mark.parametrize("name", FORMER)
def test_a_former_name_is_the_class_of_today(name: str) -> None:
    assert canonical(name) == FORMER[name]
    pytest.importorskip("airflow.providers.amazon", reason="needs the extra 'airflow'")
    module, _, member = FORMER[name].rpartition(".")
    spec = find_spec(module)  # importing it may need other providers
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    assert member in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize("name", FORMER.values())
def test_a_name_of_today_stays(name: str) -> None:
    assert canonical(name) == name


def test_redshift_had_two_kinds_of_operators_in_one_module() -> None:
    assert today(f"{AWS}.operators.redshift.RedshiftSQLOperator") == f"{AWS}.operators.redshift_sql.RedshiftSQLOperator"


def test_a_module_that_is_gone_says_airflow_2() -> None:
    assert written_for(f"{AWS}.operators.s3_bucket.S3CreateBucketOperator") == "2"
    assert written_for(f"{AWS}.operators.s3.S3CreateBucketOperator") == ""
    assert written_for(f"{AWS}.operators.glue.AwsGlueJobOperator") == "2"
    assert (written_for("airflow"), written_for("airflow.sdk")) == ("", "3")


@pytest.mark.parametrize("module", sorted({one for one in MODULES.values() if one.startswith(AWS)}))
def test_every_module_of_amazon_is_there(module: str) -> None:
    pytest.importorskip("airflow.providers.amazon", reason="needs the extra 'airflow'")
    assert find_spec(module) is not None
    assert module not in MODULES


def test_no_former_class_is_one_of_today() -> None:
    assert not {*CLASSES} & {*CLASSES.values()}


@pytest.mark.parametrize("operator", ARGUMENTS)
def test_arguments_of_today_are_there(operator: str) -> None:
    pytest.importorskip("airflow.providers.amazon", reason="needs the extra 'airflow'")
    module, _, member = operator.rpartition(".")
    known = inspect.signature(getattr(import_module(module), member)).parameters
    assert {*ARGUMENTS[operator].values()} <= known.keys()
    assert not ARGUMENTS[operator].keys() & known.keys()


def test_an_argument_that_has_its_name_of_today_keeps_it() -> None:
    operator = f"{AWS}.operators.batch.BatchOperator"
    assert named_today(operator, {"overrides": 1, "job_name": 2}) == {"container_overrides": 1, "job_name": 2}
    assert named_today(operator, {"overrides": 1, "container_overrides": 2}) == {"container_overrides": 2}


def test_a_task_has_the_names_of_today() -> None:
    text = b"""
from airflow import DAG
from airflow.contrib.operators.awsbatch_operator import AWSBatchOperator
from airflow.utils.dates import days_ago

with DAG("nightly", start_date=days_ago(1), schedule_interval="@daily"):
    AWSBatchOperator(task_id="run", job_name="j", job_definition="d", job_queue="q", overrides={"command": ["x"]})
"""
    reading = read_text(text, "nightly.py")
    (task,) = reading.dags[0].tasks
    assert task.operator == f"{AWS}.operators.batch.BatchOperator"
    assert task.arguments["container_overrides"] == Known({"command": ["x"]})
    assert reading.dags[0].airflow == "2"
