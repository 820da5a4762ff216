"""Runs the states of a machine, branch or iteration one after the other; the loop is iterative, however long it
runs.
"""

from __future__ import annotations

from typing import assert_never

from sfn_airflow_core.asl.model import Choice, Fail, Json, Machine, Map, Parallel, Pass, State, Succeed, Task, Wait
from sfn_airflow_core.interpreter.clock import Steps
from sfn_airflow_core.interpreter.execution import Edge, Visit
from sfn_airflow_core.interpreter.failures import DATA_LIMIT, RUNTIME, StateFailed
from sfn_airflow_core.interpreter.guard import guarded
from sfn_airflow_core.interpreter.map_state import run_map
from sfn_airflow_core.interpreter.parallel import run_parallel
from sfn_airflow_core.interpreter.run import Frame, Stay
from sfn_airflow_core.interpreter.shape import Step, hand_on
from sfn_airflow_core.interpreter.task import run_task
from sfn_airflow_core.interpreter.values import json_text, too_large
from sfn_airflow_core.interpreter.visits import choose, fail, leave_pass, wait
from sfn_airflow_core.text import join


def run_states(frame: Frame, machine: Machine, value: Json) -> Steps:
    """The output of a machine for an input; raises StateFailed where a state fails and nothing catches it."""
    name = machine.start_at
    while True:
        state = machine.states.get(name)
        if state is None:
            raise StateFailed(RUNTIME, f"The state '{name}' does not exist.")
        stay = enter(frame, state, value)
        try:
            match state:
                case Pass():
                    step = leave_pass(stay, state)
                case Choice():
                    step = choose(stay, state)
                case Wait():
                    step = yield from wait(stay, state)
                case Succeed():
                    step = hand_on(stay, None)
                case Fail():
                    raise fail(stay, state)
                case Task():
                    step = yield from guarded(stay, state, run_task)
                case Parallel():
                    step = yield from guarded(stay, state, run_parallel)
                case Map():
                    step = yield from guarded(stay, state, run_map)
                case _:
                    assert_never(state)
            leave(stay, step, machine)
        except (StateFailed, RecursionError) as problem:
            failure = problem if isinstance(problem, StateFailed) else stay.broken("The data is nested too deeply.")
            stay.visit.error, stay.visit.cause, stay.visit.left = failure.error, failure.cause, stay.clock.now
            raise failure from None
        value = step.output
        if step.next is None:
            return value
        name = step.next


def enter(frame: Frame, state: State, value: Json) -> Stay:
    """Enter a state: event, visit, transition."""
    record = frame.run.world.record
    visit = Visit(state.name, state.at or join("/States", state.name), frame.place, frame.run.world.clock.now, value)
    record.visits.append(visit)
    record.transitions += 1
    if frame.run.world.seen is not None:
        frame.run.world.seen(visit)
    kind = f"{type(state).__name__}StateEntered"
    frame.previous = frame.run.event(kind, frame.previous, name=state.name, input=value)
    return Stay(frame, state, value, visit, frame.previous)


def leave(stay: Stay, step: Step, machine: Machine) -> None:
    """Leave a state: check sizes, commit variables, note the edge. Nothing in the state itself can catch what fails
    here.
    """
    frame, visit = stay.frame, stay.visit
    limits = frame.run.world.limits
    if step.output is not stay.raw and too_large(step.output, limits.payload_bytes):
        raise StateFailed(
            DATA_LIMIT,
            f"The state/task '{stay.state.name}' returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
            wildcard=False,
        )
    details: dict[str, Json] = {"name": stay.state.name, "output": step.output}
    if step.assigned:
        assign(stay, step.assigned)
        details["assignedVariables"] = step.assigned
    stay.event(f"{type(stay.state).__name__}StateExited", **details)
    visit.output, visit.left, visit.done, visit.next = step.output, stay.clock.now, True, step.next
    if step.next is not None:
        target = machine.states.get(step.next)
        at = visit.at.rpartition("/")[0]
        edge = Edge(visit.at, target.at if target is not None and target.at else join(at, step.next), step.edge)
        edges = frame.run.world.record.edges
        edges[edge] = edges.get(edge, 0) + 1


def assign(stay: Stay, assigned: dict[str, Json]) -> None:
    """Commit variables; too large ones fail the execution (asl.md 2.5: 256 KiB for one Assign, 10 MiB in an
    execution).
    """
    run, limits = stay.run, stay.run.world.limits
    run.stored += len(json_text(assigned))
    if too_large(assigned, limits.payload_bytes) or run.stored > limits.variable_bytes:
        raise StateFailed(DATA_LIMIT, stay.located("The variables are too large."), wildcard=False)
    stay.frame.variables = {**stay.frame.variables, **assigned}
