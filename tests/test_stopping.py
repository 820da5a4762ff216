"""Who ends a waiting task by hand ends its job and its child runs, by what Airflow's API server tells plugins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

pytest.importorskip("airflow", reason="the plugin is Airflow's")


@pytest.fixture
def session(airflow: Any) -> Iterator[Any]:
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        yield session


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Queue[tuple[str, Any]]:
    """What was asked of AWS, by the thread that stops jobs."""
    from sfn2airflow.runtime import aws_stops

    told: Queue[tuple[str, Any]] = Queue()
    monkeypatch.setattr(aws_stops, "aws", lambda action, **arguments: told.put((action, arguments)))
    return told


def run_of(dag: Any, run_id: str, session: Any) -> Any:
    """A run of a DAG that is under way."""
    from airflow.models.dagrun import get_or_create_dagrun
    from airflow.utils.types import DagRunTriggeredByType

    from sfn_airflow_core.verify.legs import scheduled

    now = datetime.now(UTC)
    run = get_or_create_dagrun(
        dag=scheduled(dag), start_date=now, logical_date=now, data_interval=(now, now), run_after=now, run_id=run_id,
        session=session, conf={}, triggered_by=DagRunTriggeredByType.TEST, triggering_user_name="test",
    )  # fmt: skip
    run.state = "running"
    return run


def fail_by_hand(run: Any, session: Any) -> None:
    """What the API server does when somebody marks a run as failed."""
    from airflow.api_fastapi.core_api.datamodels.dag_run import DagRunMutableStates
    from airflow.api_fastapi.core_api.services.public.dag_run import patch_dag_run_state
    from airflow.models.dagbag import DBDagBag

    session.flush()
    dag = DBDagBag().get_dag_for_run(run, session=session)
    patch_dag_run_state(dag=dag, dag_run=run, state=DagRunMutableStates.FAILED, session=session)
    session.flush()


def note(ti: Any, value: str, session: Any) -> None:
    from airflow.state import TaskScope, get_state_backend

    scope = TaskScope(dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, map_index=ti.map_index)
    get_state_backend().set(scope, "job", value, session=session)


def test_the_job_of_a_task_that_waits(airflow: Any, dags_folder: Path, session: Any, stopped: Queue[Any]) -> None:
    run = run_of(airflow.dags(dags_folder / "glue_job.py")["glue_job"], "r1", session)
    ti = run.get_task_instance("clean", session=session)
    ti.state = "deferred"
    identity = '{"JobName": "clean", "RunId": "jr1"}'
    note(ti, f'{{"action": "glue:startJobRun.sync", "identity": {identity}, "role": null}}', session)
    fail_by_hand(run, session)
    assert stopped.get(timeout=30) == ("glue:batchStopJobRun", {"JobName": "clean", "JobRunIds": ["jr1"]})


def test_a_note_of_somebody_else(airflow: Any, dags_folder: Path, session: Any, stopped: Queue[Any]) -> None:
    """A DAG of other origin may keep a note of the same name."""
    from sfn2airflow import stopping

    run = run_of(airflow.dags(dags_folder / "glue_job.py")["glue_job"], "r2", session)
    ti = run.get_task_instance("clean", session=session)
    assert stopping._job_of(ti, session) is None
    for value in ('"job-17"', '{"identity": 1}'):
        note(ti, value, session)
        assert stopping._job_of(ti, session) is None


def test_the_child_runs_of_a_task_that_waits(airflow: Any, dags_folder: Path, session: Any) -> None:
    dags = airflow.dags(dags_folder / "retry_on_parallel.py")
    (child_id,) = [dag_id for dag_id in dags if dag_id != "retry_on_parallel"]
    parent = run_of(dags["retry_on_parallel"], "r3", session)
    (ti,) = [ti for ti in parent.get_task_instances(session=session) if ti.operator == "ChildDagOperator"]
    ti.state = "deferred"
    mine = run_of(dags[child_id], f"r3__{ti.task_id}__1", session)
    other = run_of(dags[child_id], f"r33__{ti.task_id}__1", session)
    fail_by_hand(parent, session)
    assert (parent.state, mine.state, other.state) == ("failed", "failed", "running")
