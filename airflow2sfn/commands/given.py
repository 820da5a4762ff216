"""What the options of a command say: environment variables, Airflow Variables, durations, Connections."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from airflow2sfn.connections import BadConnections, Connection, connections
from sfn_airflow_core.shell.values import read_object


def environment(given: Iterable[str]) -> dict[str, str]:
    """Environment variables from ``NAME=VALUE``. Raises click.UsageError."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.UsageError(f"--env {text!r}: write NAME=VALUE")
        found[name] = value
    return found


def variables(path: str | None) -> dict[str, Any]:
    """Airflow Variables from a JSON or YAML file. Raises click.UsageError."""
    return {} if path is None else dict(read_object(Path(path)))


def durations(path: str | None) -> dict[str, float]:
    """Durations by ``task_id`` and by ``dag_id.task_id``. Raises click.UsageError."""
    found: dict[str, float] = {}
    for name, value in variables(path).items():
        entries = {f"{name}.{task}": time for task, time in value.items()} if isinstance(value, dict) else {name: value}
        for key, time in entries.items():
            if isinstance(time, bool) or not isinstance(time, int | float) or time < 0:
                raise click.UsageError(f"{path}: {key}: seconds are needed, not {time!r}")
            found[key] = float(time)
    return found


def connected(path: str | None) -> dict[str, Connection]:
    """What Airflow's Connections are in AWS, from a JSON or YAML file. Raises click.UsageError."""
    try:
        return connections(variables(path))
    except BadConnections as error:
        raise click.UsageError(f"{path}: {error}") from None
