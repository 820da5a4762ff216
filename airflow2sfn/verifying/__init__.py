"""The work of ``verify``: DAGs on Airflow and their state machines with the same replies."""

from __future__ import annotations
