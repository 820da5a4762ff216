"""Names of tasks and DAGs: readable, valid, and never the same twice."""

from __future__ import annotations

import builtins
import doctest
import keyword

from hypothesis import given
from hypothesis import strategies as st

from sfn_airflow_core.dag import names
from sfn_airflow_core.dag.names import Names, screaming, slug


def test_doctests() -> None:
    assert doctest.testmod(names).failed == 0


@given(st.text(max_size=80))
def test_a_slug_is_an_identifier(text: str) -> None:
    assert slug(text).isidentifier()
    assert slug(text).isascii()
    assert len(slug(text)) <= 70
    assert screaming(text).isidentifier()


@given(
    st.lists(
        st.text(max_size=20) | st.sampled_from(["A b", "a_b", "a-b", "class", "match", "list", "data"]), max_size=40
    )
)
def test_names_never_collide(texts: list[str]) -> None:
    free = Names(["data"])
    taken = [free.take(slug(text), parent) for text in texts for parent in ("", "group")]
    assert len(set(taken)) == len(taken)
    assert not {"data", *keyword.kwlist, *dir(builtins)} & set(taken)
