"""Runs the state machine of a DAG in the reference interpreter, its functions for real, and notes what it does."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sfn_airflow_core.asl.model import (
    NOT_TRANSLATED,
    Choice,
    Fail,
    Given,
    Machine,
    Map,
    Parallel,
    Pass,
    QueryFlow,
    State,
    Task,
    Wait,
)
from sfn_airflow_core.interpreter import Execution, Options, Reply, ServiceCall, Visit, execute
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.verify.aws_answers import Place
from sfn_airflow_core.verify.calls import action_of, arguments_of
from sfn_airflow_core.verify.dag_answers import Says
from sfn_airflow_core.verify.dag_history import Asked, History
from sfn_airflow_core.verify.dag_services import Aws, DagServices, TableAws
from sfn_airflow_core.verify.dag_time import same_chance
from sfn_airflow_core.verify.places import marked
from sfn_airflow_core.verify.replies import Replies

Json = Any
Function = Callable[[Json], Json]
SKIP = "AirflowSkipException"
_INVOKE = "arn:aws:states:::lambda:invoke"
_NAMED = {"lambda": "FunctionName", "ecs": "TaskDefinition"}
"""The arguments that name a function, by service."""


@dataclass(frozen=True, slots=True)
class States:
    """Which state does the work of which task.

    ``tasks`` are the ids by the names of Task states, ``waits`` by those of Wait states between looks, ``stubs`` by
    those of states that only fail, ``alone`` by those of Choice, Wait and Pass states that do what a task does.
    ``resources`` are those of the Task states by task, ``sensors`` the tasks that look again and again. ``callbacks``
    are the states of callbacks with their kind and task, which is empty where their input says it; ``verdicts`` the
    tasks by the names of Choice states whose default means that the task has failed.
    Where a scenario says what a stub's task does, a state that does so is put in its place.
    """

    tasks: Mapping[str, str]
    waits: Mapping[str, str]
    stubs: Mapping[str, str]
    resources: Mapping[str, str]
    sensors: frozenset[str]
    alone: Mapping[str, str] = field(default_factory=dict)
    callbacks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)


def states_of(
    machine: Machine, tasks: Mapping[str, str], callbacks: Mapping[str, tuple[str, str]] | None = None
) -> States:
    """The states of a machine by the tasks whose work they do.

    Args:
        machine: the translation of the DAG.
        tasks: the task ids by the names that their states would have.
        callbacks: the states of callbacks, with their kind and task.
    """
    besides = callbacks or {}
    doing: dict[str, str] = {}
    resources: dict[str, str] = {}
    stubs: dict[str, str] = {}
    for state in machine.walk():
        if isinstance(state, Map) and state.name in tasks:
            for inner in state.processor.walk():
                if isinstance(inner, Parallel) and _only_fails(inner):
                    stubs[inner.name] = tasks[state.name]
                elif isinstance(inner, Task) and inner.name not in besides:
                    doing[inner.name] = tasks[state.name]
        elif state.name in tasks and _only_fails(state):
            stubs[state.name] = tasks[state.name]
        elif isinstance(state, Task) and state.name in tasks:
            doing[state.name] = tasks[state.name]
    alone = {s.name: tasks[s.name] for s in machine.walk() if isinstance(s, Choice | Wait | Pass) and s.name in tasks}
    for state in machine.walk():
        if isinstance(state, Task) and state.name in doing:
            resources[doing[state.name]] = state.resource
    waits = {
        state.name: doing[state.next]
        for state in machine.walk()
        if isinstance(state, Wait) and state.next in doing and state.name not in alone
    }
    return States(doing, waits, stubs, resources, frozenset(waits.values()), alone, besides)


def _only_fails(state: State) -> bool:
    """Whether a state stands for a task that has no counterpart."""
    match state:
        case Parallel(branches=(Machine(states=inner),)):
            return [isinstance(one, Fail) and one.error == NOT_TRANSLATED for one in inner.values()] == [True]
        case _:
            return isinstance(state, Fail)


@dataclass(slots=True)
class Functions:
    """Answers the calls of a machine: by the scenario, else by the Lambda functions, else as services do.

    Every answer takes a moment of virtual time, another one for each task, so that branches overlap.
    """

    states: States
    answers: Says
    history: History
    functions: Mapping[str, Function]
    services: DagServices
    calls: list[ServiceCall] = field(default_factory=list)

    def answer(self, call: ServiceCall) -> Reply:
        """The reply to a call of a state."""
        self.calls.append(call)
        if (stub := self.states.stubs.get(call.state)) is not None:
            return self._in_place(stub, call)
        if (task := self.states.tasks.get(call.state)) is None:  # a state that prepares the run
            return self.answers.of_service(call.state, call.item, call.resource, call.arguments)
        known = (task, call.item) in self.history.did
        did = self.history.of(task, call.item)
        if not known:
            did.began = call.at
        function = self._function(call)
        if function is None:
            did.calls.append(Asked(action_of(call.resource), arguments_of(call.resource, call.arguments)))
            reply = self._said(task, call) or self.answers.of_service(task, call.item, call.resource, call.arguments)
        else:
            did.given = event_of(call)
            reply = self._said(task, call) or self._run(function, task, call.item, did.given)
            did.returned = reply.value
            reply = _as_lambda(reply) if parse_resource(call.resource).service == "lambda" else reply
        did.ends.append("success" if reply.kind in ("result", "payload") else "failed")
        if reply.kind == "error" and reply.error == SKIP:
            did.ends[-1] = "skipped"
        if task not in self.states.sensors and reply.after == 0.0:
            reply = replace(reply, after=0.1 + zlib.crc32(f"{task}#{call.item}".encode()) % 8 / 10)
        did.ended = call.at + (0.0 if reply.kind == "timeout" else reply.after)
        return reply

    def _in_place(self, task: str, call: ServiceCall) -> Reply:
        """The reply of what a person puts in the place of a state that only fails, which the scenario says."""
        reply = self._said(task, call)
        assert reply is not None, "such a state calls nothing unless the scenario says what"
        did = self.history.of(task, call.item)
        did.began, did.ended = call.at, call.at + reply.after
        did.ends.append("success" if reply.kind in ("result", "payload") else "failed")
        return replace(reply, kind="result") if reply.kind == "payload" else reply

    def _said(self, task: str, call: ServiceCall) -> Reply | None:
        return self.answers.of_task(task, call.item, call.arguments)

    def _function(self, call: ServiceCall) -> Function | None:
        member = _NAMED.get(parse_resource(call.resource).service)
        if member is None or not isinstance(call.arguments, dict):
            return None
        name = call.arguments.get(member)
        return self.functions.get(name) if isinstance(name, str) else None

    def _run(self, function: Function, task: str, index: int | None, event: Json) -> Reply:
        """What Lambda makes of a call: the function's value as JSON, or the class of its exception."""
        outer, self.services.place = self.services.place, Place(task, False, index)
        try:
            with same_chance(task, index):
                value = function(json.loads(json.dumps(event)))
        except Exception as error:
            cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
            return Reply("error", error=type(error).__name__, cause=cause)
        except BaseException as error:
            if type(error).__name__ == "AirflowTaskTimeout":
                return Reply("timeout")
            raise
        finally:
            self.services.place = outer
        try:
            return Reply("payload", json.loads(json.dumps(value, allow_nan=False)))
        except (TypeError, ValueError) as error:
            return Reply("error", error="Runtime.MarshalError", cause=f"Unable to marshal response: {error}")


