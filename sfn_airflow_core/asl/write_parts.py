"""The parts of states as JSON: data flow, retries, choice rules, and what a distributed Map has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar, assert_never

from sfn_airflow_core.asl.model import (
    And,
    Catcher,
    CatchPath,
    CatchQuery,
    Comparison,
    Condition,
    Flow,
    Given,
    ItemBatcher,
    ItemReader,
    Json,
    Not,
    Or,
    PathFlow,
    PathRef,
    PathRule,
    Placeholder,
    Query,
    QueryFlow,
    QueryRule,
    ResultWriter,
    Retrier,
)

Members: TypeAlias = "dict[str, Json]"
_Part = TypeVar("_Part")


def text(members: Members, name: str, value: str | None) -> None:
    """Add a member, unless there is no value."""
    if value is not None:
        members[name] = value


def given(members: Members, name: str, value: Given | None) -> None:
    """Add a member that may be null."""
    if value is not None:
        members[name] = value.value


def marked(query: Query) -> str:
    """A JSONata expression between its marks."""
    return f"{{%{query.text}%}}"


def dynamic(members: Members, name: str, value: str | int | float | PathRef | Query | Placeholder | None) -> None:
    """Add a value that may come from a path (under ``…Path``) or a query."""
    match value:
        case None:
            pass
        case PathRef(path):
            members[f"{name}Path"] = path
        case Query():
            members[name] = marked(value)
        case _:
            members[name] = value


def parts(members: Members, name: str, values: tuple[_Part, ...], to_value: Callable[[_Part], Members]) -> None:
    """Add an array, unless it is empty."""
    if values:
        members[name] = [to_value(value) for value in values]


def flow_before(members: Members, flow: Flow) -> None:
    """What shapes the input: ``InputPath`` and ``Parameters``, or ``Arguments``."""
    match flow:
        case PathFlow():
            if flow.input_path != "$":
                members["InputPath"] = flow.input_path
            given(members, "Parameters", flow.parameters)
        case QueryFlow():
            given(members, "Arguments", flow.arguments)
        case _:
            assert_never(flow)


def flow_after(members: Members, flow: Flow) -> None:
    """What shapes the result: ``ResultSelector``, ``ResultPath`` and ``OutputPath``, or ``Output``; and ``Assign``."""
    match flow:
        case PathFlow():
            given(members, "ResultSelector", flow.result_selector)
            if flow.result_path != "$":
                members["ResultPath"] = flow.result_path
            if flow.output_path != "$":
                members["OutputPath"] = flow.output_path
            if flow.assign is not None:
                members["Assign"] = flow.assign
        case QueryFlow():
            if flow.assign is not None:
                members["Assign"] = flow.assign
            given(members, "Output", flow.output)
        case _:
            assert_never(flow)


def retrier(entry: Retrier) -> Members:
    """An entry of ``Retry``."""
    members: Members = {"ErrorEquals": list(entry.error_equals)}
    text(members, "Comment", entry.comment)
    if entry.interval_seconds != 1:
        members["IntervalSeconds"] = entry.interval_seconds
    if entry.max_attempts != 3:
        members["MaxAttempts"] = entry.max_attempts
    if entry.backoff_rate != 2:
        members["BackoffRate"] = entry.backoff_rate
    dynamic(members, "MaxDelaySeconds", entry.max_delay_seconds)
    if entry.jitter_strategy != "NONE":
        members["JitterStrategy"] = entry.jitter_strategy
    return members


def catcher(entry: Catcher) -> Members:
    """An entry of ``Catch``."""
    members: Members = {"ErrorEquals": list(entry.error_equals)}
    text(members, "Comment", entry.comment)
    match entry.flow:
        case CatchPath(path):
            if path != "$":
                members["ResultPath"] = path
            if entry.assign is not None:
                members["Assign"] = entry.assign
        case CatchQuery(output):
            if entry.assign is not None:
                members["Assign"] = entry.assign
            given(members, "Output", output)
        case _:
            assert_never(entry.flow)
    members["Next"] = entry.next
    return members


def choice_rule(rule: PathRule | QueryRule) -> Members:
    """An entry of ``Choices``."""
    members: Members = {}
    text(members, "Comment", rule.comment)
    match rule:
        case PathRule():
            members.update(condition(rule.condition))
        case QueryRule():
            members["Condition"] = marked(rule.condition) if isinstance(rule.condition, Query) else rule.condition
        case _:
            assert_never(rule)
    if rule.assign is not None:
        members["Assign"] = rule.assign
    if isinstance(rule, QueryRule):
        given(members, "Output", rule.output)
    members["Next"] = rule.next
    return members


def condition(rule: Condition) -> Members:
    """A data test, or a combination of tests."""
    match rule:
        case Comparison(variable, operator, PathRef(path)):
            return {"Variable": variable, f"{operator}Path": path}
        case Comparison(variable, operator, Given(value)):
            return {"Variable": variable, operator: value}
        case And(rules):
            return {"And": [condition(inner) for inner in rules]}
        case Or(rules):
            return {"Or": [condition(inner) for inner in rules]}
        case Not(inner):
            return {"Not": condition(inner)}
        case Comparison():
            raise TypeError(f"an operand is a Given or a PathRef, not {rule.operand!r}")
        case _:
            assert_never(rule)


def _arguments(members: Members, arguments: Given | None, jsonata: bool) -> None:
    given(members, "Arguments" if jsonata else "Parameters", arguments)


def item_reader(reader: ItemReader, jsonata: bool) -> Members:
    """``ItemReader``."""
    members: Members = {"Resource": reader.resource}
    config: Members = {}
    text(config, "InputType", reader.input_type)
    text(config, "ManifestType", reader.manifest_type)
    text(config, "Transformation", reader.transformation)
    text(config, "CSVHeaderLocation", reader.csv_header_location)
    if reader.csv_headers:
        config["CSVHeaders"] = list(reader.csv_headers)
    text(config, "CSVDelimiter", reader.csv_delimiter)
    text(config, "ItemsPointer", reader.items_pointer)
    dynamic(config, "MaxItems", reader.max_items)
    if config:
        members["ReaderConfig"] = config
    _arguments(members, reader.arguments, jsonata)
    return members


def item_batcher(batcher: ItemBatcher) -> Members:
    """``ItemBatcher``."""
    members: Members = {}
    dynamic(members, "MaxItemsPerBatch", batcher.max_items_per_batch)
    dynamic(members, "MaxInputBytesPerBatch", batcher.max_input_bytes_per_batch)
    given(members, "BatchInput", batcher.batch_input)
    return members


def result_writer(writer: ResultWriter, jsonata: bool) -> Members:
    """``ResultWriter``."""
    members: Members = {}
    config: Members = {}
    text(config, "OutputType", writer.output_type)
    text(config, "Transformation", writer.transformation)
    text(members, "Resource", writer.resource)
    if config:
        members["WriterConfig"] = config
    _arguments(members, writer.arguments, jsonata)
    return members
