"""The command ``compare``."""

from __future__ import annotations

from typing import Any

import click

from sfn_airflow_core.shell.compare_options import comparing


@click.command(short_help="Compare cost, limits, latency and structure on both sides.")
@click.argument("inputs", nargs=-1, required=True, metavar="MACHINE... [DAG]")
@comparing
def compare(**given: Any) -> int:
    """Compare a workflow on Step Functions and on Airflow: cost, limits, latency, architecture, structure.

    MACHINE is a file (JSON or YAML), a folder, or - for standard input; DAG is the Python file of a DAG, ours or
    anybody's. Several machines give a table with totals.
    """
    from sfn2airflow.commands.compare_work import run

    return run(given)
