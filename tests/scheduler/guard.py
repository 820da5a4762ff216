"""Ends the servers of a test run when its standard input ends: ``python guard.py``, told of each server by a line.

A line is ``{"pid": ..., "signal": ..., "order": ...}``, or ``{"folder": ...}`` for a folder that is removed at the end.
The end of the input is the end of the process that started the servers, whatever ended it, so nothing is left behind
after a failure, after Ctrl-C or after ``kill -9``. Servers with a higher order are ended first; those of one order at
the same time, with all that they started.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from itertools import groupby
from typing import TextIO

import psutil

PATIENCE = 20
"""Seconds that servers have to end before they are killed."""


def guard(told: TextIO) -> None:
    """Wait for the end of the input, then end every server and remove every folder that it told of."""
    lines = [json.loads(line) for line in told]
    servers = sorted((line for line in lines if "pid" in line), key=lambda server: -server["order"])
    for _, group in groupby(servers, key=lambda server: server["order"]):
        end([(server["pid"], server["signal"]) for server in group])
    for folder in (line["folder"] for line in lines if "folder" in line):
        shutil.rmtree(folder)


def end(told: list[tuple[int, int]]) -> None:
    """Send each server its signal, wait until it has ended, and kill what is left of it and of what it started."""
    servers: list[psutil.Process] = []
    family: list[psutil.Process] = []
    for pid, signal in told:
        try:
            server = psutil.Process(pid)
            family += [server, *server.children(recursive=True)]
            server.send_signal(signal)
        except psutil.NoSuchProcess:
            continue
        servers.append(server)
    _wait(servers, PATIENCE)
    _wait(family, 2)
    for process in filter(lives, family):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _wait(processes: list[psutil.Process], seconds: float) -> None:
    until = time.monotonic() + seconds
    while any(map(lives, processes)) and time.monotonic() < until:
        time.sleep(0.1)


def lives(process: psutil.Process) -> bool:
    """Whether a process still runs; one that has ended and that nobody has asked about does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    guard(sys.stdin)
