"""Settings of a command in the pyproject.toml nearest to the working directory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from sfn_airflow_core.shell.group import suggestion


def nearest(folder: Path) -> Path | None:
    """The pyproject.toml of a folder, or of the closest folder above that has one."""
    return next((path for above in (folder, *folder.parents) if (path := above / "pyproject.toml").is_file()), None)


def load(
    tool: str, keys: Mapping[str, Callable[[Any], bool]], folder: Path | None = None
) -> tuple[Path, dict[str, Any]]:
    """The table ``[tool.<tool>]`` and the folder that its relative paths start from; empty where there is none.

    Args:
        tool: name of the table.
        keys: every setting there is, and what its value must satisfy.
        folder: where to start looking; the working directory by default.

    Raises:
        click.UsageError: for an unreadable file, an unknown key or an unusable value; names all of them.
    """
    folder = folder or Path.cwd()
    path = nearest(folder)
    if path is None:
        return folder, {}
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get(tool, {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"{path}: cannot be read: {error}") from None
    if not isinstance(table, dict):
        raise click.UsageError(f"{path}: tool.{tool} must be a table")
    wrong = [f"{key}: no such setting.{suggestion(key, keys)}" for key in table if key not in keys]
    wrong += [
        f"{key}: {value!r} is not usable here" for key, value in table.items() if key in keys and not keys[key](value)
    ]
    if wrong:
        raise click.UsageError("\n".join(f"{path}: [tool.{tool}] {line}" for line in wrong))
    return path.parent, table
