"""Translates the distributed Map: a child DAG for its child executions, and what it takes to run them."""

from __future__ import annotations

from collections.abc import Iterator

from sfn2airflow.expressions.amounts import query_amount
from sfn2airflow.rules.distributed import DistributedRuns, ExpressRuns, ParquetReader
from sfn2airflow.translation.children import result_of
from sfn2airflow.translation.flows import Ids, Place, translate_machine
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.translation.queries import query_items
from sfn2airflow.translation.shaping import template, value
from sfn2airflow.translation.tasks import common_fields
from sfn_airflow_core.asl.model import Amount, Given, ItemReader, Json, Map, PathRef, Query
from sfn_airflow_core.dag.model import (
    ChildDag,
    ChoiceTask,
    DistributedMap,
    Flow,
    ParallelGroup,
    Reader,
    Shaping,
    StateTask,
)
from sfn_airflow_core.expr.model import Call, Expr, Literal, Object, Path, Root
from sfn_airflow_core.expr.read_jsonata import read_values
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.text import join

Options = tuple[tuple[str, Expr], ...]


def translate_distributed(state: Map, flow: Shaping, ids: Ids, ledger: Ledger, place: Place) -> DistributedMap:
    """A distributed Map as a group of three tasks, and the child DAG that they run."""
    task_id = ids.tasks[state.name]
    name, inner = ledger.child(task_id)
    made = translate_machine(state.processor, inner, Place(execution=True))
    title = f"One child execution of {state.name}; ``{ledger.dag_id}`` runs it."
    child = ChildDag(dag_id=inner.dag_id, name=name, title=title, flow=made, result=result_of(made))
    in_process = runs_in_process(made)
    _note(state, in_process, ledger)
    reader = _reader(state.item_reader, flow) if state.item_reader else None
    writer = state.result_writer
    exports = writer is not None and writer.resource is not None
    how = {
        "transformation": (writer.transformation if writer else None) or ("NONE" if exports else "COMPACT"),
        "output_type": (writer.output_type if writer else None) or "JSON",
    }
    usual = {"transformation": "COMPACT", "output_type": "JSON"}
    selector = template(state.item_selector)
    if flow.query and state.item_selector:
        selector = read_values(state.item_selector.value)
    return DistributedMap(
        **common_fields(state, ids, place),
        child=child,
        in_process=in_process,
        items=_items(state, flow),
        reader=reader,
        selector=selector,
        place=_place(reader),
        members=reader is None or "pointer" in dict(reader.options),
        batch=_batch(state, flow),
        options=_options(state, flow),
        export=_template(writer.arguments, flow) if writer and exports else None,
        how=tuple((key, text) for key, text in how.items() if text != usual[key]),
        shaping=flow,
    )


def runs_in_process(flow: Flow) -> bool:
    """Whether all tasks are functions that neither wait nor are mapped."""
    return all(
        isinstance(node, StateTask | ChoiceTask)
        or (isinstance(node, ParallelGroup) and all(map(runs_in_process, node.branches)))
        for node in flow.nodes
    )


def _note(state: Map, in_process: bool, ledger: Ledger) -> None:
    ledger.note(DistributedRuns(at=state.at, in_process=in_process))
    if state.execution_type == "EXPRESS":
        ledger.note(ExpressRuns(at=state.at))
    if state.item_reader and state.item_reader.input_type == "PARQUET":
        ledger.note(ParquetReader(at=join(state.at, "ItemReader")))
    ledger.permissions.update(_permissions(state))
    for at, written in placeholders_in(state):
        ledger.placeholders(written, at)


def _permissions(state: Map) -> Iterator[str]:
    """What the role has to be allowed in S3 so that items are read and results are written."""
    if reader := state.item_reader:
        lists = reader.resource.endswith(":listObjectsV2")
        if lists:
            yield "s3:ListBucket"
        if not lists or reader.transformation == "LOAD_AND_FLATTEN":
            yield "s3:GetObject"
    if state.result_writer and state.result_writer.resource:
        yield "s3:PutObject"


