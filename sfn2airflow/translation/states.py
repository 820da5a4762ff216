"""Translates single states: each becomes one task or one task group, or a task that fails when run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias, assert_never

from sfn2airflow.expressions.amounts import query_amount
from sfn2airflow.rules.data import ErrorNeverRaised, HeartbeatWithoutWorker, MapItemMember
from sfn2airflow.rules.document import OpenNumber
from sfn2airflow.rules.states import (
    ConcurrencyNotFixed,
    ConcurrencyPerTask,
    MapLength,
    SiblingsRunOn,
)
from sfn2airflow.translation.children import needs_child, translate_child
from sfn2airflow.translation.distributed import translate_distributed
from sfn2airflow.translation.flows import Ids, Place, translate_machine
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.translation.queries import (
    map_amounts,
    map_templates,
    query_differences,
    query_items,
    query_rule,
    query_shaping,
    query_texts,
)
from sfn2airflow.translation.shaping import assignments, differences, expressions, reads_item, shaping, template, value
from sfn2airflow.translation.tasks import CommonFields, common_fields, translate_task
from sfn2airflow.translation.unsaid import is_answered
from sfn_airflow_core.asl.model import (
    Amount,
    And,
    Catcher,
    Choice,
    Comparison,
    Condition,
    Fail,
    Given,
    Json,
    Machine,
    Map,
    Not,
    Or,
    Parallel,
    Pass,
    PathFlow,
    PathRef,
    PathRule,
    Placeholder,
    Pointer,
    Query,
    QueryFlow,
    Retrier,
    State,
    Succeed,
    Task,
    Wait,
    nested,
)
from sfn_airflow_core.dag.model import (
    AnyNode,
    CallbackTask,
    ChildTask,
    ChoiceTask,
    FailWork,
    FunctionWork,
    MapGroup,
    ParallelGroup,
    PassWork,
    Rule,
    Shaping,
    StateTask,
    Stub,
    WaitTask,
)
from sfn_airflow_core.expr.jsonata_model import Kind
from sfn_airflow_core.expr.model import Expr, Literal, Path, Root
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_jsonata import read_values
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.expr.read_template import read_template
from sfn_airflow_core.findings import Fidelity, Finding
from sfn_airflow_core.text import join

_ITEM_MEMBER = re.compile(r"\$(\$|states\.context)\.Map\.Item\.(Key|Source)\b")

Group: TypeAlias = "Parallel | Map"


def translate_state(state: State, ids: Ids, ledger: Ledger, place: Place) -> AnyNode:
    """A state as a task or group; findings go to the ledger, and the worst becomes the state's disposition."""
    before = len(ledger.findings)
    ledger.dispositions[state.at] = Fidelity.EXACT
    if blocked := _blocked(state, place):
        ledger.note(*blocked)
        node: AnyNode = stub(state, ids, blocked[-1], place)
        _inner_unsupported(state, ledger)
    elif isinstance(state, Parallel | Map) and (reason := needs_child(state, place)):
        node = translate_child(state, reason, ids, ledger, place)
    else:
        node = _translate(state, ids, ledger, place)
        _note_placeholders(state, node, ledger)
    own = [f for f in ledger.findings[before:] if f.at == state.at or _directly(f.at, state)]
    if own:
        ledger.dispositions[state.at] = max(finding.fidelity for finding in own)
    shown = [] if isinstance(node, ChildTask) else own  # a child DAG shows the findings of its state itself
    notes = tuple(f"{f.code}: {f.message()}" for f in shown if f.fidelity > Fidelity.NOTE)
    fields = () if isinstance(node, ChildTask) else node.fields
    return replace(node, notes=tuple(dict.fromkeys(notes)), fields=fields)


def _directly(at: str, state: State) -> bool:
    """Whether a finding lies in the state itself and not in a state inside it."""
    return at.startswith(f"{state.at}/") and not any(
        at.startswith(f"{machine.at}/States/") for machine in nested(state)
    )


def stub(state: State, ids: Ids, finding: Finding, place: Place) -> StateTask:
    """The task in the place of a state that cannot be expressed: it fails when run, and nothing catches that."""
    reason = finding.message().removesuffix("; the task fails when run")
    return StateTask(**common_fields(state, ids, place), work=Stub(finding.code, reason))


def _inner_unsupported(state: State, ledger: Ledger) -> None:
    for machine in nested(state):
        for inner in machine.walk():
            ledger.dispositions[inner.at] = Fidelity.UNSUPPORTED


def _blocked(state: State, place: Place) -> list[Finding]:
    """Why a state as a whole is not translated."""
    found: list[Finding] = []
    found += [f for f in _own_differences(state, place) if f.fidelity is Fidelity.UNSUPPORTED]
    return found


