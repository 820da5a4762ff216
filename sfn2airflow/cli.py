"""The command group: what it is called, and where each command lives. Importing this imports click and nothing else."""

from __future__ import annotations

import click

from sfn2airflow import __version__
from sfn_airflow_core.shell.group import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "convert": ("sfn2airflow.cli_convert:convert", "Translate state machines to DAG files and report what changes."),
    "check": ("sfn2airflow.cli_convert:check", "Report what a translation changes, without writing it."),
    "explain": ("sfn2airflow.cli_explain:explain", "Show the page of one finding, with an example."),
    "rules": ("sfn2airflow.cli_explain:rules", "List every finding there is."),
}
"""Every command by name; a further one is a row here and a click command in a module of its own."""
    "answer": ("sfn2airflow.cli_answer:answer", "Answer a task that waits for its token."),
    "work": ("sfn2airflow.cli_answer:work", "List the work that waits for workers of an activity."),


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Translate AWS Step Functions state machines to Apache Airflow DAGs.

    What the DAG does differently is reported with a code, a place and a remedy; a state without a finding behaves
    the same. Translating needs no network; only answer and work speak to your Airflow.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 wrong usage or unreadable input, 3 a bug.
    """
