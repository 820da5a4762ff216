"""What the tests ask a running Airflow, through its REST API."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

Json = Any
_GOING = ("queued", "running")


@dataclass(frozen=True)
class Run:
    """A DAG run: its DAG, its id."""

    dag_id: str
    run_id: str

    @property
    def path(self) -> str:
        """Where the REST API has it."""
        return f"/api/v2/dags/{quote(self.dag_id, safe='')}/dagRuns/{quote(self.run_id, safe='')}"


@dataclass(frozen=True)
class Airflow:
    """A running Airflow: the address of its API server, and how to wait for a condition while its parts are alive."""

    url: str
    wait: Callable[..., Any]

    @cached_property
    def token(self) -> str:
        """A token of the simple auth manager, in which everybody is admin here."""
        with urllib.request.urlopen(f"{self.url}/auth/token", timeout=60) as response:
            return str(json.loads(response.read())["access_token"])

    def call(self, method: str, path: str, body: Json = None) -> Json:
        """One request of the REST API; the last line of what it answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.loads(response.read().decode().strip().rpartition("\n")[2] or "null")
        except HTTPError as error:
            error.add_note(error.read().decode(errors="replace")[:1000])
            raise

    def healthy(self) -> bool:
        """Whether all parts are up."""
        try:
            health = self.call("GET", "/api/v2/monitor/health")
        except OSError:
            return False
        return all(part["status"] == "healthy" for part in health.values())

    def dags(self) -> dict[str, Json]:
        """What the DAG processor has read, by the id of the DAG."""
        return {dag["dag_id"]: dag for dag in self.call("GET", "/api/v2/dags?limit=100")["dags"]}

    def import_errors(self) -> list[Json]:
        """What the DAG processor could not read."""
        return list(self.call("GET", "/api/v2/importErrors")["import_errors"])

    def start(self, dag_id: str, conf: dict[str, Json]) -> Run:
        """Start a run of a DAG as soon as it has been read."""
        self.wait(f"DAG {dag_id}", lambda: dag_id in self.dags() or self._unread())
        self.call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})
        run = self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"conf": conf, "logical_date": None})
        return Run(dag_id, run["dag_run_id"])

    def _unread(self) -> bool:
        assert self.import_errors() == []
        return False

    def end(self, run: Run, seconds: float = 600) -> str:
        """The state in which a run ends."""
        self.wait(f"end of {run.dag_id} {self.states(run)}", lambda: self.state(run) not in _GOING, seconds)
        return self.state(run)

    def state(self, run: Run) -> str:
        """The state that a run is in."""
        return str(self.call("GET", run.path)["state"])

    def result(self, run: Run) -> Json:
        """The result of a run that has ended."""
        results = self.call("GET", f"{run.path}/wait?interval=1").get("results") or {}
        return next(iter(results.values()), None)

    def tasks(self, run: Run) -> list[Json]:
        """The task instances of a run."""
        return list(self.call("GET", f"{run.path}/taskInstances?limit=200")["task_instances"])

    def states(self, run: Run) -> dict[str, str]:
        """The states of a run's task instances, by task id, with the map index behind it."""
        return {
            t["task_id"] if t["map_index"] < 0 else f"{t['task_id']}[{t['map_index']}]": str(t["state"])
            for t in self.tasks(run)
        }

    def succeed(self, run: Run, seconds: float = 600) -> Json:
        """The result of a run that must succeed; fails with what is told of it otherwise."""
        assert self.end(run, seconds) == "success", "\n".join([f"{run.dag_id} failed", *self.told(run)])
        return self.result(run)

    def told(self, run: Run) -> Iterator[str]:
        """What is known of a run and its children: states, and the ends of the logs of tasks that failed."""
        for part in [run, *self.children(run)]:
            yield f"--- {part.dag_id} {part.run_id}: {self.states(part)}"
            for task in self.tasks(part):
                if task["state"] == "failed":
                    where = f"{part.path}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
                    lines = self.call("GET", f"{where}?map_index={task['map_index']}&full_content=true")["content"]
                    yield f"--- {task['task_id']}[{task['map_index']}]: {json.dumps(lines[-8:])[-3000:]}"

    def children(self, run: Run) -> Iterator[Run]:
        """The runs that tasks of a run have started, and those that they have started."""
        for dag_id in [id for id in self.dags() if id.startswith(f"{run.dag_id}__")]:
            for found in self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns?limit=100")["dag_runs"]:
                if found["dag_run_id"].startswith(f"{run.run_id}__"):
                    yield Run(dag_id, found["dag_run_id"])

    def by_name(self, runs: Iterable[Run]) -> dict[str, Counter[str]]:
        """How often the tasks with each display name, in several runs, have ended in which state."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for run in runs:
            tasks = self.call("GET", f"/api/v2/dags/{run.dag_id}/tasks")["tasks"]
            # an instance of a mapped task has the display name only if it is the first
            names = {task["task_id"]: task["task_display_name"] for task in tasks}
            for task in self.tasks(run):
                found[names[task["task_id"]]][str(task["state"])] += 1
        return found
