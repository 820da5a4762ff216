"""The eight state types: which fields each has in which query language, and what may stand in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Flow,
    Json,
    Machine,
    Parallel,
    Pass,
    PathFlow,
    PathRef,
    Placeholder,
    Pointer,
    Query,
    QueryFlow,
    QueryLanguage,
    State,
    Succeed,
    Task,
    Wait,
)
from sfn_airflow_core.asl.read_choice import rules
from sfn_airflow_core.asl.read_errors import catchers, retriers
from sfn_airflow_core.asl.read_fields import Fields, Notes, as_text, is_open
from sfn_airflow_core.asl.read_values import (
    amount,
    assign,
    check_values,
    dynamic_text,
    flow_path,
    holds_path,
    is_timestamp,
    looks_like_path,
    path,
    query,
    template,
    warn_no_path,
)

if TYPE_CHECKING:
    from sfn_airflow_core.asl.read import Scope

TYPES: Final = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
_INPUT_OUTPUT: Final = ("InputPath", "OutputPath")
_PATH_FLOW: Final[dict[str, tuple[str, ...]]] = {
    "Task": (*_INPUT_OUTPUT, "Parameters", "ResultSelector", "ResultPath", "Assign"),
    "Parallel": (*_INPUT_OUTPUT, "Parameters", "ResultSelector", "ResultPath", "Assign"),
    "Map": (*_INPUT_OUTPUT, "ResultSelector", "ResultPath", "Assign"),
    "Pass": (*_INPUT_OUTPUT, "Parameters", "ResultPath", "Assign"),
    "Wait": (*_INPUT_OUTPUT, "Assign"),
    "Choice": (*_INPUT_OUTPUT, "Assign"),
    "Succeed": _INPUT_OUTPUT,
    "Fail": (),
}
_QUERY_FLOW: Final[dict[str, tuple[str, ...]]] = {
    "Task": ("Arguments", "Output", "Assign"),
    "Parallel": ("Arguments", "Output", "Assign"),
    **dict.fromkeys(("Map", "Pass", "Wait", "Choice"), ("Output", "Assign")),
    "Succeed": ("Output",),
    "Fail": (),
}
_NONE: Final[frozenset[str]] = frozenset()
ONLY_PATH: Final = _NONE.union(
    (*_INPUT_OUTPUT, "Parameters", "ResultSelector", "ResultPath", "Result", "ItemsPath", "MaxConcurrencyPath"),
    ("SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "ErrorPath", "CausePath"),
    ("ToleratedFailureCountPath", "ToleratedFailurePercentagePath"),
)
"""Fields of states that the query language JSONata forbids."""

ONLY_QUERY: Final = frozenset(("Arguments", "Output", "Items"))
"""Fields of states that the query language JSONPath forbids."""

_OTHER: Final = _NONE.union(
    ("Assign", "Next", "End", "Retry", "Catch", "Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"),
    ("Choices", "Default", "Seconds", "Timestamp", "Error", "Cause", "Branches", "ItemProcessor", "Iterator"),
    ("ItemSelector", "MaxConcurrency", "Label", "ItemReader", "ItemBatcher", "ResultWriter"),
    ("ToleratedFailureCount", "ToleratedFailurePercentage"),
)
KNOWN: Final = ONLY_PATH | ONLY_QUERY | _OTHER
"""Every field that some state has, the common ones aside."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is read the same way for every state."""

    name: str
    comment: str | None
    flow: Flow
    at: Pointer


def read_state(name: str, value: Json, at: Pointer, notes: Notes, scope: Scope) -> State | None:
    """One state; ``None`` if its type cannot be told."""
    if not isinstance(value, dict):
        notes.error(at, "A state must be an object")
        return None
    fields = Fields(value, at, notes)
    fields.language = _language(fields, scope)
    kind = fields.choice("Type", TYPES) if fields.require("Type") else None
    if kind not in _READERS:
        if kind is not None:
            fields.error("Type", f"The field 'Type' should have one of these values: [{', '.join(TYPES)}]")
        return None
    state = _READERS[kind](fields, Head(name, fields.text("Comment"), _flow(fields, kind), at), scope)
    _close(fields, kind)
    return state


