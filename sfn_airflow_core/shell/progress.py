"""A progress bar on standard error, for work that takes a while and for people who watch."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds before a bar appears."""


def tracked(
    items: Sequence[T], quiet: bool = False, patience: float = PATIENCE, doing: str = "Translating"
) -> Iterator[T]:
    """The items, with a bar once they take longer than ``patience`` seconds and standard error is a terminal."""
    started, count = time.monotonic(), 0
    while count < len(items) and (quiet or not sys.stderr.isatty() or time.monotonic() - started < patience):
        yield items[count]
        count += 1
    if count == len(items):
        return
    from rich.console import Console
    from rich.progress import track

    rest = items[count:]
    yield from track(rest, doing, total=len(items), completed=count, console=Console(stderr=True), transient=True)