def _own_differences(state: State, place: Place) -> list[Finding]:
    """What the expressions of a state need that Airflow gives differently or not at all."""
    if isinstance(state.flow, QueryFlow):
        return query_differences(state, execution=place.execution)
    exprs: list[Expr] = list(expressions(shaping(_flow(state))))
    at = state.at
    items: list[Expr] = []
    match state:
        case Choice():
            exprs += [read_condition(r.condition) for r in state.choices if isinstance(r, PathRule)]
            exprs += [expr for rule in state.choices for _, expr in assignments(rule.assign)]
        case Wait():
            exprs += [value(v) for v in (state.seconds, state.timestamp) if isinstance(v, PathRef)]
        case Fail():
            exprs += [value(v) for v in (state.error, state.cause) if isinstance(v, PathRef)]
        case Task():
            exprs += [value(v) for v in (state.timeout_seconds, state.heartbeat_seconds) if isinstance(v, PathRef)]
            exprs += [] if state.credentials is None else [read_template(state.credentials)]
        case Map():
            exprs += [read_path(state.items.path)] if isinstance(state.items, PathRef) else []
            exprs += [value(v) for v in map_amounts(state) if isinstance(v, PathRef)]
            exprs += [expr for given in map_templates(state) if (expr := template(given)) is not None]
            items = [selector] if (selector := template(state.item_selector)) else []
    found = [*differences(exprs, at, execution=place.execution), *differences(items, at, execution=False)]
    return list(dict.fromkeys(found))


def _flow(state: State) -> PathFlow:
    assert isinstance(state.flow, PathFlow)
    return state.flow


def _translate(state: State, ids: Ids, ledger: Ledger, place: Place) -> AnyNode:
    ledger.note(*_own_differences(state, place))
    common = common_fields(state, ids, place)
    flow = query_shaping(state.flow) if isinstance(state.flow, QueryFlow) else shaping(state.flow)
    match state:
        case Task():
            _note_heartbeat(state, ledger)
            _note_errors(state, ledger)
            return translate_task(state, flow, ids, ledger, place)
        case Pass():
            result = Literal(state.result.value) if state.result else None
            return StateTask(**common, work=PassWork(result), shaping=flow)
        case Succeed():
            return StateTask(**common, work=PassWork(), shaping=flow)
        case Fail():
            error, cause = (None if v is None else _read(v, "string") for v in (state.error, state.cause))
            return StateTask(**common, work=FailWork(error, cause), shaping=flow)
        case Wait():
            seconds = None if state.seconds is None else _read(state.seconds, "number")
            timestamp = None if state.timestamp is None else _read(state.timestamp, "string")
            return WaitTask(**common, seconds=seconds, timestamp=timestamp, shaping=flow)
        case Choice():
            return _choice(state, flow, ids, common)
        case Parallel():
            return _parallel(state, flow, ids, ledger, place, common)
        case Map(mode="DISTRIBUTED"):
            _note_errors(state, ledger)
            return translate_distributed(state, flow, ids, ledger, place)
        case Map():
            return _map(state, flow, ids, ledger, place, common)
        case _:
            assert_never(state)


def _read(amount: Amount | str, wanted: Kind) -> Expr:
    """A fixed value, or one that is read from the document; from an expression, only a ``wanted`` one."""
    return query_amount(amount, wanted) if isinstance(amount, Query) else value(amount)


def _note_placeholders(state: State, node: AnyNode, ledger: Ledger) -> None:
    """Records the open placeholders that the task needs; a Resource only where it is the ARN of a function."""
    work = node.work if isinstance(node, StateTask) else None
    if isinstance(work, Stub):
        return
    if isinstance(work, FunctionWork):
        ledger.placeholders(
            work.function.value if isinstance(work.function, Literal) else None, join(state.at, "Resource")
        )
    if isinstance(node, CallbackTask) and isinstance(node.activity, Literal):
        ledger.placeholders(node.activity.value, join(state.at, "Resource"))
    for at, written in _written(state):
        ledger.placeholders(written, at)


def _written(state: State) -> Iterator[tuple[Pointer, Json]]:
    """The values of a state in which placeholders may stand, with their places; nested machines see to themselves."""
    flow = state.flow
    fields: dict[str, object] = {"Assign": flow.assign}
    if isinstance(flow, QueryFlow):
        fields |= {"Arguments": flow.arguments and flow.arguments.value, "Output": flow.output and flow.output.value}
        yield from query_texts(state)
    else:
        fields["Parameters"] = flow.parameters and flow.parameters.value
        fields["ResultSelector"] = flow.result_selector and flow.result_selector.value
    match state:
        case Task():
            fields |= {"TimeoutSeconds": state.timeout_seconds, "Credentials": state.credentials}
            if isinstance(state.heartbeat_seconds, Placeholder) and is_answered(state):
                fields["HeartbeatSeconds"] = state.heartbeat_seconds
            for place, retrier in enumerate(state.retry):
                yield join(state.at, "Retry", place), [retrier.interval_seconds, retrier.max_attempts]
                yield join(state.at, "Retry", place), [retrier.backoff_rate, retrier.max_delay_seconds]
        case Pass():
            fields["Result"] = state.result and state.result.value
        case Wait():
            fields |= {"Seconds": state.seconds, "Timestamp": state.timestamp}
        case Fail():
            fields |= {"Error": state.error, "Cause": state.cause}
        case Map():
            fields["ItemSelector"] = state.item_selector and state.item_selector.value
        case Choice():
            for rule in state.choices:
                yield from _operands(rule.condition) if isinstance(rule, PathRule) else ()
        case _:
            pass
    yield from ((join(state.at, key), v) for key, v in fields.items() if not isinstance(v, PathRef | Query | None))  # type: ignore[misc]


