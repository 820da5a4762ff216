"""What standard output can show."""

from __future__ import annotations

import os
import shutil
import sys

PAGE = 120
"""Columns where there is no terminal."""


def colors() -> bool:
    """Whether standard output takes ANSI colours (https://no-color.org); ``FORCE_COLOR`` says so for a pipe."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def columns() -> int:
    """Columns of the terminal; those of a wide page where there is none."""
    return shutil.get_terminal_size((PAGE, 24)).columns if sys.stdout.isatty() else PAGE
