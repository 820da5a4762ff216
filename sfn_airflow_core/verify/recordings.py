"""Executions recorded on the real service, one in a line of JSON: read, replayed, compared around what was redacted.

The recorder turned every string that starts with ``{`` into the value of that JSON, and put words in the place of
dates, ids, names and ARNs. Members of a record: ``id``, ``definition``, ``input``, ``type``, ``status``, ``output``,
``error``, ``task_results`` (``state``, ``ok``, ``output`` or ``error`` and ``cause``), ``state_outputs``,
``needs_external_data``, ``has_placeholders``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import BadReplies, MissingReply, Options, execute, read_replies
from sfn_airflow_core.verify.around import as_value, same
from sfn_airflow_core.verify.compare import Difference
from sfn_airflow_core.verify.result import Outcome

Json = Any

REDACTED: Final = frozenset(
    {
        "date",
        "start-date",
        "stop-date",
        "generated-uuid",
        "snf_role_arn",
        "sqs_queue_url",
        "bucket-name",
        "RequestId",
        "x-amzn-RequestId",
        "X-Amzn-Trace-Id",
        "executionSucceededEventDetails.output",
        "stateExitedEventDetails.output",
    }
)
"""Words that stand for a value that changes from execution to execution."""
_MARK: Final = re.compile(r"<[^<>]*>")
_ACCOUNT: Final = "111111111111"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a replay ended; ``outputs`` are those of states, by name, where the engine tells them."""

    status: str
    output: Json
    error: str | None
    outputs: Mapping[str, list[Json]]
    calls: int = 0


class NotComparable(Exception):
    """A recording cannot be compared, for the reason that the message gives."""


def read_recordings(path: Path, only: str = "") -> Iterator[dict[str, Json]]:
    """The records whose id contains ``only``. Raises ``ValueError`` with the line of what is no record."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path.name}:{number}: {error}") from error
        if not isinstance(record, dict) or not {"id", "definition", "input", "status"} <= record.keys():
            raise ValueError(f"{path.name}:{number}: id, definition, input and status are needed")
        if only in record["id"]:
            yield record


def replies_of(record: Mapping[str, Json]) -> dict[str, Json]:
    """The recorded results of tasks as the value of a replies file."""
    replies: dict[str, Json] = {}
    for task in record.get("task_results", ()):
        cause = task.get("cause")
        if task["ok"]:
            reply = {"result": task["output"]}
        elif task["error"] == "States.Timeout" and cause is None:
            reply = {"timeout": True}
        else:
            text = cause if cause is None or isinstance(cause, str) else json.dumps(cause, separators=(",", ":"))
            reply = {"error": task["error"], "cause": text}
        replies.setdefault(task["state"], []).append(reply)
    return replies


def in_interpreter(record: Mapping[str, Json]) -> Ran:
    """Replay a record in the reference interpreter. Raises ``NotComparable``."""
    kind = record.get("type", "STANDARD")
    text = json.dumps(record["definition"])
    reading = read_text(text, "recording.json", machine_type=kind)
    if reading.machine is None:
        raise NotComparable(f"no valid definition: {reading.problems[0].message}")
    options = Options(type=kind, stop_after=1.0 if record["status"] == "ABORTED" else None, account=_ACCOUNT)
    try:
        ran = execute(reading.machine, record["input"], read_replies(replies_of(record)), options=options)
    except MissingReply as gap:
        raise NotComparable(f"the recording has no result for {gap.call.state}") from gap
    except BadReplies as bad:
        raise NotComparable(str(bad)) from bad
    outputs = {state: ran.outputs(state) for state in record.get("state_outputs", {})}
    return Ran(ran.status, ran.output, ran.error, outputs, len(ran.calls))


def compare(record: Mapping[str, Json], engine: Callable[[Mapping[str, Json]], Ran]) -> Outcome:
    """Replay a record with an engine and compare status, error name, output and outputs of states."""
    expected = {name: record.get(name) for name in ("status", "output", "error")}
    if record.get("needs_external_data") and not record.get("task_results"):
        return _incomparable(record, expected, "it needs data that was not recorded")
    try:
        ran = engine(record)
    except NotComparable as reason:
        return _incomparable(record, expected, str(reason))
    actual = {"status": ran.status, "output": ran.output, "error": ran.error}
    around = bool(record.get("has_placeholders")) or _redacted([record.get("output"), record.get("state_outputs")])
    found = tuple(_differences(record, ran, fits if around else same))
    notes = ("what the recorder redacted",) if around else ()
    return Outcome(record["id"], "", True, not found, "", expected, actual, found, notes)


def _incomparable(record: Mapping[str, Json], expected: Mapping[str, Json], reason: str) -> Outcome:
    return Outcome(record["id"], "", False, False, reason, expected)


def _differences(record: Mapping[str, Json], ran: Ran, equal: Callable[[Json, Json], bool]) -> Iterator[Difference]:
    status = record["status"]
    if status not in (ran.status, "FAILED") and ran.status == "FAILED" and record.get("error"):
        status = "FAILED"  # a DAG run knows no TIMED_OUT
    if status != ran.status:
        yield Difference("status", record["status"], f"{ran.status} ({ran.error})")
    elif record.get("error") != ran.error:
        yield Difference("error", record.get("error"), ran.error)
    elif status == "SUCCEEDED" and not equal(parsed(record["output"]), parsed(ran.output)):
        yield Difference("output", record["output"], ran.output)
    for state, outputs in record.get("state_outputs", {}).items():
        if state in ran.outputs and not equal(parsed(outputs), parsed(ran.outputs[state])):
            yield Difference(f"/{state}#output", outputs, ran.outputs[state])


def _redacted(value: Json) -> bool:
    """Whether a value has a part that the recorder redacted; not every such record says so."""
    match value:
        case str():
            return value in REDACTED or _MARK.search(value) is not None
        case dict():
            return any(map(_redacted, value.values()))
        case list():
            return any(map(_redacted, value))
        case _:
            return False


def parsed(value: Json) -> Json:
    """A value with every string that starts with ``{`` parsed, as the recorder did."""
    if isinstance(value, str) and value.startswith("{"):
        inner = as_value(value)
        return value if isinstance(inner, str) else parsed(inner)
    if isinstance(value, dict):
        return {key: parsed(item) for key, item in value.items()}
    return [parsed(item) for item in value] if isinstance(value, list) else value


def fits(want: Json, have: Json) -> bool:
    """Whether a value equals the recorded one, apart from what was redacted there."""
    if isinstance(want, str):
        if want in REDACTED or _MARK.fullmatch(want):
            return True
        if "<" in want:  # a text with a placeholder in it
            text = have if isinstance(have, str) else json.dumps(have, separators=(",", ":"))
            return re.fullmatch(".*".join(map(re.escape, _MARK.split(want))), text, re.DOTALL) is not None
    if isinstance(want, dict) and isinstance(have, dict):
        return want.keys() == have.keys() and all(want[k] == k or fits(want[k], have[k]) for k in want)
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(map(fits, want, have))
    return same(want, have)
