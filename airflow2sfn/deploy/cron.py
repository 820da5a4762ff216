"""Cron expressions of Airflow (croniter) as cron expressions of EventBridge Scheduler.

EventBridge counts weekdays from 1 (Sunday), has a year, and wants ``?`` for one of the day fields. It has no "day of
month or day of week": such a schedule becomes two.
"""

from __future__ import annotations

import re

from sfn_airflow_core.dag.cron import PRESETS

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class NoCron(Exception):
    """Not a cron expression that EventBridge can have; the message says why, in half a sentence."""


def eventbridge(cron: str) -> tuple[str, ...]:
    """The expressions of EventBridge that together fire when a cron expression does; raises NoCron.

    >>> eventbridge("30 5 * * *"), eventbridge("0 6 * * 1-5")
    (('cron(30 5 * * ? *)',), ('cron(0 6 ? * 2-6 *)',))
    >>> eventbridge("0 0 1 * MON")
    ('cron(0 0 1 * ? *)', 'cron(0 0 ? * 2 *)')
    """
    fields = PRESETS.get(cron.strip(), cron).upper().split()
    if len(fields) != 5:
        raise NoCron("it does not have five fields" if len(fields) != 6 else "it has seconds")
    minute, hour = _field(fields[0], 0, 59), _field(fields[1], 0, 23)
    month = _field(fields[3], 1, 12, _MONTHS)
    day, weekday = _days_of_month(fields[2]), _weekday(fields[4])
    if fields[2] not in "*?" and ("#" in weekday or weekday.endswith("L")):
        raise NoCron("a day of the month stands beside a certain weekday of the month")
    days, weekdays = fields[2], fields[4]
    if (day == "*" and days not in "*?" and "*" not in weekdays) or (
        weekday == "*" and weekdays not in "*?" and "*" not in days
    ):  # either has to hold, and one that is written out holds on every day; not beside a star, as croniter has it
        day = weekday = "*"
    found = []
    if day != "*" or weekday == "*":
        found.append(f"cron({minute} {hour} {day} {month} ? *)")
    if weekday != "*":
        found.append(f"cron({minute} {hour} ? {month} {weekday} *)")
    return tuple(found)


def _field(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> str:
    if text == "*":
        return "*"
    return _shown(_values(text, low, high, names), low, high)


def _values(text: str, low: int, high: int, names: tuple[str, ...]) -> list[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdigit() and int(step)):
            raise NoCron(f"{part} is no range")
        if span in ("*", "?"):
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _number(start, low, names)
            last = _number(end, low, names) if dash else high if step else first
        if not (low <= first <= high and low <= last <= high):
            raise NoCron(f"{part} is outside of {low}-{high}")
        if first == last and "-" in span:
            raise NoCron(f"{part} may mean one value or all")
        if first <= last:
            found.update(range(first, last + 1, int(step or 1)))
        else:  # over the end: FRI-MON
            ring = [*range(first, high + 1), *range(low, last + 1)]
            found.update(ring[:: int(step or 1)])
    return sorted(found)


def _number(text: str, low: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + low
    if not text.isdigit():
        raise NoCron(f"{text or 'nothing'} is no number")
    return int(text)


def _shown(values: list[int], low: int, high: int) -> str:
    """Values as the shortest of: everything, an increment, a range, a list."""
    if values == list(range(low, high + 1)):
        return "*"
    if len(values) > 2:
        step = values[1] - values[0]
        if values[-1] + step > high and values == list(range(values[0], high + 1, step)) and step > 1:
            return f"{values[0]}/{step}"
        if values == list(range(values[0], values[-1] + 1)):
            return f"{values[0]}-{values[-1]}"
    return ",".join(map(str, values))


def _days_of_month(text: str) -> str:
    if text in ("*", "?"):
        return "*"
    if text == "L":
        return "L"
    return _field(text, 1, 31)


def _weekday(text: str) -> str:
    if text in ("*", "?"):
        return "*"
    if found := re.fullmatch(r"([0-7]|[A-Z]{3})#([1-5])", text):
        return f"{_day(found[1])}#{found[2]}"
    if found := re.fullmatch(r"L([0-7]|[A-Z]{3})", text):
        return f"{_day(found[1])}L"
    parts: set[int] = set()
    for part in text.split(","):
        # 7 is Sunday as well, also at the end of a range.
        if part.startswith(("*", "?")):
            parts.update(_values(part, 0, 6, _DAYS))
        else:
            parts.update(day % 7 for day in _values(part, 0, 7, _DAYS))
    return _shown(sorted(day + 1 for day in parts), 1, 7)


def _day(text: str) -> int:
    return _number(text, 0, _DAYS) % 7 + 1
