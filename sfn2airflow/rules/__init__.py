"""Every finding of the translation to Airflow: 1xx document, 2xx states, 3xx data, 4xx errors, 5xx services."""

from __future__ import annotations

from sfn2airflow.rules import callbacks, children, data, distributed, document, queries, services, states
from sfn_airflow_core.findings import Finding

_ROOMS = (document, states, children, distributed, data, queries, services, callbacks)

RULES: tuple[type[Finding], ...] = tuple(sorted((rule for room in _ROOMS for rule in room.RULES), key=lambda r: r.code))
