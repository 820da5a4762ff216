"""The command group of the direction from Airflow to Step Functions, and where each command lives."""

from __future__ import annotations

import click

from airflow2sfn import __version__
from sfn_airflow_core.shell.group import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "convert": ("airflow2sfn.commands.convert:convert", "Translate DAGs to state machines and report what changes."),
    "check": ("airflow2sfn.commands.check:check", "Report what a translation changes, without writing it."),
    "verify": ("airflow2sfn.commands.verify:verify", "Run DAG and state machine with the same replies, and compare."),
    "compare": ("airflow2sfn.commands.compare:compare", "Compare cost, limits, latency and structure on both sides."),
    "explain": ("airflow2sfn.commands.explain:explain", "Show the page of one finding, with an example."),
    "rules": ("airflow2sfn.commands.explain:rules", "List every finding there is."),
}
"""Every command by name, as in ``sfn2airflow.cli``."""


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Translate Apache Airflow DAGs to AWS Step Functions state machines.

    DAG files are read, not run, unless --import or verify asks for it. What the state machine does differently is
    reported with a code, a place and a remedy; a task without a finding behaves the same.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 wrong usage or unreadable input, 3 a bug.
    """
