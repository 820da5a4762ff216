"""The distributed Map: items from S3 (a real API on loopback), pieces, results, and ten thousand items on Airflow."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources

pytest.importorskip("airflow")
moto_server = pytest.importorskip("moto.server")

ROWS = [{"id": "1", "name": "a"}, {"id": "2", "name": ""}]


@pytest.fixture(scope="module")
def s3(airflow: Any) -> Iterator[Any]:
    """A client of an S3 on loopback, which the runtime's clients reach as well."""
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
        import boto3

        client = boto3.client("s3")
        client.create_bucket(Bucket="box", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client
    server.stop()


def items(*arguments: Any, **options: Any) -> list[Any]:
    from sfn2airflow.runtime.items import s3_items

    return list(s3_items(*arguments, **options))


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (b"id,name\n1,a\n2\n", {"input_type": "CSV", "header": "FIRST_ROW"}, ROWS),
        (b"\xef\xbb\xbfid,name\r\n1,a\r\n2,\r\n", {"input_type": "CSV", "header": "FIRST_ROW"}, ROWS),
        (gzip.compress(b"id,name\n1,a\n2,\n", mtime=0), {"input_type": "CSV", "header": "FIRST_ROW"}, ROWS),
        (b"a\n1,2,3\n", {"input_type": "CSV", "header": "FIRST_ROW"}, [{"a": "1", "": "2"}]),
        (b"1|a|x\n", {"input_type": "CSV", "header": "GIVEN", "headers": ["id"], "delimiter": "PIPE"}, [{"id": "1"}]),
        (b'[1, {"a": [2]}, "x,]" , 30 ]\n', {"input_type": "JSON"}, [1, {"a": [2]}, "x,]", 30]),
        (b"[]", {"input_type": "JSON"}, []),
        (b'{"x": {"y": [1, 2]}}', {"input_type": "JSON", "pointer": "/x/y"}, [1, 2]),
        (b'{"x": {"y": 1}}', {"input_type": "JSON", "pointer": "/x"}, [{"Key": "y", "Value": 1}]),
        (b'{"a": 1}\n\n2\n', {"input_type": "JSONL"}, [{"a": 1}, 2]),
        (b"[1, 2, 3]", {"input_type": "JSON", "most": 2}, [1, 2]),
        (b"[1, 2, 3]", {"input_type": "JSON", "most": 0}, [1, 2, 3]),
    ],
)
def test_items_of_a_file(s3: Any, text: bytes, options: dict[str, Any], expected: Any) -> None:
    s3.put_object(Bucket="box", Key="file", Body=text)
    assert items("getObject", {"Bucket": "box", "Key": "file"}, **options) == expected


@pytest.mark.parametrize(
    ("text", "options", "error"),
    [
        (b"a,a\n1,2\n", {"input_type": "CSV", "header": "FIRST_ROW"}, "States.ItemReaderFailed"),
        (b'{"a": 1}', {"input_type": "JSON"}, "States.ItemReaderFailed"),
        (b"[1, 2", {"input_type": "JSON"}, "States.ItemReaderFailed"),
        (b"[1 2]", {"input_type": "JSON"}, "States.ItemReaderFailed"),
        (b"\xff\xfe", {"input_type": "JSONL"}, "States.ItemReaderFailed"),
        (b"[]", {"input_type": "JSON", "most": -1}, "States.ItemReaderFailed"),
        (None, {"input_type": "JSON"}, "S3.NoSuchKeyException"),
    ],
)
def test_a_file_that_cannot_be_read(s3: Any, text: bytes | None, options: dict[str, Any], error: str) -> None:
    from sfn2airflow.runtime import StateError

    if text is not None:
        s3.put_object(Bucket="box", Key="bad", Body=text)
    with pytest.raises(StateError) as raised:
        items("getObject", {"Bucket": "box", "Key": "missing" if text is None else "bad"}, **options)
    assert raised.value.error == error