def event_of(call: ServiceCall) -> Json:
    """The event in a call of a function: the payload of a Lambda function, or in the environment of a container."""
    given: Any = call.arguments
    if not isinstance(given, dict):
        return None
    if "Payload" in given:
        return given["Payload"]
    (container,) = given["Overrides"]["ContainerOverrides"]
    return json.loads(next(one["Value"] for one in container["Environment"] if one["Name"] == "EVENT"))


def _as_lambda(reply: Reply) -> Reply:
    """A payload as ``lambda:invoke`` gives it."""
    if reply.kind != "payload":
        return reply
    return replace(
        reply, kind="result", value={"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": reply.value}
    )


def _abort(history: History, task: str, visit: Visit) -> None:
    """Notes that a task was still at work when something beside it failed, or the execution ended."""
    for (name, _), did in history.did.items():
        if name == task and did.began >= visit.entered and did.ends:
            did.ends[-1] = "aborted"
            return


def _failed(world: Functions, task: str, visit: Visit, maps: Container[str]) -> None:
    """Notes the tries of a task that failed in what its state computes: before its call, or with its result."""
    index = next((index for name, index in reversed(visit.place) if name in maps), None)
    until = visit.entered if visit.left is None else visit.left
    made = [one for one in world.calls if one.state == visit.state and one.place == visit.place]
    made = [one for one in made if visit.entered <= one.at <= until]
    new = (task, index) not in world.history.did
    did = world.history.of(task, index)
    if new:
        did.began = visit.entered
    if made and did.ends[-1:] == ["success"]:
        did.ends[-1] = "failed"
    elif missing := visit.retries + 1 - len(made):
        did.ends += ["failed"] * missing
        did.ended = until


