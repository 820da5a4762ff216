"""What expressions make of values that are not known yet, and what must hold of those for a condition to come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sfn_airflow_core.expr.functions import FUNCTIONS
from sfn_airflow_core.expr.jsonata_model import Jsonata
from sfn_airflow_core.expr.model import (
    Array,
    Call,
    Compare,
    Descend,
    Expr,
    Field,
    Filter,
    Literal,
    Logic,
    Negation,
    Object,
    Path,
    PathFunction,
    Step,
    Test,
)
from sfn_airflow_core.verify.concretes import concrete
from sfn_airflow_core.verify.queries import asked
from sfn_airflow_core.verify.symbols import (
    AS_JSON,
    App,
    Const,
    Impossible,
    Lst,
    Obj,
    Sym,
    Unknown,
    Value,
    member,
    selected,
)
from sfn_airflow_core.verify.wishes import Check, Wishes

Json = Any


_NULL = Const(None)


@dataclass(frozen=True, slots=True)
class Scene:
    """What expressions see: ``$``, ``$$`` by the steps behind it, variables, and ``@`` inside a filter."""

    input: Value
    context: Callable[[tuple[Step, ...]], Value] = lambda steps: Unknown()
    variables: Mapping[str, Value] = field(default_factory=dict)
    current: Value = _NULL
    names: Mapping[str, Value] = field(default_factory=dict)
    """What ``$name`` stands for in JSONata, ``states`` among them."""


def value_of(expr: Expr, scene: Scene, wishes: Wishes) -> tuple[Value, Wishes]:
    """What an expression makes, and the wishes with those of evaluating it. Raises Impossible."""
    match expr:
        case Literal():
            return Const(expr.value), wishes
        case Path():
            return _path(expr, scene, wishes)
        case Object():
            members: dict[str, Value] = {}
            for name, entry in expr.entries:
                members[name], wishes = value_of(entry, scene, wishes)
            return Obj(members), wishes
        case Array():
            items, wishes = _all(expr.elements, scene, wishes)
            return Lst(items), wishes
        case Call():
            return _call(expr, scene, wishes)
        case Jsonata():
            return asked(expr, scene.names, wishes)
        case _:
            raise Impossible("a condition is no value")


def _all(exprs: tuple[Expr, ...], scene: Scene, wishes: Wishes) -> tuple[tuple[Value, ...], Wishes]:
    values: list[Value] = []
    for expr in exprs:
        value, wishes = value_of(expr, scene, wishes)
        values.append(value)
    return tuple(values), wishes


def _root(path: Path, scene: Scene) -> Value:
    match path.root.kind:
        case "input":
            return selected(scene.input, path)
        case "context":
            return scene.context(path.steps)
        case "current":
            return selected(scene.current, path)
        case "variable":
            if path.root.name not in scene.variables:
                raise Impossible(f"there is no variable {path.root.name}")
            return selected(scene.variables[path.root.name], path)


def _path(path: Path, scene: Scene, wishes: Wishes) -> tuple[Value, Wishes]:
    value = _root(path, scene)
    wishes = wishes.need(value)
    if isinstance(value, App) and value.path and isinstance(base := value.arguments[0], Sym):
        wishes = _filtered(base, value.path, wishes)
    return value, wishes


def _filtered(base: Sym, steps: tuple[Step, ...], wishes: Wishes) -> Wishes:
    """An element of a list passes the filter, where that can be said simply: for each filter another one."""
    way: tuple[str | int, ...] = base.steps
    for step in steps:
        match step:
            case Field(name):
                way = (*way, name)
            case Filter(predicate):
                wishes, position = wishes.filtered(Sym(base.source, way), predicate)
                way = (*way, position)
                element = Scene(Const(None), current=Sym(base.source, way))
                wishes = next(ways_to(predicate, True, element, wishes), wishes)
            case Descend() | PathFunction():
                return wishes
            case _:
                way = (*way, 0)
    return wishes.need(Sym(base.source, way))


def _call(call: Call, scene: Scene, wishes: Wishes) -> tuple[Value, Wishes]:
    values, wishes = _all(call.arguments, scene, wishes)
    row = FUNCTIONS.get(call.function)
    if row is None:
        raise Impossible(f"{call.function} is not known")
    kinds = [*row.arguments, *[row.rest or "any"] * len(values)]
    for value, kind in zip(values, kinds, strict=False):
        wishes = wishes.be(value, kind)
    if not row.deterministic:
        return Unknown(), wishes
    match call.function, values:
        case "States.ArrayGetItem", (App("States.StringSplit", (text, separator)), Const(int() as position)):
            wishes = wishes.divided(text, separator, position + 1)
    made = _function(call.function, values)
    return made, wishes.need(made)


def _function(name: str, values: tuple[Value, ...]) -> Value:
    match name, values:
        case "States.Array", _:
            return Lst(values)
        case "States.StringToJson", (Sym() as text,):
            return Sym(text.source, (*text.steps, AS_JSON))
        case "States.ArrayGetItem", (array, Const(int() as position)):
            return member(array, position)
        case "States.ArrayLength", (Lst() as array,):
            return Const(len(array.items))
        case "States.JsonMerge", (left, Obj(base=None) as right, _):
            return Obj(right.members, left)
        case _ if all(isinstance(value, Const) for value in values):
            return Const(concrete(App(name, values), lambda part: None))
        case _:
            return App(name, values)


def ways_to(expr: Expr, wanted: bool, scene: Scene, wishes: Wishes) -> Iterator[Wishes]:
    """Every way in which a condition can come out as wanted, the simplest first, in the order of evaluation."""
    match expr:
        case Logic(operator="and"):
            yield from _logic(expr.operands, True, wanted, scene, wishes)
        case Logic():
            yield from _logic(expr.operands, False, wanted, scene, wishes)
        case Negation():
            yield from ways_to(expr.operand, not wanted, scene, wishes)
        case Test(kind="IsPresent" | "Exists"):
            yield from _presence(expr, wanted, scene, wishes)
        case Test():
            yield from _tested(expr, expr.operand, Literal(None), wanted, scene, wishes)
        case Compare():
            yield from _tested(expr, expr.left, expr.right, wanted, scene, wishes)
        case _:
            return


def _logic(operands: tuple[Expr, ...], going: bool, wanted: bool, scene: Scene, wishes: Wishes) -> Iterator[Wishes]:
    """``going`` is the value with which evaluation goes on: true for And, false for Or."""
    if wanted is going:
        yield from _chain(operands, going, scene, wishes)
        return
    for number, operand in enumerate(operands):
        for so_far in _chain(operands[:number], going, scene, wishes):
            yield from ways_to(operand, wanted, scene, so_far)


def _chain(operands: tuple[Expr, ...], wanted: bool, scene: Scene, wishes: Wishes) -> Iterator[Wishes]:
    if not operands:
        yield wishes
        return
    for so_far in ways_to(operands[0], wanted, scene, wishes):
        yield from _chain(operands[1:], wanted, scene, so_far)


def _presence(test: Test, wanted: bool, scene: Scene, wishes: Wishes) -> Iterator[Wishes]:
    try:
        value = _root(test.operand, scene)
    except Impossible:
        if not wanted:
            yield wishes
        return
    match value:
        case Sym() if value.steps:
            yield wishes.need(value) if wanted else wishes.lack(value)
        case App(path=(_, *_)) if not wanted and (base := _listed(value)) is not None:
            yield wishes.without(base).long(base, 0)
        case _:
            if wanted:
                yield wishes.need(value)


def _listed(value: Value) -> Sym | None:
    """The list of which an indefinite path selects elements."""
    while isinstance(value, App) and value.path:
        value = value.arguments[0]
    return value if isinstance(value, Sym) else None


def _tested(
    test: Compare | Test, left: Expr, right: Expr, wanted: bool, scene: Scene, wishes: Wishes
) -> Iterator[Wishes]:
    try:
        one, wishes = value_of(left, scene, wishes)
        other, wishes = value_of(right, scene, wishes)
    except Impossible:
        return
    yield wishes.check(Check(test, one, other, wanted))
