"""What runs of task instances consist of: from where one starts, or goes on, to where it ends or waits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from unittest import mock
from uuid import UUID

from sfn_airflow_core.verify.agenda import Order, Spent
from sfn_airflow_core.verify.airflow_api import direct_client
from sfn_airflow_core.verify.aws_answers import Place
from sfn_airflow_core.verify.botocore_answers import RUNTIMES


@dataclass(slots=True)
class Active:
    """A run that is under way, and where the task stands that triggered it."""

    dag: Any
    run: Any
    order: Order = ()
    place: Place = field(default_factory=lambda: Place("", False, None))

    def number(self, task: Any) -> int:
        """The position of a task in the DAG file."""
        return list(self.dag.task_dict).index(task.task_id)


@dataclass(frozen=True, slots=True)
class Leg:
    """A task instance that runs until it ends or waits."""

    active: Active
    task: Any
    ti: Any
    place: Place
    order: Order

    def scheduled(self) -> Any:
        """The task as the scheduler knows it."""
        return self.active.run.dag.get_task(self.task.task_id)


@contextmanager
def on_virtual_clock(spent: Spent) -> Iterator[None]:
    """While it lasts, the states of a generated DAG take the time from a virtual clock, as do the starts of tasks."""
    from airflow.sdk.execution_time import supervisor

    class Started(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return spent.date().astimezone(tz)

    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(supervisor, "datetime", Started))
        for runtime in RUNTIMES:
            if (module := sys.modules.get(f"{runtime}.clock")) is not None:
                patches.enter_context(mock.patch.object(module, "now", spent.date))
        yield


def run(leg: Leg) -> Any:
    """Run a task instance as a worker does, in this process; gives what Airflow's supervisor gives."""
    from airflow.sdk import TaskInstanceState
    from airflow.sdk.api.datamodels._generated import TaskInstance
    from airflow.sdk.execution_time.supervisor import run_task_in_process

    ti = leg.ti
    ti.set_state(TaskInstanceState.QUEUED)
    told = TaskInstance(
        id=UUID(str(ti.id)),
        task_id=ti.task_id,
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        try_number=ti.try_number,
        map_index=ti.map_index,
        dag_version_id=UUID(str(ti.dag_version_id)),
    )
    return run_task_in_process(ti=told, task=leg.task, client=direct_client())


def resume(leg: Leg, deferral: Any, told: Any) -> None:
    """Answer a deferral as the triggerer would; ``told`` is the event, or a TimeoutError where none comes."""
    from airflow.sdk import TaskInstanceState
    from airflow.sdk.serde import serialize
    from airflow.utils.session import create_session

    ti = leg.ti
    ti.set_state(TaskInstanceState.QUEUED)
    ti.next_method, ti.next_kwargs = deferral.next_method, dict(deferral.next_kwargs or {})
    if isinstance(told, TimeoutError):
        ti.next_method, ti.next_kwargs = "__fail__", {"error": "Trigger timeout", "traceback": [str(told)]}
    else:
        ti.next_kwargs = {**ti.next_kwargs, "event": serialize(told)}
    with create_session(scoped=False) as session:
        ti.state = TaskInstanceState.SCHEDULED
        session.merge(ti)


def scheduled(dag: Any) -> Any:
    """The DAG as the scheduler knows it: serialised and read back."""
    from airflow.serialization.serialized_objects import DagSerialization

    return DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))


def again(ti: Any, session: Any) -> Any:
    """A task instance as the database has it."""
    from airflow.models.taskinstance import TaskInstance

    return session.get(TaskInstance, ti.id, populate_existing=True)
