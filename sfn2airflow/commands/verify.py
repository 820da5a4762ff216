"""The command ``verify``: machine and DAG with the same replies, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sfn2airflow.commands.options import TYPES

_PATH: Any = click.Path(path_type=Path)


@click.command(short_help="Run machine and DAG with the same replies, and compare.")
@click.argument("machines", nargs=-1, metavar="MACHINE...")
@click.option("--dag", metavar="FILE", type=_PATH, help="This DAG file, perhaps edited, instead of a new translation.")
@click.option("--scenarios", metavar="FILE", type=_PATH, help="Scenarios to run; they are generated if none are given.")
@click.option("--write-scenarios", metavar="FILE", type=_PATH, help="Keep the generated scenarios, to be edited.")
@click.option("--write-test", metavar="FILE", type=_PATH, help="Write a pytest file that repeats the verification.")
@click.option("--recordings", metavar="FILE", type=_PATH, help="Replay recorded executions (JSON Lines) instead.")
@click.option("--from-history", metavar="FILE", type=_PATH, help="Replay the JSON of get-execution-history instead.")
@click.option("--type", "kind", type=click.Choice(TYPES), help="What the state machines are. [default: STANDARD]")
@click.option(
    "--engine", type=click.Choice(["interpreter", "airflow"]), default="airflow", show_default=True,
    help="Where recordings are replayed.",
)  # fmt: skip
@click.option("-x", "--exitfirst", is_flag=True, help="Stop a machine at its first difference.")
@click.option("--only", metavar="TEXT", default="", help="Scenarios and recordings whose id contains TEXT.")
@click.option(
    "--fail-on", type=click.Choice(["difference", "incomparable", "unreached", "none"]), default="difference",
    show_default=True, help="What makes the exit code 1.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json", "junit", "markdown"]), default="text")
@click.option("--output-file", metavar="FILE", type=_PATH, help="Write the result to FILE.")
@click.option("--substitute", metavar="NAME=VALUE", multiple=True, help="Fill in ${NAME}; may be repeated.")
@click.option("--substitutions", metavar="FILE", help="JSON or YAML file with values for several ${NAME}.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="All scenarios, all differences, and what was not reached.")
def verify(machines: tuple[str, ...], **given: Any) -> int:
    """Run machine and DAG with the same replies, and compare.

    Each MACHINE is translated (or --dag is taken) and run on a real Airflow in this process, and in the reference
    interpreter. Compared are status, output, error, the output of every state, service calls with their arguments,
    retry delays and waits. Without --scenarios, scenarios are generated that reach every state and every edge.

    Exit codes: 0 equal, 1 different (see --fail-on), 2 unusable input, or nothing was compared.
    """
    if given["recordings"] is None and not machines:
        raise click.UsageError("Name a MACHINE, or --recordings FILE.")
    if (given["dag"] is not None or given["from_history"] is not None) and len(machines) != 1:
        raise click.UsageError("--dag and --from-history go with one MACHINE.")
    from sfn2airflow.verifying.machines import Verifying

    return Verifying(given).run(machines)
