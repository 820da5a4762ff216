"""The distributed Map of a generated DAG as a state: its reader, its batches, its child executions, its writer."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from airflow2sfn.generated.bodies import ARN, Handed, amount, keywords
from airflow2sfn.generated.checks import bound
from airflow2sfn.generated.groups import ITEM, Inside, item_names, items_of
from airflow2sfn.generated.states import Drafted
from airflow2sfn.generated.values import INPUT, RESULT, Scope, Unreadable, expression, key_of, value
from airflow2sfn.generated.world import Function, World, keyword, name_of
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Given, ItemBatcher, ItemReader, QueryFlow, ResultWriter


@dataclass(frozen=True, slots=True)
class _Items:
    """What the function says that makes the items."""

    items: Given | None = None
    reader: ItemReader | None = None
    selector: Given | None = None
    batcher: ItemBatcher | None = None
    writer: Given | None = None
    limits: dict[str, asl.Amount] = field(default_factory=dict)


def distributed(
    draft: Drafted,
    source: Function,
    retry: tuple[asl.Retrier, ...],
    handed: Handed,
    world: World,
    inside: Inside,
) -> asl.Map:
    """A distributed Map; raises Unreadable."""
    found = _source(source, world)
    child = _child(draft, world)
    return asl.Map(
        name=draft.name, comment=draft.comment, mode="DISTRIBUTED", execution_type="STANDARD", items=found.items,
        item_reader=found.reader, item_selector=found.selector, item_batcher=found.batcher,
        result_writer=_writer(draft, found.writer), max_concurrency=found.limits.get("concurrency"),
        tolerated_failure_count=found.limits.get("tolerated_count"),
        tolerated_failure_percentage=found.limits.get("tolerated_percentage"),
        processor=inside.machine(child.body, f"{draft.pointer}/ItemProcessor"), retry=retry, catch=draft.catch,
        next=draft.next, flow=QueryFlow(None, handed.given(RESULT), handed.assign),
    )  # fmt: skip


def _child(draft: Drafted, world: World) -> Function:
    """The DAG that is run for each item, or batch."""
    for node in draft.body.body:
        match node:
            case ast.Assign(value=ast.Call(func=ast.Name(id="child_runs"), args=[_, ast.Name(id=name), *_])) if (
                name in world.dags
            ):
                return world.dags[name]
    raise Unreadable("the child executions of a Map", draft.body)


def _writer(draft: Drafted, exported: Given | None) -> ResultWriter | None:
    """ResultWriter: where results go, and how they are written."""
    how: dict[str, str] = {}
    for node in draft.body.body:
        match node:
            case ast.FunctionDef(decorator_list=[ast.Call(keywords=given) as call, *_]) if (
                name_of(call) == "run_results"
            ):
                how = {one.arg or "": key_of(one.value) for one in given if one.arg != "items"}
    if exported is None and not how:
        return None
    resource = None if exported is None else f"{ARN}s3:putObject"
    if exported is not None and how.get("transformation") == "NONE":  # as it is then without
        del how["transformation"]
    return ResultWriter(resource, exported, how.get("output_type"), how.get("transformation"))


def _source(function: Function, world: World) -> _Items:
    """The parts of the function that ends with ``return map_run(batches(…), concurrency=…)``."""
    scope = world.scope(function, INPUT)
    rows: ast.expr | None = None
    for statement in function.body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign(targets=[ast.Name(id="source")]):
                scope = scope.within(source=ITEM["source"])
            case ast.Assign(targets=[ast.Name(id="rows")], value=made):
                rows = made
            case ast.Assign(targets=[ast.Name(id=name)], value=made):
                scope = scope.within(**{name: bound(made, scope, expression)})
            case ast.Return(value=ast.Call(func=ast.Name(id="map_run"), args=[items], keywords=given)):
                return _run(items, given, rows, scope)
            case _:
                raise Unreadable("a statement over items", statement)
    raise Unreadable("a Map without items", function)


def _run(items: ast.expr, given: list[ast.keyword], rows: ast.expr | None, scope: Scope) -> _Items:
    batcher = writer = None
    limits: dict[str, asl.Amount] = {}
    for one in given:
        match one:
            case ast.keyword(arg="batched"):
                continue
            case ast.keyword(arg="export", value=ast.Call() as call):
                writer = Given(keywords(call, scope))
            case ast.keyword(arg=("concurrency" | "tolerated_count" | "tolerated_percentage") as name, value=made):
                limits[name] = amount(made, scope)
            case _:
                raise Unreadable(f"{one.arg} of a Map", one.value)
    match items:
        case ast.Call(func=ast.Name(id="batches"), args=[inner], keywords=options):
            items, batcher = inner, _batcher(options, scope)
    return replace(_selected(items, rows, scope), batcher=batcher, writer=writer, limits=limits)


def _batcher(options: list[ast.keyword], scope: Scope) -> ItemBatcher:
    most, size, shared = (keyword(options, name) for name in ("most", "size", "shared"))
    return ItemBatcher(
        None if most is None else amount(most, scope),
        None if size is None else amount(size, scope),
        None if shared is None else Given(value(shared, scope)),
    )


def _selected(items: ast.expr, rows: ast.expr | None, scope: Scope) -> _Items:
    """Items with ItemSelector, where a generator makes something of each row."""
    match items:
        case ast.GeneratorExp(elt=element, generators=[ast.comprehension(target=target, iter=over, ifs=[])]):
            _, names = item_names(target, over)
            if rows is None:
                raise Unreadable("the items of a Map", items)
            return replace(_read(rows, scope), selector=Given(value(element, scope.within(**names))))
        case _:
            return _read(items, scope)


def _read(node: ast.expr, scope: Scope) -> _Items:
    """Where items come from: the document, or an object of S3."""
    match node:
        case ast.Call(func=ast.Name(id="entries"), args=[listed]):
            return _Items(items=items_of(listed, scope))
        case ast.Call(func=ast.Name(id="item_values" | "item_pairs"), args=[inner]):
            return _read(inner, scope)
        case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="queryable"), inner]):
            return _read(inner, scope)
        case ast.Call(
            func=ast.Name(id="s3_items"), args=[ast.Constant(value=str(action)), arguments], keywords=options
        ):
            return _Items(reader=_reader(action, arguments, options, scope))
        case _:
            raise Unreadable("the items of a Map", node)


_OPTIONS = {
    "manifest": "manifest_type", "input_type": "input_type", "header": "csv_header_location",
    "delimiter": "csv_delimiter", "pointer": "items_pointer",
}  # fmt: skip


def _reader(action: str, arguments: ast.expr, options: list[ast.keyword], scope: Scope) -> ItemReader:
    found = ItemReader(f"{ARN}s3:{action}", Given(value(arguments, scope)))
    for one in options:
        match one:
            case ast.keyword(arg=str(name), value=given) if name in _OPTIONS:
                found = replace(found, **{_OPTIONS[name]: key_of(given, scope)})  # type: ignore[arg-type]
            case ast.keyword(arg="headers", value=ast.List(elts=names)):
                found = replace(found, csv_headers=tuple(map(key_of, names)))
            case ast.keyword(arg="flatten"):
                found = replace(found, transformation="LOAD_AND_FLATTEN")
            case ast.keyword(arg="most", value=given):
                found = replace(found, max_items=amount(given, scope))
            case _:
                raise Unreadable(f"{one.arg} of what reads items", one.value)
    return found
