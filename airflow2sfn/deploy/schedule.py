"""When executions start: a DAG's schedule as expressions of EventBridge Scheduler, with time zone and input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from airflow2sfn.deploy.cron import NoCron, eventbridge
from airflow2sfn.expressions.logical_dates import times
from airflow2sfn.rules.deployment import (
    Aligned,
    CatchUp,
    Scheduled,
    ScheduleOpen,
    StartDateLeft,
    StartedByHand,
)
from airflow2sfn.source import Dag, Items, Known, Made, Symbolic, Value
from sfn_airflow_core.findings import Finding

_DAY = timedelta(days=1)
_UNITS = (("day", _DAY), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
_NAMES = {"@hourly": "Hourly", "@daily": "Daily", "@weekly": "Weekly", "@monthly": "Monthly", "@yearly": "Yearly"}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Schedules that together start executions when Airflow would start runs.

    ``expressions`` are by the name of the event in the template; ``parameter`` says that the expression is one of the
    template, since the file does not say it. ``member`` is where the execution's input has the time.
    """

    expressions: tuple[tuple[str, str], ...] = ()
    timezone: str = "UTC"
    end: str = ""
    description: str = ""
    member: str = "logical_date"
    parameter: bool = False


class _No(Exception):
    """No schedule; the message says why."""


def schedule(dag: Dag) -> tuple[Schedule, list[Finding]]:
    """The schedule of a DAG, and what is to be said about it."""
    at = str(dag.span or "")
    value = dag.get("schedule")
    findings: list[Finding] = []
    zone = _zone(dag)
    if value in (None, Known(None)):
        return Schedule(), []
    if isinstance(value, Symbolic) and value.default is None:
        findings.append(ScheduleOpen(at=at, text=value.text))
        return _about(dag, Schedule((("Schedule", ""),), zone, parameter=True), findings)
    try:
        shown, expressions, zone = _expressions(value, zone, dag, findings)
    except _No as reason:
        return Schedule(), [StartedByHand(at=at, reason=str(reason))]
    names = [_name(shown, number) for number in range(len(expressions))]
    described = f"{shown} in Airflow" if shown.startswith("@") else f"{shown} (Sunday is 1 in EventBridge)"
    plain = not any("?" in expression and expression.split()[4] != "?" for expression in expressions)
    made = Schedule(
        tuple(zip(names, expressions, strict=True)), zone, description=shown if plain and shown[0] != "@" else described
    )
    made, findings = _about(dag, made, findings)
    findings.insert(0, Scheduled(at=at, schedule=shown, expressions=expressions, timezone=zone, member=made.member))
    return made, findings


def _about(dag: Dag, made: Schedule, findings: list[Finding]) -> tuple[Schedule, list[Finding]]:
    """What holds for every schedule: its input, its end, what happened before it."""
    at = str(dag.span or "")
    if dag.get("catchup") == Known(True) or (dag.airflow == "2" and dag.get("catchup") is None):
        findings.append(CatchUp(at=at))
    start = _known(dag, "start_date")
    if isinstance(start, datetime):
        findings.append(StartDateLeft(at=at, start=_iso(start, dag)))
    end = _known(dag, "end_date")
    return (
        Schedule(
            made.expressions,
            made.timezone,
            _iso(end, dag) if isinstance(end, datetime) else "",
            made.description,
            times(dag).input,
            made.parameter,
        ),
        findings,
    )


def _expressions(value: Value | None, zone: str, dag: Dag, findings: list[Finding]) -> tuple[str, tuple[str, ...], str]:
    match value:
        case Symbolic(default=Known(str() as cron)) | Known(str() as cron):
            return cron, tuple(_cron(cron)), zone
        case Known(timedelta() as period):
            return _shown(period), (_period(period, dag, findings),), "UTC"
        case Made(name) if name.rpartition(".")[2].endswith(("Asset", "AssetAll", "AssetAny", "AssetAlias")):
            raise _No("assets start it; an EventBridge rule on the event that updates them can")
        case Items():
            raise _No("assets start it; an EventBridge rule on the event that updates them can")
        case Made():
            return _timetable(value, zone, dag, findings)
        case _:
            raise _No("what starts it is not known")


def _cron(text: str) -> Iterator[str]:
    if text == "@once":
        raise _No("it runs once")
    if text == "@continuous":
        raise _No("it runs again as soon as it has ended")
    try:
        yield from eventbridge(text)
    except NoCron as reason:
        raise _No(f"{text!r} is no schedule of EventBridge: {reason}") from None


