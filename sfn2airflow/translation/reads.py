"""Which members of the execution's input a machine reads: they become the DAG's ``params``.

Follows the document from the start for as long as it still holds the input: a state whose result replaces the document
ends the search on that way. Members that are only tested for presence are optional and not listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from sfn2airflow.translation.queries import item_expressions, map_amounts, map_templates, query_expressions
from sfn2airflow.translation.shaping import expressions, shaping, template, value, walk
from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Machine,
    Map,
    Pass,
    PathFlow,
    PathRef,
    PathRule,
    QueryFlow,
    State,
    Wait,
    targets,
)
from sfn_airflow_core.dag.model import Param
from sfn_airflow_core.expr.jsonata_model import Apply, Member, Name, Steps, Tree, parts
from sfn_airflow_core.expr.model import Expr, Field, Path, Test
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_jsonpath import read_path

_MOST_PLACES = 3


def params(machine: Machine) -> tuple[Param, ...]:
    """The top-level members of the input that are read without a test for presence, in the order of reading."""
    places: dict[str, list[str]] = {}
    written: set[str] = set()
    seen, todo = {machine.start_at}, [machine.start_at]
    while todo:
        state = machine.states[todo.pop(0)]
        found = [(member, path.text) for path in _input_paths(state) if (member := _member(path))]
        for member, text in (*found, *_query_members(state)):
            if member not in written and text not in (texts := places.setdefault(member, [])):
                texts.append(text)
        if _keeps_input(state):
            written |= _writes(state)
            todo += [name for name in targets(state) if name not in seen and not seen.add(name)]  # type: ignore[func-returns-value]
    return tuple(Param(member, _describe(texts)) for member, texts in places.items())


def _describe(texts: list[str]) -> str:
    more = ", …" if len(texts) > _MOST_PLACES else ""
    return f"read as {', '.join(texts[:_MOST_PLACES])}{more}"


def _member(path: Path) -> str | None:
    match path.steps[:3]:
        case (Field("Execution"), Field("Input"), Field(name)) if path.root.kind == "context":
            return name
        case (Field(name), *_) if path.root.kind == "input":
            return name
        case _:
            return None


def _input_paths(state: State) -> Iterator[Path]:
    """Paths over the state's raw input, and over the execution's input wherever it is read."""
    if not isinstance(state.flow, PathFlow):
        return
    flow = shaping(state.flow)
    for expr in expressions(flow):
        yield from (path for path in _paths(expr) if path.root.kind == "context")
    if flow.input_path is not None:
        yield from _paths(flow.input_path)
        return
    if flow.parameters is not None:
        yield from _paths(flow.parameters)
    yield from (path for expr in _own(state) for path in _paths(expr))
    if (flow.output_path is not None and isinstance(state, Choice | Wait)) or state.flow.result_path is None:
        yield from _paths(flow.output_path) if flow.output_path is not None else ()


def _query_members(state: State) -> Iterator[tuple[str, str]]:
    """Members of ``$states.input``, and of the execution's input, that JSONata reads without ``$exists``."""
    if not isinstance(state.flow, QueryFlow):
        return
    for expr in (*query_expressions(state), *item_expressions(state)):
        for names in _named(expr.tree) if expr.tree is not None else ():
            match names:
                case ("input", member, *_) | ("context", "Execution", "Input", member, *_):
                    yield member, f"$states.{'.'.join(names)}"


def _named(tree: Tree) -> Iterator[tuple[str, ...]]:
    """The names behind ``$states`` in every path of an expression that begins there."""
    match tree:
        case Apply("exists"):
            return
        case Steps(Name("states"), steps):
            behind = takewhile(lambda step: isinstance(step, Member), steps)
            yield tuple(step.name for step in behind if isinstance(step, Member))
    for part in parts(tree):
        yield from _named(part)


def _own(state: State) -> Iterator[Expr]:
    match state:
        case Choice():
            yield from (read_condition(rule.condition) for rule in state.choices if isinstance(rule, PathRule))
        case Wait():
            yield from (value(v) for v in (state.seconds, state.timestamp) if isinstance(v, PathRef))
        case Fail():
            yield from (value(v) for v in (state.error, state.cause) if isinstance(v, PathRef))
        case Map():
            if isinstance(state.items, PathRef):
                yield read_path(state.items.path)
            yield from (value(v) for v in map_amounts(state) if isinstance(v, PathRef))
            given = (state.item_selector, *map_templates(state))
            yield from (expr for each in given if (expr := template(each)) is not None)
        case _:
            return


def _paths(expr: Expr) -> Iterator[Path]:
    """Paths that must find something; what is tested for presence anywhere in the expression is left out."""
    parts = list(walk(expr))
    tested = {part.operand.steps for part in parts if isinstance(part, Test) and part.kind == "IsPresent"}
    yield from (part for part in parts if isinstance(part, Path) and part.steps and part.steps not in tested)


def _keeps_input(state: State) -> bool:
    """Whether the document that the state hands on still has the members of its input."""
    match state.flow:
        case PathFlow(output_path="$", result_path=path):
            return path != "$" or isinstance(state, Choice | Wait)
        case QueryFlow(output=None):
            return isinstance(state, Choice | Wait | Pass)
        case _:
            return False


def _writes(state: State) -> set[str]:
    paths = [state.flow.result_path] if isinstance(state.flow, PathFlow) else []
    paths += [getattr(catcher.flow, "result_path", None) for catcher in getattr(state, "catch", ())]
    return {member for path in paths if path and path != "$" and (member := _member(read_path(path)))}
