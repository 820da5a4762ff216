"""The command ``convert``."""

from __future__ import annotations

from typing import Any

import click

from airflow2sfn.commands.check import connections_option, conversion, durations_option, output_folder, reading


@click.command(short_help="Translate DAGs to state machines and report what changes.")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option("-o", "--output", metavar="DIR", help="Folder for what is written; made if it is missing.")
@durations_option
@connections_option
@reading
@click.option("--force", is_flag=True, help="Overwrite files that were edited or written by somebody else.")
def convert(inputs: tuple[str, ...], **given: Any) -> int:
    """Translate DAGs to state machines and report what changes.

    IN is a Python file, a folder, or - for standard input. Every DAG becomes a folder DAG_ID: the
    definition DAG_ID.asl.json, template.yaml (AWS SAM) with roles and schedule, functions/ with its Python callables as
    Lambda functions, and README.md with what is left to do. Nothing in a file is executed, unless --import asks for it.
    """
    folder = output_folder(given["output"])
    if folder is None:
        raise click.UsageError("Say where to write: -o DIR, or output in [tool.airflow2sfn].")
    return conversion(given, folder, force=given["force"]).run(inputs)
