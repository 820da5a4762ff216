"""The Map state, inline and distributed (Developer Guide, Map state; section 10 of the project's reference)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sfn_airflow_core.asl.model import Given, ItemBatcher, ItemReader, Machine, Map, PathRef, ResultWriter
from sfn_airflow_core.asl.read_errors import catchers, retriers
from sfn_airflow_core.asl.read_fields import Fields, as_text, is_open, query_of
from sfn_airflow_core.asl.read_values import amount, check_values, path, template
from sfn_airflow_core.text import join

if TYPE_CHECKING:
    from sfn_airflow_core.asl.read import Scope
    from sfn_airflow_core.asl.read_states import Head

_LABEL = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff]{1,40}\Z")
_DISTRIBUTED: Final = (
    "Label",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
)
_INPUT_TYPES: Final = ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")
_DELIMITERS: Final = ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")
LARGEST_BATCH: Final = 262_144
LARGEST_COUNT: Final = 2**63 - 1


def read_map(fields: Fields, head: Head, scope: Scope) -> Map:
    """A Map state, its processor included."""
    from sfn_airflow_core.asl.read_states import following

    processor, mode, execution_type = _processor(fields, scope)
    if mode != "DISTRIBUTED":
        for name in _DISTRIBUTED:
            if name in fields:
                message = f"The field '{name}' has a meaning only with the mode DISTRIBUTED"
                fields.notes.warn(fields.where(name), message, on_key=True)
    elif scope.express:
        fields.error("ItemProcessor", "Express state machine does not support Map states of the mode 'DISTRIBUTED'")
    return Map(
        name=head.name,
        comment=head.comment,
        flow=head.flow,
        at=head.at,
        next=following(fields),
        processor=processor,
        mode=mode,
        execution_type=execution_type,
        items=_items(fields),
        item_selector=_selector(fields),
        max_concurrency=amount(fields, "MaxConcurrency", 0, LARGEST_COUNT),
        label=_label(fields),
        item_reader=_item_reader(fields),
        item_batcher=_item_batcher(fields),
        result_writer=_result_writer(fields),
        tolerated_failure_count=amount(fields, "ToleratedFailureCount", 0, LARGEST_COUNT),
        tolerated_failure_percentage=amount(fields, "ToleratedFailurePercentage", 0, 100, fraction=True),
        retry=retriers(fields),
        catch=catchers(fields),
    )


def _processor(fields: Fields, scope: Scope) -> tuple[Machine, str, str | None]:
    """``ItemProcessor`` or its older name ``Iterator``, with ``ProcessorConfig``."""
    names = [name for name in ("ItemProcessor", "Iterator") if name in fields]
    if not names:
        fields.notes.error(fields.at, "These fields are required: [ItemProcessor]")
        return Machine("", {}), "INLINE", None
    fields.only_one(*names)
    for name in names[1:]:
        fields.take(name)
    inside = fields.members(names[0])
    if inside is None:
        return Machine("", {}), "INLINE", None
    mode, execution_type = "INLINE", None
    if (config := inside.members("ProcessorConfig")) is not None:
        mode = config.choice("Mode", ("INLINE", "DISTRIBUTED")) or "INLINE"
        execution_type = config.choice("ExecutionType", ("STANDARD", "EXPRESS"))
        config.close()
    child = scope.distributed(execution_type == "EXPRESS") if mode == "DISTRIBUTED" else scope
    return child.machine(inside, ("ProcessorConfig",)), mode, execution_type


def _items(fields: Fields) -> PathRef | Given | None:
    if fields.language == "JSONPath":
        if "ItemsPath" in fields and fields.value["ItemsPath"] is None:
            fields.error("ItemsPath", "The field 'ItemsPath' must be a string")
            fields.take("ItemsPath")
            return None
        return path(fields, "ItemsPath", reference=True)
    found = fields.given("Items")
    if found is None:
        return None
    value = as_text(found.value)
    if not (isinstance(value, list | dict) or (isinstance(value, str) and (query_of(value) or is_open(value)))):
        fields.error("Items", "The field 'Items' must be an array, an object or a JSONata expression in '{% %}'")
    check_values(found.value, fields.where("Items"), fields)
    return found


def _selector(fields: Fields) -> Given | None:
    """``ItemSelector``; in JSONPath also its deprecated name ``Parameters``."""
    if fields.language == "JSONata":
        return template(fields, "ItemSelector")
    fields.only_one("ItemSelector", "Parameters")
    selector, parameters = template(fields, "ItemSelector"), template(fields, "Parameters")
    return selector if selector is not None else parameters


def _label(fields: Fields) -> str | None:
    label = fields.text("Label")
    if label is not None and not is_open(label) and not _LABEL.match(label):
        message = 'A label has 1 to 40 characters, no white space and none of <>{}[]?*"#%\\^|~`$&,;:/'
        fields.error("Label", message, "INVALID_LABEL_NAME")
    return label


def _arguments(fields: Fields) -> Given | None:
    """``Parameters`` (JSONPath) or ``Arguments`` (JSONata) of a reader or writer."""
    if fields.language == "JSONata":
        fields.forbid(["Parameters"], "with the query language JSONata; use 'Arguments'")
        return template(fields, "Arguments")
    fields.forbid(["Arguments"], "with the query language JSONPath; use 'Parameters'")
    return template(fields, "Parameters")


def _item_reader(fields: Fields) -> ItemReader | None:
    inside = fields.members("ItemReader")
    if inside is None:
        return None
    inside.require("Resource")
    resource, arguments = inside.text("Resource") or "", _arguments(inside)
    config = inside.members("ReaderConfig") or Fields({}, inside.where("ReaderConfig"), fields.notes, fields.language)
    if config.language == "JSONata":
        config.forbid(["MaxItemsPath"], "with the query language JSONata")
    found = ItemReader(
        resource=resource,
        arguments=arguments,
        input_type=config.choice("InputType", _INPUT_TYPES),
        csv_header_location=config.choice("CSVHeaderLocation", ("FIRST_ROW", "GIVEN")),
        csv_headers=_headers(config),
        csv_delimiter=config.choice("CSVDelimiter", _DELIMITERS),
        max_items=amount(config, "MaxItems", 0, LARGEST_COUNT),
        items_pointer=config.text("ItemsPointer"),
        manifest_type=config.choice("ManifestType", ("S3_INVENTORY", "ATHENA_DATA")),
        transformation=config.choice("Transformation", ("NONE", "LOAD_AND_FLATTEN")),
        at=inside.at,
    )
    config.close()
    inside.take("Comment")
    inside.close()
    return found


def _headers(config: Fields) -> tuple[str, ...]:
    value = config.take("CSVHeaders")
    if value is None and "CSVHeaders" not in config:
        return ()
    if not isinstance(value, list):
        config.error("CSVHeaders", "The field 'CSVHeaders' must be an array of strings")
        return ()
    names: list[str] = []
    for index, name in enumerate(map(as_text, value)):
        if isinstance(name, str):
            names.append(name)
        else:
            config.notes.error(join(config.where("CSVHeaders"), index), "The names in 'CSVHeaders' must be strings")
    return tuple(names)


def _item_batcher(fields: Fields) -> ItemBatcher | None:
    inside = fields.members("ItemBatcher")
    if inside is None:
        return None
    limits = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    paths = () if inside.language == "JSONata" else tuple(f"{name}Path" for name in limits)
    if inside.language == "JSONata":
        inside.forbid([f"{name}Path" for name in limits], "with the query language JSONata")
    if not any(name in inside for name in (*limits, *paths)):
        inside.notes.error(inside.at, f"One of these fields is required: [{', '.join(limits)}]")
    found = ItemBatcher(
        amount(inside, "MaxItemsPerBatch", 1, LARGEST_COUNT),
        amount(inside, "MaxInputBytesPerBatch", 1, LARGEST_BATCH),
        template(inside, "BatchInput"),
        inside.at,
    )
    inside.take("Comment")
    inside.close()
    return found


def _result_writer(fields: Fields) -> ResultWriter | None:
    inside = fields.members("ResultWriter")
    if inside is None:
        return None
    if not inside.value:
        fields.error("ResultWriter", f"Value cannot be empty at {fields.where('ResultWriter')}")
    resource, arguments = inside.text("Resource"), _arguments(inside)
    config = inside.members("WriterConfig") or Fields({}, inside.where("WriterConfig"), fields.notes, fields.language)
    found = ResultWriter(
        resource,
        arguments,
        config.choice("OutputType", ("JSON", "JSONL")),
        config.choice("Transformation", ("NONE", "COMPACT", "FLATTEN")),
        inside.at,
    )
    config.close()
    inside.take("Comment")
    inside.close()
    return found
