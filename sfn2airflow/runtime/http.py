"""``http:invoke``: a request to an HTTPS API with the credentials of an Airflow connection."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from . import aws_http
from .aws import opened
from .errors import StateError

Json = Any

_FORM = "application/x-www-form-urlencoded"


def http_invoke(**arguments: Json) -> Json:
    """Call an HTTPS API and give ``{Headers, ResponseBody, StatusCode, StatusText}``.

    ``arguments`` are those of the Task. Credentials come from the Airflow connection with the name of the EventBridge
    connection: login and password are Basic authentication; in its extra, ``headers`` and ``query`` are added to the
    request, and ``oauth`` (``{"url": ...}``) has a token fetched with login and password as client id and secret.
    Raises ``States.Http.StatusCode.<nnn>`` for a status that is no success, ``States.Http.Socket`` where there is no
    answer in 60 seconds. Source: Step Functions Developer Guide, "Call HTTPS APIs".
    """
    from urllib3.exceptions import HTTPError

    given = opened(arguments)
    try:
        answer = aws_http.exchange("http:invoke", given, _message(given))
    except HTTPError as error:
        raise StateError("States.Http.Socket", str(error)) from error
    text = answer.data.decode("utf-8", "replace")
    if not 200 <= answer.status < 300:
        raise StateError(f"States.Http.StatusCode.{answer.status}", text)
    return aws_http.result_of(answer, _parsed(text, answer.headers.get("Content-Type", "")))


def connection_id(arn: str) -> str:
    """The Airflow connection for an EventBridge connection: its name.

    >>> connection_id("arn:aws:events:eu-west-1:111122223333:connection/Stripe/81210c42")
    'Stripe'
    """
    found = re.search(r"connection/([^/]+)", arn)
    if found is None:
        raise StateError("States.Runtime", f"{arn!r} is not the ARN of an EventBridge connection")
    return found[1]


def _message(given: Json) -> Any:
    from botocore.awsrequest import AWSRequest

    data, kind = _body(given)
    headers = {name: _text(value) for name, value in (given.get("Headers") or {}).items()}
    if kind and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    secret = credentials(given)
    headers |= secret["headers"]
    query = {**(given.get("QueryParameters") or {}), **secret["query"]}
    url = str(given["ApiEndpoint"])
    if query:
        pairs = urlencode({name: _texts(value) for name, value in query.items()}, doseq=True, quote_via=quote)
        url += ("&" if "?" in url else "?") + pairs
    return AWSRequest(method=str(given["Method"]), url=url, data=data, headers=headers)


def credentials(given: Json) -> dict[str, dict[str, str]]:
    """The headers and query parameters that the connection adds."""
    from airflow.sdk import BaseHook

    place = given.get("Authentication") or given.get("InvocationConfig") or {}
    if "ConnectionArn" not in place:
        return {"headers": {}, "query": {}}
    found = BaseHook.get_connection(connection_id(str(place["ConnectionArn"])))
    extra = found.extra_dejson
    headers = {name: str(value) for name, value in (extra.get("headers") or {}).items()}
    if "oauth" in extra:
        headers["Authorization"] = f"Bearer {_bearer(extra['oauth'], found)}"
    elif found.login:
        pair = f"{found.login}:{found.password or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return {"headers": headers, "query": {name: str(value) for name, value in (extra.get("query") or {}).items()}}


def _bearer(settings: Json, connection: Any) -> str:
    """A token of the client credentials grant (RFC 6749, section 4.4)."""
    from botocore.awsrequest import AWSRequest

    form = {
        "grant_type": "client_credentials",
        "client_id": connection.login,
        "client_secret": connection.password,
        **(settings.get("body") or {}),
    }
    headers = {"Content-Type": _FORM, **(settings.get("headers") or {})}
    message = AWSRequest(
        method=settings.get("method", "POST"), url=settings["url"], data=urlencode(form), headers=headers
    )
    answer = aws_http.exchange("http:invoke", {}, message)
    if answer.status >= 400:
        raise StateError(f"States.Http.StatusCode.{answer.status}", "the authorization endpoint gave no token")
    return str(json.loads(answer.data)["access_token"])


def _body(given: Json) -> tuple[bytes, str]:
    """The body and its content type."""
    if "RequestBody" not in given:
        return b"", ""
    body, transform = given["RequestBody"], given.get("Transform") or {}
    if transform.get("RequestBodyEncoding") == "URL_ENCODED":
        style = (transform.get("RequestEncodingOptions") or {}).get("ArrayFormat", "INDICES")
        return "&".join(f"{key}={value}" for key, value in _pairs("", body, style)).encode(), _FORM
    return _text(body).encode(), "application/json"


def _pairs(name: str, value: Json, style: str) -> Iterator[tuple[str, str]]:
    """A JSON value as the pairs of a form; ``style`` is the ArrayFormat."""
    match value:
        case dict():
            for key, part in value.items():
                inner = quote(str(key), safe="")
                yield from _pairs(f"{name}[{inner}]" if name else inner, part, style)
        case list() if style == "COMMAS":
            yield name, ",".join(quote(_text(part), safe="") for part in value)
        case list() if style == "NONE":
            yield name, quote(_text(value), safe="")
        case list():
            for index, part in enumerate(value):
                suffix = {"INDICES": f"[{index}]", "BRACKETS": "[]", "REPEAT": ""}[style]
                yield from _pairs(f"{name}{suffix}", part, style)
        case _:
            yield name, quote(_text(value), safe="")


def _texts(value: Json) -> list[str]:
    return [_text(part) for part in value] if isinstance(value, list) else [_text(value)]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _parsed(text: str, kind: str) -> Json:
    """A response that says that it is JSON, parsed."""
    if "json" not in kind:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
