"""A real Airflow on loopback: scheduler, API server, DAG processor, triggerer, and what its executor needs.

AWS is moto's server on loopback, reached through the connection ``aws_default`` as a deployment would reach AWS.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from airflow_client import Airflow
from databases import postgres_and_redis
from servers import Servers, free_port

_PARTS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],  # it would serve them to every network, on a fixed port
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


@dataclass(frozen=True, slots=True)
class Executor:
    """An executor: Airflow's name for it, what starts the servers behind it and gives their settings, its workers."""

    name: str
    settings: Callable[[Servers], dict[str, str]]
    workers: int = 0


LOCAL = Executor("LocalExecutor", lambda servers: {})
CELERY = Executor("CeleryExecutor", postgres_and_redis, workers=2)


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
def airflow(home: Path, endpoint: str, executor: Executor) -> Iterator[Airflow]:
    """Start every part of an Airflow with the DAGs in ``home/dags``; all of it is ended with the context."""
    with Servers(home) as servers:
        port = free_port()
        environment = {**_environment(home, endpoint, port), "AIRFLOW__CORE__EXECUTOR": executor.name}
        environment.update(executor.settings(servers))
        run = [sys.executable, "-m", "airflow"]
        servers.run("migrate", [*run, "db", "migrate"], environment)
        servers.start("api-server", [*run, "api-server"], environment)
        for name, command in _PARTS.items():
            servers.start(name, [*run, *command], environment)
        for number in range(executor.workers):
            options = ["--concurrency", "2", "--celery-hostname", f"worker-{number}@localhost", "--skip-serve-logs"]
            servers.start(f"worker-{number}", [*run, "celery", "worker", *options], environment)
        running = Airflow(f"http://127.0.0.1:{port}", servers.wait)
        servers.wait("healthy Airflow", running.healthy)
        yield running


def _environment(home: Path, endpoint: str, port: int) -> dict[str, str]:
    """What all parts of Airflow have in common: the settings that a deployment gives them, with short intervals."""
    connection = {
        "conn_type": "aws",
        "login": "testing",
        "password": "testing",
        "extra": {"region_name": "us-east-1", "endpoint_url": endpoint},
    }
    url = f"http://127.0.0.1:{port}"
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