def _operands(condition: Condition) -> Iterator[tuple[Pointer, Json]]:
    """The literals that a rule compares with."""
    match condition:
        case Comparison(operand=Given(operand)):
            yield join(condition.at, condition.operator), operand
        case And() | Or():
            for rule in condition.rules:
                yield from _operands(rule)
        case Not():
            yield from _operands(condition.rule)
        case _:
            return


def _note_heartbeat(state: Task, ledger: Ledger) -> None:
    if state.heartbeat_seconds is not None and not is_answered(state):
        ledger.note(HeartbeatWithoutWorker(at=join(state.at, "HeartbeatSeconds")))


def _note_errors(state: Task | Group, ledger: Ledger) -> None:
    holders: tuple[Retrier | Catcher, ...] = (*state.retry, *state.catch)
    for holder in holders:
        if "States.DataLimitExceeded" in holder.error_equals:
            ledger.note(ErrorNeverRaised(at=holder.at, error="States.DataLimitExceeded"))


def _choice(state: Choice, flow: Shaping, ids: Ids, common: CommonFields) -> ChoiceTask:
    rules = tuple(
        Rule(read_condition(rule.condition), ids.to(state.name, rule.next), assignments(rule.assign))
        if isinstance(rule, PathRule)
        else query_rule(rule, ids.to(state.name, rule.next))
        for rule in state.choices
    )
    default = None if state.default is None else ids.to(state.name, state.default)
    return ChoiceTask(**common, rules=rules, default=default, shaping=flow)


def _parallel(
    state: Parallel, flow: Shaping, ids: Ids, ledger: Ledger, place: Place, common: CommonFields
) -> ParallelGroup:
    _note_errors(state, ledger)
    if len(state.branches) > 1 and _works(state):
        ledger.note(SiblingsRunOn(at=state.at, what="branch"))
    shaped = flow.input_path is not None or flow.parameters is not None
    inside = replace(place, parent=ids.tasks[state.name], given=place.given and not shaped)
    branches = tuple(translate_machine(branch, ledger, inside) for branch in state.branches)
    return ParallelGroup(**common, branches=branches, shaping=flow)


def _map(state: Map, flow: Shaping, ids: Ids, ledger: Ledger, place: Place, common: CommonFields) -> MapGroup:
    _note_errors(state, ledger)
    ledger.note(MapLength(at=state.at))
    if state.item_selector is not None and (found := _ITEM_MEMBER.search(repr(state.item_selector.value))):
        ledger.note(MapItemMember(at=join(state.at, "ItemSelector"), path=found[0]))
    if _works(state):
        ledger.note(SiblingsRunOn(at=state.at, what="item"))
    items: Expr = read_path(state.items.path) if isinstance(state.items, PathRef) else Path(Root(), text="$")
    selector = template(state.item_selector)
    if flow.query:
        items = query_items(state)
        selector = None if state.item_selector is None else read_values(state.item_selector.value)
    limit: int | PathRef | Query | None = None
    match state.max_concurrency:
        case Placeholder(name):
            ledger.note(OpenNumber(at=join(state.at, "MaxConcurrency"), field="MaxConcurrency", name=name))
        case PathRef() as path:
            limit = path
            ledger.note(ConcurrencyNotFixed(at=join(state.at, "MaxConcurrencyPath")))
        case Query() as query:
            limit = query
            ledger.note(ConcurrencyNotFixed(at=join(state.at, "MaxConcurrency")))
        case int(number) if number > 0:
            limit = number
            if len(list(state.processor.walk())) > 1:
                ledger.note(ConcurrencyPerTask(at=join(state.at, "MaxConcurrency"), limit=number))
        case _:
            pass
    processor = translate_machine(state.processor, ledger, Place(ids.tasks[state.name], given=True, mapped=True))
    keeps = selector is not None and reads_item(state.processor)
    return MapGroup(
        **common, processor=processor, items=items, selector=selector, keeps=keeps, limit=limit, shaping=flow
    )


def _works(state: Group) -> bool:
    """Whether something outside the workflow can notice that siblings run on: calls, or waiting."""
    return any(isinstance(inner, Task | Wait) for machine in nested(state) for inner in Machine.walk(machine))
