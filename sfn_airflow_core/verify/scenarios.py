"""Generates scenarios that reach every state and every edge of a machine, and show how it retries and fails.

For each goal a way through the machine is imagined with documents that are not known yet (``walk``), conditions on the
way are solved (``wishes``), and the interpreter confirms that the scenario gets there. The same machine gives the same
scenarios.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from sfn_airflow_core.asl.model import Machine, PathFlow, Task
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import Execution, Options, execute
from sfn_airflow_core.interpreter.program import Program
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.verify.budget import STAY, Budget, Exhausted
from sfn_airflow_core.verify.goals import goals
from sfn_airflow_core.verify.openings import open_values
from sfn_airflow_core.verify.places import Way, homes, marked, taken, ways
from sfn_airflow_core.verify.routes import Atlas, Goal
from sfn_airflow_core.verify.scenario import MachineType, Scenario
from sfn_airflow_core.verify.shapes import answer_kind, marking_member
from sfn_airflow_core.verify.solver import documents
from sfn_airflow_core.verify.symbols import AS_JSON, INPUT, Impossible, Sym
from sfn_airflow_core.verify.track import Track
from sfn_airflow_core.verify.walk import Walk

Json = Any
Endings: TypeAlias = "Mapping[str, tuple[str, Json]]"
_MOST_ROUTES: Final = 8
_MOST_ENDS: Final = 6


@dataclass(frozen=True, slots=True)
class Generated:
    """Scenarios, and why a state or edge (by pointer) is not reached by any.

    ``exhausted`` says that the search ended because it was to take no more steps.
    """

    scenarios: tuple[Scenario, ...]
    missed: Mapping[str, str] = field(default_factory=dict)
    exhausted: bool = False


def generate(
    machine: Machine,
    variables: Mapping[str, Json] | None = None,
    endings: Endings | None = None,
    *,
    steps: int | None = None,
    wanted: Callable[[Goal], bool] = lambda _: True,
    machine_type: MachineType = "STANDARD",
) -> Generated:
    """Scenarios for a machine without open substitutions.

    Args:
        machine: the definition.
        variables: the values of substitutions with which it was read.
        endings: how the description of a job says that it ended well, by action (``glue:startJobRun``): the dotted path
            in the Task's result, and the value there.
        steps: the most steps that the search may take (``budget``), any number by default.
        wanted: which goals there are to be scenarios for, all by default.
        machine_type: the type of the state machine.
    """
    return _Generator(machine, dict(variables or {}), endings or {}, Budget(steps), wanted, machine_type).run()


def generate_text(
    text: bytes | str,
    source: str,
    known: Mapping[str, Json],
    endings: Endings | None = None,
    assumed: Callable[[Machine], dict[str, Json]] = lambda _: {},
    *,
    machine_type: MachineType = "STANDARD",
) -> Generated:
    """Scenarios for the text of a definition, with values for the substitutions that ``known`` leaves open.

    ``assumed`` are values for those that are a whole Resource.

    Raises ValueError where it is no state machine with such values.
    """
    still_open = read_text(text, source, substitutions=known)
    values = open_values(still_open.document.value)
    if still_open.machine is not None:
        values |= assumed(still_open.machine)
    reading = read_text(text, source, substitutions={**known, **values}, machine_type=machine_type)
    if reading.machine is None:
        problem = reading.problems[0]
        raise ValueError(f"no state machine with values for its substitutions: {problem.at}: {problem.message}")
    return generate(reading.machine, values, endings, machine_type=machine_type)


@dataclass(slots=True)
class _Generator:
    machine: Machine
    variables: dict[str, Json]
    endings: Endings
    budget: Budget
    wanted: Callable[[Goal], bool]
    type: MachineType
    scenarios: list[Scenario] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Pointers of states and edges, and names of goals, that a scenario shows."""
    kept: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)

    def run(self) -> Generated:
        states, edges = ways(self.machine)
        atlas = Atlas(self.machine, self.budget)
        wanted = list(filter(self.wanted, goals(atlas)))
        try:
            self._search(atlas, wanted, edges)
        except Exhausted:
            return Generated(tuple(self.scenarios), exhausted=True)
        for edge in edges:
            if edge.kind == "catch" and all(goal.at != edge.at for goal in wanted):
                self.reasons[edge.at] = "no error that can happen there is one of those that it catches"
        missing = [at for at in (*states, *(edge.at for edge in edges)) if at not in self.seen]
        return Generated(tuple(self.scenarios), {at: self._reason(at, atlas, edges) for at in missing})

    def _search(self, atlas: Atlas, wanted: Iterable[Goal], edges: tuple[Way, ...]) -> None:
        """Keep a scenario for each goal that no scenario before shows. Raises Exhausted."""
        inside, probe = homes(self.machine), marked(self.machine)
        for goal in wanted:
            if goal.edge and goal.at in self.seen:
                continue
            for scenario in itertools.islice(self._tries(atlas, goal), _MOST_ROUTES * _MOST_ENDS):
                run = execute(probe, scenario.input, scenario.answers(inside), options=Options(type=self.type))
                self.budget.spend(STAY * len(run.visits))
                visited = {visit.at for visit in run.visits}
                passed = {(edge.source, edge.target) for edge in run.edges}
                reached = visited | taken(edges, visited, passed)
                if goal.at not in reached:
                    self.reasons.setdefault(goal.at, _elsewhere(run))
                    continue
                self._keep(scenario)
                self.seen |= reached
                break

    def _reason(self, at: str, atlas: Atlas, edges: Iterable[Way]) -> str:
        """Why a state or edge is not reached: what stands in its own way, or in that of what leads to it."""
        ways_there, seen = [at], set[str]()
        while ways_there:
            place = ways_there.pop(0)
            if place in self.reasons:
                return self.reasons[place]
            seen.add(place)
            leading = [e.at for e in edges if e.target == place] or [e.source for e in edges if e.at == place]
            around = [atlas.scopes[place][1][-1].at] if place in atlas.scopes and atlas.scopes[place][1] else []
            ways_there += [other for other in (*leading, *around) if other not in seen]
        return "no way there was found"

    def _keep(self, scenario: Scenario) -> None:
        """Add a scenario unless there is the same one."""
        text = json.dumps([scenario.input, dict(scenario.replies)])
        if text not in self.kept:
            self.kept.add(text)
            self.scenarios.append(replace(scenario, id=self._free(scenario.id)))

    def _free(self, name: str) -> str:
        taken_names = {scenario.id for scenario in self.scenarios}
        numbers = itertools.count(2)
        free = name
        while free in taken_names:
            free = f"{name} ({next(numbers)})"
        return free

    def _tries(self, atlas: Atlas, goal: Goal) -> Iterator[Scenario]:
        """Scenarios that should reach a goal."""
        program = Program(self.machine)
        target = goal.inner[0] if goal.inner is not None else goal.state
        for way in itertools.islice(atlas.routes(target), _MOST_ROUTES):
            route = {at: list(outcomes) for at, outcomes in way.items()}
            route[goal.state] = [goal.outcome]
            if goal.inner is not None:
                route[goal.inner[0]] = [goal.inner[1]]
            walk = Walk(atlas, program, route)
            for end in itertools.islice(walk.executions(), _MOST_ENDS):
                yield from self._scenario(goal, end.track)
            if walk.obstacle:
                self.reasons.setdefault(goal.at, walk.obstacle)
            if goal.edge or goal.at != goal.state:  # the execution that gets there need not get any further
                for track in walk.stuck:
                    yield from self._scenario(goal, track)

    def _scenario(self, goal: Goal, track: Track) -> Iterator[Scenario]:
        """The scenario for what a way needs, if there is one."""
        try:
            yield self._imagined(goal, track)
        except Impossible as reason:
            self.reasons.setdefault(goal.at, str(reason))

    def _imagined(self, goal: Goal, track: Track) -> Scenario:
        wishes, tasks = track.wishes, {s.name: s for s in self.machine.walk() if isinstance(s, Task)}
        of = {used.source: tasks[used.state] for used in track.used if used.source and used.state in tasks}
        for part in wishes.present:
            if part.source not in of:
                continue
            resource = parse_resource(of[part.source].resource)
            if part.steps == ("Output",) and resource.service == "states":  # .sync gives the text, .sync:2 the value
                wishes = wishes.be(part, "object", hint=True)
                if resource.pattern != "sync:2":
                    wishes = wishes.need(Sym(part.source, (*part.steps, AS_JSON)))
            elif kind := answer_kind(of[part.source].resource, part.steps):
                wishes = wishes.be(part, kind, hint=True)
        made = documents(wishes, self.budget)
        for source, task in of.items():
            made[source] = _ended(_marked(made[source], task, source), task, self.endings)
        given = made[INPUT]
        if given == {}:
            given = {"note": "nothing is read"}
        return Scenario(goal.name, given, track.replies(made), self.variables, about=goal.at, type=self.type)