def _completed(machine: Machine, states: States, said: Container[str]) -> Machine:
    """A machine with states that call something in the place of those stubs of which a scenario says what they do."""
    wanted = {name for name, task in states.stubs.items() if task in said}

    def done(one: Machine) -> Machine:
        return replace(one, states={name: completed(state) for name, state in one.states.items()})

    def completed(state: State) -> State:
        match state:
            case Parallel() if state.name in wanted and isinstance(state.flow, QueryFlow):
                return Task(
                    name=state.name, resource=_INVOKE, flow=replace(state.flow, arguments=Given({})),
                    retry=state.retry, catch=state.catch, next=state.next, at=state.at,
                )  # fmt: skip
            case Parallel():
                return replace(state, branches=tuple(done(branch) for branch in state.branches))
            case Map():
                return replace(state, processor=done(state.processor))
            case _:
                return state

    return done(machine) if wanted else machine


@dataclass(frozen=True, slots=True)
class Done:
    """One execution: what the tasks did, the stubs that failed it, and the pointers that it visited.

    ``completed`` are the stubs in whose place the scenario answered.
    """

    history: History
    execution: Execution
    stubs: tuple[str, ...] = ()
    visited: frozenset[str] = frozenset()
    passed: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    completed: tuple[str, ...] = ()


def run_machine(
    machine: Machine,
    states: States,
    answers: Says,
    given: Json,
    functions: Mapping[str, Function],
    options: Options,
    *,
    aws: Aws | None = None,
    said: Container[str] = (),
) -> Done:
    """Execute a machine once; marks on its edges say which ways it went.

    Args:
        machine: the translation of a DAG.
        states: which of its states does which task.
        answers: the replies of the scenario.
        given: the input of the execution.
        functions: the Lambda functions by name.
        options: of the interpreter.
        aws: who answers the calls of botocore that functions make; the replies, if nobody else does.
        said: the tasks of which the scenario says what they do.
    """
    history = History()
    services = DagServices(Replies(), aws=aws or TableAws(answers), history=history)
    world = Functions(states, answers, history, functions, services)
    with services.answering():
        execution = execute(marked(_completed(machine, states, said)), given, world, options=options)
    history.status, history.error, history.cause = execution.status, execution.error, execution.cause
    maps = {state.name for state in machine.walk() if isinstance(state, Map)}
    for visit in execution.visits:
        if (callback := states.callbacks.get(visit.state)) is not None:
            kind, owner = callback
            told: Json = visit.input
            history.told[kind, owner or told["Task"]] += 1
        if (task := states.alone.get(visit.state)) is not None:
            did = history.of(task, None)
            did.began, did.ended = visit.entered, visit.left or visit.entered
            did.ends.append("success" if visit.error is None else "failed")
        elif (name := states.tasks.get(visit.state)) is None:
            continue
        elif visit.error is not None:
            _failed(world, name, visit, maps)
        elif not visit.done:
            _abort(history, name, visit)
    for edge in execution.edges:
        judged = states.verdicts.get(edge.source.rpartition("/")[2]) if edge.kind == "default" else None
        if judged is not None:
            history.of(judged, None).ends[-1] = "failed"
    delays: dict[str, list[float]] = defaultdict(list)
    for retry in execution.retries:
        delays[states.tasks.get(retry.state, retry.state)].append(retry.seconds)
    waits: dict[str, list[float]] = defaultdict(list)
    for pause in execution.waits:
        waits[states.waits.get(pause.state, pause.state)].append(pause.seconds)
    history.delays, history.waits = delays, waits
    stubs = dict.fromkeys(states.stubs[visit.state] for visit in execution.visits if visit.state in states.stubs)
    return Done(
        history,
        execution,
        tuple(task for task in stubs if task not in said),
        frozenset(visit.at for visit in execution.visits),
        frozenset((edge.source, edge.target) for edge in execution.edges),
        tuple(task for task in stubs if task in said),
    )
