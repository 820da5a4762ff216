"""Machines, states and tasks of ASL as the flow model that ``writing`` writes."""

from __future__ import annotations
