"""The results of a distributed Map: as a value, or written to S3 as Step Functions writes them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from .aws import client_for, opened
from .aws_names import compact
from .errors import Json
from .items import s3_errors

Pairs = Iterable[tuple[Json, Json]]


@dataclass(frozen=True, slots=True)
class Export:
    """Where a ResultWriter puts the results."""

    arguments: Json

    def told(self) -> Json:
        """Bucket and prefix, as they travel between tasks."""
        return opened(self.arguments)


def export(**arguments: Json) -> Export:
    """The ``Parameters`` of a ResultWriter: ``Bucket`` and ``Prefix``."""
    return Export(arguments)


def described(pairs: Pairs, transformation: str) -> list[Json]:
    """The results as the list that the state hands on.

    COMPACT takes the outputs alone, FLATTEN makes one list of outputs that are lists; NONE describes the child
    executions. An item whose failure was tolerated is described in any case.
    """
    results = [_shown(item, result, transformation) for item, result in pairs]
    if transformation == "FLATTEN":
        return [inner for result in results for inner in (result if isinstance(result, list) else [result])]
    return results


def _shown(item: Json, result: Json, transformation: str) -> Json:
    if result["Status"] == "SUCCEEDED" and transformation != "NONE":
        return result["Output"]
    return _described(item, result)


def _described(item: Json, result: Json) -> dict[str, Json]:
    """A child execution, as DescribeExecution tells of it; input and output are JSON text."""
    told = {
        "ExecutionArn": result["Name"],
        "Input": compact(item),
        "InputDetails": {"Included": True},
        "Name": result["Name"],
        "StartDate": result["StartDate"],
        "StateMachineArn": result["Name"].partition("__")[0],
        "Status": result["Status"],
        "StopDate": result["StopDate"],
    }
    if result["Status"] == "SUCCEEDED":
        return {**told, "Output": compact(result["Output"]), "OutputDetails": {"Included": True}}
    return {**told, **{key: result[key] for key in ("Error", "Cause") if result.get(key) is not None}}


def exported(
    context: Any, pairs: Callable[[], Pairs], target: Json, *, transformation: str = "NONE", output_type: str = "JSON"
) -> Json:
    """Write the results to S3, one file for each status, and the manifest; gives the state's result.

    Raises StateError with the error of S3.
    """
    client, ti = client_for("aws-sdk:s3:putObject"), context["ti"]
    prefix = f"{target['Prefix'].rstrip('/')}/" if target.get("Prefix") else ""
    folder, bucket = f"{prefix}{uuid4()}", target["Bucket"]
    files: dict[str, list[Json]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    arn = f"{ti.dag_id}/{ti.run_id}/{ti.task_id}"
    with s3_errors(client, "PutObject"):
        for status in ("SUCCEEDED", "FAILED"):
            lines = (compact(_shown(item, result, transformation)) for item, result in _with(pairs(), status))
            if (size := _put(client, bucket, f"{folder}/{status}_0.json", lines, output_type)) is not None:
                files[status].append({"Key": f"{folder}/{status}_0.json", "Size": size})
        manifest = {"DestinationBucket": bucket, "MapRunArn": arn, "ResultFiles": files}
        client.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(manifest).encode())
    return {"MapRunArn": arn, "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"}}


def _with(pairs: Pairs, status: str) -> Iterator[tuple[Json, Json]]:
    return ((item, result) for item, result in pairs if result["Status"] == status)


def _put(client: Any, bucket: str, key: str, lines: Iterator[str], output_type: str) -> int | None:
    """Write a file, which waits on disk and not in memory; gives its size, ``None`` if there is nothing to write."""
    array = output_type == "JSON"
    with tempfile.TemporaryFile() as file:
        for number, line in enumerate(lines):
            start = ("[" if number == 0 else ",") if array else ""
            file.write(f"{start}{line}{'' if array else chr(10)}".encode())
        if not file.tell():
            return None
        file.write(b"]" if array else b"")
        size = file.tell()
        file.seek(0)
        client.upload_fileobj(file, bucket, key)
    return size
