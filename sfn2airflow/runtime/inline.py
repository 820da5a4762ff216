"""Runs a child DAG within one task: its tasks one after the other, in this process, without any task instance.

For child executions that only compute and call, which Airflow would start ten thousand times. The tasks are those of
the DAG file; what they hand on is kept in memory. What waits, or is mapped, cannot be run like this. A long delay
before another try ends the run for now (``Later``), so that the task around it can be deferred meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from airflow.sdk import DAG, TriggerRule
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped
from airflow.sdk.execution_time.context import set_current_context

from . import clock
from .context import conf_of
from .documents import from_xcom
from .errors import AslRetry, EarlierFailure, Json, error_output
from .waits import HELD, time_limit


@dataclass(slots=True)
class Memory:
    """What the tasks of one run have come to: their states, and what they have handed on."""

    dag_id: str
    run_id: str
    number: int
    states: dict[str, str] = field(default_factory=dict)
    xcoms: dict[tuple[str, str], Json] = field(default_factory=dict)
    tries: dict[str, tuple[int, dict[str, Json]]] = field(default_factory=dict)
    """Of a task that is to be tried again: the number of the next try, and what its retriers have counted."""
    started: str = field(default_factory=lambda: clock.now().isoformat())

    def kept(self) -> Json:
        """The same as JSON, to go on with it in another process."""
        known = {"states": self.states, "tries": {id: [*tries] for id, tries in self.tries.items()}}
        return {**known, "started": self.started, "xcoms": [[*key, value] for key, value in self.xcoms.items()]}

    def go_on(self, kept: Json) -> None:
        """Go on where it was kept."""
        self.states, self.started = dict(kept["states"]), kept["started"]
        self.xcoms = {(task_id, key): value for task_id, key, value in kept["xcoms"]}
        self.tries = {id: (number, counted) for id, (number, counted) in kept["tries"].items()}


class Later(Exception):
    """A task is to be tried again only after so many ``seconds``; ``memory`` is the run, to go on with."""

    def __init__(self, seconds: float):
        super().__init__(f"the next try is in {seconds:g} seconds")
        self.seconds, self.memory = seconds, None


class TaskOfRun:
    """Stands for a task instance: the part of its interface that states use."""

    map_index = -1

    def __init__(self, memory: Memory, task_id: str):
        self.memory, self.task_id, self.try_number = memory, task_id, memory.tries.get(task_id, (1, {}))[0]
        self.dag_id, self.run_id, self.start_date = memory.dag_id, memory.run_id, clock.now()

    def xcom_push(self, key: str, value: Json) -> None:
        """Keep a value for the tasks behind."""
        self.memory.xcoms[self.task_id, key] = value

    def xcom_pull(self, task_ids: str, *, key: str = "return_value", **_: Any) -> Json:
        """A value of a task before, or ``None``."""
        return self.memory.xcoms.get((task_ids, key))

    def get_task_states(self, *, task_ids: Iterable[str], **_: Any) -> dict[str, dict[str, str]]:
        """The states of tasks before, by run and task id."""
        return {self.run_id: {id: self.memory.states[id] for id in task_ids if id in self.memory.states}}


@dataclass(slots=True)
class Counters:
    """Stands for the store of a task instance, in which ``AslRetry`` counts."""

    values: dict[str, Json] = field(default_factory=dict)

    def get(self, key: str) -> Json:
        """A value that was set, or ``None``."""
        return self.values.get(key)

    def set(self, key: str, value: Json, **_: Any) -> None:
        """Keep a value."""
        self.values[key] = value


def run_inline(dag: DAG, context: Any, document: Json, run_id: str, number: int, kept: Json = None) -> dict[str, Json]:
    """Run a DAG with a document as that of item ``number``; gives Status and Output, or Error and Cause.

    Raises Later where a task is tried again only after a long time; what that has as ``memory`` is then ``kept``.
    """
    memory = Memory(dag.dag_id, run_id, number)
    if kept is not None:
        memory.go_on(kept)
    started = datetime.fromisoformat(memory.started)
    run = SimpleNamespace(conf=conf_of(document), run_id=run_id, start_date=started, run_after=started)
    outer = {**context, "dag": dag, "dag_run": run}
    for task in in_order(dag):
        if task.task_id not in memory.states:  # a choice has skipped the others
            try:
                memory.states[task.task_id] = _reached(task, memory) or _run(task, memory, outer)
            except Later as later:
                later.memory = memory.kept()
                raise
    failed = [t for t in dag.tasks if memory.states[t.task_id] in ("failed", "upstream_failed")]
    if any(not t.downstream_task_ids for t in failed):
        return {"Status": "FAILED", **_uncaught(dag, memory)}
    end = next((t.task_id for t in dag.tasks if getattr(t, "returns_dag_result", False)), "")
    return {"Status": "SUCCEEDED", "Output": from_xcom(memory.xcoms.get((end, "return_value")))}


def in_order(dag: DAG) -> list[Any]:
    """The tasks of a DAG, each behind those upstream of it."""
    ordered: list[Any] = []
    left = {task.task_id: len(task.upstream_task_ids) for task in dag.tasks}
    ready = [id for id, count in left.items() if not count]
    while ready:
        task = dag.get_task(ready.pop(0))
        ordered.append(task)
        for id in sorted(task.downstream_task_ids):
            left[id] -= 1
            if not left[id]:
                ready.append(id)
    return ordered


def _reached(task: Any, memory: Memory) -> str | None:
    """What Airflow's trigger rules make of a task that is not run; ``None`` for one that is."""
    before = {memory.states[id] for id in task.upstream_task_ids}
    if task.trigger_rule == TriggerRule.NONE_SKIPPED:
        return "skipped" if "skipped" in before else None
    if before & {"failed", "upstream_failed"}:
        return "upstream_failed"
    return "skipped" if before and "success" not in before else None


