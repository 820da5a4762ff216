"""A command whose subcommands are imported when they are used, and the exit codes that all of them share."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

import click

CLEAN: Final = 0
FOUND: Final = 1
"""Findings at or above ``--fail-on``, or a difference in a verification."""
UNUSABLE: Final = 2
"""Wrong usage, or input that cannot be read."""
BUG: Final = 3
_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141


class LazyGroup(click.Group):
    """A group made from a table of ``name: (module:attribute, one line of help)``."""

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._table:
            return None
        module, _, attribute = self._table[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command), f"{module}:{attribute} is not a command"
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self._table and not args[0].startswith("-"):
            raise click.UsageError(f"There is no command {args[0]!r}.{suggestion(args[0], self._table)}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a reader that has gone away (``… | head``) ends it without a word."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # The interpreter flushes once more when it ends; that must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(_BROKEN_PIPE) from None
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in ``--help``, without importing what it lists."""
        if self._table:
            with formatter.section("Commands"):
                formatter.write_dl([(name, line) for name, (_, line) in self._table.items()])


def suggestion(word: str, known: Mapping[str, object] | Sequence[str]) -> str:
    """`` Did you mean …?`` for a word that is close to a known one, otherwise nothing.

    >>> suggestion("convrt", ["convert", "check"])
    " Did you mean 'convert'?"
    """
    near = get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def run(command: click.Command, prog: str, version: str, argv: Sequence[str] | None = None) -> int:
    """Runs a command and gives its exit code; whatever goes wrong ends in a message on standard error.

    Args:
        command: returns its exit code, or ``None`` for 0.
        prog: name of the command, for messages.
        version: named in the message about a bug.
        argv: arguments without the name; those of the process by default.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        code = command.main(args, prog_name=prog, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except Exception as error:
        report_bug(error, prog, version, "-v" in args or "--verbose" in args)
        return BUG
    return int(code or CLEAN)


def report_bug(error: Exception, prog: str, version: str, traceback: bool, during: str = "", hint: bool = True) -> None:
    """Says on standard error that the program is wrong, not the user, and (``hint``) what to send in."""
    from sfn_airflow_core.render.escape import visible

    place = f" at {visible(during)}" if during else ""
    detail = visible(f"{type(error).__name__}: {error}")
    click.echo(f"{prog}: internal error{place}: {detail}", err=True)
    if traceback:
        import traceback as tracebacks

        click.echo("".join(tracebacks.format_exception(error)), err=True, nl=False)
    elif hint:
        python = ".".join(map(str, sys.version_info[:3]))
        click.echo(
            f"This is a bug in {prog} {version} (Python {python}). Please report it with the command, the input and "
            "the output of the same command with -v.",
            err=True,
        )
