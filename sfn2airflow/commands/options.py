"""Options that several commands share, and the settings in ``[tool.sfn2airflow]`` that stand for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.render import FORMATS
from sfn_airflow_core.shell.config import load
from sfn_airflow_core.shell.values import substitutions

_Command = TypeVar("_Command", bound=Callable[..., Any])

LIMITS: Mapping[str, Fidelity | None] = {
    "unsupported": Fidelity.UNSUPPORTED,
    "approximate": Fidelity.APPROXIMATE,
    "manual": Fidelity.MANUAL,
    "none": None,
}
"""What ``--fail-on`` takes: the mildest fidelity that makes the exit code 1."""

RUNTIMES = ("copied", "package")
TYPES = ("STANDARD", "EXPRESS")

SETTINGS: Mapping[str, Callable[[Any], bool]] = {
    "output": lambda value: isinstance(value, str),
    "fail-on": lambda value: value in LIMITS,
    "format": lambda value: value in FORMATS,
    "output-file": lambda value: isinstance(value, str),
    "runtime": lambda value: value in RUNTIMES,
    "substitutions": lambda value: isinstance(value, str | dict),
    "type": lambda value: value in TYPES,
    "human-approval": lambda value: isinstance(value, bool),
    "quiet": lambda value: isinstance(value, bool),
    "verbose": lambda value: isinstance(value, bool),
}
"""Every key of ``[tool.sfn2airflow]`` and what its value must be; ``substitutions`` is a table or a file's name."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line and the configuration say together."""

    format: str
    output_file: Path | None
    fail_on: Fidelity | None
    substitutions: dict[str, Json]
    dag_id: str | None
    runtime: Literal["copied", "package"]
    quiet: bool
    verbose: bool
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    human_approval: bool = False
    output: Path | None = None
    force: bool = False


def reporting(command: _Command) -> _Command:
    """Adds the options of a command that translates and reports."""
    options = (
        click.option("--format", type=click.Choice(list(FORMATS)), help="How to report. [default: text]"),
        click.option("--output-file", metavar="FILE", help="Write the report to FILE instead of standard output."),
        click.option(
            "--fail-on", type=click.Choice(list(LIMITS)), help="Mildest finding for exit code 1. [default: unsupported]"
        ),
        click.option("--substitute", metavar="NAME=VALUE", multiple=True, help="Fill in ${NAME}; may be repeated."),
        click.option("--substitutions", metavar="FILE", help="JSON or YAML file with values for several ${NAME}."),
        click.option("--dag-id", metavar="ID", help="Name of the DAG, for a single input."),
        click.option(
            "--runtime", type=click.Choice(RUNTIMES), help="Where DAGs find their runtime: beside them or installed."
        ),
        click.option("--type", type=click.Choice(TYPES), help="What the state machines are. [default: STANDARD]"),
        click.option(
            "--human-approval",
            is_flag=True,
            default=None,
            help="Let persons answer in Airflow where a callback only tells them.",
        ),
        click.option("-q", "--quiet", is_flag=True, default=None, help="Findings and errors only."),
        click.option("-v", "--verbose", is_flag=True, default=None, help="With remedies, and with files left out."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def substitutions_of(given: Mapping[str, Any]) -> dict[str, Json]:
    """The values of substitutions, from the command line and the configuration. Raises click.UsageError."""
    home, table = load("sfn2airflow", SETTINGS)
    return substitutions(given, table.get("substitutions"), home)


def choose(given: Mapping[str, Any]) -> Choices:
    """Joins options as click gives them (``None`` or ``()`` where absent) with the configuration; options win.

    Raises click.UsageError for anything unusable.
    """
    home, table = load("sfn2airflow", SETTINGS)
    settings = {key.replace("-", "_"): value for key, value in table.items()}

    def pick(name: str, default: Any = None) -> Any:
        value = given.get(name)
        return settings.get(name, default) if value is None else value

    def path(name: str) -> Path | None:
        if (value := given.get(name)) is not None:
            return Path(value)
        return home / settings[name] if name in settings else None

    return Choices(
        format=pick("format", "text"),
        output_file=path("output_file"),
        fail_on=LIMITS[pick("fail_on", "unsupported")],
        substitutions=substitutions(given, settings.get("substitutions"), home),
        dag_id=_dag_id(given.get("dag_id")),
        runtime=pick("runtime", "copied"),
        type=pick("type", "STANDARD"),
        human_approval=pick("human_approval", False),
        quiet=pick("quiet", False),
        verbose=pick("verbose", False),
        output=path("output"),
        force=bool(given.get("force")),
    )


def _dag_id(text: str | None) -> str | None:
    """A DAG id that is also a file name and a Python name."""
    if text is None or (text.isidentifier() and text.isascii() and len(text) <= 200):
        return text
    raise click.UsageError(f"--dag-id {text!r}: use letters, digits and underscores, not starting with a digit")
