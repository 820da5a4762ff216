"""Which inputs a command line means: files, folders, and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

STDIN = "<stdin>"
TOP = PurePosixPath()
MOST_BYTES = 8 * 1024 * 1024 + 1
"""No more is read of one input, be it endless; readers refuse what is as long as this."""
ENDINGS = (".json", ".yaml", ".yml")
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages", "venv"})
"""Folders that hold no work of the user's, besides all whose names start with a dot."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input: the name for reports, the folder below the output folder, and the bytes (or why there are none)."""

    name: str
    below: PurePosixPath = TOP
    data: bytes = b""
    error: str = ""


def gather(
    arguments: Iterable[str], wanted: Callable[[str, bytes], bool], endings: tuple[str, ...] = ENDINGS
) -> Iterator[Input | str]:
    """The inputs that arguments stand for, each file once, folders in the order of names; a skipped file as its name.

    Args:
        arguments: paths, or ``-`` for standard input.
        wanted: whether a file found in a folder, by name and content, is an input; explicit files always are.
        endings: of the names of files that are looked at in folders.
    """
    seen: set[str] = set()
    for argument in arguments:
        if argument == "-":
            if STDIN not in seen:
                seen.add(STDIN)
                yield Input(STDIN, data=sys.stdin.buffer.read(MOST_BYTES))
            continue
        path = Path(argument)
        if path.is_dir():
            yield from _folder(path, wanted, seen, endings)
        elif (real := os.path.realpath(path)) not in seen:
            seen.add(real)
            yield _read(path, TOP)


def usable(
    found: Iterable[Input | str],
    error: Callable[[str, str], None],
    nothing: tuple[str, str],
    passed_over: Callable[[str], None] = lambda _: None,
) -> Iterator[Input]:
    """The inputs that could be read.

    Args:
        found: what ``gather`` gives.
        error: is told the name of an input that cannot be used, and why.
        nothing: what it is told where there is no input at all.
        passed_over: is told the names of skipped files.
    """
    count = 0
    for each in found:
        if isinstance(each, str):
            passed_over(each)
            continue
        count += 1
        if each.error:
            error(each.name, each.error)
        else:
            yield each
    if not count:
        error(*nothing)


def _folder(
    root: Path, wanted: Callable[[str, bytes], bool], seen: set[str], endings: tuple[str, ...]
) -> Iterator[Input | str]:
    failures: list[Input] = []

    def fail(error: OSError) -> None:
        failures.append(Input(shown(Path(error.filename or root)), error=error.strerror or str(error)))

    for folder, folders, files in os.walk(root, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS)
        below = PurePosixPath(PurePath(os.path.relpath(folder, root)).as_posix())
        for name in sorted(files):
            path = Path(folder, name)
            real = os.path.realpath(path)
            if not name.lower().endswith(endings) or real in seen or _special(path):
                continue
            found = _read(path, below)
            if found.error or wanted(name, found.data):
                seen.add(real)
                yield found
            else:
                yield shown(path)
    yield from failures


def _special(path: Path) -> bool:
    """Whether a path is a pipe, socket or device, which may block; somebody may name one, but a search passes by."""
    return path.exists() and not path.is_file()


def _read(path: Path, below: PurePosixPath) -> Input:
    try:
        with path.open("rb") as stream:
            return Input(shown(path), below, stream.read(MOST_BYTES))
    except OSError as error:
        return Input(shown(path), below, error=error.strerror or str(error))


def shown(path: Path) -> str:
    """A path as reports name it: relative to the working directory where it is below it, with forward slashes."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
