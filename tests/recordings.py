"""Recorded executions of the real service: reading them, making replies of them, comparing around what was redacted.

The recorder turned every string that starts with ``{`` into parsed JSON and replaced dates, ids, names and ARNs by
words and ``<placeholders>``; comparisons do the first to both sides and let the second match anything.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from shared import CORPUS

from sfn_airflow_core.verify.recordings import REDACTED


def lines(name: str) -> list[dict[str, Any]]:
    """The records of a corpus file; skips the calling test module where the corpus is absent."""
    path = CORPUS / name
    if not path.is_file():
        pytest.skip(f"the corpus file {name} is not here", allow_module_level=True)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def parsed(value: Any) -> Any:
    """The value with every string that starts with ``{`` parsed, as the recorder did."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return parsed(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: parsed(item) for key, item in value.items()}
    return [parsed(item) for item in value] if isinstance(value, list) else value


def fits(want: Any, have: Any) -> bool:
    """Whether a value equals the recorded one, apart from what was redacted there."""
    if isinstance(want, str):
        if want in REDACTED or re.fullmatch("<[^<>]*>", want):
            return True
        if "<" in want:  # JSON text with a placeholder in it cannot be parsed, so it is compared as text
            have = have if isinstance(have, str) else json.dumps(have, separators=(",", ":"))
            return re.fullmatch(".*".join(map(re.escape, re.split(r"<[^<>]*>", want))), have, re.DOTALL) is not None
    if isinstance(want, dict) and isinstance(have, dict):
        return want.keys() == have.keys() and all(fits(want[key], have[key]) for key in want)
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(map(fits, want, have))
    return same(want, have)


def same(want: Any, have: Any) -> bool:
    """Deep equality of JSON values; true is not 1."""
    if isinstance(want, dict) and isinstance(have, dict):
        return want.keys() == have.keys() and all(same(want[key], have[key]) for key in want)
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(map(same, want, have))
    return isinstance(want, bool) == isinstance(have, bool) and want == have


def replies_of(record: dict[str, Any]) -> dict[str, Any]:
    """The recorded task results as the value of a replies file."""
    replies: dict[str, Any] = {}
    for task in record["task_results"]:
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
