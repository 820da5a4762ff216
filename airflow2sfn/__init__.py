"""Translates Apache Airflow DAG files to AWS Step Functions state machines; so far only the command's frame."""

from __future__ import annotations

__version__ = "0.1.0"
