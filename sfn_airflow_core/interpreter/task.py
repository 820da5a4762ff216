"""Task: calls of services, functions and activities, answered by replies on the virtual clock."""

from __future__ import annotations

import math
from collections.abc import Generator

from sfn_airflow_core.asl.model import Json, PathFlow, Task
from sfn_airflow_core.interpreter.amounts import whole
from sfn_airflow_core.interpreter.children import child_machine, child_result
from sfn_airflow_core.interpreter.execution import ServiceCall
from sfn_airflow_core.interpreter.failures import DATA_LIMIT, HEARTBEAT, TASK_FAILED, TIMEOUT, StateFailed
from sfn_airflow_core.interpreter.replies import Reply
from sfn_airflow_core.interpreter.resource import Resource, parse_resource
from sfn_airflow_core.interpreter.run import Stay
from sfn_airflow_core.interpreter.shape import Work, deliver, effective, filtered, queried, templated
from sfn_airflow_core.interpreter.task_events import TaskEvents
from sfn_airflow_core.interpreter.values import byte_size, json_text, too_large


def run_task(stay: Stay, state: Task) -> Work:
    """Call the resource and hand on what it answers; timeouts run on the virtual clock."""
    resource = parse_resource(state.resource)
    if has_token(resource):  # every attempt has one of its own (Developer Guide)
        stay.token = f"token-{stay.run.world.random.getrandbits(64):016x}"
    arguments = effective(stay)
    check_arguments(stay, resource, arguments)
    credentials = _credentials(stay, state)
    timeout = None if state.timeout_seconds is None else whole(stay, state.timeout_seconds, "TimeoutSeconds", 1)
    heartbeat = None if state.heartbeat_seconds is None else whole(stay, state.heartbeat_seconds, "HeartbeatSeconds", 1)
    if too_large(arguments, stay.run.world.limits.payload_bytes):
        raise StateFailed(DATA_LIMIT, stay.located("The task's input is too large."))
    call = ServiceCall(
        state.name, state.resource, arguments, stay.attempt, stay.frame.place, stay.clock.now, item=stay.frame.index
    )
    stay.run.world.record.calls.append(call)
    events = TaskEvents(stay, resource)
    events.scheduled(arguments, timeout, heartbeat, credentials)
    try:
        result = yield from _answer(stay, resource, call, timeout, heartbeat)
    except StateFailed as failure:
        events.failed(failure)
        raise
    if too_large(result, stay.run.world.limits.payload_bytes):
        # Recorded: unlike a state's output, a task's result that is too large can be caught with States.ALL.
        large = StateFailed(
            DATA_LIMIT,
            f"The state/task '{state.resource}' returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
        )
        events.failed(large)
        raise large
    events.succeeded(result)
    return deliver(stay, result, state.next)


def has_token(resource: Resource) -> bool:
    """Whether the context object has a token: in a callback and (recorded) in ``startExecution.sync``."""
    child = (resource.service, resource.action) == ("states", "startExecution") and resource.pattern != "request"
    return child or resource.pattern == "waitForTaskToken"


def check_arguments(stay: Stay, resource: Resource, arguments: Json) -> None:
    """What the service refuses before it calls anything (recorded: API Gateway's headers must be arrays)."""
    if (resource.service, resource.action) != ("apigateway", "invoke") or not isinstance(arguments, dict):
        return
    headers = arguments.get("Headers")
    if isinstance(headers, dict) and not all(isinstance(value, list) for value in headers.values()):
        raise stay.broken("The value of the field 'Headers' must be an object of arrays.")


def _credentials(stay: Stay, state: Task) -> Json:
    """The role to assume for the call; computed, because it can fail."""
    if state.credentials is None:
        return None
    if isinstance(state.flow, PathFlow):
        return templated(stay, state.credentials, filtered(stay), "Credentials")
    return queried(stay, state.credentials, "Credentials")


def _answer(
    stay: Stay, resource: Resource, call: ServiceCall, timeout: int | None, heartbeat: int | None
) -> Generator[float, None, Json]:
    child = child_machine(stay, resource, call.arguments)
    if child is not None:
        return (yield from child_result(stay, resource, call.arguments, child, timeout))
    reply = stay.run.world.replies.answer(call)
    yield from _until_answered(stay, resource, reply, timeout, heartbeat)
    return result_of(reply, resource)


def _until_answered(
    stay: Stay, resource: Resource, reply: Reply, timeout: int | None, heartbeat: int | None
) -> Generator[float, None, None]:
    """Pass the time until the reply, or fail when a limit passes first; a reply at the very limit is in time.

    Heartbeats matter to those that can send them: activities and callbacks. A reply ``timeout`` without a time of its
    own comes when the state's limit is over; without a limit, the service itself reports the timeout at once.
    """
    start = stay.clock.now
    silence = (
        _silence(reply, heartbeat) if resource.kind == "activity" or resource.pattern == "waitForTaskToken" else None
    )
    limit = math.inf if timeout is None else float(timeout)
    arrival = math.inf if reply.kind in ("never", "timeout") else reply.after
    if silence is not None and silence < min(arrival, limit):
        yield start + silence
        raise StateFailed(TIMEOUT, None, also=(HEARTBEAT,))
    if arrival <= limit and arrival < math.inf:
        if arrival > 0:
            yield start + arrival
        return
    if reply.kind == "timeout" and limit == math.inf:
        limit = reply.after
    if limit > 0:
        yield start + limit
    raise StateFailed(TIMEOUT, None)


def _silence(reply: Reply, heartbeat: int | None) -> float | None:
    """When a heartbeat is first missed, in seconds from the start; None if never before the reply."""
    if heartbeat is None:
        return None
    last = 0.0
    for beat in reply.heartbeats:
        if beat - last > heartbeat:
            break
        last = beat
    end = math.inf if reply.kind in ("never", "timeout") else reply.after
    return None if end - last <= heartbeat else last + heartbeat


def result_of(reply: Reply, resource: Resource) -> Json:
    """The result of a call, in the shape the integration gives it; raises StateFailed for the failures."""
    match reply.kind:
        case "error":
            raise StateFailed(reply.error, reply.cause)
        case "job_failed":
            document = reply.value if isinstance(reply.value, str) else json_text(reply.value)
            raise StateFailed(TASK_FAILED, document)
        case "payload" if resource.service == "lambda" and resource.kind == "service" and resource.pattern == "request":
            return invocation(reply.value)
        case _:
            return reply.value


def invocation(payload: Json) -> Json:
    """What ``lambda:invoke`` gives for a function's return value."""
    length, request = str(byte_size(payload)), "00000000-0000-0000-0000-000000000000"
    headers: dict[str, Json] = {
        "Connection": "keep-alive",
        "Content-Length": length,
        "Content-Type": "application/json",
        "X-Amz-Executed-Version": "$LATEST",
        "x-amzn-RequestId": request,
    }
    lists: dict[str, Json] = {name: [value] for name, value in headers.items()}
    return {
        "ExecutedVersion": "$LATEST",
        "Payload": payload,
        "SdkHttpMetadata": {"AllHttpHeaders": lists, "HttpHeaders": headers, "HttpStatusCode": 200},
        "SdkResponseMetadata": {"RequestId": request},
        "StatusCode": 200,
    }
