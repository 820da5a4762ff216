"""What the text of a DAG says about values that make a difference: constants, Variables, params, dates."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from textwrap import dedent
from typing import Any, Final

from airflow2sfn.emission.values import RETURNED
from airflow2sfn.packaging.package import Function
from airflow2sfn.source import Dag, Expansion, PythonCallable, Task, Template, Value, XCom, walk

Json = Any
_MOST_CONSTANTS: Final = 12
_VALUES: Final[Mapping[str, Json]] = {"int": 1, "float": 1.5, "bool": True, "str": "text", "list": ["a", "b"]}
_PULL: Final = r"xcom_pull\(([^()]*)\)"
_PULLED: Final = r"xcom_pull\(\s*(?:task_ids\s*=\s*)?['\"]([^'\"]+)"


def variables(dag: Dag) -> dict[str, Json]:
    """Values for the Variables of Airflow that a file asks for by name."""
    text = dag.module.text
    names = re.findall(r"\bvar\.(?:value|json)\.(?:get\(\s*['\"])?(\w+)|\bVariable\.get\(\s*['\"]([^'\"]+)", text)
    parsed = "var.json" in text or "deserialize_json" in text
    return {name: "{}" if parsed else f"value-of-{name}" for pair in names for name in pair if name}


def annotated(function: PythonCallable | None) -> Json:
    """A value of the type that a function says it returns; an object where it does not say."""
    returns = function.returns.partition("[")[0] if function is not None else ""
    return copy.deepcopy(_VALUES.get(returns, {}))


def answered(value: Json, made: Function | None) -> Json:
    """What a function answers that returns a value: XComs that it pushes stand beside it."""
    pushes = () if made is None else made.asked.pushes
    return {RETURNED: value, **dict.fromkeys(pushes, "text")} if pushes else value


def constants(task: Task) -> list[Json]:
    """Texts and numbers in a function, and numbers beside them: what may make a difference to what it decides."""
    if task.callable is None:
        return []
    try:
        tree = ast.parse(dedent(_text(task.callable)))
    except (SyntaxError, ValueError, RecursionError):  # a lambda inside of a call
        return []
    found: list[Json] = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=bool() | str() | int() | float() as value):
                found += around(value)
    return list(dict.fromkeys(found))[:_MOST_CONSTANTS]


def _text(function: PythonCallable) -> str:
    return "\n".join(function.module.text.splitlines()[function.span.line - 1 : function.span.end_line])


def around(value: Json) -> list[Json]:
    """A value and those beside it."""
    match value:
        case bool():
            return [True, False]
        case int() | float():
            return [round(value - 1, 9), value, round(value + 1, 9)]
        case _:
            return [value]


def read_by(task: Task) -> list[str]:
    """The tasks whose XComs are arguments of a function, or are pulled in it or in a template."""
    found: list[str] = re.findall(_PULLED, _text(task.callable)) if task.callable is not None else []
    for value in (*task.op_args, *task.op_kwargs.values()):
        match value:
            case XCom(name):
                found.append(name)
            case Template(text):
                found += re.findall(_PULLED, text)
    return list(dict.fromkeys(found))


def instead(returned: Json, value: Json) -> Iterator[Json]:
    """What a function may return instead: the value, or its dictionary with the value as one of the members.

    >>> list(instead({"n": 3, "name": "x"}, 7)), list(instead([], 7))
    ([{'n': 7, 'name': 'x'}], [7])
    """
    if not isinstance(returned, dict) or not returned:
        yield value
        return
    for name, member in returned.items():
        if member is None or isinstance(member, str) == isinstance(value, str):
            yield {**returned, name: value}


def pulled_keys(dag: Dag, task: str) -> list[str]:
    """The keys by which XComs of a task are pulled in its file, or handed to other tasks; that of its result last."""
    pulled = re.findall(_PULL, dag.module.text)
    given = [value for one in dag.tasks for part in _given(one) for value in walk(part)]
    pulled += [found for value in given if isinstance(value, Template) for found in re.findall(_PULL, value.text)]
    mine = [text for text in pulled if re.search(rf"['\"]{re.escape(task)}['\"]", text)]
    named = [re.findall(r"\bkey\s*=\s*['\"]([^'\"]+)", text) or [RETURNED] for text in mine]
    keys = [key for found in named for key in found]
    keys += [value.key for value in given if isinstance(value, XCom) and value.task_id == task]
    return sorted(dict.fromkeys(keys), key=lambda key: key == RETURNED)


def _given(task: Task) -> Iterator[Value]:
    yield from (*task.op_args, *task.op_kwargs.values(), *task.arguments.values())
    yield from sources(task.expansion)


def sources(expansion: Expansion | None) -> list[Any]:
    """What a task or group is mapped over."""
    if expansion is None:
        return []
    return [value for _, value in expansion.values] + ([expansion.over] if expansion.over is not None else [])


def another(value: Json) -> Json:
    """A value of the same kind that is not the same."""
    match value:
        case bool():
            return not value
        case str():
            return f"{value}-other"
        case _:
            return value + 1


def seconds(value: Any, default: float) -> float:
    """The seconds of a number or a duration."""
    total = getattr(value, "total_seconds", None)
    if total is not None:
        return float(total())
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def moments(task: Task, start: datetime) -> Iterator[datetime]:
    """Times on both sides of those by which a branch by date decides, and every day of a week."""
    yield from (start + timedelta(days=day) for day in range(1, 7))
    for name in ("target_lower", "target_upper"):
        match task.known(name):
            case datetime() as limit:
                limit = limit if limit.tzinfo else limit.replace(tzinfo=UTC)
                yield from (limit.astimezone(UTC) + timedelta(minutes=minutes) for minutes in (-1, 1))
            case time() as limit:
                day = datetime.combine(start, limit.replace(tzinfo=None), UTC)
                yield from (day + timedelta(minutes=minutes) for minutes in (-1, 1))
