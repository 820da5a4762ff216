"""The commands of ``sfn2airflow``, one module each; what a command does stands beside it where it is long."""

from __future__ import annotations
