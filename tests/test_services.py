"""What a Task's Resource means: the table's laws, the forms of Resources, open Resources, the public corpus."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn2airflow.services import OPTIMISED, Operator, Row, Service, Unsupported, resolve
from sfn2airflow.services.job_table import TARGET, job_table
from sfn_airflow_core.catalogue import aws_sdk
from sfn_airflow_core.catalogue.table import ERROR_PREFIXES

OPERATORS = [row for row in OPTIMISED if row.operator]
COLLECTION = "state-machines/step-functions-workflows-collection"


def members(shape: Any) -> dict[str, Any]:
    return {name[0].upper() + name[1:]: member for name, member in shape.members.items()}


def request_members(row: Row) -> set[str]:
    shape = aws_sdk.model(row.client).operation_model(row.operation).input_shape
    return set(members(shape)) if shape is not None else set()


@pytest.mark.parametrize("row", OPTIMISED, ids=lambda row: row.action)
def test_every_row_names_what_botocore_has(row: Row) -> None:
    service, _, verb = row.action.partition(":")
    assert row.title
    assert all(source.startswith("https://docs.aws.amazon.com/step-functions/") for source in row.sources)
    assert row.sources
    assert all(":" in action for action in (*row.iam, *row.sync_iam))
    assert row.iam
    assert service in ERROR_PREFIXES
    assert "request" in row.patterns
    assert bool(row.describe) == bool(row.sync_iam) == any(pattern.startswith("sync") for pattern in row.patterns)
    if row.operation:
        assert row.operation in aws_sdk.model(row.client).operation_names
        if not row.arguments and row.client not in ("emr", "bedrock-runtime"):
            assert row.operation == verb[0].upper() + verb[1:]


@pytest.mark.parametrize(
    "row", [row for row in OPTIMISED if row.describe and row.operation], ids=lambda row: row.action
)
def test_every_job_can_be_described(row: Row) -> None:
    job = row.describe
    assert job is not None
    verb = job.action.partition(":")[2]
    operation = aws_sdk.model(row.client).operation_model(verb[0].upper() + verb[1:])
    asked, told = members(operation.input_shape), operation.output_shape
    required = {name[0].upper() + name[1:] for name in operation.input_shape.required_members}
    given_names = {name.strip("[]") for name, _ in job.arguments}
    assert required <= given_names <= set(asked)
    status = at(told, job.status)
    assert status.type_name == "string"
    if status.enum:
        assert {*job.succeeded, *job.failed} - {"DELETED"} <= set(status.enum)
    for pair in job.result.split():
        at(told, pair.rpartition("=")[2])
    for _, source in job.arguments:
        start = aws_sdk.model(row.client).operation_model(row.operation)
        side, _, path = source.partition(".")
        if row.client != "emr":
            at(start.input_shape if side == "request" else start.output_shape, path)


def at(shape: Any, path: str) -> Any:
    """The shape at a dotted path, in ASL's spelling; fails where there is none."""
    for step in path.split("."):
        shape = shape.member if step.isdigit() else members(shape)[step]
    return shape


@pytest.mark.parametrize("row", OPERATORS, ids=lambda row: row.action)
def test_every_operator_takes_what_the_table_gives_it(row: Row) -> None:
    if find_spec("airflow") is None:
        pytest.skip("needs the extra 'airflow'")
    from sfn_airflow_core.verify.airflow_process import open_airflow

    operator = row.operator
    assert operator is not None
    with open_airflow():
        made = getattr(import_module(operator.module), operator.name)
        keywords: dict[str, Any] = {keyword: "x" for _, keyword in operator.keywords}
        for structured in ("overrides", "query_execution_context", "result_configuration", "script_args"):
            if structured in keywords:
                keywords[structured] = {}
        if operator.rest:
            keywords[operator.rest] = {}
        task = made(task_id="t", **keywords, **dict(operator.constants))
        assert all(hasattr(task, keyword) for keyword in keywords)
        kept = {
            "query_execution_context",
            "result_configuration",
            "client_request_token",
        }  # not rendered, but read late
        assert set(operator.template_fields) <= set(made.template_fields) | kept
        assert task.deferrable is operator.deferrable
    assert {argument for argument, _ in operator.keywords} <= request_members(row)
    assert set(operator.required) <= {argument for argument, _ in operator.keywords}


