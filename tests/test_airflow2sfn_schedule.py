"""Schedules: the expressions of EventBridge fire when Airflow's cron expressions do."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow2sfn.deploy.cron import NoCron, eventbridge
from airflow2sfn.deploy.schedule import schedule
from airflow2sfn.read import read_text

pytest.importorskip("croniter")
from croniter import CroniterBadDateError, croniter


def matches(expression: str, day: date) -> bool:
    """Whether an EventBridge expression fires on a day; written from its documentation, for tests."""
    _, _, days, months, weekdays, year = expression.removeprefix("cron(").removesuffix(")").split()
    assert year == "*"
    assert [days, weekdays].count("?") == 1
    return inside(months, day.month, 12, 1) and (
        inside(days, day.day, monthrange(day.year, day.month)[1], 1) if weekdays == "?" else on_weekday(weekdays, day)
    )


def on_weekday(field: str, day: date) -> bool:
    weekday = (day.weekday() + 1) % 7 + 1
    if "#" in field:
        wanted, number = map(int, field.split("#"))
        return weekday == wanted and (day.day - 1) // 7 + 1 == number
    if field.endswith("L"):
        return weekday == int(field[:-1]) and day.day + 7 > monthrange(day.year, day.month)[1]
    return inside(field, weekday, 7, 1)


def inside(field: str, value: int, high: int, low: int) -> bool:
    if field == "*":
        return True
    if field == "L":
        return value == high
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        end = int(last) if last else (high if step else int(first))
        if value in range(int(first), end + 1, int(step or 1)):
            return True
    return False


def fires(expression: str, moment: datetime) -> bool:
    minute, hour, *_ = expression.removeprefix("cron(").split()
    return (
        inside(minute, moment.minute, 59, 0) and inside(hour, moment.hour, 23, 0) and matches(expression, moment.date())
    )


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    one = st.integers(low, high)
    spans = st.tuples(one, one).map(lambda ends: f"{min(ends)}-{max(ends)}")
    part = st.one_of(
        one.map(str),
        spans,
        st.tuples(spans, st.integers(1, 12)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
        st.integers(1, 12).map(lambda step: f"*/{step}"),
    )
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


weekdays = st.one_of(
    numbers(0, 6),
    st.lists(st.sampled_from(["sun", "MON", "tue", "sat", "7"]), min_size=1, max_size=2).map(",".join),
    st.sampled_from(["mon-fri", "5-7", "sat-sun", "5#2", "1#1", "L5"]),
)


@settings(derandomize=True, max_examples=80, deadline=None)
@given(
    st.tuples(numbers(0, 59), numbers(0, 23), st.one_of(numbers(1, 28), st.just("L")), numbers(1, 12), weekdays),
    st.datetimes(datetime(2026, 1, 1), datetime(2031, 12, 31)),
)
@example(("*", "*", "*/1", "*", "*/2"), datetime(2026, 1, 1))
@example(("*", "*", "1-31", "*", "*/2"), datetime(2026, 1, 1))
@example(("*", "*", "*/1", "*", "2"), datetime(2026, 1, 1))
@example(("*", "*", "*/2", "*", "0-6"), datetime(2026, 1, 1))
@example(("*", "*", "5", "*", "*/1"), datetime(2026, 1, 1))
def test_fires_when_airflow_would(fields: tuple[str, ...], after: datetime) -> None:
    cron = " ".join(fields)
    try:
        made = eventbridge(cron)
    except NoCron:
        return
    times = croniter(cron, after)
    try:
        times.get_next(datetime)
    except CroniterBadDateError:
        return  # the fifth Monday of February, say
    for _ in range(3):
        fired = times.get_next(datetime)
        assert any(fires(expression, fired) for expression in made), (cron, made, fired)
    day = after.date()
    for _ in range(10):
        day += timedelta(days=1)
        whole = datetime.combine(day, datetime.min.time()) - timedelta(minutes=1)
        expected = croniter(cron, whole).get_next(datetime).date() == day
        assert any(matches(expression, day) for expression in made) == expected, (cron, made, day)


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("@daily", ("cron(0 0 * * ? *)",)),
        ("*/15 * * * *", ("cron(0/15 * * * ? *)",)),
        ("0 22 * * 1-5", ("cron(0 22 ? * 2-6 *)",)),
        ("0 0 1 * MON", ("cron(0 0 1 * ? *)", "cron(0 0 ? * 2 *)")),
        ("0 0 * * fri-mon", ("cron(0 0 ? * 1,2,6,7 *)",)),
        ("0 0 * * 5#2", ("cron(0 0 ? * 6#2 *)",)),
        ("0 0 * * L5", ("cron(0 0 ? * 6L *)",)),
    ],
)
def test_reads_as_one_would_write_it(cron: str, expected: tuple[str, ...]) -> None:
    assert eventbridge(cron) == expected


@pytest.mark.parametrize(
    "cron", ["", "H * * * *", "0 0 * *", "* * * * * */5", "61 * * * *", "0 0 0 * *", "0/0 * * * *"]
)
def test_what_has_no_counterpart_says_so(cron: str) -> None:
    with pytest.raises(NoCron):
        eventbridge(cron)


HEAD = """
from datetime import datetime, timedelta, timezone
import os
import pendulum
from airflow.sdk import DAG, Asset, CronTriggerTimetable, MultipleCronTriggerTimetable
from airflow.timetables.trigger import DeltaTriggerTimetable
from airflow.timetables.events import EventsTimetable
"""


@pytest.mark.parametrize(
    ("given", "expressions", "timezone"),
    [
        ("schedule=None", [], "UTC"),
        ('schedule="@daily"', ["cron(0 0 * * ? *)"], "UTC"),
        ('schedule="@once"', [], "UTC"),
        ('schedule="0 6 * * *", start_date=datetime(2026, 1, 1)', ["cron(0 6 * * ? *)"], "UTC"),
        (
            'schedule="0 6 * * *", start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Paris")',
            ["cron(0 6 * * ? *)"],
            "Europe/Paris",
        ),
        (
            'schedule="0 6 * * *", start_date=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))',
            ["cron(0 6 * * ? *)"],
            "Etc/GMT-2",
        ),
        ('schedule=CronTriggerTimetable("0 6 * * *", timezone="Asia/Tokyo")', ["cron(0 6 * * ? *)"], "Asia/Tokyo"),
        (
            'schedule=MultipleCronTriggerTimetable("0 6 * * *", "0 18 * * *", timezone="UTC")',
            ["cron(0 6 * * ? *)", "cron(0 18 * * ? *)"],
            "UTC",
        ),
        (
            "schedule=timedelta(days=1), start_date=pendulum.datetime(2026, 1, 1, 9, 30, tz='Europe/Berlin')",
            ["cron(30 8 * * ? *)"],
            "UTC",
        ),
        ("schedule=timedelta(hours=6), start_date=datetime(2026, 1, 1, 2)", ["cron(0 2/6 * * ? *)"], "UTC"),
        ("schedule=timedelta(minutes=20), start_date=datetime(2026, 1, 1, 2, 5)", ["cron(5/20 * * * ? *)"], "UTC"),
        ("schedule=timedelta(hours=7)", ["rate(7 hours)"], "UTC"),
        ("schedule=DeltaTriggerTimetable(timedelta(days=2))", ["rate(2 days)"], "UTC"),
        (
            "schedule=EventsTimetable(event_dates=[pendulum.datetime(2027, 1, 1, tz='Europe/Berlin')])",
            ["at(2026-12-31T23:00:00)"],
            "UTC",
        ),
        ("schedule=timedelta(seconds=90)", [], "UTC"),
        ('schedule=[Asset("a")]', [], "UTC"),
        ('schedule=os.environ["CRON"]', [""], "UTC"),
        ('schedule=os.environ.get("CRON", "0 1 * * *")', ["cron(0 1 * * ? *)"], "UTC"),
    ],
)
def test_schedules(given: str, expressions: list[str], timezone: str) -> None:
    (dag,) = read_text(f'{HEAD}with DAG("a", {given}): pass\n', "a.py").dags
    made, findings = schedule(dag)
    assert [expression for _, expression in made.expressions] == expressions
    assert made.timezone == timezone or not expressions
    assert findings or "None" in given
    assert len({name for name, _ in made.expressions}) == len(expressions)


def test_airflow_2_is_told_the_end_of_the_interval() -> None:
    imports = "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"
    text = f'{imports}with DAG("a", schedule_interval="@daily"): pass\n'
    (dag,) = read_text(text, "a.py").dags
    assert schedule(dag)[0].member == "data_interval_end"
