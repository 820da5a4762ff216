"""The commands ``convert`` and ``check``."""

from __future__ import annotations

from typing import Any

import click

from sfn2airflow.commands.options import choose, reporting


@click.command(short_help="Translate state machines to DAG files and report what changes.")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option("-o", "--output", metavar="DIR", help="Folder for the DAG files; made if it is missing.")
@reporting
@click.option("--force", is_flag=True, help="Overwrite files that were edited or written by somebody else.")
def convert(inputs: tuple[str, ...], **given: Any) -> int:
    """Translate state machines to DAG files and report what changes.

    IN is a file (JSON or YAML), a folder, or - for standard input. Folders are searched for *.asl.json, *.asl.yaml
    and other JSON and YAML files that hold a state machine; their structure is kept below the output folder. Of
    templates (SAM, CloudFormation, CDK, Serverless Framework) the definitions are taken that stand in them.
    """
    choices = choose(given)
    if choices.output is None:
        raise click.UsageError("Say where to write: -o DIR, or output in [tool.sfn2airflow].")
    from sfn2airflow.commands.convert_work import Work  # brings the translator, which --help does not need

    return Work(choices).run(inputs)


@click.command(short_help="Report what a translation changes, without writing it.")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@reporting
def check(inputs: tuple[str, ...], **given: Any) -> int:
    """Report what a translation changes, without writing it.

    IN is a file (JSON or YAML), a folder, or - for standard input.
    """
    choices = choose(given)
    from sfn2airflow.commands.convert_work import Work

    return Work(choices, writes=False).run(inputs)
