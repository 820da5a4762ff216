"""Functions that run in containers as resources of a template: task definitions, roles, a group for their logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow2sfn.deploy.arns import arn
from airflow2sfn.deploy.permission_rows import Grant
from airflow2sfn.deploy.roles import EXECUTION_ROLE, Role, task_role
from airflow2sfn.deploy.yaml import get_att, ref, sub
from airflow2sfn.packaging.package import Function
from airflow2sfn.tasks.functions import CONTAINER

LOGS = "ContainerLogGroup"
_MANAGED = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
_TOLD = ("states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat")


def image(function: Function) -> str:
    """The parameter with the URI of a function's image."""
    return f"{function.name.stem}ImageUri"


def answers(machine: str) -> Grant:
    """What a container needs to tell a state machine of that name what came of it."""
    return Grant(_TOLD, (arn("states", f"stateMachine:{machine}"),))


def shared() -> dict[str, Any]:
    """What all containers of a template share."""
    return {
        LOGS: {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}},
        EXECUTION_ROLE: _role({"ManagedPolicyArns": [sub(_MANAGED)]}),
    }


def resources(function: Function, role: Role, variables: Mapping[str, str]) -> dict[str, Any]:
    """The task definition of a function and its role.

    Args:
        function: the function.
        role: what its code and its entry point may do.
        variables: its environment variables, by the parameters that hold them.
    """
    container: dict[str, Any] = {"Name": CONTAINER, "Image": ref(image(function))}
    if variables:
        container["Environment"] = [{"Name": name, "Value": ref(value)} for name, value in sorted(variables.items())]
    container["LogConfiguration"] = {
        "LogDriver": "awslogs",
        "Options": {
            "awslogs-group": ref(LOGS),
            "awslogs-region": ref("AWS::Region"),
            "awslogs-stream-prefix": function.name.folder,
        },
    }
    definition = {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "RequiresCompatibilities": ["FARGATE"],
            "NetworkMode": "awsvpc",
            "Cpu": "1024",
            "Memory": "2048",
            "ExecutionRoleArn": get_att(f"{EXECUTION_ROLE}.Arn"),
            "TaskRoleArn": get_att(f"{task_role(function)}.Arn"),
            "ContainerDefinitions": [container],
        },
    }
    policies = [{"PolicyName": "work", "PolicyDocument": document} for document in role.policies]
    return {function.resource: definition, task_role(function): _role({"Policies": policies})}


def _role(allowed: Mapping[str, Any]) -> dict[str, Any]:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, **allowed}}
