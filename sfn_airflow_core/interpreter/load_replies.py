"""Replies from a file: JSON or YAML, our own format or Step Functions Local's, with contents of other files beside
it.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import yaml

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter.mock_config import is_mock_config, read_mock_config
from sfn_airflow_core.interpreter.replies import KINDS, BadReplies, Replies, read_replies
from sfn_airflow_core.interpreter.values import parse_json

_LARGEST = 64 * 1024 * 1024


def load_replies(path: Path, *, machine: str | None = None, case: str | None = None) -> Replies:
    """The replies in a file.

    ``{"file": "items.csv"}`` in place of a result stands for the text of that file, which must be in the folder of the
    replies file or below. ``machine`` and ``case`` choose in a mock configuration of Step Functions Local.

    Raises:
        BadReplies: if the file does not say what it should, with the place.
        OSError: if it cannot be opened.
    """
    text = _read(path)
    try:
        document = parse_json(text) if path.suffix == ".json" else _json(yaml.safe_load(text), "")
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise BadReplies(f"{path.name}: {error}") from error
    if is_mock_config(document):
        return read_mock_config(document, machine, case)
    return read_replies(_with_files(document, path.resolve().parent))


def _read(path: Path) -> str:
    if path.stat().st_size > _LARGEST:
        raise BadReplies(f"{path.name}: larger than {_LARGEST} bytes")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadReplies(f"{path.name}: {error}") from error


def _json(value: object, at: str) -> Json:
    """A YAML value as JSON: keys as text, dates and the like refused."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list():
            return [_json(item, f"{at}[{n}]") for n, item in enumerate(value)]
        case dict():
            return {str(key): _json(item, f"{at}.{key}") for key, item in value.items()}
        case _:
            raise BadReplies(f"{at}: {type(value).__name__} is not a JSON value; write it in quotes")


def _with_files(value: Json, folder: Path, *, names: bool = True) -> Json:
    """Replies with ``file`` turned into replies with ``result``; ``names`` for the object of all names."""
    if isinstance(value, list):
        return [_with_files(item, folder, names=False) for item in value]
    if not isinstance(value, dict) or (not names and any(kind in value for kind in KINDS)):
        return value
    name = value.get("file")
    if not names and isinstance(name, str):
        rest = {key: item for key, item in value.items() if key != "file"}
        return {**rest, "result": _file(name, folder)}
    return {key: _with_files(item, folder, names=False) for key, item in value.items()}


def _file(name: str, folder: Path) -> str:
    given = PurePosixPath(name)
    target = (folder / given).resolve()
    if given.is_absolute() or not target.is_relative_to(folder):
        raise BadReplies(f"{name}: a file in the folder of the replies is needed")
    try:
        return _read(target)
    except OSError as error:
        raise BadReplies(f"{name}: {error.strerror}") from error