def test_objects_of_a_listing_and_what_is_in_them(s3: Any) -> None:
    for number in range(1100):  # more than a page
        s3.put_object(Bucket="box", Key=f"list/{number:04}", Body=f"[{number}]".encode())
    found = items("listObjectsV2", {"Bucket": "box", "Prefix": "list/"})
    assert [entry["Key"] for entry in found] == [f"list/{number:04}" for number in range(1100)]
    assert isinstance(found[0]["LastModified"], int)
    assert {"Etag", "Size", "StorageClass"} <= set(found[0])
    flat = items("listObjectsV2", {"Bucket": "box", "Prefix": "list/000"}, flatten=True, input_type="JSON")
    assert flat == list(range(10))


def test_manifests(s3: Any) -> None:
    s3.put_object(Bucket="box", Key="data/1.csv.gz", Body=gzip.compress(b'"box","x"\n"box","y"\n'))
    manifest = {
        "fileSchema": "Bucket, Key",
        "destinationBucket": "arn:aws:s3:::box",
        "files": [{"key": "data/1.csv.gz"}],
    }
    s3.put_object(Bucket="box", Key="manifest.json", Body=json.dumps(manifest).encode())
    inventory = items("getObject", {"Bucket": "box", "Key": "manifest.json"}, manifest="S3_INVENTORY")
    assert inventory == [{"Bucket": "box", "Key": "x"}, {"Bucket": "box", "Key": "y"}]
    s3.put_object(Bucket="box", Key="part", Body=b'{"n": 1}\n{"n": 2}\n')
    s3.put_object(Bucket="box", Key="athena", Body=b"s3://box/part\n")
    athena = items("getObject", {"Bucket": "box", "Key": "athena"}, manifest="ATHENA_DATA", input_type="JSONL")
    assert athena == [{"n": 1}, {"n": 2}]


def parquet(rows: list[dict[str, Any]]) -> bytes:
    pyarrow, written = pytest.importorskip("pyarrow"), io.BytesIO()
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(rows), written, row_group_size=2)
    return written.getvalue()


def test_parquet_files_one_by_one_in_a_listing_and_in_a_manifest(s3: Any) -> None:
    day = datetime(2024, 1, 2, tzinfo=UTC)
    rows = [{"id": n, "name": None, "tags": ["a"], "at": day} for n in range(5)]
    for number in (1, 2):
        s3.put_object(Bucket="box", Key=f"rows/{number}.parquet", Body=parquet(rows))
    found = items("getObject", {"Bucket": "box", "Key": "rows/1.parquet"}, input_type="PARQUET")
    assert found == [{"id": n, "name": None, "tags": ["a"], "at": str(day)} for n in range(5)]
    listing = {"Bucket": "box", "Prefix": "rows/"}
    assert items("listObjectsV2", listing, flatten=True, input_type="PARQUET") == found * 2
    s3.put_object(Bucket="box", Key="unload.csv", Body=b"s3://box/rows/2.parquet\ns3://box/rows/1.parquet\n")
    unloaded = {"Bucket": "box", "Key": "unload.csv"}
    assert items("getObject", unloaded, manifest="ATHENA_DATA", input_type="PARQUET", most=7) == (found * 2)[:7]


