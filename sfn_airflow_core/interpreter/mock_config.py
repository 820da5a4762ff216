"""Replies from a mock configuration in the format of Step Functions Local (``StateMachines`` and
``MockedResponses``).
"""

from __future__ import annotations

import re

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter.replies import BadReplies, Entry, Replies, Reply
from sfn_airflow_core.interpreter.values import json_text

_ATTEMPTS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)
_MOST = 10_000


def is_mock_config(document: Json) -> bool:
    """Whether a replies file is written in this format."""
    return isinstance(document, dict) and "StateMachines" in document and "MockedResponses" in document


def read_mock_config(document: Json, machine: str | None = None, case: str | None = None) -> Replies:
    """The replies of one test case.

    Args:
        document: the value of the file.
        machine: the name of the state machine; not needed where the file has one.
        case: the name of the test case; not needed where the machine has one.

    Raises:
        BadReplies: with the place of the mistake.
    """
    machines = _object(_object(document, "").get("StateMachines"), "StateMachines")
    name = _only(machines, machine, "StateMachines")
    cases = _object(
        _object(machines[name], f"StateMachines.{name}").get("TestCases"), f"StateMachines.{name}.TestCases"
    )
    chosen = _only(cases, case, f"StateMachines.{name}.TestCases")
    at = f"StateMachines.{name}.TestCases.{chosen}"
    responses = _object(_object(document, "").get("MockedResponses"), "MockedResponses")
    entries: dict[str, Entry] = {}
    for state, response in _object(cases[chosen], at).items():
        if not isinstance(response, str) or response not in responses:
            raise BadReplies(f"{at}.{state}: no such mocked response: {json_text(response)}")
        entries[state] = _series(_object(responses[response], f"MockedResponses.{response}"), response)
    return Replies(entries)


def _object(value: Json, at: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise BadReplies(f"{at or 'the file'}: an object is needed")
    return value


def _only(named: dict[str, Json], wanted: str | None, at: str) -> str:
    if wanted is not None and wanted in named:
        return wanted
    if wanted is None and len(named) == 1:
        return next(iter(named))
    raise BadReplies(
        f"{at}: one of {', '.join(named) or 'none'} must be chosen" + (f", not {wanted}" if wanted else "")
    )


def _series(attempts: dict[str, Json], name: str) -> tuple[Reply, ...]:
    """The replies by number of attempt; ``"1-3"`` stands for three attempts."""
    numbered: dict[int, Reply] = {}
    for key, value in attempts.items():
        at, found = f"MockedResponses.{name}.{key}", _ATTEMPTS.fullmatch(key)
        if found is None:
            raise BadReplies(f"{at}: a number of an attempt, or two joined by '-', is needed")
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last <= _MOST:
            raise BadReplies(f"{at}: not a range of attempts")
        reply = _reply(_object(value, at), at)
        numbered |= dict.fromkeys(range(first, last + 1), reply)
    if sorted(numbered) != list(range(len(numbered))) or not numbered:
        raise BadReplies(f"MockedResponses.{name}: attempts must be numbered from 0 without gaps")
    return tuple(numbered[number] for number in sorted(numbered))


def _reply(value: dict[str, Json], at: str) -> Reply:
    if set(value) == {"Return"}:
        return Reply("result", value["Return"])
    if set(value) == {"Throw"}:
        thrown = _object(value["Throw"], f"{at}.Throw")
        error, cause = thrown.get("Error"), thrown.get("Cause")
        if isinstance(error, str) and (cause is None or isinstance(cause, str)):
            return Reply("error", None, error, cause)
    raise BadReplies(f"{at}: Return, or Throw with Error and Cause, is needed")
