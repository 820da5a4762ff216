"""Calls of APIs behind API Gateway, against a stand-in for the connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from urllib3 import HTTPResponse

from sfn_airflow_core.verify.airflow_process import open_airflow

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")


@pytest.fixture(scope="module", autouse=True)
def airflow() -> Iterator[None]:
    """An Airflow of our own: importing the runtime makes Airflow read its configuration."""
    with open_airflow():
        yield


def of(module: str, name: str) -> Any:
    """Something of the runtime, imported when it is needed."""
    return getattr(import_module(f"sfn2airflow.runtime.{module}"), name)


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://AKIAIOSFODNN7:secret@/?region_name=eu-west-1")


def aws(action: str, **arguments: Any) -> Any:
    return of("aws", "aws")(action, **arguments)


def error_of(action: str, **arguments: Any) -> Any:
    with pytest.raises(of("errors", "StateError")) as caught:
        aws(action, **arguments)
    return caught.value


class Api:
    """Stands for API Gateway: keeps the request, gives one answer."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]):
        self.answer = HTTPResponse(body=body, status=status, headers=headers, reason="Told", preload_content=True)
        self.asked: dict[str, Any] = {}

    def request(self, method: str, url: str, **more: Any) -> HTTPResponse:
        self.asked = {"method": method, "url": url, **more}
        return self.answer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Api]:
    def install(status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None) -> Api:
        made = Api(status, body, headers or {})
        monkeypatch.setattr("urllib3.PoolManager", lambda: made)
        return made

    return install


ENDPOINT = "abc123.execute-api.us-east-2.amazonaws.com"


def test_an_api_is_called_and_its_answer_parsed(api: Any) -> None:
    made = api(201, b'{"id": 7}', {"Content-Type": "application/json"})
    result = aws(
        "apigateway:invoke",
        ApiEndpoint=ENDPOINT,
        Method="POST",
        Stage="prod",
        Path="/orders/a b",
        Headers={"X-One": ["1", "2"]},
        QueryParameters={"q": ["a&b", "c"]},
        RequestBody={"a": 1},
    )
    assert result == {
        "Headers": {"Content-Type": ["application/json"]},
        "ResponseBody": {"id": 7},
        "StatusCode": 201,
        "StatusText": "Told",
    }
    assert made.asked["method"] == "POST"
    assert made.asked["url"] == f"https://{ENDPOINT}/prod/orders/a%20b?q=a%26b&q=c"
    assert made.asked["body"] == b'{"a":1}'
    assert made.asked["headers"]["X-One"] == "1,2"
    assert "Authorization" not in made.asked["headers"]


@pytest.mark.parametrize("kind", ["IAM_ROLE", "RESOURCE_POLICY"])
def test_an_api_that_wants_a_signature_gets_one_for_its_own_region(api: Any, kind: str) -> None:
    made = api(200, b"plain")
    result = aws("apigateway:invoke", ApiEndpoint=ENDPOINT, Method="GET", AuthType=kind)
    assert result["ResponseBody"] == "plain"
    signature = made.asked["headers"]["Authorization"]
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/us-east-2/execute-api/aws4_request" in signature


@pytest.mark.parametrize("status", [400, 403, 502])
def test_an_api_that_refuses_is_an_error_by_its_status(api: Any, status: int) -> None:
    api(status, b'{"message":"no"}')
    error = error_of("apigateway:invoke", ApiEndpoint=ENDPOINT, Method="GET")
    assert (error.error, error.cause) == (f"ApiGateway.{status}", '{"message":"no"}')


def test_headers_of_an_api_must_be_arrays(api: Any) -> None:
    api()
    error = error_of("apigateway:invoke", ApiEndpoint=ENDPOINT, Method="GET", Headers={"A": "b"})
    assert error.error == "States.Runtime"
