"""The distributed Map of a generated DAG as a state: its reader, its batches, its child executions, its writer."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from airflow2sfn.generated.groups import Inside, Items, item_names, processor
from airflow2sfn.generated.language import Names
from airflow2sfn.generated.requests import ARN, keywords
from airflow2sfn.generated.states import Drafted
from airflow2sfn.generated.values import Scope, Unreadable, key_of
from airflow2sfn.generated.world import Function, World, keyword, name_of
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Given, ItemBatcher, ItemReader, Json, ResultWriter


@dataclass(frozen=True, slots=True)
class _Items:
    """What the function says that makes the items."""

    items: Items = None
    reader: ItemReader | None = None
    selector: Given | None = None
    batcher: ItemBatcher | None = None
    writer: Given | None = None
    limits: dict[str, asl.Amount] = field(default_factory=dict)


def distributed(
    draft: Drafted,
    source: Function,
    retry: tuple[asl.Retrier, ...],
    handed: asl.Flow,
    world: World,
    inside: Inside,
) -> asl.Map:
    """A distributed Map; raises Unreadable."""
    before = world.language.prepared(source, world, "source", "rows")
    found = _Source(before.names, world, before.others.get("rows")).run(source)
    child = _child(draft, world)
    return asl.Map(
        name=draft.name, comment=draft.comment, mode="DISTRIBUTED", execution_type="STANDARD", items=found.items,
        item_reader=found.reader, item_selector=found.selector, item_batcher=found.batcher,
        result_writer=_writer(draft, found.writer), max_concurrency=found.limits.get("concurrency"),
        tolerated_failure_count=found.limits.get("tolerated_count"),
        tolerated_failure_percentage=found.limits.get("tolerated_percentage"),
        processor=processor(child.body, draft, inside), retry=retry, catch=draft.catch,
        next=draft.next, flow=world.language.together(before.flow, handed),
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


_OPTIONS = {
    "manifest": "manifest_type", "input_type": "input_type", "header": "csv_header_location",
    "delimiter": "csv_delimiter", "pointer": "items_pointer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Source:
    """Reads ``return map_run(batches(…), concurrency=…)``; ``rows`` are the items that a generator goes through."""

    names: Names
    world: World
    rows: ast.expr | None

    def run(self, function: Function) -> _Items:
        """The parts of the call; raises Unreadable."""
        match function.body[-1]:
            case ast.Return(value=ast.Call(func=ast.Name(id="map_run"), args=[items], keywords=given)):
                pass
            case other:
                raise Unreadable("a Map without items", other)
        batcher = writer = None
        limits: dict[str, asl.Amount] = {}
        for one in given:
            match one:
                case ast.keyword(arg="batched"):
                    continue
                case ast.keyword(arg="export", value=ast.Call() as call):
                    writer = Given(self._arguments(call))
                case ast.keyword(arg=("concurrency" | "tolerated_count" | "tolerated_percentage") as name, value=made):
                    limits[name] = self._amount(made)
                case _:
                    raise Unreadable(f"{one.arg} of a Map", one.value)
        match items:
            case ast.Call(func=ast.Name(id="batches"), args=[inner], keywords=options):
                items, batcher = inner, self._batcher(options)
        return replace(self._selected(items), batcher=batcher, writer=writer, limits=limits)

    def _amount(self, node: ast.expr) -> asl.Amount:
        return self.world.language.amount(node, self.names)

    def _template(self, node: ast.expr) -> Json:
        return self.world.language.template(node, self.names)

    def _arguments(self, call: ast.Call) -> Json:
        given = keywords(call)
        if isinstance(given, ast.expr):
            return self._template(given)
        keys: list[ast.expr | None] = [ast.Constant(name) for name in given]
        return self._template(ast.Dict(keys, [*given.values()]))

    def _batcher(self, options: list[ast.keyword]) -> ItemBatcher:
        most, size, shared = (keyword(options, name) for name in ("most", "size", "shared"))
        return ItemBatcher(
            None if most is None else self._amount(most),
            None if size is None else self._amount(size),
            None if shared is None else Given(self._template(shared)),
        )

    def _selected(self, items: ast.expr) -> _Items:
        """Items with ItemSelector, where a generator makes something of each row."""
        match items:
            case ast.GeneratorExp(elt=element, generators=[ast.comprehension(target=target, iter=over, ifs=[])]):
                _, parts = item_names(target, over)
                if self.rows is None:
                    raise Unreadable("the items of a Map", items)
                names = self.world.language.around(self.names, parts)
                return replace(self._read(self.rows), selector=Given(self.world.language.template(element, names)))
            case _:
                return self._read(items)

    def _read(self, node: ast.expr) -> _Items:
        """Where items come from: the document, or an object of S3."""
        match node:
            case ast.Call(func=ast.Name(id="entries"), args=[listed]):
                return _Items(items=self.world.language.items(listed, self.names))
            case ast.Call(func=ast.Name(id="item_values" | "item_pairs"), args=[inner]):
                return self._read(inner)
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="queryable"), inner]):
                return self._read(inner)
            case ast.Call(
                func=ast.Name(id="s3_items"), args=[ast.Constant(value=str(action)), arguments], keywords=options
            ):
                return _Items(reader=self._reader(action, arguments, options))
            case _:
                raise Unreadable("the items of a Map", node)

    def _reader(self, action: str, arguments: ast.expr, options: list[ast.keyword]) -> ItemReader:
        found = ItemReader(f"{ARN}s3:{action}", Given(self._template(arguments)))
        for one in options:
            match one:
                case ast.keyword(arg=str(name), value=given) if name in _OPTIONS:
                    text = key_of(given, Scope({}, self.world.settings))
                    found = replace(found, **{_OPTIONS[name]: text})  # type: ignore[arg-type]
                case ast.keyword(arg="headers", value=ast.List(elts=names)):
                    found = replace(found, csv_headers=tuple(map(key_of, names)))
                case ast.keyword(arg="flatten"):
                    found = replace(found, transformation="LOAD_AND_FLATTEN")
                case ast.keyword(arg="most", value=given):
                    found = replace(found, max_items=self._amount(given))
                case _:
                    raise Unreadable(f"{one.arg} of what reads items", one.value)
        return found
