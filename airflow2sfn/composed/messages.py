"""Queues, commands and other workflows: Amazon SQS, Systems Manager, Amazon MWAA."""

from __future__ import annotations

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.source import Known, Value
from airflow2sfn.tasks.calls import SENSOR_LATE, Chain, Look, Step, Work
from airflow2sfn.tasks.retries import seconds
from airflow2sfn.tasks.services import row_call
from airflow2sfn.tasks.site import Site
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.forms import joined

_WEEK = 7 * 86_400


def receive(site: Site, given: dict[str, Value]) -> Work | None:
    """Messages are deleted from the queue as soon as they are received, unless the task says otherwise."""
    site.refuse(given, "message_filtering", "message_filtering_match_values", "message_filtering_config")
    keep = given.get("delete_message_on_reception", Known(True)) == Known(False)
    site.dropped(
        given, "sqs_queue", "max_messages", "wait_time_seconds", "visibility_timeout", "delete_message_on_reception",
        "message_filtering", "message_filtering_match_values", "message_filtering_config",
    )  # fmt: skip
    queue = site.need(given, "sqs_queue")
    arguments: dict[str, Json] = {
        "QueueUrl": queue,
        "MaxNumberOfMessages": site.json(given.get("max_messages", Known(5))),
        "WaitTimeSeconds": site.json(given.get("wait_time_seconds", Known(1))),
    }
    if "visibility_timeout" in given:
        arguments["VisibilityTimeout"] = site.json(given["visibility_timeout"])
    messages = "" if keep else site.local("messages")
    look = Look(
        site.call("aws-sdk:sqs:receiveMessage", arguments),
        "[$states.result.Messages]",
        "$count($states.input) > 0",
        interval=max(1, round(seconds(site.task.known("poke_interval")) or 60)),
        timeout=max(1, round(seconds(site.task.known("timeout")) or _WEEK)),
        soft_fail=bool(site.task.known("soft_fail", False)),
        late=SENSOR_LATE,
        assign={} if keep else {messages: "$states.input"},
        result="{'messages': $states.input}",
    )
    if keep:
        return Chain((look,))
    received = f"{{% [${messages}.{{'Id': MessageId, 'ReceiptHandle': ReceiptHandle}}] %}}"
    delete = site.call("aws-sdk:sqs:deleteMessageBatch", {"QueueUrl": queue, "Entries": received})
    return Chain((look, Step(delete, "delete messages")), f"{{'messages': ${messages}}}")


def invocation(site: Site, given: dict[str, Value]) -> Work | None:
    """What a command has written on one instance."""
    site.dropped(given, "command_id", "instance_id")
    if "instance_id" not in given:
        raise Untranslatable("it collects the output of all instances")
    arguments: dict[str, Json] = {
        "CommandId": site.need(given, "command_id"),
        "InstanceId": site.need(given, "instance_id"),
    }
    parts = {
        "instance_id": "InstanceId",
        "status": "Status",
        "response_code": "ResponseCode",
        "standard_output": "StandardOutputContent",
        "standard_error": "StandardErrorContent",
        "execution_start_time": "ExecutionStartDateTime",
        "execution_end_time": "ExecutionEndDateTime",
        "document_name": "DocumentName",
        "comment": "Comment",
    }
    told = ", ".join(f"'{name}': $states.result.{member}" for name, member in parts.items())
    result = f"{{'command_id': {site.text(given['command_id'])}, 'invocations': [{{{told}}}]}}"
    return site.call("aws-sdk:ssm:getCommandInvocation", arguments, result)


def trigger_run(site: Site, given: dict[str, Value]) -> Work | None:
    """A run of a DAG in another environment, and waiting for it where the operator does."""
    if not site.waits("wait_for_completion", default=False):
        return None
    plain = {name: value for name, value in given.items() if name != "wait_for_completion"}
    site.refuse(given, "waiter_states")
    run, answer = site.local("run"), site.local("answer")
    kept = {run: "$states.result.RestApiResponse.dag_run_id", answer: "$states.result"}
    path = joined(["/dags/", site.need(given, "trigger_dag_id"), "/dagRuns/", f"{{% ${run} %}}"])
    asked: dict[str, Json] = {"Name": site.need(given, "env_name"), "Path": path, "Method": "GET"}
    interval, limit = site.pace(60, 20)
    look = Look(
        site.call("aws-sdk:mwaa:invokeRestApi", asked),
        "$states.result.RestApiResponse.state",
        "$states.input = 'success'",
        "$states.input = 'failed'",
        interval=interval,
        timeout=limit,
        name="status",
    )
    return Chain((Step(row_call(site, plain), assign=kept), look), f"${answer}")


MESSAGES = {
    "sensors.sqs.SqsSensor": receive,
    "operators.ssm.SsmGetCommandInvocationOperator": invocation,
    "operators.mwaa.MwaaTriggerDagRunOperator": trigger_run,
}