def _timetable(value: Made, zone: str, dag: Dag, findings: list[Finding]) -> tuple[str, tuple[str, ...], str]:
    kind = value.name.rpartition(".")[2]
    texts = [arg.value for arg in value.args if isinstance(arg, Known)]
    own = value.get("timezone")
    if isinstance(own, Known) and (found := zone_name(own.value)):
        zone = found
    elif own is not None:
        raise _No(f"the time zone of its {kind} is not known")
    match kind:
        case "CronTriggerTimetable" | "CronDataIntervalTimetable":
            first = texts[0] if texts else getattr(value.get("cron"), "value", None)
            if isinstance(first, str):
                return first, tuple(_cron(first)), zone
        case "MultipleCronTriggerTimetable" if texts and len(texts) == len(value.args):
            crons = [text for text in texts if isinstance(text, str)]
            return " and ".join(crons), tuple(one for cron in crons for one in _cron(cron)), zone
        case "DeltaTriggerTimetable" | "DeltaDataIntervalTimetable":
            period = texts[0] if texts else getattr(value.get("delta"), "value", None)
            if isinstance(period, timedelta):
                return _shown(period), (_period(period, dag, findings),), "UTC"
        case "EventsTimetable":
            dates = value.args[0] if value.args else value.get("event_dates")
            if isinstance(dates, Known) and all(isinstance(each, datetime) for each in dates.value):
                moments = sorted(_utc(each, dag) for each in dates.value)
                return f"{len(moments)} dates", tuple(f"at({moment:%Y-%m-%dT%H:%M:%S})" for moment in moments), "UTC"
    raise _No(f"{kind} has no counterpart")


def _period(period: timedelta, dag: Dag, findings: list[Finding]) -> str:
    """A period: a cron expression where it divides the day or is one, counted from the start date."""
    start = _known(dag, "start_date")
    if isinstance(start, datetime) and start.second == 0 and (_DAY % period == timedelta() if period else False):
        first = _utc(start, dag)
        minutes = round(period.total_seconds() / 60)
        if period == _DAY:
            return f"cron({first.minute} {first.hour} * * ? *)"
        if minutes % 60 == 0:
            return f"cron({first.minute} {first.hour % (minutes // 60)}/{minutes // 60} * * ? *)"
        if minutes and 60 % minutes == 0 and period == timedelta(minutes=minutes):
            return f"cron({first.minute % minutes}/{minutes} * * * ? *)"
    for name, unit in _UNITS:
        if period and period % unit == timedelta():
            count = period // unit
            findings.append(Aligned(at=str(dag.span or ""), period=_shown(period)))
            return f"rate({count} {name}{'s' * (count != 1)})"
    raise _No(f"every {_shown(period)} is no schedule of EventBridge")


def _name(shown: str, number: int) -> str:
    name = _NAMES.get(shown, "Schedule")
    return name if number == 0 else f"{name}{number + 1}"


def _shown(period: timedelta) -> str:
    for name, unit in _UNITS:
        if period and period % unit == timedelta():
            return f"{period // unit} {name}{'s' * (period // unit != 1)}"
    return f"{period.total_seconds():g} seconds"


def _known(dag: Dag, name: str) -> Any:
    value = dag.get(name) or dag.defaults.get(name)
    return value.value if isinstance(value, Known) else None


def _zone(dag: Dag) -> str:
    """The time zone of a DAG: that of its start date, UTC otherwise."""
    start = _known(dag, "start_date")
    return (zone_name(start.tzinfo) if isinstance(start, datetime) and start.tzinfo else "") or "UTC"


def zone_name(zone: Any) -> str:
    """The name of a time zone in the database; empty where it has none."""
    if isinstance(zone, str):
        return zone
    name = getattr(zone, "key", None) or getattr(zone, "name", None)
    if isinstance(name, str):
        return name
    if isinstance(zone, tzinfo):
        offset = zone.utcoffset(None)
        if offset is not None and offset % timedelta(hours=1) == timedelta():
            hours = offset // timedelta(hours=1)
            return f"Etc/GMT{-hours:+d}" if hours else "UTC"
    return ""


def _utc(moment: datetime, dag: Dag) -> datetime:
    from datetime import UTC

    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _iso(moment: date | datetime, dag: Dag) -> str:
    assert isinstance(moment, datetime)
    return f"{_utc(moment, dag):%Y-%m-%dT%H:%M:%SZ}"
