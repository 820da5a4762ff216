"""The data flow of JSONata states, over values that are not known yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sfn_airflow_core.asl.model import Choice, Given, Query, QueryFlow, QueryRule
from sfn_airflow_core.expr.read_jsonata import read_jsonata, read_values
from sfn_airflow_core.verify.queries import Names, met
from sfn_airflow_core.verify.query_elements import elements
from sfn_airflow_core.verify.symbolic import Scene, value_of
from sfn_airflow_core.verify.symbols import Asked, Const, Obj, Unknown, Value
from sfn_airflow_core.verify.track import Track
from sfn_airflow_core.verify.wishes import Wishes

if TYPE_CHECKING:
    from sfn_airflow_core.verify.routes import Outcome
    from sfn_airflow_core.verify.stay import Stay

Json = Any


def names_of(stay: Stay, item: Value | None = None, **more: Value) -> dict[str, Value]:
    """What ``$name`` stands for in a state: ``$states`` and the variables."""
    found = item or stay.at.item
    context: dict[str, Value] = {
        "Execution": Obj({"Input": stay.at.root}, Unknown()),
        "State": Obj({"Name": Const(stay.state.name)}, Unknown()),
    }
    if found is not None:
        context["Map"] = Obj({"Item": found})
    return {**stay.variables, "states": Obj({"input": stay.raw, "context": Obj(context, Unknown()), **more})}


def filled(stay: Stay, value: Json, track: Track, item: Value | None = None, **more: Value) -> tuple[Value, Track]:
    """A JSON value with its expressions."""
    scene = Scene(stay.raw, names=names_of(stay, item, **more))
    made, wishes = value_of(read_values(value), scene, track.wishes)
    return made, track.wish(wishes)


def arguments(stay: Stay, track: Track) -> tuple[Value, Track]:
    """The Arguments; the state's input where there are none."""
    flow = stay.state.flow
    assert isinstance(flow, QueryFlow)
    return (stay.raw, track) if flow.arguments is None else filled(stay, flow.arguments.value, track)


def output(stay: Stay, given: Given | None, default: Value, track: Track, **more: Value) -> tuple[Value, Track]:
    """What an Output makes."""
    return (default, track) if given is None else filled(stay, given.value, track, **more)


def assigned(stay: Stay, assign: Json, track: Track, **more: Value) -> tuple[Mapping[str, Value], Track]:
    """The variables after an Assign."""
    if not assign:
        return stay.variables, track
    made, track = filled(stay, assign, track, **more)
    members = made.members if isinstance(made, Obj) else {}
    if isinstance(made, Const) and isinstance(made.value, dict):
        members = {name: Const(value) for name, value in made.value.items()}
    return {**stay.variables, **members}, track


def computed(stay: Stay, query: Query, kind: str, track: Track) -> Track:
    """A field of a state that is computed must be of a kind."""
    value, track = filled(stay, f"{{%{query.text}%}}", track)
    return track.wish(track.wishes.be(value, kind))


def chosen(stay: Stay, state: Choice, outcome: Outcome) -> Iterator[Track]:
    """The ways in which the rules before the wanted one do not hold, and that one does."""
    last = outcome.number if outcome.kind == "rule" else len(state.choices)
    rules = [rule for rule in state.choices[: last + 1] if isinstance(rule, QueryRule)]
    names = Names(names_of(stay))

    def chain(number: int, track: Track) -> Iterator[Track]:
        if number == len(rules):
            yield track
            return
        wanted, condition = number == last, rules[number].condition
        if isinstance(condition, Query):
            for wishes in met(read_jsonata(condition.text), wanted, names, track.wishes):
                yield from chain(number + 1, track.wish(wishes))
        elif condition is wanted:
            yield from chain(number + 1, track)

    yield from chain(0, stay.track)


def elements_of(asked: Asked, count: int, wishes: Wishes) -> tuple[list[Value] | None, Wishes]:
    """So many elements of a computed list; ``None`` where they cannot be chosen. Raises Impossible."""
    tree = read_jsonata(asked.text).tree
    focus = asked.names.get("")
    names = Names({name: value for name, value in asked.names.items() if name}, focus)
    return (None, wishes) if tree is None else elements(tree, count, names, wishes)


def items_of(stay: Stay, given: Given | None, track: Track) -> tuple[Value, Track]:
    """The Items of a Map."""
    return (stay.raw, track) if given is None else filled(stay, given.value, track)
