"""One running Airflow for all tests of an executor, with every machine of the folder converted and started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_server import CELERY, LOCAL, airflow, aws
from cluster import STARTED, Cluster
from world import MACHINES, World, given


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(LOCAL, marks=pytest.mark.scheduler, id="local"),
        pytest.param(CELERY, marks=pytest.mark.celery, id="celery"),
    ],
)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Airflow with an executor; the DAGs are what the command line makes of the folder ``machines``."""
    home = tmp_path_factory.mktemp("airflow")
    convert(home / "dags")
    with aws() as endpoint:
        world = World(endpoint)
        world.make()
        with airflow(home, endpoint, request.param) as running:
            running.call("POST", "/api/v2/variables", {"key": "RefundQueue", "value": world.queue})
            runs = {name: running.start(name, given(name)) for name in STARTED}
            yield Cluster(running, world, runs)


def convert(folder: Path) -> None:
    """Convert all machines into a folder, as a user does."""
    machines = sorted(map(str, MACHINES.glob("*.asl.json")))
    command = [sys.executable, "-m", "sfn2airflow", "convert", *machines, "-o", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
