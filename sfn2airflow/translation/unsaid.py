"""Fields of states that Airflow has no place for: comments keep them, so that a DAG can be read back as its machine."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sfn2airflow.services import Service
from sfn_airflow_core.asl.model import Map, PathRef, Placeholder, Query, State, Task

_INTEGRATION = "arn:aws:states:::"


def unsaid(state: State) -> tuple[str, ...]:
    """The fields of a state that its task does not say, each as ``Field`` and its value in JSON."""
    return tuple(_fields(state))


def _fields(state: State) -> Iterator[str]:
    match state:
        case Map(mode="DISTRIBUTED"):
            if state.execution_type == "EXPRESS":
                yield 'ExecutionType "EXPRESS"'
            if state.label is not None:
                yield f"Label {json.dumps(state.label)}"
        case Task(heartbeat_seconds=beat) if beat is not None and not is_answered(state):
            match beat:
                case PathRef(path):
                    yield f"HeartbeatSecondsPath {json.dumps(path)}"
                case Query(text):
                    yield f"HeartbeatSeconds {json.dumps('{%' + text + '%}')}"
                case Placeholder(name):
                    yield f"HeartbeatSeconds {json.dumps('${' + name + '}')}"
                case _:
                    yield f"HeartbeatSeconds {json.dumps(beat)}"


def is_answered(state: Task) -> bool:
    """Whether somebody outside ends the Task, who may send heartbeats."""
    return ".waitForTaskToken" in state.resource or ":activity:" in state.resource


def unsaid_resource(resource: str, service: Service) -> tuple[str, ...]:
    """The Resource of an integration where it is not the plain one: it names a partition, or is open."""
    if service.encoding in ("function", "activity"):
        return ()
    plain = f"{_INTEGRATION}{service.action}{'.waitForTaskToken' if service.pattern == 'token' else ''}"
    return () if resource == plain else (f"Resource {json.dumps(resource)}, here {plain}",)
