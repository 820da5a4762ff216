"""Values that stand on the command line or in files of the user."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

from sfn_airflow_core.asl.model import Json


def substitutions(
    given: Mapping[str, Any], configured: str | dict[str, Json] | None = None, home: Path = Path()
) -> dict[str, Json]:
    """Values by name: the configuration, then the file, then single ones; later ones win."""
    values: dict[str, Json] = {}
    if isinstance(configured, dict):
        values |= configured
    elif configured is not None:
        values |= read_object(home / configured)
    if given.get("substitutions") is not None:
        values |= read_object(Path(given["substitutions"]))
    for text in given.get("substitute", ()):
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.UsageError(f"--substitute {text!r}: write NAME=VALUE")
        values[name] = typed(value)
    return values


def typed(text: str) -> Json:
    """A value from the command line: JSON if it is written exactly as JSON would be, otherwise the text itself.

    >>> typed("60"), typed("060"), typed("true"), typed("1.50"), typed("arn:aws:x")
    (60, '060', True, '1.50', 'arn:aws:x')
    """
    try:
        value = json.loads(text)
        same = not isinstance(value, str) and json.dumps(value, separators=(",", ":"), allow_nan=False) == text
    except (ValueError, RecursionError):
        return text
    return cast("Json", value) if same else text


def read_object(path: Path) -> dict[str, Json]:
    """The object in a JSON or YAML file. Raises click.UsageError where there is none."""
    from sfn_airflow_core.findings import UnreadableInput
    from sfn_airflow_core.jsonmap import read_document

    try:
        value = read_document(path.read_bytes(), str(path)).value
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from None
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from None
    if not isinstance(value, dict):
        raise click.UsageError(f"{path}: must hold an object of NAME: VALUE")
    return value
