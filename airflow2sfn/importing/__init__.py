"""``--import``: the real Airflow imports DAG files in a fenced process."""

from __future__ import annotations
