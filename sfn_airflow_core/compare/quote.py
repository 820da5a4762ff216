"""A price with its reasons: items that add up, each with the formula that gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Number = float
PRICES = ("price", "rate")
"""Names of numbers that are prices, in dollars."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bill in dollars; ``template`` is the formula, ``numbers`` the values of its names."""

    label: str
    amount: float
    template: str
    numbers: Mapping[str, Number]

    def formula(self) -> str:
        """The formula with its numbers."""
        shown = {name: price(v) if name in PRICES else figure(v) for name, v in self.numbers.items()}
        return self.template.format_map(shown)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a month costs in one way of running a workflow.

    ``excluded`` says why the workflow cannot run this way as it is; the price then is what it would be. ``notes`` are
    conditions of the price.
    """

    option: str
    title: str
    items: tuple[Item, ...]
    excluded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def amount(self) -> float:
        """Dollars per month."""
        return sum(item.amount for item in self.items)

    @property
    def fits(self) -> bool:
        """Whether the workflow can run this way."""
        return not self.excluded


def figure(value: float) -> str:
    """A number for people: thousands separated, at most five significant digits after the point, no trailing zeros.

    >>> figure(1234567.0), figure(0.000025), figure(2.5), figure(730)
    ('1,234,567', '0.000025', '2.5', '730')
    """
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    places = 2 if abs(value) >= 1000 else 4 if abs(value) >= 1 else 10
    shown = float(f"{value:.5g}") if abs(value) < 1 else value
    return f"{shown:,.{places}f}".rstrip("0").rstrip(".")


def price(value: float) -> str:
    """A price of a unit: cents at least, and as many digits as it has.

    >>> price(0.1), price(0.000025), price(3.96), price(0.055)
    ('0.10', '0.000025', '3.96', '0.055')
    """
    text = figure(value)
    return f"{value:,.2f}" if len(text.partition(".")[2]) < 2 else text


def dollars(amount: float) -> str:
    """An amount in cents; thousands separated.

    >>> dollars(1234.5), dollars(0), dollars(0.004)
    ('$1,234.50', '$0.00', '$0.00')
    """
    return f"${amount:,.2f}"
