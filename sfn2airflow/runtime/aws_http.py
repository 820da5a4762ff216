"""``apigateway:invoke``: a request to an API behind API Gateway, signed where the API asks for it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from .errors import StateError

Json = Any
_SECONDS = {"apigateway:invoke": 30, "http:invoke": 60, "eks:call": 60, "eks:runJob": 60}


def invoke_api(arguments: Json, session: Any) -> Json:
    """Call an API and give ``{Headers, ResponseBody, StatusCode, StatusText}``; ``ApiGateway.<status>`` from 400 on.

    ``session`` is a boto3 session: its credentials sign the request where ``AuthType`` is ``IAM_ROLE`` or
    ``RESOURCE_POLICY``. Source: Step Functions Developer Guide, "Call API Gateway with Step Functions".
    """
    from urllib3.exceptions import HTTPError

    message = _request(arguments)
    if arguments.get("AuthType", "NO_AUTH") != "NO_AUTH":
        _sign(message, arguments["ApiEndpoint"], session)
    try:
        answer = exchange("apigateway:invoke", arguments, message)
    except HTTPError as error:
        raise StateError("ApiGateway.SdkClientException", str(error)) from error
    text = answer.data.decode("utf-8", "replace")
    if answer.status >= 400:
        raise StateError(f"ApiGateway.{answer.status}", text)
    return result_of(answer, _body(text))


def exchange(action: str, arguments: Json, message: Any, authority: str | None = None) -> Any:
    """Send a request, an ``AWSRequest``, and give urllib3's response; ``action`` and ``arguments`` are the Task's.

    ``authority`` is the certificate (PEM) by which the server is known, where it is not one of the public ones.
    """
    import urllib3

    pool = urllib3.PoolManager() if authority is None else urllib3.PoolManager(ca_cert_data=authority)
    return pool.request(
        message.method,
        message.url,
        body=message.data or None,
        headers=dict(message.headers),
        timeout=_SECONDS[action],
        retries=False,
    )


def result_of(answer: Any, body: Json) -> Json:
    """The result that a Task has of an HTTP response."""
    return {
        "Headers": {name: answer.headers.getlist(name) for name in answer.headers},
        "ResponseBody": body,
        "StatusCode": answer.status,
        "StatusText": answer.reason or "",
    }


def _request(arguments: Json) -> Any:
    from botocore.awsrequest import AWSRequest

    path = "/".join(
        part.strip("/")
        for part in (str(arguments.get("Stage") or ""), str(arguments.get("Path") or ""))
        if part.strip("/")
    )
    query = {name: [_text(v) for v in _listed(name, values)] for name, values in _given(arguments, "QueryParameters")}
    url = f"https://{arguments['ApiEndpoint']}/{quote(path, safe='/-_.~%@:')}"
    if query:
        url += "?" + urlencode(query, doseq=True, quote_via=quote)
    headers = {name: ",".join(map(_text, _listed(name, values))) for name, values in _given(arguments, "Headers")}
    body = arguments.get("RequestBody")
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    data = (
        b"" if body is None else (body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))).encode()
    )
    return AWSRequest(method=str(arguments["Method"]), url=url, data=data, headers=headers)


def _given(arguments: Json, member: str) -> Any:
    return (arguments.get(member) or {}).items()


def _listed(name: str, values: Json) -> list[Json]:
    """Headers and query parameters are lists; Step Functions refuses anything else."""
    if not isinstance(values, list):
        raise StateError("States.Runtime", f"The value of {name} must be an array of strings")
    return values


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _sign(message: Any, endpoint: str, session: Any) -> None:
    from botocore.auth import SigV4Auth

    parts = endpoint.split(".")  # <id>.execute-api.<region>.amazonaws.com
    region = parts[2] if len(parts) > 3 and parts[1] == "execute-api" else session.region_name
    SigV4Auth(session.get_credentials().get_frozen_credentials(), "execute-api", region).add_auth(message)


def _body(text: str) -> Json:
    """A response that is JSON, parsed."""
    try:
        return json.loads(text)
    except ValueError:
        return text
