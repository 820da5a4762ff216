"""The normal form of a state machine: what is the same about machines that differ in how they are written down.

``normal`` leaves out comments, states that nothing leads to, the order of members and of states, and what a field
says that holds without it; a ``Succeed`` is a ``Pass`` that ends, and expressions are their syntax trees. Of JSONata, a
predicate is a ``$filter`` and parameters have numbers for names; of JSONPath, what a Pass narrows its document to is
OutputPath, a value that OutputPath takes out of a template has one name there, and a path needs no template.
``skeleton`` also leaves out what is made of documents, which the two query languages say differently: of it, machines
in JSONPath and in JSONata can be equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from sfn_airflow_core.asl.model import (
    CatchPath,
    Given,
    Machine,
    Map,
    Parallel,
    Pass,
    PathFlow,
    PathRef,
    PathRule,
    Placeholder,
    Query,
    QueryFlow,
    State,
    Succeed,
    Task,
    nested,
    targets,
)
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.jsonata_model import Apply, Each, Focus, Function, Name, Operation, Steps, Value, Where
from sfn_airflow_core.expr.model import Call, Index, Literal, Logic, Path
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_intrinsic import read_value
from sfn_airflow_core.expr.read_jsonata import read_jsonata

Form = Any
_NOT_SAID = frozenset(("comment", "version", "at", "query_language"))
_INPUT = "{% $states.input %}"
_PATHS = frozenset(("input_path", "result_path", "output_path"))
_OF_DOCUMENTS = frozenset(
    (
        "flow", "condition", "assign", "output", "error", "cause", "items", "item_selector", "result", "arguments",
        "batch_input", "credentials",
    )
)  # fmt: skip
"""Fields that say what is made of documents."""


def normal(machine: Machine) -> Form:
    """The normal form."""
    return _machine(machine, frozenset())


def skeleton(machine: Machine) -> Form:
    """The normal form without what is made of documents; an amount that a document decides only says so."""
    return _machine(machine, _OF_DOCUMENTS)


def _machine(machine: Machine, left_out: frozenset[str]) -> Form:
    states = {state.name: _value(_plain(state), left_out) for state in _reached(machine)}
    return {"start": machine.start_at, "timeout": _value(machine.timeout_seconds, left_out), "states": states}


def _reached(machine: Machine) -> Iterator[State]:
    seen, ahead = {machine.start_at}, [machine.start_at]
    while ahead:
        state = machine.states[ahead.pop()]
        new = [name for name in targets(state) if name not in seen]
        seen.update(new)
        ahead += new
        yield state


def _plain(state: State) -> State:
    """A state without what holds anyway."""
    match state:
        case Succeed():
            state = Pass(name=state.name, flow=state.flow)
        case Map(items=Given("{% $states.input %}") | PathRef("$")):
            state = replace(state, items=None)
    flow = state.flow
    if isinstance(flow, PathFlow):
        return _plain_path(state, flow)
    if isinstance(flow, QueryFlow) and flow.output == Given(_INPUT) and not isinstance(state, Task | Map):
        flow = replace(flow, output=None) if not nested(state) else flow
    if isinstance(flow, QueryFlow) and flow.arguments == Given({}):
        flow = replace(flow, arguments=None)
    if isinstance(state, Map):
        state = _without_defaults(state)
    return replace(state, flow=flow)


def _plain_path(state: State, flow: PathFlow) -> State:
    """The same for a JSONPath state."""
    if isinstance(state, Map):
        state = _without_defaults(state)
    if isinstance(state, Pass) and flow.input_path is None and flow.parameters is None and state.result is None:
        state, flow = replace(state, result=Given({})), replace(flow, input_path="$")
    if flow.output_path is None and flow.result_selector is None:
        flow = replace(flow, result_path="$")
    if isinstance(state, Pass) and flow == PathFlow(result_path=None) and state.result is None:
        flow = PathFlow()
    if isinstance(state, Pass) and flow.parameters is not None and not has_path(flow.parameters.value):
        state, flow = replace(state, result=flow.parameters), replace(flow, parameters=None)
    if isinstance(state, Pass) and flow.output_path is None and flow == PathFlow(output_path=None):
        state, flow = replace(state, result=Given({})), PathFlow()
    if isinstance(state, Pass) and state.result is None and flow == PathFlow(input_path=flow.input_path):
        flow = PathFlow(output_path=flow.input_path)
    for name in ("parameters", "result_selector") if isinstance(state, Task | Pass | Parallel | Map) else ():
        given = getattr(flow, name)
        if name == "parameters" and not isinstance(state, Pass):
            continue
        match given:
            case Given(dict() as value) if [f"$.{key.removesuffix('.$')}" for key in value] == [flow.output_path]:
                (text,) = value.values()
                if name == "result_selector" and isinstance(text, str) and text.startswith("$") and flow.assign is None:
                    flow = replace(flow, result_selector=None, output_path=text)
                else:
                    flow = replace(flow, **{name: Given({"value.$": text})}, output_path="$.value")
    return replace(state, flow=flow)


def has_path(value: Any) -> bool:
    """Whether a payload template computes something."""
    match value:
        case dict():
            return any(key.endswith(".$") or has_path(part) for key, part in value.items())
        case list():
            return any(map(has_path, value))
        case _:
            return False


def _without_defaults(state: Map) -> Map:
    """A Map without limits that limit nothing."""
    limits = ("max_concurrency", "tolerated_failure_count", "tolerated_failure_percentage")
    none: Any = {name: None for name in limits if getattr(state, name) == 0}
    return replace(state, execution_type=None if state.execution_type == "STANDARD" else state.execution_type, **none)


def _value(value: Any, left_out: frozenset[str]) -> Form:
    match value:
        case Machine():
            return _machine(value, left_out)
        case PathRef() | Query() if left_out:
            return "from the document"
        case Query(text):
            return _expression(text)
        case PathRef(path):
            return _path(path)
        case PathRule(condition) if "condition" not in left_out:
            rule = {"is": "rule", "condition": repr(bare(read_condition(condition)))}
            return rule | {name: _value(getattr(value, name), left_out) for name in ("next", "assign")}
        case str() if value.startswith("{%") and value.endswith("%}"):
            return _expression(value[2:-2])
        case float() if value.is_integer():
            return int(value)
        case Placeholder() | str() | int() | float() | None:
            return value
        case dict():
            return {
                key: _path(part) if key.endswith(".$") and isinstance(part, str) else _value(part, left_out)
                for key, part in value.items()
                if part is not None
            }
        case list() | tuple():
            return [_value(part, left_out) for part in value]
        case _ if is_dataclass(value):
            said = [field.name for field in fields(value) if field.name not in _NOT_SAID | left_out]
            whole = {name: _value(getattr(value, name), left_out) for name in said}
            if isinstance(value, PathFlow | CatchPath):
                whole |= {name: _path(text) for name in _PATHS & whole.keys() if (text := getattr(value, name))}
            return {
                "is": _kind(value, left_out),
                **{name: part for name, part in whole.items() if part not in (None, [])},
            }
        case _:
            raise AssertionError(f"{type(value).__name__} is not a part of a machine")


def _kind(value: Any, left_out: frozenset[str]) -> str:
    """What kind of part it is; of two languages one, where what they say is left out."""
    name = type(value).__name__
    if left_out and isinstance(value, PathFlow | CatchPath):
        return name.replace("Path", "Query")
    return name.replace("PathRule", "QueryRule").replace("CatchPath", "CatchQuery")


def _path(text: str) -> Form:
    try:
        return "path", repr(bare(read_value(text)))
    except ExpressionError:  # of a Result, which computes nothing
        return text


def bare(tree: Any) -> Any:
    """A tree of JSONPath without the texts of paths, whose templates hold what is fixed."""
    match tree:
        case Path():
            return replace(tree, text="", steps=bare(tree.steps))
        case Logic(_, (only,)):
            return bare(only)
        case Call("States.Array", values) if all(isinstance(bare(value), Literal) for value in values):
            return Literal([bare(value).value for value in values])
        case Call("States.ArrayGetItem", (Path(definite=True) as path, Literal(int(position)))) if position >= 0:
            return bare(replace(path, steps=(*path.steps, Index(position))))
        case Call("States.Format", (Literal(str(template)), *values)):
            pieces = iter(values)
            parts = re.split(r"(\\[{}'\\]|\{\})", template)
            rest: list[Any] = []
            for at, part in enumerate(parts):
                if part == "{}":
                    match next(pieces):
                        case Literal(value):
                            fixed = value if isinstance(value, str) else json.dumps(value)
                            parts[at] = re.sub(r"[{}\\]", r"\\\g<0>", fixed)
                        case one:
                            rest.append(bare(one))
            return Call("States.Format", (Literal("".join(parts)), *rest))
        case tuple():
            return tuple(map(bare, tree))
        case _ if is_dataclass(tree):
            return replace(tree, **{one.name: bare(getattr(tree, one.name)) for one in fields(tree)})  # type: ignore[type-var]
        case _:
            return tree


def _expression(text: str) -> Form:
    found = read_jsonata(text)
    if isinstance(found.tree, Value):
        return found.tree.value
    return ("engine", " ".join(text.split())) if found.tree is None else ("tree", repr(_tree(found.tree, 0)))


def _tree(tree: Any, depth: int) -> Any:
    match tree:
        case Steps(head, steps) if any(isinstance(step, Where | Each) for step in steps):
            return _over(head, steps, depth)
        case Function(parameters, body):
            names = {old: f"{depth}.{number}" if number else f"{depth}" for number, old in enumerate(parameters)}
            return Function(tuple(names.values()), _named(_tree(body, depth + 1), names, ""))
        case tuple():
            return tuple(_tree(part, depth) for part in tree)
        case Operation("&"):
            return "&", tuple(_joined([_tree(part, depth) for part in _operands(tree)]))
        case _ if is_dataclass(tree):
            return replace(tree, **{one.name: _tree(getattr(tree, one.name), depth) for one in fields(tree)})  # type: ignore[type-var]
        case _:
            return tree


def _operands(tree: Any) -> Iterator[Any]:
    """What ``&`` joins, which is made a text anyway."""
    match tree:
        case Operation("&", left, right):
            yield from _operands(left)
            yield from _operands(right)
        case Apply("string", (only,)):
            yield only
        case _:
            yield tree


def _joined(parts: list[Any]) -> Iterator[Any]:
    """Operands, in which fixed texts side by side are one."""
    before = ""
    for part in parts:
        match part:
            case Value(str(text)):
                before += text
                continue
        if before:
            yield Value(before)
            before = ""
        yield part
    if before:
        yield Value(before)


def _over(head: Any, steps: tuple[Any, ...], depth: int) -> Any:
    """A path with predicates and expressions as what they do with each value: ``$filter`` and ``$map``."""
    number = next(n for n, step in enumerate(steps) if isinstance(step, Where | Each))
    source = _tree(Steps(head, steps[:number]) if number else head, depth)
    match steps[number]:
        case Where(inner):
            function = "filter"
        case Each(inner):
            function = "map"
    name = f"{depth}"
    found = Apply(function, (source, Function((name,), _named(_tree(inner, depth + 1), {}, name))))
    rest = steps[number + 1 :]
    if not rest:
        return found
    return _over(found, rest, depth) if any(isinstance(step, Where | Each) for step in rest) else Steps(found, rest)


def _named(tree: Any, names: dict[str, str], focus: str) -> Any:
    """A tree in which parameters are called otherwise, and the focus has a name."""
    match tree:
        case Name(name) if name in names:
            return Name(names[name])
        case Focus() if focus:
            return Name(focus)
        case Steps(head=Focus(), steps=steps) if focus:
            return Steps(Name(focus), tuple(_named(step, names, focus) for step in steps))
        case tuple():
            return tuple(_named(part, names, focus) for part in tree)
        case _ if is_dataclass(tree):
            inner = {one.name: _named(getattr(tree, one.name), names, focus) for one in fields(tree)}
            return replace(tree, **inner)  # type: ignore[type-var]
        case _:
            return tree
