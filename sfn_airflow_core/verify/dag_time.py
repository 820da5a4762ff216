"""Time and chance while a DAG and its machine are verified: nobody sleeps, clocks are moved, dice fall alike."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock


@contextmanager
def same_chance(task: str, index: int | None) -> Iterator[None]:
    """Lets what a function asks of ``random`` be the same on both sides, and in every run."""
    before = random.getstate()
    random.seed(f"{task}#{index}")
    try:
        yield
    finally:
        random.setstate(before)


@contextmanager
def sleepless(folder: Path) -> Iterator[None]:
    """Lets functions and shell commands go on at once where they sleep; imports that name ``sleep`` are to come later.

    Args:
        folder: where to put the command that takes the place of ``sleep``.
    """
    command = folder / "sleep"
    folder.mkdir(parents=True, exist_ok=True)
    command.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    command.chmod(0o755)
    pause = asyncio.sleep
    path = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
    with (
        mock.patch.dict(os.environ, {"PATH": path}),
        mock.patch.object(time, "sleep", return_value=None),
        mock.patch.object(asyncio, "sleep", lambda delay, result=None: pause(0, result)),
    ):
        yield


class Clock:
    """A module about time whose now has passed by what was waited for, and by ``more``."""

    def __init__(self, module: Any, late: list[timedelta], more: timedelta = timedelta()):
        self._module, self._late, self._more = module, late, more

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def utcnow(self) -> datetime:
        """Now."""
        now: datetime = self._module.utcnow()
        return now + self._late[0] + self._more

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic() + self._late[0].total_seconds()
