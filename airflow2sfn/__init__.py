"""Translates Apache Airflow DAG files to AWS Step Functions state machines, with what deploys them."""

from __future__ import annotations

__version__ = "0.1.0"
