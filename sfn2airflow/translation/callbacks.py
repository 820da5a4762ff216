"""What a Task that waits for its token, or that speaks to such, needs to be told: its findings."""

from __future__ import annotations

import re

from sfn2airflow.rules.callbacks import Activity, AskedInAirflow, CouldBeAsked, ForeignToken, HttpTask, TaskToken
from sfn2airflow.services import Service
from sfn2airflow.translation.ledger import Ledger
from sfn_airflow_core.asl.model import Json, Task
from sfn_airflow_core.text import join


def note_callback(service: Service, state: Task, ledger: Ledger) -> None:
    """The findings of a Task that waits for an answer."""
    at = join(state.at, "Resource")
    if service.encoding == "activity":
        ledger.note(Activity(at=at, activity=_short(service.function_arn or "")))
        return
    outcomes = ledger.approvals.get(state.at, {})
    if outcomes and ledger.human_approval:
        ledger.note(AskedInAirflow(at=at, options=" and ".join(outcomes)))
        return
    ledger.note(TaskToken(at=at))
    if outcomes:
        ledger.note(CouldBeAsked(at=at))


_FOREIGN = tuple(
    f"aws-sdk:sfn:{verb}" for verb in ("sendTaskSuccess", "sendTaskFailure", "sendTaskHeartbeat", "getActivityTask")
)


def note_foreign(service: Service, state: Task, ledger: Ledger) -> None:
    """The finding of a Task that speaks to states that wait in Step Functions."""
    if service.action in _FOREIGN:
        ledger.note(ForeignToken(at=join(state.at, "Resource"), action=service.action.rpartition(":")[2]))


def note_http(parameters: Json, state: Task, ledger: Ledger) -> None:
    """The finding of an HTTP Task, with the Airflow connection that it needs."""
    given = parameters if isinstance(parameters, dict) else {}
    place = given.get("Authentication") or given.get("InvocationConfig")
    arn = place.get("ConnectionArn") if isinstance(place, dict) else None
    found = re.search(r"connection/([^/]+)", arn) if isinstance(arn, str) else None
    ledger.note(HttpTask(at=join(state.at, "Resource"), connection=found[1] if found else ""))


def _short(arn: str) -> str:
    """The name of an activity: the end of its ARN."""
    return re.split(r":(?![^{]*\})", arn)[-1]
