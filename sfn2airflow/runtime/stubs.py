"""What stands in the place of a state that cannot be expressed: it fails when run."""

from __future__ import annotations

from .errors import StateError


class Unsupported(StateError):
    """A state without translation was reached; like ``States.Runtime``, no Retry and no Catch covers it.

    ``code`` is that of the finding (``sfn2airflow explain CODE``), ``reason`` says what is missing.
    """

    def __init__(self, code: str, reason: str):
        super().__init__("States.Runtime", f"{code}: {reason}")
