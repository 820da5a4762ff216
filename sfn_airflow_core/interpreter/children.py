"""Executions inside an execution: items of a distributed Map, and state machines started by a Task."""

from __future__ import annotations

import math
from collections.abc import Generator

from sfn_airflow_core.asl.model import Json, Machine
from sfn_airflow_core.interpreter.clock import PARKED, Fibre, Steps
from sfn_airflow_core.interpreter.execution import Execution, Place, Status
from sfn_airflow_core.interpreter.failures import TASK_FAILED, TIMEOUT, StateFailed
from sfn_airflow_core.interpreter.program import prepare
from sfn_airflow_core.interpreter.resource import Resource
from sfn_airflow_core.interpreter.run import Frame, Run, Stay
from sfn_airflow_core.interpreter.values import date_text, json_text, parse_json


def begin(run: Run, machine: Machine, value: Json, place: Place, order: tuple[int, ...], parent: Fibre | None) -> Fibre:
    """Start the states of an execution as a fibre of its own, with the first event of its history."""
    run.events.clear()
    first = run.event("ExecutionStarted", 0, input=value, roleArn=run.world.options.role)
    frame = Frame(run, dict(run.variables), None, place, order, first, None, run.index)
    frame.fibre = run.world.clock.start(_states(run, frame, machine, value), parent, order)
    return frame.fibre


def _states(run: Run, frame: Frame, machine: Machine, value: Json) -> Steps:
    try:
        return (yield from run.world.run_states(frame, machine, value))
    finally:
        run.variables = frame.variables


def deadline(run: Run, machine: Machine) -> float:
    """The second at which the execution is timed out: TimeoutSeconds, at most what its type may last."""
    limits = run.world.limits
    longest = limits.standard_seconds if run.type == "STANDARD" else limits.express_seconds
    given = machine.timeout_seconds
    return run.started + (min(longest, given) if isinstance(given, int) else longest)


def conclude(run: Run, fibre: Fibre, stopped: Status | None = None) -> Execution:
    """Write the last event and sum the execution up; ``stopped`` where it did not end by itself."""
    status: Status = stopped or ("SUCCEEDED" if fibre.failure is None else "FAILED")
    if run.overrun and status == "FAILED":
        status = "TIMED_OUT"
    error = cause = None
    match status:
        case "SUCCEEDED":
            run.close("ExecutionSucceeded", output=fibre.output)
        case "FAILED":
            assert fibre.failure is not None
            error, cause = fibre.failure.error, fibre.failure.cause
            run.close("ExecutionFailed", error=error, cause=cause)
        case "TIMED_OUT":
            run.close("ExecutionTimedOut")
        case "ABORTED":
            run.close("ExecutionAborted")
    world = run.world
    return Execution(
        status=status,
        output=fibre.output if status == "SUCCEEDED" else None,
        error=error,
        cause=cause,
        input=run.input,
        started=world.moment(run.started),
        duration=world.clock.now - run.started,
        events=tuple(run.events),
        record=world.record,
        children=tuple(run.children),
        variables=run.variables,
    )


def supervise(parent: Run, child: Run, machine: Machine, own: Fibre, place: Place, order: tuple[int, ...]) -> Steps:
    """Run a child execution within its time limit, as the body of the fibre ``own``; its result is noted with the
    parent.
    """
    fibre = begin(child, machine, child.input, place, (*order, 0), own)
    until = deadline(child, machine)
    while not fibre.done and child.world.clock.now < until:
        yield until
    stopped: Status | None = None
    if not fibre.done:
        child.world.clock.stop(fibre)
        stopped = "TIMED_OUT"
    own.ended.clear()
    parent.children.append(conclude(child, fibre, stopped))
    return {"execution": len(parent.children) - 1}


