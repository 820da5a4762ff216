"""The command ``prices``: the table that ``compare`` uses, and getting a current one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import click

from sfn_airflow_core.compare.prices import (
    ITEMS,
    Price,
    PriceError,
    Prices,
    as_json,
    load_prices,
    packaged,
    stale,
)
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.terminal import colors, columns

_BASES = (
    "listed: AWS's price list or page for the region. published: by somebody else. inferred: read for another region "
    "and taken over. estimate: a pattern in other prices."
)
_PATIENCE = 30
"""Seconds to wait for the price list."""


@click.group(short_help="Show the prices that compare uses, or get current ones.")
def prices() -> None:
    """Show the prices that compare uses, or get current ones.

    The table of the package is dated and has a source for every row; nothing is fetched unless you ask for it.
    """


@prices.command(short_help="Show the table: item, region, price, basis, source, date.")
@click.option("--region", help="Only this region.")
@click.option("--prices", "path", metavar="FILE", help="Another table than that of the package.")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
def show(region: str | None, path: str | None, form: str) -> int:
    """Show the table: item, region, price, basis, source, date. The JSON is a file for --prices."""
    table = _table(path)
    rows = tuple(row for row in table.rows if region in (None, row.region))
    if not rows:
        known = ", ".join(sorted({row.region for row in table.rows}))
        raise click.UsageError(f"{table.name}: no prices for region {region!r}; there are {known}.")
    if warning := stale(rows, date.today()):
        click.echo(f"warning: {warning}", err=True)
    if form == "json":
        click.echo(json.dumps(as_json(Prices(table.name, rows)), indent=2))
    else:
        _print(rows, form)
    return 0


def _print(rows: Sequence[Price], form: str) -> None:
    from sfn_airflow_core.compare.layout import Cell, Section, Style, Table
    from sfn_airflow_core.compare.report_text import render_markdown, render_text

    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        style: Style = "" if row.basis == "listed" else "warn"
        about = f"{row.source}; {row.note}" if row.note else row.source
        texts = (row.item, row.region, f"${row.price:f}", row.unit, row.as_of.isoformat(), row.basis, about)
        cells.append(tuple((text, style) for text in texts))
    head = ("item", "region", "price", "per", "as of", "basis", "source")
    regions = {row.region for row in rows}
    where = f" of {regions.pop()}" if len(regions) == 1 else ""
    title = f"Prices{where} in US dollars, before tax and without discounts"
    section = Section(
        title,
        (
            Table(head, tuple(cells), (2,), records=True, spare=(1,) if where else ()),
            _BASES,
        ),
    )
    text = render_markdown([section]) if form == "markdown" else render_text([section], color=colors(), width=columns())
    click.echo(text, nl=False, color=True)


@prices.command(short_help="Get a region's current prices from AWS and write them to a file.")
@click.option("--region", required=True, help="Region to get.")
@click.option("-o", "--output", metavar="FILE", required=True, help="Where to write the table, for --prices.")
@click.option(
    "--source",
    type=click.Choice(["public", "boto3"]),
    default="public",
    show_default=True,
    help="The public price list (no account needed), or the Price List API with your credentials.",
)
def refresh(region: str, output: str, source: Literal["public", "boto3"]) -> int:
    """Get a region's current prices from AWS and write them to a file for --prices.

    This is the only thing in sfn2airflow that uses the network.
    """
    from sfn_airflow_core.compare import refresh as sources

    try:
        if source == "public":
            found = sources.table(sources.public_documents(region, fetch), region, "AWS Price List, public offer files")
        else:
            found = from_api(region)
        text = json.dumps(as_json(found), indent=2) + "\n"
        Path(output).write_text(text, encoding="utf-8", newline="\n")
    except PriceError as error:
        raise click.UsageError(visible(str(error))) from None
    except OSError as error:
        raise click.UsageError(visible(f"{output}: {error.strerror or error}")) from None
    click.echo(f"{len(found.rows)} of {len(ITEMS)} prices of {region} written to {visible(output)}.", err=True)
    return 0


def fetch(address: str) -> bytes:
    """The content of an address of the public price list. Raises PriceError."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import urlopen

    from sfn_airflow_core.compare.refresh import LARGEST

    try:
        with urlopen(address, timeout=_PATIENCE) as answer:
            data: bytes = answer.read(LARGEST + 1)
    except HTTPError as error:
        raise PriceError(f"{address}: {error.code} {error.reason}; does AWS have this region?") from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise PriceError(
            f"{address}: {reason or type(error).__name__}; this command needs the network, and 'compare' with "
            "a table from another machine (--prices FILE) does not"
        ) from None
    if len(data) > LARGEST:
        raise PriceError(f"{address}: larger than {LARGEST} bytes")
    return data


def from_api(region: str) -> Prices:
    """The table of a region by the Price List API. Raises PriceError."""
    from botocore.exceptions import BotoCoreError, ClientError

    from sfn_airflow_core.compare import refresh as sources

    try:
        return sources.table(sources.api_documents(region, client()), region, "AWS Price List API")
    except (BotoCoreError, ClientError) as error:
        raise PriceError(f"AWS Price List API: {error} (needs credentials that may pricing:GetProducts)") from None


def client() -> Any:
    """boto3's client of the Price List API, which only some regions have."""
    import boto3

    return boto3.client("pricing", region_name="us-east-1")


def _table(path: str | None) -> Prices:
    try:
        return load_prices(Path(path)) if path else packaged()
    except PriceError as error:
        raise click.UsageError(visible(str(error))) from None
