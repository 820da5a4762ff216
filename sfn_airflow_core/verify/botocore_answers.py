"""Replies of a scenario as answers of botocore: members as its models have them, errors as it raises them."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import Any, Final

from sfn_airflow_core.verify.replies import Json, Reply

RUNTIMES: Final = ("asl_runtime", "sfn2airflow.runtime")
_SERVICE_CAUSE: Final = re.compile(
    r"(?P<message>.*) \(Service: (?P<service>[^;,]+)[;,] Status Code: (?P<status>\d+)[;,] "
    r".*?Request ID: (?P<request>[^;,)]+)",
    re.DOTALL,
)
_LAMBDA_ANSWER: Final[Json] = {"ExecutedVersion": "$LATEST", "StatusCode": 200}
# members of the answer that starts a job, and where its description holds them
_JOB_IDS: Final = {
    "JobRunId": ("Id", "RunId"),
    "executionArn": ("ExecutionArn",),
    "jobId": ("JobId",),
    "JobFlowId": ("ClusterId",),
}
# lists that the service sends even when they are empty, and that the provider's operators read unasked (ECS RunTask)
_ALWAYS_SENT: Final = ("failures",)


def as_file(reply: Reply, action: str) -> Reply:
    """An object of S3 or a listing, which a reply may give without the answer around it, as items of a Map."""
    result = reply.get("result")
    if action == "s3:getObject" and not (isinstance(result, dict) and "Body" in result) and "result" in reply:
        return {"result": {"Body": result}}
    if action == "s3:listObjectsV2" and isinstance(result, list):
        return {"result": {"Contents": result}}
    return reply


def answered(reply: Reply, action: str, operation: str, shape: Any, operator: bool) -> Json:
    if "error" in reply:
        return raised(reply["error"], reply.get("cause"), action, operation)
    if "timeout" in reply:
        if operator:  # the job starts, and its trigger never reports
            return fitted({}, shape, {})
        raise too_late()
    if "payload" in reply:
        return {**_LAMBDA_ANSWER, "Payload": _stream(json.dumps(reply["payload"]))}
    result = reply.get("result", reply.get("job_failed"))
    if action == "lambda:invoke":
        payload = result["Payload"] if isinstance(result, dict) and "Payload" in result else result
        shown_members = result if isinstance(result, dict) and "Payload" in result else {}
        return {**_LAMBDA_ANSWER, **shown_members, "Payload": _stream(json.dumps(payload))}
    if operator:
        return fitted(result, shape, {})
    return botocore_value(result, shape)


def too_late() -> BaseException:
    """What Airflow raises in a task whose time is over."""
    from airflow.sdk.exceptions import AirflowTaskTimeout

    return AirflowTaskTimeout("the call takes longer than the state may")


def accepted(shape: Any) -> Json:
    """The answer to a call that hands a token out: nobody looks at it."""
    bodies = {name for name, member in getattr(shape, "members", {}).items() if member.type_name == "blob"}
    return {**fitted({}, shape, {}), **{name: _stream("{}") for name in bodies}}


def _stream(text: str) -> Any:
    from botocore.response import StreamingBody

    data = text.encode()
    return StreamingBody(io.BytesIO(data), len(data))


def raised(name: str | None, cause: Json, action: str, operation: str) -> Json:
    """Fail as botocore would where that gives this name and cause, else with the runtime's own error."""
    from botocore.exceptions import ClientError

    if action == "lambda:invoke" and name and _error_type(cause) == name:
        return {**_LAMBDA_ANSWER, "FunctionError": "Unhandled", "Payload": _stream(str(cause))}
    code, message = (name or "").rpartition(".")[2], {"Message": cause}
    if told := _SERVICE_CAUSE.match(str(cause or "")):
        meta = {"HTTPStatusCode": int(told["status"]), "RequestId": told["request"]}
        error: Any = {"Error": {"Code": code, "Message": told["message"]}, "ResponseMetadata": meta}
        raise ClientError(error, operation)
    for runtime in RUNTIMES:
        if (known := sys.modules.get(f"{runtime}.errors")) is not None:
            raise known.StateError(name, cause)
    raise ClientError({"Error": {"Code": code, **message}}, operation)  # type: ignore[typeddict-item]


