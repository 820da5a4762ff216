"""How often a schedule starts runs in an average month."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Any, Final

from sfn_airflow_core.dag.cron import PRESETS

MONTH: Final = 730 * 3600.0
"""Seconds of a month."""
_MONTHS: Final = {calendar.month_abbr[n].upper(): n for n in range(1, 13)}
_DAYS: Final = {calendar.day_abbr[n].upper(): (n + 1) % 7 for n in range(7)}
_PART: Final = re.compile(r"(\*|(?P<first>\w+)(-(?P<last>\w+))?)(/(?P<step>\d+))?")
_YEARS: Final = 4
"""Years that days are counted over, so that a leap day counts as it should."""


def runs_a_month(schedule: Any) -> float | None:
    """Runs in a month of 730 hours; ``None`` where the schedule is no cron expression or interval.

    >>> runs_a_month("@hourly"), runs_a_month(3600), runs_a_month("0 6 * * 1-5") is None, runs_a_month("@once")
    (730.0, 730.0, False, None)
    """
    if isinstance(schedule, int | float) and not isinstance(schedule, bool):
        return MONTH / schedule if schedule > 0 else None
    if not isinstance(schedule, str):
        return None
    fields = PRESETS.get(schedule, schedule).upper().split()
    if len(fields) != 5:
        return None
    minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
    days, months = _values(fields[2], 1, 31), _values(fields[3], 1, 12, _MONTHS)
    weekdays = _values(fields[4], 0, 7, _DAYS)
    if not (minutes and hours and days and months and weekdays):
        return None
    weekdays = {day % 7 for day in weekdays}
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    count, day, end = 0, date(2024, 1, 1), date(2024 + _YEARS, 1, 1)
    while day < end:
        of_month, of_week = day.day in days, day.isoweekday() % 7 in weekdays
        count += day.month in months and ((of_month or of_week) if either else (of_month and of_week))
        day += timedelta(1)
    each_day = count / (365 * _YEARS + 1)
    return each_day * len(minutes) * len(hours) * MONTH / 86400


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """The numbers that a field of a cron expression stands for; none where it is not understood."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return set()
        first = _number(match["first"], names) if match["first"] else low
        last = _number(match["last"], names) if match["last"] else first if match["first"] else high
        if match["step"] and match["first"] and not match["last"]:
            last = high
        step = int(match["step"] or 1)
        if first is None or last is None or not low <= first <= last <= high or step < 1:
            return set()
        found |= set(range(first, last + 1, step))
    return found


def _number(text: str, names: dict[str, int] | None) -> int | None:
    return int(text) if text.isdecimal() else (names or {}).get(text)
