"""A state machine as JSON: the canonical text of a model.

The law is ``read(write(m)) == m``. Fields that have their default value are left out; keys stand in the order in which
AWS's documents write them, ``Type`` first, ``Next`` or ``End`` last; short lists of texts stand on one line. An open
``Placeholder`` is written bare.
"""

from __future__ import annotations

import json
from typing import assert_never

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Flowing,
    Given,
    Json,
    Machine,
    Map,
    Parallel,
    Pass,
    PathFlow,
    PathRef,
    Placeholder,
    QueryFlow,
    QueryLanguage,
    State,
    Succeed,
    Task,
    Wait,
)
from sfn_airflow_core.asl.write_parts import (
    Members,
    catcher,
    choice_rule,
    dynamic,
    flow_after,
    flow_before,
    given,
    item_batcher,
    item_reader,
    parts,
    result_writer,
    retrier,
    text,
)

LONGEST_LINE = 80


def write(machine: Machine) -> str:
    """The canonical text: JSON with an indent of two spaces and a line break at the end.

    Args:
        machine: the state machine; what it holds may be nested about as deep as ``jsonmap`` reads.
    """
    pieces: list[str] = []
    _render(to_value(machine), "\n", pieces)
    return "".join(pieces) + "\n"


def to_value(machine: Machine) -> dict[str, Json]:
    """The JSON value of a state machine; open placeholders are ``Placeholder`` values in it."""
    return _machine(machine, "JSONPath", {})


def _render(value: Json, line: str, out: list[str]) -> None:
    match value:
        case Placeholder(name):
            out.append(f"${{{name}}}")
        case dict() if value:
            out.append("{")
            for index, (key, inner) in enumerate(value.items()):
                out.append(f"{',' if index else ''}{line}  {json.dumps(key, ensure_ascii=False)}: ")
                _render(inner, line + "  ", out)
            out.append(line + "}")
        case list() if value and all(isinstance(inner, str) for inner in value) and len(str(value)) <= LONGEST_LINE:
            out.append(json.dumps(value, ensure_ascii=False))
        case list() if value:
            out.append("[")
            for index, inner in enumerate(value):
                out.append(f"{',' if index else ''}{line}  ")
                _render(inner, line + "  ", out)
            out.append(line + "]")
        case _:
            out.append(json.dumps(value, ensure_ascii=False))


def _machine(machine: Machine, around: QueryLanguage, before: Members) -> Members:
    members: Members = {}
    text(members, "Comment", machine.comment)
    text(members, "Version", machine.version)
    text(members, "QueryLanguage", machine.query_language)
    if machine.timeout_seconds is not None:
        members["TimeoutSeconds"] = machine.timeout_seconds
    members.update(before)
    members["StartAt"] = machine.start_at
    language = machine.query_language or around
    members["States"] = {name: _state(state, language) for name, state in machine.states.items()}
    return members


def _state(state: State, around: QueryLanguage) -> Members:
    members: Members = {"Type": type(state).__name__}
    text(members, "Comment", state.comment)
    if state.query_language != around:
        members["QueryLanguage"] = state.query_language
    _work(members, state, around)
    if isinstance(state.flow, PathFlow):
        flow_after(members, state.flow)
    if isinstance(state, Task | Parallel | Map):
        parts(members, "Retry", state.retry, retrier)
        parts(members, "Catch", state.catch, catcher)
    if isinstance(state.flow, QueryFlow):
        flow_after(members, state.flow)
    if isinstance(state, Choice):
        text(members, "Default", state.default)
    if isinstance(state, Flowing):
        if state.next is None:
            members["End"] = True
        else:
            members["Next"] = state.next
    return members


def _work(members: Members, state: State, around: QueryLanguage) -> None:
    """What is particular to a type, between the data flow before and after it."""
    if isinstance(state, Task):
        members["Resource"] = state.resource
    flow_before(members, state.flow)
    match state:
        case Task():
            dynamic(members, "TimeoutSeconds", state.timeout_seconds)
            dynamic(members, "HeartbeatSeconds", state.heartbeat_seconds)
            if state.credentials is not None:
                members["Credentials"] = state.credentials
        case Pass():
            given(members, "Result", state.result)
        case Choice():
            members["Choices"] = [choice_rule(rule) for rule in state.choices]
        case Wait():
            dynamic(members, "Seconds", state.seconds)
            dynamic(members, "Timestamp", state.timestamp)
        case Parallel():
            members["Branches"] = [_machine(branch, around, {}) for branch in state.branches]
        case Map():
            _map(members, state, around)
        case Fail():
            dynamic(members, "Error", state.error)
            dynamic(members, "Cause", state.cause)
        case Succeed():
            pass
        case _:
            assert_never(state)


def _map(members: Members, state: Map, around: QueryLanguage) -> None:
    jsonata = state.query_language == "JSONata"
    match state.items:
        case PathRef(path):
            members["ItemsPath"] = path
        case Given(value):
            members["Items"] = value
    if state.item_reader is not None:
        members["ItemReader"] = item_reader(state.item_reader, jsonata)
    given(members, "ItemSelector", state.item_selector)
    if state.item_batcher is not None:
        members["ItemBatcher"] = item_batcher(state.item_batcher)
    dynamic(members, "MaxConcurrency", state.max_concurrency)
    dynamic(members, "ToleratedFailureCount", state.tolerated_failure_count)
    dynamic(members, "ToleratedFailurePercentage", state.tolerated_failure_percentage)
    text(members, "Label", state.label)
    members["ItemProcessor"] = _machine(state.processor, around, _config(state))
    if state.result_writer is not None:
        members["ResultWriter"] = result_writer(state.result_writer, jsonata)


def _config(state: Map) -> Members:
    """``ProcessorConfig``, unless it would say what holds anyway."""
    if state.mode == "INLINE" and state.execution_type is None:
        return {}
    config: Members = {"Mode": state.mode}
    text(config, "ExecutionType", state.execution_type)
    return {"ProcessorConfig": config}
