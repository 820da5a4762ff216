"""Reads what JSONata states compute into expressions, and says what in it Airflow gives differently or not at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sfn2airflow.expressions.amounts import query_amount
from sfn2airflow.expressions.jsonata.compile import is_compiled
from sfn2airflow.rules.data import ContextValue, MapItemInside, SeededRandom
from sfn2airflow.rules.queries import EngineNeeded
from sfn_airflow_core.asl.model import (
    Amount,
    Catcher,
    CatchQuery,
    Choice,
    Fail,
    Given,
    Json,
    Machine,
    Map,
    Parallel,
    Placeholder,
    Pointer,
    Query,
    QueryFlow,
    QueryRule,
    State,
    Task,
    Wait,
)
from sfn_airflow_core.dag.model import Assign, Handler, Rule, Shaping
from sfn_airflow_core.expr.jsonata_model import Apply, Jsonata, Member, Name, Steps, Tree, parts
from sfn_airflow_core.expr.model import Array, Expr, Object
from sfn_airflow_core.expr.read_jsonata import read_jsonata, read_values
from sfn_airflow_core.findings import Finding

_LONGEST = 32  # characters of an expression in a finding: with it, the comment in the DAG file fits a line
_OTHER_IN_AIRFLOW = {
    ("Execution", "Id"),
    ("Execution", "Name"),
    ("Execution", "RoleArn"),
    ("StateMachine", "Id"),
    ("StateMachine", "Name"),
}


def uses_queries(machine: Machine) -> bool:
    """Whether a state of a machine, at any depth, is in JSONata."""
    return any(isinstance(state.flow, QueryFlow) for state in machine.walk())


def query_shaping(flow: QueryFlow) -> Shaping:
    """The expressions of Arguments, Output and Assign."""
    return Shaping(
        parameters=_values(flow.arguments),
        output=_values(flow.output),
        assign=query_assignments(flow.assign),
        query=True,
    )


def _values(given: Given | None) -> Expr | None:
    return None if given is None else read_values(given.value)


def query_assignments(assign: dict[str, Json] | None) -> Assign:
    """The variables of an Assign field with their expressions."""
    return tuple((key, read_values(part)) for key, part in (assign or {}).items())


def query_condition(condition: bool | Query | Placeholder) -> Expr:
    """The condition of a rule."""
    return query_amount(condition, "boolean")


def query_rule(rule: QueryRule, target: str) -> Rule:
    """A rule of a Choice; ``target`` is the task that gets the document."""
    return Rule(query_condition(rule.condition), target, query_assignments(rule.assign), _values(rule.output))


def query_handler(catcher: Catcher, target: str) -> Handler:
    """A catcher; ``target`` is the task that gets its document."""
    assert isinstance(catcher.flow, CatchQuery)
    assign, output = query_assignments(catcher.assign), _values(catcher.flow.output)
    return Handler(catcher.error_equals, target, assign=assign, output=output, query=True)


def map_amounts(state: Map) -> Iterator[Amount | None]:
    """The limits of a Map, which may be read from the document."""
    yield from (state.max_concurrency, state.tolerated_failure_count, state.tolerated_failure_percentage)
    if (reader := state.item_reader) is not None:
        yield reader.max_items
    if (batcher := state.item_batcher) is not None:
        yield from (batcher.max_items_per_batch, batcher.max_input_bytes_per_batch)


def map_templates(state: Map) -> Iterator[Given | None]:
    """What a distributed Map tells its reader, its batches and its writer."""
    yield None if state.item_reader is None else state.item_reader.arguments
    yield None if state.item_batcher is None else state.item_batcher.batch_input
    yield None if state.result_writer is None else state.result_writer.arguments


def query_items(state: Map) -> Expr:
    """The items of a Map: Items, otherwise the state's input; an array, or of a distributed Map an object, too."""
    found = read_values(state.items.value) if isinstance(state.items, Given) else read_jsonata("$states.input")
    either = state.mode == "DISTRIBUTED"
    return replace(found, wanted="array") if isinstance(found, Jsonata) and not either else found


