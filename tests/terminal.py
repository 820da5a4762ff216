"""Standard error as a terminal, or as a pipe, for what is only shown to people who watch."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread


class Shown:
    """What has been written so far."""

    def __init__(self) -> None:
        self.data = b""

    @property
    def text(self) -> str:
        return self.data.decode()


@contextmanager
def standard_error(terminal: bool) -> Iterator[Shown]:
    """While it lasts, standard error is a pseudo-terminal, or a pipe; what was written is complete afterwards."""
    reading, writing = pty.openpty() if terminal else os.pipe()
    shown, before = Shown(), sys.stderr

    def read() -> None:
        while part := _part(reading):
            shown.data += part

    reader = Thread(target=read)
    reader.start()
    sys.stderr = os.fdopen(writing, "w", encoding="utf-8")
    try:
        yield shown
    finally:
        sys.stderr.close()
        sys.stderr = before
        reader.join()
        os.close(reading)


def _part(reading: int) -> bytes:
    """The next that can be read; nothing at the end, which a pseudo-terminal tells by an error on Linux."""
    try:
        return os.read(reading, 65_536)
    except OSError:
        return b""
