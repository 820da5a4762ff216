"""One stay in a state whose documents are not known yet: its data flow, its answers and its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sfn_airflow_core.asl.model import (
    CatchQuery,
    Map,
    Parallel,
    PathFlow,
    QueryFlow,
    State,
    Task,
)
from sfn_airflow_core.expr.model import Expr, Field, Index, Step
from sfn_airflow_core.interpreter.failures import StateFailed, answers_to
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.verify import walk_queries as queries
from sfn_airflow_core.verify.routes import Outcome, attempts
from sfn_airflow_core.verify.shapes import answer_members
from sfn_airflow_core.verify.symbolic import Scene, value_of
from sfn_airflow_core.verify.symbols import (
    INPUT,
    Const,
    Impossible,
    Obj,
    Sym,
    Unknown,
    Value,
    member,
    placed,
)
from sfn_airflow_core.verify.track import Numbers, Track, cause_of

if TYPE_CHECKING:
    from sfn_airflow_core.verify.walk import Walk

Json = Any
Variables: TypeAlias = "Mapping[str, Value]"


_JOBS: Final = ("sync", "sync:2")
_SHAPED: Final = ("lambda", "apigateway", "http", "eks", "elasticmapreduce")
"""Services whose answers Step Functions gives in a shape of its own."""
WHOLE_INPUT: Final = Sym(INPUT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scope runs: numbers of branches and items, how many Maps are around, and the item, if any.

    A negative number stands for all items that have no place of their own. ``root`` is the input of the execution,
    where that is a child execution of a distributed Map. ``first``: it is in the first item of every Map around, which
    is the one that goes as the route says.
    """

    numbers: Numbers = ()
    maps: int = 0
    item: Value | None = None
    root: Value = WHOLE_INPUT
    first: bool = True

    @property
    def key(self) -> str:
        """The key of replies for this item; empty outside Maps."""
        if any(number < 0 for number in self.numbers):
            return "*"
        return "/".join(map(str, self.numbers)) if self.maps else ""


