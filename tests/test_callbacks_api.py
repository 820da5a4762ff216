"""Answers through a real API server of Airflow on this machine: run with ``make test-api``.

The tasks run in this process, on the database that the server has as well.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfn2airflow.answers import Airflow, Refused
from sfn2airflow.cli import cli
from sfn_airflow_core.shell.group import run as run_command

pytestmark = pytest.mark.api

ROOT = Path(__file__).parents[1]
_START = 90


@pytest.fixture(scope="module")
def server(airflow: Any) -> Iterator[Airflow]:
    """An API server on the database of the Airflow in this process, and a token of an admin."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-this-test-only-for-this-test-only-for-this-test-only-for-this!",
    }
    command = [sys.executable, "-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", str(port)]
    log = Path(os.environ["AIRFLOW_HOME"]) / "api-server.log"
    with log.open("wb") as out:
        process = subprocess.Popen([*command, "--workers", "1"], env={**os.environ, **settings}, stdout=out, stderr=out)
        try:
            url = f"http://127.0.0.1:{port}"
            yield Airflow(url, _bearer(url, process, log))
        finally:
            process.terminate()
            process.wait(20)


def _bearer(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    """A bearer token, as soon as the server gives one."""
    until = time.monotonic() + _START
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{url}/auth/token", timeout=5) as answer:
                return str(json.load(answer)["access_token"])
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"the API server did not start: {log.read_text()[-3000:]}")


@dataclass
class Live:
    """A DAG run whose tasks this process runs when it is told to; its tokens in the order in which they went out."""

    drive: Any
    dag_id: str
    run_id: str
    sent: list[tuple[str, Any]]

    def go_on(self, until: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """Run tasks until their states are so; gives the states by task."""
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import select

        from sfn_airflow_core.verify.legs import scheduled

        dag, deadline = self.drive.dags[self.dag_id], time.monotonic() + 30
        with create_session(scoped=False) as session:
            run = session.scalar(select(DagRun).where(DagRun.run_id == self.run_id))
            run.dag = scheduled(dag)
            run.state = "running"
            session.commit()
            while time.monotonic() < deadline:
                self.drive._step(dag, run, session)
                session.expire_all()
                tis = run.get_task_instances(session=session)
                states = {f"{t.task_id}[{t.map_index}]" if t.map_index >= 0 else t.task_id: str(t.state) for t in tis}
                if until(states):
                    return states
        raise AssertionError(states)

    def wait(self, count: int) -> list[str]:
        """Run tasks until so many tokens have gone out and their tasks wait; gives the tokens."""
        self.go_on(lambda states: len(self.sent) >= count and "up_for_reschedule" in states.values())
        return [token for token, _ in self.sent]

    def end(self) -> Any:
        """Run the rest; gives the finished run."""
        return self.drive.drive(self.dag_id, self.run_id)


@pytest.fixture
def live(airflow: Any, dags_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Live]]:
    from airflow.models.dagrun import DagRun, get_or_create_dagrun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from botocore.client import BaseClient

    from sfn_airflow_core.verify.airflow_runner import _modules_of
    from sfn_airflow_core.verify.aws_answers import Services
    from sfn_airflow_core.verify.dag_run import Drive
    from sfn_airflow_core.verify.finished import Recorder
    from sfn_airflow_core.verify.legs import scheduled
    from sfn_airflow_core.verify.replies import Replies

    sent: list[tuple[str, Any]] = []

    def call(client: Any, operation: str, arguments: Any) -> Any:
        (token,) = re.findall(r"\bWyJ[A-Za-z0-9_-]{40,}", str(arguments))
        sent.append((token, arguments))
        return {"MessageId": "1", "Payload": None}

    monkeypatch.setattr(BaseClient, "_make_api_call", call)

    def start(dag_id: str, conf: Any) -> Live:
        from datetime import UTC, datetime

        dags, now = airflow.dags(dags_folder / f"{dag_id}.py"), datetime.now(UTC)
        run_id = DagRun.generate_run_id(run_type=DagRunType.MANUAL, logical_date=now, run_after=now)
        with create_session(scoped=False) as session:
            get_or_create_dagrun(
                dag=scheduled(dags[dag_id]), start_date=now, logical_date=now, data_interval=(now, now),
                run_after=now, run_id=run_id, session=session, conf=conf,
                triggered_by=DagRunTriggeredByType.TEST, triggering_user_name="test",
            )  # fmt: skip
        sent.clear()
        return Live(Drive(dags, Services(Replies({})), Recorder(), time.process_time() + 60), dag_id, run_id, sent)

    with _modules_of(dags_folder):
        yield start


