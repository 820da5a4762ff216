"""The command ``check``: what is read of DAG files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.render import FORMATS
from sfn_airflow_core.shell.config import load

if TYPE_CHECKING:
    from airflow2sfn.commands.convert_work import Convert

LIMITS: dict[str, Fidelity | None] = {
    "unsupported": Fidelity.UNSUPPORTED,
    "approximate": Fidelity.APPROXIMATE,
    "manual": Fidelity.MANUAL,
    "none": None,
}
"""What ``--fail-on`` takes: the mildest fidelity that makes the exit code 1."""

SETTINGS = {
    "output": lambda value: isinstance(value, str),
    "fail-on": lambda value: value in LIMITS,
    "format": lambda value: value in FORMATS,
    "roots": lambda value: isinstance(value, list) and all(isinstance(root, str) for root in value),
    "quiet": lambda value: isinstance(value, bool),
    "verbose": lambda value: isinstance(value, bool),
}
"""Every key of ``[tool.airflow2sfn]`` and what its value must be."""


_Command = TypeVar("_Command", bound=Callable[..., Any])


def reading(command: _Command) -> _Command:
    """Adds the options of a command that reads DAG files and reports."""
    options = (
        click.option("--format", type=click.Choice(list(FORMATS)), help="How to report. [default: text]"),
        click.option("--output-file", metavar="FILE", help="Write the report to FILE instead of standard output."),
        click.option("--fail-on", type=click.Choice(list(LIMITS)), help="Mildest finding for exit code 1."),
        click.option(
            "--root", "roots", metavar="DIR", multiple=True, help="Folder in which imports are looked up as well."
        ),
        click.option(
            "--env", metavar="NAME=VALUE", multiple=True, help="Value of an environment variable; may be repeated."
        ),
        click.option("--variables", metavar="FILE", help="JSON or YAML file with values of Airflow Variables."),
        click.option(
            "--import", "imports", is_flag=True, help="Also import the files with Airflow. This executes them."
        ),
        click.option("-q", "--quiet", is_flag=True, default=None, help="Findings and errors only."),
        click.option(
            "-v", "--verbose", is_flag=True, default=None, help="With remedies, unknown values and skipped files."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


durations_option = click.option(
    "--durations", metavar="FILE", help="JSON or YAML file: seconds by task id, or by DAG id and task id."
)
connections_option = click.option(
    "--connections", metavar="FILE", help="JSON or YAML file: which AWS service each Connection stands for."
)


def conversion(given: dict[str, Any], folder: Path | None = None, *, force: bool = False) -> Convert:
    """The work that options ask for, as click gives them and joined with the configuration. Raises click.UsageError."""
    from airflow2sfn.commands.convert_work import Convert  # brings the translator, which --help does not need
    from airflow2sfn.commands.files import Files
    from airflow2sfn.commands.given import connected, durations, environment, variables
    from airflow2sfn.commands.reporting import Reporting

    home, settings = load("airflow2sfn", SETTINGS)
    form, limit, quiet, verbose = (
        settings.get(name.replace("_", "-")) if given[name] is None else given[name]
        for name in ("format", "fail_on", "quiet", "verbose")
    )
    files = Files(
        roots=[*given["roots"], *(str(home / root) for root in settings.get("roots", ()))],
        environment=environment(given["env"]),
        variables=variables(given["variables"]),
        imports=given["imports"],
        quiet=bool(quiet),
        verbose=bool(verbose),
    )
    return Convert(
        files=files,
        reporting=Reporting(
            format=form or "text", output_file=given["output_file"], fail_on=LIMITS[limit or "unsupported"]
        ),
        folder=folder,
        durations=durations(given["durations"]),
        connections=connected(given["connections"]),
        force=force,
    )


def output_folder(given: str | None) -> Path | None:
    """The folder for what is written: the command line, then the configuration."""
    home, settings = load("airflow2sfn", SETTINGS)
    return Path(given) if given is not None else home / settings["output"] if "output" in settings else None


@click.command(short_help="Report what a translation changes, without writing it.")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@durations_option
@connections_option
@reading
def check(inputs: tuple[str, ...], **given: Any) -> int:
    """Report what is read of DAG files and what a translation changes, without writing it.

    IN is a Python file, a folder, or - for standard input. Nothing in a file is executed, unless --import asks for it:
    then Airflow imports the files in processes without network, with limits of time and memory and a clean environment.
    That guards against accidents, not against malice: do not import what you do not trust.
    """
    return conversion(given).run(inputs)
