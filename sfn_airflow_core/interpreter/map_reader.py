"""ItemReader: items from a file or a listing, which a reply gives (asl.md 10)."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from typing import TypeAlias

from sfn_airflow_core.asl.model import ItemReader, Json, PathFlow
from sfn_airflow_core.interpreter.amounts import whole
from sfn_airflow_core.interpreter.execution import ServiceCall
from sfn_airflow_core.interpreter.failures import READER_FAILED, TIMEOUT, StateFailed
from sfn_airflow_core.interpreter.run import Stay
from sfn_airflow_core.interpreter.shape import filtered, queried, templated
from sfn_airflow_core.interpreter.values import parse_json
from sfn_airflow_core.text import parts

Items: TypeAlias = "list[Json] | dict[str, Json]"
MOST_ITEMS = 100_000_000
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def read_items(stay: Stay, reader: ItemReader) -> Generator[float, None, tuple[Items, str]]:
    """The items and their ``Map.Item.Source``; raises StateFailed with States.ItemReaderFailed."""
    arguments = _arguments(stay, reader)
    most = _most(stay, reader)
    answer = yield from _fetch(stay, reader.resource, arguments)
    bucket, key = (str(arguments.get(name, "")) for name in ("Bucket", "Key"))
    items: Items
    if reader.resource.endswith("s3:listObjectsV2"):
        items, source = _listing(answer), f"S3://{bucket}"
        if reader.transformation == "LOAD_AND_FLATTEN":
            keys = [entry["Key"] for entry in items if isinstance(entry, dict) and "Key" in entry]
            items = yield from _load_all(stay, reader, bucket, keys)
    elif reader.manifest_type is not None or reader.input_type == "MANIFEST":
        items, source = (yield from _manifest(stay, reader, arguments, answer)), f"S3://{bucket}/{key}"
    else:
        items, source = parse_items(reader, answer), f"S3://{bucket}/{key}"
    if not most:
        return items, source
    if isinstance(items, dict):
        return dict(list(items.items())[:most]), source
    return items[:most], source


def _arguments(stay: Stay, reader: ItemReader) -> dict[str, Json]:
    given = {} if reader.arguments is None else reader.arguments.value
    if isinstance(stay.state.flow, PathFlow):
        value = templated(stay, given, filtered(stay), "ItemReader.Parameters")
    else:
        value = queried(stay, given, "ItemReader/Arguments")
    return value if isinstance(value, dict) else {}


def _most(stay: Stay, reader: ItemReader) -> int:
    """MaxItems; 0 and values beyond the service's limit mean all items (recorded)."""
    if reader.max_items is None:
        return 0
    most = whole(stay, reader.max_items, "MaxItems", least=-(2**63))
    if most < 0:
        raise StateFailed(READER_FAILED, "field MaxItems must be positive")
    return most if most <= MOST_ITEMS else 0


def _fetch(stay: Stay, resource: str, arguments: Json) -> Generator[float, None, Json]:
    world = stay.run.world
    call = ServiceCall(stay.state.name, resource, arguments, stay.attempt, stay.frame.place, world.clock.now, "reader")
    world.record.calls.append(call)
    reply = world.replies.answer(call)
    if reply.after > 0:
        yield world.clock.now + reply.after
    match reply.kind:
        case "error":
            raise StateFailed(READER_FAILED if reply.error is None else reply.error, reply.cause)
        case "timeout" | "never":
            raise StateFailed(TIMEOUT, None)
        case _:
            return reply.value


def failed(cause: str) -> StateFailed:
    """The failure of an ItemReader."""
    return StateFailed(READER_FAILED, cause)


def _listing(answer: Json) -> list[Json]:
    """The objects of a listing: the list itself, or ListObjectsV2's answer with ``Contents``."""
    contents = answer.get("Contents", []) if isinstance(answer, dict) else answer
    if not isinstance(contents, list):
        raise failed("The listing is not a list of objects.")
    return contents


