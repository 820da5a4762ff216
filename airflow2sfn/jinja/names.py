"""What templates name: facts about the run, params, configuration, Variables, Connections, and macros."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from jinja2 import nodes

from airflow2sfn.expressions.text import Data, Untranslatable, quoted
from airflow2sfn.jinja.pieces import (
    DAY,
    ISO_DATE,
    ISO_SECONDS,
    SUM,
    UNKNOWN,
    Piece,
    added,
    call,
    kind_of,
    level_of,
    member,
    shown,
    text,
)
from airflow2sfn.jinja.times import strftime

LOGICAL = frozenset({"logical_date", "execution_date"})
_TIMES = {
    "logical_date": "logical_date", "execution_date": "logical_date", "data_interval_start": "data_interval_start",
    "data_interval_end": "data_interval_end", "next_execution_date": "data_interval_end",
}  # fmt: skip
_COMPACT = "[Y0001][M01][D01]T[H01][m01][s01]"


def moment(data: Data, name: str) -> Piece:
    """One of the times of the run."""
    return Piece(f"$toMillis({data.run(name)})", "moment")


def _shifted(data: Data, days: int, compact: bool = False) -> Piece:
    sign = "+" if days > 0 else "-"
    day = Piece(f"$toMillis({data.run('ds')}) {sign} {abs(days) * DAY}", "moment", SUM)
    return shown(day, "[Y0001][M01][D01]" if compact else ISO_DATE)


def _zoned(piece: Piece) -> Piece:
    return Piece(f"{piece.code} & '+00:00'", "text", SUM)


_NAMES: Mapping[str, Callable[[Data], Piece]] = {
    "ds": lambda data: Piece(data.run("ds"), "text"),
    "ds_nodash": lambda data: call("$replace", data.run("ds"), "'-'", "''", kind="text"),
    "ts": lambda data: _zoned(shown(moment(data, "logical_date"), ISO_SECONDS)),
    "ts_nodash": lambda data: shown(moment(data, "logical_date"), _COMPACT),
    "ts_nodash_with_tz": lambda data: Piece(
        f"{shown(moment(data, 'logical_date'), _COMPACT).code} & '+0000'", "text", SUM
    ),
    "yesterday_ds": lambda data: _shifted(data, -1),
    "yesterday_ds_nodash": lambda data: _shifted(data, -1, True),
    "tomorrow_ds": lambda data: _shifted(data, 1),
    "tomorrow_ds_nodash": lambda data: _shifted(data, 1, True),
    "next_ds": lambda data: shown(moment(data, "data_interval_end"), ISO_DATE),
    "next_ds_nodash": lambda data: shown(moment(data, "data_interval_end"), "[Y0001][M01][D01]"),
    "run_id": lambda data: Piece(data.run("run_id"), "text"),
    "dag_run_id": lambda data: Piece(data.run("run_id"), "text"),
    "params": lambda data: Piece(data.run("params"), "dict"),
    "conf": lambda data: Piece(data.run("conf"), "dict", maybe=True),
    "test_mode": lambda data: Piece("false", "bool"),
    "task_instance_key_str": lambda data: Piece(
        f"{quoted(f'{data.dag_id}__{data.task_id}__')} & $replace({data.run('ds')}, '-', '')", "text", SUM
    ),
}


def name(word: str, data: Data) -> Piece:
    """A name by itself; raises Untranslatable."""
    if word in _NAMES and word != "conf":
        return _NAMES[word](data)
    if word in _TIMES:
        return moment(data, _TIMES[word])
    if (told := data.about(word)) is not None:
        return Piece(told, "text")
    if (value := data.macro(word)) is not None:
        return constant(value)
    raise Untranslatable(f"the template uses {word}")


def constant(value: object) -> Piece:
    """A value that JSON has."""
    match value:
        case str():
            return text(value)
        case bool():
            return Piece(json.dumps(value), "bool")
        case int() | float():
            return Piece(json.dumps(value), "number", decimal=isinstance(value, float))
        case None:
            return Piece("null", "none")
        case list() | tuple():
            return Piece("[" + ", ".join(constant(item).code for item in value) + "]", "list")
        case dict():
            members = (f"{quoted(str(key))}: {constant(item).code}" for key, item in value.items())
            return Piece("{" + ", ".join(members) + "}", "dict")
        case _:
            raise Untranslatable(f"a constant is a {type(value).__name__}")


def constant_of(node: object) -> object:
    """The value of a constant of a template; ``UNKNOWN`` for anything else."""
    return node.value if isinstance(node, nodes.Const) else UNKNOWN


def path(names: list[str], data: Data) -> Piece | None:
    """Dotted names that mean something together; ``None`` where only the first one does."""
    if (told := data.about(".".join(names).replace("task_instance.", "ti."))) is not None:
        return Piece(told, "text", max(level_of(told), SUM))
    match names:
        case ["params", first, *rest]:
            return _below(_param(first, data), rest)
        case ["dag_run", "conf", *rest]:
            return _below(_NAMES["conf"](data), rest)
        case ["dag_run" | "ti" | "task_instance", "run_id"]:
            return Piece(data.run("run_id"), "text")
        case ["dag_run", "logical_date" | "execution_date" | "data_interval_start" | "data_interval_end" as which]:
            return moment(data, _TIMES[which])
        case ["dag_run", "start_date" | "queued_at" | "run_after"]:
            return Piece("$toMillis($states.context.Execution.StartTime)", "moment")
        case ["ti" | "task_instance", "try_number"]:
            return Piece("$states.context.State.RetryCount + 1", "number", SUM)
        case ["ti" | "task_instance", "map_index"]:
            return Piece("$states.context.Map.Item.Index", "number")
        case ["var", "value", variable]:
            return Piece(data.variable(variable, True), "text")
        case ["var", "json", variable, *rest]:
            return _below(call("$parse", data.variable(variable, True)), rest)
        case ["conn", conn_id, *rest] if rest:
            return Piece(data.connection(conn_id, rest), "text")
        case [("dag" | "task" | "ti" | "task_instance" | "dag_run") as root, attribute]:
            value = data.literal(f"{'ti' if root == 'task_instance' else root}.{attribute}")
            if value is None:
                raise Untranslatable(f"the template uses {root}.{attribute}")
            return text(value)
        case [("conn" | "macros" | "var" | "ti" | "task_instance" | "task" | "dag" | "dag_run"), *_]:
            raise Untranslatable(f"the template uses {'.'.join(names)}")
    return None


def _below(base: Piece, names: list[str]) -> Piece:
    for each in names:
        base = member(base, each)
    return base


def _param(each: str, data: Data) -> Piece:
    like, maybe = data.param(each)
    found = member(Piece(data.run("params"), "dict"), each)
    if like is None:  # an execution may be given anything else
        return replace(found, maybe=maybe, none="null")
    return replace(found, kind=kind_of(like), maybe=maybe, like=like)


def macro(names: list[str], arguments: list[Piece], given: Mapping[str, Piece]) -> Piece:
    """A call of one of Airflow's macros; raises Untranslatable."""
    match names, arguments:
        case ["ds_add"], [day, days]:
            moved = added(Piece(f"$toMillis({day.code})", "moment"), _days(days))
            return shown(moved, ISO_DATE)
        case ["ds_format"], [day, before, after] if before.literal is not None and after.literal is not None:
            return shown(_parsed(day, before.literal), strftime(after.literal))
        case ["datetime", "datetime", "strptime"] | ["datetime", "strptime"], [day, before] if before.literal:
            return _parsed(day, before.literal)
        case ["datetime", *_, "utcnow" | "now"], _:
            return Piece("$millis()", "moment")
        case ["timedelta"] | ["datetime", "timedelta"], _:
            return span({"days": arguments[0], **given} if arguments else given)
        case ["uuid", "uuid4" | "uuid1"], []:
            return call("$uuid", kind="text")
        case ["random"] | ["random", "random"], []:
            return call("$random", kind="number")
        case ["time", "time"], []:
            return Piece("$millis() / 1000", "number", SUM + 1)
        case ["json", "loads"], [only]:
            return call("$parse", only)
        case ["json", "dumps"], [only]:
            return call("$string", only, kind="text")
    raise Untranslatable(f"the template calls macros.{'.'.join(names)}")


def _parsed(day: Piece, before: str) -> Piece:
    picture = strftime(before)
    arguments = [day.code] if picture == ISO_DATE else [day.code, quoted(picture)]
    return call("$toMillis", *arguments, kind="moment")


_UNITS = {"weeks": 7 * DAY, "days": DAY, "hours": 3_600_000, "minutes": 60_000, "seconds": 1000, "milliseconds": 1}


def span(given: Mapping[str, Piece]) -> Piece:
    """A time span in milliseconds."""
    total: Piece | None = None
    for unit, amount in given.items():
        if unit not in _UNITS:
            raise Untranslatable(f"a time span of {unit} has no counterpart")
        part = _days(amount, _UNITS[unit])
        total = part if total is None else added(total, part)
    return total or Piece("0", "span")


def _days(amount: Piece, unit: int = DAY) -> Piece:
    try:
        return Piece(f"{int(amount.code) * unit}", "span", SUM + 1 if amount.code.startswith("-") else 9)
    except ValueError:
        return Piece(f"{amount.at(SUM + 1)} * {unit}", "span", SUM + 1)
