"""The work of ``verify``: machines with scenarios, recorded executions, and a test file that repeats them."""

from __future__ import annotations