def _elsewhere(run: Execution) -> str:
    """Why an execution that was to get somewhere did not."""
    if run.status == "SUCCEEDED":
        return "executions that were meant to get there succeed on another way"
    cause = (run.cause or "no cause").replace("An error occurred while executing the state", "in state")
    return f"an execution that was meant to get there fails with {run.error or 'no error name'}: {cause}"


_IDENTITIES: Final = {"batch:submitJob": "JobId", "ecs:runTask": "TaskArn", "states:startExecution": "ExecutionArn"}
"""What the description of a job says of which job it is, where the provider's operators compare it."""


def _marked(document: Json, task: Task, source: str) -> Json:
    """An answer that can be told from others, and has what such an answer always has."""
    resource = parse_resource(task.resource)
    action = f"{resource.service}:{resource.action}"
    if document != {} and not isinstance(document, dict):
        return document
    if resource.service == "lambda" or resource.kind != "service" or resource.pattern == "waitForTaskToken":
        return document or {"answer": source}
    made: dict[str, Json] = {}
    if action in ("apigateway:invoke", "http:invoke"):
        headers = {"Content-Type": ["application/json"]}
        made = {"Headers": headers, "ResponseBody": {"answer": source}, "StatusCode": 200, "StatusText": "OK"}
    elif action == "states:startExecution" and resource.pattern != "request":
        output = {"answer": source}
        made = {"Output": output if resource.pattern == "sync:2" else json.dumps(output)}
    elif action == "eks:runJob" and resource.pattern == "sync":
        made = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    elif action in ("eks:call", "eks:runJob"):
        made = {"ResponseBody": {"answer": source}, "StatusCode": 200, "StatusText": "OK"}
    elif place := _stored(task, action):
        made = {"Body": place}
    elif not document and (name := marking_member(task.resource)):
        made = {name: source}
    if action in _IDENTITIES and resource.pattern != "request":
        made |= {_IDENTITIES[action]: source, **({"Containers": []} if action == "ecs:runTask" else {})}
    return {**made, **document}


