"""The options of ``compare``, which both commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

FORMATS = ("text", "markdown", "json")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def comparing(command: _Command) -> _Command:
    """Adds what a comparison can be told."""
    options = (
        click.option(
            "--runs-per-month",
            type=float,
            help="How often each workflow runs. [default: the DAG's schedule, or 730: once an hour]",
        ),
        click.option("--runs", metavar="FILE", help="JSON or YAML file {name of the file or workflow: runs a month}."),
        click.option(
            "--scenarios", metavar="FILE", help="Inputs, replies and weights of typical runs, for one machine."
        ),
        click.option("--history", metavar="FILE", multiple=True, help="Recorded execution history; may be repeated."),
        click.option("--durations", metavar="FILE", help="JSON or YAML file {state, task or resource: seconds}."),
        click.option("--items", type=int, help="Items of a Map where nothing else says how many. [default: 10]"),
        click.option("--region", default="us-east-1", show_default=True, help="Region of the prices."),
        click.option("--prices", metavar="FILE", help="Table of prices in place of that of the package."),
        click.option("--no-free-tier", is_flag=True, help="Without the 4,000 free transitions of an account."),
        click.option("--max-workers", type=int, default=10, show_default=True, help="Workers that MWAA may scale to."),
        click.option("--database-gb", type=float, default=10, show_default=True, help="Metadata database of MWAA."),
        click.option(
            "--overhead", metavar="NAME=SECONDS", multiple=True, help="Seconds per hop; docs/compare.md lists them."
        ),
        click.option("--substitute", metavar="NAME=VALUE", multiple=True, help="Fill in ${NAME}; may be repeated."),
        click.option("--substitutions", metavar="FILE", help="JSON or YAML file with values for several ${NAME}."),
        click.option("--dag-id", metavar="ID", help="Which DAG, where a file holds several."),
        click.option("--verify", "verifies", is_flag=True, help="Run machine and DAG over the scenarios, and compare."),
        click.option("--explain", is_flag=True, help="With the formula of every price and the numbers in it."),
        click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True),
        click.option("--output-file", metavar="FILE", help="Write the report to FILE instead of standard output."),
    )
    for option in reversed(options):
        command = option(command)
    return command