@dataclass(frozen=True, slots=True)
class End:
    """The end of one stay: what is handed on to which state, or the error it failed with."""

    track: Track
    value: Value
    variables: Variables
    next: str | None = None
    error: str | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in a state: what it starts from."""

    walk: Walk
    state: State
    raw: Value
    variables: Variables
    at: Place
    track: Track

    @property
    def flow(self) -> PathFlow:
        """The data flow of the state."""
        assert isinstance(self.state.flow, PathFlow)
        return self.state.flow

    def scene(self, value: Value, item: Value | None = None) -> Scene:
        """What expressions see with ``value`` as ``$``."""
        return Scene(value, lambda steps: self._context(steps, item or self.at.item), self.variables)

    def _context(self, steps: tuple[Step, ...], item: Value | None) -> Value:
        names = [
            step.name if isinstance(step, Field) else step.position for step in steps if isinstance(step, Field | Index)
        ]
        value: Value
        match names[:3]:
            case ["Execution", "Input", *_]:
                value, rest = self.at.root, names[2:]
            case ["Map", "Item", *_] if item is not None:
                value, rest = item, names[2:]
            case ["State", "Name"]:
                return Const(self.state.name)
            case _:
                return Unknown()
        for name in rest:
            value = member(value, name)
        return value

    def value(self, expr: Expr, base: Value, track: Track, item: Value | None = None) -> tuple[Value, Track]:
        """What an expression makes of ``base``."""
        value, wishes = value_of(expr, self.scene(base, item), track.wishes)
        return value, track.wish(wishes)

    def path(self, text: str | None, base: Value, track: Track) -> tuple[Value, Track]:
        """What a path selects; ``None`` is the empty object."""
        if text is None:
            return Const({}), track
        return (base, track) if text == "$" else self.value(self.walk.program.path(text), base, track)

    def template(self, template: Json, base: Value, track: Track, item: Value | None = None) -> tuple[Value, Track]:
        """What a payload template makes."""
        return self.value(self.walk.program.template(template), base, track, item)

    def effective(self, track: Track) -> tuple[Value, Track]:
        """The effective input: InputPath, then Parameters; or Arguments."""
        if isinstance(self.state.flow, QueryFlow):
            return queries.arguments(self, track)
        value, track = self.path(self.flow.input_path, self.raw, track)
        if self.flow.parameters is not None:
            value, track = self.template(self.flow.parameters.value, value, track)
        return value, track

    def deliver(self, track: Track, result: Value, following: str | None) -> End:
        """ResultSelector, Assign, ResultPath, OutputPath; or Assign and Output."""
        if isinstance(self.state.flow, QueryFlow):
            known: dict[str, Value] = {"result": result} if isinstance(self.state, Task | Parallel | Map) else {}
            value, track = queries.output(self, self.state.flow.output, result, track, **known)
            variables, track = queries.assigned(self, self.state.flow.assign, track, **known)
            return End(track, value, variables, following)
        flow, selected = self.flow, result
        if flow.result_selector is not None:
            selected, track = self.template(flow.result_selector.value, result, track)
        variables, track = self.assigned(flow.assign, result, track)
        value, track = self.placed(flow.result_path, selected, track)
        value, track = self.path(flow.output_path, value, track)
        return End(track, value, variables, following)

    def assigned(self, assign: Json, base: Value, track: Track) -> tuple[Variables, Track]:
        """The variables after an Assign."""
        if not assign:
            return self.variables, track
        made, track = self.template(assign, base, track)
        members = made.members if isinstance(made, Obj) else {}
        if isinstance(made, Const) and isinstance(made.value, dict):
            members = {name: Const(value) for name, value in made.value.items()}
        return {**self.variables, **members}, track

    def placed(self, path: str | None, value: Value, track: Track) -> tuple[Value, Track]:
        """``value`` where ResultPath puts it; the raw input has to be an object for that."""
        if path not in ("$", None) and isinstance(self.raw, Sym):
            track = track.wish(track.wishes.be(self.raw, "object", hint=True))
        return self.raw if path is None else self.put(path, value), track

    def put(self, path: str, value: Value) -> Value:
        """``value`` at a reference path in the raw input."""
        steps = self.walk.program.path(path).steps
        keys = [
            step.name if isinstance(step, Field) else step.position for step in steps if isinstance(step, Field | Index)
        ]
        if len(keys) != len(steps):
            raise Impossible(f"{path} is no reference path")
        return placed(self.raw, tuple(keys), value)

    def answer(self, state: Task, track: Track) -> tuple[Track, Value]:
        """A good answer of the service, as the state gets it."""
        resource = parse_resource(state.resource)
        function = resource.service == "lambda" and resource.pattern == "request"
        track, source = track.answers(state.name, self.at.key, "payload" if function else "result")
        if function and resource.kind == "service":
            members: dict[str, Value] = {
                "ExecutedVersion": Const("$LATEST"),
                "Payload": Sym(source),
                "StatusCode": Const(200),
            }
            return track, Obj(members, Unknown())
        if resource.kind == "service" and resource.pattern != "waitForTaskToken":
            track = track.wish(track.wishes.be(Sym(source), "object"))
        if (resource.service, resource.action) == ("states", "startExecution") and resource.pattern in _JOBS:
            self.walk.answers[source] = answer_members("arn:aws:states:::aws-sdk:sfn:describeExecution")
        elif resource.kind == "service" and resource.pattern == "request" and resource.service not in _SHAPED:
            self.walk.answers[source] = answer_members(state.resource)
        return track, Sym(source)

    def retried(self, state: Task | Parallel | Map, error: str) -> int:
        """How often an error is retried before it goes to a catcher."""
        failure = StateFailed(error, "")
        found = next((r for r in state.retry if answers_to(failure, r.error_equals)), None)
        return 0 if found is None else attempts(found) or 0

    def caught(self, track: Track, error: str | None, outcome: Outcome) -> Iterator[End]:
        """Where an error goes; nothing where it does not end the stay as wanted."""
        state = self.state
        assert isinstance(state, Task | Parallel | Map)
        failure = StateFailed(error, "")
        found = next((n for n, c in enumerate(state.catch) if answers_to(failure, c.error_equals)), None)
        if found is None:
            if outcome.kind != "catch":
                yield End(track, self.raw, self.variables, None, error, True)
            return
        if outcome.kind == "catch" and found != outcome.number:
            return
        catcher = state.catch[found]
        cause = "" if error == "States.Timeout" else cause_of(state.name, error or "", calls_function(state))
        told = Obj({"Error": Const(error), "Cause": Const(cause)})
        if isinstance(catcher.flow, CatchQuery):
            value, track = queries.output(self, catcher.flow.output, told, track, errorOutput=told)
            variables, track = queries.assigned(self, catcher.assign, track, errorOutput=told)
            yield End(track, value, variables, catcher.next)
            return
        value, track = self.placed(getattr(catcher.flow, "result_path", "$"), told, track)
        variables, track = self.assigned(catcher.assign, told, track)
        yield End(track, value, variables, catcher.next)


def keys(steps: tuple[Step, ...]) -> list[str | int]:
    """The keys and positions of the steps that have one."""
    return [
        step.name if isinstance(step, Field) else step.position for step in steps if isinstance(step, Field | Index)
    ]


def calls_function(state: State) -> bool:
    """Whether a state calls a Lambda function."""
    return isinstance(state, Task) and parse_resource(state.resource).service == "lambda"
