"""A plugin for Airflow's API server: who ends a waiting task by hand ends what it waits for, as StopExecution does.

A task that waits in the triggerer or between two looks has no process that could stop its job, and a child DAG's run
goes on without its parent. The API server tells listeners of every task that somebody has marked, and of those of a run
that somebody has marked; this one stops their jobs (``asl_runtime`` has noted them) and their child runs. It is found
by its entry point wherever the distribution is installed beside Airflow.
"""

from __future__ import annotations

import json
import logging
from threading import Thread
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

Json = Any

_RUNS = ("ChildDagOperator", "LoopOperator", "ChildRuns")


class _Marked:
    """Listens to what somebody has marked by hand; Airflow tells of those without a previous state."""

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any) -> None:
        """Stop what a task waits for that was marked as failed."""
        if previous_state is None:
            stop(task_instance)

    @hookimpl
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        """Stop what a task waits for that was marked as successful."""
        if previous_state is None:
            stop(task_instance)

    @hookimpl
    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        """Stop what a task waits for that was marked as skipped."""
        if previous_state is None:
            stop(task_instance)


class StopsWhatWaits(AirflowPlugin):
    """What Airflow loads."""

    name = "sfn2airflow"
    listeners = [_Marked()]  # noqa: RUF012 (Airflow's type)


def stop(task_instance: Any) -> None:
    """Stop the job or the child runs of a task instance, which has a database session."""
    from sqlalchemy.orm import object_session

    if (session := object_session(task_instance)) is None:
        return
    if task_instance.operator in _RUNS:
        _stop_runs(task_instance, session)
    elif (job := _job_of(task_instance, session)) is not None:
        # AWS may be slow or out of reach, and somebody waits for the answer of the API server
        Thread(target=_stop_job, args=(job,), daemon=True).start()


def _job_of(task_instance: Any, session: Any) -> Json:
    """The job that the runtime has noted for a task instance."""
    from airflow.state import TaskScope, get_state_backend

    scope = TaskScope(
        dag_id=task_instance.dag_id,
        run_id=task_instance.run_id,
        task_id=task_instance.task_id,
        map_index=task_instance.map_index,
    )
    found = get_state_backend().get(scope, "job", session=session)
    value = None if found is None else json.loads(found)
    return value if isinstance(value, dict) and {"action", "identity", "role"} <= set(value) else None


def _stop_job(job: Json) -> None:
    from contextlib import nullcontext

    from sfn2airflow.runtime.aws_stops import stop as stop_job
    from sfn2airflow.runtime.roles import assumed_role

    try:
        with nullcontext() if job["role"] is None else assumed_role(job["role"]):
            stop_job(job["action"], job["identity"])
    except Exception:
        logging.getLogger(__name__).exception("The job of %s could not be stopped", job["action"])


def _stop_runs(task_instance: Any, session: Any) -> None:
    """Mark the runs that a task has started, and those that their tasks have started, as failed."""
    from airflow.api.common.mark_tasks import set_dag_run_state_to_failed
    from airflow.models.dagbag import DBDagBag
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    from sfn2airflow.runtime.children import runs_of

    started = select(DagRun).where(
        DagRun.dag_id.startswith(f"{task_instance.dag_id}__", autoescape=True),
        DagRun.run_id.startswith(runs_of(task_instance), autoescape=True),
        DagRun.state.in_(("queued", "running")),
    )
    for run in session.scalars(started).all():
        if (dag := DBDagBag().get_dag_for_run(run, session=session)) is not None:
            _, killed = set_dag_run_state_to_failed(dag=dag, run_id=run.run_id, commit=True, session=session)
            for inner in killed:
                stop(inner)