def test_no_two_rows_claim_the_same_action() -> None:
    assert [action for action, n in Counter(row.action for row in OPTIMISED).items() if n > 1] == []


def test_the_runtime_has_the_jobs_of_the_table() -> None:
    assert TARGET.read_text() == job_table()


def test_the_runtime_has_the_error_prefixes_of_the_table() -> None:
    if find_spec("airflow") is None:
        pytest.skip("needs the extra 'airflow'")
    optimised = import_module("sfn2airflow.runtime.aws_names").OPTIMISED
    assert {service: names[0] for service, names in optimised.items()} == ERROR_PREFIXES


def test_importing_the_services_loads_neither_botocore_nor_airflow() -> None:
    code = "import sys, sfn2airflow.services as s; print(sorted({'boto3', 'botocore', 'airflow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


S = "arn:aws:states:::"
FORMS = {
    f"{S}sns:publish": ("sns:publish", "request", "call"),
    f"{S}dynamodb:updateItem": ("dynamodb:updateItem", "request", "call"),
    f"{S}lambda:invoke": ("lambda:invoke", "request", "call"),
    f"{S}glue:startJobRun": ("glue:startJobRun", "request", "call"),
    f"{S}states:startExecution.sync": ("states:startExecution.sync", "sync", "job"),
    f"{S}elasticmapreduce:addStep.sync": ("elasticmapreduce:addStep.sync", "sync", "job"),
    f"{S}eks:call": ("eks:call", "request", "call"),
    f"{S}eks:runJob.sync": ("eks:runJob.sync", "sync", "job"),
    f"{S}aws-sdk:ec2:describeInstances": ("aws-sdk:ec2:describeInstances", "request", "call"),
    f"{S}aws-sdk:sfn:listExecutions": ("aws-sdk:sfn:listExecutions", "request", "call"),
    "arn:aws-cn:states:cn-north-1:1:aws-sdk:rds:createDBInstance": ("aws-sdk:rds:createDBInstance", "request", "call"),
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:aws-sdk:s3:getObject": (
        "aws-sdk:s3:getObject",
        "request",
        "call",
    ),
    "arn:${p}:states:::batch:submitJob.sync": ("batch:submitJob.sync", "sync", "job"),
    "arn:aws:lambda:eu-west-1:1:function:f": ("lambda", "request", "function"),
    "arn:aws-us-gov:lambda:us-gov-west-1:1:function:f:live": ("lambda", "request", "function"),
    "arn:aws:lambda:::function:${x}": ("lambda", "request", "function"),
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${F}:3": ("lambda", "request", "function"),
}


@pytest.mark.parametrize(("resource", "expected"), FORMS.items())
def test_forms_of_resources(resource: str, expected: tuple[str, str, str]) -> None:
    found = resolve(resource, None)
    assert isinstance(found, Service), found
    assert (found.action, found.pattern, found.encoding) == expected
    assert found.iam
    assert found.sources
    assert found.error_prefix
    assert found.assumption is None
    assert (found.function_arn == resource) is (found.encoding == "function")


def test_regions_come_from_the_functions_arn() -> None:
    found = [resolve(f"arn:aws:lambda:{region}:1:function:f", None) for region in ("eu-west-1", "${AWS::Region}", "")]
    assert [service.region for service in found if isinstance(service, Service)] == ["eu-west-1", None, None]


@pytest.mark.parametrize(
    ("resource", "arguments", "operator", "bound", "rest"),
    [
        (
            "glue:startJobRun.sync",
            {"JobName.$": "$.n", "Arguments": {}, "WorkerType": "G.1X"},
            "GlueJobOperator",
            {"job_name": 0, "script_args": 1},
            {"WorkerType": 2},
        ),
        (
            "athena:startQueryExecution.sync",
            {"QueryString": "q", "WorkGroup": "w"},
            "AthenaOperator",
            {"query": 0, "workgroup": 1},
            {},
        ),
        ("athena:startQueryExecution.sync", {"QueryString": "q", "ExecutionParameters": []}, None, {}, {}),
        (
            "batch:submitJob.sync",
            {"JobName": "n", "JobQueue": "q", "JobDefinition": "d", "DependsOn": []},
            None,
            {},
            {},
        ),
        (
            "ecs:runTask.sync",
            {"Cluster": "c", "TaskDefinition": "t"},
            "EcsRunTaskOperator",
            {"cluster": 0, "task_definition": 1},
            {},
        ),
        ("ecs:runTask.sync", {"TaskDefinition": "t"}, None, {}, {}),
        (
            "states:startExecution.sync:2",
            {"StateMachineArn": "a", "Input": {}},
            "StepFunctionStartExecutionOperator",
            {"state_machine_arn": 0, "state_machine_input": 1},
            {},
        ),
    ],
)
def test_a_job_is_an_operator_where_the_operator_can_say_all_of_it(
    resource: str, arguments: dict[str, Any], operator: str | None, bound: dict[str, int], rest: dict[str, int]
) -> None:
    found = resolve(S + resource, arguments)
    assert isinstance(found, Service)
    assert found.describe is not None
    assert (found.operator.name if found.operator else None) == operator
    assert found.encoding == ("operator" if operator else "job")
    if isinstance(found.operator, Operator):
        binding = found.operator.bind({name.removesuffix(".$"): n for n, name in enumerate(arguments)})
        assert (binding.keywords, binding.rest) == (bound, rest)


