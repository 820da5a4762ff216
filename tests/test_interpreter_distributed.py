"""The distributed Map: readers, batches, tolerance, writers, child executions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from running import chain, jsonata, output, run, task

GET, LIST = "arn:aws:states:::s3:getObject", "arn:aws:states:::s3:listObjectsV2"


def distributed(*states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return {"Type": "Map", "ItemProcessor": {**chain(*states, names="IJK"), "ProcessorConfig": config}, **fields}


def reading(config: dict[str, Any], file: Any, resource: str = GET, given: Any = None) -> Any:
    reader = {"Resource": resource, "Parameters": {"Bucket": "b", "Key": "k"}, "ReaderConfig": config}
    return run(chain(distributed({"Type": "Pass"}, ItemReader=reader)), given, {"A": file})


@pytest.mark.parametrize(
    ("config", "file", "expected"),
    [
        ({"InputType": "JSON"}, "[1, [2]]", [1, [2]]),
        ({"InputType": "JSON"}, [1, 2], [1, 2]),
        ({"InputType": "JSON", "ItemsPointer": "/a/b"}, '{"a": {"b": [1]}}', [1]),
        ({"InputType": "JSON", "ItemsPointer": "/a"}, '{"a": {"k": 1}}', [{"Key": "k", "Value": 1}]),
        ({"InputType": "JSONL"}, '{"a": 1}\n\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "a,b\n1,\n2",
            [{"a": "1", "b": ""}, {"a": "2", "b": ""}],
        ),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a\n1,2", [{"a": "1", "": "2"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a,\n1,2,3", [{"a": "1", "": "2"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, '"a\nb",c\r\n1,2\r\n\r\n', [{"a\nb": "1", "c": "2"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x"]}, "1,2", [{"x": "1"}]),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "PIPE"},
            'a|b\n"1|2"|3',
            [{"a": "1|2", "b": "3"}],
        ),
        ({"InputType": "JSON", "MaxItems": 1}, "[1, 2]", [1]),
        ({"InputType": "JSON", "MaxItems": 0}, "[1, 2]", [1, 2]),
        ({"InputType": "JSON", "MaxItemsPath": "$.n"}, "[1, 2, 3]", [1, 2]),
    ],
)
def test_items_are_read_from_a_file(config: dict[str, Any], file: Any, expected: Any) -> None:
    execution = reading(config, {"result": file}, given={"n": 2})
    assert execution.output == expected, execution.cause
    assert [(call.purpose, call.arguments) for call in execution.calls] == [("reader", {"Bucket": "b", "Key": "k"})]


@pytest.mark.parametrize(
    ("config", "file", "error"),
    [
        ({"InputType": "JSON"}, {"result": '{"a": 1}'}, "States.ItemReaderFailed"),
        ({"InputType": "JSON"}, {"result": "{"}, "States.ItemReaderFailed"),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, {"result": "a,a\n1,2"}, "States.ItemReaderFailed"),
        ({"InputType": "JSON", "MaxItemsPath": "$.neg"}, {"result": "[]"}, "States.ItemReaderFailed"),
        ({"InputType": "JSON", "MaxItemsPath": "$.frac"}, {"result": "[]"}, "States.Runtime"),
        ({"InputType": "JSON"}, {"error": "S3.NoSuchKeyException"}, "S3.NoSuchKeyException"),
    ],
)
def test_a_reader_fails(config: dict[str, Any], file: Any, error: str) -> None:
    assert reading(config, file, given={"neg": -1, "frac": 1.5}).error == error


def test_items_are_the_objects_of_a_listing() -> None:
    objects = [{"Key": "x", "Size": 1}, {"Key": "y", "Size": 2}]
    for answer in (objects, {"Contents": objects}):
        assert reading({}, {"result": answer}, LIST).output == objects


def test_the_contents_of_listed_objects_are_read_one_after_the_other() -> None:
    config = {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}
    files = [
        {"result": [{"Key": "x"}, {"Key": "y"}]},
        {"result": "1\n2", "when": {"Key": "x"}},
        {"result": "3", "when": {"Key": "y"}},
    ]
    assert reading(config, files, LIST).output == [1, 2, 3]


def test_an_inventory_names_its_columns_in_the_manifest() -> None:
    manifest = {"fileSchema": "Bucket, Key", "files": [{"key": "data/1.csv"}]}
    files = [{"result": json.dumps(manifest)}, {"result": "b,x\nb,y\n", "when": {"Key": "data/1.csv"}}]
    assert reading({"InputType": "MANIFEST"}, files).output == [
        {"Bucket": "b", "Key": "x"},
        {"Bucket": "b", "Key": "y"},
    ]


@pytest.mark.parametrize(
    ("batcher", "expected"),
    [
        ({"MaxItemsPerBatch": 2}, [{"Items": [1, 2]}, {"Items": [3]}]),
        ({"MaxItemsPerBatchPath": "$.n"}, [{"Items": [1, 2, 3]}]),
        ({"MaxInputBytesPerBatch": 15}, [{"Items": [1, 2]}, {"Items": [3]}]),
        (
            {"MaxItemsPerBatch": 9, "BatchInput": {"x.$": "$.x"}},
            [{"BatchInput": {"x": 1}, "Items": [1, 2, 3]}],
        ),
    ],
)
def test_items_are_batched(batcher: dict[str, Any], expected: Any) -> None:
    state = distributed({"Type": "Pass"}, ItemsPath="$.items", ItemBatcher=batcher)
    assert output(chain(state), {"items": [1, 2, 3], "x": 1, "n": 3}) == expected


@pytest.mark.parametrize(
    ("fields", "failures", "survives"),
    [
        ({}, 1, False),
        ({"ToleratedFailureCount": 1}, 1, True),
        ({"ToleratedFailureCount": 1}, 2, False),
        ({"ToleratedFailurePercentage": 50}, 2, True),
        ({"ToleratedFailurePercentage": 49}, 2, False),
        ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 1}, 2, False),
        ({"ToleratedFailureCountPath": "$.n"}, 2, True),
        ({"ItemBatcher": {"MaxItemsPerBatch": 2}, "ToleratedFailureCount": 1}, 1, False),
    ],
)
def test_failures_are_tolerated_up_to_the_threshold(fields: dict[str, Any], failures: int, survives: bool) -> None:
    replies = {"I": {str(n): {"error": "E"} if n < failures else {"result": n} for n in range(4)}}
    execution = run(chain(distributed(task(), ItemsPath="$.items", **fields)), {"items": [0, 1, 2, 3], "n": 2}, replies)
    assert execution.error == (None if survives else "States.ExceedToleratedFailureThreshold")
    if survives:
        assert [item["Status"] for item in execution.output[:failures]] == ["FAILED"] * failures
        assert execution.output[failures:] == list(range(failures, 4))


@pytest.mark.parametrize("value", [-1, 101])
def test_a_percentage_is_between_0_and_100(value: int) -> None:
    state = distributed({"Type": "Pass"}, ItemsPath="$.items", ToleratedFailurePercentagePath="$.p")
    assert run(chain(state), {"items": [1], "p": value}).error == "States.Runtime"


def test_children_are_executions_that_see_nothing_of_their_parent() -> None:
    show = {"Type": "Pass", "Parameters": {"own.$": "$$.Execution.Input", "name.$": "$$.StateMachine.Name"}}
    state = distributed(show, Label="Label")
    execution = run(chain({"Type": "Pass", "Assign": {"v": 1}}, state), [1, 2])
    assert execution.output == [{"own": n, "name": "machine/Label"} for n in (1, 2)]
    assert [child.status for child in execution.children] == ["SUCCEEDED", "SUCCEEDED"]
    assert execution.children[0].events[0].type == "ExecutionStarted"
    blind = distributed({"Type": "Pass", "Parameters": {"v.$": "$v"}}, ToleratedFailureCount=0)
    failed = run(chain({"Type": "Pass", "Assign": {"v": 1}}, blind), [1])
    assert failed.children[0].error == "States.Runtime"


def test_objects_are_iterated_with_their_keys() -> None:
    selector = {"k.$": "$$.Map.Item.Key", "v.$": "$$.Map.Item.Value", "s.$": "$$.Map.Item.Source"}
    state = distributed({"Type": "Pass"}, ItemsPath="$.o", ItemSelector=selector)
    assert output(chain(state), {"o": {"a": 1, "b": 2}}) == [
        {"k": "a", "v": 1, "s": "STATE_DATA"},
        {"k": "b", "v": 2, "s": "STATE_DATA"},
    ]


def test_an_export_says_where_the_results_are() -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}
    execution = run(chain(distributed({"Type": "Pass"}, ResultWriter=writer)), [1])
    details = execution.output["ResultWriterDetails"]
    assert details["Bucket"] == "b"
    assert details["Key"].startswith("p/")
    assert details["Key"].endswith("/manifest.json")
    assert execution.calls[0].arguments["Body"][0]["Output"] == "1"
    failed = run(chain(distributed({"Type": "Pass"}, ResultWriter=writer)), [1], {"A.ResultWriter": {"error": "S3.X"}})
    assert failed.error == "S3.X"


@pytest.mark.parametrize(
    ("transformation", "expected"), [("COMPACT", [[1], [2, 3]]), ("FLATTEN", [1, 2, 3]), ("NONE", ["[1]", "[2,3]"])]
)
def test_results_are_transformed(transformation: str, expected: Any) -> None:
    writer = {"WriterConfig": {"OutputType": "JSON", "Transformation": transformation}}
    result = output(chain(distributed({"Type": "Pass"}, ResultWriter=writer)), [[1], [2, 3]])
    assert [item["Output"] for item in result] == expected if transformation == "NONE" else result == expected


def test_a_jsonata_map_reads_and_batches() -> None:
    reader = {
        "Resource": GET,
        "Arguments": {"Bucket": "{% $states.input.b %}", "Key": "k"},
        "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% 1 + 1 %}"},
    }
    batcher = {"MaxItemsPerBatch": "{% 2 %}", "BatchInput": {"b": "{% $states.input.b %}"}}
    processor = distributed(jsonata("Pass"))["ItemProcessor"]
    state = jsonata("Map", ItemReader=reader, ItemBatcher=batcher, ItemProcessor=processor)
    assert output(chain(state), {"b": "x"}, {"A.ItemReader": {"result": [1, 2, 3]}}) == [
        {"BatchInput": {"b": "x"}, "Items": [1, 2]}
    ]


def test_a_child_has_the_time_limit_of_its_type() -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    processor = {**chain({"Type": "Wait", "Seconds": 400}, names="I"), "ProcessorConfig": config}
    execution = run(chain({"Type": "Map", "ItemProcessor": processor, "ToleratedFailureCount": 1}), [1])
    assert (execution.output[0]["Status"], execution.duration) == ("TIMED_OUT", 300)
