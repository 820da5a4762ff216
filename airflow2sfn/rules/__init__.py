"""Every finding of the translation to Step Functions: 1xx reading and control flow."""

from __future__ import annotations

from airflow2sfn.rules import reading
from sfn_airflow_core.findings import Finding

_ROOMS = (reading,)

RULES: tuple[type[Finding], ...] = tuple(sorted((rule for room in _ROOMS for rule in room.RULES), key=lambda r: r.code))
