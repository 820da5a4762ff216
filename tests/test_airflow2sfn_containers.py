"""Functions in containers: their entry point, run as a process of its own with a stand-in for boto3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from dag_cases import FIXTURES

from airflow2sfn.packaging.container import with_entry
from airflow2sfn.read import read_text
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.write import to_value

BOTO3 = """
import json, os

class TaskTimedOut(Exception): pass
class TaskDoesNotExist(Exception): pass
class InvalidToken(Exception): pass

class Client:
    class exceptions:
        TaskTimedOut, TaskDoesNotExist, InvalidToken = TaskTimedOut, TaskDoesNotExist, InvalidToken

    def told(self, what, **given):
        with open(os.environ["TOLD"], "a") as file:
            print(json.dumps([what, given]), file=file)

    def send_task_heartbeat(self, **given):
        self.told("heartbeat", **given)
        if os.environ.get("GONE"):
            raise TaskTimedOut

    def send_task_success(self, **given):
        if len(given["output"]) > 262144:
            raise ValueError("the output is too long")
        self.told("success", **given)

    def send_task_failure(self, **given):
        self.told("failure", **given)

def client(service):
    assert service == "stepfunctions"
    return Client()
"""


def run(files: dict[str, str], event: Any, tmp_path: Path, **environment: str) -> tuple[int, list[Any]]:
    """How the container's process ends, and what it tells the state machine."""
    folder, told = tmp_path / "app", tmp_path / "told"
    folder.mkdir()
    for name, text in {**files, "boto3.py": BOTO3}.items():
        (folder / name).write_text(text, encoding="utf-8")
    given = {"TASK_TOKEN": "token", "EVENT": json.dumps(event), "TOLD": str(told), **environment}
    command = [sys.executable, "run.py"]
    whole = {**os.environ, **given}
    done = subprocess.run(command, cwd=folder, env=whole, capture_output=True, timeout=60, check=False)
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    return done.returncode, [json.loads(line) for line in lines]


def golden(folder: str) -> dict[str, str]:
    home = FIXTURES / "long_work" / "functions" / folder
    return {path.name: path.read_text(encoding="utf-8") for path in home.iterdir() if path.is_file()}


def plain(body: str, interval: float = 60) -> dict[str, str]:
    text = f"import os, sys, time\ndef handler(event, _context):\n{dedent(body).replace('@', '    ')}\n"
    made = {path.name: text for path, text in with_entry({Path("app.py"): text}, "handler").items()}  # type: ignore[dict-item]
    return made | {"run.py": made["run.py"].replace("INTERVAL = 60", f"INTERVAL = {interval}")}


@pytest.mark.parametrize(
    ("runs", "code", "told"),
    [
        (4, 0, ["success", {"name": "n", "day": "2026-03-05", "mean": 1}]),
        (0, 1, ["failure", "AirflowSkipException", "nothing to simulate"]),
        (-1, 1, ["failure", "AirflowFailException", "a negative number of runs"]),
    ],
)
def test_result_skip_and_failure(runs: int, code: int, told: list[Any], tmp_path: Path) -> None:
    event = {"name": "n", "runs": str(runs), "ds": "2026-03-05"}
    ended, (last,) = run(golden("simulate"), event, tmp_path)
    assert (ended, last[0], last[1]["taskToken"]) == (code, told[0], "token")
    if code == 0:
        assert json.loads(last[1]["output"]) == told[1]
    else:
        assert [last[1]["error"], json.loads(last[1]["cause"])["errorMessage"]] == told[1:]


def test_a_command_runs_in_a_container(tmp_path: Path) -> None:
    assert run(golden("bash_container"), {"command": "echo a; echo b"}, tmp_path) == (
        0, [["success", {"taskToken": "token", "output": '"b"'}]]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("@sys.exit(3)", "SystemExit"),
        ("@return 'x' * 300_000", "ValueError"),
        ("@return {1, 2}", "TypeError"),
        ("@raise RuntimeError('x' * 50_000)", "RuntimeError"),
    ],
)
def test_every_end_is_told(body: str, error: str, tmp_path: Path) -> None:
    code, (last,) = run(plain(body), {}, tmp_path)
    assert (code, last[0], last[1]["error"]) == (1, "failure", error)
    assert len(last[1]["cause"]) <= 32768


def test_heartbeats_while_it_works(tmp_path: Path) -> None:
    code, told = run(plain("@time.sleep(1)\n@return 1", 0.1), {}, tmp_path)
    assert code == 0
    assert [what for what, _ in told[:-1]] == ["heartbeat"] * (len(told) - 1)
    assert len(told) > 3
    assert told[-1] == ["success", {"taskToken": "token", "output": "1"}]


def test_work_that_nobody_waits_for_ends(tmp_path: Path) -> None:
    code, told = run(plain("@time.sleep(30)", 0.1), {}, tmp_path, GONE="1")
    assert (code, [what for what, _ in told]) == (1, ["heartbeat"])


def test_a_sensor_may_wait_for_hours_in_a_lambda_function() -> None:
    text = dedent("""
    from datetime import timedelta
    from airflow.sdk import DAG, task
    with DAG("d", schedule=None):
        @task.sensor(execution_timeout=timedelta(hours=3))
        def a(): return True
        a()
    """)
    (dag,) = read_text(text, "d.py").dags
    made = translate(dag)
    assert to_value(made.machine)["States"]["a"]["Resource"].endswith("lambda:invoke")
    assert not [finding for finding in made.findings if finding.code in ("A2S610", "A2S615")]
