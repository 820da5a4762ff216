"""Airflow Variables for as long as something runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def airflow_variables(texts: Mapping[str, str]) -> Iterator[None]:
    """Sets Airflow Variables, by name, in the environment; afterwards it is as before."""
    names = {f"AIRFLOW_VAR_{name.upper()}": text for name, text in texts.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
