"""Drives one DAG run from task to task, as ``dag.test`` does, without its waiting; and reads what became of it."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sfn_airflow_core.verify.airflow_api import direct_client
from sfn_airflow_core.verify.aws_answers import Place, Services
from sfn_airflow_core.verify.outside import Outside, choice_of, waits
from sfn_airflow_core.verify.replies import Json

Key = tuple[str, int]
_FINISHED: Final = ("success", "failed")
_MOMENTS: Final = "airflow.providers.standard.triggers.temporal."
_DAG_STATE: Final = "airflow.providers.standard.triggers.external_task.DagStateTrigger"
_CONSEQUENCE: Final = "EarlierFailure"  # the runtime's name for a failure that only follows from another
_AWS: Final = "airflow.providers.amazon.aws.triggers."


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished DAG run: its state, the states and end times of its task instances, its XComs by key."""

    run_id: str
    state: str
    tasks: Mapping[Key, tuple[str, datetime | None]]
    xcoms: Mapping[str, Mapping[Key, Json]]

    def task_states(self) -> dict[str, str]:
        return {_called(key): state for key, (state, _) in self.tasks.items()}

    def documents(self) -> dict[str, Json]:
        return {_called(key): value for key, value in self.xcoms.get("return_value", {}).items()}

    def result(self, dag: Any) -> Json:
        """The DAG's result: of the task marked so, else of the only last task that succeeded."""
        marked = [t.task_id for t in dag.tasks if getattr(t, "returns_dag_result", False)]
        last = marked or [t.task_id for t in dag.leaves]
        values = self.xcoms.get("return_value", {})
        return next((values[id, -1] for id in last if (id, -1) in values), None)


def _called(key: Key) -> str:
    task_id, index = key
    return task_id if index < 0 else f"{task_id}[{index}]"


@dataclass(slots=True)
class Recorder:
    """What a run would have waited for, by state, and how its task instances failed."""

    delays: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[tuple[str, Key], BaseException] = field(default_factory=dict)
    runs: list[tuple[str, FinishedRun]] = field(default_factory=list)
    """Every finished run with the id of its DAG; runs that a task triggered come before the run of that task."""

    def uncaught(self, dag: Any, run: FinishedRun) -> Json:
        """The Error Output of the first failed task instance that no catch has dealt with."""
        caught = [
            (dag.get_task(id).catches, index)
            for (id, index), (state, _) in run.tasks.items()
            if state == "success" and getattr(dag.get_task(id), "catches", None)
        ]
        late = datetime.max.replace(tzinfo=UTC)
        failed = [
            (end or late, key)
            for key, (state, end) in run.tasks.items()
            if state == "failed" and not any(key[0] in ids and index in (key[1], -1) for ids, index in caught)
        ]
        for _, key in sorted(failed):
            told = run.xcoms.get("error", {}).get(key)
            if told or (told := self._described(run.run_id, key)):
                return told
        return None

    def _described(self, run_id: str, key: Key) -> Json:
        """For a task without the runtime: the class of its exception is the error's name."""
        match self.failures.get((run_id, key)):
            case None:
                return None
            case error if type(error).__name__ == _CONSEQUENCE:
                return None
            case error if type(error).__name__ in ("AirflowTaskTimeout", "TaskDeferralTimeout"):
                return {"Error": "States.Timeout", "Cause": str(error)}
            case error:
                return {"Error": type(error).__name__, "Cause": str(error)}


