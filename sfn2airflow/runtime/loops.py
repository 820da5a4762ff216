"""Loops: a child DAG that is run once for each round, or one task that asks again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, PokeReturnValue
from airflow.sdk.execution_time.context import NEVER_EXPIRE

from . import clock
from .children import ChildDagOperator
from .documents import (
    STATE,
    DataFunction,
    _source,
    as_document,
    called,
    from_xcom,
    hand_on,
    reaching,
    reaching_variables,
    task_of,
)
from .errors import Json, data_errors
from .siblings import stop_beside_failure
from .variables import KEY
from .waits import When, moment_of

_MANY = 1_000_000
_BRIEF = timedelta(seconds=4)
START = "$start"
"""Key of ``dag_run.conf`` for the state at which a round begins, in a loop that is entered at several."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Where the document goes from the end of a round: to the start ``again``, or ``to`` a task behind the loop."""

    again: str | None
    to: str | None


class LoopOperator(ChildDagOperator):
    """Runs a child DAG again and again, deferred while it runs, until a round leaves the loop."""

    def __init__(self, *, entries: dict[str, str] | None = None, **task_args: Any):
        super().__init__(**task_args)
        self.entries, self.chooses = entries or {}, True

    def execute(self, context: Any) -> Any:
        """Begin the first round with the document that reaches the loop."""
        start = None
        if self.entries:
            door, _, _ = _source(context, self)
            start = self.entries[door.rpartition(".")[2]]
        return self._round(context, 0, start, reaching(context, self), reaching_variables(context, self))

    def _round(self, context: Any, number: int, start: str | None, document: Json, variables: Json) -> Any:
        self.prepare(context, document, variables, f"__{number}")
        if start is not None:
            self.conf = {**(self.conf or {}), START: start}
        return TriggerDagRunOperator.execute(self, context)

    def execute_complete(self, context: Any, event: Any = None) -> Json:
        """Begin the next round, or hand on what the last one handed back. Raises StateError with a round's error."""
        run_id, ti = self.succeeded(context, event), context["ti"]
        end = self._end(ti, run_id)
        pull: Callable[..., Json] = lambda key: from_xcom(  # noqa: E731
            ti.xcom_pull(dag_id=self.child.dag_id, run_id=run_id, task_ids=end.task_id, key=key)
        )
        document, variables = pull("return_value"), pull(KEY) or {}
        if end.end_of_round.again is not None:
            stop_beside_failure(context, self)
            return self._round(
                context, int(run_id.rpartition("__")[2]) + 1, end.end_of_round.again, document, variables
            )
        ti.xcom_push(key=KEY, value=as_document(variables))
        return hand_on(context, document, self._targets(end.end_of_round.to))

    def _end(self, ti: Any, run_id: str) -> Any:
        """The end of the round that the document has reached."""
        ends = {task.task_id: task for task in self.child.tasks if hasattr(task, "end_of_round")}
        states = ti.get_task_states(dag_id=self.child.dag_id, run_ids=[run_id], task_ids=[*ends])[run_id]
        return next(ends[id] for id, state in states.items() if state == "success")

    def _targets(self, to: str | None) -> list[str]:
        """The ids of the tasks behind the loop that get the document."""
        prefix = "" if self.task_group is None or self.task_group.is_root else f"{self.task_group.group_id}."
        if to is not None:
            return [f"{prefix}{to}"]
        exits = {f"{prefix}{task.end_of_round.to}" for task in self.child.tasks if hasattr(task, "end_of_round")}
        return sorted(id for id in self.downstream_task_ids if not {id, id.rpartition(".")[0]} & exits)


def loop(
    name: str,
    child: DAG,
    given: Any = None,
    *,
    task_id: str,
    entries: dict[str, str] | None = None,
    reads_item: bool = False,
) -> LoopOperator:
    """A loop, done by a DAG of the same file: each run of it is one round, and says how it goes on (``leave``).

    ``entries``, for a loop that is entered at several states: the task in front of it for each start in the child.
    ``reads_item``: states in it read the item of the Map around.
    """
    arguments = {**STATE, "task_display_name": name, "task_id": task_id}
    return LoopOperator(child=child, given=given, entries=entries, reads_item=reads_item, **arguments)


def leave(name: str, *, again: str | None = None, to: str | None = None, task_id: str) -> BaseOperator:
    """An end of a round: the next one begins at ``again``, or the loop is left for the task ``to``.

    With neither, the whole state machine (the branch, the iteration) ends with the document.
    """

    def hand_back(context: Any) -> Json:
        context["ti"].xcom_push(key=KEY, value=as_document(reaching_variables(context, context["task"])))
        return as_document(reaching(context, context["task"]))

    operator = task_of(hand_back, hand_back, task_id=task_id, task_display_name=name)
    operator.end_of_round = Leave(again, to)
    return operator  # type: ignore[no-any-return]


