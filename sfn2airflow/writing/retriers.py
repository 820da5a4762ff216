"""Writes retriers: one that several states share is a constant of the file, ``LAMBDA_RETRY``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from sfn2airflow.phrases import call, name, string
from sfn2airflow.statements import assign
from sfn2airflow.writing.sheet import Sheet
from sfn_airflow_core.asl.model import Placeholder, Retrier
from sfn_airflow_core.dag.model import (
    AnyNode,
    ChildTask,
    DistributedMap,
    Flow,
    LoopTask,
    MapGroup,
    ParallelGroup,
    PollTask,
)
from sfn_airflow_core.dag.names import screaming
from sfn_airflow_core.expr.model import Literal

_SHORT = 60
_EMPTY = cst.Module(body=())


def share_retriers(flow: Flow, sheet: Sheet) -> list[cst.SimpleStatementLine]:
    """Constants for the retriers that stand in several places and are longer than a name; noted on the sheet."""
    statements = []
    for retrier, count in Counter(map(_plain, _retriers(flow))).items():
        made = _call(retrier, sheet)
        if count > 1 and len(_EMPTY.code_for_node(made)) > _SHORT:
            constant = sheet.names.take(_wanted(retrier))
            sheet.retriers[retrier] = constant
            statements.append(assign(constant, made))
    return statements


def write_retrier(retrier: Retrier, sheet: Sheet) -> cst.BaseExpression:
    """``Retrier("Busy", attempts=1)``, or the constant that stands for it."""
    plain = _plain(retrier)
    return name(sheet.retriers[plain]) if plain in sheet.retriers else _call(plain, sheet)


def _plain(retrier: Retrier) -> Retrier:
    return replace(retrier, comment=None)


def _retriers(flow: Flow) -> Iterator[Retrier]:
    """The retriers of all states of a flow, and of those inside them."""
    for node in flow.nodes:
        yield from node.retry
        match node:
            case PollTask():
                yield from node.call.retry
        for inner in _inside(node):
            yield from _retriers(inner)


def _inside(node: AnyNode) -> tuple[Flow, ...]:
    match node:
        case ParallelGroup():
            return node.branches
        case MapGroup():
            return (node.processor,)
        case ChildTask() | LoopTask() | DistributedMap():
            return (node.child.flow,)
        case _:
            return ()


def _wanted(retrier: Retrier) -> str:
    """``LAMBDA_RETRY`` where all errors are those of one service."""
    services = {error.partition(".")[0] for error in retrier.error_equals if "." in error}
    alone = len(services) == 1 and all("." in error for error in retrier.error_equals)
    service = next(iter(services)) if alone else ""
    return "RETRY" if service in ("", "States") else screaming(f"{service} retry")


def _call(retrier: Retrier, sheet: Sheet) -> cst.BaseExpression:
    given = {
        "interval": (retrier.interval_seconds, 1),
        "attempts": (retrier.max_attempts, 3),
        "backoff": (retrier.backoff_rate, 2.0),
        "max_delay": (retrier.max_delay_seconds, None),
    }
    keywords = {key: _number(value, sheet) for key, (value, default) in given.items() if value != default}
    if retrier.jitter_strategy == "FULL":
        keywords["jitter"] = name("True")
    return call(sheet.use("Retrier"), *(string(error) for error in retrier.error_equals), **keywords)


def _number(value: int | float | Placeholder | None, sheet: Sheet) -> cst.BaseExpression:
    """A number of a retrier; an open one is read when the error happens, so the constant itself is handed over."""
    return name(sheet.constants[value.name]) if isinstance(value, Placeholder) else sheet.code(Literal(value))
