"""Drives one DAG run from task to task, as ``dag.test`` does, on a virtual clock instead of its waiting.

What takes time (a wait, the delay before a retry, a reply that comes later) is entered in an agenda. When nothing more
happens at a moment, the earliest entry is next; so branches that wait side by side go on in the order in which they
would, and DAG runs that tasks trigger take their turns.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from sfn_airflow_core.verify.agenda import Agenda, whole
from sfn_airflow_core.verify.aws_answers import Place, Services
from sfn_airflow_core.verify.finished import FinishedRun, Recorder, finished
from sfn_airflow_core.verify.legs import Active, Leg, again, on_virtual_clock, resume, run, scheduled
from sfn_airflow_core.verify.outside import Outside, choice_of, waits
from sfn_airflow_core.verify.replies import Json

_FINISHED: Final = ("success", "failed")
_MOMENTS: Final = "airflow.providers.standard.triggers.temporal."
_DAG_STATE: Final = "airflow.providers.standard.triggers.external_task.DagStateTrigger"
_AWS: Final = "airflow.providers.amazon.aws.triggers."
_PAST: Final = timedelta(days=-366)
_NOT_YET: Final = timedelta(days=36_600)


@dataclass(slots=True)
class Drive:
    """Runs DAGs of one file: ``start`` for the run asked for, and every run its tasks trigger."""

    dags: Mapping[str, Any]
    services: Services
    recorder: Recorder
    deadline: float
    outside: Outside | None = None
    agenda: Agenda = field(default_factory=Agenda)
    children: dict[str, Active] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    """The states of triggered runs that have ended."""
    paused: list[tuple[Leg, float]] = field(default_factory=list)
    """Task instances that have just been put off, to a retry or another look, and how many seconds they have taken."""
    triggered: list[tuple[Leg, str, str, Place]] = field(default_factory=list)
    behind: list[tuple[Leg, Any, frozenset[str]]] = field(default_factory=list)
    """Deferred tasks, and the runs for whose end they wait."""
    active: Active = field(default_factory=lambda: Active(None, None))
    counts: dict[str, Any] = field(default_factory=dict)
    """How many task instances of a run were in which state when it last had nothing to do."""

    def called(self, task: Any) -> str:
        """What a task is called in what is recorded: like its state."""
        return str(task.task_display_name)

    def now(self) -> datetime:
        """The present moment for the tasks."""
        return self.services.spent.date()

    def passing(self, seconds: float) -> float:
        """The seconds that pass until a moment for which a task waits."""
        return seconds

    def clock(self) -> AbstractContextManager[None]:
        """Lets the tasks take the time from the agenda's clock."""
        return on_virtual_clock(self.services.spent)

    def start(
        self, dag_id: str, conf: dict[str, Json], moment: datetime | None = None, end: datetime | None = None
    ) -> FinishedRun:
        """Create a run with this ``conf``, for a logical date (now, if none is given), and drive it to its end.

        ``end`` is that of the run's data interval, which begins at the logical date.
        """
        from airflow.models.dagrun import DagRun, get_or_create_dagrun
        from airflow.utils.session import create_session
        from airflow.utils.types import DagRunTriggeredByType, DagRunType

        now = self.now()
        run_id = DagRun.generate_run_id(run_type=DagRunType.MANUAL, logical_date=moment or now, run_after=now)
        with create_session(scoped=False) as session:
            get_or_create_dagrun(
                dag=scheduled(self.dags[dag_id]),
                start_date=now,
                logical_date=moment or now,
                data_interval=(moment or now, end or moment or now),
                run_after=now,
                run_id=run_id,
                session=session,
                conf=conf,
                triggered_by=DagRunTriggeredByType.TEST,
                triggering_user_name="verify",
            )
        return self.drive(dag_id, run_id)

    def drive(self, dag_id: str, run_id: str) -> FinishedRun:
        """Drive an existing run to its end. Raises TimeoutError at the deadline."""
        from airflow.utils.session import create_session

        with self.clock(), create_session(scoped=False) as session:
            main = self._opened(dag_id, run_id, session)
            while main.run.state not in _FINISHED:
                if time.process_time() > self.deadline:
                    raise TimeoutError(f"{dag_id} did not end in time: {_unfinished(main.run, session)}")
                self._step(main.dag, main.run, session)
            return self._closed(main, session)

    def _opened(self, dag_id: str, run_id: str, session: Any) -> Active:
        from airflow.models.dagrun import DagRun
        from sqlalchemy import select

        run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
        if run is None:
            raise LookupError(f"no run {run_id} of {dag_id}")
        run.dag = scheduled(self.dags[dag_id])
        if run.state == "queued":
            run.state, run.start_date = "running", self.now()
            session.commit()
        return Active(self.dags[dag_id], run)

    def _closed(self, active: Active, session: Any) -> FinishedRun:
        done = finished(active.run, session)
        self.recorder.runs.append((active.dag.dag_id, done))
        return done

    def _step(self, dag: Any, run: Any, session: Any) -> None:
        """One look of the scheduler at a run and those that its tasks have triggered; or time passes."""
        if self._look(Active(dag, run), session):
            return
        outer = self.services.place
        for run_id, child in list(self.children.items()):
            self.services.place = child.place
            moved = self._look(child, session)
            self.services.place = outer
            if child.run.state in _FINISHED:
                del self.children[run_id]
                self.ended[run_id] = self._closed(child, session).state
                self._go_on_behind(run_id)
            if moved:
                return
        if not self.agenda.advance(session):
            time.sleep(0.002)

    def _look(self, active: Active, session: Any) -> bool:
        """Run what is ready in a run; whether anything happened."""
        session.expire_all()
        self._put_off(session)
        run, self.active = active.run, active
        ready, _ = run.update_state(session=session, execute_callbacks=False)
        for ti in ready:
            if ti.state != "up_for_reschedule":
                ti.try_number += 1
            ti.state, ti.scheduled_dttm = "queued", datetime.now(UTC)
        session.commit()
        for ti in sorted(ready, key=lambda ti: (ti.task_id, ti.map_index)):
            self._run_task(active.dag.get_task(ti.task_id), ti)
        return bool(ready) or run.state in _FINISHED or self._changed(run, session)

    def _changed(self, run: Any, session: Any) -> bool:
        """Whether the scheduler has skipped tasks, say, so that another look may find more."""
        from airflow.models.taskinstance import TaskInstance
        from sqlalchemy import func, select

        states = select(TaskInstance.state, func.count()).where(
            TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id
        )
        now = sorted(map(str, session.execute(states.group_by(TaskInstance.state))))
        before, self.counts[run.run_id] = self.counts.get(run.run_id), now
        return bool(now != before)

    def _put_off(self, session: Any) -> None:
        """Keep Airflow from taking up by its own clock what is to be tried or looked at later, and enter it."""
        while self.paused:
            leg, seconds = self.paused.pop(0)
            ti = again(leg.ti, session)
            if ti.state == "up_for_reschedule":
                seconds = self._until_look(leg, ti, seconds, session)
            else:
                ti.task = leg.scheduled()
                delay = (ti.next_retry_datetime() - ti.end_date).total_seconds()
                self.recorder.delays[self.called(leg.task)].append(round(delay, 3))
                ti.end_date = datetime.now(UTC) + _NOT_YET
                seconds += delay
            session.commit()
            self.agenda.add(seconds, leg.order, partial(self._take_up, leg), together=True)
        while self.triggered:
            leg, dag_id, run_id, place = self.triggered.pop(0)
            self.children[run_id] = replace(self._opened(dag_id, run_id, session), order=leg.order, place=place)

    def _until_look(self, leg: Leg, ti: Any, spent: float, session: Any) -> float:
        """The seconds until a task looks again that has ``spent`` some; noted for a state that pauses."""
        from airflow.models.taskreschedule import TaskReschedule
        from sqlalchemy import select

        mine = select(TaskReschedule).where(TaskReschedule.ti_id == ti.id).order_by(TaskReschedule.id.desc())
        last = session.scalars(mine.limit(1)).one()
        seconds: float = (last.reschedule_date - last.end_date).total_seconds()
        last.reschedule_date = datetime.now(UTC) + _NOT_YET
        if (pause := getattr(leg.task, "pause_name", None)) and seconds > 0:
            self.recorder.waits[pause].append(round(seconds, 3))
        if self.outside is not None and waits(leg.task):
            reply = self.services.jobs.get((leg.place.state, leg.place.index))
            if (moment := self.outside.arrival(leg.task, ti, leg.place, reply, session)) is not None:
                return max(moment - self.now().timestamp(), spent)
        return spent + whole(seconds)

    def _take_up(self, leg: Leg, session: Any) -> None:
        """The time has come for a retry or another look."""
        from airflow.models.taskreschedule import TaskReschedule
        from sqlalchemy import update

        past, ti = datetime.now(UTC) + _PAST, again(leg.ti, session)
        if ti.state == "up_for_retry":
            ti.retry_delay_override, ti.end_date = 0, past
        elif ti.state == "up_for_reschedule":
            if self.outside is not None and waits(leg.task):
                reply = self.services.jobs.get((leg.place.state, leg.place.index))
                self.outside.answer(leg.task, ti, leg.place, reply, session)
            session.execute(update(TaskReschedule).where(TaskReschedule.ti_id == ti.id).values(reschedule_date=past))
        session.commit()

    def _run_task(self, task: Any, ti: Any) -> None:
        """Run a task instance until it ends, or time passes."""
        outer, active = self.services.place, self.active
        if not ti.is_task_schedulable(active.run.dag.get_task(ti.task_id)):
            ti.set_state("success")  # an EmptyOperator has succeeded for the scheduler without being run
            return
        leg = Leg(active, task, ti, self.place(task, ti, outer), (*active.order, active.number(task), ti.map_index))
        self.services.place = leg.place
        try:
            while (deferral := self._run_leg(leg)) is not None:
                resume(leg, deferral, self._told(leg, deferral))
        finally:
            self.services.place = outer

    def _run_leg(self, leg: Leg) -> Any:
        """Run a task instance until it ends or defers; gives the deferral that is answered at once, if it is that."""
        from airflow.sdk import TaskInstanceState
        from airflow.sdk.execution_time.comms import AwaitInputTask, DeferTask
        from airflow.serialization.serialized_objects import create_scheduler_operator

        task, ti = leg.task, leg.ti
        key, run_id = (ti.task_id, ti.map_index), ti.run_id
        self.services.spent.now = self.agenda.now
        outcome = run(leg)
        seconds = self._noted(task)
        if outcome.error is not None:
            self.recorder.failures[run_id, key] = outcome.error
        ti.set_state(outcome.ti.state)
        ti.task = create_scheduler_operator(outcome.ti.task)
        if isinstance(outcome.msg, AwaitInputTask):
            return outcome.msg
        if isinstance(outcome.msg, DeferTask):
            return self._deferred(leg, outcome.msg, seconds)
        if ti.state in ("up_for_retry", "up_for_reschedule"):
            self.paused.append((leg, seconds))
        elif seconds > 0:  # it has ended for Airflow, but not at this moment of the virtual clock
            self.agenda.add(seconds, leg.order, partial(self._end, leg, ti.state))
            ti.set_state(TaskInstanceState.RUNNING)
        return None

    def _end(self, leg: Leg, state: Any, session: Any) -> None:
        """A task instance has ended."""
        ti = again(leg.ti, session)
        ti.state, ti.end_date = state, datetime.now(UTC)
        session.commit()

    def _deferred(self, leg: Leg, deferral: Any, seconds: float) -> Any:
        """Enter when a deferred task goes on; or give the deferral, if that is at once."""
        from airflow.sdk._shared.module_loading import import_string
        from airflow.sdk.serde import deserialize

        if deferral.classpath == _DAG_STATE:
            arguments: Any = deserialize(deferral.trigger_kwargs)
            place = leg.place
            if hasattr(leg.task, "source"):  # a child execution of a distributed Map: the run's id ends with its number
                place = replace(place, index=int(arguments["run_ids"][0].rpartition("__")[2]))
            self.triggered += [(leg, arguments["dag_id"], run_id, place) for run_id in arguments["run_ids"]]
            self.behind.append((leg, deferral, frozenset(arguments["run_ids"])))
            return None
        told: Any = None
        if deferral.classpath.startswith(_MOMENTS):
            arguments = deserialize(deferral.trigger_kwargs)
            trigger: Any = import_string(deferral.classpath)(**arguments)
            left = (trigger.moment - self.now()).total_seconds() - seconds
            if deferral.trigger_timeout is not None and deferral.trigger_timeout.total_seconds() < left:
                left, told = (
                    deferral.trigger_timeout.total_seconds(),
                    TimeoutError("the wait is longer than the state may take"),
                )
            else:
                self.recorder.waits[self.called(leg.task)].append(round(left, 3))
                told = trigger.moment
            seconds += self.passing(left)
        elif seconds <= 0:
            return deferral
        else:
            told = self._told(leg, deferral)
        self.agenda.add(seconds, leg.order, partial(self._go_on, leg, deferral, told))
        return None

    def _go_on(self, leg: Leg, deferral: Any, told: Any, session: Any) -> None:
        """Go on with a deferred task."""
        leg = replace(leg, ti=again(leg.ti, session))
        resume(leg, deferral, told)
        outer, self.services.place, self.active = self.services.place, leg.active.place, leg.active
        try:
            self._run_task(leg.task, leg.ti)
        finally:
            self.services.place = outer

    def _go_on_behind(self, run_id: str) -> None:
        """Go on with the task that waits for a run that has ended."""
        for waiting in list(self.behind):
            leg, deferral, run_ids = waiting
            if run_id in run_ids and run_ids <= self.ended.keys():
                self.behind.remove(waiting)
                self.agenda.add(0, leg.order, partial(self._go_on, leg, deferral, self._told(leg, deferral)))

    def _noted(self, task: Any) -> float:
        """Write down how long a task has waited in its process, under the state that says so; gives all its seconds."""
        spent = self.services.spent
        total = spent.elapsed()
        for seconds in spent.held:
            self.recorder.waits[getattr(task, "pause_name", None) or self.called(task)].append(round(seconds, 3))
        for inner, seconds in spent.repeats:
            self.recorder.delays[self.called(inner)].append(round(seconds, 3))
        spent.clear()
        return total

    def place(self, task: Any, ti: Any, outer: Place) -> Place:
        """Where a task instance stands; what a child DAG does belongs to the item for which it runs."""
        from airflow.providers.standard.operators.python import PythonOperator

        waiting = waits(task) in ("token", "activity", "approval")
        operator = not isinstance(task, PythonOperator) and not waiting and not hasattr(task, "pause_name")
        if ti.map_index < 0:
            return Place(task.task_display_name, operator, outer.index, token=waiting, around=outer.around)
        around = outer.around if outer.index is None else (*outer.around, outer.index)
        return Place(task.task_display_name, operator, ti.map_index, token=waiting, around=around)

    def _told(self, leg: Leg, deferral: Any) -> Any:
        """What a deferred task is told: the event of its trigger, what a person chose, or a TimeoutError."""
        from airflow.sdk._shared.module_loading import import_string
        from airflow.sdk.definitions.dag import _run_inline_trigger
        from airflow.sdk.execution_time.comms import AwaitInputTask
        from airflow.sdk.serde import deserialize

        if isinstance(deferral, AwaitInputTask):
            return choice_of(leg.task, self.services.jobs.get((leg.task.task_display_name, leg.place.index), {}))
        arguments: Any = deserialize(deferral.trigger_kwargs)
        trigger: Any = import_string(deferral.classpath)(**arguments)
        run_inline: Any = _run_inline_trigger
        try:
            if deferral.classpath == _DAG_STATE:
                states = {id: self.ended[id] for id in trigger.run_ids or ()}
                return (deferral.classpath, {**trigger.serialize()[1], **states})
            if deferral.classpath.startswith(_AWS):
                return self.services.event(trigger).payload
            event = run_inline(trigger, None)
        except TimeoutError as late:
            return late
        return TimeoutError(f"{deferral.classpath} ended without an event") if event is None else event.payload


def _unfinished(run: Any, session: Any) -> str:
    return ", ".join(
        f"{ti.task_id}: {ti.state}"
        for ti in run.get_task_instances(session=session)
        if ti.state not in ("success", "skipped")
    )