def _stored(task: Task, action: str) -> str:
    """Where Amazon Bedrock puts its answer, which then names only the place; empty where it gives it."""
    given = task.flow.parameters if isinstance(task.flow, PathFlow) else task.flow.arguments
    match given.value if given is not None and action == "bedrock:invokeModel" else None:
        case {"Output": {"S3Uri": str() as place}} if not place.startswith("{%"):
            return place
    return ""


_ANSWERED: Final[Endings] = {"events:putEvents": ("FailedEntryCount", 0)}
"""What the answer to a request says where its state does not fail."""


def _ended(document: Json, task: Task, endings: Endings) -> Json:
    """The description of a job that has ended well."""
    resource = parse_resource(task.resource)
    action = f"{resource.service}:{resource.action}"
    tables: dict[str, Endings] = {"sync": endings, "sync:2": endings, "request": _ANSWERED}
    found = tables.get(resource.pattern, {}).get(action)
    if found is None or not isinstance(document, dict):
        return document
    path, value = found
    *above, last = path.split(".")
    inner = document
    for key in above:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            return document
    inner[last] = value  # whatever else was made up for it: a job that ends in another way fails its state
    cluster = document.get("Cluster")
    if isinstance(cluster, dict) and resource.service == "elasticmapreduce":  # the result says it twice
        document["ClusterId"] = cluster.setdefault("Id", document.get("ClusterId", "j-1"))
    return document
