"""The context object, ``$$`` in JSONPath and ``$states.context`` in JSONata (Step Functions guide)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .settings import Json

INPUT = "$"
"""Key of ``dag_run.conf`` for a document that is not an object, and for every document of a child DAG."""
EXECUTION = "$$"
"""Key of ``dag_run.conf`` for the context that a child DAG has from the DAG that runs it."""
VARIABLES = "$variables"
"""Key of ``dag_run.conf`` for the workflow variables that a child DAG has from the DAG that runs it."""


def execution_input(conf: Json) -> Json:
    """The document a DAG run starts with: its conf, or what travels in it under ``$``."""
    conf = conf or {}
    return conf[INPUT] if is_child(conf) or set(conf) == {INPUT} else conf


def is_child(conf: Json) -> bool:
    """Whether a run is that of a child DAG: a part of its parent's execution."""
    return bool(conf) and {INPUT, EXECUTION, VARIABLES} <= set(conf)


def conf_of(document: Json, context: Json = None, variables: Json = None) -> dict[str, Json]:
    """The conf that starts a DAG run with a document and, for a child DAG, ``$$`` and variables of its parent."""
    if context is not None:
        return {INPUT: document, EXECUTION: context, VARIABLES: variables or {}}
    return document if isinstance(document, dict) and INPUT not in document else {INPUT: document}


def context_object() -> Json:
    """``$$`` of the task that runs: Execution, State and StateMachine, with what Airflow knows under these names."""
    from airflow.sdk import get_current_context

    context: Any = get_current_context()
    ti, run = context["ti"], context["dag_run"]
    state = {
        "Name": _state(context["task"]),
        "EnteredTime": moment(ti.start_date),
        "RetryCount": ti.try_number - 1,
    }
    task = _task(context)
    conf = run.conf or {}
    if is_child(conf):
        return {**conf[EXECUTION], "State": state, **task}
    execution = {
        "Id": run.run_id,
        "Input": execution_input(conf),
        "Name": run.run_id,
        "RoleArn": _role(),
        "StartTime": moment(run.start_date or run.run_after),
        "RedriveCount": 0,
    }
    return {"Execution": execution, "State": state, "StateMachine": {"Id": ti.dag_id, "Name": ti.dag_id}, **task}


def _state(task: Any) -> str:
    """The state to which a task belongs: also those in front of the states of a Parallel or Map, and its Catch."""
    group = task.task_group
    if group is not None and not group.is_root and task.task_id.rpartition(".")[2] in ("entry", "items"):
        return str(group.group_display_name)
    shown = str(task.task_display_name)
    return shown.removesuffix(": Catch") if hasattr(task, "catches") else shown


def _task(context: Any) -> Json:
    """``Task``, where the state has a token."""
    if not has_token(context["task"]):
        return {}
    from .callbacks import token_of

    return {"Task": {"Token": token_of(context["ti"])}}


def has_token(task: Any) -> bool:
    """Whether a state has a token: one that hands it out, and (recorded) one that waits for a child."""
    waits = getattr(task, "waits_for", None) in ("token", "approval")
    return waits or (getattr(task, "asl_action", None) or "").startswith("states:startExecution.")


def moment(time: datetime) -> str:
    """A time as Step Functions writes it: UTC, milliseconds, Z."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _role() -> str:
    """The role that the connection ``aws_default`` takes on; empty where it takes none."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    return AwsGenericHook("aws_default", client_type="sts").conn_config.role_arn or ""
