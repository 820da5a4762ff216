"""Every finding of the translation: 1xx reading, 2xx control, 3xx data, 4xx retries, 5xx services, 6xx deployment."""

from __future__ import annotations

from airflow2sfn.rules import (
    callbacks,
    choices,
    connections,
    control,
    data,
    deployment,
    external,
    functions,
    generated,
    reading,
    retries,
)
from sfn_airflow_core.findings import Finding

_ROOMS = (reading, control, choices, callbacks, external, generated, data, retries, connections, functions, deployment)

RULES: tuple[type[Finding], ...] = tuple(sorted((rule for room in _ROOMS for rule in room.RULES), key=lambda r: r.code))
