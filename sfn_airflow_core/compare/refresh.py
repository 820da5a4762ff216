"""Current prices from AWS: the public price list, or the Price List API through boto3; both give the same documents.

Nothing here runs unless ``prices refresh`` is asked for. A document is AWS's offer file (AWS Billing User Guide,
"Reading the service price list file for an AWS service"): ``products`` with attributes, and ``terms.OnDemand`` with
price dimensions, both by SKU.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sfn_airflow_core.compare.prices import CLASSES, ITEMS, Price, PriceError, Prices

OFFERS: Final = ("AmazonStates", "AmazonMWAA")
"""Offer codes that hold the items of a comparison."""

LARGEST: Final = 64 * 1024 * 1024
_HOST: Final = "https://pricing.us-east-1.amazonaws.com"
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")

Fetch = Callable[[str], bytes]
"""The content of an address."""


def check_region(region: str) -> str:
    """The region itself; PriceError where it is no name of one (it becomes part of an address)."""
    if not _REGION.fullmatch(region):
        raise PriceError(f"{region!r} is not the name of a region")
    return region


def public_documents(region: str, fetch: Fetch) -> Iterator[Any]:
    """The offer files of a region from the public price list; needs no account."""
    check_region(region)
    for offer in OFFERS:
        address = f"{_HOST}/offers/v1.0/aws/{offer}/current/{region}/index.json"
        data = fetch(address)
        try:
            yield json.loads(data)
        except (ValueError, RecursionError) as error:
            raise PriceError(f"{address}: not a price list: {error}") from None


def api_documents(region: str, client: Any) -> Iterator[Any]:
    """The same from boto3's ``pricing`` client, one document per product."""
    check_region(region)
    pages = client.get_paginator("get_products")
    for offer in OFFERS:
        filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]
        for page in pages.paginate(ServiceCode=offer, Filters=filters, FormatVersion="aws_v1"):
            for text in page["PriceList"]:
                yield _as_offer(json.loads(text))


def _as_offer(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A product of GetProducts in the form of an offer file."""
    product = entry.get("product", {})
    sku = product.get("sku", "")
    return {
        "publicationDate": entry.get("publicationDate", ""),
        "products": {sku: product},
        "terms": {"OnDemand": {sku: entry.get("terms", {}).get("OnDemand", {})}},
    }


def table(documents: Iterable[Any], region: str, source: str) -> Prices:
    """A table of a region's prices from offer files. Raises PriceError where an item is missing."""
    rows: dict[str, Price] = {}
    for document in documents:
        try:
            found = list(_rows(document, region, source))
        except (AttributeError, KeyError, TypeError, InvalidOperation, ValueError) as error:
            raise PriceError(f"{source}: not an offer file of AWS ({type(error).__name__}: {error})") from None
        rows |= {row.item: row for row in found}
    missing = [item for item in ITEMS if item not in rows]
    for item in [name for name in missing if name.startswith("mwaa.worker.")]:
        known = _pattern(item, rows)
        if known is not None:
            rows[item] = known
            missing.remove(item)
    if missing:
        raise PriceError(f"{source}: no price for {', '.join(missing)} in {region}")
    return Prices(source, tuple(sorted(rows.values(), key=lambda row: row.item)))


def _pattern(item: str, rows: Mapping[str, Price]) -> Price | None:
    """A worker's price that is not listed, as twice that of the class below."""
    name = item.rpartition(".")[2]
    below = rows.get(f"mwaa.worker.{CLASSES[CLASSES.index(name) - 1]}")
    if below is None:
        return None
    note = "not in the price list"
    return Price(item, below.region, below.price * 2, "hour", f"twice {below.item}", below.as_of, note, "estimate")


def _rows(document: Any, region: str, source: str) -> Iterator[Price]:
    day = date.fromisoformat(str(document["publicationDate"])[:10])
    terms = document["terms"]["OnDemand"]
    for sku, product in document["products"].items():
        attributes = product["attributes"]
        if attributes.get("regionCode", region) != region or sku not in terms:
            continue
        for offer in terms[sku].values():
            for dimension in offer["priceDimensions"].values():
                amount = Decimal(dimension["pricePerUnit"]["USD"]).normalize()
                item = _item(attributes, dimension)
                if item and amount > 0:
                    yield Price(item, region, amount, ITEMS[item], source, day)


def _item(attributes: Mapping[str, str], dimension: Mapping[str, str]) -> str:
    """Which item a price dimension is; empty for one that no comparison needs."""
    usage = attributes.get("usagetype", "")
    if usage.endswith("StateTransition"):
        return "sfn.transition"
    if usage.endswith("StepFunctions-Request"):
        return "sfn.express.request"
    if usage.endswith("StepFunctions-GB-Second"):
        return f"sfn.express.gb-second.{_tier(dimension)}"
    return _mwaa(attributes, usage)


def _tier(dimension: Mapping[str, str]) -> int:
    """The number of the price step, from where its range begins (in GB-seconds: 1,000 and 5,000 GB-hours)."""
    begin = float(dimension.get("beginRange") or dimension.get("startingRange") or 0)  # documented as the latter
    return 1 if begin < 1 else 2 if begin < 5000 * 3600 - 1 else 3


def _mwaa(attributes: Mapping[str, str], usage: str) -> str:
    """Which item of MWAA it is: by the attributes ``type`` and ``size``, or a usage type ``Airflow-SmallWorker``."""
    kind, size = attributes.get("type", "").lower(), attributes.get("size", "").lower()
    if named := re.search(r"Airflow-(\w+?)(Environment|Worker)$", usage):
        size, kind = named.group(1).lower(), named.group(2).lower()
    size = {"xl": "xlarge", "2xl": "2xlarge", "1xlarge": "xlarge"}.get(size, size)
    words = usage.lower()
    if "serverless" in words and "task" in words:
        return "mwaa.serverless.task-hour"
    if "storage" in words or "storage" in kind:
        return "mwaa.database.gb-month"
    if size in CLASSES and kind in ("environment", "worker"):
        item = f"mwaa.{kind}.{size}"
        return item if item in ITEMS else ""
    return ""
