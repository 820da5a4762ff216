"""What standard output can show, and what stands in its place where a file is asked for."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

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


def put(text: str, target: Path | None) -> None:
    """Prints a report, or writes it to the file that was asked for. Raises OSError."""
    if target is None:
        click.echo(text, nl=False, color=True)
    else:
        target.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
