"""The command ``verify``: DAG and state machine with the same replies, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from airflow2sfn.commands.check import SETTINGS, connections_option
from sfn_airflow_core.shell.config import load

_PATH: Any = click.Path(path_type=Path)


@click.command(short_help="Run DAG and state machine with the same replies, and compare.")
@click.argument("inputs", nargs=-1, required=True, metavar="DAG...")
@click.option("--machine", metavar="FILE", type=_PATH, help="This definition, perhaps edited, not a new translation.")
@click.option("--dag-id", metavar="ID", default="", help="Only this DAG of the files.")
@click.option("--scenarios", metavar="FILE", type=_PATH, help="Scenarios to run; they are generated if none are given.")
@click.option("--write-scenarios", metavar="FILE", type=_PATH, help="Keep the generated scenarios, to be edited.")
@click.option("-x", "--exitfirst", is_flag=True, help="Stop a DAG at its first difference.")
@click.option("--only", metavar="TEXT", default="", help="Scenarios whose id contains TEXT.")
@click.option(
    "--seconds",
    metavar="N",
    type=click.IntRange(1),
    default=900,
    show_default=True,
    help="Most work (CPU time) for one file.",
)
@click.option(
    "--fail-on", type=click.Choice(["difference", "incomparable", "unreached", "none"]), default="difference",
    show_default=True, help="What makes the exit code 1.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json", "junit", "markdown"]), default="text")
@click.option("--output-file", metavar="FILE", type=_PATH, help="Write the result to FILE.")
@click.option("--root", "roots", metavar="DIR", multiple=True, help="Folder in which imports are looked up as well.")
@click.option("--env", metavar="NAME=VALUE", multiple=True, help="Value of an environment variable; may be repeated.")
@click.option("--variables", metavar="FILE", help="JSON or YAML file with values of Airflow Variables.")
@connections_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="All scenarios, all differences, and what was not reached.")
def verify(inputs: tuple[str, ...], **given: Any) -> int:
    """Run DAG and state machine with the same replies, and compare.

    This executes the DAG files and the functions in them, in processes without network, with limits of time and memory
    and a clean environment. That guards against accidents, not against malice: do not verify what you do not trust.

    Each DAG runs on a real Airflow, its state machine in the reference interpreter, its Lambda functions as they are
    packaged. Compared are the status, which tasks ran and how each try ended, the order, arguments and results of
    functions, service calls with their arguments, retry delays and waits. Without --scenarios, scenarios are generated
    for every branch, the failure of each task, skips, retries, time limits and numbers of items.

    Exit codes: 0 equal, 1 different (see --fail-on), 2 unusable input, or nothing was compared.
    """
    if given["machine"] is not None and len(inputs) != 1:
        raise click.UsageError("--machine goes with one DAG file.")
    from airflow2sfn.commands.given import connected, environment, variables
    from airflow2sfn.read import Settings
    from airflow2sfn.verifying.folders import Verifying

    home, settings = load("airflow2sfn", SETTINGS)
    given["roots"] = [*given["roots"], *(str(home / root) for root in settings.get("roots", ()))]
    connected(given["connections"])  # says what is wrong before anything runs
    given["connected"] = variables(given["connections"])
    known = Settings(environment(given["env"]), variables(given["variables"]))
    return Verifying(given, known).run(inputs)
