"""The command group: what it is called, and where each command lives. Importing this imports click and nothing else."""

from __future__ import annotations

import click

from sfn2airflow import __version__
from sfn_airflow_core.shell.group import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "convert": (
        "sfn2airflow.commands.convert:convert",
        "Translate state machines to DAG files, and report what changes.",
    ),
    "check": ("sfn2airflow.commands.convert:check", "Report what a translation changes, without writing it."),
    "run": ("sfn2airflow.commands.run:run", "Execute a state machine in the reference interpreter."),
    "verify": ("sfn2airflow.commands.verify:verify", "Run machine and DAG with the same replies, and compare."),
    "compare": ("sfn2airflow.commands.compare:compare", "Compare cost, limits, latency and structure on both sides."),
    "prices": ("sfn2airflow.commands.prices:prices", "Show the prices that compare uses, or get current ones."),
    "explain": ("sfn2airflow.commands.explain:explain", "Show the page of one finding, with an example."),
    "rules": ("sfn2airflow.commands.explain:rules", "List every finding there is."),
    "answer": ("sfn2airflow.commands.answer:answer", "Answer a task that waits for its token."),
    "work": ("sfn2airflow.commands.answer:work", "List the work that waits for workers of an activity."),
}
"""Every command by name; a further one is a row here and a click command in a module of its own."""


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Translate AWS Step Functions state machines to Apache Airflow DAGs.

    What the DAG does differently is reported with a code, a place and a remedy; a state without a finding behaves
    the same. Translating needs no network; only answer and work speak to your Airflow.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 wrong usage or unreadable input, 3 a bug.
    """
