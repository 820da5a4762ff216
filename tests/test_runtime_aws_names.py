"""Names, times and bytes as the runtime spells them, beside the translator's spelling and recorded checksums."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody

from sfn_airflow_core.catalogue import aws_sdk
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


def stream(text: str) -> StreamingBody:
    return StreamingBody(io.BytesIO(text.encode()), len(text.encode()))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2024, 3, 17, 11, 9, 25, tzinfo=UTC), "2024-03-17T11:09:25Z"),
        (datetime(2024, 3, 17, 11, 9, 25, 120_000, tzinfo=UTC), "2024-03-17T11:09:25.120Z"),
        (b"text", "text"),
        (b"\xff\xfe", "//4="),
        (stream("streamed"), "streamed"),
    ],
    ids=["seconds", "milliseconds", "bytes", "no text", "stream"],
)
def test_times_and_bytes_become_text(value: Any, text: str) -> None:
    assert of("aws_names", "scalar")(value) == text


def test_every_sdk_token_is_the_same_service_in_the_translator_and_in_the_runtime() -> None:
    tokens, client_name = aws_sdk.tokens(), of("aws", "client_name")
    assert len(tokens) > 400
    assert {token: client_name(f"aws-sdk:{token}:anything") for token in tokens} == tokens


@pytest.mark.parametrize("text", ["DBInstanceIdentifier", "ETag", "SSEKMSKeyId", "taskArn", "MD5OfBody", "A", "URL"])
def test_the_translator_and_the_runtime_spell_members_alike(text: str) -> None:
    assert of("aws_names", "java_name")(text) == aws_sdk.pascal(text)
    assert of("aws_names", "java_class")(text) == aws_sdk.java_class(text)


def recorded_bodies(corpus: Path) -> list[tuple[Any, str]]:
    recordings = map(json.loads, (corpus / "aws-recordings.jsonl").read_text().splitlines())
    outputs = ((r["input"], t.get("output")) for r in recordings for t in r.get("task_results") or [])
    return [
        (given["Body"], out["ChecksumCRC32"])
        for given, out in outputs
        if isinstance(out, dict) and "ChecksumCRC32" in out
    ]


def test_what_is_stored_in_s3_has_the_recorded_checksums(corpus: Path) -> None:
    bodies = recorded_bodies(corpus)
    assert bodies
    shape = aws_sdk.model("s3").operation_model("PutObject").input_shape
    for body, checksum in bodies:
        stored = of("aws_names", "request")({"Body": body}, shape)["Body"]
        assert base64.b64encode(zlib.crc32(stored).to_bytes(4, "big")).decode() == checksum


def test_the_translator_and_the_runtime_start_errors_alike() -> None:
    prefix = of("aws_names", "sdk_prefix")
    clients = [*aws_sdk.PREFIXES, "dynamodb", "stepfunctions", "secretsmanager", "events", "s3", "ec2"]
    assert {client: prefix(aws_sdk.model(client)) for client in clients} == {
        client: aws_sdk.error_prefix(client) for client in clients
    }


def test_a_lambda_client_waits_as_long_as_a_function_may_run_and_never_asks_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://AKIAIOSFODNN7:secret@/?region_name=eu-west-1")
    config = of("aws", "client_for")("lambda:invoke").meta.config
    assert config.read_timeout >= 900
    assert config.retries["total_max_attempts" if "total_max_attempts" in config.retries else "max_attempts"] <= 1
