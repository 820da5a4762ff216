"""What single tasks do, as parts of states."""

from __future__ import annotations
