"""By what a DAG file is known that sfn2airflow has written."""

from __future__ import annotations

import re

_RUNTIME = re.compile(r"^from (?:asl_runtime|sfn2airflow\.runtime) import", re.MULTILINE)


def is_generated(text: str) -> bool:
    """Whether sfn2airflow has written a DAG file that needs its runtime."""
    return _RUNTIME.search(text) is not None and "# ASL: #/" in text
