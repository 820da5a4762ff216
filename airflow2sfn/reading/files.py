"""Files of the project that a DAG file reads when it is loaded: configuration in JSON, YAML and TOML, and plain text.

A path counts from the folder of the DAG file, as it does where it is made of ``__file__``; one that is absolute is also
looked up below the folders in which images of Airflow keep DAGs. Only what lies below the folders of the project is
opened, only for reading, and only up to a size.
"""

from __future__ import annotations

import json
import posixpath
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import yaml

from airflow2sfn.reading.evaluate import (
    CONTEXTS,
    MOST_ITEMS,
    MOST_TEXT,
    Args,
    External,
    Kwargs,
    Raised,
    Run,
    Scope,
    TooMuch,
    Unknown,
    attributes,
    calls,
    external,
    plain,
    unknown,
)
from airflow2sfn.reading.limits import small

MOST_FILES = 1000
_DEEPEST = 100
_HOMES = ("/usr/local/airflow/dags/", "/opt/airflow/dags/", "/home/airflow/gcs/dags/", "/usr/local/airflow/")
"""Where DAGs lie on Amazon MWAA, in Airflow's own image, on Cloud Composer and in Astronomer's image."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_LOADER):  # type: ignore[misc]
    """A safe loader of YAML that merges no more than a DAG needs."""

    merged = 0

    def flatten_mapping(self, node: Any) -> None:
        super().flatten_mapping(node)
        self.merged += len(node.value)
        if self.merged > MOST_ITEMS:
            raise TooMuch("a YAML file with too much to merge")


@dataclass(slots=True, eq=False)
class OpenFile:
    """A file that is open for reading."""

    content: str | bytes


@dataclass(slots=True, eq=False)
class _Reading:
    file: OpenFile
    name: str


CONTEXTS[OpenFile] = (lambda run, file: file, lambda run, file: None)


def found(run: Run, path: object) -> Path | None:
    """The file or folder of the project that a path means; ``None`` where there is none, or it lies outside.

    Args:
        run: the reading of the DAG file.
        path: as the DAG file has computed it.
    """
    if not isinstance(path, str | PurePosixPath) or "\0" in str(path) or not str(path):
        return None
    for place in _places(run, str(path)):
        try:
            real = place.resolve()
            if real.exists() and any(real.is_relative_to(root.resolve()) for root in run.project.roots):
                return real
        except (OSError, ValueError, RuntimeError):
            continue
    return None


def _places(run: Run, text: str) -> Iterator[Path]:
    """Where a path may lead, the likeliest first."""
    roots = run.project.roots
    own = PurePosixPath(*run.file.module.name.split(".")).with_suffix(".py")
    folders = [(root / own).parent for root in roots if (root / own).is_file()] or list(roots[:1])
    # as far as it is made of the DAG file's own path, of which only the name may be known
    yield from (folder / posixpath.relpath(text, posixpath.dirname(run.file.module.path) or ".") for folder in folders)
    yield Path(text)
    for home in _HOMES:
        if text.startswith(home):
            yield from (root / text.removeprefix(home) for root in roots)
    if not posixpath.isabs(text):
        yield from (root / text for root in roots)


def content(run: Run, path: object, binary: bool = False) -> str | bytes | None:
    """What is in a file of the project; ``None`` where it has none of the name, or it is no text or too large."""
    real = found(run, path)
    run.step(100)
    try:
        if real is None or not real.is_file() or real.stat().st_size > MOST_TEXT:
            return None
        data = real.read_bytes()
        return data if binary else data.decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None


def entries(run: Run, path: object, pattern: str = "*") -> list[str] | None:
    """The names below a folder of the project that match a pattern, in order; ``None`` where it has no such folder."""
    real = found(run, path)
    if real is None or not real.is_dir() or posixpath.isabs(pattern) or ".." in pattern:
        return None
    roots = [root.resolve() for root in run.project.roots]
    names: list[str] = []
    for one in real.glob(pattern):
        run.step()
        if len(names) >= MOST_FILES:
            raise TooMuch(f"a folder with more than {MOST_FILES} files")
        if any(one.resolve().is_relative_to(root) for root in roots):
            names.append(one.relative_to(real).as_posix())
    return sorted(names)


@external("builtins.open", "io.open")
def _open(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return opened(run, args[0] if args else kwargs.get("file"), (*args[1:2], kwargs.get("mode", "r")), node, scope)


def opened(run: Run, path: Any, modes: tuple[Any, ...], node: Any, scope: Scope) -> Any:
    """A file that is opened; the first one of ``modes`` counts."""
    name, mode = plain(path), plain(modes[0])
    reads = isinstance(mode, str) and not set(mode) & set("wax+")
    if reads and (inner := content(run, name, "b" in mode)) is not None:
        return OpenFile(inner)
    return unknown(run, node, scope, "file", str(name) if isinstance(name, str | PurePath) else "")


@attributes(OpenFile)
def _attribute(run: Run, file: OpenFile, name: str, node: Any, scope: Scope) -> Any:
    return _Reading(file, name) if name in ("read", "readlines", "close") else unknown(run, node, scope, "file")


@calls(_Reading)
def _call(run: Run, callee: _Reading, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    match callee.name:
        case "read" if not args:
            return callee.file.content
        case "readlines" if not args and isinstance(callee.file.content, str):
            return callee.file.content.splitlines(keepends=True)
        case "close":
            return None
        case _:
            return unknown(run, node, scope, "file")


def _yaml(text: str | bytes) -> Any:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _toml(text: str | bytes) -> Any:
    return tomllib.loads(text if isinstance(text, str) else text.decode())


_PARSERS: dict[str, Callable[[str | bytes], Any]] = {
    "json.load": json.loads,
    "json.loads": json.loads,
    **dict.fromkeys(("yaml.safe_load", "yaml.load", "yaml.full_load", "yaml.unsafe_load"), _yaml),
    **dict.fromkeys(("tomllib.load", "tomllib.loads", "tomli.load", "tomli.loads", "toml.load", "toml.loads"), _toml),
}


@external(*_PARSERS)
def _parsed(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    """A document as a value, where its text is known."""
    given = args[0] if args else kwargs.get("stream", kwargs.get("fp", kwargs.get("s")))
    text = given.content if isinstance(given, OpenFile) else plain(given)
    if callee.name == "toml.load" and not isinstance(given, OpenFile):
        text = content(run, text)
    if not isinstance(text, str | bytes):
        return given if isinstance(given, Unknown) else unknown(run, node, scope, "file")
    run.step(len(text) // 100)
    span = run.span(node, scope)
    try:
        return small(_PARSERS[callee.name](text))
    except (ValueError, yaml.YAMLError) as error:  # those of JSON and TOML are kinds of ValueError
        name = "ValueError" if isinstance(error, ValueError) else "YAMLError"
        raise Raised(name, " ".join(str(error).split())[:200], span) from None


@external("os.listdir")
def _listed(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    names = entries(run, plain(args[0] if args else kwargs.get("path", ".")))
    return unknown(run, node, scope, "file") if names is None else names


@external("glob.glob", "glob.iglob")
def _globbed(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    text = plain(args[0] if args else kwargs.get("pathname"))
    if not isinstance(text, str) or kwargs.get("root_dir"):
        return unknown(run, node, scope, "file")
    parts = PurePosixPath(text).parts
    folder = PurePosixPath(*takewhile(lambda part: not set(part) & set("*?["), parts[:-1]))
    names = entries(run, folder, PurePosixPath(text).relative_to(folder).as_posix())
    return unknown(run, node, scope, "file") if names is None else [str(folder / name) for name in names]


@external("os.path.exists", "os.path.isfile", "os.path.isdir")
def _there(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return exists(run, args[0] if args else None, callee.name.rpartition(".")[2], node, scope)


def exists(run: Run, path: Any, question: str, node: Any, scope: Scope) -> Any:
    """Whether a path leads to something of the project; what is outside of it is not known."""
    real = found(run, plain(path))
    if real is None:
        return unknown(run, node, scope, "file", str(plain(path)))
    return {"isfile": real.is_file(), "isdir": real.is_dir()}.get(question.replace("_", ""), True)


def of_path(run: Run, path: PurePosixPath, name: str, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    """A method of a path that asks the file system, as far as the project answers."""
    match name:
        case "read_text" | "read_bytes":
            result: Any = content(run, path, name == "read_bytes")
        case "open":
            return opened(run, path, (*args[:1], kwargs.get("mode", "r")), node, scope)
        case "exists" | "is_file" | "is_dir":
            return exists(run, path, name, node, scope)
        case "iterdir" | "glob" | "rglob":
            pattern = plain(args[0]) if args else "*"
            names = (
                entries(run, path, f"{'**/' if name == 'rglob' else ''}{pattern}") if isinstance(pattern, str) else None
            )
            result = None if names is None else [path / one for one in names]
        case _:
            result = None
    return unknown(run, node, scope, "file", str(path)) if result is None else result
