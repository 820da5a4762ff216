"""The times of a run: what Airflow calls its logical date and its data interval, from when the execution is started.

Airflow 3 takes the time at which a cron schedule fires as the logical date, with an empty interval
(``CronTriggerTimetable``); Airflow 2 takes the start of the interval that ends then (``CronDataIntervalTimetable``). A
schedule gives the execution the time at which it fires, as ``logical_date`` or as ``data_interval_end``; an execution
that is started by hand may be given a ``logical_date``, and takes its start time otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from airflow2sfn.source import Dag, Known, Made, Value
from sfn_airflow_core.dag.cron import PRESETS

_DAYS = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_STARTED = "$states.context.Execution.StartTime"
_LOGICAL = "$states.input.logical_date"
_END = "$states.input.data_interval_end"


@dataclass(frozen=True, slots=True)
class Times:
    """How the times of a DAG's runs are found.

    ``meaning`` is ``fire`` (the logical date is when the schedule fires) or ``interval`` (it is a period before that);
    ``ambiguous`` if the two major versions of Airflow differ and the file does not say for which it is written.
    ``before`` is an expression for the start of the interval that ends at ``$end``, ``after`` for the end of the one
    that starts at ``$start``; empty where that cannot be computed.
    """

    meaning: Literal["fire", "interval"] = "fire"
    ambiguous: bool = False
    schedule: str = ""
    before: str = ""
    after: str = ""

    @property
    def input(self) -> str:
        """The member of the execution's input in which a schedule gives the time at which it fires."""
        return "data_interval_end" if self.meaning == "interval" and self.before else "logical_date"

    def expression(self, name: str) -> str:
        """The logical date, or an end of the data interval, as an expression of the first state."""
        plain = f"$exists({_LOGICAL}) ? {_LOGICAL} : {_STARTED}"
        if self.input == "logical_date":
            return plain
        end = f"$exists({_END}) ? {_END} : {_STARTED}"
        if name == "data_interval_end":
            return f"$exists({_LOGICAL}) ? ($start := {_LOGICAL}; {self.after}) : {end}"
        return f"$exists({_LOGICAL}) ? {_LOGICAL} : ($end := {end}; {self.before})"


def times(dag: Dag) -> Times:
    """How the times of a DAG's runs are found."""
    schedule, explicit = _schedule(dag.get("schedule"))
    if schedule is None:
        return Times()
    shown = str(schedule)
    if explicit == "fire" or (not explicit and dag.airflow != "2"):
        return Times(ambiguous=not explicit and not dag.airflow, schedule=shown)
    before, after = _steps(schedule)
    return Times("interval", schedule=shown, before=before, after=after)


def _schedule(value: Value | None) -> tuple[str | timedelta | None, Literal["", "fire", "interval"]]:
    match value:
        case Known(str() as cron) if cron not in ("@once", "@continuous"):
            return PRESETS.get(cron, cron), ""
        case Known(timedelta() as span):
            return span, ""
        case Made(name, args):
            first = args[0] if args else value.get("cron") or value.get("delta")
            inner = first.value if isinstance(first, Known) else None
            kind = name.rpartition(".")[2]
            if isinstance(inner, str | timedelta) and "Multiple" not in kind:
                period = PRESETS.get(inner, inner) if isinstance(inner, str) else inner
                if kind in ("CronDataIntervalTimetable", "DeltaDataIntervalTimetable"):
                    return period, "interval"
                if kind in ("CronTriggerTimetable", "DeltaTriggerTimetable"):
                    return period, "fire"
    return None, ""


def _steps(schedule: str | timedelta) -> tuple[str, str]:
    """Expressions for the start of the interval before ``$end`` and for the end of the one after ``$start``."""
    if isinstance(schedule, timedelta):
        return _fixed(round(schedule.total_seconds() * 1000))
    fields = schedule.upper().split()
    if len(fields) != 5:
        return "", ""
    minute, hour, day, month, weekday = fields
    once = minute.isdigit() and hour.isdigit()
    match day, month, weekday:
        case "*", "*", "*":
            if once:
                return _fixed(86_400_000)
            if hour == "*" and (step := _step(minute, 60)):
                return _fixed(step * 60_000)
            if minute.isdigit() and (step := _step(hour, 24)):
                return _fixed(step * 3_600_000)
        case "*", "*", _ if once and (days := _weekdays(weekday)):
            return _weekly(days)
        case _, "*", "*" if once and day.isdigit() and int(day) <= 28:
            return _month("$end", -1), _month("$start", 1)
    return "", ""


def _step(field: str, full: int) -> int:
    """The distance between the values of a field, if it is the same everywhere."""
    if field == "*":
        return 1
    if field.isdigit():
        return full
    found = re.fullmatch(r"(?:\*|0)/(\d+)", field)
    return int(found[1]) if found and full % max(int(found[1]), 1) == 0 else 0


def _fixed(period: int) -> tuple[str, str]:
    return f"$fromMillis($toMillis($end) - {period})", f"$fromMillis($toMillis($start) + {period})"


def _weekdays(field: str) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        ends = [_DAYS.get(end, int(end) % 7 if end.isdigit() else -1) for end in part.split("-")]
        if -1 in ends or len(ends) > 2:
            return set()
        found.update(range(ends[0], ends[-1] + 1))
    return found


def _weekly(days: set[int]) -> tuple[str, str]:
    back = [next(n for n in range(1, 8) if (day - n) % 7 in days) for day in range(7)]
    ahead = [next(n for n in range(1, 8) if (day + n) % 7 in days) for day in range(7)]
    if len({back[day] for day in days}) == 1:
        return _fixed(back[next(iter(days))] * 86_400_000)

    def moved(name: str, sign: str, table: list[int]) -> str:
        weekday = f"$number($fromMillis($toMillis({name}), '[F1]')) % 7"
        return f"$fromMillis($toMillis({name}) {sign} {table}[{weekday}] * 86400000)"

    return moved("$end", "-", back), moved("$start", "+", ahead)


def _month(name: str, by: int) -> str:
    year, month, rest = f"$substring({name}, 0, 4)", f"$substring({name}, 5, 2)", f"$substring({name}, 7)"
    edge, other, sign = ("01", "12", "-") if by < 0 else ("12", "01", "+")
    over = f"$string($number({year}) {sign} 1) & '-{other}' & {rest}"
    within = f"{year} & '-' & $pad($string($number({month}) {sign} 1), -2, '0') & {rest}"
    return f"{month} = '{edge}' ? {over} : {within}"
