"""Replies of a scenario as answers of the Kubernetes API of a cluster, to the requests that ``eks:runJob`` makes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = Any


def job_answer(job: Json, method: str, url: str) -> Json:
    """The body that answers a request of a job whose end is ``job``, as the Task has it: with its ``logs``."""
    job = job if isinstance(job, dict) else {}
    place = urlsplit(url)
    pods = (job.get("logs") or {}).get("pods") or {}
    parts = place.path.strip("/").split("/")
    if "jobs" in parts:
        named = {**job, "metadata": {"name": "job", **(job.get("metadata") or {})}}
        return {k: v for k, v in (named if method == "POST" else job).items() if k != "logs"}
    if parts[-1] == "pods":
        return {"items": [_pod(name, pod) for name, pod in pods.items()]}
    container = parse_qs(place.query)["container"][0]
    return pods[parts[-2]]["containers"][container].get("log")


def _pod(name: str, pod: Json) -> Json:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": each} for each in pod["containers"]]}}
