"""Reads the data flow of a JSONPath state into expressions, and says what in it cannot be translated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sfn2airflow.rules.data import ContextValue, MapItemInside, SeededRandom
from sfn_airflow_core.asl.model import (
    Choice,
    Given,
    Json,
    Machine,
    Map,
    Parallel,
    PathFlow,
    PathRef,
    Pointer,
    Query,
    State,
    Task,
    nested,
)
from sfn_airflow_core.dag.model import Assign, Shaping
from sfn_airflow_core.expr.jsonata_model import Jsonata
from sfn_airflow_core.expr.model import (
    Array,
    Call,
    Compare,
    Expr,
    Field,
    Filter,
    Literal,
    Logic,
    Negation,
    Object,
    Path,
    Test,
)
from sfn_airflow_core.expr.read_intrinsic import read_value
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.expr.read_template import read_template
from sfn_airflow_core.findings import Finding

_OTHER_IN_AIRFLOW = {
    ("Execution", "Id"),
    ("Execution", "Name"),
    ("Execution", "RoleArn"),
    ("StateMachine", "Id"),
    ("StateMachine", "Name"),
}

_MAP_ITEM = re.compile(
    r"\$\$(?![{\w])(?!\.(?:Execution|State|StateMachine|Task)\b)"
    r"|\$states(?!\.(?:input|result|errorOutput|context\.(?:Execution|State|StateMachine|Task))\b)"
)
"""What may give an iteration's item: ``$$.Map``, and the context object or ``$states`` as a whole."""


def shaping(flow: PathFlow) -> Shaping:
    """The expressions of a state's input and output processing; ``ItemSelector`` is the Map's own."""
    return Shaping(
        input_path=_data_path(flow.input_path),
        parameters=template(flow.parameters),
        selector=template(flow.result_selector),
        result_path=flow.result_path,
        output_path=_data_path(flow.output_path),
        assign=assignments(flow.assign),
    )


def assignments(assign: dict[str, Json] | None) -> Assign:
    """The variables of an Assign field with their expressions."""
    match read_template(dict(assign or {})):
        case Object(entries):
            return entries
        case Literal(dict() as value):
            return tuple((key, Literal(part)) for key, part in value.items())
        case _:
            return ()


def _data_path(path: str | None) -> Expr | None:
    """InputPath or OutputPath: nothing for ``$``, an empty object for null."""
    if path is None:
        return Literal({})
    return None if path == "$" else read_path(path)


def template(given: Given | None) -> Expr | None:
    """A payload template as an expression."""
    return None if given is None else read_template(given.value)


def value(amount: Json | PathRef | Query) -> Expr:
    """A fixed value, or one that a ``…Path`` field names (a path, or for Fail an intrinsic function)."""
    assert not isinstance(amount, Query)  # JSONata states are turned away before
    return read_value(amount.path) if isinstance(amount, PathRef) else Literal(amount)


def walk(expr: Expr) -> Iterator[Expr]:
    """An expression and everything in it."""
    yield expr
    for part in _parts(expr):
        yield from walk(part)


def _parts(expr: Expr) -> Iterable[Expr]:
    match expr:
        case Path():
            return [step.predicate for step in expr.steps if isinstance(step, Filter)]
        case Call():
            return expr.arguments
        case Object():
            return [part for _, part in expr.entries]
        case Array():
            return expr.elements
        case Compare():
            return [expr.left, expr.right]
        case Test() | Negation():
            return [expr.operand]
        case Logic():
            return expr.operands
        case Literal() | Jsonata():
            return []


def expressions(part: Shaping) -> tuple[Expr, ...]:
    """All expressions of a data flow."""
    found = (part.input_path, part.parameters, part.selector, part.output_path, *(expr for _, expr in part.assign))
    return tuple(expr for expr in found if expr is not None)


def differences(exprs: Iterable[Expr], at: Pointer, *, execution: bool) -> Iterator[Finding]:
    """What the expressions of a state need that Airflow gives differently or not at all.

    ``execution``: the state is in a child execution of a distributed Map, which has no ``$$.Map.Item``.
    """
    seen = set()
    for expr in (part for whole in exprs for part in walk(whole)):
        finding: Finding | None = None
        match expr:
            case Path(root=root, steps=steps) if root.kind == "context":
                first, second = (*(s.name for s in steps[:2] if isinstance(s, Field)), "", "")[:2]
                if (first, second) in _OTHER_IN_AIRFLOW or not steps:
                    finding = ContextValue(at=at, path=expr.text or "$$")
                elif first == "Map" and execution:
                    finding = MapItemInside(at=at, path=expr.text)
            case Call(function="States.MathRandom", arguments=(_, _, _)):
                finding = SeededRandom(at=at)
        if finding and finding not in seen:
            seen.add(finding)
            yield finding


def uses_variables(machine: Machine) -> bool:
    """Whether a state of a machine, at any depth, assigns workflow variables."""
    return any(assign for state in machine.walk() for assign in _assigns(state))


def _assigns(state: State) -> Iterator[dict[str, Json] | None]:
    yield state.flow.assign
    match state:
        case Task() | Parallel() | Map():
            yield from (catcher.assign for catcher in state.catch)
        case Choice():
            yield from (rule.assign for rule in state.choices)
        case _:
            return


def reads_item(machine: Machine) -> bool:
    """Whether a state of a machine, at any depth, reads ``$$.Map.Item`` in anything but its own ItemSelector."""
    return any(map(_reads, machine.walk()))


def reads_own(state: State) -> bool:
    """The same, of a state and those in it."""
    return _reads(state) or any(map(reads_item, nested(state)))


def _reads(state: State) -> bool:
    match state:
        case Map():
            state = replace(state, item_selector=None, processor=_NOBODY)
        case Parallel():
            state = replace(state, branches=())
    return bool(_MAP_ITEM.search(repr(state)))


_NOBODY = Machine(start_at="", states={})
