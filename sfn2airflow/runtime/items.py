"""The items of a distributed Map: read from S3 one after the other, never all at once, and put into batches.

Sources: Step Functions guide, "ItemReader (Map)" and "ItemBatcher (Map)"; details as the service was recorded.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from .aws import client_for, opened
from .aws_names import compact, service_error
from .errors import Json, StateError
from .json_items import json_items

FAILED = "States.ItemReaderFailed"
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_MOST_ITEMS = 100_000_000


@dataclass(frozen=True, slots=True)
class Format:
    """How the items lie in a file; names and values are those of ``ReaderConfig``."""

    input_type: str | None = None
    header: str | None = None
    headers: tuple[str, ...] = ()
    delimiter: str = "COMMA"
    pointer: str = ""


def s3_items(
    action: str,
    arguments: Json,
    *,
    most: Json = None,
    manifest: str | None = None,
    flatten: bool = False,
    input_type: str | None = None,
    header: str | None = None,
    headers: Iterable[str] = (),
    delimiter: str = "COMMA",
    pointer: str = "",
) -> Iterator[Json]:
    """The items that an ItemReader reads, one after the other: ``action`` is ``getObject`` or ``listObjectsV2``.

    ``most`` is MaxItems, ``header`` CSVHeaderLocation, ``pointer`` ItemsPointer, ``manifest`` the kind of manifest that
    the object is (S3_INVENTORY, ATHENA_DATA), ``flatten`` LOAD_AND_FLATTEN: the items in all listed objects. Raises
    StateError: States.ItemReaderFailed, or the error of S3.
    """
    kind = Format(input_type, header, tuple(headers), delimiter, pointer)
    arguments = opened(arguments)
    limit = _whole(opened(most))
    if action == "listObjectsV2":
        items: Iterator[Json] = _listing(arguments)
        if flatten:
            items = (item for entry in items for item in _file({"Bucket": arguments["Bucket"], **_key(entry)}, kind))
    elif manifest == "ATHENA_DATA":
        items = _athena(arguments, kind)
    elif manifest is not None or input_type == "MANIFEST":
        items = _inventory(arguments)
    else:
        items = _file(arguments, kind)
    return islice(items, limit) if limit else items


def _whole(most: Json) -> int:
    """MaxItems; 0, and what is beyond the service's limit, means all (recorded)."""
    number = int(most) if isinstance(most, str) and most.isdecimal() else most
    if number is None:
        return 0
    if isinstance(number, bool) or not isinstance(number, int | float) or number != int(number):
        raise ValueError(f"MaxItems is {most!r}, which is not a valid integer")
    if number < 0:
        raise StateError(FAILED, "field MaxItems must be positive")
    return int(number) if number <= _MOST_ITEMS else 0


def _key(entry: Json) -> Json:
    return {"Key": entry["Key"]}