@dataclass(slots=True)
class Drive:
    """Runs DAGs of one file: ``start`` for the run asked for, and every run its tasks trigger."""

    dags: Mapping[str, Any]
    services: Services
    recorder: Recorder
    deadline: float
    outside: Outside | None = None

    def called(self, task: Any) -> str:
        """What a task is called in what is recorded: like its state."""
        return str(task.task_display_name)

    def start(
        self, dag_id: str, conf: dict[str, Json], moment: datetime | None = None, end: datetime | None = None
    ) -> FinishedRun:
        """Create a run with this ``conf``, for a logical date (now, if none is given), and drive it to its end.

        ``end`` is that of the run's data interval, which begins at the logical date.
        """
        from airflow.models.dagrun import DagRun, get_or_create_dagrun
        from airflow.utils.session import create_session
        from airflow.utils.types import DagRunTriggeredByType, DagRunType

        now = datetime.now(UTC)
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
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import select

        dag = self.dags[dag_id]
        with create_session(scoped=False) as session:
            run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
            if run is None:
                raise LookupError(f"no run {run_id} of {dag_id}")
            run.dag = scheduled(dag)
            if run.state == "queued":
                run.state, run.start_date = "running", datetime.now(UTC)
                session.commit()
            while run.state not in _FINISHED:
                if time.monotonic() > self.deadline:
                    raise TimeoutError(f"{dag_id} did not end in time: {_unfinished(run, session)}")
                self._step(dag, run, session)
            finished = _finished(run, session)
            self.recorder.runs.append((dag_id, finished))
            return finished

    def _step(self, dag: Any, run: Any, session: Any) -> None:
        """One look of the scheduler: run what is ready, or go to the moment at which something becomes ready."""
        session.expire_all()
        ready, _ = run.update_state(session=session, execute_callbacks=False)
        for ti in ready:
            self._note_delay(dag, run, ti, session)
            if ti.state != "up_for_reschedule":
                ti.try_number += 1
            ti.state, ti.scheduled_dttm = "scheduled", datetime.now(UTC)
        session.commit()
        if not ready and run.state not in _FINISHED:
            self._skip_delays(dag, run, session)
        for ti in sorted(ready, key=lambda ti: (ti.task_id, ti.map_index)):
            self._run_task(dag.get_task(ti.task_id), ti)

    def _skip_delays(self, dag: Any, run: Any, session: Any) -> None:
        from airflow.models.taskreschedule import TaskReschedule
        from sqlalchemy import update

        past = datetime.now(UTC) - timedelta(days=366)
        moved = False
        for ti in run.get_task_instances(session=session):
            self._note_delay(dag, run, ti, session)
            if ti.state == "up_for_retry":
                ti.retry_delay_override, ti.end_date, moved = 0, past, True
            elif ti.state == "up_for_reschedule":
                self._answer(dag.get_task(ti.task_id), ti, session)
                session.execute(
                    update(TaskReschedule).where(TaskReschedule.ti_id == ti.id).values(reschedule_date=past)
                )
                moved = True
        session.commit()
        if not moved:
            time.sleep(0.002)

    def _note_delay(self, dag: Any, run: Any, ti: Any, session: Any) -> None:
        """Write down a delay once: before it is skipped, or when it has passed while other tasks were at work."""
        task = dag.get_task(ti.task_id)
        if ti.state == "up_for_reschedule":
            self._note_pause(task, ti, session)
        elif ti.state == "up_for_retry" and ti.end_date > datetime.now(UTC) - timedelta(days=1):
            ti.task = run.dag.get_task(ti.task_id)
            delay = ti.next_retry_datetime() - ti.end_date
            self.recorder.delays[self.called(task)].append(round(delay.total_seconds(), 3))

    def _note_pause(self, task: Any, ti: Any, session: Any) -> None:
        """Write down how long a task that asks again and again would have waited, under the state that says so."""
        from airflow.models.taskreschedule import TaskReschedule
        from sqlalchemy import select

        if pause := getattr(task, "pause_name", None):
            mine = select(TaskReschedule).where(TaskReschedule.ti_id == ti.id).order_by(TaskReschedule.id.desc())
            last = session.scalars(mine.limit(1)).one()
            seconds = (last.reschedule_date - last.end_date).total_seconds()
            if seconds > 0:
                self.recorder.waits[pause].append(round(seconds, 3))

    def _answer(self, task: Any, ti: Any, session: Any) -> None:
        """Answer a task that waits for its token."""
        if self.outside is not None and waits(task):
            place = self.place(task, ti, self.services.place)
            self.outside.answer(task, ti, place, self.services.jobs.get((place.state, place.index)), session)

    def _run_task(self, task: Any, ti: Any) -> None:
        """One try of a task instance, its deferrals included."""
        from airflow.sdk import TaskInstanceState
        from airflow.sdk.api.datamodels._generated import TaskInstance
        from airflow.sdk.execution_time.comms import AwaitInputTask, DeferTask
        from airflow.sdk.execution_time.supervisor import run_task_in_process
        from airflow.serialization.serialized_objects import create_scheduler_operator

        key, run_id, outer = (ti.task_id, ti.map_index), ti.run_id, self.services.place
        self.services.place = self.place(task, ti, outer)
        try:
            while True:
                ti.set_state(TaskInstanceState.QUEUED)
                told = TaskInstance(
                    id=UUID(str(ti.id)),
                    task_id=ti.task_id,
                    dag_id=ti.dag_id,
                    run_id=run_id,
                    try_number=ti.try_number,
                    map_index=ti.map_index,
                    dag_version_id=UUID(str(ti.dag_version_id)),
                )
                outcome = run_task_in_process(ti=told, task=task, client=direct_client())
                self._note_held(task)
                if outcome.error is not None:
                    self.recorder.failures[run_id, key] = outcome.error
                ti.set_state(outcome.ti.state)
                ti.task = create_scheduler_operator(outcome.ti.task)
                if isinstance(outcome.msg, AwaitInputTask):
                    index = self.services.place.index
                    event = choice_of(task, self.services.jobs.get((task.task_display_name, index), {}))
                    self._resume(task, ti, outcome.msg, event)
                    continue
                if not isinstance(outcome.msg, DeferTask):
                    return
                self._resume(task, ti, outcome.msg)
        finally:
            self.services.place = outer

    def _note_held(self, task: Any) -> None:
        """Write down how long a task has waited in its process, under the state that says so."""
        for seconds in self.services.held:
            self.recorder.waits[getattr(task, "pause_name", None) or self.called(task)].append(round(seconds, 3))
        self.services.held.clear()
        for inner, seconds in self.services.repeats:
            self.recorder.delays[self.called(inner)].append(round(seconds, 3))
        self.services.repeats.clear()

    def place(self, task: Any, ti: Any, outer: Place) -> Place:
        """Where a task instance stands; what a child DAG does belongs to the item for which it runs."""
        from airflow.providers.standard.operators.python import PythonOperator

        waiting = waits(task) in ("token", "activity", "approval")
        operator = not isinstance(task, PythonOperator) and not waiting and not hasattr(task, "pause_name")
        if ti.map_index < 0:
            return Place(task.task_display_name, operator, outer.index, token=waiting, around=outer.around)
        around = outer.around if outer.index is None else (*outer.around, outer.index)
        return Place(task.task_display_name, operator, ti.map_index, token=waiting, around=around)

    def _resume(self, task: Any, ti: Any, deferral: Any, told: Json = None) -> None:
        """Answer a deferral at once, as the triggerer would after its time; ``told`` is what a person told."""
        from airflow.sdk import TaskInstanceState
        from airflow.sdk._shared.module_loading import import_string
        from airflow.sdk.serde import deserialize, serialize
        from airflow.utils.session import create_session

        ti.set_state(TaskInstanceState.QUEUED)
        ti.next_method, ti.next_kwargs = deferral.next_method, dict(deferral.next_kwargs or {})
        try:
            if told is None:
                arguments: Any = deserialize(deferral.trigger_kwargs)
                told = self._event(task, deferral, import_string(deferral.classpath)(**arguments)).payload
        except TimeoutError as late:
            ti.next_method, ti.next_kwargs = "__fail__", {"error": "Trigger timeout", "traceback": [str(late)]}
        else:
            ti.next_kwargs = {**ti.next_kwargs, "event": serialize(told)}
        with create_session(scoped=False) as session:
            ti.state = TaskInstanceState.SCHEDULED
            session.merge(ti)

    def _event(self, task: Any, deferral: Any, trigger: Any) -> Any:
        from airflow.sdk.definitions.dag import _run_inline_trigger
        from airflow.triggers.base import TriggerEvent

        new_event: Any = TriggerEvent
        run_inline: Any = _run_inline_trigger
        path = deferral.classpath
        if path.startswith(_MOMENTS):
            left = (trigger.moment - datetime.now(UTC)).total_seconds()
            if deferral.trigger_timeout is not None and deferral.trigger_timeout.total_seconds() < left:
                raise TimeoutError("the wait is longer than the state may take")
            self.recorder.waits[self.called(task)].append(round(left, 3))
            return new_event(trigger.moment)
        if path == _DAG_STATE:
            if hasattr(task, "source"):  # a child execution of a distributed Map: the run's id ends with its number
                number = int(trigger.run_ids[0].rpartition("__")[2])
                self.services.place = replace(self.services.place, index=number)
            states = {id: self.drive(trigger.dag_id, id).state for id in trigger.run_ids or ()}
            return new_event((path, {**trigger.serialize()[1], **states}))
        if path.startswith(_AWS):
            return self.services.event(trigger)
        event = run_inline(trigger, None)
        if event is None:
            raise TimeoutError(f"{path} ended without an event")
        return event


