"""A command line in an empty folder, and the machines that tests give to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

CLEAN = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"n": 1}, "End": True}}}
UNSUPPORTED = {
    "StartAt": "A",
    "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::nosuchservice:doIt", "End": True}},
}
APPROXIMATE = {**CLEAN, "TimeoutSeconds": 60}
MANUAL = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${Name}", "End": True}}}

Run = Callable[..., tuple[int, str, str]]


def put(name: str, value: Any) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2), encoding="utf-8")


def files(folder: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*.py"))
