"""Time zones in JSONata, which knows fixed offsets only: the offset of a zone at a moment, by the zone's rule.

A rule is taken from the time zone database: it is what the zone does every year from 2026 on, as "the last Sunday of
March at 01:00 UTC". A zone that keeps to no such rule has none.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from airflow2sfn.expressions.text import Untranslatable

_YEARS = range(2026, 2038)
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Change:
    """When a zone changes its offset: on the last such weekday (1 is Monday) on or before a day of a month, in UTC.

    ``day`` may be larger than the month is long: then the last day of the month counts.
    """

    month: int
    day: int
    weekday: int
    at: time

    def on(self, year: int) -> datetime:
        """The change in one year."""
        end = date(year, self.month, min(self.day, monthrange(year, self.month)[1]))
        found = end - timedelta(days=(end.isoweekday() - self.weekday) % 7)
        return datetime.combine(found, self.at, UTC)

    def expression(self) -> str:
        """The change in the year ``$year``, as milliseconds."""
        day = min(self.day, monthrange(2026, self.month)[1])
        end = f"$toMillis($year & '-{self.month:02d}-{day:02d}T{self.at:%H:%M:%S}Z')"
        day_of_week = "$number($fromMillis($end, '[F1]'))"
        later = f"({day_of_week} + {7 - self.weekday})" if self.weekday < 7 else day_of_week
        back = f"{later} % 7 * {_DAY}"
        return f"($end := {end}; $end - {back})"


@dataclass(frozen=True, slots=True)
class Rule:
    """The offsets of a zone in milliseconds: ``usual``, and ``other`` between two changes of each year."""

    usual: int
    other: int = 0
    start: Change | None = None
    end: Change | None = None

    def expression(self) -> str:
        """A function from a moment in milliseconds to the offset then."""
        if self.start is None or self.end is None:
            return f"function($at) {{ {self.usual} }}"
        year = "$year := $fromMillis($at, '[Y0001]')"
        inside = f"$at >= {self.start.expression()} and $at < {self.end.expression()}"
        return f"function($at) {{ ({year}; {inside} ? {self.other} : {self.usual}) }}"


@lru_cache(maxsize=64)
def rule(zone: tzinfo) -> Rule:
    """The rule of a zone; raises Untranslatable for one without."""
    changes = [list(_changes(zone, year)) for year in _YEARS]
    usual = _offset(zone, datetime(_YEARS[0], 1, 1, tzinfo=UTC))
    if not any(changes):
        return Rule(usual)
    if any(len(year) != 2 for year in changes):
        raise Untranslatable("its time zone keeps to no rule")
    other = _offset(zone, changes[0][0])
    start, end = (_change([year[number] for year in changes]) for number in (0, 1))
    return Rule(usual, other, start, end)


def _offset(zone: tzinfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset() or timedelta()
    return round(offset.total_seconds() * 1000)


def _changes(zone: tzinfo, year: int) -> Iterator[datetime]:
    """The moments of a year from which on the offset is another one."""
    for day in range(366):
        low = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day)
        high = low + timedelta(days=1)
        if low.year != year or _offset(zone, low) == _offset(zone, high):
            continue
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=round((high - low).total_seconds()) // 2)
            low, high = (low, middle) if _offset(zone, middle) != _offset(zone, low) else (middle, high)
        yield high


def _change(moments: list[datetime]) -> Change:
    """The rule that gives these moments, one a year; raises Untranslatable where there is none."""
    first = moments[0]
    for month in sorted({moment.month for moment in moments}):
        for day in range(1, 32):
            found = Change(month, day, first.isoweekday(), first.time())
            if all(found.on(moment.year) == moment for moment in moments):
                return found
    raise Untranslatable("its time zone keeps to no rule")


def zone_of(value: tzinfo | None) -> tzinfo:
    """A time zone as the database has it; UTC where there is none."""
    name = getattr(value, "key", None) or getattr(value, "name", None)
    return ZoneInfo(name) if isinstance(name, str) and name != "UTC" else value or UTC


def today_at(clock: time, zone: tzinfo) -> str:
    """The moment of today at which the clocks of a zone show a time, as an expression; raises Untranslatable."""
    shown = clock.strftime("T%H:%M:%SZ")
    found = rule(zone)
    if found.start is None and not found.usual:
        return f"$substring($now(), 0, 10) & '{shown}'"
    day = "$fromMillis($millis() + $offset($millis()), '[Y0001]-[M01]-[D01]')"
    local = f"$toMillis({day} & '{shown}')"
    return (
        f"($offset := {found.expression()}; $local := {local}; $fromMillis($local - $offset($local - {found.usual})))"
    )
