"""What operators and sensors of services do as states: executed with replies, call by call."""

from __future__ import annotations

from typing import Any

import pytest
from operators import SNS, TELL, called, error, ok

RECEIVE = ("a", "aws-sdk:sqs:receiveMessage", {"QueueUrl": "q", "MaxNumberOfMessages": 5, "WaitTimeSeconds": 1})
CASES: dict[str, tuple[str, str, dict[str, list[dict[str, Any]]], list[tuple[str, str, Any]], str]] = {
    "a job is started and watched, and its id is the XCom": (
        "operators.redshift_data.RedshiftDataOperator" + SNS,
        f'a = RedshiftDataOperator(task_id="a", sql="select 1", database="dev", workgroup_name="w")\n{TELL}',
        {
            "a": ok({"Id": "q"}),
            "a: status": ok({"Status": "STARTED"}, {"Status": "FINISHED"}),
            "tell": ok({}),
        },
        [
            (
                "a",
                "aws-sdk:redshiftdata:executeStatement",
                {"Sql": "select 1", "Database": "dev", "WorkgroupName": "w"},
            ),
            ("a: status", "aws-sdk:redshiftdata:describeStatement", {"Id": "q"}),
            ("a: status", "aws-sdk:redshiftdata:describeStatement", {"Id": "q"}),
            ("tell", "sns:publish", {"TopicArn": "arn", "Message": '["q"]'}),
        ],
        "SUCCEEDED",
    ),
    "a job that ends badly fails the task": (
        "operators.redshift_data.RedshiftDataOperator",
        'a = RedshiftDataOperator(task_id="a", sql="select 1", database="dev")',
        {"a": ok({"Id": "q"}), "a: status": ok({"Status": "ABORTED"})},
        [
            ("a", "aws-sdk:redshiftdata:executeStatement", {"Sql": "select 1", "Database": "dev"}),
            ("a: status", "aws-sdk:redshiftdata:describeStatement", {"Id": "q"}),
        ],
        "States.TaskFailed: a has ended with ABORTED",
    ),
    "a job that takes too long fails the task": (
        "operators.rds.RdsStopDbOperator",
        'a = RdsStopDbOperator(task_id="a", db_identifier="d", waiter_delay=30, waiter_max_attempts=2)',
        {"a": ok({}), "a: status": ok(*[{"DbInstances": [{"DbInstanceStatus": "stopping"}]}] * 3)},
        [
            ("a", "aws-sdk:rds:stopDBInstance", {"DbInstanceIdentifier": "d"}),
            *[("a: status", "aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "d"})] * 3,
        ],
        "States.Timeout: a has waited for 1 minute",
    ),
    "what cannot be described any more is deleted": (
        "operators.rds.RdsDeleteDbInstanceOperator",
        'a = RdsDeleteDbInstanceOperator(task_id="a", db_instance_identifier="d", '
        'rds_kwargs={"SkipFinalSnapshot": True})',
        {"a": ok({}), "a: status": [error("Rds.DbInstanceNotFoundException")]},
        [
            ("a", "aws-sdk:rds:deleteDBInstance", {"DbInstanceIdentifier": "d", "SkipFinalSnapshot": True}),
            ("a: status", "aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "d"}),
        ],
        "SUCCEEDED",
    ),
    "several statements are a batch": (
        "operators.redshift_data.RedshiftDataOperator" + SNS,
        f'a = RedshiftDataOperator(task_id="a", sql=["select 1", "select 2"], database="dev")\n{TELL}',
        {
            "a": ok({"Id": "q"}),
            "a: status": ok({"Status": "FINISHED", "SubStatements": [{"Id": "q:1"}, {"Id": "q:2"}]}),
            "tell": ok({}),
        },
        [
            (
                "a",
                "aws-sdk:redshiftdata:batchExecuteStatement",
                {"Sqls": ["select 1", "select 2"], "Database": "dev"},
            ),
            ("a: status", "aws-sdk:redshiftdata:describeStatement", {"Id": "q"}),
            ("tell", "sns:publish", {"TopicArn": "arn", "Message": '["q:1","q:2"]'}),
        ],
        "SUCCEEDED",
    ),
    "rows are fetched": (
        "operators.redshift_data.RedshiftDataOperator",
        'a = RedshiftDataOperator(task_id="a", sql="select 1", database="dev", return_sql_result=True)',
        {"a": ok({"Id": "q"}), "a: status": ok({"Status": "FINISHED"}), "a: rows": ok({"Records": []})},
        [
            ("a", "aws-sdk:redshiftdata:executeStatement", {"Sql": "select 1", "Database": "dev"}),
            ("a: status", "aws-sdk:redshiftdata:describeStatement", {"Id": "q"}),
            ("a: rows", "aws-sdk:redshiftdata:getStatementResult", {"Id": "q"}),
        ],
        "SUCCEEDED",
    ),
    "a bucket that is there already is as good as created": (
        "operators.s3.S3CreateBucketOperator",
        'a = S3CreateBucketOperator(task_id="a", bucket_name="b", region_name="eu-west-1")',
        {"a": [error("S3.BucketAlreadyOwnedByYouException")]},
        [
            (
                "a",
                "aws-sdk:s3:createBucket",
                {"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
            )
        ],
        "SUCCEEDED",
    ),
    "a bucket is emptied before it is deleted": (
        "operators.s3.S3DeleteBucketOperator",
        'a = S3DeleteBucketOperator(task_id="a", bucket_name="b", force_delete=True)',
        {
            "a: list objects": ok({"Contents": [{"Key": "x", "Size": 1}]}, {}),
            "a: delete objects": ok({}),
            "a": ok({}),
        },
        [
            ("a: list objects", "aws-sdk:s3:listObjectsV2", {"Bucket": "b"}),
            ("a: delete objects", "aws-sdk:s3:deleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "x"}]}}),
            ("a: list objects", "aws-sdk:s3:listObjectsV2", {"Bucket": "b"}),
            ("a", "aws-sdk:s3:deleteBucket", {"Bucket": "b"}),
        ],
        "SUCCEEDED",
    ),
    "a bucket that does not exist is as good as deleted": (
        "operators.s3.S3DeleteBucketOperator",
        'a = S3DeleteBucketOperator(task_id="a", bucket_name="b")',
        {"a: does it exist": [error("S3.NoSuchBucketException")]},
        [("a: does it exist", "aws-sdk:s3:headBucket", {"Bucket": "b"})],
        "SUCCEEDED",
    ),
    "several keys are waited for one after the other": (
        "sensors.s3.S3KeySensor",
        'a = S3KeySensor(task_id="a", bucket_key=["s3://b/x", "s3://b/y"], poke_interval=5)',
        {
            "a": ok({"Prefix": "x", "Contents": [{"Key": "x"}]}),
            "a: key 2": ok({"Prefix": "y"}, {"Prefix": "y", "Contents": [{"Key": "y"}]}),
        },
        [
            ("a", "aws-sdk:s3:listObjectsV2", {"Bucket": "b", "Prefix": "x", "MaxKeys": 1}),
            ("a: key 2", "aws-sdk:s3:listObjectsV2", {"Bucket": "b", "Prefix": "y", "MaxKeys": 1}),
            ("a: key 2", "aws-sdk:s3:listObjectsV2", {"Bucket": "b", "Prefix": "y", "MaxKeys": 1}),
        ],
        "SUCCEEDED",
    ),
    "a pattern is looked for among the keys that start like it": (
        "sensors.s3.S3KeySensor",
        'a = S3KeySensor(task_id="a", bucket_name="b", bucket_key="in/*.csv", wildcard_match=True)',
        {"a": ok({"Contents": [{"Key": "in/a.txt"}]}, {"Contents": [{"Key": "in/a.txt"}, {"Key": "in/b.csv"}]})},
        [("a", "aws-sdk:s3:listObjectsV2", {"Bucket": "b", "Prefix": "in/"})] * 2,
        "SUCCEEDED",
    ),
    "a crawler that does not exist is created": (
        "operators.glue_crawler.GlueCrawlerOperator",
        'a = GlueCrawlerOperator(task_id="a", config={"Name": "c", "Role": "r"})',
        {
            "a: update": [error("Glue.EntityNotFoundException")],
            "a: update, otherwise": ok({}),
            "a": ok({}),
            "a: status": ok(
                {"Crawler": {"State": "RUNNING"}}, {"Crawler": {"State": "READY", "LastCrawl": {"Status": "SUCCEEDED"}}}
            ),
        },
        [
            ("a: update", "aws-sdk:glue:updateCrawler", {"Name": "c", "Role": "r"}),
            ("a: update, otherwise", "aws-sdk:glue:createCrawler", {"Name": "c", "Role": "r"}),
            ("a", "aws-sdk:glue:startCrawler", {"Name": "c"}),
            ("a: status", "aws-sdk:glue:getCrawler", {"Name": "c"}),
            ("a: status", "aws-sdk:glue:getCrawler", {"Name": "c"}),
        ],
        "SUCCEEDED",
    ),
    "an application is created and started": (
        "operators.emr.EmrServerlessCreateApplicationOperator" + SNS,
        'a = EmrServerlessCreateApplicationOperator(task_id="a", release_label="emr-7", job_type="SPARK",'
        f' config={{"name": "n"}})\n{TELL}',
        {"a": ok({"Application": {"ApplicationId": "app"}}), "a: start": ok({}), "tell": ok({})},
        [
            (
                "a",
                "emr-serverless:createApplication.sync",
                {"ReleaseLabel": "emr-7", "Type": "SPARK", "Name": "n"},
            ),
            ("a: start", "emr-serverless:startApplication.sync", {"ApplicationId": "app"}),
            ("tell", "sns:publish", {"TopicArn": "arn", "Message": "app"}),
        ],
        "SUCCEEDED",
    ),
    "messages are deleted when they have been received": (
        "sensors.sqs.SqsSensor",
        'a = SqsSensor(task_id="a", sqs_queue="q", poke_interval=5)',
        {
            "a": ok({}, {"Messages": [{"MessageId": "m", "ReceiptHandle": "h", "Body": "b"}]}),
            "a: delete messages": ok({}),
        },
        [
            *[("a", "aws-sdk:sqs:receiveMessage", {"QueueUrl": "q", "MaxNumberOfMessages": 5, "WaitTimeSeconds": 1})]
            * 2,
            (
                "a: delete messages",
                "aws-sdk:sqs:deleteMessageBatch",
                {"QueueUrl": "q", "Entries": [{"Id": "m", "ReceiptHandle": "h"}]},
            ),
        ],
        "SUCCEEDED",
    ),
    "an endpoint comes with its model": (
        "operators.sagemaker.SageMakerEndpointOperator",
        'a = SageMakerEndpointOperator(task_id="a", config={"Model": {"ModelName": "m"},'
        ' "EndpointConfig": {"EndpointConfigName": "c"},'
        ' "Endpoint": {"EndpointName": "e", "EndpointConfigName": "c"}})',
        {
            "a: model": ok({}),
            "a: configuration": ok({}),
            "a": ok({}),
            "a: status": ok({"EndpointStatus": "Creating"}, {"EndpointStatus": "InService"}),
        },
        [
            ("a: model", "sagemaker:createModel", {"ModelName": "m"}),
            ("a: configuration", "sagemaker:createEndpointConfig", {"EndpointConfigName": "c"}),
            ("a", "sagemaker:createEndpoint", {"EndpointName": "e", "EndpointConfigName": "c"}),
            *[("a: status", "aws-sdk:sagemaker:describeEndpoint", {"EndpointName": "e"})] * 2,
        ],
        "SUCCEEDED",
    ),
    "a pod is a Job": (
        "operators.eks.EksPodOperator",
        'a = EksPodOperator(task_id="a", cluster_name="c", pod_name="p", image="i", cmds=["sh"], env_vars={"X": "1"})',
        {
            "a: cluster": ok({"Cluster": {"Endpoint": "https://e", "CertificateAuthority": {"Data": "pem"}}}),
            "a": ok({}),
        },
        [
            ("a: cluster", "aws-sdk:eks:describeCluster", {"Name": "c"}),
            (
                "a",
                "eks:runJob.sync",
                {
                    "ClusterName": "c",
                    "CertificateAuthority": "pem",
                    "Endpoint": "https://e",
                    "Namespace": "default",
                    "LogOptions": {"RetrieveLogs": True},
                    "Job": {
                        "apiVersion": "batch/v1",
                        "kind": "Job",
                        "metadata": {"name": "p"},
                        "spec": {
                            "backoffLimit": 0,
                            "template": {
                                "spec": {
                                    "restartPolicy": "Never",
                                    "containers": [
                                        {
                                            "name": "base",
                                            "image": "i",
                                            "command": ["sh"],
                                            "env": [{"name": "X", "value": "1"}],
                                        }
                                    ],
                                }
                            },
                        },
                    },
                },
            ),
        ],
        "SUCCEEDED",
    ),
    "a sensor stops at a bad end": (
        "sensors.emr.EmrStepSensor",
        'a = EmrStepSensor(task_id="a", job_flow_id="j", step_id="s")',
        {"a": ok({"Step": {"Status": {"State": "RUNNING"}}}, {"Step": {"Status": {"State": "CANCELLED"}}})},
        [("a", "aws-sdk:emr:describeStep", {"ClusterId": "j", "StepId": "s"})] * 2,
        "States.TaskFailed: a has ended with CANCELLED",
    ),
    "a sensor stops where the task says": (
        "sensors.emr.EmrStepSensor",
        'a = EmrStepSensor(task_id="a", job_flow_id="j", step_id="s", target_states=["RUNNING"], '
        'failed_states=["PENDING"])',
        {"a": ok({"Step": {"Status": {"State": "PENDING"}}})},
        [("a", "aws-sdk:emr:describeStep", {"ClusterId": "j", "StepId": "s"})],
        "States.TaskFailed: a has ended with PENDING",
    ),
    "nested names are spelt as Step Functions does, and keys of maps are not": (
        "operators.ecs.EcsRunTaskOperator",
        'a = EcsRunTaskOperator(task_id="a", cluster="c", task_definition="t", launch_type="FARGATE", overrides='
        '{"containerOverrides": [{"name": "x", "environment": [{"name": "aB", "value": "v"}]}]}, tags={"owner": "me"})',
        {"a": ok({})},
        [
            (
                "a",
                "ecs:runTask.sync",
                {
                    "TaskDefinition": "t",
                    "Cluster": "c",
                    "LaunchType": "FARGATE",
                    "Overrides": {"ContainerOverrides": [{"Name": "x", "Environment": [{"Name": "aB", "Value": "v"}]}]},
                    "Tags": [{"Key": "owner", "Value": "me"}],
                },
            )
        ],
        "SUCCEEDED",
    ),
}


@pytest.mark.parametrize(("operators", "tasks", "replies", "calls", "end"), CASES.values(), ids=CASES)
def test_the_states_make_the_calls(
    operators: str,
    tasks: str,
    replies: dict[str, list[dict[str, Any]]],
    calls: list[tuple[str, str, Any]],
    end: str,
) -> None:
    made, ended = called(operators, tasks, replies)
    assert made == calls
    assert ended == end
