"""AWS calls by the names that state machines use."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from .aws_emr import BY_NAME
from .aws_http import invoke_api
from .aws_kubernetes import call_cluster, describe_job, run_job, suspend_job
from .aws_names import OPTIMISED, Json, compact, java_name, plain_name, request, result, sdk_prefix, service_error
from .aws_reshaped import RESHAPED
from .errors import StateError
from .roles import in_role, other_role
from .settings import Setting

CONNECTION = "aws_default"

_CLIENTS = {
    "states": "stepfunctions",
    "elasticmapreduce": "emr",
    "bedrock:invokeModel": "bedrock-runtime",
}
_BARE = ("events:putEvents",)  # recorded without SdkHttpMetadata
_FUNCTION_SECONDS = 900
_CLUSTER = {
    "eks:call": call_cluster,
    "eks:runJob": run_job,
    "eks:describeJob": describe_job,
    "eks:suspendJob": suspend_job,
}
"""Requests to the Kubernetes API of a cluster; the last two are none of Step Functions' own actions."""


def aws(action: str, **arguments: Json) -> Json:
    """Call a service by the name ASL gives the call: ``dynamodb:updateItem``, ``aws-sdk:ec2:describeInstances``.

    Arguments and result are spelt as in ASL, in PascalCase; the result is that of the Task state. Raises ``StateError``
    with the name by which Retry and Catch know the error.
    """
    arguments = opened(arguments)
    match action:
        case "apigateway:invoke":
            return invoke_api(arguments, in_role(_session()))
        case "lambda:invoke":
            return _lambda(arguments)
        case "events:putEvents":
            return _put_events(arguments)
        case "bedrock:invokeModel":
            return _invoke_model(arguments)
        case "ecs:runTask":
            return _run_task(arguments)
    if (cluster := _CLUSTER.get(action)) is not None:
        return cluster(arguments, in_role(_session()))
    if (by_name := BY_NAME.get(action)) is not None:
        return by_name(arguments, call)
    if reshaped := RESHAPED.get(action):
        return reshaped.result(call(f"{action.partition(':')[0]}:{reshaped.operation}", reshaped.request(arguments)))
    return call(action, arguments)


def invoke(function: str | Setting, payload: Json = None) -> Json:
    """Call a Lambda function by its ARN, as a Task whose Resource it is: the result is what the function returns."""
    name = str(opened(function))
    answer = call("lambda:invoke", {"FunctionName": name, "Payload": compact(opened(payload))}, region=region_of(name))
    return _payload(answer)


def opened(value: Json) -> Json:
    """A value with the text of every Setting in it."""
    match value:
        case Setting():
            return value.get()
        case dict():
            return {key: opened(item) for key, item in value.items()}
        case list():
            return [opened(item) for item in value]
        case _:
            return value


def region_of(arn: str) -> str | None:
    """The region that an ARN names, if it names one."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 5 and parts[0] == "arn" and re.fullmatch(r"[a-z0-9-]+", parts[3]) else None


def call(action: str, arguments: Json, *, region: str | None = None) -> Json:
    """One request of botocore for ``action``, with arguments and result spelt as in ASL."""
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, ReadTimeoutError

    client, model = _operation(action, region)
    sdk = action.startswith("aws-sdk:")
    try:
        answer = client._make_api_call(model.name, request(arguments, model.input_shape))
    except ClientError as error:
        raise StateError(*service_error(action, error, model)) from error
    except ParamValidationError as error:
        raise StateError(*_refused(action, arguments, error, model)) from error
    except BotoCoreError as error:
        prefix = error_prefix(action, model)
        late = isinstance(error, ReadTimeoutError) and prefix == "Lambda"
        name = "ClientExecutionTimeoutException" if late else "SdkClientException"
        raise StateError(f"{prefix}.{name}", str(error)) from error
    meta = answer.pop("ResponseMetadata", None)
    answer = result(answer, model.output_shape, java_name if sdk else plain_name)
    return answer if sdk or action in _BARE or not meta else {**answer, **_metadata(meta)}


def client_for(action: str, region: str | None = None) -> Any:
    """The boto3 client of an action's service, from the connection ``aws_default``."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
    from botocore.config import Config

    if other_role():
        return in_role(_session()).client(client_name(action), region_name=region)
    if action == "lambda:invoke":  # a function may run for 15 minutes; asking twice would run it twice
        config = Config(read_timeout=_FUNCTION_SECONDS + 10, retries={"max_attempts": 0}, tcp_keepalive=True)
        return AwsGenericHook(CONNECTION, client_type="lambda", region_name=region, config=config).get_conn()
    return AwsGenericHook(CONNECTION, client_type=client_name(action), region_name=region).get_conn()


def client_name(action: str) -> str:
    """boto3's name of an action's service: ``stepfunctions`` for ``states:startExecution``."""
    service = action.removeprefix("aws-sdk:").partition(":")[0]
    if action.startswith("aws-sdk:"):
        return _by_token(service)
    return _CLIENTS.get(action) or _CLIENTS.get(service, service)


def error_prefix(action: str, model: Any) -> str:
    """What the names of an action's errors start with."""
    if action.startswith("aws-sdk:"):
        return sdk_prefix(model.service_model)
    return OPTIMISED[action.partition(":")[0]][0]


def _operation(action: str, region: str | None) -> tuple[Any, Any]:
    client = client_for(action, region)
    verb = action.rpartition(":")[2]
    service = client.meta.service_model
    name = next((n for n in service.operation_names if n.lower() == verb.lower()), None)
    if name is None:
        raise StateError("States.Runtime", f"{client.meta.service_model.service_name} has no action {verb}")
    return client, service.operation_model(name)


