"""Waits: which of them hold a worker, how long the longest is, and what is too long.

A deferral that ends before the scheduler has noticed it fails the task (apache/airflow#72716): brief waits are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from sfn_airflow_core.verify.airflow_process import open_airflow

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")


@pytest.fixture(scope="module", autouse=True)
def airflow() -> Iterator[None]:
    """An Airflow of our own: importing the runtime makes Airflow read its configuration."""
    with open_airflow():
        yield


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Executes a Wait with the document ``{}``: gives the seconds that it holds its process, or how it defers."""
    from airflow.sdk.exceptions import TaskDeferred

    from sfn2airflow.runtime import clock, waits

    def execute(when: Any) -> Any:
        held: list[float] = []
        monkeypatch.setattr(waits, "reaching", lambda *_: {})
        monkeypatch.setattr(waits, "keep_variables", lambda _: None)
        monkeypatch.setattr(clock, "hold", held.append)

        @waits.wait("Rest")
        def rest(data: Any) -> Any:
            return when

        try:
            assert rest.execute({}) == {}
        except TaskDeferred as deferred:
            return deferred
        return sum(held)

    return execute


def test_a_short_wait_stays_in_its_process(run: Any) -> None:
    assert 9 < run(timedelta(seconds=10)) <= 10
    assert run(timedelta()) == 0
    assert run(timedelta(seconds=12)).trigger.moment > datetime.now(UTC)


@pytest.mark.parametrize("days", [1, 365, 24854])
def test_a_long_wait_holds_no_worker_however_long_it_is(days: int, run: Any) -> None:
    deferred = run(timedelta(days=days))
    assert deferred.trigger.moment - datetime.now(UTC) > timedelta(days=days, minutes=-1)
    assert (deferred.method_name, deferred.timeout) == ("execute_complete", None)


def test_a_moment_that_has_passed_is_no_wait(run: Any) -> None:
    assert run(datetime(2001, 1, 1, tzinfo=UTC)) == 0


def test_a_wait_that_aws_refuses_is_an_error(run: Any) -> None:
    from sfn2airflow.runtime import StateError

    with pytest.raises(StateError, match="too long") as caught:
        run(timedelta(days=24856))
    assert caught.value.error == "States.Runtime"


@pytest.mark.parametrize(
    ("pause", "limit", "asked", "waited"), [(4, None, 3, 2), (5, None, 1, 0), (4, timedelta(minutes=1), 1, 0)]
)
def test_a_poll_with_brief_pauses_goes_on_in_its_process(
    monkeypatch: pytest.MonkeyPatch, pause: int, limit: timedelta | None, asked: int, waited: int
) -> None:
    """Unless a limit holds for each request, which Airflow would take for one of all of them."""
    from sfn2airflow.runtime import clock, loops, polling

    held: list[float] = []
    asks: list[Any] = []
    monkeypatch.setattr(clock, "hold", held.append)
    monkeypatch.setattr(loops, "reaching", lambda *_: {"n": 0})

    def done(data: Any) -> str:
        return "next" if data["n"] == 3 else "rest"

    def rest(data: Any) -> timedelta:
        return timedelta(seconds=pause)

    @polling("Ask", until=done, pause=rest, pause_name="Rest", execution_timeout=limit)
    def ask(data: Any) -> Any:
        asks.append(data)
        return {"n": data["n"] + 1}

    kept: dict[str, Any] = {}
    store = SimpleNamespace(
        get=kept.get, set=lambda key, value, **_: kept.update({key: value}), delete=lambda key: kept.pop(key, None)
    )
    found = ask.poke({"task_state_store": store, "ti": SimpleNamespace(try_number=1)})  # type: ignore[attr-defined]
    assert len(asks) == asked
    assert held == [pytest.approx(pause, abs=0.5)] * waited
    assert bool(found) == (asked == 3)


@pytest.mark.parametrize(("seconds", "late"), [(0, False), (5, True)])
def test_a_time_limit_ends_what_takes_longer(seconds: int, late: bool) -> None:
    """On the clock that a DAG has in production; ``time.sleep`` would be cut short by a runner of tests."""
    from airflow.sdk.exceptions import AirflowTaskTimeout

    from sfn2airflow.runtime.waits import time_limit

    with pytest.raises(AirflowTaskTimeout) if late else nullcontext(), time_limit(1):
        Event().wait(seconds)
