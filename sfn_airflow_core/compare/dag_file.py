"""A DAG file as far as a comparison of structures needs it, read without importing or running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 8 * 1024 * 1024


class DagFileError(ValueError):
    """A file cannot be read as a DAG; the message says why."""


@dataclass(slots=True)
class DagTask:
    """A task or a group (``operator`` is then ``group``) of a DAG.

    ``origin`` is the pointer of an ``# ASL:`` comment, ``title`` the name shown in the UI. ``arguments`` are keyword
    arguments that are literals, ``actions`` the AWS calls in its Python function, with their literal arguments.
    ``retries`` and the seconds are ``None`` where nothing says so.
    """

    task_id: str
    operator: str
    line: int
    group: str = ""
    origin: str = ""
    title: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    actions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    retries: int | None = None
    retry_delay: float | None = None
    timeout: float | None = None
    mapped: bool = False
    dag: str = ""

    @property
    def id(self) -> str:
        """The id with the group's prefix."""
        return f"{self.group}.{self.task_id}" if self.group else self.task_id


@dataclass(slots=True)
class DagFile:
    """One DAG file; ``edges`` are pairs of ids with the text of their label. The last DAG of a file is the main one."""

    source: str
    dag_id: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, DagTask] = field(default_factory=dict)
    edges: dict[tuple[str, str], str] = field(default_factory=dict)

    def after(self, task: str) -> list[str]:
        """The ids of the tasks behind a task."""
        return [target for source, target in self.edges if source == task]

    def before(self, task: str) -> list[str]:
        """The ids of the tasks before a task."""
        return [source for source, target in self.edges if target == task]


def read_dag_file(data: bytes, source: str) -> DagFile:
    """Read a DAG file. Raises DagFileError where there is no DAG in it."""
    from sfn_airflow_core.compare.dag_reader import Reader

    if len(data) > MOST_BYTES:
        raise DagFileError(f"{source}: larger than {MOST_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
        tree = ast.parse(text)
        reader = Reader(DagFile(source), text.splitlines())
        reader.module(tree)
    except UnicodeDecodeError:
        raise DagFileError(f"{source}: not UTF-8") from None
    except SyntaxError as error:
        raise DagFileError(f"{source}:{error.lineno or 1}: not Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise DagFileError(f"{source}: not Python that can be read") from None
    if not reader.dag.tasks:
        raise DagFileError(f"{source}: no task of an Airflow DAG found")
    return reader.dag
