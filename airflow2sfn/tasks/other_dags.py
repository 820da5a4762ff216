"""Tasks about other DAGs, which are other state machines: one starts them, one waits for them."""

from __future__ import annotations

from datetime import timedelta

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import Values, to_json
from airflow2sfn.rules.control import OtherMachine
from airflow2sfn.rules.external import ExternalRun
from airflow2sfn.source import Known, Task
from airflow2sfn.structure import Plan
from airflow2sfn.tasks.calls import Call, Chain, Look, Note, Work, place, tries
from airflow2sfn.tasks.retries import seconds, timeout
from sfn_airflow_core.asl.model import Json

EXTERNAL_TASK = "airflow.providers.standard.sensors.external_task.ExternalTaskSensor"
HANDLED = ("trigger_dag_id", "conf", "wait_for_completion", "trigger_run_id", "logical_date", "execution_date")
"""Arguments of TriggerDagRunOperator that are translated."""


def placeholder(dag_id: str) -> str:
    """The placeholder for the ARN of a DAG's state machine."""
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in dag_id).split()
    return "".join(word[:1].upper() + word[1:] for word in words) + "StateMachineArn"


def trigger(task: Task, plan: Plan, values: Values, note: Note) -> Call:
    """``TriggerDagRunOperator``; raises Untranslatable."""
    target = task.known("trigger_dag_id")
    if not isinstance(target, str):
        raise Untranslatable("which DAG it triggers is not known")
    name = placeholder(target)
    note(OtherMachine(at=place(task), task=task.task_id, dag_id=target, placeholder=name))
    given: dict[str, Json] = {}
    if (conf := task.get("conf")) not in (None, Known(None)):
        given["conf"] = to_json(conf, values)
    date = task.get("logical_date") or task.get("execution_date")
    if date not in (None, Known(None)):
        given["logical_date"] = to_json(date, values)
    arguments: dict[str, Json] = {"StateMachineArn": f"${{{name}}}", "Input": given}
    if (run_id := task.get("trigger_run_id")) not in (None, Known(None)):
        arguments["Name"] = to_json(run_id, values)
    suffix = ".sync:2" if task.known("wait_for_completion", False) else ""
    resource = f"arn:aws:states:::states:startExecution{suffix}"
    return Call(resource, arguments, "null", tries(task, plan, note), timeout(task))


def external(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    """``ExternalTaskSensor``: looks for an execution of the other state machine; raises Untranslatable."""
    target, delta = task.known("external_dag_id"), task.known("execution_delta") or timedelta(0)
    if not isinstance(target, str) or not isinstance(delta, timedelta) or task.get("execution_date_fn"):
        raise Untranslatable("which run of which DAG it waits for is not known")
    name = placeholder(target)
    whole = task.get("external_task_id") is None and task.get("external_task_ids") is None
    note(ExternalRun(at=place(task), task=task.task_id, dag_id=target, placeholder=name, whole=whole))
    before = f" - {round(delta.total_seconds() * 1000)}" if delta else ""
    since = f"$toMillis({values.run('logical_date')}){before}"
    call = Call(
        "arn:aws:states:::aws-sdk:sfn:listExecutions",
        {"StateMachineArn": f"${{{name}}}", "MaxResults": 100},
        "null",
        tries(task, plan, note),
    )
    failing = "failed" in (task.known("failed_states") or ())
    return Chain(
        (
            Look(
                call,
                output=f"{{'Found': [$states.result.Executions[$toMillis(StartDate) >= {since}].Status]}}",
                done="'SUCCEEDED' in $states.input.Found",
                failed="$exists($states.input.Found[$ in ['FAILED', 'TIMED_OUT', 'ABORTED']])" if failing else "",
                interval=max(1, round(seconds(task.known("poke_interval")) or 60)),
                timeout=max(1, round(seconds(task.known("timeout")) or 7 * 86_400)),
                soft_fail=bool(task.known("soft_fail", False)),
            ),
        )
    )


__all__ = ["EXTERNAL_TASK", "HANDLED", "external", "placeholder", "trigger"]