def _error_type(cause: Json) -> Json:
    try:
        told = json.loads(cause)
    except (TypeError, ValueError):
        return None
    return told.get("errorType") if isinstance(told, dict) else None


def shown(action: str, arguments: Json, shape: Any) -> Json:
    """The arguments of a call of botocore as a state machine writes them: PascalCase, a Lambda payload as JSON."""
    renamed = _renamed(arguments, shape)
    if action == "lambda:invoke" and isinstance(renamed.get("Payload"), str | bytes):
        renamed = {**renamed, "Payload": json.loads(renamed["Payload"] or "null")}
    return renamed


def _renamed(value: Json, shape: Any) -> Json:
    match getattr(shape, "type_name", None):
        case "structure" if isinstance(value, dict):
            return {k[:1].upper() + k[1:]: _renamed(v, shape.members.get(k)) for k, v in value.items()}
        case "list" if isinstance(value, list | tuple):
            return [_renamed(v, shape.member) for v in value]
        case "map" if isinstance(value, dict):
            return {k: _renamed(v, shape.value) for k, v in value.items()}
        case "blob" if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        case _:
            return value


def botocore_value(value: Json, shape: Any) -> Json:
    """A result as Step Functions shows it, with the members, bytes and dates that botocore would have."""
    match getattr(shape, "type_name", None):
        case "structure" if isinstance(value, dict):
            named = {(k if k in shape.members else k[:1].swapcase() + k[1:]): v for k, v in value.items()}
            known = {k: botocore_value(v, shape.members[k]) for k, v in named.items() if k in shape.members}
            return {**{k: v for k, v in named.items() if k not in shape.members}, **known}
        case "list" if isinstance(value, list):
            return [botocore_value(v, shape.member) for v in value]
        case "map" if isinstance(value, dict):
            return {k: botocore_value(v, shape.value) for k, v in value.items()}
        case "blob" if isinstance(value, str | dict | list):
            text = value if isinstance(value, str) else json.dumps(value)
            return _stream(text) if shape.serialization.get("streaming") else text.encode()
        case _:
            return value


def fitted(description: Json, shape: Any, arguments: dict[str, Json], *, invent: bool = True) -> Json:
    """The description of a job as the answer of an operation that starts or describes it.

    It goes where the answer's shape has room for it: at the top, in a structure, or in a list; a description inside an
    object of its own (``{"Build": {...}}``) may have to leave it. With ``invent``, identifiers that nobody told are
    made up, as an answer that starts a job needs them.
    """
    members = getattr(shape, "members", {})
    description = description if isinstance(description, dict) else {}
    inner = next(iter(description.values())) if len(description) == 1 else None
    for told in (description, inner if isinstance(inner, dict) else {}):
        own = {k[:1].lower() + k[1:] for k in told}
        if own & {k[:1].lower() + k[1:] for k in members}:
            return {**_named(members, told, arguments, invent), **botocore_value(told, shape)}
        for name, member in members.items():
            if member.type_name == "structure" and _fits(own, member):
                held: Json = {**_named(member.members, told, arguments, invent), **botocore_value(told, member)}
            elif member.type_name == "list" and member.member.type_name == "structure" and _fits(own, member.member):
                held = [botocore_value(told, member.member)]
            else:
                continue
            return {**_named(members, told, arguments, invent), name: held}
    return _named(members, description, arguments, invent)


def _fits(own: set[str], shape: Any) -> bool:
    return bool(own & {k[:1].lower() + k[1:] for k in shape.members})


def _named(members: Any, description: dict[str, Json], arguments: dict[str, Json], invent: bool) -> dict[str, Json]:
    """Identifiers and names that every answer has: from the description, the arguments, or made up."""
    found: dict[str, Json] = {}
    for name, member in members.items():
        pascal = name[:1].upper() + name[1:]
        aliases = (pascal, name, *_JOB_IDS.get(name, ()))
        value = next((description[a] for a in aliases if a in description), None)
        if invent and member.type_name == "string" and value is None and name.lower().endswith(("id", "arn", "name")):
            value = arguments.get(name, arguments.get(f"Job{name}", f"{name}-1"))
        if value is None and name in _ALWAYS_SENT and member.type_name == "list":
            value = []
        if value is not None:
            found[name] = botocore_value(value, member)
    return found