def _language(fields: Fields, scope: Scope) -> QueryLanguage:
    """The language in force: the state's own, otherwise the machine's (never that of the Map or Parallel around)."""
    own = fields.choice("QueryLanguage", ("JSONPath", "JSONata"))
    if own == "JSONPath" and scope.language == "JSONata":
        message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
        fields.notes.error(fields.at, message)
        return "JSONPath"
    return "JSONPath" if own == "JSONPath" else "JSONata" if own == "JSONata" else scope.language


def _flow(fields: Fields, kind: str) -> Flow:
    if fields.language == "JSONata":
        allowed = _QUERY_FLOW[kind]
        return QueryFlow(
            template(fields, "Arguments") if "Arguments" in allowed else None,
            template(fields, "Output") if "Output" in allowed else None,
            assign(fields) if "Assign" in allowed else None,
        )
    allowed = _PATH_FLOW[kind]
    return PathFlow(
        input_path=flow_path(fields, "InputPath") if "InputPath" in allowed else "$",
        parameters=template(fields, "Parameters") if "Parameters" in allowed else None,
        result_selector=template(fields, "ResultSelector") if "ResultSelector" in allowed else None,
        result_path=flow_path(fields, "ResultPath", result=True) if "ResultPath" in allowed else "$",
        output_path=flow_path(fields, "OutputPath") if "OutputPath" in allowed else "$",
        assign=assign(fields) if "Assign" in allowed else None,
    )


def _close(fields: Fields, kind: str) -> None:
    wrong = ONLY_PATH if fields.language == "JSONata" else ONLY_QUERY
    fields.forbid(
        [name for name in fields.value if name in wrong and name not in fields.taken],
        f"with the query language {fields.language}",
    )
    fields.forbid([n for n in fields.value if n in KNOWN and n not in fields.taken], f"in a state of type {kind}")
    fields.close(KNOWN - wrong)


def following(fields: Fields) -> str | None:
    """``Next``, or ``None`` for ``"End": true``; exactly one of them."""
    end = fields.take("End")
    if end is not None and not isinstance(end, bool | Placeholder):
        fields.error("End", "The field 'End' must be a boolean")
    if "Next" in fields:
        if end is True:
            fields.notes.error(fields.where("End"), "Only one of these fields is allowed: [Next, End]", on_key=True)
            fields.take("Next")
            return None
        return fields.text("Next") or ""
    if end is not True and not isinstance(end, Placeholder):
        fields.notes.error(fields.at, "One of these fields is required: [Next, End]")
    return None


def _task(fields: Fields, head: Head, scope: Scope) -> Task:
    fields.require("Resource")
    resource = fields.text("Resource") or ""
    if "Resource" in fields:
        _check_resource(fields, resource, scope)
    timeout, heartbeat = amount(fields, "TimeoutSeconds", 1), amount(fields, "HeartbeatSeconds", 1)
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        fields.error("HeartbeatSeconds", "HeartbeatSeconds must be smaller than TimeoutSeconds")
    return Task(
        name=head.name,
        comment=head.comment,
        flow=head.flow,
        at=head.at,
        next=following(fields),
        resource=resource,
        timeout_seconds=timeout,
        heartbeat_seconds=heartbeat,
        credentials=_credentials(fields),
        retry=retriers(fields),
        catch=catchers(fields),
    )


def _check_resource(fields: Fields, resource: str, scope: Scope) -> None:
    if not resource.startswith("arn:") and not is_open(resource):
        # the specification asks for a URI; the service takes nothing but ARNs
        if ":" in resource:
            fields.notes.warn(fields.where("Resource"), "Value is not a valid resource ARN", "INVALID_RESOURCE")
        else:
            fields.error("Resource", "Value is not a valid resource ARN")
    if not scope.express:
        return
    for pattern in (".waitForTaskToken", ".sync:2", ".sync"):
        if resource.endswith(pattern):
            # the recorded message of ValidateStateMachineDefinition ends in a space
            fields.error("Resource", f"Express state machine does not support '{pattern}' service integration ")
            return


