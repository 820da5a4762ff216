"""What roles allow: actions that exist, for what definitions and functions call, on what they call it for."""

from __future__ import annotations

from typing import Any

import pytest

from airflow2sfn.deploy.arns import Arguments
from airflow2sfn.deploy.code_calls import calls
from airflow2sfn.deploy.deployment import deploy
from airflow2sfn.deploy.permission_rows import ROWS
from airflow2sfn.deploy.permissions import of_call, of_state
from airflow2sfn.deploy.roles import machine_role
from airflow2sfn.read import read_text
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.model import Given, Machine, PathFlow, Task

all_actions = pytest.importorskip("policy_sentry.querying.all").get_all_actions


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Every action of the service authorization reference, in small letters."""
    return {action.lower() for action in all_actions()}


NEWER = {"states:invokehttpendpoint"}
"""Actions of Step Functions that the offline copy of the reference may not have yet."""


@pytest.mark.parametrize("integration", ROWS)
@pytest.mark.parametrize("pattern", ["request", "sync"])
def test_actions_exist(integration: str, pattern: str, known: set[str]) -> None:
    service, _, action = integration.partition(":")
    for grant in of_state(service, action, pattern, Arguments({})):
        assert {one.lower() for one in grant.actions} <= known | NEWER
        assert grant.resources


@pytest.mark.parametrize(
    ("resource", "given", "expected"),
    [
        ("glue:startJobRun.sync", {"JobName": "j"}, {"glue:StartJobRun": "job/j", "glue:BatchStopJobRun": "job/j"}),
        (
            "sqs:sendMessage",
            {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/q"},
            {"sqs:SendMessage": "q"},
        ),
        ("batch:submitJob.sync", {"JobQueue": "q", "JobDefinition": "d"}, {"batch:SubmitJob": "job-definition/d"}),
        ("ecs:runTask.sync", {"TaskDefinition": "t"}, {"ecs:StopTask": "task/default/*"}),
        (
            "ecs:runTask.sync",
            {"TaskDefinition": "t", "Cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/c"},
            {"ecs:StopTask": "arn:aws:ecs:eu-west-1:123456789012:task/c/*"},
        ),
        ("ecs:runTask.sync", {"TaskDefinition": "t", "Cluster": "{% $c %}"}, {"ecs:StopTask": "*"}),
        (
            "emr-serverless:startJobRun.sync",
            {"ApplicationId": "{% $app %}"},
            {
                "emr-serverless:StartJobRun": ":/applications/*",
                "emr-serverless:CancelJobRun": "applications/*/jobruns/*",
            },
        ),
        (
            "aws-sdk:glue:getPartitions",
            {"DatabaseName": "d", "TableName": "t", "Expression": "{% $x %}"},
            {"glue:GetPartitions": "table/d/t"},
        ),
        ("ecs:runTask.sync", {"TaskDefinition": "t"}, {"ecs:RunTask": "task-definition/t", "iam:PassRole": "*"}),
        ("aws-sdk:s3:listObjectsV2", {"Bucket": "b"}, {"s3:ListBucket": ":::b"}),
        ("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "{% 'in/' & $ds %}"}, {"s3:GetObject": ":::b/in/*"}),
        ("aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "d"}, {"rds:DescribeDBInstances": "db:d"}),
        ("sns:publish", {"TopicArn": "{% $topic %}"}, {"sns:Publish": "*"}),
        (
            "aws-sdk:sagemaker:createAutoMLJob",
            {"AutoMLJobName": "j", "RoleArn": "arn:aws:iam::123456789012:role/ml"},
            {"iam:PassRole": "arn:aws:iam::123456789012:role/ml"},
        ),
        (
            "sagemaker:createTrainingJob.sync",
            {"TrainingJobName": "{% 'churn-' & $ds %}", "RoleArn": "arn:aws:iam::123456789012:role/ml"},
            {"sagemaker:CreateTrainingJob": "training-job/churn-*", "iam:PassRole": "role/ml"},
        ),
        ("aws-sdk:glue:createCrawler", {"Name": "c", "Role": "crawler"}, {"iam:PassRole": "role/crawler"}),
        (
            "states:startExecution.sync:2",
            {"StateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:m"},
            {"states:StopExecution": "execution:m:*", "events:PutRule": "StepFunctionsGetEventsForStepFunctions"},
        ),
    ],
)
def test_tasks_may_do_what_they_do(resource: str, given: dict[str, Any], expected: dict[str, str]) -> None:
    base, _, pattern = resource.partition(".")
    service, _, action = base.rpartition(":")
    grants = of_state(service, action, pattern.partition(":")[0] or "request", Arguments(given))
    allowed = {action: " ".join(grant.resources) for grant in grants for action in grant.actions}
    assert {action: part in allowed.get(action, "") for action, part in expected.items()} == dict.fromkeys(
        expected, True
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("boto3.client('s3').get_object(Bucket='b', Key='k')", [("s3", "GetObject", {"Bucket": "b", "Key": "k"})]),
        ("s3 = boto3.client('s3')\ns3.upload_file('f', 'b', 'k')", [("s3", "PutObject", {"Bucket": "b", "Key": "k"})]),
        ("B = 'b'\nboto3.client('s3').list_objects_v2(Bucket=B)", [("s3", "ListObjectsV2", {"Bucket": "b"})]),
        ("boto3.resource('dynamodb').Table('t').put_item(Item={})", [("dynamodb", "PutItem", {"TableName": "t"})]),
        ("boto3.resource('s3').Object('b', 'k').get()", [("s3", "GetObject", {"Bucket": "b", "Key": "k"})]),
        ("boto3.resource('s3').Bucket('b').objects.filter(Prefix='p')", [("s3", "ListObjectsV2", {"Prefix": "p"})]),
        (
            "c = boto3.Session().client('glue')\nc.start_job_run(JobName='j')",
            [("glue", "StartJobRun", {"JobName": "j"})],
        ),
        ("boto3.client('athena').get_waiter('x')", []),
        ("boto3.client('s3').get_waiter('object_exists').wait(Bucket='b', Key='k')", [("s3", "HeadObject", {})]),
        (
            "for p in boto3.client('s3').get_paginator('list_objects_v2').paginate(Bucket='b'): pass",
            [("s3", "ListObjectsV2", {"Bucket": "b"})],
        ),
        ("client('s3').get_object()\nother.get_object()", []),
    ],
)
def test_calls_are_found_in_code(code: str, expected: list[tuple[str, str, dict[str, str]]]) -> None:
    found = calls(f"import boto3\n{code}\n").calls
    assert [(call.client, call.operation) for call in found] == [
        (client, operation) for client, operation, _ in expected
    ]
    for call, (_, _, given) in zip(found, expected, strict=True):
        assert {name: call.arguments.text(name) for name in given} == given


@pytest.mark.parametrize(
    "code",
    [
        "c = boto3.client('s3')\nsync(c)",
        "boto3.client('s3').generate_presigned_url('get_object')",
        "boto3.resource('ec2').instances.all()",
    ],
)
def test_what_is_not_understood_is_said(code: str) -> None:
    assert calls(f"import boto3\n{code}\n").open


def test_every_boto3_call_of_common_services_exists(known: set[str]) -> None:
    for client, operation in (
        ("s3", "HeadObject"), ("s3", "CopyObject"), ("dynamodb", "Query"), ("lambda", "Invoke"), ("sqs", "SendMessage"),
        ("secretsmanager", "GetSecretValue"), ("ssm", "GetParameter"), ("stepfunctions", "StartExecution"),
        ("glue", "StartCrawler"), ("athena", "GetQueryResults"), ("redshift-data", "ExecuteStatement"),
    ):  # fmt: skip
        for grant in of_call(client, operation, Arguments({})):
            assert {action.lower() for action in grant.actions} <= known


def test_no_role_is_passed_on_where_none_is_given() -> None:
    grants = of_state("sagemaker", "createEndpointConfig", "request", Arguments({"EndpointConfigName": "c"}))
    assert [grant.actions for grant in grants] == [("sagemaker:CreateEndpointConfig", "sagemaker:AddTags")]


def test_roles_hold_nothing_for_what_is_not_called() -> None:
    text = "from airflow.sdk import DAG, task\nwith DAG('a', schedule=None):\n    @task\n    def x(): pass\n    x()\n"
    (dag,) = read_text(text, "a.py").dags
    template = str(deploy(dag, translate(dag), "a").files)
    assert "LambdaInvokePolicy" in template
    assert "Effect: Allow" not in template


def test_a_machine_in_jsonpath_is_allowed_what_it_calls() -> None:
    """What a payload template computes is not known, the names beside it are."""
    payload = PathFlow(parameters=Given({"FunctionName": "pay", "Payload.$": "$.order"}))
    queue = PathFlow(parameters=Given({"QueueUrl.$": "$.queue", "MessageBody": "paid"}))
    call = Task(name="Pay", resource="arn:aws:states:::lambda:invoke", flow=payload)
    send = Task(name="Tell", resource="arn:aws:states:::sqs:sendMessage", flow=queue, next="Pay")
    role = machine_role(Machine("Tell", {"Tell": send, "Pay": call}), {}, "Orders")
    allowed = str(role.policies)
    assert "lambda:InvokeFunction" in allowed
    assert "function:pay" in allowed
    assert "sqs:SendMessage" in allowed
    assert (list(role.wide), role.unknown) == (["Tell"], {})


def test_every_optimised_integration_of_the_catalogue_is_known() -> None:
    from sfn_airflow_core.catalogue.table import ROWS as CATALOGUE

    optimised = {row.action for row in CATALOGUE if not row.action.startswith("aws-sdk:")}
    assert optimised <= set(ROWS)
