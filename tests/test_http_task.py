"""HTTP Tasks against a server on this machine: what is sent, what comes back, whose credentials."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")

ARN = "arn:aws:events:eu-west-1:111122223333:connection/shop/1"


@dataclass
class Server:
    """Keeps what it was asked; answers ``status``, ``kind`` and ``body``."""

    url: str = ""
    status: int = 200
    kind: str = "application/json"
    body: bytes = b'{"ok": true}'
    requests: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.requests.append((self.command, self.path, headers, self.rfile.read(length).decode()))
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        def log_message(self, *_: Any) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{listening.server_port}"
    yield told
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the Airflow connection ``shop``."""
    from sfn_airflow_core.verify.airflow_process import open_airflow

    def known(**fields: Any) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "http", **fields}))

    with open_airflow():
        yield known


def invoke(server: Server, path: str = "/", **arguments: Any) -> Any:
    from sfn2airflow.runtime.http import http_invoke

    return http_invoke(**{"ApiEndpoint": f"{server.url}{path}", "Method": "GET", **arguments})


def test_a_request_and_its_result(server: Server) -> None:
    result = invoke(
        server,
        "/orders?a=1",
        Method="POST",
        Headers={"X-Shop": "7"},
        QueryParameters={"tag": ["x", "y z"], "n": 1},
        RequestBody={"items": [1]},
    )
    ((method, path, headers, body),) = server.requests
    assert (method, path, body) == ("POST", "/orders?a=1&tag=x&tag=y%20z&n=1", '{"items":[1]}')
    assert (headers["x-shop"], headers["content-type"]) == ("7", "application/json")
    assert (result["StatusCode"], result["StatusText"], result["ResponseBody"]) == (200, "OK", {"ok": True})
    assert {k.lower(): v for k, v in result["Headers"].items()}["content-type"] == ["application/json"]


def test_a_response_that_is_no_json_is_text(server: Server) -> None:
    server.kind, server.body = "text/plain", b"[1]"
    assert invoke(server)["ResponseBody"] == "[1]"


FORMS = [
    ("INDICES", "a%20b=1&list[0]=x&list[1]=y%26&in[deep]=true"),
    ("BRACKETS", "a%20b=1&list[]=x&list[]=y%26&in[deep]=true"),
    ("REPEAT", "a%20b=1&list=x&list=y%26&in[deep]=true"),
    ("COMMAS", "a%20b=1&list=x,y%26&in[deep]=true"),
    ("NONE", "a%20b=1&list=%5B%22x%22%2C%22y%26%22%5D&in[deep]=true"),
    (None, "a%20b=1&list[0]=x&list[1]=y%26&in[deep]=true"),
]


@pytest.mark.parametrize(("style", "body"), FORMS)
def test_a_body_as_a_form(server: Server, style: str | None, body: str) -> None:
    options = {} if style is None else {"RequestEncodingOptions": {"ArrayFormat": style}}
    given = {"a b": 1, "list": ["x", "y&"], "in": {"deep": True}}
    invoke(server, Method="POST", RequestBody=given, Transform={"RequestBodyEncoding": "URL_ENCODED", **options})
    ((_, _, headers, sent),) = server.requests
    assert sent == body
    assert headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_content_type_of_the_task_stays(server: Server) -> None:
    invoke(server, Method="PUT", RequestBody="<x/>", Headers={"content-type": "text/xml"})
    ((_, _, headers, sent),) = server.requests
    assert (headers["content-type"], sent) == ("text/xml", "<x/>")


@pytest.mark.parametrize("status", [301, 400, 429, 503])
def test_a_status_that_is_no_success_is_an_error(server: Server, status: int) -> None:
    from sfn2airflow.runtime import StateError

    server.status, server.body = status, b"why"
    with pytest.raises(StateError) as failure:
        invoke(server)
    assert (failure.value.error, failure.value.cause) == (f"States.Http.StatusCode.{status}", "why")
    assert len(server.requests) == 1, "neither redirected nor tried again"


def test_nobody_listens() -> None:
    from sfn2airflow.runtime import StateError

    with pytest.raises(StateError) as failure:
        invoke(Server("http://127.0.0.1:9"))
    assert failure.value.error == "States.Http.Socket"


def test_basic_authentication(server: Server, connection: Any) -> None:
    connection(login="me", password="secret")
    invoke(server, Authentication={"ConnectionArn": ARN})
    ((_, _, headers, _),) = server.requests
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"me:secret"


def test_an_api_key_and_a_parameter(server: Server, connection: Any) -> None:
    connection(extra={"headers": {"X-Api-Key": "k"}, "query": {"v": 2}})
    invoke(server, "/a", InvocationConfig={"ConnectionArn": ARN}, QueryParameters={"n": "1"})
    ((_, path, headers, _),) = server.requests
    assert (path, headers["x-api-key"]) == ("/a?n=1&v=2", "k")


def test_client_credentials(server: Server, connection: Any) -> None:
    server.body = b'{"access_token": "t"}'
    connection(login="id", password="s", extra={"oauth": {"url": f"{server.url}/token", "body": {"scope": "all"}}})
    invoke(server, "/a", Authentication={"ConnectionArn": ARN})
    (_, path, _, form), (_, _, headers, _) = server.requests
    assert (path, form) == ("/token", "grant_type=client_credentials&client_id=id&client_secret=s&scope=all")
    assert headers["authorization"] == "Bearer t"


def test_a_connection_that_is_none(server: Server) -> None:
    from sfn2airflow.runtime import StateError

    with pytest.raises(StateError) as failure:
        invoke(server, Authentication={"ConnectionArn": "arn:aws:iam::1:role/r"})
    assert failure.value.error == "States.Runtime"
