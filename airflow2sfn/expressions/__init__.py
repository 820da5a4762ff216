"""Values and conditions of DAG files as JSONata."""

from __future__ import annotations
