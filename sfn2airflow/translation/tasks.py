"""Translates Task states: what the Resource means decides which kind of Airflow task stands for the state."""

from __future__ import annotations

from typing import TypedDict

from sfn2airflow.rules.services import (
    AssumedRole,
    AssumedService,
    ClusterAccess,
    UnknownArgument,
    UnknownService,
)
from sfn2airflow.services import Service, Unsupported, resolve
from sfn2airflow.translation.callbacks import note_callback, note_foreign, note_http
from sfn2airflow.translation.flows import Ids, Place
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.translation.unsaid import unsaid, unsaid_resource
from sfn_airflow_core.asl.model import Json, PathFlow, State, Task
from sfn_airflow_core.dag.model import CallbackTask, CallWork, FunctionWork, JobTask, Shaping, StateTask, Stub
from sfn_airflow_core.expr.model import Expr, Literal, Object
from sfn_airflow_core.expr.read_jsonata import read_values
from sfn_airflow_core.expr.read_template import read_template
from sfn_airflow_core.findings import Finding
from sfn_airflow_core.text import join


class CommonFields(TypedDict):
    """The fields of every node that come from the state itself."""

    task_id: str
    display_name: str
    at: str
    comment: str
    fields: tuple[str, ...]
    given: bool


def common_fields(state: State, ids: Ids, place: Place) -> CommonFields:
    """The fields of every node that come from the state itself."""
    return {
        "task_id": ids.tasks[state.name],
        "display_name": state.name,
        "at": state.at,
        "comment": state.comment or "",
        "fields": unsaid(state),
        "given": place.given,
    }


def translate_task(
    state: Task, flow: Shaping, ids: Ids, ledger: Ledger, place: Place
) -> StateTask | JobTask | CallbackTask:
    """A Task as a task that calls its service, runs its job, or fails when run."""
    common = common_fields(state, ids, place)
    service = resolve(state.resource, _parameters(state), state_name=state.name)
    if isinstance(service, Unsupported):
        finding = _unsupported(service, state)
        ledger.note(finding)
        return StateTask(**common, work=Stub(finding.code, _reason(finding)))
    common["fields"] += unsaid_resource(state.resource, service)
    ledger.permissions.update(service.iam)
    _note_service(service, state, ledger)
    timeout, retry = state.timeout_seconds, state.retry
    if service.encoding in ("callback", "activity"):
        return _callback(service, state, flow, ledger, common)
    if service.encoding in ("function", "call"):
        arn = Literal(service.function_arn or state.resource)
        work = FunctionWork(arn) if service.encoding == "function" else CallWork(service.action)
        role = _role(state, ledger)
        return StateTask(**common, work=work, shaping=flow, timeout=timeout, retry=retry, role=role)
    role = _role(state, ledger)
    return JobTask(**common, service=service, shaping=flow, timeout=timeout, retry=retry, role=role)


def _callback(service: Service, state: Task, flow: Shaping, ledger: Ledger, common: CommonFields) -> CallbackTask:
    """A Task that ends when somebody outside answers."""
    note_callback(service, state, ledger)
    asked = ledger.approvals.get(state.at, {}) if ledger.human_approval else {}
    called = None if service.encoding == "activity" else CallWork(service.action)
    return CallbackTask(
        **common,
        work=called,
        activity=Literal(service.function_arn) if called is None else None,
        shaping=flow,
        heartbeat=state.heartbeat_seconds,
        role=_role(state, ledger),
        outcomes=tuple((option, Literal(result)) for option, result in asked.items()),
        timeout=state.timeout_seconds,
        retry=state.retry,
    )


def _role(state: Task, ledger: Ledger) -> Expr | None:
    """The role that the state assumes for its call."""
    if state.credentials is None:
        return None
    ledger.note(AssumedRole(at=join(state.at, "Credentials")))
    ledger.permissions.add("sts:AssumeRole")
    read = read_template if isinstance(state.flow, PathFlow) else read_values
    match read(state.credentials):
        case Object(entries):
            return dict(entries)["RoleArn"]
        case Literal(dict() as value):
            return Literal(value["RoleArn"])
        case _:
            raise AssertionError("the reader has checked Credentials")


def _parameters(state: Task) -> Json:
    given = state.flow.parameters if isinstance(state.flow, PathFlow) else state.flow.arguments
    return given.value if given else None


def _unsupported(service: Unsupported, state: Task) -> Finding:
    at = join(state.at, "Resource")
    return UnknownService(at=at, resource=state.resource, reason=service.reason.rstrip("."))


def _reason(finding: Finding) -> str:
    return finding.message().removesuffix("; the task fails when run")


def _note_service(service: Service, state: Task, ledger: Ledger) -> None:
    if service.assumption:
        resource = join(state.at, "Resource")
        ledger.note(AssumedService(at=resource, resource=state.resource, assumption=service.title))
    note_foreign(service, state, ledger)
    if service.action == "http:invoke":
        note_http(_parameters(state), state, ledger)
    if service.action in ("eks:call", "eks:runJob", "eks:runJob.sync"):
        ledger.note(ClusterAccess(at=join(state.at, "Resource")))
    for unknown in service.unknown_arguments:
        at = _argument_at(unknown.name, state)
        ledger.note(UnknownArgument(at=at, name=unknown.name, suggestion=unknown.suggestion or ""))


def _argument_at(name: str, state: Task) -> str:
    parameters = _parameters(state)
    keys = parameters if isinstance(parameters, dict) else {}
    field = "Parameters" if isinstance(state.flow, PathFlow) else "Arguments"
    return join(state.at, field, name if name in keys else f"{name}.$")