def _load_all(stay: Stay, reader: ItemReader, bucket: str, keys: list[Json]) -> Generator[float, None, list[Json]]:
    """The items of all files, in the order of the listing."""
    resource = reader.resource.replace("s3:listObjectsV2", "s3:getObject")
    items: list[Json] = []
    for key in keys:
        answer = yield from _fetch(stay, resource, {"Bucket": bucket, "Key": key})
        found = parse_items(reader, answer)
        items += found if isinstance(found, list) else list(found.values())
    return items


def _manifest(
    stay: Stay, reader: ItemReader, arguments: dict[str, Json], answer: Json
) -> Generator[float, None, list[Json]]:
    """S3 Inventory: rows of the CSV files that the manifest lists; Athena: the contents of the files it names."""
    if reader.manifest_type == "ATHENA_DATA":
        if not isinstance(answer, str):
            raise failed("The manifest is not a list of files.")
        keys: list[Json] = [line.strip().split("/", 3)[-1] for line in answer.splitlines() if line.strip()]
        return (yield from _load_all(stay, reader, str(arguments.get("Bucket", "")), keys))
    manifest = _json(answer)
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or not isinstance(files, list):
        raise failed("The manifest has no list of files.")
    columns = [name.strip() for name in str(manifest.get("fileSchema", "")).split(",")]
    rows: list[Json] = []
    for entry in files:
        key = entry.get("key") if isinstance(entry, dict) else None
        text = yield from _fetch(stay, reader.resource, {**arguments, "Key": key})
        if isinstance(text, list):
            rows += text
        else:
            rows += [_row(cells, columns) for cells in _cells(str(text), ",")]
    return rows


def parse_items(reader: ItemReader, answer: Json) -> Items:
    """The items in a file; a reply may give the text, or for JSON formats the value itself."""
    value: Json
    match reader.input_type:
        case "CSV":
            if isinstance(answer, str):
                return _csv(reader, answer)
            value = answer
        case "JSONL":
            value = [_json(line) for line in answer.splitlines() if line.strip()] if isinstance(answer, str) else answer
        case _:
            value = _json(answer) if isinstance(answer, str) else answer
    for token in parts(reader.items_pointer or ""):
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token.isascii() and token.isdigit() and int(token) < len(value):
            value = value[int(token)]
        else:
            raise failed(f"ItemsPointer {reader.items_pointer} finds nothing.")
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and reader.input_type in ("JSON", None) and reader.items_pointer is not None:
        return value
    raise failed("Attempting to map over non-iterable node.")


def _json(text: Json) -> Json:
    if not isinstance(text, str):
        return text
    try:
        return parse_json(text)
    except ValueError as error:
        raise failed(f"Unable to parse the file: {error}") from error


def _csv(reader: ItemReader, text: str) -> list[Json]:
    """Rows as objects of strings, under the given headers or those of the first row, which are kept as they are."""
    delimiter = _DELIMITERS.get(reader.csv_delimiter or "COMMA", ",")
    rows = _cells(text.removeprefix("\ufeff"), delimiter)
    if reader.csv_header_location == "GIVEN":
        return [_row(cells, list(reader.csv_headers)) for cells in rows]
    if not rows:
        return []
    headers = rows[0]
    if len(set(headers)) != len(headers):
        raise failed("CSV headers cannot contain duplicates.")
    # Recorded: where headers are read, a surplus cell goes under the empty name; where they are given, it is dropped.
    surplus: list[dict[str, Json]] = [
        {"": cells[len(headers)]} if len(cells) > len(headers) else {} for cells in rows[1:]
    ]
    return [{**more, **_row(cells, headers)} for more, cells in zip(surplus, rows[1:], strict=True)]


def _row(cells: list[str], headers: list[str]) -> dict[str, Json]:
    """One row; missing cells are empty."""
    return dict(zip(headers, [*cells, *[""] * (len(headers) - len(cells))], strict=False))


def _cells(text: str, delimiter: str) -> list[list[str]]:
    """The cells of every row that is not blank."""
    try:
        return [cells for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if cells]
    except csv.Error as error:
        raise failed(f"Unable to parse the file: {error}") from error
