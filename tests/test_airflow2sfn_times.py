"""The times of a run: what an execution takes as its logical date is what Airflow would."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow2sfn.expressions.logical_dates import times
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.zones import rule, today_at
from airflow2sfn.read import read_text
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.model import Query, Wait
from sfn_airflow_core.expr.jsonata import Library, read_query

croniter = pytest.importorskip("croniter", reason="Airflow is not installed").croniter
TWO = "from airflow import DAG\nfrom airflow.operators.dummy import DummyOperator\n"
THREE = "from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.empty import EmptyOperator\n"


def found(schedule: str, head: str = TWO) -> Any:
    (dag,) = read_text(f'{head}from datetime import timedelta\nwith DAG("x", schedule={schedule}): pass\n', "x.py").dags
    return times(dag)


def evaluated(expression: str, given: dict[str, Any], started: str = "2026-03-05T00:00:00.000Z") -> datetime:
    states = {"input": given, "context": {"Execution": {"StartTime": started}}}
    library = Library(random.Random(1), lambda: datetime(2026, 1, 1, tzinfo=UTC))
    value = read_query(expression).evaluate({"states": states}, library)
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))


CRONS = [
    "0 5 * * *", "*/15 * * * *", "30 * * * *", "15 */6 * * *", "0 6 * * 1-5", "0 6 * * 0", "0 0 1 * *", "5 4 15 * *",
    "0 6 * * MON,THU", "0 0 * * 6,0",
]  # fmt: skip


@pytest.mark.parametrize("cron", CRONS)
def test_airflow_2_takes_the_interval_that_ends(cron: str) -> None:
    how = found(repr(cron))
    assert how.input == "data_interval_end"
    fires = croniter(cron, datetime(2025, 12, 20, tzinfo=UTC))
    before = fires.get_next(datetime)
    for _ in range(20):
        fire = fires.get_next(datetime)
        given = {"data_interval_end": fire.strftime("%Y-%m-%dT%H:%M:%SZ")}
        assert evaluated(how.expression("logical_date"), given) == before
        assert evaluated(how.expression("data_interval_end"), given) == fire
        by_hand = {"logical_date": before.strftime("%Y-%m-%dT%H:%M:%SZ")}
        assert evaluated(how.expression("logical_date"), by_hand) == before
        assert evaluated(how.expression("data_interval_end"), by_hand) == fire
        before = fire


def test_airflow_2_takes_the_period() -> None:
    how = found("timedelta(hours=6)")
    given = {"data_interval_end": "2026-01-01T06:00:00Z"}
    assert evaluated(how.expression("logical_date"), given) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("schedule", ["'@daily'", "timedelta(days=1)", "'0 6 * * 1-5'", "None"])
def test_airflow_3_takes_the_time_at_which_it_fires(schedule: str) -> None:
    how = found(schedule, THREE)
    assert (how.input, how.ambiguous) == ("logical_date", False)
    for name in ("logical_date", "data_interval_end"):
        assert evaluated(how.expression(name), {"logical_date": "2026-01-02T06:00:00Z"}).day == 2


def test_timetables_say_it_themselves() -> None:
    head = THREE + "from airflow.timetables.interval import CronDataIntervalTimetable\n"
    head += "from airflow.timetables.trigger import CronTriggerTimetable\n"
    assert found('CronDataIntervalTimetable("0 5 * * *", timezone="UTC")', head).meaning == "interval"
    assert found('CronTriggerTimetable("0 5 * * *", timezone="UTC")', head).meaning == "fire"


def test_started_without_a_date_takes_the_start() -> None:
    start = datetime(2026, 3, 5, tzinfo=UTC)
    assert evaluated(found("'@daily'", THREE).expression("logical_date"), {}) == start
    assert evaluated(found("'@daily'").expression("logical_date"), {}) == start - timedelta(days=1)


def test_an_irregular_schedule_has_no_step() -> None:
    how = found("'0 5,17 1,15 * *'")
    assert (how.meaning, how.before, how.input) == ("interval", "", "logical_date")


ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Australia/Sydney",
    "Pacific/Auckland", "America/Santiago", "Asia/Kolkata", "Asia/Tokyo", "America/St_Johns", "Australia/Lord_Howe",
    "Europe/Lisbon", "Asia/Beirut",
]  # fmt: skip


@pytest.mark.parametrize("name", ZONES)
def test_a_time_of_today_is_that_of_the_zone(name: str) -> None:
    """On every day of ten years around the changes, at odd hours, the expression gives what the database says."""
    zone = ZoneInfo(name)
    query = read_query(today_at(time(6, 30), zone))
    chance = random.Random(name)
    for _ in range(300):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(10 * 525_600))
        value = query.evaluate({}, Library(random.Random(1), lambda now=now: now))
        local = datetime.combine(now.astimezone(zone).date(), time(6, 30), zone)
        assert datetime.fromisoformat(str(value).replace("Z", "+00:00")) == local.astimezone(UTC), now


@pytest.mark.parametrize("name", ["Africa/Casablanca", "Africa/El_Aaiun"])
def test_a_zone_without_a_rule_is_refused(name: str) -> None:
    with pytest.raises(Untranslatable, match="keeps to no rule"):
        rule(ZoneInfo(name))


@pytest.mark.parametrize("days", [[1], [6, 7], [2, 4], [1, 2, 3, 4, 5, 6, 7]])
def test_waits_for_the_start_of_the_next_day_of_the_week(days: list[int]) -> None:
    names = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
    given = [names[day - 1] for day in days]
    head = THREE + "from airflow.providers.standard.sensors.weekday import DayOfWeekSensor\n"
    text = f'{head}with DAG("x", schedule=None):\n    DayOfWeekSensor(task_id="a", week_day={given})\n'
    (dag,) = read_text(text, "x.py").dags
    wait = translate(dag).machine.states["a"]
    assert isinstance(wait, Wait)
    assert isinstance(wait.timestamp, Query)
    for hours in range(0, 24 * 8, 5):
        now = datetime(2026, 3, 2, 1, tzinfo=UTC) + timedelta(hours=hours)
        value = read_query(wait.timestamp.text).evaluate({}, Library(random.Random(1), lambda now=now: now))
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        midnight = now.replace(hour=0)
        expected = next(d for n in range(8) if (d := midnight + timedelta(days=n)).isoweekday() in days)
        assert found == expected
