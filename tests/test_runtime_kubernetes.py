"""``eks:call`` and ``eks:runJob`` against a Kubernetes API of our own: HTTPS on loopback, with its own authority."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from sfn_airflow_core.verify.airflow_process import open_airflow

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")

JOBS = "/apis/batch/v1/namespaces/etl/jobs"
PODS = "/api/v1/namespaces/etl/pods"
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "pi"}, "spec": {"backoffLimit": 0}}


@pytest.fixture(scope="module", autouse=True)
def airflow() -> Iterator[None]:
    """An Airflow of our own: importing the runtime makes Airflow read its configuration."""
    with open_airflow():
        yield


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://AKIAIOSFODNN7:secret@/?region_name=eu-west-1")


def certificate() -> tuple[bytes, bytes]:
    """A key and a certificate for 127.0.0.1 that vouches for itself, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, made.public_bytes(serialization.Encoding.PEM)


class Kubernetes(BaseHTTPRequestHandler):
    """Answers by method and path, and remembers what it was asked."""

    answers: ClassVar[dict[str, tuple[int, Any]]] = {}
    asked: ClassVar[list[tuple[str, dict[str, list[str]], Any, Any]]] = []

    def answer(self) -> None:
        url = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key = f"{self.command} {url.path}"
        self.asked.append((key, parse_qs(url.query), json.loads(sent or "null"), self.headers))
        status, body = self.answers.get(key, (404, {"kind": "Status", "code": 404}))
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a Task says of the cluster that it means."""
    key, authority = certificate()
    file: Path = tmp_path_factory.mktemp("cluster") / "server.pem"
    file.write_bytes(key + authority)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Kubernetes)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "ClusterName": "data",
        "CertificateAuthority": base64.b64encode(authority).decode(),
        "Endpoint": f"https://127.0.0.1:{server.server_port}",
    }
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def answers() -> dict[str, tuple[int, Any]]:
    Kubernetes.answers.clear()
    Kubernetes.asked.clear()
    return Kubernetes.answers


def test_the_kubernetes_api_is_asked_as_the_identity_of_the_connection(cluster: Any, answers: Any) -> None:
    from sfn2airflow.runtime import aws

    answers[f"GET {PODS}"] = (200, {"items": []})
    asked = {"Method": "GET", "Path": PODS, "QueryParameters": {"labelSelector": ["job-name=pi"]}}
    assert aws("eks:call", **cluster, **asked) == {
        "ResponseBody": {"items": []},
        "StatusCode": 200,
        "StatusText": "OK",
    }
    (_, query, body, headers), kind = Kubernetes.asked[0], "k8s-aws-v1."
    assert (query, body) == ({"labelSelector": ["job-name=pi"]}, None)
    scheme, token = headers["Authorization"].split()
    text = token.removeprefix(kind)
    url = urlsplit(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    signed = parse_qs(url.query)
    assert (scheme, token.startswith(kind), url.hostname) == ("Bearer", True, "sts.eu-west-1.amazonaws.com")
    assert signed["Action"] == ["GetCallerIdentity"]
    assert "x-k8s-aws-id" in signed["X-Amz-SignedHeaders"][0]


def test_a_refusal_of_the_cluster_is_an_error_by_its_status(cluster: Any, answers: Any) -> None:
    from sfn2airflow.runtime import StateError, aws

    answers["POST /api/v1/x"] = (401, {"kind": "Status", "reason": "Unauthorized"})
    with pytest.raises(StateError) as caught:
        aws("eks:call", **cluster, Method="POST", Path="/api/v1/x", RequestBody={"a": 1})
    assert caught.value.error == "EKS.401"
    assert json.loads(str(caught.value.cause)) == {
        "ResponseBody": {"kind": "Status", "reason": "Unauthorized"},
        "StatusCode": 401,
        "StatusText": "Unauthorized",
    }


def test_a_cluster_with_another_certificate_is_not_asked(cluster: Any) -> None:
    from sfn2airflow.runtime import StateError, aws

    other = base64.b64encode(certificate()[1]).decode()
    with pytest.raises(StateError, match="certificate verify failed") as caught:
        aws("eks:call", **{**cluster, "CertificateAuthority": other}, Method="GET", Path=PODS)
    assert caught.value.error == "EKS.SdkClientException"
    assert Kubernetes.asked == []


@pytest.mark.parametrize(("body", "kind"), [({"a": 1}, "merge-patch"), ([{"op": "test"}], "json-patch")])
def test_a_patch_says_of_which_kind_it_is(body: Any, kind: str, cluster: Any, answers: Any) -> None:
    from sfn2airflow.runtime import aws

    answers["PATCH /x"] = (200, "no JSON")
    done = aws("eks:call", **cluster, Method="PATCH", Path="/x", RequestBody=body)
    assert done["ResponseBody"] == "no JSON"
    assert Kubernetes.asked[0][3]["Content-Type"] == f"application/{kind}+json"


def conditions(*kinds: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": kind, "status": "True"} for kind in kinds]}}


def test_a_job_runs_until_its_end_and_gives_its_logs(cluster: Any, answers: Any) -> None:
    from sfn2airflow.runtime.aws_jobs import describe, start

    given = {**cluster, "Namespace": "etl", "Job": JOB, "LogOptions": {"RetrieveLogs": True}}
    answers[f"POST {JOBS}"] = (201, {**JOB, "status": {}})
    identity = start("eks:runJob.sync", given)
    assert Kubernetes.asked[0][2] == JOB
    answers[f"GET {JOBS}/pi"] = (200, {**JOB, "status": {"active": 1}})
    assert describe("eks:runJob.sync", identity).state == "running"
    answers[f"GET {JOBS}/pi"] = (200, {**JOB, **conditions("SuccessCriteriaMet", "Complete")})
    pod = {"metadata": {"name": "pi-1"}, "spec": {"containers": [{"name": "main"}, {"name": "side"}]}}
    answers[f"GET {PODS}"] = (200, {"items": [pod]})
    answers[f"GET {PODS}/pi-1/log"] = (200, '{"pi": 3.14}')
    done = describe("eks:runJob.sync", identity)
    assert done.state == "succeeded"
    assert done.value()["metadata"] == {"name": "pi"}
    logs = done.value()["logs"]["pods"]["pi-1"]["containers"]
    assert logs == {"main": {"log": {"pi": 3.14}}, "side": {"log": {"pi": 3.14}}}


def test_logs_are_raw_or_an_error_where_that_is_what_they_are(cluster: Any, answers: Any) -> None:
    from sfn2airflow.runtime.aws_jobs import describe

    options = {"RetrieveLogs": True, "RawLogs": True, "LogParameters": {"tailLines": ["6"]}}
    identity = {**cluster, "Namespace": "etl", "Name": "pi", "LogOptions": options}
    answers[f"GET {JOBS}/pi"] = (200, {**JOB, **conditions("Complete")})
    pods = [{"metadata": {"name": f"pi-{n}"}, "spec": {"containers": [{"name": "main"}]}} for n in (1, 2)]
    answers[f"GET {PODS}"] = (200, {"items": pods})
    answers[f"GET {PODS}/pi-1/log"] = (200, "10000000000000000000000.0")
    logs = describe("eks:runJob.sync", identity).value()["logs"]["pods"]
    assert logs["pi-1"]["containers"]["main"] == {"log": "10000000000000000000000.0"}
    assert logs["pi-2"]["containers"]["main"]["error"] == "EKS.404"
    assert Kubernetes.asked[2][1] == {"tailLines": ["6"], "container": ["main"]}


def test_a_failed_job_is_a_failed_task(cluster: Any, answers: Any) -> None:
    from sfn2airflow.runtime import StateError
    from sfn2airflow.runtime.aws_jobs import describe

    answers[f"GET {JOBS}/pi"] = (200, {**JOB, **conditions("FailureTarget", "Failed")})
    told = describe("eks:runJob.sync", {**cluster, "Namespace": "etl", "Name": "pi"})
    with pytest.raises(StateError) as caught:
        told.value()
    assert caught.value.error == "States.TaskFailed"
    assert json.loads(str(caught.value.cause))["metadata"] == {"name": "pi"}


def test_a_job_is_stopped_by_suspending_it(cluster: Any, answers: Any) -> None:
    from sfn2airflow.runtime.aws_stops import stop

    answers[f"PATCH {JOBS}/pi"] = (200, JOB)
    stop("eks:runJob.sync", {**cluster, "Namespace": "etl", "Name": "pi"})
    assert [(key, body) for key, _, body, _ in Kubernetes.asked] == [(f"PATCH {JOBS}/pi", {"spec": {"suspend": True}})]
