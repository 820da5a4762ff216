"""Jobs that take several calls, and requests that are put together from arguments: executed, call by call."""

from __future__ import annotations

from typing import Any

import pytest
from operators import SNS, TELL, called, ok

CASES: dict[str, tuple[str, str, dict[str, list[dict[str, Any]]], list[tuple[str, str, Any]], str]] = {
    "one step is waited for by its own integration": (
        "operators.emr.EmrAddStepsOperator" + SNS,
        f'a = EmrAddStepsOperator(task_id="a", job_flow_id="j", deferrable=True, steps=[{{"Name": "x"}}])\n{TELL}',
        {"a": ok({"Step": {"Id": "1"}}), "tell": ok({})},
        [
            ("a", "elasticmapreduce:addStep.sync", {"ClusterId": "j", "Step": {"Name": "x"}}),
            ("tell", "sns:publish", {"TopicArn": "arn", "Message": '["1"]'}),
        ],
        "SUCCEEDED",
    ),
    "steps are added at once and waited for one after the other": (
        "operators.emr.EmrAddStepsOperator" + SNS,
        f'a = EmrAddStepsOperator(task_id="a", job_flow_id="j", wait_for_completion=True, steps=[{{"Name": "x"}}, '
        f'{{"Name": "y"}}])\n{TELL}',
        {
            "a": ok({"StepIds": ["1", "2"]}),
            "a: status": ok({"Step": {"Status": {"State": "PENDING"}}}, {"Step": {"Status": {"State": "COMPLETED"}}}),
            "a: status 2": ok({"Step": {"Status": {"State": "COMPLETED"}}}),
            "tell": ok({}),
        },
        [
            ("a", "aws-sdk:emr:addJobFlowSteps", {"JobFlowId": "j", "Steps": [{"Name": "x"}, {"Name": "y"}]}),
            *[("a: status", "aws-sdk:emr:describeStep", {"ClusterId": "j", "StepId": "1"})] * 2,
            ("a: status 2", "aws-sdk:emr:describeStep", {"ClusterId": "j", "StepId": "2"}),
            ("tell", "sns:publish", {"TopicArn": "arn", "Message": '["1","2"]'}),
        ],
        "SUCCEEDED",
    ),
    "a model is looked for, and the best one is the result": (
        "operators.sagemaker.SageMakerAutoMLOperator" + SNS,
        'a = SageMakerAutoMLOperator(task_id="a", job_name="j", s3_input="s3://b/in", target_attribute="y", s3_output='
        f'"s3://b/out", role_arn="r", time_limit=60, extras={{"ProblemType": "Regression"}}, check_interval=5)\n{TELL}',
        {
            "a": ok({"AutoMLJobArn": "arn"}),
            "a: status": ok(
                {"AutoMLJobStatus": "InProgress"},
                {"AutoMLJobStatus": "Completed", "BestCandidate": {"CandidateName": "c"}},
            ),
            "tell": ok({}),
        },
        [
            (
                "a",
                "aws-sdk:sagemaker:createAutoMLJob",
                {
                    "AutoMLJobName": "j",
                    "InputDataConfig": [
                        {
                            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}},
                            "TargetAttributeName": "y",
                        }
                    ],
                    "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
                    "RoleArn": "r",
                    "AutoMLJobConfig": {"CompletionCriteria": {"MaxAutoMLJobRuntimeInSeconds": 60}},
                    "ProblemType": "Regression",
                },
            ),
            *[("a: status", "aws-sdk:sagemaker:describeAutoMLJob", {"AutoMLJobName": "j"})] * 2,
            ("tell", "sns:publish", {"TopicArn": "arn", "Message": '{"CandidateName":"c"}'}),
        ],
        "SUCCEEDED",
    ),
    "keys that one page does not hold are an error": (
        "operators.s3.S3ListOperator" + SNS,
        f'a = S3ListOperator(task_id="a", bucket="b", prefix="in/")\n{TELL}',
        {"a": ok({"Contents": [{"Key": "in/x"}], "IsTruncated": True})},
        [("a", "aws-sdk:s3:listObjectsV2", {"Bucket": "b", "Prefix": "in/"})],
        "There are more than 1,000 of them",
    ),
    "objects become a new table": (
        "transfers.s3_to_dynamodb.S3ToDynamoDBOperator",
        'a = S3ToDynamoDBOperator(task_id="a", s3_bucket="b", s3_key="k", dynamodb_table_name="t", input_format="CSV",'
        ' dynamodb_attributes=[{"AttributeName": "id", "AttributeType": "S"}], check_interval=5, '
        'dynamodb_key_schema=[{"AttributeName": "id", "KeyType": "HASH"}])',
        {
            "a": ok({"ImportTableDescription": {"ImportArn": "i"}}),
            "a: status": ok(
                {"ImportTableDescription": {"ImportStatus": "IN_PROGRESS"}},
                {"ImportTableDescription": {"ImportStatus": "FAILED"}},
            ),
        },
        [
            (
                "a",
                "aws-sdk:dynamodb:importTable",
                {
                    "S3BucketSource": {"S3Bucket": "b", "S3KeyPrefix": "k"},
                    "InputFormat": "CSV",
                    "TableCreationParameters": {
                        "TableName": "t",
                        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                        "BillingMode": "PAY_PER_REQUEST",
                    },
                },
            ),
            *[("a: status", "aws-sdk:dynamodb:describeImport", {"ImportArn": "i"})] * 2,
        ],
        "States.TaskFailed: a has ended with FAILED",
    ),
    "one more tag is put by its key and value": (
        "operators.s3.S3PutBucketTaggingOperator",
        'a = S3PutBucketTaggingOperator(task_id="a", bucket_name="b", key="k", value="v")',
        {"a": ok({})},
        [
            (
                "a",
                "aws-sdk:s3:putBucketTagging",
                {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}},
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
    assert ended.endswith(end)
