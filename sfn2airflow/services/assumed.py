"""What an open Resource is taken for, as a value that the reference interpreter can execute."""

from __future__ import annotations

from sfn2airflow.services.model import Unsupported
from sfn2airflow.services.placeholders import PLACEHOLDER
from sfn2airflow.services.resolve import resolve
from sfn_airflow_core.asl.model import Json, Machine, PathFlow, Task

_ACCOUNT = "eu-west-1:111122223333"


def assumed_values(machine: Machine) -> dict[str, Json]:
    """Values for the placeholders that are a whole Resource: what the translation takes them for."""
    found: dict[str, Json] = {}
    for state in machine.walk():
        if not isinstance(state, Task) or not (whole := PLACEHOLDER.fullmatch(state.resource)):
            continue
        given = state.flow.parameters if isinstance(state.flow, PathFlow) else state.flow.arguments
        service = resolve(state.resource, None if given is None else given.value)
        if isinstance(service, Unsupported):
            continue
        name = whole[1]
        match service.action:
            case "lambda":
                found[name] = f"arn:aws:lambda:{_ACCOUNT}:function:{_plain(name)}"
            case "activity":
                found[name] = f"arn:aws:states:{_ACCOUNT}:activity:{_plain(name)}"
            case action:
                token = ".waitForTaskToken" if service.pattern == "token" and "." not in action else ""
                found[name] = f"arn:aws:states:::{action}{token}"
    return found


def _plain(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name).strip("-") or "function"
