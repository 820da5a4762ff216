"""``Retry`` and ``Catch``."""

from __future__ import annotations

from sfn_airflow_core.asl.model import Catcher, CatchPath, CatchQuery, Retrier
from sfn_airflow_core.asl.read_fields import Fields, as_text
from sfn_airflow_core.asl.read_values import LARGEST_SECONDS, assign, flow_path, number, template
from sfn_airflow_core.text import join

ALL = "States.ALL"
LONGEST_DELAY = 31_622_400


def retriers(fields: Fields) -> tuple[Retrier, ...]:
    """The entries of ``Retry``."""
    entries = fields.elements("Retry")
    return tuple(_retrier(entry, last=entry is entries[-1]) for entry in entries)


def catchers(fields: Fields) -> tuple[Catcher, ...]:
    """The entries of ``Catch``."""
    entries = fields.elements("Catch")
    return tuple(_catcher(entry, last=entry is entries[-1]) for entry in entries)


def _retrier(entry: Fields, last: bool) -> Retrier:
    interval = number(entry, "IntervalSeconds", 1)
    attempts = number(entry, "MaxAttempts", 0)
    rate = number(entry, "BackoffRate", 1, LARGEST_SECONDS, fraction=True)
    found = Retrier(
        error_equals=_errors(entry, "Retry", last),
        interval_seconds=1 if interval is None else interval,
        max_attempts=3 if attempts is None or isinstance(attempts, float) else attempts,
        backoff_rate=2.0 if rate is None else rate,
        max_delay_seconds=number(entry, "MaxDelaySeconds", 1, LONGEST_DELAY),
        jitter_strategy=entry.choice("JitterStrategy", ("FULL", "NONE")) or "NONE",
        comment=entry.text("Comment"),
        at=entry.at,
    )
    entry.close()
    return found


def _catcher(entry: Fields, last: bool) -> Catcher:
    if entry.language == "JSONata":
        entry.forbid(["ResultPath"], "with the query language JSONata; use 'Output'")
        flow: CatchPath | CatchQuery = CatchQuery(template(entry, "Output"))
    else:
        entry.forbid(["Output"], "with the query language JSONPath; use 'ResultPath'")
        flow = CatchPath(flow_path(entry, "ResultPath", result=True))
    errors = _errors(entry, "Catch", last)
    entry.require("Next")
    found = Catcher(errors, entry.text("Next") or "", flow, assign(entry), entry.text("Comment"), entry.at)
    entry.close()
    return found


def _errors(entry: Fields, field: str, last: bool) -> tuple[str, ...]:
    """``ErrorEquals``: not empty; ``States.ALL`` stands alone, and in the last entry."""
    if not entry.require("ErrorEquals"):
        return ()
    value, at = entry.take("ErrorEquals"), entry.where("ErrorEquals")
    if not isinstance(value, list):
        entry.error("ErrorEquals", "The field 'ErrorEquals' must be an array of strings")
        return ()
    if not value:
        entry.error("ErrorEquals", f"Value cannot be empty at {at}")
    names = []
    for index, name in enumerate(map(as_text, value)):
        if isinstance(name, str):
            names.append(name)
        else:
            entry.notes.error(join(at, index), "The names in 'ErrorEquals' must be strings")
    if ALL in names and len(names) > 1:
        entry.error("ErrorEquals", f"{ALL} must be the only name in 'ErrorEquals'")
    if ALL in names and not last:
        entry.error("ErrorEquals", f"{ALL} is only allowed in the last entry of '{field}'")
    return tuple(names)
