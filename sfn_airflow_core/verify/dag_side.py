"""Runs a DAG as its author wrote it, on a real Airflow, with the replies of a scenario, and notes what its tasks do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from unittest import mock

from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.verify.agenda import whole
from sfn_airflow_core.verify.aws_answers import Place
from sfn_airflow_core.verify.dag_answers import Says
from sfn_airflow_core.verify.dag_history import End, History
from sfn_airflow_core.verify.dag_looks import Looks
from sfn_airflow_core.verify.dag_params import same_params
from sfn_airflow_core.verify.dag_run import Drive
from sfn_airflow_core.verify.dag_services import Aws, DagServices, Doers, TableAws
from sfn_airflow_core.verify.dag_stand_ins import StandIns, doing, kinds
from sfn_airflow_core.verify.finished import Recorder
from sfn_airflow_core.verify.legs import scheduled
from sfn_airflow_core.verify.replies import Json, Replies

_IDLE: Final = 100
"""Looks of the scheduler in a row in which nothing ran; a retry or a reschedule takes one."""
_EAGER: Final = ("one_success", "one_failed", "one_done")
_TIME_OF_DAY: Final = "airflow.providers.standard.sensors.time"
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

    def now(self) -> datetime:
        """By the clock of Airflow, which its operators look at; the stand-ins move it for them."""
        return datetime.now(UTC)

    def passing(self, seconds: float) -> float:
        return whole(seconds)

    def clock(self) -> AbstractContextManager[None]:
        return nullcontext()

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


def _work(answers: Says, task: str) -> str:
    """What the state of a task calls, as boto3 names it."""
    action = parse_resource(answers.resource(task, "none:none")).action
    return f"{action[:1].upper()}{action[1:]}"


def run_dag(
    dag: Any,
    answers: Says,
    moment: datetime,
    conf: Mapping[str, Json],
    *,
    absorbed: Mapping[str, str] | None = None,
    stubs: frozenset[str] = frozenset(),
    pushing: frozenset[str] = frozenset(),
    aws: Aws | None = None,
    looks: Looks | None = None,
    timeout: float = 60,
) -> History:
    """Run a DAG once.

    Args:
        dag: the DAG as Airflow has imported it; what a run changes of it is put back.
        answers: the replies of the scenario.
        moment: the logical date.
        conf: the ``conf`` of the run.
        absorbed: the operator by the sensor that only waits for what it has started.
        stubs: tasks without a counterpart, of which the scenario says what they do as a whole.
        pushing: tasks whose functions push XComs, of which a reply has the values by their keys.
        aws: who answers the calls of botocore; the replies, if nobody else does.
        looks: what ends the waiting of operators, by task and action.
        timeout: seconds of this process's work after which ``TimeoutError`` is raised.
    """
    history = History()
    works = {task.task_id: _work(answers, task.task_id) for task in dag.tasks}
    doers = Doers(kinds(dag), absorbed or {}, works, looks or {})
    services = DagServices(Replies(), aws=aws or TableAws(answers, doers), history=history, doers=doers)
    recorder = Recorder()
    end = interval_end(dag, moment)
    work = StandIns(answers, history, lambda: services.place, end, stubs, pushing)
    with _unchanged(dag, end), _unread(dag, stubs), _deciding_late(), services.answering(), work.working():
        drive = _Watched({dag.dag_id: dag}, services, recorder, time.process_time() + timeout, history=history)
        run = drive.start(dag.dag_id, dict(conf), moment, end)
    history.status = "SUCCEEDED" if run.state == "success" else "FAILED"
    history.delays, history.waits = recorder.delays, work.waits
    return history


def on_schedule(dag: Any, moment: datetime) -> datetime:
    """The last logical date of a DAG's schedule that is not later than a moment; the moment, if there is none."""
    return _moved(getattr(scheduled(dag).timetable, "_align_to_prev", None), moment)


def interval_end(dag: Any, moment: datetime) -> datetime:
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
def _deciding_late() -> Iterator[None]:
    """Lets Airflow leave a task out only when all tasks before it are done.

    It does so as soon as one has failed or is skipped, so that where both happen the faster one wins. Of such races
    the one is run that ends in a tie. Rules that may start a task before all are done are left as they are.
    """
    from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep

    evaluate = TriggerRuleDep._evaluate_trigger_rule

    def late(self: Any, *, ti: Any, dep_context: Any, session: Any) -> Iterator[Any]:
        flag = dep_context.flag_upstream_failed
        if flag and ti.task.trigger_rule not in _EAGER and _is_open(ti, session):
            dep_context.flag_upstream_failed = False
        try:
            yield from evaluate(self, ti=ti, dep_context=dep_context, session=session)
        finally:
            dep_context.flag_upstream_failed = flag

    with mock.patch.object(TriggerRuleDep, "_evaluate_trigger_rule", late):
        yield


def _is_open(ti: Any, session: Any) -> bool:
    """Whether a task directly before a task instance is not done."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.state import State
    from sqlalchemy import or_, select

    before = select(TaskInstance.id).where(
        TaskInstance.dag_id == ti.dag_id,
        TaskInstance.run_id == ti.run_id,
        TaskInstance.task_id.in_(ti.task.upstream_task_ids),
        or_(TaskInstance.state.is_(None), TaskInstance.state.not_in(State.finished)),
    )
    return session.scalar(before.limit(1)) is not None


@contextmanager
def _unread(dag: Any, stubs: frozenset[str]) -> Iterator[None]:
    """Leaves the templates of tasks alone in whose place the scenario answers."""
    plain = [task for task in dag.tasks if task.task_id in stubs and not task.is_mapped]
    for task in plain:
        task.template_fields = ()
    try:
        yield
    finally:
        for task in plain:
            del task.template_fields


@contextmanager
def _unchanged(dag: Any, begins: datetime) -> Iterator[None]:
    """Takes away the deadlines of a DAG, which only tell somebody, and puts back the params, which a conf changes.

    Sensors of a time of day, which have taken the day of the import for that of the run, get the day on which it
    begins.
    """
    kept = [(owner, "params", same_params(owner.params)) for owner in (dag, *dag.tasks)]
    for task in dag.tasks:
        if type(task).__module__ == _TIME_OF_DAY:
            kept.append((task, "target_datetime", task.target_datetime))
            task.target_datetime = datetime.combine(begins, task.target_datetime.timetz())
    if getattr(dag, "deadline", None):
        kept.append((dag, "deadline", dag.deadline))
        dag.deadline = None
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)