@pytest.mark.parametrize("installed", [True, False])
def test_parquet_that_cannot_be_read(s3: Any, installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from sfn2airflow.runtime import StateError

    if installed:
        pytest.importorskip("pyarrow")
    else:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    s3.put_object(Bucket="box", Key="no.parquet", Body=b"no parquet")
    with pytest.raises(StateError, match="parse" if installed else "pip install pyarrow") as raised:
        items("getObject", {"Bucket": "box", "Key": "no.parquet"}, input_type="PARQUET")
    assert raised.value.error == "States.ItemReaderFailed"


@pytest.mark.parametrize("output_type", ["JSON", "JSONL"])
def test_results_are_written_with_a_manifest(s3: Any, output_type: str) -> None:
    from sfn2airflow.runtime.map_results import exported

    times = {"StartDate": "s", "StopDate": "e"}
    pairs = [
        ({"n": 1}, {"Status": "SUCCEEDED", "Output": [1], "Name": "run__1", **times}),
        ({"n": 2}, {"Status": "FAILED", "Error": "E", "Cause": None, "Name": "run__2", **times}),
    ]
    context = {"ti": SimpleNamespace(dag_id="d", run_id="r", task_id="t")}
    told = exported(context, lambda: pairs, {"Bucket": "box", "Prefix": "out"}, output_type=output_type)
    place = told["ResultWriterDetails"]
    assert place["Bucket"] == "box"
    assert place["Key"].startswith("out/")
    manifest = json.load(s3.get_object(Bucket="box", Key=place["Key"])["Body"])
    (done,), (failed,) = manifest["ResultFiles"]["SUCCEEDED"], manifest["ResultFiles"]["FAILED"]
    text = s3.get_object(Bucket="box", Key=done["Key"])["Body"].read()
    assert len(text) == done["Size"]
    (first,) = json.loads(text) if output_type == "JSON" else map(json.loads, text.splitlines())
    assert (first["Output"], first["Input"], first["Status"]) == ("[1]", '{"n":1}', "SUCCEEDED")
    assert b'"Error":"E"' in s3.get_object(Bucket="box", Key=failed["Key"])["Body"].read()


@pytest.mark.parametrize(
    ("count", "lanes", "pieces", "largest"),
    [(0, 40, 0, 0), (3, 40, 3, 1), (1000, 40, 40, 25), (10_000, 40, 400, 25), (20_000, 40, 440, 250), (5, 2, 2, 3)],
)
def test_pieces(count: int, lanes: int, pieces: int, largest: int) -> None:
    from sfn2airflow.runtime.maps import in_pieces

    made = list(in_pieces(range(count), lanes))
    assert [item for piece in made for item in piece] == list(range(count))
    assert (len(made), max(map(len, made), default=0)) == (pieces, largest)


def test_ten_thousand_items(airflow: Any, with_runtime: Path) -> None:
    """They are 40 instances of one task, besides the two around it."""
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    double = {
        "Type": "Pass",
        "Parameters": {"twice.$": "States.MathAdd($.n, $.n)"},
        "OutputPath": "$.twice",
        "End": True,
    }
    state = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {"Bucket": "box", "Key": "k"},
        },
        "ItemProcessor": {"ProcessorConfig": config, "StartAt": "Double", "States": {"Double": double}},
        "End": True,
    }
    translation = translate_text(json.dumps({"StartAt": "All", "States": {"All": state}}), "many.asl.json")
    assert translation.text is not None
    file = with_runtime / "many.py"
    file.write_text(format_sources([translation.text])[0], encoding="utf-8")
    lines = "\n".join(json.dumps({"n": n}) for n in range(10_000))
    run = airflow.run(file, {}, {"All": {"result": lines}}, timeout=300)
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert run.output == [2 * n for n in range(10_000)]
    assert len(run.task_states) == 43


@pytest.mark.parametrize(
    ("language", "field", "value", "code"),
    [
        ("JSONata", "Arguments", {"Bucket": "b", "Key": "{% $match($states.input.k, /a/).match %}"}, "S2A302"),
        ("JSONPath", "Parameters", {"Bucket": "b", "Key.$": "$$.Execution.Name"}, "S2A303"),
    ],
)
def test_findings_of_what_a_reader_is_told(language: str, field: str, value: Any, code: str) -> None:
    done = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        field: value,
    }
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **done}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
    machine = {"QueryLanguage": language, "StartAt": "All", "States": {"All": state}}
    found = translate_text(json.dumps(machine), "m.asl.json").report.findings
    assert code in {located.finding.code for located in found}
