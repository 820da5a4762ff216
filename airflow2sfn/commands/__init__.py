"""The commands of ``airflow2sfn``, one module each; what a command does stands beside it where it is long."""

from __future__ import annotations
