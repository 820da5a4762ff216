"""Operators and sensors of Airflow's standard provider that only look at a clock: waits, and branches by date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo

from airflow2sfn.expressions.decisions import Way
from airflow2sfn.expressions.text import Untranslatable, quoted
from airflow2sfn.expressions.values import Values, expression
from airflow2sfn.expressions.zones import today_at, zone_of
from airflow2sfn.source import Dag, Items, Known, Made, Reference, Task, Template, Value

_STANDARD = "airflow.providers.standard"
_DELTA = frozenset(f"{_STANDARD}.sensors.time_delta.{name}" for name in ("TimeDeltaSensor", "TimeDeltaSensorAsync"))
_WAIT = f"{_STANDARD}.sensors.time_delta.WaitSensor"
_DATE = frozenset(f"{_STANDARD}.sensors.date_time.{name}" for name in ("DateTimeSensor", "DateTimeSensorAsync"))
_TIME = frozenset(f"{_STANDARD}.sensors.time.{name}" for name in ("TimeSensor", "TimeSensorAsync"))
_WEEKDAY = f"{_STANDARD}.sensors.weekday.DayOfWeekSensor"
PAUSES = _DELTA | {_WAIT} | _DATE | _TIME | {_WEEKDAY}
_BY_DAY = f"{_STANDARD}.operators.weekday.BranchDayOfWeekOperator"
_BY_TIME = f"{_STANDARD}.operators.datetime.BranchDateTimeOperator"
BRANCHES = frozenset({_BY_DAY, _BY_TIME})
_DAYS: Mapping[str, int] = {
    "MONDAY": 1, "TUESDAY": 2, "WEDNESDAY": 3, "THURSDAY": 4, "FRIDAY": 5, "SATURDAY": 6, "SUNDAY": 7,
}  # fmt: skip


def until(task: Task, dag: Dag, values: Values) -> str:
    """The time that a sensor waits for, as an expression; raises Untranslatable."""
    if task.operator in _DELTA:
        delta = task.known("delta")
        if not isinstance(delta, timedelta):
            raise Untranslatable("how long it waits is not known")
        return f"$fromMillis($toMillis({values.run('data_interval_end')}) + {_millis(delta)})"
    if task.operator == _WAIT:
        delta = task.known("time_to_wait")
        delta = timedelta(minutes=delta) if isinstance(delta, int) else delta
        if not isinstance(delta, timedelta):
            raise Untranslatable("how long it waits is not known")
        return f"$fromMillis($millis() + {_millis(delta)})"
    if task.operator == _WEEKDAY:
        return _next_day(task)
    target = task.get("target_time")
    match target:
        case Known(datetime() as moment):
            return quoted(_utc(moment))
        case Known(time() as moment):
            return today_at(moment, _zone(dag))
        case Known(str()) | Template():
            return f"$fromMillis($toMillis({_iso(target, values)}))"
        case _:
            raise Untranslatable("the time that it waits for is not known")


def _millis(delta: timedelta) -> int:
    return round(delta.total_seconds() * 1000)


def _utc(moment: datetime) -> str:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _iso(value: Value, values: Values) -> str:
    """A text of a time, as templates write it: with a blank or with a T."""
    found = expression(value, values)
    return found if " " not in found else f"$replace({found}, ' ', 'T')"


def _zone(dag: Dag) -> tzinfo:
    """The time zone of a DAG, which is that of its start date."""
    start = dag.get("start_date") or dag.defaults.get("start_date")
    known = start.value if isinstance(start, Known) else None
    return zone_of(known.tzinfo if isinstance(known, datetime) else None)


def _next_day(task: Task) -> str:
    """The start of the next of some weekdays, or of today; days are those of UTC, as in Airflow."""
    if task.known("use_task_logical_date", False):
        raise Untranslatable("it waits for a day that its run has or has not")
    days = sorted({_day(one) for one in _several(task.get("week_day"))})
    limit = task.known("timeout")
    limit = limit.total_seconds() if isinstance(limit, timedelta) else 7 * 86_400 if limit is None else limit
    if not isinstance(limit, int | float) or limit < 6 * 86_400:
        raise Untranslatable("it may give up before the day comes")
    left = f"$min([{', '.join(map(str, days))}].(($ - $today + 7) % 7))"
    midnight = "$toMillis($substring($now(), 0, 10) & 'T00:00:00Z')"
    return f"($today := $number($fromMillis($millis(), '[F1]')); $fromMillis({midnight} + {left} * 86400000))"


def branch_ways(task: Task, values: Values) -> list[Way]:
    """The two ways of a branch by date; raises Untranslatable."""
    yes, no = task.get("follow_task_ids_if_true"), task.get("follow_task_ids_if_false")
    if not isinstance(yes, Known) or not isinstance(no, Known):
        raise Untranslatable("which tasks it chooses is not known")
    logical = task.known("use_task_logical_date", task.known("use_task_execution_date", False))
    now = f"$toMillis({values.run('logical_date')})" if logical else "$millis()"
    condition = _on_days(task, now) if task.operator == _BY_DAY else _between(task, now)
    return [Way(condition, yes), Way("", no)]


def _on_days(task: Task, now: str) -> str:
    given = task.get("week_day")
    days = sorted({_day(one) for one in _several(given)})
    weekday = f"$number($fromMillis({now}, '[F1]'))"
    return f"{weekday} = {days[0]}" if len(days) == 1 else f"{weekday} in {days}"


def _several(value: Value | None) -> list[Value]:
    match value:
        case Items(items):
            return list(items)
        case Known(list() | tuple() | set() | frozenset() as known):
            return [Known(one) for one in known]
        case Known() | Reference() | Made():
            return [value]
        case _:
            raise Untranslatable("the days are not known")


def _day(value: Value) -> int:
    match value:
        case Known(str() as name) | Reference(name):
            found = _DAYS.get(name.rpartition(".")[2].upper())
            if found is not None:
                return found
    raise Untranslatable("the days are not known")


def _between(task: Task, now: str) -> str:
    parts = []
    for name, sign in (("target_lower", ">="), ("target_upper", "<=")):
        match task.known(name):
            case datetime() as moment:
                parts.append(f"{now} {sign} $toMillis({quoted(_utc(moment))})")
            case time() as moment:
                parts.append(f"$fromMillis({now}, '[H01]:[m01]:[s01]') {sign} {quoted(moment.strftime('%H:%M:%S'))}")
            case None if task.get(name) in (None, Known(None)):
                continue
            case _:
                raise Untranslatable("the times between which it chooses are not known")
    lower, upper = task.known("target_lower"), task.known("target_upper")
    over = isinstance(lower, time) and isinstance(upper, time) and lower > upper
    if not parts:
        raise Untranslatable("the times between which it chooses are not known")
    return (" or " if over else " and ").join(parts)
