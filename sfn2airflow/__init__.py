"""Translates AWS Step Functions state machines to Apache Airflow DAG files and reports what changes on the way."""

from __future__ import annotations

__version__ = "0.1.0"
