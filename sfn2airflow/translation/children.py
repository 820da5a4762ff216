"""States that one DAG cannot hold: each becomes a DAG of its own in the same file, run as one task.

Airflow cannot retry a task group as one, nor map a group inside a mapped group. A run of a child DAG is a task, which
can be retried, caught and mapped like any other.
"""

from __future__ import annotations

from dataclasses import replace

from sfn2airflow.rules.children import StateAsChild
from sfn2airflow.translation.flows import Ids, Place, translate_machine
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.translation.shaping import reads_item
from sfn2airflow.translation.tasks import common_fields
from sfn_airflow_core.asl.model import Machine, Map, Parallel, State
from sfn_airflow_core.dag.model import ChildDag, ChildTask, FailWork, Flow, StateTask, Stub


def needs_child(state: State, place: Place) -> str | None:
    """Why a state has to be a DAG of its own, or ``None``."""
    if isinstance(state, Parallel | Map) and state.retry:
        return f"Retry of the whole {type(state).__name__}"
    if isinstance(state, Map) and place.mapped:
        return "Map inside a Map"
    return None


def translate_child(state: Parallel | Map, reason: str, ids: Ids, ledger: Ledger, place: Place) -> ChildTask:
    """A Parallel or Map as a child DAG, and the task that runs it; Retry and Catch stay with the task."""
    ledger.note(StateAsChild(at=state.at, reason=reason))
    for retrier in state.retry:
        for number in (retrier.interval_seconds, retrier.max_attempts, retrier.backoff_rate, retrier.max_delay_seconds):
            ledger.placeholders(number, retrier.at)
    name, inner = ledger.child(ids.tasks[state.name])
    alone = Machine(start_at=state.name, states={state.name: replace(state, retry=(), catch=(), next=None)})
    flow = translate_machine(alone, inner, Place(execution=place.execution))
    child = ChildDag(
        dag_id=inner.dag_id,
        name=name,
        title=f"{state.name}, as a part of ``{ledger.dag_id}``.",
        flow=flow,
        result=flow.ends,
    )
    item = not place.execution and reads_item(alone)
    return ChildTask(**common_fields(state, ids, place), child=child, reads_item=item, retry=state.retry)


def result_of(flow: Flow) -> tuple[str, ...]:
    """The ends of a flow whose document is its result: those that can be reached without failing."""
    failing = {n.task_id for n in flow.nodes if isinstance(n, StateTask) and isinstance(n.work, FailWork | Stub)}
    return tuple(end for end in flow.ends if end not in failing)
