"""Generated DAGs on a real scheduler, API server, triggerer and DAG processor, with the results of their machines.

``make test-scheduler`` runs them with LocalExecutor, ``make test-celery`` with CeleryExecutor, PostgreSQL and Redis.
The yardstick is the reference interpreter, with the replies that moto's AWS gives.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow_server import CELERY, LOCAL, airflow, aws
from cluster import STARTED, Cluster
from world import MACHINES, World, expected, given, machine

from sfn_airflow_core.asl.model import Map, Parallel


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


def test_every_file_is_read(cluster: Cluster) -> None:
    assert cluster.airflow.import_errors() == []
    dags = cluster.airflow.dags()
    assert [name for name in STARTED if dags[name]["dag_display_name"] != name] == []


def test_a_loop_holds_no_worker(cluster: Cluster) -> None:
    run = cluster.runs["bucket_inventory"]
    cluster.airflow.wait("loop that waits", lambda: cluster.airflow.states(run)["list_page_loop"] == "deferred")
    assert cluster.succeed("bucket_inventory") == {"files": "5", "pages": "3"}
    assert cluster.world.items("inventory") == {"archive": {"files": "5", "pages": "3"}}
    rounds = sorted(child.run_id.removeprefix(run.run_id) for child in cluster.airflow.children(run))
    assert rounds == [f"__list_page_loop__1__{number}" for number in range(3)]
    same_as_the_interpreter(cluster, "bucket_inventory")


def test_a_token_holds_no_worker_and_is_answered(cluster: Cluster) -> None:
    message, run = clerk(cluster), cluster.runs["refund_approval"]
    assert {key: message[key] for key in ("order", "amount")} == {"order": "o17", "amount": 30}
    cluster.airflow.wait("token that waits", lambda: cluster.airflow.states(run)["ask_clerk"] == "up_for_reschedule")
    answer(cluster, message["token"], "--heartbeat")
    answer(cluster, message["token"], "--output", '{"paid": 25, "by": "Ada"}')
    assert cluster.succeed("refund_approval") == {"order": "o17", "paid": 25}
    assert cluster.world.items("refunds") == {"o17": {"by": "Ada"}}
    same_as_the_interpreter(cluster, "refund_approval")


def test_a_token_answered_with_an_error(cluster: Cluster) -> None:
    run = cluster.airflow.start("refund_approval", {"order": "o19", "amount": 9})
    token = clerk(cluster)["token"]
    answer(cluster, token, "--error", "Refund.Rejected", "--cause", "no receipt")
    assert cluster.airflow.succeed(run) == {"order": "o19", "why": "no receipt"}
    assert cluster.airflow.states(run)["ask_clerk"] == "failed", "a caught failure stays visible"


def test_a_map_in_a_map(cluster: Cluster) -> None:
    assert cluster.succeed("restock") == {
        "day": "2026-01-05",
        "warehouses": [
            {"warehouse": "north", "products": ["6 of lamp ordered", "desk is there"]},
            {"warehouse": "south", "products": []},
            {"warehouse": "west", "products": ["4 of lamp ordered"]},
        ],
    }
    assert cluster.world.items("replenishments") == {"north/lamp": {"units": "6"}, "west/lamp": {"units": "4"}}
    same_as_the_interpreter(cluster, "restock")


def test_a_distributed_map_over_a_file(cluster: Cluster) -> None:
    assert cluster.succeed("sales_import") == {"shop": "harbour", "results": "sales"}
    assert cluster.world.items("batches") == {"harbour/s1": {"sum": "32.5"}, "harbour/s9": {"sum": "32.25"}}
    listed = cluster.world.client("s3").list_objects_v2(Bucket="sales", Prefix="imported/")["Contents"]
    (manifest,) = [found["Key"] for found in listed if found["Key"].endswith("/manifest.json")]
    files = cluster.world.json(manifest)["ResultFiles"]
    rows = [row for listed in files.values() for file in listed for row in cluster.world.json(file["Key"])]
    written = [(row["Status"], json.loads(row.get("Output", "null")), row.get("Error")) for row in rows]
    assert written == [
        ("FAILED", None, "Sales.Refund"),
        ("SUCCEEDED", {"rows": 4, "sum": 32.5}, None),
        ("SUCCEEDED", {"rows": 2, "sum": 32.25}, None),
    ]
    told = [(child.status, child.output, child.error) for child in expected("sales_import").children]
    assert sorted(map(in_order, written)) == sorted(map(in_order, told))
    same_as_the_interpreter(cluster, "sales_import")


def test_a_caught_parallel(cluster: Cluster) -> None:
    assert cluster.succeed("checkout")["order"] == "o18"
    assert cluster.world.items("payments") == {}, "it was taken back"
    same_as_the_interpreter(cluster, "checkout")


ORDER = {"id": "o1", "lines": [{"n": 1}, {"n": 2}, {"n": 3}]}


def test_orders(cluster: Cluster) -> None:
    runs = [cluster.airflow.start("orders", {**ORDER, **more}) for more in ({}, {"id": "o2", "lines": []})]
    unreadable = cluster.airflow.start("orders", {})
    assert cluster.airflow.succeed(runs[0]) == {
        "both": ["held", "DynamoDB.ResourceNotFoundException"],
        "lines": [{"fine": 1}, {"mended": 2}, {"fine": 3}],
        "stored": "3",
        "nothing": None,
    }
    assert cluster.airflow.states(runs[0])["missing"] == "failed", "a caught failure stays visible"
    assert cluster.airflow.succeed(runs[1])["lines"] == []
    assert cluster.airflow.end(unreadable) == "failed"
    assert cluster.airflow.states(unreadable)["keep"] == "failed"


def test_a_stopped_run_stops_its_children_and_their_jobs(cluster: Cluster) -> None:
    """The jobs of tasks that wait, deferred or between two looks, and so have no process that could stop them.

    Last, when nothing else waits: on SQLite, a trigger that was cancelled and a new one may have the same id.
    """
    airflow, world = cluster.airflow, cluster.world
    run = airflow.start("month_end", {"month": "2026-01", "cluster": world.emr})
    (child,) = airflow.wait("child", lambda: [*airflow.children(run)])
    waiting = {"close.report": "deferred", "close.settle": "up_for_reschedule"}
    airflow.wait("waiting jobs", lambda: waiting.items() <= airflow.states(child).items())
    assert world.jobs() == ["RUNNING", "RUNNING"]
    airflow.call("PATCH", run.path, {"state": "failed"})
    airflow.wait("jobs that stop", lambda: world.jobs() == ["ABORTED", "CANCELLED"])
    assert airflow.state(child) == "failed"


def clerk(cluster: Cluster) -> Any:
    """The next message in the queue of the clerk."""
    return cluster.airflow.wait("message with a token", cluster.world.message)


def in_order(value: Any) -> str:
    """A value as text; PostgreSQL does not keep the order of the keys of an object."""
    return json.dumps(value, sort_keys=True)


def answer(cluster: Cluster, token: str, *arguments: str) -> None:
    """The recipe of docs/callbacks.md."""
    environment = {**os.environ, "AIRFLOW_URL": cluster.airflow.url, "AIRFLOW_TOKEN": cluster.airflow.token}
    command = [sys.executable, "-m", "sfn2airflow", "answer", token, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def same_as_the_interpreter(cluster: Cluster, name: str) -> None:
    """The output is that of the interpreter, and so is how often which state succeeded and failed."""
    execution, run = expected(name), cluster.runs[name]
    assert cluster.airflow.result(run) == execution.output
    told: dict[str, Counter[str]] = defaultdict(Counter)
    found = cluster.airflow.by_name([run, *cluster.airflow.children(run)])
    for visit in execution.visits:
        told[visit.state]["failed" if visit.error else "success"] += 1
    # Parallel and Map are several tasks each: what counts are the states in them
    states = [state.name for state in machine(name).walk() if not isinstance(state, Parallel | Map)]
    ended = {state: {end: found[state][end] for end in ("success", "failed")} for state in states}
    assert ended == {state: {end: told[state][end] for end in ("success", "failed")} for state in states}