def _fields(state: State) -> Iterator[Expr | None]:
    """The expressions of a state but those that read the Map's item."""
    assert isinstance(state.flow, QueryFlow)
    shaped = query_shaping(state.flow)
    yield from (shaped.parameters, shaped.output, *(expr for _, expr in shaped.assign))
    match state:
        case Choice():
            for rule in state.choices:
                if isinstance(rule, QueryRule):
                    made = query_rule(rule, "")
                    yield from (made.condition, made.output, *(expr for _, expr in made.assign))
        case Wait():
            yield from (query_amount(v) for v in (state.seconds, state.timestamp) if isinstance(v, Query))
        case Fail():
            yield from (query_amount(v) for v in (state.error, state.cause) if isinstance(v, Query))
        case Task():
            limits = (state.timeout_seconds, state.heartbeat_seconds)
            yield from (query_amount(v) for v in limits if isinstance(v, Query))
            yield None if state.credentials is None else read_values(state.credentials)
        case Map():
            yield query_items(state)
            yield from (query_amount(v) for v in map_amounts(state) if isinstance(v, Query))
            yield from (_values(given) for given in map_templates(state))
        case _:
            pass
    if isinstance(state, Task | Parallel | Map):
        for handler in (query_handler(catcher, "") for catcher in state.catch):
            yield from (handler.output, *(expr for _, expr in handler.assign))


def query_expressions(state: State) -> list[Jsonata]:
    """Every JSONata expression of a state, not of the states in it."""
    return [part for whole in _fields(state) for part in _queries(whole)]


def item_expressions(state: State) -> list[Jsonata]:
    """The expressions that are evaluated for each item of a Map."""
    return [*_queries(_values(state.item_selector))] if isinstance(state, Map) else []


def query_texts(state: State) -> Iterator[tuple[Pointer, Json]]:
    """The expressions of a state, and what its rules and catchers hand on: where open placeholders may stand."""
    yield from ((state.at, expr.text) for expr in (*query_expressions(state), *item_expressions(state)))
    if isinstance(state, Choice):
        yield from (
            (rule.at, _handed(rule.output, rule.assign)) for rule in state.choices if isinstance(rule, QueryRule)
        )
    if isinstance(state, Task | Parallel | Map):
        for catcher in state.catch:
            if isinstance(catcher.flow, CatchQuery):
                yield catcher.at, _handed(catcher.flow.output, catcher.assign)


def _handed(output: Given | None, assign: dict[str, Json] | None) -> Json:
    return [None if output is None else output.value, dict(assign or {})]


def _queries(expr: Expr | None) -> Iterator[Jsonata]:
    match expr:
        case Jsonata():
            yield expr
        case Object(entries):
            for _, part in entries:
                yield from _queries(part)
        case Array(elements):
            for part in elements:
                yield from _queries(part)
        case _:
            return


def query_differences(state: State, *, execution: bool) -> list[Finding]:
    """What the expressions of a state need that Airflow gives differently or not at all."""
    own, of_items = query_expressions(state), item_expressions(state)
    found = [*_differences(own, state.at, execution), *_differences(of_items, state.at, False)]
    return list(dict.fromkeys(found))


def _differences(exprs: Iterable[Jsonata], at: Pointer, execution: bool) -> Iterator[Finding]:
    for expr in exprs:
        if not is_compiled(expr):
            yield EngineNeeded(at=at, query=_short(expr.text))
        for tree in () if expr.tree is None else _walk(expr.tree):
            match tree:
                case Steps(Name("states"), (Member("context"), *rest)):
                    first, second = (*(step.name for step in rest[:2] if isinstance(step, Member)), "", "")[:2]
                    text = ".".join(filter(None, ("$states.context", first, second)))
                    if (first, second) in _OTHER_IN_AIRFLOW or not rest:
                        yield ContextValue(at=at, path=text)
                    elif first == "Map" and execution:
                        yield MapItemInside(at=at, path=text)
                case Apply("random", (_,)):
                    yield SeededRandom(at=at)


def _walk(tree: Tree) -> Iterator[Tree]:
    yield tree
    for part in parts(tree):
        yield from _walk(part)


def _short(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1].rstrip()}…"
