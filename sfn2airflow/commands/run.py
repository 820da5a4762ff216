"""The command ``run``: a state machine in the reference interpreter."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.shell.group import CLEAN, FOUND, UNUSABLE

if TYPE_CHECKING:
    from sfn_airflow_core.asl.model import Machine
    from sfn_airflow_core.interpreter import Execution, Replies, Visit


@click.command(short_help="Execute a state machine in the reference interpreter.")
@click.argument("machine", metavar="MACHINE")
@click.option("--input", "given", metavar="JSON|FILE", default="{}", help="The execution's input. [default: {}]")
@click.option("--replies", metavar="FILE", help="What the services answer (JSON or YAML, see docs/replies.md).")
@click.option(
    "--child", metavar="ARN|NAME=FILE", multiple=True, help="The machine that startExecution starts; may be repeated."
)
@click.option("--case", metavar="NAME", help="Test case of a Step Functions Local mock configuration.")
@click.option("--substitute", metavar="NAME=VALUE", multiple=True, help="Fill in ${NAME}; may be repeated.")
@click.option("--substitutions", metavar="FILE", help="JSON or YAML file with values for several ${NAME}.")
@click.option("--type", "kind", type=click.Choice(["STANDARD", "EXPRESS"]), default="STANDARD", show_default=True)
@click.option("--trace", is_flag=True, help="Show states, calls, retries and waits on standard error.")
@click.option("--format", "form", type=click.Choice(["text", "json", "history"]), default="text", show_default=True)
def run(machine: str, given: str, replies: str | None, trace: bool, form: str, **options: Any) -> int:
    """Execute a state machine in the reference interpreter.

    MACHINE is a file (JSON or YAML) or - for standard input. Nothing is called and nothing waits: the services' answers
    come from the replies file, and the clock is virtual. The output goes to standard output; on a terminal the
    progress and a trace of the execution go to standard error.

    Exit codes: 0 the execution succeeded, 1 it failed, 2 unreadable input or a call without a reply.
    """
    from sfn_airflow_core.interpreter import BadReplies, MissingReply, Options, execute

    found, children = read_machine(machine, options), _children(options)
    if found is None or children is None:
        return UNUSABLE
    try:
        answers, settings = _replies(replies, options["case"]), Options(type=options["kind"], machines=children)
        with _progress() as seen:
            execution = execute(found, read_input(given), answers, options=settings, seen=seen)
    except (BadReplies, MissingReply, OSError) as error:
        _err(f"{replies or 'replies'}: error: {_reason(error)}")
        return UNUSABLE
    if trace or (form == "text" and sys.stdout.isatty() and sys.stderr.isatty()):
        _trace(execution)
    click.echo(_shown(execution, form))
    if execution.status != "SUCCEEDED" and form == "text" and not trace:
        _err(f"{execution.status}: {execution.error or 'no error name'}: {execution.cause or 'no cause'}")
    return CLEAN if execution.status == "SUCCEEDED" else FOUND


def read_machine(path: str, options: dict[str, Any]) -> Machine | None:
    """The machine in a file, with substitutions; ``None`` where there is none, which is then reported."""
    from sfn2airflow.commands.options import substitutions_of
    from sfn_airflow_core.asl.read import read_text
    from sfn_airflow_core.findings import UnreadableInput

    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        values = substitutions_of(options)
        reading = read_text(
            data, "<stdin>" if path == "-" else path, substitutions=values, machine_type=options["kind"]
        )
    except OSError as error:
        _err(f"{path}: error: {error.strerror}")
        return None
    except UnreadableInput as error:
        _err(str(error))
        return None
    if reading.machine is None:
        for problem in reading.problems:
            _err(f"{path}:{problem.span or '1:1'}: {problem.code} {problem.message}")
    return reading.machine


def _children(options: dict[str, Any]) -> dict[str, Machine] | None:
    """The machines of --child by ARN or name; ``None`` where one is none, which is then reported."""
    found: dict[str, Machine] = {}
    for given in options["child"]:
        name, equals, path = given.rpartition("=")
        if not equals:
            raise click.UsageError(f"--child: ARN or name, =, and a file are needed, not {given!r}")
        machine = read_machine(path, options)
        if machine is None:
            return None
        found[name] = machine
    return found


def read_input(given: str) -> Json:
    """The input: the content of a file if there is one of that name, otherwise the text as JSON."""
    from sfn_airflow_core.interpreter.values import parse_json

    path = Path(given)
    try:
        text = path.read_text(encoding="utf-8") if len(given) < 4096 and path.is_file() else given
        return parse_json(text)
    except (ValueError, OSError) as error:
        raise click.UsageError(f"--input: neither a file nor JSON: {error}") from None


def _replies(name: str | None, case: str | None) -> Replies:
    from sfn_airflow_core.interpreter import Replies, load_replies

    return Replies() if name is None else load_replies(Path(name), case=case)


@contextmanager
def _progress() -> Iterator[Callable[[Visit], None] | None]:
    """Tells people who watch how far the execution is: states entered, seconds on its clock, and the state."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from sfn_airflow_core.render.escape import visible

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:,} states, {task.fields[seconds]:.3f} s,"),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, seconds=0.0)

        def seen(visit: Visit) -> None:
            bar.update(task, advance=1, description=visible(visit.state), seconds=visit.entered)

        yield seen


def _trace(execution: Execution) -> None:
    from sfn_airflow_core.render.trace import render_trace
    from sfn_airflow_core.shell.terminal import colors, columns

    click.echo(render_trace(execution, color=colors(), width=columns()), err=True, nl=False, color=True)


def _shown(execution: Execution, form: str) -> str:
    from sfn_airflow_core.interpreter import history

    match form:
        case "history":
            value: Any = {"events": history(execution)}
        case "json":
            value = as_json(execution)
        case _:
            value = execution.output
    return json.dumps(value, ensure_ascii=False, indent=2)


def as_json(execution: Execution) -> dict[str, Any]:
    """An execution as JSON: its end, its calls, retries, waits, and what each state got and gave."""
    return {
        "schema_version": 1,
        "status": execution.status,
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
        "duration": execution.duration,
        "transitions": execution.transitions,
        "states": [
            {
                "state": visit.state,
                "at": visit.at,
                "place": [list(part) for part in visit.place],
                "entered": visit.entered,
                "left": visit.left,
                "input": visit.input,
                "output": visit.output,
                "error": visit.error,
                "next": visit.next,
            }
            for visit in execution.visits
        ],
        "calls": [
            {"state": c.state, "resource": c.resource, "arguments": c.arguments, "attempt": c.attempt, "at": c.at}
            for c in execution.calls
        ],
        "retries": [
            {"state": r.state, "at": r.at, "error": r.error, "number": r.number, "seconds": r.seconds}
            for r in execution.retries
        ],
        "waits": [{"state": pause.state, "at": pause.at, "seconds": pause.seconds} for pause in execution.waits],
    }


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _err(line: str) -> None:
    from sfn_airflow_core.render.escape import visible

    click.echo(visible(line), err=True)
