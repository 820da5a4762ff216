"""The commands ``explain`` and ``rules`` of both directions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

import click

from sfn_airflow_core.findings import Finding, section, summary
from sfn_airflow_core.render.entries import label
from sfn_airflow_core.render.pages import find
from sfn_airflow_core.shell.group import suggestion
from sfn_airflow_core.shell.terminal import colors, columns

FORMATS = ("text", "json", "markdown")


def explain(code: str, rules: Sequence[type[Finding]], page: Callable[[type[Finding]], str], tool: str) -> int:
    """Shows the page of one finding.

    Args:
        code: of the finding.
        rules: all there are.
        page: makes the page.
        tool: the name of the command, for the message.

    Raises:
        click.UsageError: where there is no such finding.
    """
    rule = find(code, rules)
    if rule is None:
        near = suggestion(code.upper(), [known.code for known in rules])
        raise click.UsageError(f"There is no finding {code!r}.{near} {tool} rules lists them.")
    text = page(rule)
    if colors():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        click.echo(text)
    return 0


def show_rules(rules: Iterable[type[Finding]], form: str) -> int:
    """Lists every finding: code, fidelity, and what differs; ``form`` is one of ``FORMATS``."""
    known = sorted(rules, key=lambda rule: rule.code)
    match form:
        case "json":
            click.echo(json.dumps([_row(rule) for rule in known], indent=2))
        case "markdown":
            lines = [f"| {rule.code} | {label(rule.fidelity)} | {summary(rule)} |" for rule in known]
            click.echo("\n".join(["| code | fidelity | what differs |", "|---|---|---|", *lines]))
        case _:
            _print(known)
    return 0


def _row(rule: type[Finding]) -> dict[str, str]:
    return {
        "code": rule.code,
        "name": rule.__name__,
        "fidelity": label(rule.fidelity),
        "summary": summary(rule),
        "why": section(rule, "Why it matters"),
        "remedy": section(rule, "Remedy"),
        "source": rule.source,
    }


def _print(known: Iterable[type[Finding]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from sfn_airflow_core.render.text import STYLES

    console = Console(color_system="auto" if colors() else None, width=columns())
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for column in ("code", "fidelity"):
        table.add_column(column, no_wrap=True)
    table.add_column("what")
    for rule in known:
        table.add_row(
            Text(rule.code, "bold"),
            Text(label(rule.fidelity), STYLES[rule.fidelity]),
            Text(summary(rule).replace("``", "`")),
        )
    console.print(table)
