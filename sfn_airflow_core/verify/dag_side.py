"""Runs a DAG as its author wrote it, on a real Airflow, with the replies of a scenario, and notes what its tasks do."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sfn_airflow_core.verify.aws_answers import Place
from sfn_airflow_core.verify.dag_answers import Says
from sfn_airflow_core.verify.dag_history import End, History
from sfn_airflow_core.verify.dag_run import Drive
from sfn_airflow_core.verify.dag_services import Aws, DagServices, Doers, TableAws
from sfn_airflow_core.verify.dag_stand_ins import StandIns, doing, kinds
from sfn_airflow_core.verify.finished import Recorder
from sfn_airflow_core.verify.legs import scheduled
from sfn_airflow_core.verify.replies import Json, Replies

_IDLE: Final = 100
"""Looks of the scheduler in a row in which nothing ran; a retry or a reschedule takes one."""
_ENDS: Final[Mapping[str, End]] = {
    "success": "success",
    "failed": "failed",
    "up_for_retry": "failed",
    "skipped": "skipped",
}


@dataclass(slots=True)
class _Watched(Drive):
    """Drives a run, notes when task instances run and how they end, and calls them by their ids."""

    history: History = field(default_factory=History)
    absorbed: Mapping[str, str] = field(default_factory=dict)
    number: int = 0
    idle: int = 0

    def called(self, task: Any) -> str:
        return str(task.task_id)

    def place(self, task: Any, ti: Any, outer: Place) -> Place:
        return Place(task.task_id, doing(task) == "operator", None if ti.map_index < 0 else ti.map_index)

    def _step(self, dag: Any, run: Any, session: Any) -> None:
        """One look of the scheduler. Raises TimeoutError where nothing can become ready any more."""
        before = self.number
        Drive._step(self, dag, run, session)
        self.idle = 0 if self.number > before else self.idle + 1
        if self.idle > _IDLE:
            states = sorted({f"{ti.task_id}: {ti.state}" for ti in run.get_task_instances(session=session)})
            raise TimeoutError(f"no task can run any more: {', '.join(states)}")

    def _run_task(self, task: Any, ti: Any) -> None:
        index = None if ti.map_index < 0 else ti.map_index
        new = (task.task_id, index) not in self.history.did
        did = self.history.of(task.task_id, index)
        self.number += 1
        if new:
            did.began = self.number
        Drive._run_task(self, task, ti)
        self.number += 1
        did.ended = self.number
        if (end := _ENDS.get(str(getattr(ti.state, "value", ti.state)))) is not None:
            did.ends.append(end)


def run_dag(
    dag: Any,
    answers: Says,
    moment: datetime,
    conf: Mapping[str, Json],
    *,
    absorbed: Mapping[str, str] | None = None,
    aws: Aws | None = None,
    timeout: float = 60,
) -> History:
    """Run a DAG once.

    Args:
        dag: the DAG as Airflow has imported it; what a run changes of it is put back.
        answers: the replies of the scenario.
        moment: the logical date.
        conf: the ``conf`` of the run.
        absorbed: the operator by the sensor that only waits for what it has started.
        aws: who answers the calls of botocore; the replies, if nobody else does.
        timeout: seconds after which ``TimeoutError`` is raised.
    """
    history = History()
    doers = Doers(kinds(dag), absorbed or {})
    services = DagServices(Replies(), aws=aws or TableAws(answers, doers), history=history, doers=doers)
    recorder = Recorder()
    work = StandIns(answers, history, lambda: services.place)
    with _unchanged(dag), services.answering(), work.working():
        drive = _Watched({dag.dag_id: dag}, services, recorder, time.monotonic() + timeout, history=history)
        run = drive.start(dag.dag_id, dict(conf), moment, _interval_end(dag, moment))
    history.status = "SUCCEEDED" if run.state == "success" else "FAILED"
    history.delays, history.waits = recorder.delays, work.waits
    return history


def on_schedule(dag: Any, moment: datetime) -> datetime:
    """The last logical date of a DAG's schedule that is not later than a moment; the moment, if there is none."""
    return _moved(getattr(scheduled(dag).timetable, "_align_to_prev", None), moment)


def _interval_end(dag: Any, moment: datetime) -> datetime:
    """Where the data interval of a run with this logical date ends, for schedules that have data intervals."""
    timetable = scheduled(dag).timetable
    after = getattr(timetable, "_get_next", None)
    return _moved(after if "DataInterval" in type(timetable).__name__ else None, moment)


def _moved(move: Callable[[Any], Any] | None, moment: datetime) -> datetime:
    """A moment moved by a schedule, which knows the times of pendulum only."""
    from airflow.sdk import timezone

    coerce: Any = timezone.coerce_datetime
    return moment if move is None else datetime.fromtimestamp(move(coerce(moment)).timestamp(), UTC)


@contextmanager
def _unchanged(dag: Any) -> Iterator[None]:
    """Takes away the deadlines of a DAG, which only tell somebody, and puts back the params, which a conf changes."""
    kept = [(owner, "params", copy.deepcopy(owner.params)) for owner in (dag, *dag.tasks)]
    if getattr(dag, "deadline", None):
        kept.append((dag, "deadline", dag.deadline))
        dag.deadline = None
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)
