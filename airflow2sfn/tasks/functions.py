"""Calls of packaged functions: a Lambda invocation, or a container that answers by its task token."""

from __future__ import annotations

from airflow2sfn.expressions.values import constant, query
from airflow2sfn.packaging.container import HEARTBEAT
from airflow2sfn.packaging.package import Function
from airflow2sfn.tasks.calls import Call
from sfn_airflow_core.asl.model import Json, Retrier

INVOKE = "arn:aws:states:::lambda:invoke"
RUN = "arn:aws:states:::ecs:runTask.waitForTaskToken"
CLUSTER, SUBNETS, PUBLIC = "ContainerCluster", "ContainerSubnets", "ContainerPublicIp"
"""The parameters of a template that say where containers run."""
CONTAINER = "main"


def call_of(
    function: Function,
    event: Json,
    retry: tuple[Retrier, ...] = (),
    limit: int | None = None,
    *,
    skips: bool = False,
    chooses: str = "",
) -> Call:
    """The call of a function with an event.

    Args:
        function: the function.
        event: its event, in which ``{% … %}`` computes.
        retry: the entries of its Retry.
        limit: seconds that it may take.
        skips: whether it may skip its task.
        chooses: what it decides, for branches and short circuits.
    """
    if not function.container:
        arguments: Json = {"FunctionName": function.placeholder, "Payload": event}
        return Call(INVOKE, arguments, "$states.result.Payload", retry, limit, skips=skips, chooses=chooses)
    silence = HEARTBEAT if limit is None or limit > HEARTBEAT else None  # it has to be shorter than the timeout
    run = _run(function, event)
    return Call(RUN, run, "$states.result", retry, limit, skips=skips, chooses=chooses, heartbeat=silence)


def _run(function: Function, event: Json) -> Json:
    """The arguments that start a container on Fargate; it gets its event and its token from the environment."""
    return {
        "LaunchType": "FARGATE",
        "Cluster": f"${{{CLUSTER}}}",
        "TaskDefinition": function.placeholder,
        "NetworkConfiguration": {
            "AwsvpcConfiguration": {
                "Subnets": query(f"$split('${{{SUBNETS}}}', ',')"),
                "AssignPublicIp": f"${{{PUBLIC}}}",
            }
        },
        "Overrides": {
            "ContainerOverrides": [
                {
                    "Name": CONTAINER,
                    "Environment": [
                        {"Name": "TASK_TOKEN", "Value": query("$states.context.Task.Token")},
                        {"Name": "EVENT", "Value": query(f"$string({constant(event)})")},
                    ],
                }
            ]
        },
    }