def _run(task: Any, memory: Memory, outer: Any) -> str:
    """Run a task, as often as its retriers allow."""
    ti, store = TaskOfRun(memory, task.task_id), Counters(memory.tries.get(task.task_id, (1, {}))[1])
    context = {**outer, "ti": ti, "task_instance": ti, "task": task, "task_state_store": store}
    while True:
        try:
            limit = time_limit(task.execution_timeout) if task.execution_timeout else nullcontext()
            with set_current_context(context), limit:  # type: ignore[arg-type]
                ti.xcom_push("return_value", task.python_callable())
        except DownstreamTasksSkipped as chosen:
            memory.states |= {_id(skipped): "skipped" for skipped in chosen.tasks}
        except AirflowSkipException:
            return "skipped"
        except Exception as error:
            if (delay := _delay(task, error, ti, context)) is None:
                if not isinstance(error, EarlierFailure):
                    ti.xcom_push("error", error_output(error))
                return "failed"
            memory.tries[task.task_id] = ti.try_number + 1, store.values
            pause(task, delay)
            ti.try_number, ti.start_date = ti.try_number + 1, clock.now()
            continue
        return "success"


def pause(task: Any, seconds: float) -> None:
    """Wait for the next try of a task, in this process. Raises Later where that would take it for long."""
    if seconds > HELD.total_seconds():
        raise Later(seconds)
    clock.hold(seconds)


def _id(skipped: Any) -> str:
    return str(skipped[0] if isinstance(skipped, tuple) else skipped)


def _delay(task: Any, error: Exception, ti: TaskOfRun, context: Any) -> float | None:
    """The seconds to the next try; ``None`` where there is none."""
    policy = getattr(task, "retry_policy", None)
    if not isinstance(policy, AslRetry) or isinstance(error, EarlierFailure):
        return None
    decision: Any = policy.evaluate(error, ti.try_number, task.retries + 1, context)
    again = decision.action.value == "retry"
    return float(decision.retry_delay.total_seconds()) if again else None


def _uncaught(dag: DAG, memory: Memory) -> dict[str, Json]:
    """The Error Output of a failed task that no catch has dealt with."""
    caught = {
        id for task in dag.tasks if memory.states[task.task_id] == "success" for id in getattr(task, "catches", ())
    }
    failed = [t.task_id for t in in_order(dag) if memory.states[t.task_id] == "failed" and t.task_id not in caught]
    told = next((memory.xcoms[id, "error"] for id in failed if (id, "error") in memory.xcoms), None)
    return {key: (told or {}).get(key) for key in ("Error", "Cause")}
