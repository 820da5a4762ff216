"""The source of DAG files: what was translated, written as LibCST nodes and laid out by ruff."""

from __future__ import annotations
