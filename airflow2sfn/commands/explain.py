"""The commands ``explain`` and ``rules``."""

from __future__ import annotations

import click

from airflow2sfn.rules import RULES
from sfn_airflow_core.findings import Finding
from sfn_airflow_core.shell import explaining


@click.command(short_help="Show the page of one finding, with an example.")
@click.argument("code")
def explain(code: str) -> int:
    """Show the page of one finding: what it is, why it matters, what to do, and an example with its definition."""

    def made(rule: type[Finding]) -> str:
        from airflow2sfn.pages import page  # brings the translator, which a wrong code does not need

        return page(rule)

    return explaining.explain(code, RULES, made, "airflow2sfn")


@click.command(short_help="List every finding there is.")
@click.option("--format", "form", type=click.Choice(explaining.FORMATS), default="text", show_default=True)
def rules(form: str) -> int:
    """List every finding there is: code, fidelity, and what differs."""
    return explaining.show_rules(RULES, form)
