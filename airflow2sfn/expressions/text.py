"""JSONata as text: literals and members; and what expressions are made from: where a state machine finds its values."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow2sfn.jinja.pieces import Piece

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Untranslatable(Exception):
    """A value that a state machine cannot compute; the message says which, in half a sentence."""


class Data(Protocol):
    """Where values of a run are found in the state machine, as JSONata expressions that bind like a name.

    ``dag_id`` and ``task_id`` say who asks; ``native`` whether the DAG renders templates to native objects, ``lenient``
    whether what is missing is none of their errors.
    """

    dag_id: str
    task_id: str
    native: bool
    lenient: bool

    def xcom(self, task_id: str, key: str) -> str:
        """The XCom of a task."""

    def pulled(self, task_id: str, key: str) -> Piece:
        """The XCom of a task, with what is known of it."""

    def kind(self, task_id: str, key: str) -> Any:
        """The kind of a task's XCom, as its function is annotated; ``json`` where that is only known in a run."""

    def run(self, name: str) -> str:
        """A fact about the run.

        ``ds``, ``logical_date``, ``data_interval_start``, ``data_interval_end`` (texts), ``ts`` (as Airflow writes it),
        ``run_id``, ``params``, ``conf``.
        """

    def param(self, name: str) -> tuple[Any, bool]:
        """A param's default (``UNKNOWN``, if it is), and whether the param may be missing."""

    def about(self, name: str) -> str | None:
        """Something that only a callback may ask: ``exception``, ``ti.log_url``; nothing elsewhere."""

    def literal(self, name: str) -> str | None:
        """Something that the DAG file says: ``dag.dag_id``, ``task.task_id``."""

    def variable(self, name: str, needed: bool) -> str:
        """An Airflow Variable; the run fails without it if it is ``needed``."""

    def connection(self, conn_id: str, path: list[str]) -> str:
        """A field of an Airflow Connection; raises Untranslatable for a secret."""

    def prints(self, piece: Piece) -> None:
        """Is told of a value that becomes a text."""

    def macro(self, name: str) -> Any:
        """A value that the DAG defines for its templates; ``None`` if there is none."""


def quoted(text: str) -> str:
    """A JSONata string literal.

    >>> print(quoted("it's"), quoted("a"))
    "it's" 'a'
    """
    inner = json.dumps(text, ensure_ascii=False)[1:-1]
    if "'" in text:
        return f'"{inner}"'
    return "'" + inner.replace('\\"', '"') + "'"


def field(base: str, name: str) -> str:
    """A member of an object."""
    return f"{base}.{name}" if _NAME.fullmatch(name) else f"{base}.`{name}`"
