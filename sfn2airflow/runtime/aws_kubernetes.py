"""``eks:call`` and ``eks:runJob``: requests to the Kubernetes API of an Amazon EKS cluster.

Source: Step Functions Developer Guide, "Create and manage Amazon EKS clusters with Step Functions".
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from . import aws_http
from .errors import StateError

Json = Any

_JOBS = "/apis/batch/v1/namespaces/{}/jobs"
_PODS = "/api/v1/namespaces/{}/pods"


def call_cluster(arguments: Json, session: Any) -> Json:
    """A request to the Kubernetes API; gives ``{ResponseBody, StatusCode, StatusText}``.

    ``session`` is a boto3 session: its identity is who the cluster sees. Raises ``EKS.<status>`` with the answer as its
    Cause for a status that is no success, ``EKS.SdkClientException`` where there is no answer.
    """
    asked = Asked(
        str(arguments["Method"]),
        str(arguments["Path"]),
        arguments.get("QueryParameters") or {},
        arguments.get("RequestBody"),
    )
    return _answer("eks:call", arguments, asked, session)


def run_job(arguments: Json, session: Any) -> Json:
    """Create a job of ``batch/v1`` in the cluster; the answer of the request is the result."""
    path = _JOBS.format(_namespace(arguments))
    return _answer("eks:runJob", arguments, Asked("POST", path, body=arguments.get("Job")), session)


def describe_job(identity: Json, session: Any) -> Json:
    """How a job is doing, as ``{"State", "Job"}``; a job that has ended comes with the logs that the Task asks for."""
    job = _get(identity, Asked("GET", _place(identity)), session)
    told = [c["type"] for c in (job.get("status") or {}).get("conditions") or () if c.get("status") == "True"]
    ended = next((kind for kind in ("Complete", "Failed") if kind in told), None)
    options = identity.get("LogOptions") or {}
    if ended and options.get("RetrieveLogs"):
        job = {**job, "logs": {"pods": _logs(identity, session, options)}}
    return {"State": ended or "Running", "Job": job}


def suspend_job(identity: Json, session: Any) -> Json:
    """Stop a job: its pods end, the job stays."""
    return _answer("eks:runJob", identity, Asked("PATCH", _place(identity), body={"spec": {"suspend": True}}), session)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the Kubernetes API: method, path, query, and a body, as text or as a value."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    body: Json = None


def _answer(action: str, arguments: Json, asked: Asked, session: Any, *, raw: bool = False) -> Json:
    """The answer to one request; a body that is JSON is parsed, unless ``raw``."""
    from urllib3.exceptions import HTTPError

    try:
        answer = aws_http.exchange(action, arguments, _message(arguments, asked, session), _authority(arguments))
    except HTTPError as error:
        raise StateError("EKS.SdkClientException", str(error)) from error
    text = answer.data.decode("utf-8", "replace")
    body = text if raw else _parsed(text)
    result = {"ResponseBody": body, "StatusCode": answer.status, "StatusText": answer.reason or ""}
    if not 200 <= answer.status < 300:
        raise StateError(f"EKS.{answer.status}", json.dumps(result, separators=(",", ":"), ensure_ascii=False))
    return result


def _logs(identity: Json, session: Any, options: Json) -> Json:
    """What the containers of a job have written, by pod and container; what cannot be read has error and cause."""
    place = _PODS.format(_namespace(identity))
    pods = _get(identity, Asked("GET", place, {"labelSelector": [f"job-name={identity['Name']}"]}), session)
    found: Json = {}
    for pod in pods.get("items") or ():
        path = f"{place}/{quote(pod['metadata']['name'])}/log"
        names = [container["name"] for container in pod["spec"]["containers"]]
        logs = {name: _log(identity, path, name, options, session) for name in names}
        found[pod["metadata"]["name"]] = {"containers": logs}
    return found


def _log(identity: Json, path: str, container: str, options: Json, session: Any) -> Json:
    asked = Asked("GET", path, {**(options.get("LogParameters") or {}), "container": [container]})
    try:
        answer = _answer("eks:runJob", identity, asked, session, raw=bool(options.get("RawLogs")))
    except StateError as error:
        return {"error": error.error, "cause": error.cause}
    return {"log": answer["ResponseBody"]}


def _get(identity: Json, asked: Asked, session: Any) -> Json:
    return _answer("eks:runJob", identity, asked, session)["ResponseBody"]


def _place(identity: Json) -> str:
    return f"{_JOBS.format(_namespace(identity))}/{quote(str(identity['Name']))}"


def _namespace(arguments: Json) -> str:
    return quote(str(arguments.get("Namespace") or "default"))


def _message(arguments: Json, asked: Asked, session: Any) -> Any:
    from botocore.awsrequest import AWSRequest

    url = str(arguments["Endpoint"]).rstrip("/") + "/" + asked.path.lstrip("/")
    if asked.query:
        url += "?" + urlencode(asked.query, doseq=True, quote_via=quote)
    body = asked.body
    data = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    headers = {"Authorization": f"Bearer {_bearer(arguments, session)}"}
    if data:
        patch = "json-patch+json" if isinstance(body, list) else "merge-patch+json"
        headers["Content-Type"] = f"application/{patch if asked.method == 'PATCH' else 'json'}"
    return AWSRequest(method=asked.method, url=url, data=data, headers=headers)


def _bearer(arguments: Json, session: Any) -> str:
    """A token by which the cluster knows the caller: a signed request that asks AWS who that is."""
    from botocore.signers import RequestSigner

    service = session.client("sts").meta
    signer = RequestSigner(
        service.service_model.service_id, service.region_name, "sts", "v4", session.get_credentials(), session.events
    )
    asks = {
        "method": "GET",
        "url": f"{service.endpoint_url}/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": str(arguments["ClusterName"])},
        "context": {},
    }
    url = signer.generate_presigned_url(asks, operation_name="", expires_in=60, region_name=service.region_name)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _authority(arguments: Json) -> str | None:
    """The certificate of the cluster's authority, as PEM."""
    given = arguments.get("CertificateAuthority")
    return None if given is None else base64.b64decode(str(given)).decode()


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text