def command(server: Airflow, *arguments: str) -> int:
    return run_command(cli, "sfn2airflow", "0", [*arguments, "--url", server.url, "--bearer", server.bearer])


def test_the_command_answers(server: Airflow, live: Callable[..., Live]) -> None:
    run = live("token_sqs", {"question": "why"})
    (token,) = run.wait(1)
    assert command(server, "answer", token, "--heartbeat") == 0
    run.go_on(lambda states: states["ask"] == "up_for_reschedule")
    assert command(server, "answer", token, "--output", '{"answer": 12345678901234567890}') == 0
    done = run.end()
    assert done.state == "success"
    assert done.xcoms["return_value"]["answered", -1]["expert"] == {"says": 12345678901234567890}
    assert command(server, "answer", token, "--output", "1") == 1, "the task has ended"


def test_a_failure_and_a_new_token(server: Airflow, live: Callable[..., Live]) -> None:
    run = live("token_sqs", {"question": "why"})
    (first,) = run.wait(1)
    server.failure(first, "Busy", "later")
    with pytest.raises(Refused, match="TaskTimedOut"):
        server.failure(first, "Busy", "once is enough")
    _, second = run.wait(2)
    assert first != second
    with pytest.raises(Refused, match="TaskTimedOut"):
        server.success(first, {"answer": "to the old token"})
    server.success(second, {"answer": "new"})
    done = run.end()
    assert done.xcoms["return_value"]["answered", -1]["expert"] == {"says": "new"}


def test_items_of_a_map_are_told_apart(server: Airflow, live: Callable[..., Live]) -> None:
    orders = [{"id": number, "limit": 600, "beat": 300} for number in range(2)]
    run = live("token_map", {"orders": orders})
    run.wait(2)
    for token, arguments in list(run.sent):
        server.success(token, {"by": json.loads(arguments["Payload"])["order"]})
    run.wait(4)
    for token, _ in run.sent[2:]:
        server.success(token, None)
    done = run.end()
    assert done.state == "success"
    assert done.xcoms["return_value"]["outcome", -1] == [[{"by": number}] * 2 for number in range(2)]


def test_a_worker_of_an_activity(
    server: Airflow, live: Callable[..., Live], capsys: pytest.CaptureFixture[str]
) -> None:
    run = live("token_activity", {"part": {"number": 3}})
    run.go_on(lambda states: states["weld"] == "up_for_reschedule")
    arn = "arn:aws:states:eu-west-1:111122223333:activity:weld"
    assert command(server, "work", arn) == 0
    (line,) = capsys.readouterr().out.splitlines()
    work = json.loads(line)
    assert work["input"] == {"number": 3, "hot": True}
    assert list(server.work(f"{arn}er")) == []
    server.success(work["token"], "seam")
    assert list(server.work(arn)) == [], "it has its answer"
    assert run.end().xcoms["return_value"]["outcome", -1] == {"part": {"number": 3}, "weld": "seam"}


def test_the_snippet_of_the_docs(server: Airflow, live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch) -> None:
    """The function for Lambda in docs/callbacks.md."""
    page = (ROOT / "docs" / "callbacks.md").read_text()
    (source,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.setenv("AIRFLOW_URL", server.url)
    monkeypatch.setenv("AIRFLOW_TOKEN", server.bearer)
    names: dict[str, Any] = {}
    exec(compile(source, "docs/callbacks.md", "exec"), names)
    run = live("token_sqs", {"question": "why"})
    (token,) = run.wait(1)
    names["send_task_success"](token, {"answer": 42})
    done = run.end()
    assert done.xcoms["return_value"]["answered", -1]["expert"] == {"says": 42}


def test_wrong_answers(server: Airflow, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(server, "answer", "hello", "--output", "1") == 1
    assert "InvalidToken" in capsys.readouterr().err
    assert command(server, "answer", "hello", "--output", "{") == 2
    assert command(server, "answer", "hello") == 2
    unknown = "WyJubyIsInIiLCJ0IiwtMSwxXQ"  # ["no","r","t",-1,1]
    with pytest.raises(Refused, match="404"):
        server.success(unknown, 1)
    with pytest.raises(Refused, match=r"401|403"):
        Airflow(server.url, "wrong").success(unknown, 1)