@contextmanager
def s3_errors(client: Any, operation: str) -> Iterator[None]:
    """An error of botocore as the error that the state has."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        model = client.meta.service_model.operation_model(operation)
        raise StateError(*service_error("aws-sdk:s3:getObject", error, model)) from error
    except BotoCoreError as error:
        raise StateError("S3.SdkClientException", str(error)) from error


def _listing(arguments: Json) -> Iterator[Json]:
    """The objects of a listing, as Step Functions shows them."""
    client = client_for("aws-sdk:s3:listObjectsV2")
    with s3_errors(client, "ListObjectsV2"):
        for page in client.get_paginator("list_objects_v2").paginate(**arguments):
            for entry in page.get("Contents", []):
                shown = {"Etag" if key == "ETag" else key: value for key, value in entry.items()}
                if isinstance(moment := shown.get("LastModified"), datetime):
                    shown["LastModified"] = int(moment.timestamp())
                yield shown


@contextmanager
def _opened(arguments: Json) -> Iterator[io.BufferedReader]:
    """The bytes of an object as a stream; what is compressed with gzip is expanded."""
    client = client_for("aws-sdk:s3:getObject")
    with s3_errors(client, "GetObject"):
        body = client.get_object(**arguments)["Body"]
        stream = io.BufferedReader(_Raw(body), 1 << 16)
        try:
            packed = stream.peek(2)[:2] == b"\x1f\x8b"
            yield gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[misc]
        finally:
            body.close()


class _Raw(io.RawIOBase):
    """botocore's body as what the standard library reads from."""

    def __init__(self, body: Any):
        self.body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _text(stream: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")


def _file(arguments: Json, kind: Format) -> Iterator[Json]:
    """The items in one object."""
    try:
        with _opened(arguments) as stream:
            match kind.input_type:
                case "CSV":
                    yield from _csv(_text(stream), kind)
                case "JSONL":
                    yield from (json.loads(line) for line in _text(stream) if line.strip())
                case "PARQUET":
                    yield from _parquet(stream)
                case _:
                    yield from json_items(_text(stream), kind.pointer)
    except (csv.Error, UnicodeDecodeError, json.JSONDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise StateError(FAILED, f"Unable to parse the file: {error}") from error


def _csv(lines: Iterable[str], kind: Format) -> Iterator[Json]:
    """Rows as objects of strings. Recorded: of surplus cells, the first goes under the empty name, or all are lost."""
    rows = (cells for cells in csv.reader(lines, delimiter=_DELIMITERS.get(kind.delimiter, ",")) if cells)
    given = kind.header == "GIVEN"
    headers = list(kind.headers) if given else next(rows, [])
    if not given and len(set(headers)) != len(headers):
        raise StateError(FAILED, "CSV headers cannot contain duplicates.")
    for cells in rows:
        row = _row(headers, cells)
        yield row if given or len(cells) <= len(headers) else {"": cells[len(headers)], **row}


def _row(headers: list[str], cells: list[str]) -> dict[str, Json]:
    """One row; missing cells are empty."""
    return dict(zip(headers, [*cells, *[""] * (len(headers) - len(cells))], strict=False))


def _parquet(stream: Any) -> Iterator[Json]:
    """The rows of a Parquet file, which has to be whole to be read: it waits on disk, not in memory."""
    try:
        from pyarrow import ArrowException, parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        told = "Parquet files are read with pyarrow, which is not installed: pip install pyarrow on the workers"
        raise StateError(FAILED, told) from error
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        file.seek(0)
        try:
            for batch in parquet.ParquetFile(file).iter_batches(batch_size=1000):
                yield from (json.loads(json.dumps(row, default=str)) for row in batch.to_pylist())
        except ArrowException as error:
            raise StateError(FAILED, f"Unable to parse the file: {error}") from error


def _inventory(arguments: Json) -> Iterator[Json]:
    """S3 Inventory: the rows of the CSV files that its manifest names."""
    with _opened(arguments) as stream:
        manifest = _json(stream)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        raise StateError(FAILED, "The manifest has no list of files.")
    columns = tuple(name.strip() for name in str(manifest.get("fileSchema", "")).split(","))
    csv_file = Format("CSV", "GIVEN", columns)
    bucket = str(manifest.get("destinationBucket") or arguments["Bucket"]).rpartition(":")[2]
    for entry in manifest["files"]:
        yield from _file({"Bucket": bucket, "Key": entry["key"]}, csv_file)


def _json(stream: Any) -> Json:
    try:
        return json.load(stream)
    except ValueError as error:
        raise StateError(FAILED, f"Unable to parse the file: {error}") from error


def _athena(arguments: Json, kind: Format) -> Iterator[Json]:
    """Athena's UNLOAD: the items of the files whose places its manifest lists."""
    with _opened(arguments) as stream:
        places = [line.strip() for line in _text(stream) if line.strip()]
    for place in places:
        bucket, _, key = place.removeprefix("s3://").partition("/")
        yield from _file({"Bucket": bucket, "Key": key}, kind)


def batches(
    items: Iterable[Json], *, most: Json = None, size: Json = None, shared: Json = None
) -> Iterator[dict[str, Json]]:
    """Items in batches: ``most`` of them at most (MaxItemsPerBatch), and ``size`` bytes of JSON at most.

    ``shared`` is BatchInput. A single item may be larger than the byte limit.
    """
    most, size = _positive(most, "MaxItemsPerBatch"), _positive(size, "MaxInputBytesPerBatch")
    common = {} if shared is None else {"BatchInput": shared}
    empty = _bytes({**common, "Items": []})
    group: list[Json] = []
    used = empty
    for item in items:
        length = _bytes(item)
        if group and ((most and len(group) >= most) or (size and used + 1 + length > size)):
            yield {**common, "Items": group}
            group = []
        used = used + 1 + length if group else empty + length
        group.append(item)
    if group:
        yield {**common, "Items": group}


def _positive(value: Json, field: str) -> int | None:
    value = opened(value)
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
        raise ValueError(f"{field} is {value!r}, which is not an integer of at least 1")
    return number


def _bytes(value: Json) -> int:
    return len(compact(value).encode())
