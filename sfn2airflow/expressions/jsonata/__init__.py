"""JSONata as Python."""

from __future__ import annotations