@pytest.mark.parametrize(
    ("resource", "kind", "words"),
    [
        (f"{S}aws-sdk:iotanalytics:createDataset", "service-gone", "iotanalytics"),
        (f"{S}aws-sdk:stepfunctions:listExecutions", "unknown-service", "Did you mean sfn?"),
        (f"{S}aws-sdk:dynamdb:getItem", "unknown-service", "Did you mean dynamodb?"),
        (f"{S}aws-sdk:ec2:describeInstance", "unknown-action", "Did you mean describeInstance"),
        (f"{S}redshift:pause", "unknown-service", "aws-sdk:redshift:pause"),
        (f"{S}sns:subscribe", "unknown-action", "sns:publish"),
        (f"{S}eks:call.sync", "sync-not-available", "request"),
        (f"{S}sns:publish.sync", "sync-not-available", "request, token"),
        (f"{S}glue:startJobRun.sync:2", "sync-not-available", "request, sync"),
        (f"{S}aws-sdk:glue:startJobRun.sync", "sync-not-available", "AWS SDK"),
        (f"{S}${{X}}", "open", "open"),
        (f"{S}sqs:${{Action}}", "open", "open"),
        ("arn:aws:${Service}:::x", "open", "open"),
        ("arn:aws:s3:::bucket", "not-a-resource", "neither"),
        ("arn:aws:lambda:eu-west-1:1:layer:l", "not-a-resource", "not a function"),
        ("hello", "not-a-resource", "not an ARN"),
        ("", "not-a-resource", "not an ARN"),
    ],
)
def test_what_cannot_be_called_says_why(resource: str, kind: str, words: str) -> None:
    found = resolve(resource, {})
    assert isinstance(found, Unsupported), found
    assert found.kind == kind
    assert words in f"{found.reason} {found.remedy}".replace("'s", "")
    assert found.sources


TOKEN = {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}
OPEN: list[tuple[str, dict[str, Any] | None, str]] = [
    ("${Fn}", None, "lambda"),
    ("${CreateOrderFunctionArn}", {"JobName.$": "$.job", "user": 1}, "lambda"),
    ("${SNSTopicPublishAction}", {"Message": "m"}, "sns:publish"),
    ("${X}", {"TopicArn": "t", "Message.$": "$.m"}, "sns:publish"),
    ("${X}", {"QueueUrl": "q", "MessageBody": "b"}, "sqs:sendMessage"),
    ("${SQSSendMessageAction}", TOKEN, "sqs:sendMessage"),
    ("${X}", {"QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}"}, "sqs:sendMessage"),
    ("${DDBUpdateItem}", None, "dynamodb:updateItem"),
    ("${X}", {"TableName": "t", "Item": {}}, "dynamodb:putItem"),
    ("${X}", {"TableName": "t", "Key": {}, "UpdateExpression": "SET a"}, "dynamodb:updateItem"),
    ("${X}", {"TableName": "t", "Key": {}}, "dynamodb:getItem"),
    ("${DDBDelete}", {"TableName": "t", "Key": {}}, "dynamodb:deleteItem"),
    ("${X}", {"FunctionName": "f", "Payload.$": "$"}, "lambda:invoke"),
    ("${X}", {"StateMachineArn": "m"}, "states:startExecution"),
    ("${X}", {"JobQueue": "q", "JobDefinition": "d", "JobName": "n"}, "batch:submitJob"),
    ("${X}", {"JobName": "n"}, "glue:startJobRun"),
    ("${ActivityArn}", None, "activity"),
]


