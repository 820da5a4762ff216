"""A part of a state machine as a DAG of its own, run as one state: a Parallel or Map that is retried as a whole."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, timezone

from .context import conf_of, context_object
from .documents import STATE, as_document, reaching, reaching_variables
from .errors import Json, StateError, earliest
from .iterations import item_around
from .variables import KEY

_LONGEST = 180

CHILD: dict[str, Any] = {
    "catchup": False,
    "max_active_runs": 1000,
    "is_paused_upon_creation": False,
}
"""Arguments of the ``@dag`` of a child: it must not be paused, and many of its runs may be active at once."""


class ChildDagOperator(TriggerDagRunOperator):
    """Runs a child DAG with the document and waits, deferred, for its result or its error."""

    template_fields = ()

    def __init__(self, *, child: DAG, given: Any = None, poll: int = 10, reads_item: bool = False, **task_args: Any):
        super().__init__(
            trigger_dag_id=child.dag_id,
            wait_for_completion=True,
            deferrable=True,
            poke_interval=poll,
            openlineage_inject_parent_info=False,
            **task_args,
        )
        self.child, self.given, self.reads_item = child, given, reads_item

    def execute(self, context: Any) -> Any:
        """Start a run of the child for this try."""
        self.prepare(context, reaching(context, self), reaching_variables(context, self))
        return super().execute(context)

    def prepare(self, context: Any, document: Json, variables: Json, suffix: str = "") -> None:
        """Set the conf and the id of the run to start; ``suffix`` tells several runs of one try apart."""
        ti = context["ti"]
        here = {key: value for key, value in context_object().items() if key not in ("State", "Task")}
        if self.reads_item and (item := item_around(context)) is not None:
            here["Map"] = {"Item": item}
        self.conf = conf_of(as_document(document), as_document(here), as_document(variables))
        self.name_run(ti, suffix)

    def name_run(self, ti: Any, suffix: str = "") -> None:
        """Set the id of the run to start."""
        self.run_after = timezone.utcnow()  # and no logical date: of many runs at once, two could have the same
        self.trigger_run_id = f"{runs_of(ti)}{ti.try_number}{suffix}"

    def execute_complete(self, context: Any, event: Any = None) -> Json:
        """The result of the child's run. Raises StateError with the name of the error that nobody there caught."""
        ti, run_id = context["ti"], self.succeeded(context, event)
        end = next(t for t in self.child.tasks if t.returns_dag_result)
        variables = ti.xcom_pull(dag_id=self.child.dag_id, run_id=run_id, task_ids=end.task_id, key=KEY)
        if variables:
            ti.xcom_push(key=KEY, value=variables)
        return ti.xcom_pull(dag_id=self.child.dag_id, run_id=run_id, task_ids=end.task_id)

    def succeeded(self, context: Any, event: Any) -> str:
        """The id of the run that has ended well. Raises StateError with the name of the error of one that has not."""
        (run_id,) = event[1]["run_ids"]
        if event[1].get(run_id) == "success":
            return str(run_id)
        error = self._error(context["ti"], run_id)
        raise StateError(error["Error"], error["Cause"])

    def _error(self, ti: Any, run_id: str) -> Json:
        """The Error Output of the child's run; States.TaskFailed where its worker was lost."""
        ids = [t.task_id for t in self.child.tasks]
        found = ti.get_task_states(dag_id=self.child.dag_id, run_ids=[run_id], task_ids=ids).get(run_id, {})
        states = {_split(key, ids): state for key, state in found.items()}
        caught = {
            (id, index)
            for router in self.child.tasks
            for (router_id, index), state in states.items()
            if router_id == router.task_id and state == "success"
            for id in getattr(router, "catches", ())
        }
        failed = [
            (id, index)
            for (id, index), state in states.items()
            if state == "failed" and not {(id, index), (id, -1)} & caught
        ]
        failed.sort(key=lambda key: (ids.index(key[0]), key[1]))
        pull = partial(ti.xcom_pull, dag_id=self.child.dag_id, run_id=run_id, key="error")
        first = earliest(pull(task_ids=id, map_indexes=index) for id, index in failed)
        return first or {"Error": "States.TaskFailed", "Cause": f"The run {run_id} of {self.child.dag_id} failed."}


def runs_of(ti: Any) -> str:
    """How the ids of the runs begin that a task instance starts, whatever its try."""
    return f"{_short(_called(ti))}__"


def _called(ti: Any) -> str:
    return f"{ti.run_id}__{ti.task_id}" if ti.map_index < 0 else f"{ti.run_id}__{ti.task_id}__{ti.map_index}"


def _short(name: str) -> str:
    """A name that leaves room for more: Airflow's ids have at most 250 characters."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}__{sha256(name.encode()).hexdigest()[:16]}"


def _split(key: str, ids: list[str]) -> tuple[str, int]:
    name, _, number = key.rpartition("_")
    return (key, -1) if key in ids else (name, int(number))


def child_dag(name: str, child: DAG, given: Any = None, *, task_id: str, **task_args: Any) -> ChildDagOperator:
    """The state ``name``, done by a DAG of the same file: its result is the document that is handed on.

    The child gets the document as its input, has a result (its ``@dag`` function returns an output), and is made with
    the arguments ``CHILD``. ``retry(...)`` starts a new run of it; a ``catch`` behind it gets its error.
    ``reads_item=True``: states in it read the item of the Map around.
    """
    return ChildDagOperator(
        child=child, given=given, task_id=task_id, **{**STATE, "task_display_name": name, **task_args}
    )
