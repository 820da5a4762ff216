"""The SAM template of a state machine: parameters, functions, roles, schedule, callbacks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow2sfn.deploy.alarms import Alarm
from airflow2sfn.deploy.callbacks import Callback
from airflow2sfn.deploy.containers import resources as container
from airflow2sfn.deploy.containers import shared
from airflow2sfn.deploy.roles import Role
from airflow2sfn.deploy.schedule import Schedule
from airflow2sfn.deploy.yaml import Tag, document, get_att, ref
from airflow2sfn.packaging.container import LONGEST
from airflow2sfn.packaging.package import Function

RUNTIME = "python3.12"
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the template."""

    description: str
    default: str | None = None
    type: str = "String"
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a template is made of."""

    dag_id: str
    definition: str
    """The file of the definition."""
    substitutions: Sequence[str]
    functions: Sequence[Function]
    timeouts: Mapping[str, int] = field(default_factory=dict)
    """Seconds that functions may run, by folder, where their tasks say so."""
    callbacks: Sequence[Callback] = ()
    machine: Role
    roles: Mapping[str, Role] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    tags: Sequence[str] = ()
    alarms: Sequence[Alarm] = ()


def placeholders(definition: str) -> tuple[str, ...]:
    """The placeholders of a definition, in its order.

    >>> placeholders('{"a": "${B}", "c": "${D}${B}"}')
    ('B', 'D')
    """
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(definition)))


def template(parts: Parts) -> str:
    """The template as YAML."""
    every = [*parts.functions, *(callback.function for callback in parts.callbacks)]
    sections: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": f"{parts.dag_id}, translated from the Airflow DAG of the same name"[:1024],
    }
    if parts.parameters:
        sections["Parameters"] = {name: _parameter(each) for name, each in parts.parameters.items()}
    if any(not function.container for function in every):
        sections["Globals"] = {
            "Function": {"Runtime": RUNTIME, "Handler": "app.handler", "Timeout": LONGEST},
        }
    resources: dict[str, Any] = {"StateMachine": _machine(parts)}
    containers = [function for function in parts.functions if function.container]
    for function in parts.functions:
        if not function.container:
            resources[function.resource] = _function(parts, function)
    for function in containers:
        variables = {name: parameter_name(name) for name in function.environment}
        resources |= container(function, parts.roles[function.name.folder], variables)
    if containers:
        resources |= shared()
    for callback in parts.callbacks:
        made = _function(parts, callback.function)
        made["Properties"]["Events"] = {"RunEnded": _rule(callback)}
        resources[callback.function.name.resource] = made
    for number, alarm in enumerate(parts.alarms, start=1):
        resources["LateAlarm" if number == 1 else f"LateAlarm{number}"] = alarm.resource()
    sections["Resources"] = resources
    sections["Outputs"] = {"StateMachineArn": {"Value": ref("StateMachine")}}
    return document(sections)


def _parameter(each: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {"Type": each.type}
    if each.default is not None:
        made["Default"] = each.default
    if each.allowed:
        made["AllowedValues"] = list(each.allowed)
    return made | {"Description": each.description}


def machine_name(dag_id: str) -> str:
    """A name that Step Functions allows."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", dag_id)[:80]


def _machine(parts: Parts) -> dict[str, Any]:
    own = {function.substitution: _arn(function) for function in parts.functions}
    properties: dict[str, Any] = {"Name": machine_name(parts.dag_id)}
    if parts.tags:
        properties["Tags"] = {"airflow-tags": _tag_value(parts.tags)}
    properties["DefinitionUri"] = parts.definition
    if parts.substitutions:
        properties["DefinitionSubstitutions"] = {
            name: own[name] if name in own else _value(parts, name) for name in parts.substitutions
        }
    if parts.schedule.expressions:
        properties["Events"] = {name: _event(parts.schedule, made) for name, made in parts.schedule.expressions}
    if parts.machine.policies:
        properties["Policies"] = parts.machine.policies
    return {"Type": "AWS::Serverless::StateMachine", "Properties": properties}


def _arn(function: Function) -> Tag:
    return ref(function.resource) if function.container else get_att(f"{function.resource}.Arn")


def _value(parts: Parts, name: str) -> Any:
    """A parameter as a text, which a list has to be made to."""
    parameter = parts.parameters.get(name)
    listed = parameter is not None and parameter.type.startswith("List<")
    return {"Fn::Join": [",", ref(name)]} if listed else ref(name)


def _tag_value(tags: Iterable[str]) -> str:
    return re.sub(r"[^\w .:/=+@-]", "_", " ".join(tags))[:256]


def _event(schedule: Schedule, expression: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    if schedule.description:
        properties["Description"] = schedule.description[:512]
    properties["ScheduleExpression"] = ref("ScheduleExpression") if schedule.parameter else expression
    properties["ScheduleExpressionTimezone"] = schedule.timezone
    if schedule.end:
        properties["EndDate"] = schedule.end
    return {
        "Type": "ScheduleV2",
        "Properties": properties
        | {
            "State": ref("ScheduleState"),
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Input": json.dumps({schedule.member: "<aws.scheduler.scheduled-time>"}),
            "RetryPolicy": {"MaximumRetryAttempts": 3},
        },
    }


def _function(parts: Parts, function: Function) -> dict[str, Any]:
    properties: dict[str, Any] = {"CodeUri": f"functions/{function.name.folder}"}
    if function.handler != "app.handler":
        properties["Handler"] = function.handler
    if (seconds := parts.timeouts.get(function.name.folder)) is not None:
        properties["Timeout"] = seconds
    if function.environment:
        properties["Environment"] = {
            "Variables": {name: ref(parameter_name(name)) for name in sorted(function.environment)}
        }
    if (role := parts.roles.get(function.name.folder)) is not None and role.policies:
        properties["Policies"] = role.policies
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def parameter_name(variable: str) -> str:
    """The parameter of an environment variable.

    >>> parameter_name("DB_HOST")
    'DbHost'
    """
    words = re.split(r"[^A-Za-z0-9]+", variable)
    return "".join(word[:1].upper() + (word[1:].lower() if word.isupper() else word[1:]) for word in words) or "Value"


def _rule(callback: Callback) -> dict[str, Any]:
    return {
        "Type": "EventBridgeRule",
        "Properties": {
            "Pattern": {
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {"stateMachineArn": [ref("StateMachine")], "status": list(callback.statuses)},
            }
        },
    }
