"""Answers to tasks that wait for their token, through Airflow's REST API: what replaces SendTaskSuccess and its kin.

Only the standard library is needed, so that the module may be copied into a Lambda function or a worker.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

Json = Any

_WAITING = ("queued", "running", "scheduled", "up_for_reschedule")
_SECONDS = 30


class Refused(Exception):
    """An answer that Airflow does not take: a wrong token, a task that no longer waits, a server that says no."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The try of a task instance that a token names."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    attempt: int

    @classmethod
    def of(cls, token: str) -> Waiting:
        """The task instance that a token names; raises Refused for what is no token."""
        try:
            parts = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except (ValueError, binascii.Error) as error:
            raise Refused("InvalidToken: this is not a token of Airflow") from error
        kinds = [str, str, str, int, int]
        if not isinstance(parts, list) or [type(part) for part in parts] != kinds:
            raise Refused("InvalidToken: this is not a token of Airflow")
        return cls(*parts)

    @property
    def path(self) -> str:
        """Where the REST API has the task instance."""
        dag, run, task = (quote(part, safe="") for part in (self.dag_id, self.run_id, self.task_id))
        return f"dags/{dag}/dagRuns/{run}/taskInstances/{task}"


@dataclass(frozen=True, slots=True)
class Airflow:
    """An API server of Airflow: its URL, and a bearer token (``POST /auth/token``) of who may edit task instances."""

    url: str
    bearer: str

    def success(self, token: str, output: Json) -> None:
        """End the state with a result, a JSON value; raises Refused."""
        self._answer(token, {"output": json.dumps(output, allow_nan=False)})

    def failure(self, token: str, error: str | None = None, cause: str | None = None) -> None:
        """End the state with an error, for its Retry and Catch; raises Refused."""
        self._answer(token, {"error": error, "cause": cause})

    def heartbeat(self, token: str) -> None:
        """A sign of life, for a state with HeartbeatSeconds; raises Refused."""
        waiting = self._waiting(token)
        self._put(waiting, "heartbeat", time.time())

    def work(self, activity: str) -> Iterator[dict[str, Json]]:
        """The work that waits for workers of an activity (its ARN), as ``{"token": ..., "input": ...}``."""
        wanted = urlencode({"operator_name_pattern": "ActivitySensor", "state": "up_for_reschedule", "limit": 100})
        found = self._request("GET", f"dags/~/dagRuns/~/taskInstances?{wanted}")
        for ti in found["task_instances"]:
            place = Waiting(ti["dag_id"], ti["dag_run_id"], ti["task_id"], ti["map_index"], ti["try_number"])
            work = self._get(place, "work")
            if work is not None and work["activity"] == activity and self._get(place, "answer") is None:
                yield {"token": work["token"], "input": json.loads(work["input"])}

    def _answer(self, token: str, value: Json) -> None:
        waiting = self._waiting(token)
        if self._get(waiting, "answer") is not None:
            raise Refused("TaskTimedOut: the task has its answer already")
        self._put(waiting, "answer", value)

    def _waiting(self, token: str) -> Waiting:
        """The task instance that a token names; raises Refused if it does not wait for this token any more."""
        waiting = Waiting.of(token)
        mapped = f"/{waiting.map_index}" if waiting.map_index >= 0 else ""
        found = self._request("GET", f"{waiting.path}{mapped}")
        if found["try_number"] != waiting.attempt or found["state"] not in _WAITING:
            raise Refused(f"TaskTimedOut: the task is in try {found['try_number']}, {found['state']}")
        return waiting

    def _get(self, waiting: Waiting, key: str) -> Json:
        """A note in the state store of a task instance; None where there is none."""
        try:
            return self._request("GET", _note(waiting, key))["value"]
        except Refused as refusal:
            if isinstance(refusal.__cause__, HTTPError) and refusal.__cause__.code == 404:
                return None
            raise

    def _put(self, waiting: Waiting, key: str, value: Json) -> None:
        self._request("PUT", _note(waiting, key), {"value": value, "expires_at": None})

    def _request(self, method: str, path: str, body: Json = None) -> Json:
        headers = {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url.rstrip('/')}/api/v2/{path}", data, headers, method=method)
        try:
            with urlopen(request, timeout=_SECONDS) as answer:
                text = answer.read()
        except HTTPError as error:
            raise Refused(f"{error.code} {error.reason}: {error.read().decode(errors='replace')[:300]}") from error
        except (URLError, OSError, ValueError) as error:
            raise Refused(f"{self.url} does not answer: {error}") from error
        return json.loads(text) if text else None


def _note(waiting: Waiting, key: str) -> str:
    return f"{waiting.path}/state-store/{key}-{waiting.attempt}?map_index={waiting.map_index}"