def child_run(parent: Run, machine: Machine, value: Json, name: str, machine_name: str, kind: str) -> Run:
    """A new execution that shares the parent's world; fails where machines start each other without end."""
    limit = parent.world.limits.nested_executions
    if parent.depth >= limit:
        raise StateFailed(
            "StepFunctions.ExecutionLimitExceededException", f"more than {limit} executions in each other"
        )
    parent.world.executions += 1
    now = parent.world.clock.now
    return Run(parent.world, prepare(machine), kind, value, name, machine_name, now, depth=parent.depth + 1)


def child_machine(stay: Stay, resource: Resource, arguments: Json) -> Machine | None:
    """The definition that a ``startExecution`` names, if it was given."""
    if (resource.service, resource.action) not in (("states", "startExecution"), ("aws-sdk:sfn", "startExecution")):
        return None
    machines = stay.run.world.options.machines
    if resource.pattern == "waitForTaskToken" or not machines or not isinstance(arguments, dict):
        return None
    arn = arguments.get("StateMachineArn")
    return machines.get(arn) or machines.get(arn.rpartition(":")[2]) if isinstance(arn, str) else None


def child_result(
    stay: Stay, resource: Resource, arguments: Json, machine: Machine, timeout: int | None
) -> Generator[float, None, Json]:
    """Start a child machine, and wait for it under ``.sync``; without, it goes on beside its parent."""
    assert isinstance(arguments, dict)
    run, clock = stay.run, stay.clock
    name = arguments.get("Name")
    given = arguments.get("Input", {})
    value = parse_json(given) if isinstance(given, str) else given
    arn = str(arguments["StateMachineArn"])
    label = str(name) if name is not None else f"{run.name}-{run.world.executions + 1}"
    child = child_run(run, machine, value, label, arn.rpartition(":")[2], "STANDARD")
    waits = resource.pattern in ("sync", "sync:2")
    fibre = Fibre(stay.frame.order, parent=stay.frame.fibre if waits else None)
    place = (*stay.frame.place, (stay.state.name, 0))
    clock.adopt(fibre, supervise(run, child, machine, fibre, place, stay.frame.order))
    if not waits:
        started: dict[str, Json] = {"ExecutionArn": child.arn, "StartDate": date_text(run.world.moment())}
        return started
    until = math.inf if timeout is None else clock.now + timeout
    while not fibre.done and clock.now < until:
        yield until if until < math.inf else PARKED
    own = stay.frame.fibre
    assert own is not None
    own.ended.clear()
    if not fibre.done:
        clock.stop(fibre)
        raise StateFailed(TIMEOUT, None)
    assert isinstance(fibre.output, dict)
    number = fibre.output["execution"]
    assert isinstance(number, int)
    return _document(child, run.children[number], arn, resource)


def _document(child: Run, execution: Execution, arn: str, resource: Resource) -> Json:
    """DescribeExecution's answer; a child that did not succeed fails the Task with it as cause (recorded)."""
    document = describe(child, execution, arn)
    if execution.status != "SUCCEEDED":
        raise StateFailed(TASK_FAILED, json_text(document))
    if resource.pattern == "sync:2":
        document = {**document, "Input": execution.input, "Output": execution.output}
    return document


def describe(child: Run, execution: Execution, arn: str) -> dict[str, Json]:
    """What DescribeExecution says of a child execution, with input and output as JSON text."""
    world = child.world
    document: dict[str, Json] = {
        "ExecutionArn": child.arn,
        "Input": json_text(execution.input),
        "InputDetails": {"Included": True},
        "Name": child.name,
        "StartDate": date_text(execution.started),
        "StateMachineArn": arn,
        "Status": execution.status,
        "StopDate": date_text(world.moment(child.started + execution.duration)),
    }
    if execution.status == "SUCCEEDED":
        document |= {"Output": json_text(execution.output), "OutputDetails": {"Included": True}}
    named: dict[str, Json] = {"Error": execution.error, "Cause": execution.cause}
    return document | {key: value for key, value in named.items() if value is not None}
