"""The command ``compare``."""

from __future__ import annotations

from typing import Any

import click

from sfn_airflow_core.shell.compare_options import comparing


@click.command(short_help="Compare cost, limits, latency and structure on both sides.")
@click.argument("inputs", nargs=-1, required=True, metavar="DAG... [MACHINE]")
@comparing
@click.option("--root", "roots", metavar="DIR", multiple=True, help="Folder in which imports are looked up as well.")
@click.option("--env", metavar="NAME=VALUE", multiple=True, help="Value of an environment variable; may be repeated.")
@click.option("--variables", metavar="FILE", help="JSON or YAML file with values of Airflow Variables.")
def compare(**given: Any) -> int:
    """Compare a workflow on Airflow and on Step Functions: cost, limits, latency, architecture, structure.

    DAG is a Python file, a folder, or - for standard input; nothing in it is executed. MACHINE is the state machine
    (JSON or YAML) that does the same, ours or anybody's; without one, the DAG's translation is compared. Several DAGs
    give a table with totals.
    """
    from airflow2sfn.commands.compare_work import run

    return run(given)