@pytest.mark.parametrize(("resource", "arguments", "expected"), OPEN)
def test_open_resources_are_guessed_and_the_guess_is_told(
    resource: str, arguments: dict[str, Any] | None, expected: str
) -> None:
    found = resolve(resource, arguments, state_name="Do it")
    assert isinstance(found, Service)
    assert found.action == expected
    assert found.assumption is not None
    assert found.assumption.startswith(f"The Resource of Do it, {resource}, is open; taken for ")
    assert (found.encoding == "callback") == ("Token" in str(arguments))


@pytest.mark.parametrize(
    ("resource", "arguments", "unknown"),
    [
        ("dynamodb:getItem", {"TableName": "t", "key": {}}, []),
        ("dynamodb:getItem", {"Tablename.$": "$.t", "Keys": {}}, [("Keys", "Key")]),
        ("ecs:runTask", {"TaskDefinition": "t", "Cluster": "c", "zzz": 1}, [("zzz", None)]),
        ("aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "d"}, []),
        ("aws-sdk:rds:describeDBInstances", {"DbInstanceId": "d"}, [("DbInstanceId", "DbInstanceIdentifier")]),
        ("elasticmapreduce:addStep.sync", {"ClusterId": "c", "Step": {}, "Steps": []}, [("Steps", "Step")]),
        ("bedrock:invokeModel", {"ModelId": "m", "Body": {}, "Output": {}}, []),
        ("apigateway:invoke", {"ApiEndpoint": "e", "Method": "GET", "Stages": "x"}, [("Stages", "Stage")]),
    ],
)
def test_arguments_that_an_api_does_not_have(
    resource: str, arguments: dict[str, Any], unknown: list[tuple[str, str | None]]
) -> None:
    found = resolve(S + resource, arguments)
    assert isinstance(found, Service)
    assert [(one.name, one.suggestion) for one in found.unknown_arguments] == unknown


@pytest.mark.parametrize(
    ("token", "client", "prefix"),
    [
        ("dynamodb", "dynamodb", "DynamoDb"),
        ("sfn", "stepfunctions", "Sfn"),
        ("ec2", "ec2", "Ec2"),
        ("s3", "s3", "S3"),
        ("secretsmanager", "secretsmanager", "SecretsManager"),
        ("eventbridge", "events", "EventBridge"),
        ("cloudwatchlogs", "logs", "CloudWatchLogs"),
        ("cognitoidentityprovider", "cognito-idp", "CognitoIdentityProvider"),
        ("directory", "ds", "Directory"),
        ("elasticloadbalancingv2", "elbv2", "ElasticLoadBalancingV2"),
        ("pinpointsmsvoice", "pinpoint-sms-voice", "PinpointSmsVoice"),
        ("wafv2", "wafv2", "Wafv2"),
        ("fsx", "fsx", "FSx"),
    ],
)
def test_sdk_services(token: str, client: str, prefix: str) -> None:
    assert aws_sdk.client_of(token) == client
    assert aws_sdk.error_prefix(client) == prefix


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=12), st.none(), max_size=3))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_no_text_breaks_the_resolver(text: str, arguments: dict[str, None]) -> None:
    for resource in (text, f"arn:aws:states:::{text}", f"${{{text}}}", f"{S}aws-sdk:{text}"):
        assert isinstance(resolve(resource, {**arguments}), Service | Unsupported)


def tasks(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield name, state
        inner = [*state.get("Branches", []), state.get("Iterator"), state.get("ItemProcessor")]
        for machine_ in filter(None, inner):
            yield from tasks(machine_)


def test_every_resource_of_the_public_collection_resolves(corpus: Path) -> None:
    machines = [json.loads(path.read_text()) for path in sorted((corpus / COLLECTION).glob("*.json"))]
    states = [found for machine in machines for found in tasks(machine)]
    began = time.perf_counter()
    answers = [resolve(s["Resource"], s.get("Parameters", s.get("Arguments")), state_name=name) for name, s in states]
    seconds = time.perf_counter() - began
    kinds = Counter(answer.kind for answer in answers if isinstance(answer, Unsupported))
    assert set(kinds) <= {"service-gone"}
    assert not [a for a in answers if isinstance(a, Service) and a.unknown_arguments]
    assert seconds < 10, "models are read once a process"
