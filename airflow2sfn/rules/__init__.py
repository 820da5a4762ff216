"""Every finding of the translation to Step Functions: 1xx reading, 2xx control flow, 4xx retries."""

from __future__ import annotations

from airflow2sfn.rules import control, reading, retries
from sfn_airflow_core.findings import Finding

_ROOMS = (reading, control, retries)

RULES: tuple[type[Finding], ...] = tuple(sorted((rule for room in _ROOMS for rule in room.RULES), key=lambda r: r.code))
