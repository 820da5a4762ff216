"""Servers of a test run: started with a log each, watched while something is waited for, ended by ``guard.py``."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

_TAIL = 2000


class Ended(Exception):
    """A server that ended by itself, or a command that failed, with the end of its log."""


class Servers:
    """``with Servers(folder) as servers:`` what is started inside is ended with it; logs lie in ``folder``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.started: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Servers:
        command = [sys.executable, str(Path(__file__).with_name("guard.py"))]
        self.guard = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.guard.stdin is not None
        self.guard.stdin.close()
        self.guard.wait()
        for process in self.started.values():
            process.wait()

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        end: signal.Signals = signal.SIGTERM,
        order: int = 1,
    ) -> None:
        """Start a server; ``end`` is the signal that ends it, ``order`` when: what has a higher one is ended first."""
        with self.log(name).open("wb") as log:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.started[name] = process
        self._tell({"pid": process.pid, "signal": end, "order": order})

    def _tell(self, line: dict[str, Any]) -> None:
        assert self.guard.stdin is not None
        print(json.dumps(line), file=self.guard.stdin, flush=True)

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Run a command to its end. Raises Ended with what it said if it fails."""
        with self.log(name).open("wb") as log:
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if done.returncode:
            raise Ended(f"{name} failed with {done.returncode}\n{self.tail(name)}")

    def wait(self, what: str, condition: Callable[[], Any], seconds: float = 300) -> Any:
        """Until the condition holds; gives what it gave.

        Raises TimeoutError after ``seconds``, and Ended as soon as a server has ended, both with the ends of the logs.
        """
        until = time.monotonic() + seconds
        while not (found := condition()):
            if ended := [name for name, process in self.started.items() if process.poll() is not None]:
                raise Ended(f"{', '.join(ended)} ended while waiting for {what}\n{self.tails(ended)}")
            if time.monotonic() > until:
                raise TimeoutError(f"no {what} within {seconds:g} seconds\n{self.tails(self.started)}")
            time.sleep(0.5)
        return found

    def scratch(self, name: str) -> Path:
        """A folder that other users can be let into, unlike those of pytest; it is removed at the end."""
        folder = tempfile.mkdtemp(prefix=f"sfn2airflow-{name}-")
        self._tell({"folder": folder})
        return Path(folder)

    def log(self, name: str) -> Path:
        """Where a server writes."""
        return self.folder / f"{name}.log"

    def tail(self, name: str) -> str:
        """The end of a server's log."""
        return f"--- {name}\n{self.log(name).read_text(errors='replace')[-_TAIL:]}"

    def tails(self, names: Any) -> str:
        """The ends of several logs."""
        return "\n".join(map(self.tail, names))


def free_port() -> int:
    """A port on loopback that nobody listens to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens to a port on loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
