"""Brief waits: a deferral that ends before the scheduler has noticed it fails the task (apache/airflow#72716)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("airflow", reason="the runtime is built on Airflow")


@pytest.fixture
def held(airflow: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which tasks have waited in their processes."""
    from sfn2airflow.runtime import loops, waits

    seconds: list[float] = []
    for module in (waits, loops):
        monkeypatch.setattr(module, "hold", seconds.append)
        monkeypatch.setattr(module, "reaching", lambda *_: {"n": 0})
    monkeypatch.setattr(waits, "keep_variables", lambda _: None)
    return seconds


def test_a_brief_wait_is_no_deferral(held: list[float]) -> None:
    from sfn2airflow.runtime import wait

    @wait("Rest")
    def rest(data: Any) -> timedelta:
        return timedelta(seconds=10)

    assert rest.execute({}) == {"n": 0}  # type: ignore[attr-defined]
    assert held == [pytest.approx(10, abs=0.5)]


def test_a_longer_wait_is_a_deferral(held: list[float]) -> None:
    from airflow.sdk.exceptions import TaskDeferred

    from sfn2airflow.runtime import wait

    @wait("Rest")
    def rest(data: Any) -> timedelta:
        return timedelta(seconds=12)

    with pytest.raises(TaskDeferred):
        rest.execute({})  # type: ignore[attr-defined]
    assert held == []


@pytest.mark.parametrize(
    ("pause", "limit", "asked", "waited"), [(4, None, 3, 2), (5, None, 1, 0), (4, timedelta(minutes=1), 1, 0)]
)
def test_a_poll_with_brief_pauses_goes_on_in_its_process(
    held: list[float], pause: int, limit: timedelta | None, asked: int, waited: int
) -> None:
    """Unless a limit holds for each request, which Airflow would take for one of all of them."""
    from sfn2airflow.runtime import polling

    asks: list[Any] = []

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
