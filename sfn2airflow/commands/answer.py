"""The commands ``answer`` and ``work``: callbacks and the work of activities, from a shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

_SERVER = (
    click.option("--url", envvar="AIRFLOW_URL", required=True, help="API server of Airflow. [env: AIRFLOW_URL]"),
    click.option("--bearer", envvar="AIRFLOW_TOKEN", required=True, help="Its bearer token. [env: AIRFLOW_TOKEN]"),
)


def _server(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_SERVER):
        command = option(command)
    return command


@click.command(short_help="Answer a task that waits for its token.")
@click.argument("token")
@click.option("--output", metavar="JSON", help="The result of the state.")
@click.option("--error", metavar="NAME", help="The error of the state, for its Retry and Catch.")
@click.option("--cause", metavar="TEXT", help="Why, beside --error.")
@click.option("--heartbeat", is_flag=True, help="Only a sign of life.")
@_server
def answer(
    token: str, output: str | None, error: str | None, cause: str | None, heartbeat: bool, url: str, bearer: str
) -> int:
    """Answer a task that waits for its token: with a result, an error, or a sign of life.

    TOKEN is what the state machine reads as $$.Task.Token. Exit code 1: the task does not wait for it any more.
    """
    if sum((output is not None, error is not None or cause is not None, heartbeat)) != 1:
        raise click.UsageError("Say one of --output, --error (with --cause) and --heartbeat.")
    from sfn2airflow.answers import Airflow, Refused

    airflow = Airflow(url, bearer)
    try:
        if heartbeat:
            airflow.heartbeat(token)
        elif output is None:
            airflow.failure(token, error, cause)
        else:
            airflow.success(token, _value(output))
    except Refused as refusal:
        click.echo(f"sfn2airflow: {refusal}", err=True)
        return 1
    return 0


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--output is no JSON: {error}") from error


@click.command(short_help="List the work that waits for workers of an activity.")
@click.argument("activity")
@_server
def work(activity: str, url: str, bearer: str) -> int:
    """List the work that waits for workers of an activity, one JSON object a line: its token and its input.

    ACTIVITY is the ARN of the activity in the state machine.
    """
    from sfn2airflow.answers import Airflow, Refused

    try:
        for found in Airflow(url, bearer).work(activity):
            click.echo(json.dumps(found))
    except Refused as refusal:
        click.echo(f"sfn2airflow: {refusal}", err=True)
        return 1
    return 0
