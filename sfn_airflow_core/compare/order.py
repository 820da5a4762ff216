"""What follows what on each side, and orders that only one side has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sfn_airflow_core.asl.model import Machine, Parallel, Pointer, nested, targets
from sfn_airflow_core.compare.dag_file import DagFile
from sfn_airflow_core.compare.steps import Plan


def transitions(machine: Machine) -> list[tuple[Pointer, Pointer]]:
    """What follows what, as pairs of pointers: into Parallel and Map states, through them and out of them."""
    found = []
    for state in machine.states.values():
        onward = [machine.states[name].at for name in targets(state)]
        found += [(state.at, at) for at in onward]
        for inner in nested(state):
            ends = [end.at for end in inner.states.values() if not targets(end)]
            found += [(state.at, inner.states[inner.start_at].at)]
            found += [(end, at) for end in ends for at in onward]
            found += transitions(inner)
    return found


def wiring(dag: DagFile) -> dict[str, set[str]]:
    """What follows what in a DAG: into groups, through them and out of them."""
    onward: dict[str, set[str]] = {}
    for source, target in dag.edges:
        onward.setdefault(source, set()).add(target)
    for task in dag.tasks.values():
        if task.group in dag.tasks:
            onward.setdefault(task.group, set()).add(task.id)
            onward.setdefault(task.id, set()).add(f"end of {task.group}")
        if task.operator == "group":
            out = {f"end of {task.group}"} if task.group in dag.tasks else set()
            onward.setdefault(f"end of {task.id}", set()).update(out, dag.after(task.id))
    return onward


def closure(onward: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything that can be reached from a start, which is in it only if it lies on a cycle."""
    found: set[str] = set()
    open_ = [start]
    while open_:
        for name in onward.get(open_.pop(), ()):
            if name not in found:
                found.add(name)
                open_.append(name)
    return found


def order_differences(plan: Plan, chosen: Mapping[Pointer, str], dag: DagFile) -> Iterator[str]:
    """Transitions between matched states for which the DAG has no way, and the reverse.

    Left out are transitions within a cycle, into the DAG of a part, and to states whose work another task does: a DAG
    has no edge for them.
    """
    wired, onward = wiring(dag), dict[str, set[str]]()
    for first, second in transitions(plan.machine):
        onward.setdefault(first, set()).add(second)
    reach = {task: closure(wired, task) for task in chosen.values()}
    behind = {at: closure(onward, at) for at in chosen}
    for first, second in transitions(plan.machine):
        if first not in chosen or second not in chosen or first in behind[second]:
            continue
        source, target = dag.tasks[chosen[first]], dag.tasks[chosen[second]]
        apart = source.dag != target.dag or "function" in (source.operator, target.operator)
        if not apart and target.id not in reach[source.id]:
            yield f"{plan.state(first).name} → {plan.state(second).name} has no way in the DAG"
    states = {task: at for at, task in chosen.items()}
    for start, end in dag.edges:
        if start in states and end in states and states[end] not in behind[states[start]]:
            yield f"{start} >> {end} has no way in the state machine"


def side_by_side(plan: Plan, state: Parallel, chosen: Mapping[Pointer, str], dag: DagFile) -> bool:
    """Whether the matched states of a Parallel stand in branches that do not wait for each other in the DAG either."""
    wired = wiring(dag)
    branches = [
        {chosen[at] for at in chosen if at.startswith(f"{state.at}/Branches/{n}/")} for n in range(len(state.branches))
    ]
    if not all(branches):
        return False
    for n, tasks in enumerate(branches):
        others = set().union(*(other for m, other in enumerate(branches) if m != n))
        if any(others & closure(wired, task) for task in tasks):
            return False
    return True
