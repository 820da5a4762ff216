"""A real Airflow on loopback for tests: scheduler, API server, DAG processor, triggerer, LocalExecutor and SQLite.

AWS is moto's server on loopback, reached through the connection ``aws_default`` as a deployment would reach AWS.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Airflow:
    """A running Airflow: its home, its environment, the address of its API and a token for it."""

    home: Path
    environment: dict[str, str]
    url: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request of the REST API."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token()}"}
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read() or b"null")

    def token(self) -> str:
        """A token of the simple auth manager, in which everybody is admin here."""
        with urllib.request.urlopen(f"{self.url}/auth/token", timeout=60) as response:
            return str(json.loads(response.read())["access_token"])

    def wait_for_dag(self, dag_id: str, seconds: float = 120) -> None:
        """Until the DAG processor has read the DAG; raises TimeoutError with its import errors."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            dags = self.call("GET", "/api/v2/dags?limit=100")["dags"]
            if dag_id in [dag["dag_id"] for dag in dags]:
                return
            time.sleep(2)
        raise TimeoutError(f"{dag_id} was not read: {self.call('GET', '/api/v2/importErrors')}")

    def run(self, dag_id: str, conf: dict[str, Any], seconds: float = 300) -> tuple[str, Any, dict[str, str]]:
        """Runs a DAG: its state, its result, and the states of its task instances."""
        self.call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})
        run = self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"conf": conf, "logical_date": None})
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run['dag_run_id']}"
        until = time.monotonic() + seconds
        while (state := self.call("GET", path)["state"]) in ("queued", "running"):
            if time.monotonic() > until:
                raise TimeoutError(f"{dag_id} is still {state}: {self._tasks(path)}")
            time.sleep(1)
        return str(state), self._result(path), self._tasks(path)

    def _tasks(self, path: str) -> dict[str, str]:
        instances = self.call("GET", f"{path}/taskInstances?limit=200")["task_instances"]
        return {f"{t['task_id']}[{t['map_index']}]": t["state"] for t in instances}

    def _result(self, path: str) -> Any:
        """What ``…/wait`` reports of a finished run: lines of JSON, the last with the DAG's result."""
        request = urllib.request.Request(
            f"{self.url}{path}/wait?interval=1", headers={"Authorization": f"Bearer {self.token()}"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            last = response.read().decode().strip().splitlines()[-1]
        return json.loads(last).get("results")


def free_port() -> int:
    """A port on loopback that nobody listens to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def aws() -> Iterator[str]:
    """moto's server; yields its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def airflow(home: Path, endpoint: str) -> Iterator[Airflow]:
    """Starts ``airflow standalone`` with the DAGs in ``home/dags``; everything it started is ended with it."""
    port = free_port()
    connection = {
        "conn_type": "aws",
        "login": "testing",
        "password": "testing",
        "extra": {"region_name": "us-east-1", "endpoint_url": endpoint},
    }
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    log = (home / "standalone.log").open("wb")
    command = [sys.executable, "-m", "airflow", "standalone"]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    running = Airflow(home, environment, f"http://127.0.0.1:{port}")
    try:
        _until_up(running, process)
        yield running
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def _until_up(running: Airflow, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            health = running.call("GET", "/api/v2/monitor/health")
        except OSError:
            time.sleep(2)
            continue
        if all(health[part]["status"] == "healthy" for part in ("scheduler", "triggerer", "dag_processor")):
            return
        time.sleep(2)
    raise TimeoutError((running.home / "standalone.log").read_text(errors="replace")[-4000:])
