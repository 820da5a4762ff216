"""Examples of rules: the smallest DAG file that produces a finding, and a near miss that does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent, indent


@dataclass(frozen=True, slots=True)
class Example:
    """A DAG file and the place (``line:column``) of its finding; ``imported`` is what a real import says of it."""

    text: str
    at: str = ""
    imported: dict[str, object] = field(default_factory=dict)


_HEAD = """\
from airflow.sdk import DAG, chain, task
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
"""

_DAG = 'with DAG("example", schedule=None) as dag:\n'


def inside(body: str, before: str = "") -> str:
    """A file whose DAG has ``body``; ``before`` stands on line 4, the body starts two lines below it."""
    return _HEAD + dedent(before).strip() + "\n" + _DAG + indent(dedent(body).strip("\n"), "    ") + "\n"
