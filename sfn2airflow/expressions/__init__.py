"""Expressions of ASL as Python: JSONPath, intrinsic functions and conditions here, JSONata in a room of its own."""

from __future__ import annotations
