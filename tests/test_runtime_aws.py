"""The runtime's AWS calls against moto, and against what real executions recorded."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import boto3
import moto
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody

from sfn_airflow_core.verify.airflow_process import open_airflow

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")

REGION = "eu-west-1"
Answer = Callable[[str, dict[str, Any]], Any]


@pytest.fixture(scope="module", autouse=True)
def airflow() -> Iterator[None]:
    """An Airflow of our own: importing the runtime makes Airflow read its configuration."""
    with open_airflow():
        yield


def of(module: str, name: str) -> Any:
    """Something of the runtime, imported when it is needed."""
    return getattr(import_module(f"sfn2airflow.runtime.{module}"), name)


def aws(action: str, **arguments: Any) -> Any:
    return of("aws", "aws")(action, **arguments)


def invoke(function: str, payload: Any) -> Any:
    return of("aws", "invoke")(function, payload)


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that reaches nothing."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", f"aws://AKIAIOSFODNN7:secret@/?region_name={REGION}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def services() -> Iterator[None]:
    with moto.mock_aws():
        yield


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], list[tuple[str, dict[str, Any]]]]:
    """Install a function that answers every call of botocore; gives the list of calls."""

    def install(answer: Answer) -> list[tuple[str, dict[str, Any]]]:
        calls: list[tuple[str, dict[str, Any]]] = []

        def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            calls.append((f"{client.meta.service_model.service_name}:{operation}@{client.meta.region_name}", arguments))
            return answer(operation, arguments)

        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        return calls

    return install


def stream(text: str) -> StreamingBody:
    return StreamingBody(io.BytesIO(text.encode()), len(text.encode()))


def failing(code: str, message: str = "no", status: int = 400) -> Answer:
    def answer(operation: str, _: dict[str, Any]) -> Any:
        meta: Any = {"HTTPStatusCode": status, "RequestId": "r-1"}
        raise ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": meta}, operation)

    return answer


def error_of(action: str, **arguments: Any) -> Any:
    with pytest.raises(of("errors", "StateError")) as caught:
        aws(action, **arguments)
    return caught.value


def metadata(result: dict[str, Any]) -> dict[str, Any]:
    return {key: result.pop(key) for key in ("SdkHttpMetadata", "SdkResponseMetadata")}


def table() -> None:
    boto3.client("dynamodb", REGION).create_table(
        TableName="stock",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_dynamodb_keeps_attribute_values_and_adds_the_metadata_of_the_response(services: None) -> None:
    table()
    put = aws("dynamodb:putItem", TableName="stock", Item={"id": {"S": "a"}, "left": {"N": "3"}})
    meta = metadata(put)
    assert put == {}
    assert meta["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert set(meta["SdkHttpMetadata"]) == {"AllHttpHeaders", "HttpHeaders", "HttpStatusCode"}
    assert all(isinstance(value, list) for value in meta["SdkHttpMetadata"]["AllHttpHeaders"].values())
    assert set(meta["SdkResponseMetadata"]) == {"RequestId"}
    assert aws("aws-sdk:dynamodb:putItem", TableName="stock", Item={"id": {"S": "b"}}) == {}
    found = aws("aws-sdk:dynamodb:getItem", TableName="stock", Key={"id": {"S": "a"}})
    assert found == {"Item": {"id": {"S": "a"}, "left": {"N": "3"}}}


def test_s3_bodies_are_json_text_on_the_way_in_and_text_on_the_way_out(services: None) -> None:
    aws("aws-sdk:s3:createBucket", Bucket="bucket-one", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws("aws-sdk:s3:putObject", Bucket="bucket-one", Key="k", Body={"a": 1})
    found = aws("aws-sdk:s3:getObject", Bucket="bucket-one", Key="k")
    assert found["Body"] == '{"a":1}'
    assert found["ContentLength"] == 7
    assert isinstance(found["LastModified"], str)
    assert found["LastModified"].endswith("Z")


def test_states_startexecution_takes_an_object_as_input(services: None) -> None:
    client = boto3.client("stepfunctions", REGION)
    role = "arn:aws:iam::123456789012:role/r"
    machine = client.create_state_machine(name="m", definition='{"StartAt":"A","States":{}}', roleArn=role)
    started = aws("states:startExecution", StateMachineArn=machine["stateMachineArn"], Input={"a": [1]})
    assert set(started) == {"ExecutionArn", "StartDate", "SdkHttpMetadata", "SdkResponseMetadata"}
    told = client.describe_execution(executionArn=started["ExecutionArn"])
    assert told["input"] == '{"a":[1]}'


@pytest.mark.parametrize(
    ("action", "arguments", "member", "text"),
    [
        ("sns:publish", {"TopicArn": "t", "Message": {"a": None, "b": "ü"}}, "Message", '{"a":null,"b":"ü"}'),
        ("sns:publish", {"TopicArn": "t", "Message": "plain"}, "Message", "plain"),
        ("sqs:sendMessage", {"QueueUrl": "https://q", "MessageBody": [1]}, "MessageBody", "[1]"),
        ("aws-sdk:sfn:startExecution", {"StateMachineArn": "m", "Input": {}}, "input", "{}"),
        ("aws-sdk:sfn:sendTaskSuccess", {"TaskToken": "t", "Output": {"r": 1}}, "output", '{"r":1}'),
    ],
)
def test_objects_become_json_text_where_the_api_wants_text(
    answering: Any, action: str, arguments: dict[str, Any], member: str, text: str
) -> None:
    calls = answering(lambda *_: {})
    aws(action, **arguments)
    assert calls[0][1][member] == text


def test_members_are_renamed_both_ways_by_the_shape_and_map_keys_are_not(answering: Any) -> None:
    job = {
        "jobId": "j",
        "jobName": "n",
        "container": {"exitCode": 0},
        "parameters": {"keyOne": "x"},
        "status": "RUNNING",
    }
    calls = answering(lambda *_: {"jobs": [job]})
    found = aws("aws-sdk:batch:describeJobs", Jobs=["j"])
    assert calls == [("batch:DescribeJobs@eu-west-1", {"jobs": ["j"]})]
    assert found["Jobs"][0]["Container"] == {"ExitCode": 0}
    assert found["Jobs"][0]["Parameters"] == {"keyOne": "x"}


def test_sdk_members_are_spelt_as_in_java(answering: Any) -> None:
    calls = answering(lambda *_: {"DBInstances": [{"DBInstanceIdentifier": "d", "DBInstanceArn": "a"}]})
    found = aws("aws-sdk:rds:describeDBInstances", DbInstanceIdentifier="d")
    assert calls[0][1] == {"DBInstanceIdentifier": "d"}
    assert found == {"DbInstances": [{"DbInstanceIdentifier": "d", "DbInstanceArn": "a"}]}


def test_a_null_argument_is_not_sent(answering: Any) -> None:
    calls = answering(lambda *_: {})
    aws("aws-sdk:lambda:listFunctions", Marker=None, MaxItems=5)
    assert calls[0][1] == {"MaxItems": 5}


@pytest.mark.parametrize(
    ("action", "arguments", "code", "name", "cause"),
    [
        (
            "dynamodb:putItem",
            {"TableName": "t", "Item": {}},
            "ResourceNotFoundException",
            "DynamoDB.ResourceNotFoundException",
            "no (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; "
            "Request ID: r-1; Proxy: null)",
        ),
        (
            "aws-sdk:dynamodb:putItem",
            {"TableName": "t", "Item": {}},
            "ResourceNotFoundException",
            "DynamoDb.ResourceNotFoundException",
            "no (Service: DynamoDb, Status Code: 400, Request ID: r-1)",
        ),
        ("dynamodb:putItem", {}, "ValidationException", "DynamoDB.AmazonDynamoDBException", None),
        ("aws-sdk:dynamodb:putItem", {}, "ValidationException", "DynamoDb.DynamoDbException", None),
        ("dynamodb:updateItem", {}, "InternalServerError", "DynamoDB.InternalServerErrorException", None),
        ("sns:publish", {}, "NotFound", "SNS.NotFoundException", None),
        (
            "states:startExecution",
            {},
            "StateMachineDoesNotExist",
            "StepFunctions.StateMachineDoesNotExistException",
            None,
        ),
        ("lambda:invoke", {}, "ResourceNotFoundException", "Lambda.ResourceNotFoundException", None),
        ("lambda:invoke", {}, "TooManyRequestsException", "Lambda.TooManyRequestsException", None),
        ("lambda:invoke", {}, "SomethingNew", "Lambda.AWSLambdaException", None),
        ("aws-sdk:s3:listObjects", {}, "NoSuchBucket", "S3.NoSuchBucketException", None),
        ("aws-sdk:s3:getObject", {}, "NoSuchKey", "S3.NoSuchKeyException", None),
        ("aws-sdk:s3:headObject", {}, "404", "S3.NoSuchKeyException", None),
        ("aws-sdk:s3:getObject", {}, "AccessDenied", "S3.S3Exception", None),
        ("aws-sdk:secretsmanager:listSecrets", {}, "Odd", "SecretsManager.SecretsManagerException", None),
        ("aws-sdk:rds:describeDBInstances", {}, "DBInstanceNotFound", "Rds.DbInstanceNotFoundException", None),
        ("aws-sdk:sfn:startExecution", {}, "StateMachineDoesNotExist", "Sfn.StateMachineDoesNotExistException", None),
        ("glue:startJobRun", {}, "ConcurrentRunsExceededException", "Glue.ConcurrentRunsExceededException", None),
    ],
)
def test_service_errors_have_the_names_that_retry_and_catch_know(
    answering: Any, action: str, arguments: dict[str, Any], code: str, name: str, cause: str | None
) -> None:
    answering(failing(code))
    error = error_of(action, **arguments)
    assert error.error == name
    assert cause is None or error.cause == cause


def raising(exception: Exception) -> Answer:
    def answer(*_: Any) -> Any:
        raise exception

    return answer


@pytest.mark.parametrize(
    ("action", "exception", "name"),
    [
        ("sqs:sendMessage", EndpointConnectionError(endpoint_url="https://q"), "SQS.SdkClientException"),
        ("aws-sdk:dynamodb:query", EndpointConnectionError(endpoint_url="https://d"), "DynamoDb.SdkClientException"),
        ("lambda:invoke", EndpointConnectionError(endpoint_url="https://l"), "Lambda.SdkClientException"),
        ("lambda:invoke", ReadTimeoutError(endpoint_url="https://l"), "Lambda.ClientExecutionTimeoutException"),
    ],
)
def test_connection_errors(answering: Any, action: str, exception: Exception, name: str) -> None:
    answering(raising(exception))
    assert error_of(action).error == name


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("aws-sdk:dynamodb:putItem", "DynamoDb.DynamoDbException"),
        ("dynamodb:putItem", "DynamoDB.AmazonDynamoDBException"),
    ],
)
def test_a_missing_argument_is_the_services_error(services: None, action: str, name: str) -> None:
    error = error_of(action, TableName="stock", Item=None)
    assert error.error == name
    assert str(error.cause).startswith("1 validation error detected: Value null at 'item' failed to satisfy constraint")


def test_an_argument_that_the_api_does_not_have_is_a_runtime_error(services: None) -> None:
    error = error_of("sqs:sendMessage", QueueUrl="https://q", MessageBody="m", Colour="red")
    assert error.error == "States.Runtime"
    assert "Colour" in str(error.cause)


def lambda_answer(payload: str, **more: Any) -> Answer:
    meta = {"HTTPStatusCode": 200, "RequestId": "r-1", "HTTPHeaders": {"content-type": "application/json"}}
    answer = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "ResponseMetadata": meta}
    return lambda *_: {**answer, "Payload": stream(payload), **more}


def test_lambda_invoke_parses_the_payload(answering: Any) -> None:
    calls = answering(lambda_answer('{"a": [1]}'))
    result = aws("lambda:invoke", FunctionName="f", Payload={"x": None})
    assert calls == [("lambda:Invoke@eu-west-1", {"FunctionName": "f", "Payload": b'{"x":null}'})]
    assert result == {
        "ExecutedVersion": "$LATEST",
        "Payload": {"a": [1]},
        "SdkHttpMetadata": {
            "AllHttpHeaders": {"content-type": ["application/json"]},
            "HttpHeaders": {"content-type": "application/json"},
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": "r-1"},
        "StatusCode": 200,
    }


@pytest.mark.parametrize("payload", ["null", "1", '"text"', "[]", "{}"])
def test_a_function_as_resource_gives_what_it_returns(answering: Any, payload: str) -> None:
    calls = answering(lambda_answer(payload))
    assert invoke("arn:aws:lambda:us-west-2:111122223333:function:f:7", {"in": 1}) == json.loads(payload)
    assert calls == [
        (
            "lambda:Invoke@us-west-2",
            {"FunctionName": "arn:aws:lambda:us-west-2:111122223333:function:f:7", "Payload": b'{"in":1}'},
        )
    ]


@pytest.mark.parametrize(
    ("payload", "name", "cause"),
    [
        ('{"errorMessage":"m","errorType":"CustomException"}', "CustomException", None),
        (
            '{"errorMessage":"out of memory"}',
            "Lambda.Unknown",
            "The cause could not be determined because Lambda did not return an error type. "
            'Returned payload: {"errorMessage":"out of memory"}',
        ),
    ],
)
def test_a_failed_function_is_its_own_error(answering: Any, payload: str, name: str, cause: str | None) -> None:
    answering(lambda_answer(payload, FunctionError="Unhandled"))
    with pytest.raises(of("errors", "StateError")) as caught:
        invoke("f", {})
    assert (caught.value.error, caught.value.cause) == (name, cause or payload)
    assert error_of("lambda:invoke", FunctionName="f").error == name


def test_put_events_fails_where_an_entry_failed(answering: Any) -> None:
    calls = answering(
        lambda *_: {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "bad"}]}
    )
    error = error_of("events:putEvents", Entries=[{"Source": "s", "DetailType": "d", "Detail": {"a": 1}}])
    assert calls[0][1] == {"Entries": [{"Source": "s", "DetailType": "d", "Detail": '{"a":1}'}]}
    assert error.error == "EventBridge.FailedEntry"
    assert json.loads(str(error.cause))["Entries"] == [{"ErrorCode": "MalformedDetail", "ErrorMessage": "bad"}]


def test_put_events_gives_the_entries_only(services: None) -> None:
    result = aws("events:putEvents", Entries=[{"Source": "s", "DetailType": "d", "Detail": {"a": 1}}])
    assert result["FailedEntryCount"] == 0
    assert set(result) == {"Entries", "FailedEntryCount"}


def test_bedrock_speaks_json(answering: Any) -> None:
    calls = answering(lambda *_: {"body": stream('{"completion":"hi"}'), "contentType": "application/json"})
    result = aws("bedrock:invokeModel", ModelId="m", Body={"prompt": "p"})
    assert calls[0][0].startswith("bedrock-runtime:InvokeModel")
    assert json.loads(calls[0][1]["body"]) == {"prompt": "p"}
    assert result == {"Body": {"completion": "hi"}, "ContentType": "application/json"}


@pytest.mark.parametrize(
    ("action", "arguments", "sent", "answer", "result"),
    [
        (
            "elasticmapreduce:addStep",
            {"ClusterId": "j-1", "Step": {"Name": "s", "HadoopJarStep": {"Jar": "x"}}},
            {"JobFlowId": "j-1", "Steps": [{"Name": "s", "HadoopJarStep": {"Jar": "x"}}]},
            {"StepIds": ["s-1"]},
            {"StepId": "s-1"},
        ),
        ("elasticmapreduce:createCluster", {"Name": "c"}, {"Name": "c"}, {"JobFlowId": "j-1"}, {"ClusterId": "j-1"}),
        ("elasticmapreduce:terminateCluster", {"ClusterId": "j-1"}, {"JobFlowIds": ["j-1"]}, {}, {}),
        (
            "elasticmapreduce:cancelStep",
            {"ClusterId": "j-1", "StepId": "s-1"},
            {"ClusterId": "j-1", "StepIds": ["s-1"]},
            {"CancelStepsInfoList": [{"StepId": "s-1", "Status": "SUBMITTED"}]},
            {"StepId": "s-1", "Status": "SUBMITTED"},
        ),
    ],
)
def test_emr_has_its_own_request_shapes(
    answering: Any, action: str, arguments: dict[str, Any], sent: dict[str, Any], answer: Any, result: Any
) -> None:
    calls = answering(lambda *_: dict(answer))
    assert aws(action, **arguments) == result
    assert calls[0][1] == sent


def test_ecs_run_task_with_failures_is_an_error(answering: Any) -> None:
    answering(lambda *_: {"tasks": [], "failures": [{"arn": "a", "reason": "RESOURCE:MEMORY"}]})
    error = error_of("ecs:runTask", TaskDefinition="t")
    assert error.error == "AmazonECS.Unknown"
    assert "RESOURCE:MEMORY" in str(error.cause)


def test_open_values_are_read_when_the_call_is_made(answering: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_TOPIC", "arn:t")
    calls = answering(lambda *_: {})
    setting = of("settings", "Setting")("Topic")
    aws("sns:publish", TopicArn=setting, Message={"to": [setting]})
    assert calls[0][1] == {"TopicArn": "arn:t", "Message": '{"to":["arn:t"]}'}
