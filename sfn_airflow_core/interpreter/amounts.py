"""Numbers and instants of states: fixed, read from the document, or computed."""

from __future__ import annotations

import re

from sfn_airflow_core.asl.model import Amount, Json, PathRef, Placeholder, Query, Wait
from sfn_airflow_core.interpreter.evaluate import evaluate
from sfn_airflow_core.interpreter.failures import EvaluationError, StateFailed
from sfn_airflow_core.interpreter.query import expect, fill
from sfn_airflow_core.interpreter.run import Stay
from sfn_airflow_core.interpreter.shape import filtered, states_of
from sfn_airflow_core.interpreter.values import is_number, json_text, timestamp

_LONGEST_WAIT = float(2**31 - 1)
"""Seconds: a Wait timestamp further ahead is refused (recorded: about 24,855 days)."""


_DIGITS = re.compile(r"[+-]?[0-9]{1,18}")


def amount(stay: Stay, value: Amount, field: str) -> Json:
    """The value of a numeric field, whatever its type; raises StateFailed where it cannot be had."""
    match value:
        case PathRef():
            return _referred(stay, value, field)
        case Query():
            result = fill(stay.run.program.query(value.text), stay, states_of(stay), field)
            expect(result, "number", value.text, stay, field)
            return result
        case Placeholder():
            raise stay.broken(f"The substitution ${{{value.name}}} of the field {field} is open.")
        case _:
            return value


def _referred(stay: Stay, path: PathRef, field: str) -> Json:
    try:
        return evaluate(stay.run.program.path(path.path), stay.data(filtered(stay)))
    except EvaluationError as error:
        raise stay.broken(f"The {field}Path parameter does not reference an input value: {path.path}") from error


def whole(stay: Stay, value: Amount, field: str, least: int = 0) -> int:
    """A numeric field that must be a whole number of at least ``least``."""
    number = amount(stay, value, field)
    if isinstance(number, float) and number.is_integer() and isinstance(value, Query):
        number = int(number)
    number = _digits(value, number)
    if not isinstance(number, int) or isinstance(number, bool):
        path = value.path if isinstance(value, PathRef) else ""
        shown = json_text(number)
        shown = shown if shown.startswith('"') else f'"{shown}"'
        raise wrong(
            stay, value, f"The {field}Path field refers to value {shown} which is not a valid integer: {path}", field
        )
    if number < least:
        kind = "negative" if least == 0 else f"less than {least}"
        raise wrong(stay, value, f"{field} cannot be {kind}.", field)
    return number


def _digits(value: Amount, number: Json) -> Json:
    """Recorded: a path may lead to a string of digits."""
    digits = isinstance(value, PathRef) and isinstance(number, str) and _DIGITS.fullmatch(number)
    return int(number) if digits and isinstance(number, str) else number


def wrong(stay: Stay, value: Amount, message: str, field: str) -> StateFailed:
    """The failure of a bad number: a JSONata error if it was computed, otherwise States.Runtime."""
    return stay.unanswered(message, field) if isinstance(value, Query) else stay.broken(message)


def wait_seconds(stay: Stay, state: Wait) -> float:
    """How many seconds a Wait waits from now; negative where the instant has passed."""
    if state.timestamp is not None:
        return _until(stay, state.timestamp)
    if state.seconds is None:
        raise stay.broken("The state has neither Seconds nor Timestamp.")
    value = amount(stay, state.seconds, "Seconds")
    path = f": {state.seconds.path} == {json_text(value)}" if isinstance(state.seconds, PathRef) else ""
    if isinstance(value, float) and value.is_integer() and isinstance(state.seconds, Query):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(stay, state.seconds, f"The SecondsPath parameter cannot be parsed as a long value{path}", "Seconds")
    if value < 0:
        raise wrong(stay, state.seconds, f"The SecondsPath parameter references a negative value{path}", "Seconds")
    return float(value)


def _until(stay: Stay, value: str | PathRef | Query | Placeholder) -> float:
    match value:
        case Query():
            text = fill(stay.run.program.query(value.text), stay, states_of(stay), "Timestamp")
            expect(text, "string", value.text, stay, "Timestamp")
        case PathRef():
            text = _referred(stay, value, "Timestamp")
        case Placeholder():
            raise stay.broken(f"The substitution ${{{value.name}}} of the field Timestamp is open.")
        case _:
            text = value
    moment = timestamp(text)
    if moment is None:
        shown = text if isinstance(text, str) else json_text(text)
        format_name = "ISO-8601 extended offset date-time format string"
        if isinstance(value, Query):
            raise stay.unanswered(f"The Timestamp field cannot be parsed as an {format_name}: {shown}", "Timestamp")
        raise stay.broken(f"The TimestampPath parameter does not reference a valid {format_name}: {shown}")
    seconds = (moment - stay.run.world.moment()).total_seconds()
    if seconds > _LONGEST_WAIT:
        raise stay.broken("Wait state delay is too long.")
    return seconds


def optional_number(stay: Stay, value: Amount | None, field: str) -> float | None:
    """A numeric field that may be absent and need not be whole."""
    if value is None:
        return None
    number = _digits(value, amount(stay, value, field))
    if not isinstance(number, int | float) or not is_number(number):
        raise wrong(
            stay, value, f"The {field}Path field refers to value {json_text(number)} which is not a number", field
        )
    return float(number)
