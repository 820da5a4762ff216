"""Servers of a test run are ended with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import databases
import psutil
import pytest
from databases import Missing
from guard import PATIENCE, lives
from servers import Ended, Servers

SERVER = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
CHILD = "import time; time.sleep(60)"
TEST_RUN = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from servers import Servers
with Servers(Path({logs!r})) as servers:
    servers.start("server", [sys.executable, "-c", {server!r}])
    print(servers.started["server"].pid, servers.scratch("test"), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, None], ids=str)
def test_nothing_is_left(tmp_path: Path, end: signal.Signals | None) -> None:
    server = SERVER.format(child=CHILD)
    source = TEST_RUN.format(folder=str(Path(__file__).parent), logs=str(tmp_path), server=server)
    run = subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stdin is not None
    assert run.stdout is not None
    pid, folder = run.stdout.readline().split()
    process = psutil.Process(int(pid))
    while not (children := process.children()):
        assert lives(process)
    run.stdin.close() if end is None else run.send_signal(end)
    run.wait(30)
    until = time.monotonic() + 2 * PATIENCE
    while any(map(lives, [process, *children])) or Path(folder).exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_server_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    with Servers(tmp_path) as servers:
        servers.start("server", [sys.executable, "-c", "print('no such port')"])
        with pytest.raises(Ended, match="server ended while waiting for a sign\n--- server\nno such port"):
            servers.wait("a sign", lambda: False)


def test_databases_that_nobody_may_install_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> str:
        raise Missing(name)

    monkeypatch.setattr(databases, "program", missing)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert databases.install() == 1, "make fails, and nothing is skipped"
    assert "apt-get install postgresql redis-server" in capsys.readouterr().err


def test_a_condition_that_never_holds(tmp_path: Path) -> None:
    with Servers(tmp_path) as servers:
        servers.start("server", [sys.executable, "-uc", "import time; print('still at it'); time.sleep(60)"])
        servers.wait("its first line", lambda: servers.log("server").read_text())
        with pytest.raises(TimeoutError, match="no sign within 0 seconds\n--- server\nstill at it"):
            servers.wait("sign", lambda: False, 0)
