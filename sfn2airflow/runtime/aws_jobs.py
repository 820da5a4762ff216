"""Jobs of AWS services as Step Functions runs them: start, watch, and take the description as the result."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from .aws import aws
from .aws_job_table import JOBS
from .errors import StateError

Json = Any
_METADATA = ("SdkHttpMetadata", "SdkResponseMetadata")


@dataclass(frozen=True, slots=True)
class Description:
    """What a service says of a job, and what that means for the Task: ``result`` is in the form that ASL gives it."""

    state: Literal["running", "succeeded", "failed"]
    result: Json

    def value(self) -> Json:
        """The result of the Task; raises ``States.TaskFailed`` with the description as Cause where the job failed."""
        if self.state == "failed":
            raise StateError("States.TaskFailed", json.dumps(self.result, separators=(",", ":"), ensure_ascii=False))
        return self.result


def start(action: str, arguments: Json) -> Json:
    """Start a job (``action`` with its ``.sync``) and give what identifies it: the arguments of the describing call."""
    name = action.partition(".")[0]
    answer = aws(name, **arguments)
    return identify(action, arguments, answer)


def identify(action: str, arguments: Json, answer: Json) -> Json:
    """The arguments of the describing call, from those of the Task and the answer of the call that started the job."""
    found: dict[str, Json] = {}
    for member, path in JOBS[action.partition(".")[0]][1].items():
        value = at({"request": arguments, "result": answer}, path)
        if member.startswith("["):
            found[member.strip("[]")] = [value]
        elif value is not None:
            found[member] = value
    return found


def describe(action: str, identity: Json) -> Description:
    """Ask the service how a job is doing; ``action`` is that of the Task, ``identity`` what ``start`` gave."""
    describing, _, status_path, good, bad, result, containers = JOBS[action.partition(".")[0]]
    try:
        answer = _asked(describing, identity)
    except StateError as error:
        if "DELETED" in good and "NotFound" in str(error.error):
            return Description("succeeded", {})
        raise
    status = at(answer, status_path)
    value = _parsed(_result(answer, result), action)
    if status in bad or (status in good and containers and _containers_failed(at(answer, containers))):
        return Description("failed", value)
    return Description("succeeded" if status in good else "running", value)


def _asked(action: str, arguments: Json) -> Json:
    answer = aws(action, **arguments)
    return {name: value for name, value in answer.items() if name not in _METADATA}


def at(value: Json, path: str) -> Json:
    """What lies at a dotted path, ``Tasks.0.TaskArn``; ``None`` where nothing does."""
    for step in path.split("."):
        try:
            value = value[int(step)] if step.isdigit() else value[step]
        except (LookupError, TypeError):
            return None
    return value


def _result(answer: Json, spec: str) -> Json:
    """The Task's result in a description: the whole, the value at a path, or an object of named paths."""
    if "=" in spec:
        pairs = (pair.partition("=") for pair in spec.split())
        return {name: at(answer, path) for name, _, path in pairs}
    return at(answer, spec) if spec else answer


def _parsed(value: Json, action: str) -> Json:
    """``.sync:2`` gives the Input and Output of an execution as JSON, ``.sync`` as text."""
    if not action.endswith(".sync:2"):
        return value
    return {k: json.loads(v) if k in ("Input", "Output") and isinstance(v, str) else v for k, v in value.items()}


def _containers_failed(task: Json) -> bool:
    """An ECS task that never started, or of which a container ended with another code than 0."""
    if task.get("StopCode") == "TaskFailedToStart":
        return True
    return any(container.get("ExitCode") != 0 for container in task.get("Containers") or [])