def placeholders_in(state: Map) -> Iterator[tuple[str, Json]]:
    """The values of a distributed Map in which placeholders may stand, besides those of every Map."""
    fields: dict[str, object] = {
        "MaxConcurrency": state.max_concurrency,
        "ToleratedFailureCount": state.tolerated_failure_count,
        "ToleratedFailurePercentage": state.tolerated_failure_percentage,
    }
    if reader := state.item_reader:
        fields |= {"ItemReader/Parameters": reader.arguments, "ItemReader/ReaderConfig/MaxItems": reader.max_items}
    if batcher := state.item_batcher:
        fields["ItemBatcher/MaxItemsPerBatch"] = batcher.max_items_per_batch
        fields["ItemBatcher/MaxInputBytesPerBatch"] = batcher.max_input_bytes_per_batch
        fields["ItemBatcher/BatchInput"] = batcher.batch_input
    if state.result_writer:
        fields["ResultWriter/Parameters"] = state.result_writer.arguments
    for key, found in fields.items():
        given = found.value if isinstance(found, Given) else found
        if given is not None and not isinstance(given, PathRef | Query):
            yield join(state.at, *key.split("/")), given  # type: ignore[misc]


def _template(given: Given | None, flow: Shaping) -> Expr:
    if given is None:
        return Literal({})
    return read_values(given.value) if flow.query else (template(given) or Literal({}))


def _amount(amount: Amount, flow: Shaping) -> Expr:
    return query_amount(amount, "number") if flow.query else value(amount)


def _items(state: Map, flow: Shaping) -> Expr:
    if flow.query:
        return query_items(state)
    return read_path(state.items.path) if isinstance(state.items, PathRef) else Path(Root(), text="$")


def _reader(reader: ItemReader, flow: Shaping) -> Reader:
    texts = {
        "manifest": reader.manifest_type,
        "input_type": reader.input_type,
        "header": reader.csv_header_location,
        "delimiter": reader.csv_delimiter if reader.csv_delimiter != "COMMA" else None,
        "pointer": reader.items_pointer,
    }
    options: dict[str, Expr] = {key: Literal(text) for key, text in texts.items() if text is not None}
    if reader.csv_headers:
        options["headers"] = Literal(list(reader.csv_headers))
    if reader.transformation == "LOAD_AND_FLATTEN":
        options["flatten"] = Literal(True)
    if reader.max_items is not None:
        options["most"] = _amount(reader.max_items, flow)
    return Reader(reader.resource.rpartition(":")[2], _template(reader.arguments, flow), tuple(options.items()))


def _batch(state: Map, flow: Shaping) -> Options | None:
    batcher = state.item_batcher
    if batcher is None:
        return None
    limits = {"most": batcher.max_items_per_batch, "size": batcher.max_input_bytes_per_batch}
    found = {key: _amount(limit, flow) for key, limit in limits.items() if limit is not None}
    if batcher.batch_input is not None:
        found["shared"] = _template(batcher.batch_input, flow)
    return tuple(found.items())


def _options(state: Map, flow: Shaping) -> Options:
    limits = {
        "concurrency": state.max_concurrency,
        "tolerated_count": state.tolerated_failure_count,
        "tolerated_percentage": state.tolerated_failure_percentage,
    }
    found = {key: _amount(limit, flow) for key, limit in limits.items() if limit is not None}
    if state.item_batcher is not None:
        found["batched"] = Literal(True)
    return tuple(found.items())


def _place(reader: Reader | None) -> Expr:
    """``$$.Map.Item.Source``: where the items come from."""
    if reader is None:
        return Literal("STATE_DATA")
    match reader.arguments:
        case Object(pairs):
            given = dict(pairs)
        case Literal(dict() as fixed):
            given = {key: Literal(part) for key, part in fixed.items()}
        case _:
            given = {}
    parts = [
        given.get("Bucket", Literal("")),
        *([] if reader.action == "listObjectsV2" else [given.get("Key", Literal(""))]),
    ]
    return Call("States.Format", (Literal("S3://" + "/".join("{}" for _ in parts)), *parts))