def enter(*starts: str, task_id: str) -> BaseOperator:
    """The first task of a round that may begin at several states: hands the document to the one that was asked for."""

    def begin(context: Any) -> Json:
        context["ti"].xcom_push(key=KEY, value=as_document(reaching_variables(context, context["task"])))
        return hand_on(context, reaching(context, context["task"]), [context["dag_run"].conf[START]])

    operator = task_of(begin, begin, task_id=task_id, task_display_name="Enter")
    operator.chooses = True
    return operator  # type: ignore[no-any-return]


class PollOperator(BaseSensorOperator):
    """Asks, decides and waits, again and again, and holds no worker while it waits, unless it waits for a moment only.

    Airflow starts a task in seconds, and fails one that is back before the scheduler has noticed that it was gone
    (apache/airflow#72716). So the process goes on through pauses up to ``_BRIEF``, except where a limit holds for each
    request, which Airflow would take for one of all of them.
    """

    template_fields = ()
    given: Any = None

    def __init__(self, *, asks: DataFunction, until: DataFunction, pause: When, waits_first: bool, **task_args: Any):
        super().__init__(mode="reschedule", timeout=timedelta(days=366).total_seconds(), **task_args)
        self.asks, self.until, self.pause, self.waits_first = asks, until, pause, waits_first
        self.left = timedelta()

    def poke(self, context: Any) -> PokeReturnValue | bool:
        """Ask until the loop is left, or until it waits."""
        while (done := self._ask(context)) is False and self.left <= _BRIEF and self.execution_timeout is None:
            clock.hold(max(self.left.total_seconds(), 0))
        return done

    def _ask(self, context: Any) -> PokeReturnValue | bool:
        """Ask once with the document as the last answer has left it, and decide; or find how long to wait."""
        kept = self._kept(context)
        if kept:
            stop_beside_failure(context, self)
        document = from_xcom(kept[0]) if kept else reaching(context, self)
        if kept or not self.waits_first:
            document = called(context, self.asks, document)
        with data_errors():
            travelling = as_document(document)
        self._keep(context, travelling)
        if kept or not self.waits_first:
            target = called(context, self.until, document, keep=False)
            if target != self.pause.__name__:
                context["task_state_store"].delete("poll")
                return PokeReturnValue(is_done=True, xcom_value=self._hand_on(context, document, target))
        with data_errors():
            self.left = moment_of(called(context, self.pause, document, keep=False)) - clock.now()
        return False

    def _hand_on(self, context: Any, document: Json, target: str) -> Json:
        if not getattr(self, "chooses", False):
            return as_document(document)
        group = self.task_group
        return hand_on(context, document, [target if group is None or group.is_root else f"{group.group_id}.{target}"])

    def _kept(self, context: Any) -> list[Json] | None:
        """The document that an earlier poke of this try has left, or of the one that is retried; in a list."""
        store, attempt = context["task_state_store"], context["ti"].try_number
        kept, retried = store.get("poll"), (store.get("retriers") or [-1])[0] == attempt - 1
        return kept["document"] if kept and (kept["try"] == attempt or retried) else None

    def _keep(self, context: Any, document: Json) -> None:
        store, attempt = context["task_state_store"], context["ti"].try_number
        store.set("poll", {"try": attempt, "document": [document]}, retention=NEVER_EXPIRE)
        store.set("retriers", [-1])  # the state was left: its retriers count afresh

    def _get_next_poke_interval(self, started_at: Any, run_duration: Any, poke_count: int) -> float:
        return max(self.left.total_seconds(), 0)


def polling(
    name: str,
    given: Any = None,
    *,
    until: DataFunction,
    pause: When,
    pause_name: str,
    waits_first: bool = False,
    chooses: bool = False,
    **task_args: Any,
) -> Callable[[DataFunction], BaseOperator]:
    """A loop of a request (the function), a Choice and a Wait as one task, a sensor that is rescheduled.

    ``until`` returns the name of the next task, or of ``pause``, which says how long to wait (``seconds``, ``until``)
    before the request is made again, with the document that the last one has made. ``waits_first``: the first round
    begins with the wait. ``chooses``: there are several next tasks. Every round has all the attempts of its ``retry``.
    """

    def decorate(function: DataFunction) -> BaseOperator:
        arguments = {**STATE, "task_id": function.__name__, "doc_md": function.__doc__, "task_display_name": name}
        if "retry_policy" in task_args:
            task_args["retries"] = _MANY
        operator: Any = PollOperator(
            asks=function, until=until, pause=pause, waits_first=waits_first, **{**arguments, **task_args}
        )
        operator.given, operator.chooses, operator.pause_name = given, chooses, pause_name
        return operator  # type: ignore[no-any-return]

    return decorate
