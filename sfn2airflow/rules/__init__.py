"""Every finding of the translation to Airflow: 1xx document, 2xx states, 3xx data, 4xx errors, 5xx services."""

from __future__ import annotations

from sfn2airflow.rules import callbacks, children, data, document, services, states
from sfn_airflow_core.findings import Finding

RULES: tuple[type[Finding], ...] = (
    *document.RULES,
    *states.RULES,
    *children.RULES,
    *data.RULES,
    *services.RULES,
    *callbacks.RULES,
)
