"""What Parallel states are called."""

from __future__ import annotations

import pytest

from airflow2sfn.emission.drafts import region_name


@pytest.mark.parametrize(
    ("heads", "taken", "name"),
    [
        (["load", "check"], (), "load and check"),
        (["load_orders", "load_items"], (), "load"),
        (["load_orders", "load_items"], ("load",), "load_orders and load_items"),
        (["orders.run", "items.run"], (), "orders and items"),
        (["stg_orders.run", "stg_items.run"], (), "stg"),
        (["stg_orders.run", "stg_items.run"], ("stg",), "stg_orders and stg_items"),
        (["a.x.run", "b.x.run"], (), "a.x.run and b.x.run"),
        (["run", "items.run"], (), "run and items"),
        ([f"a_long_name_of_a_{letter}" for letter in "abcd"], ("a_long_name_of_a",), "a_long_name_of_a_a and 3 more"),
    ],
)  # fmt: skip
def test_a_region_is_called_by_what_tells_it_apart(heads: list[str], taken: tuple[str, ...], name: str) -> None:
    assert region_name(heads, heads, (), taken) == name


def test_a_region_that_is_a_group_is_called_like_it() -> None:
    inside = ["g.a", "g.b"]
    assert region_name(inside, inside, [("g", frozenset(inside))]) == "g"
