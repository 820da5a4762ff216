"""A DAG as far as a comparison needs it, whoever reads it, and reading a DAG file without importing or running it.

DAGs that sfn2airflow wrote are read here, with the words of their runtime. All others are read by airflow2sfn, which
evaluates any DAG file: it announces its reader as an entry point, so that neither direction imports the other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, TypeAlias

MOST_BYTES: Final = 8 * 1024 * 1024
READERS: Final = "sfn_airflow_core.dag_reader"
"""The group of entry points under which readers of DAG files announce themselves."""
_ORIGIN: Final = re.compile(r"^\s*# ASL: #/", re.MULTILINE)


class DagFileError(ValueError):
    """A file cannot be read as a DAG; the message says why."""


@dataclass(slots=True)
class DagTask:
    """A task or a group (``operator`` is then ``group``) of a DAG.

    ``origin`` is the pointer of an ``# ASL:`` comment, ``title`` the name shown in the UI. ``arguments`` are keyword
    arguments that are literals, ``actions`` the AWS calls in its Python function, with their literal arguments;
    ``ways`` the results of a branching function, each with the condition for it. ``retries`` and the seconds are
    ``None`` where nothing says so. ``path`` is the whole id where it is not made of ``group`` and ``task_id``.
    """

    task_id: str
    operator: str
    line: int
    group: str = ""
    origin: str = ""
    title: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    actions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ways: list[tuple[str, str]] = field(default_factory=list)
    retries: int | None = None
    retry_delay: float | None = None
    timeout: float | None = None
    mapped: bool = False
    dag: str = ""
    trigger_rule: str = "all_success"
    path: str = ""

    @property
    def id(self) -> str:
        """The id with the group's prefix."""
        return self.path or (f"{self.group}.{self.task_id}" if self.group else self.task_id)


@dataclass(slots=True)
class DagFile:
    """One DAG of a file; ``edges`` are pairs of ids with the text of their label.

    ``settings`` are arguments of the DAG that say when it runs and how often at once. A generated file may hold the
    DAGs of loops besides the main one; their tasks are here as well, with the name of their DAG.
    """

    source: str
    dag_id: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, DagTask] = field(default_factory=dict)
    edges: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def generated(self) -> bool:
        """Whether its tasks say from which states they were made."""
        return any(task.origin for task in self.tasks.values())

    def after(self, task: str) -> list[str]:
        """The ids of the tasks behind a task."""
        return [target for source, target in self.edges if source == task]

    def before(self, task: str) -> list[str]:
        """The ids of the tasks before a task."""
        return [source for source, target in self.edges if target == task]


DagReader: TypeAlias = Callable[[bytes, str, Sequence[Path]], list[DagFile]]
"""What an entry point gives: content, name and folders for imports -> the DAGs. Raises DagFileError."""


def read_dag_files(data: bytes, source: str, roots: Sequence[Path] = ()) -> list[DagFile]:
    """The DAGs of a file. Raises DagFileError where there is none."""
    if len(data) > MOST_BYTES:
        raise DagFileError(f"{source}: larger than {MOST_BYTES} bytes")
    if not is_generated(data):
        return _reader(source)(data, source, roots)
    return [_generated(data, source)]


def is_generated(data: bytes) -> bool:
    """Whether a file says from which states its tasks were made, as sfn2airflow writes it."""
    return _ORIGIN.search(data.decode("utf-8", "replace")) is not None


def read_dag_file(data: bytes, source: str, dag_id: str = "", roots: Sequence[Path] = ()) -> DagFile:
    """The DAG of a file, or that of an id. Raises DagFileError where there is none, or several to choose from."""
    found = read_dag_files(data, source, roots)
    if not dag_id and len(found) == 1:
        return found[0]
    wanted = [dag for dag in found if dag.dag_id == dag_id]
    if wanted:
        return wanted[0]
    ids = listed(dag.dag_id for dag in found)
    if dag_id:
        raise DagFileError(f"{source}: there is no DAG {dag_id!r}, only {ids}")
    raise DagFileError(f"{source}: holds {len(found)} DAGs ({ids}): say which with --dag-id")


def listed(names: Iterable[str], most: int = 6) -> str:
    """Names for a message, the first few of them."""
    found = list(names)
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")


def _reader(source: str) -> DagReader:
    for point in entry_points(group=READERS):
        reader: DagReader = point.load()
        return reader
    raise DagFileError(f"{source}: no reader of DAG files is installed; install sfn2airflow again, with airflow2sfn")


def _generated(data: bytes, source: str) -> DagFile:
    from sfn_airflow_core.compare.generated_dag import Reader

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
