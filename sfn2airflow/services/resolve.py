"""From a Task's Resource and arguments to what it calls."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from sfn2airflow.services.model import Kind, Service, Unsupported
from sfn2airflow.services.placeholders import PLACEHOLDER, guess, placeholders
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue import aws_sdk
from sfn_airflow_core.catalogue.model import Pattern, Row
from sfn_airflow_core.catalogue.notation import GUIDE
from sfn_airflow_core.catalogue.table import ERROR_PREFIXES, OPTIMISED

_RESOURCES = f"{GUIDE}/concepts-task-states.html"
_CALLBACK = f"{GUIDE}/connect-to-resource.html"
_SUFFIXES: dict[str, Pattern] = {".sync:2": "sync:2", ".sync": "sync", ".waitForTaskToken": "token"}
_ANY = r"(?:\$\{[^${}]*\}|[^:$])*"  # one field of an ARN, with its placeholders whole (they may hold "::")
_ARN = re.compile(rf"arn:{_ANY}:(?P<service>{_ANY}):(?P<region>{_ANY}):{_ANY}:(?P<rest>.+)", re.DOTALL)


def resolve(resource: str, parameters: Json, *, state_name: str = "") -> Service | Unsupported:
    """What a Task's Resource calls, or why it cannot be called.

    ``parameters`` are the Task's ``Parameters`` or ``Arguments`` as written (``None`` where it has none): their names
    choose between an operator and a generic job, are evidence for an open Resource, and are checked against the
    service's model. ``state_name`` words the assumption about an open Resource. Resource forms: Step Functions
    Developer Guide, "Task workflow state", Resource field.
    """
    names = _names(parameters)
    arn = _ARN.fullmatch(resource)
    if arn is None:
        return _open(resource, names, state_name, _asks_for_token(parameters))
    if arn["service"] == "lambda":
        return _function(resource, arn)
    if arn["service"] != "states":
        if PLACEHOLDER.search(arn["service"]):
            return _unsupported(
                resource, "open", f"the service in {resource} is open", "Write the service in the Resource."
            )
        return _unsupported(
            resource, "not-a-resource", f"{resource} is neither a function, an activity nor a service integration"
        )
    if arn["rest"].startswith("activity:"):
        return _activity(resource)
    return _integration(resource, arn["rest"], names)


def _names(parameters: Json) -> tuple[str, ...]:
    """The names of the arguments, without the ``.$`` of a payload template."""
    return tuple(name.removesuffix(".$") for name in parameters) if isinstance(parameters, dict) else ()


def _asks_for_token(parameters: Json) -> bool:
    """Whether the arguments hand a task token on, which only a Task that waits for its callback has."""
    match parameters:
        case str():
            return re.search(r"\$(\$|states\.context)\.Task\.Token", parameters) is not None
        case dict():
            return any(map(_asks_for_token, parameters.values()))
        case list():
            return any(map(_asks_for_token, parameters))
        case _:
            return False


def _open(resource: str, names: tuple[str, ...], state_name: str, waits: bool) -> Service | Unsupported:
    """A Resource that is no ARN: a placeholder, or nothing that Step Functions would take."""
    if not (found := PLACEHOLDER.search(resource)):
        return _unsupported(resource, "not-a-resource", f"{resource!r} is not an ARN")
    if found[0] != resource and not resource.startswith("arn:") and not resource.startswith("${"):
        return _unsupported(resource, "not-a-resource", f"{resource!r} is not an ARN")
    subject = f"The Resource of {state_name or 'the Task'}, {resource}, is open"
    if (guessed := guess(found[1], names)) is None:
        return replace(_lambda_function(resource), assumption=f"{subject}; taken for the ARN of a Lambda function")
    action, evidence = guessed
    if action == "activity":
        return replace(_activity(resource), assumption=f"{subject}; taken for an activity because of {evidence}")
    answer = _integration(resource, f"{action}.waitForTaskToken" if waits else action, names)
    if isinstance(answer, Unsupported):
        return answer
    return replace(answer, assumption=f"{subject}; taken for {action} because of {evidence}")


def _function(resource: str, arn: re.Match[str]) -> Service | Unsupported:
    if not arn["rest"].startswith("function:"):
        return _unsupported(resource, "not-a-resource", f"{resource} is a Lambda ARN, but not a function's")
    region = arn["region"]
    return replace(_lambda_function(resource), region=region if region and not placeholders(region) else None)


def _lambda_function(resource: str) -> Service:
    return Service(
        action="lambda",
        pattern="request",
        encoding="function",
        title="AWS Lambda",
        error_prefix="Lambda",
        client="lambda",
        operation="Invoke",
        iam=("lambda:InvokeFunction",),
        sources=(_RESOURCES,),
        function_arn=resource,
        open=placeholders(resource),
    )


def _activity(resource: str) -> Service:
    return Service(
        action="activity",
        pattern="token",
        encoding="activity",
        title="an activity",
        error_prefix="",
        client="",
        operation="",
        iam=(),
        sources=(f"{GUIDE}/concepts-activities.html",),
        function_arn=resource,
        connections=(),
        open=placeholders(resource),
    )


def _integration(resource: str, rest: str, names: tuple[str, ...]) -> Service | Unsupported:
    """The part of the ARN behind the account: ``sns:publish``, ``aws-sdk:ec2:describeInstances.waitForTaskToken``."""
    if placeholders(rest):
        return _unsupported(
            resource,
            "open",
            f"the action in {resource} is open",
            "Fill the placeholder in before converting; the action decides what the task is.",
        )
    suffix = next((s for s in _SUFFIXES if rest.endswith(s)), "")
    action, pattern = rest.removesuffix(suffix), _SUFFIXES.get(suffix, "request")
    if action == "http:invoke" and pattern == "request":
        return _http(resource, names)
    if action.startswith("aws-sdk:"):
        answer = _sdk(resource, action, pattern, names)
    else:
        answer = _optimised(resource, action, pattern, names)
    if isinstance(answer, Service) and pattern == "token":
        return replace(answer, encoding="callback", sources=(*answer.sources, _CALLBACK))
    return answer


_HTTP = "ApiEndpoint Method Authentication InvocationConfig Headers QueryParameters RequestBody Transform"


def _http(resource: str, names: tuple[str, ...]) -> Service:
    return Service(
        action="http:invoke",
        pattern="request",
        encoding="call",
        title="an HTTPS API",
        error_prefix="States.Http",
        client="",
        operation="",
        iam=(),
        sources=(f"{GUIDE}/call-https-apis.html",),
        connections=(),
        unknown_arguments=aws_sdk.unknown_arguments(names, tuple(_HTTP.split())),
    )


@cache
def _rows() -> dict[str, Row]:
    return {row.action: row for row in OPTIMISED}


def _optimised(resource: str, action: str, pattern: Pattern, names: tuple[str, ...]) -> Service | Unsupported:
    row = _rows().get(action)
    if row is None:
        return _no_row(resource, action)
    if pattern not in row.patterns:
        return _unsupported(
            resource,
            "sync-not-available",
            f"{action} cannot wait in this way; Step Functions offers it as {', '.join(row.patterns)}",
            sources=row.sources,
        )
    sync = pattern.startswith("sync")
    operator = row.operator if sync and row.operator and row.operator.takes(dict.fromkeys(names)) else None
    known = row.arguments or (*aws_sdk.members(row.client, row.operation), *row.extra)
    return Service(
        action=f"{action}.{pattern}" if sync else action,
        pattern=pattern,
        encoding=("operator" if operator else "job") if sync else "call",
        title=row.title,
        error_prefix=ERROR_PREFIXES[action.partition(":")[0]],
        client=row.client,
        operation=row.operation,
        iam=(*row.iam, *row.sync_iam) if sync else row.iam,
        sources=row.sources,
        operator=operator,
        describe=row.describe if sync else None,
        open=placeholders(resource),
        unknown_arguments=aws_sdk.unknown_arguments(names, known),
    )


def _no_row(resource: str, action: str) -> Unsupported:
    service, _, verb = action.partition(":")
    if known := [a for a in _rows() if a.startswith(f"{service}:")]:
        reason = f"{service} has no optimised action {verb}"
        return _unsupported(resource, "unknown-action", reason, f"Known are {', '.join(known)}.")
    reason = f"Step Functions has no integration called {service}"
    return _unsupported(resource, "unknown-service", reason, f"Use aws-sdk:{action}.")


def _sdk(resource: str, action: str, pattern: Pattern, names: tuple[str, ...]) -> Service | Unsupported:
    _, token, *verbs = action.split(":")
    verb = ":".join(verbs)
    if pattern.startswith("sync"):
        return _unsupported(
            resource,
            "sync-not-available",
            "AWS SDK integrations cannot wait for a job",
            "Poll in the state machine, or use an optimised integration.",
            aws_sdk.LISTED,
        )
    client = aws_sdk.client_of(token)
    if client is None:
        return _no_client(resource, token)
    operation = aws_sdk.operation_of(client, verb)
    if operation is None:
        remedy = _perhaps(aws_sdk.similar_action(client, verb))
        return _unsupported(resource, "unknown-action", f"{token} has no action {verb}", remedy, aws_sdk.LISTED)
    return Service(
        action=action,
        pattern=pattern,
        encoding="call",
        title=aws_sdk.title(client),
        error_prefix=aws_sdk.error_prefix(client),
        client=client,
        operation=operation,
        iam=(aws_sdk.iam_action(client, operation),),
        sources=(aws_sdk.LISTED,),
        open=placeholders(resource),
        unknown_arguments=aws_sdk.unknown_arguments(names, aws_sdk.members(client, operation)),
    )


def _no_client(resource: str, token: str) -> Unsupported:
    if token in aws_sdk.GONE:
        return _unsupported(resource, "service-gone", f"AWS has ended the service {token}", "", aws_sdk.LISTED)
    remedy = _perhaps(aws_sdk.similar_service(token))
    return _unsupported(resource, "unknown-service", f"no AWS SDK service is called {token}", remedy, aws_sdk.LISTED)


def _perhaps(name: str | None) -> str:
    return f"Did you mean {name}?" if name else ""


def _unsupported(
    resource: str, kind: Kind, reason: str, remedy: str = "", sources: str | tuple[str, ...] = _RESOURCES
) -> Unsupported:
    links = (sources,) if isinstance(sources, str) else sources
    return Unsupported(reason, kind, resource, remedy, links, placeholders(resource))
