"""The roles of a state machine and its functions, as policies of a SAM template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow2sfn.deploy.arns import Arguments, arn, s3_uri
from airflow2sfn.deploy.code_calls import calls, distinct
from airflow2sfn.deploy.permission_rows import Grant
from airflow2sfn.deploy.permissions import narrowable, of_call, of_state
from airflow2sfn.deploy.yaml import Tag, ref, sub
from airflow2sfn.packaging.package import Function
from airflow2sfn.packaging.stand_ins import VARIABLES
from sfn_airflow_core.asl.model import Given, Json, Machine, Map, QueryFlow, Task
from sfn_airflow_core.interpreter.resource import parse_resource

_RESULTS = ("s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")
EXECUTION_ROLE = "ContainerExecutionRole"
"""The role by which containers are started: it pulls images and writes logs."""
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(slots=True)
class Role:
    """What a role allows: ``policies`` as SAM has them.

    ``wide`` are actions that are allowed on everything, by what needs them; ``unknown`` is what is not understood.
    """

    policies: list[Any] = field(default_factory=list)
    wide: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    """Tasks that query data whose place is not in the definition, and the database."""


def task_role(function: Function) -> str:
    """The logical id of the role of a function that runs in a container."""
    return f"{function.name.stem}TaskRole"


def _starting(function: Function) -> Iterable[Grant]:
    """What a state machine needs to start a container that is deployed with it."""
    yield Grant(("ecs:RunTask",), (f"${{{function.resource}}}",))
    passed = tuple(f"${{{name}.Arn}}" for name in (task_role(function), EXECUTION_ROLE))
    condition: dict[str, Json] = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    yield Grant(("iam:PassRole",), passed, condition, "PassRole")


def machine_role(machine: Machine, functions: Mapping[str, Function], name: str) -> Role:
    """The role of a state machine.

    Args:
        machine: its definition.
        functions: the functions that are deployed with it.
        name: of the state machine.
    """
    role = Role()
    own = {function.placeholder: function.resource for function in functions.values() if not function.container}
    containers = {function.placeholder: function for function in functions.values() if function.container}
    invoked: dict[str, None] = {}
    statements: dict[str, dict[str, Any]] = {}
    for state in machine.walk():
        if isinstance(state, Map) and state.mode == "DISTRIBUTED":
            _add(role, statements, state.name, _children(state, name))
        if not isinstance(state, Task) or not isinstance(_arguments(state).given, dict):
            continue  # what is no object is no call: it raises an error
        resource = parse_resource(state.resource)
        arguments = _arguments(state)
        if (function := arguments.get("FunctionName")) in own and resource.service == "lambda":
            invoked[own[str(function)]] = None
            continue
        task = state.name.removesuffix(" item")
        if (definition := arguments.get("TaskDefinition")) in containers:
            _add(role, statements, task, _starting(containers[str(definition)]))
            continue
        grants = of_state(resource.service, resource.action, resource.pattern, arguments)
        if not grants and resource.service not in ("eks",):
            role.unknown.setdefault(task, []).append(f"it calls {resource.service}:{resource.action}")
        if resource.service == "eks":
            role.unknown.setdefault(task, []).append("the cluster has to know the role")
        if resource.service == "athena" and resource.action == "startQueryExecution":
            role.data[task] = arguments.text("QueryExecutionContext.Database") or "default"
        _add(role, statements, task, grants)
    role.policies += [{"LambdaInvokePolicy": {"FunctionName": ref(resource)}} for resource in invoked]
    if statements:
        role.policies.append({"Version": "2012-10-17", "Statement": list(statements.values())})
    return role


def function_role(function: Function, besides: Iterable[Grant] = ()) -> Role:
    """The role of a function, from the calls in its code; ``besides`` is what it needs whatever its code does."""
    role = Role()
    found = calls(function.code, function.requirements)
    statements: dict[str, dict[str, Any]] = {}
    by_target: dict[str, list[str]] = {}
    targets: dict[str, tuple[tuple[str, ...], Mapping[str, Json]]] = {}
    for call in distinct(found.calls):
        for grant in of_call(call.client, call.operation, call.arguments):
            key = repr((grant.resources, grant.condition))
            targets[key] = (grant.resources, grant.condition)
            by_target.setdefault(key, [])
            by_target[key] += [action for action in grant.actions if action not in by_target[key]]
            if wide := narrowable(grant):
                role.wide[function.name.folder] = tuple(
                    dict.fromkeys((*role.wide.get(function.name.folder, ()), *wide))
                )
    for number, (key, actions) in enumerate(by_target.items()):
        target = targets[key]
        statements[str(number)] = _statement(Grant(tuple(actions), *target))
    for number, grant in enumerate(besides):
        statements[f"besides {number}"] = _statement(grant)
    if found.variables:
        names = ["*"] if "*" in found.variables else sorted(set(found.variables))
        resources = tuple(arn("ssm", f"parameter{VARIABLES}/{name}") for name in names)
        statements["variables"] = _statement(Grant(("ssm:GetParameter",), resources))
    if statements:
        role.policies.append({"Version": "2012-10-17", "Statement": list(statements.values())})
    if found.open:
        role.unknown[function.name.folder] = list(dict.fromkeys(found.open))
    return role


def _children(state: Map, name: str) -> Iterable[Grant]:
    """What a distributed Map needs: to start itself, and to read its items and write its results."""
    yield Grant(("states:StartExecution",), (arn("states", f"stateMachine:{name}"),), about="Start")
    executions = (arn("states", f"execution:{name}/*"), arn("states", f"execution:{name}:*"))
    yield Grant(("states:DescribeExecution", "states:StopExecution"), executions, about="Watch")
    if (reader := state.item_reader) is not None:
        resource = parse_resource(reader.resource)
        service = resource.service if resource.service.startswith("aws-sdk:") else f"aws-sdk:{resource.service}"
        for grant in of_state(service, resource.action, "request", _given(reader.arguments)):
            yield replace(grant, about="Items")
    if (writer := state.result_writer) is not None and writer.arguments is not None:
        place = _given(writer.arguments)
        target = s3_uri(f"s3://{place.text('Bucket')}/{place.text('Prefix')}") if place.text("Bucket") else ("*",)
        yield Grant(
            ("s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
            target[-1:],
            about="Results",
        )


def _given(value: Given | None) -> Arguments:
    return Arguments(_computed(value.value) if value is not None else {})


def _arguments(state: Task) -> Arguments:
    return _given(state.flow.arguments if isinstance(state.flow, QueryFlow) else state.flow.parameters)


def _computed(value: Json) -> Json:
    """Arguments in which what a payload template computes is marked as JSONata is: it is not known."""
    match value:
        case dict():
            dynamic = {key.removesuffix(".$"): f"{{% {part} %}}" for key, part in value.items() if key.endswith(".$")}
            return dynamic | {key: _computed(part) for key, part in value.items() if not key.endswith(".$")}
        case list():
            return [_computed(part) for part in value]
        case _:
            return value


def _add(role: Role, statements: dict[str, dict[str, Any]], name: str, grants: Iterable[Grant]) -> None:
    for grant in grants:
        made = _statement(grant)
        if repr(made) in statements:
            continue
        sid = _sid(name + grant.about)
        taken = {statement["Sid"] for statement in statements.values()}
        number = 1
        while (unique := sid if number == 1 else f"{sid}{number}") in taken:
            number += 1
        statements[repr(made)] = {"Sid": unique, **made}
        if wide := narrowable(grant):
            role.wide[name] = tuple(dict.fromkeys((*role.wide.get(name, ()), *wide)))


def _sid(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name)) or "Statement"


def _statement(grant: Grant) -> dict[str, Any]:
    resources = [_resource(text) for text in grant.resources]
    made: dict[str, Any] = {
        "Effect": "Allow",
        "Action": grant.actions[0] if len(grant.actions) == 1 else list(grant.actions),
        "Resource": resources[0] if len(resources) == 1 else resources,
    }
    return made | ({"Condition": _open(grant.condition)} if grant.condition else {})


def _open(value: Any) -> Any:
    """A condition, with texts that hold parameters as CloudFormation takes them."""
    if isinstance(value, Mapping):
        return {name: _open(item) for name, item in value.items()}
    return _resource(value) if isinstance(value, str) else value


def _resource(text: str) -> str | Tag:
    if found := _PLACEHOLDER.fullmatch(text):
        return ref(found[1])
    return sub(text) if "${" in text else text
