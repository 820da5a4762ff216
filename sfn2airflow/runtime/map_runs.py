"""The child executions of a distributed Map: a bounded number of task instances that run one item after the other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import DAG, BaseOperator, task_group

from . import clock
from .children import ChildDagOperator
from .context import INPUT, moment
from .documents import STATE, as_document, from_xcom
from .errors import KEEP, EarlierFailure, Json, StateError
from .inline import Later, run_inline

LANES = 40
"""How many items of a Map are under way at the same time at most."""


def size_of(item: Json, batched: bool) -> int:
    """For how many items an input stands."""
    return len(item["Items"]) if batched else 1


def too_many(failed: int, plan: Json) -> bool:
    """Whether more items have failed than the Map tolerates."""
    count, percentage = plan["count"], plan["percentage"]
    if count is None and percentage is None:
        return failed > 0
    over = count is not None and failed > count
    return over or (percentage is not None and failed * 100 > percentage * plan["total"])


def threshold() -> StateError:
    return StateError(
        "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
    )


class Lane:
    """What both kinds of runs have in common: the pieces of a lane, and when to stop."""

    given: Any
    source: str

    def piece(self, ti: Any, number: int) -> tuple[int, list[Json]]:
        """The number of the first item of a piece, and the inputs of all."""
        found = from_xcom(ti.xcom_pull(task_ids=self.source, key=f"items_{number}", map_indexes=-1))
        return found["first"], found["inputs"]

    def stop_if_failed(self, ti: Any, task_id: str) -> None:
        """Raises EarlierFailure where another lane has failed, and with it the state."""
        states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=[task_id]).get(ti.run_id, {})
        if "failed" in states.values():
            raise EarlierFailure("other items have failed")

    def counted(self, result: Json, item: Json, plan: Json, failed: int) -> int:
        """How many items of the lane have failed, with one more result. Raises StateError for too many."""
        failed += 0 if result["Status"] == "SUCCEEDED" else size_of(item, plan["batched"])
        if too_many(failed, plan):
            raise threshold()
        return failed


class InlineRuns(BaseOperator, Lane):
    """Runs items in its own process, by the functions of the child DAG's tasks."""

    template_fields = ()

    def __init__(self, *, child: DAG, given: Any, source: str, **task_args: Any):
        super().__init__(**task_args)
        self.child, self.given, self.source = child, given, source

    def execute(self, context: Any) -> None:
        """Run the items of this lane's pieces."""
        self._go_on(context, {"piece": self.given.resolve(context)["lane"], "failed": 0, "results": [], "item": None})

    def execute_complete(self, context: Any, event: Any = None) -> None:
        """Go on with the item of which a task is to be tried again."""
        self._go_on(context, context["task_state_store"].get("lane"))

    def _go_on(self, context: Any, lane: Json) -> None:
        ti, plan = context["ti"], self.given.resolve(context)
        failed, results, kept = lane["failed"], list(lane["results"]), lane["item"]
        for number in range(lane["piece"], plan["pieces"], plan["lanes"]):
            if kept is None:
                self.stop_if_failed(ti, self.task_id)
            first, inputs = self.piece(ti, number)
            for item in inputs[len(results) :]:
                try:
                    result = self._run(context, item, first + len(results), kept)
                except Later as later:
                    went_on = {"piece": number, "failed": failed, "results": results, "item": later.memory}
                    context["task_state_store"].set("lane", went_on, retention=KEEP)
                    then = clock.now() + timedelta(seconds=later.seconds)
                    self.defer(trigger=DateTimeTrigger(moment=then), method_name="execute_complete")
                results.append(as_document(result))
                kept = None
                failed = self.counted(result, item, plan, failed)
            ti.xcom_push(key=f"results_{number}", value=results)
            results = []

    def _run(self, context: Any, item: Json, number: int, kept: Json) -> Json:
        name = f"{context['ti'].run_id}__{self.task_id}__{number}"
        began = kept["started"] if kept else clock.now().isoformat()
        result = run_inline(self.child, context, item, name, number, kept)
        times = {"StartDate": moment(datetime.fromisoformat(began)), "StopDate": moment(clock.now())}
        return {**result, "Name": name, **times}


class ChildRuns(ChildDagOperator, Lane):
    """Runs items as runs of the child DAG, one after the other, deferred while they run."""

    def __init__(self, *, source: str, **task_args: Any):
        super().__init__(**task_args)
        self.source = source

    def execute(self, context: Any) -> Any:
        """Start the run of the lane's first item."""
        return self._start(context, {"piece": self.given.resolve(context)["lane"], "failed": 0, "results": []})

    def _start(self, context: Any, lane: Json) -> Any:
        """Start the run of the next item: a child execution, with a context of its own."""
        ti, number = context["ti"], len(lane["results"])
        if not number:
            self.stop_if_failed(ti, self.task_id)
        first, inputs = self.piece(ti, lane["piece"])
        context["task_state_store"].set("lane", {**lane, "began": moment(clock.now())}, retention=KEEP)
        self.conf = {INPUT: inputs[number]}
        self.name_run(ti, f"__{first + number}")
        return TriggerDagRunOperator.execute(self, context)

    def execute_complete(self, context: Any, event: Any = None) -> Any:
        """Keep what has become of an item, and start the next. Raises StateError for too many failures."""
        ti, plan, lane = context["ti"], self.given.resolve(context), context["task_state_store"].get("lane")
        (_, inputs), result = self.piece(ti, lane["piece"]), self._result(context, event, lane["began"])
        failed = self.counted(result, inputs[len(lane["results"])], plan, lane["failed"])
        lane = {**lane, "failed": failed, "results": [*lane["results"], as_document(result)]}
        if len(lane["results"]) == len(inputs):
            ti.xcom_push(key=f"results_{lane['piece']}", value=lane["results"])
            lane = {"piece": lane["piece"] + plan["lanes"], "failed": failed, "results": []}
        return self._start(context, lane) if lane["piece"] < plan["pieces"] else None

    def _result(self, context: Any, event: Any, began: str) -> Json:
        """What has become of a child's run: Status and Output, or Error and Cause."""
        (run_id,) = event[1]["run_ids"]
        known = {"Name": run_id, "StartDate": began, "StopDate": moment(clock.now())}
        try:
            self.succeeded(context, event)
        except StateError as error:
            return {**known, "Status": "FAILED", "Error": error.error, "Cause": error.cause}
        end = next(t for t in self.child.tasks if t.returns_dag_result)
        output = context["ti"].xcom_pull(dag_id=self.child.dag_id, run_id=run_id, task_ids=end.task_id)
        return {**known, "Status": "SUCCEEDED", "Output": from_xcom(output)}


def child_runs(name: str, child: DAG, items: BaseOperator, *, in_process: bool = False) -> BaseOperator:
    """The child executions of a distributed Map, on at most ``LANES`` task instances.

    ``in_process``: the child's tasks neither wait nor are mapped, and are run as functions. Otherwise each item is a
    run of the child DAG.
    """
    kind: Any = InlineRuns if in_process else ChildRuns
    made: list[BaseOperator] = []

    @task_group
    def each(lane: Any) -> None:
        arguments = {**STATE, "task_id": "runs", "task_display_name": name}
        made.append(kind(child=child, given=lane, source=items.task_id, **arguments))

    each.expand(lane=items.output)
    return made[0]
