"""What became of a DAG run: the states of its task instances, what they handed on, how they failed and waited."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sfn_airflow_core.verify.replies import Json

Key = tuple[str, int]
_CONSEQUENCE: Final = "EarlierFailure"  # the runtime's name for a failure that only follows from another


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

    def stopped(self, run: FinishedRun) -> frozenset[str]:
        """The task instances that ended because something else had failed."""
        return frozenset(
            _called(key)
            for key, (state, _) in run.tasks.items()
            if state == "failed" and type(self.failures.get((run.run_id, key))).__name__ == _CONSEQUENCE
        )

    def uncaught(self, dag: Any, run: FinishedRun) -> Json:
        """The Error Output of the first failed task instance that no catch has dealt with."""
        caught = [
            (dag.get_task(id).catches, index)
            for (id, index), (state, _) in run.tasks.items()
            if state == "success" and getattr(dag.get_task(id), "catches", None)
        ]
        late, numbers = datetime.max.replace(tzinfo=UTC), {id: number for number, id in enumerate(dag.task_dict)}
        failed = [
            (end or late, numbers[key[0]], key)
            for key, (state, end) in run.tasks.items()
            if state == "failed" and not any(key[0] in ids and index in (key[1], -1) for ids, index in caught)
        ]
        kept = run.xcoms.get("error", {})
        again = {  # by the task that was to catch them, and has failed itself
            (id, index)
            for _, _, (by, index) in failed
            if kept.get((by, index))
            for id in getattr(dag.get_task(by), "catches", None) or ()
        }
        failed = [entry for entry in failed if not {entry[2], (entry[2][0], -1)} & again]
        dated = [(kept[key]["$at"], number, key) for _, number, key in failed if "$at" in (kept.get(key) or {})]
        for key in (*(key for *_, key in sorted(dated)), *(key for *_, key in sorted(failed))):
            if told := kept.get(key) or self._described(run.run_id, key):
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


def finished(run: Any, session: Any) -> FinishedRun:
    """What has become of a run so far."""
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
