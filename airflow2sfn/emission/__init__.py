"""From the plan of a DAG to the states of a machine."""

from __future__ import annotations