def _session() -> Any:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    return AwsGenericHook(CONNECTION, client_type="sts").get_session()


_IRREGULAR = {
    "applicationdiscovery": "discovery",
    "applicationdiscoveryservice": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "config": "config",
    "configservice": "config",
    "costandusagereport": "cur",
    "costandusagereportservice": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "databasemigrationservice": "dms",
    "directory": "ds",
    "directoryservice": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "elasticsearchservice": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelbuildingservice": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntime": "lex-runtime",
    "lexruntimeservice": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlement": "marketplace-entitlement",
    "marketplaceentitlementservice": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}


@cache
def _by_token(token: str) -> str:
    """boto3's name of a service of the AWS SDK integrations, whose tokens are service ids without punctuation."""
    from botocore.loaders import Loader

    loader = Loader()
    names = loader.list_available_services("service-2")
    if found := _IRREGULAR.get(token) or next((name for name in names if name.replace("-", "") == token), None):
        return found
    for name in names:
        service_id = loader.load_service_model(name, "service-2")["metadata"].get("serviceId", "")
        if re.sub(r"[^a-z0-9]", "", service_id.lower()) == token:
            return name
    raise StateError("States.Runtime", f"boto3 has no service {token}")


def _metadata(meta: Json) -> Json:
    """What optimised integrations add to a result; header names are in small letters, as botocore keeps them."""
    headers = meta.get("HTTPHeaders", {})
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": dict(headers),
            "HttpStatusCode": meta.get("HTTPStatusCode"),
        },
        "SdkResponseMetadata": {"RequestId": meta.get("RequestId")},
    }


def _refused(action: str, arguments: Json, error: Any, model: Any) -> tuple[str, str]:
    """Arguments that botocore refuses: Step Functions sends missing ones to the service, and refuses others itself."""
    problems = [line for line in str(error).splitlines()[1:] if line.strip()]
    missing = [re.search(r'Missing required parameter in .*: "(\w+)"', line) for line in problems]
    if missing and all(missing):
        names = [m[1][:1].lower() + m[1][1:] for m in missing if m]
        text = "; ".join(f"Value null at '{n}' failed to satisfy constraint: Member must not be null" for n in names)
        count = f"{len(names)} validation error{'s' if len(names) > 1 else ''} detected"
        prefix = error_prefix(action, model)
        service = prefix if action.startswith("aws-sdk:") else OPTIMISED[action.partition(":")[0]][1].removesuffix("v2")
        return f"{prefix}.{service}Exception", f"{count}: {text}"
    told = f"The Parameters '{compact(arguments)}' could not be used to start the Task: [{'; '.join(problems)}]"
    return "States.Runtime", told


def _lambda(arguments: Json) -> Json:
    """``lambda:invoke``: the payload travels as JSON text, and comes back parsed."""
    function = str(arguments.get("FunctionName", ""))
    sent = {**arguments, "Payload": compact(arguments.get("Payload", {}))}
    if isinstance(context := sent.get("ClientContext"), dict):
        sent["ClientContext"] = compact(context)
    answer = call("lambda:invoke", sent, region=region_of(function))
    return dict(sorted({**answer, "Payload": _payload(answer)}.items()))


def _payload(answer: Json) -> Json:
    """What a function returned; raises its error where it failed."""
    text = answer.get("Payload") or ""
    try:
        payload = json.loads(text) if text else {}
    except ValueError:
        payload = text
    if "FunctionError" not in answer:
        return payload
    if isinstance(payload, dict) and payload.get("errorType"):
        raise StateError(str(payload["errorType"]), text)
    told = "The cause could not be determined because Lambda did not return an error type."
    raise StateError("Lambda.Unknown", f"{told} Returned payload: {text}")


def _put_events(arguments: Json) -> Json:
    """``events:putEvents`` fails as a whole where one event was not taken."""
    answer = call("events:putEvents", arguments)
    if answer.get("FailedEntryCount"):
        raise StateError("EventBridge.FailedEntry", compact(answer))
    return answer


def _run_task(arguments: Json) -> Json:
    """``ecs:runTask`` fails where ECS could not place a task, which the API reports as a success."""
    answer = call("ecs:runTask", arguments)
    if answer.get("Failures"):
        raise StateError("AmazonECS.Unknown", compact(answer["Failures"]))
    return answer


def _invoke_model(arguments: Json) -> Json:
    """``bedrock:invokeModel``: ``Body`` is JSON on the way in and out, or lies in S3 (``Input`` and ``Output``)."""
    sent = {"ContentType": "application/json", **{k: v for k, v in arguments.items() if k not in ("Input", "Output")}}
    if source := (arguments.get("Input") or {}).get("S3Uri"):
        bucket, key = _s3(source)
        sent["Body"] = call("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": key})["Body"]
    if not isinstance(sent.get("Body"), str):
        sent["Body"] = compact(sent.get("Body"))
    answer = call("bedrock:invokeModel", sent)
    if target := (arguments.get("Output") or {}).get("S3Uri"):
        bucket, key = _s3(target)
        client_for("aws-sdk:s3:putObject").put_object(Bucket=bucket, Key=key, Body=answer["Body"].encode())
        return {**answer, "Body": target}
    try:
        return {**answer, "Body": json.loads(answer["Body"])}
    except ValueError:
        return answer


def _s3(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
