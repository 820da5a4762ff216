"""Gates: what a branch says of the tasks right after it, among the statuses of a way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from airflow2sfn.emission.drafts import Scope
from airflow2sfn.trigger_rules import GATE, SKIPPED, SUCCESS, Statuses

if TYPE_CHECKING:
    from airflow2sfn.emission.flow import Flow


def gates_of(flow: Flow, task: str, scope: Scope) -> dict[str, str]:
    """The gates of a branch, by the tasks right after it."""
    plan = flow.plan
    direct = [t for t, ups in plan.upstream.items() if task in ups and plan.tasks[t].role != "teardown"]
    gates = {t: f"{GATE}{task} {t}" for t in direct}
    for other, gate in gates.items():
        flow.reads.home[gate] = scope
        flow.gates.setdefault(other, []).append(gate)
    return gates


def opened(flow: Flow, gates: Mapping[str, str], chosen: Iterable[str]) -> dict[str, Statuses]:
    """What becomes of the gates: tasks that are not chosen, and are not after one that is, are skipped."""
    names = set(chosen)
    open_ = {t for t in gates if t in names or any(t in flow.plan.below[one] for one in names)}
    return {gate: SUCCESS if t in open_ else SKIPPED for t, gate in gates.items()}
