"""Prices as a dated table: one row per item and region, with its source; nothing here is fetched.

The table of the package is ``prices.json`` beside this module; ``--prices FILE`` takes another one of the same form in
its place. A figure that has no row is an error with the names of the missing rows, never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

SCHEMA_VERSION: Final = 1
STALE_AFTER_DAYS: Final = 180
LARGEST: Final = 8 * 1024 * 1024
_SHOWN: Final = 3
"""Missing rows that a message names."""

CLASSES: Final = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
"""Environment classes of MWAA, smallest first."""

ITEMS: Final[Mapping[str, str]] = {
    "sfn.transition": "state transition",
    "sfn.express.request": "request",
    "sfn.express.gb-second.1": "GB-second",
    "sfn.express.gb-second.2": "GB-second",
    "sfn.express.gb-second.3": "GB-second",
    **{f"mwaa.environment.{name}": "hour" for name in CLASSES},
    **{f"mwaa.worker.{name}": "hour" for name in CLASSES[1:]},
    "mwaa.database.gb-month": "GB-month",
    "mwaa.serverless.task-hour": "task-hour",
}
"""Every item that a comparison needs, and its unit. A micro environment cannot have further workers."""


Basis = Literal["listed", "published", "inferred", "estimate"]
"""What a row rests on: read in AWS's price list or price page for the region; published by somebody else; read for
another region and taken over; a pattern in other prices."""


class PriceError(ValueError):
    """A table of prices cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Price:
    """One row: US dollars per unit of an item in a region, before tax, without discounts."""

    item: str
    region: str
    price: Decimal
    unit: str
    source: str
    as_of: date
    note: str = ""
    basis: Basis = "listed"


@dataclass(frozen=True, slots=True)
class Prices:
    """A table; ``name`` is for messages."""

    name: str
    rows: tuple[Price, ...]

    def regions(self) -> tuple[str, ...]:
        """The regions that have every item."""
        found: dict[str, set[str]] = {}
        for row in self.rows:
            found.setdefault(row.region, set()).add(row.item)
        return tuple(sorted(region for region, items in found.items() if ITEMS.keys() <= items))

    def region(self, region: str) -> Mapping[str, Price]:
        """The rows of one region by item. Raises PriceError where one is missing."""
        rows = {row.item: row for row in self.rows if row.region == region}
        missing = [item for item in ITEMS if item not in rows]
        if not missing:
            return rows
        whole = ", ".join(self.regions()) or "none"
        some = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
        what = f"no prices for region {region!r}" if not rows else f"no row for {some} in {region}"
        raise PriceError(
            f"{self.name}: {what}. Regions with every price: {whole}; theirs give you an order of magnitude. "
            f"'sfn2airflow prices refresh --region {region} -o FILE' writes a table to give with --prices FILE."
        )


def stale(rows: Iterable[Price], today: date) -> str:
    """A warning where the oldest row is older than 180 days; otherwise nothing."""
    oldest = min((row.as_of for row in rows), default=today)
    age = (today - oldest).days
    if age <= STALE_AFTER_DAYS:
        return ""
    return f"the prices are up to {age} days old (as of {oldest}); 'sfn2airflow prices refresh' gets current ones"


@cache
def packaged() -> Prices:
    """The table that comes with the package."""
    text = files("sfn_airflow_core.compare").joinpath("prices.json").read_text(encoding="utf-8")
    return read_prices(json.loads(text), "prices of the package")


def load_prices(path: Path) -> Prices:
    """A table from a file. Raises PriceError for anything that is not one."""
    try:
        if path.stat().st_size > LARGEST:
            raise PriceError(f"{path}: larger than {LARGEST} bytes")
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PriceError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, PriceError):
            raise
        raise PriceError(f"{path}: not a JSON file: {error}") from None
    return read_prices(value, str(path))


def read_prices(value: Any, name: str) -> Prices:
    """A table from a JSON value. Raises PriceError with the place of the mistake."""
    if not isinstance(value, dict) or not isinstance(value.get("rows"), list):
        raise PriceError(f"{name}: must be an object with 'schema_version', 'currency' and a list 'rows'")
    if value.get("schema_version") != SCHEMA_VERSION:
        raise PriceError(f"{name}: schema_version {value.get('schema_version')!r} is not {SCHEMA_VERSION}")
    if value.get("currency", "USD") != "USD":
        raise PriceError(f"{name}: currency {value.get('currency')!r} is not USD")
    rows = tuple(_row(item, f"{name}: rows[{n}]") for n, item in enumerate(value["rows"]))
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if (row.item, row.region) in seen:
            raise PriceError(f"{name}: two rows for {row.item} in {row.region}")
        seen.add((row.item, row.region))
    return Prices(name, rows)


def _row(value: Any, at: str) -> Price:
    if not isinstance(value, dict):
        raise PriceError(f"{at}: must be an object")
    texts = {key: value.get(key) for key in ("item", "region", "source", "as_of")}
    for key, text in texts.items():
        if not isinstance(text, str) or not text:
            raise PriceError(f"{at}: '{key}' must be a text")
    item = str(texts["item"])
    if item not in ITEMS:
        raise PriceError(f"{at}: there is no item {item!r}")
    if value.get("unit", ITEMS[item]) != ITEMS[item]:
        raise PriceError(f"{at}: {item} is priced per {ITEMS[item]}, not per {value.get('unit')!r}")
    try:
        day = date.fromisoformat(str(texts["as_of"]))
    except ValueError:
        raise PriceError(f"{at}: 'as_of' must be a date like 2026-08-08") from None
    basis = value.get("basis", "listed")
    if basis not in get_args(Basis):
        raise PriceError(f"{at}: 'basis' must be one of {', '.join(get_args(Basis))}, not {basis!r}")
    amount, note = _amount(value.get("price"), at), str(value.get("note", ""))
    source = str(texts["source"])
    return Price(item, str(texts["region"]), amount, ITEMS[item], source, day, note, cast("Basis", basis))


def _amount(value: Any, at: str) -> Decimal:
    try:
        amount = Decimal(str(value)) if not isinstance(value, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount < 10**9:
        raise PriceError(f"{at}: 'price' must be a number of dollars that is not negative, not {value!r}")
    return amount


def as_json(prices: Prices) -> dict[str, Any]:
    """The table as a JSON value that ``read_prices`` reads."""
    return {
        "schema_version": SCHEMA_VERSION,
        "currency": "USD",
        "rows": [
            {
                "item": row.item,
                "region": row.region,
                "price": format(row.price, "f"),
                "unit": row.unit,
                "basis": row.basis,
                "source": row.source,
                "as_of": row.as_of.isoformat(),
                **({"note": row.note} if row.note else {}),
            }
            for row in prices.rows
        ],
    }