def _credentials(fields: Fields) -> Json:
    """``Credentials``: ``RoleArn`` as text, path or query; the whole object is kept."""
    inside = fields.members("Credentials")
    if inside is None:
        if "Credentials" in fields and fields.value["Credentials"] is None:
            return None
        return fields.value.get("Credentials")
    role = (
        inside.take("RoleArn.$") if inside.language == "JSONPath" and "RoleArn.$" in inside else inside.take("RoleArn")
    )
    if role is None:
        inside.notes.error(inside.at, "The field 'RoleArn' is required but was missing")
    elif not isinstance(as_text(role), str):
        inside.error("RoleArn", "The field 'RoleArn' must be a string")
    check_values(inside.value, inside.at, inside)
    inside.close()
    return inside.value


def _pass(fields: Fields, head: Head, scope: Scope) -> Pass:
    result = fields.given("Result") if fields.language == "JSONPath" else None
    if result is not None and holds_path(result.value):
        message = "The value of 'Result' is static; paths in it are not evaluated. Use 'Parameters'"
        fields.notes.warn(fields.where("Result"), message, "PASS_RESULT_IS_STATIC")
    return Pass(name=head.name, comment=head.comment, flow=head.flow, at=head.at, next=following(fields), result=result)


def _choice(fields: Fields, head: Head, scope: Scope) -> Choice:
    return Choice(
        name=head.name,
        comment=head.comment,
        flow=head.flow,
        at=head.at,
        choices=rules(fields),
        default=fields.text("Default"),
    )


def _wait(fields: Fields, head: Head, scope: Scope) -> Wait:
    names: tuple[str, ...] = ("Seconds", "Timestamp")
    if fields.language == "JSONPath":
        names = (*names, "SecondsPath", "TimestampPath")
    if not any(name in fields for name in names):
        fields.notes.error(fields.at, f"One of these fields is required: [{', '.join(names)}]")
    fields.only_one(*names)
    return Wait(
        name=head.name,
        comment=head.comment,
        flow=head.flow,
        at=head.at,
        next=following(fields),
        seconds=amount(fields, "Seconds", 0),
        timestamp=_timestamp(fields),
    )


def _timestamp(fields: Fields) -> str | PathRef | Query | Placeholder | None:
    if fields.language == "JSONPath" and "TimestampPath" in fields:
        return path(fields, "TimestampPath", reference=True)
    value = fields.value.get("Timestamp")
    if isinstance(value, Placeholder):
        fields.take("Timestamp")
        return value
    text = fields.text("Timestamp")
    if text is None or is_open(text):
        return text
    if fields.language == "JSONata" and (found := query(fields, "Timestamp", text)):
        return found
    if not is_timestamp(text):
        fields.error("Timestamp", f"String does not match RFC3339 timestamp at {fields.where('Timestamp')}")
        if looks_like_path(text):
            warn_no_path(fields, "Timestamp")
    return text


def _succeed(fields: Fields, head: Head, scope: Scope) -> Succeed:
    return Succeed(name=head.name, comment=head.comment, flow=head.flow, at=head.at)


def _fail(fields: Fields, head: Head, scope: Scope) -> Fail:
    return Fail(
        name=head.name,
        comment=head.comment,
        flow=head.flow,
        at=head.at,
        error=dynamic_text(fields, "Error"),
        cause=dynamic_text(fields, "Cause"),
    )


def _parallel(fields: Fields, head: Head, scope: Scope) -> Parallel:
    if fields.require("Branches") and fields.value["Branches"] == []:
        fields.error("Branches", f"Value cannot be empty at {fields.where('Branches')}")
    branches: list[Machine] = [scope.machine(branch, ()) for branch in fields.elements("Branches")]
    return Parallel(
        name=head.name,
        comment=head.comment,
        flow=head.flow,
        at=head.at,
        next=following(fields),
        branches=tuple(branches),
        retry=retriers(fields),
        catch=catchers(fields),
    )


def _map(fields: Fields, head: Head, scope: Scope) -> State:
    from sfn_airflow_core.asl.read_map import read_map

    return read_map(fields, head, scope)


_READERS: Final[dict[str, Callable[[Fields, Head, Scope], State]]] = {
    "Task": _task,
    "Wait": _wait,
    "Pass": _pass,
    "Succeed": _succeed,
    "Fail": _fail,
    "Choice": _choice,
    "Parallel": _parallel,
    "Map": _map,
}