def scheduled(dag: Any) -> Any:
    """The DAG as the scheduler knows it: serialised and read back."""
    from airflow.serialization.serialized_objects import DagSerialization

    return DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))


def _unfinished(run: Any, session: Any) -> str:
    return ", ".join(
        f"{ti.task_id}: {ti.state}"
        for ti in run.get_task_instances(session=session)
        if ti.state not in ("success", "skipped")
    )


def _document(value: Json) -> Json:
    """An XCom as the document it stands for: the runtime keeps what Airflow would take for its own as JSON text."""
    match value:
        case {"$json": str() as text} if len(value) == 1:
            return json.loads(text)
        case dict():
            return {key: _document(part) for key, part in value.items()}
        case list():
            return [_document(part) for part in value]
        case _:
            return value


def _finished(run: Any, session: Any) -> FinishedRun:
    from airflow.models.xcom import XComModel
    from airflow.sdk.serde import deserialize
    from sqlalchemy import select

    xcoms: dict[str, dict[Key, Json]] = defaultdict(dict)
    mine = (XComModel.dag_id == run.dag_id, XComModel.run_id == run.run_id)
    for xcom in session.scalars(select(XComModel).where(*mine)):
        xcoms[xcom.key][xcom.task_id, xcom.map_index] = _document(deserialize(xcom.value))
    tasks = {
        (ti.task_id, ti.map_index): (str(ti.state or "none"), ti.end_date)
        for ti in run.get_task_instances(session=session)
    }
    return FinishedRun(run.run_id, str(run.state), tasks, xcoms)
