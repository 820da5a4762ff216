"""Writes the distributed Map: the items, the runs of the child DAG, and the results."""

from __future__ import annotations

import libcst as cst

from sfn2airflow.phrases import call, name, string
from sfn2airflow.statements import assign, blank, function, returns
from sfn2airflow.writing.bodies import Statements, arguments, effective, select
from sfn2airflow.writing.children import write_child
from sfn2airflow.writing.sheet import Sheet
from sfn2airflow.writing.tasks import heading, names_in
from sfn_airflow_core.dag.model import DistributedMap, Reader, Shaping
from sfn_airflow_core.expr.model import Expr


def write_distributed(node: DistributedMap, sheet: Sheet) -> cst.FunctionDef:
    """The group of a distributed Map; its child DAG goes to the sheet."""
    write_child(node.child, sheet)
    keywords: dict[str, cst.BaseExpression] = {"in_process": name("True")} if node.in_process else {}
    title = string(node.display_name)
    runs = call(sheet.use("child_runs"), title, name(f"{node.child.name}_dag"), name("items"), **keywords)
    how = {key: string(text) for key, text in node.how}
    body = select(node.shaping, sheet, "outputs")
    ends = call(sheet.use("run_results"), title, name("runs"), items=name("items"), **how)
    output = function("output", sheet.parameters("data", "outputs"), body, [ends, *sheet.marks()])
    statements = [_source(node, sheet), assign("runs", runs, [blank()]), output]
    group = call(sheet.use("group"), title)
    return function(node.task_id, [], statements, [group], heading(node), node.comment)


def _source(node: DistributedMap, sheet: Sheet) -> cst.FunctionDef:
    """The task that reads the items: ``return map_run(batches(…), concurrency=…)``."""
    before, source = effective(Shaping(node.shaping.input_path), sheet)
    options = {key: sheet.code(expr, source) for key, expr in node.options}
    body: Statements = [*before]
    items = _read(node.reader, source, sheet) if node.reader else _own(node.items, source, sheet)
    if node.selector is not None:
        element = sheet.code(node.selector, source, item="item", index="index", key="key", place="source")
        if "source" in names_in(element):
            body.append(assign("source", sheet.code(node.place, source)))
        if node.shaping.query and node.reader is not None:  # what is in the document is queryable already
            items = call(name("map"), sheet.use("queryable"), items)
        body.append(assign("rows", _members(items, element, sheet) if node.members else items))
        items = _selected(element, name("rows"))
    if node.batch is not None:
        limits = {key: sheet.code(expr, source) for key, expr in node.batch}
        items = call(sheet.use("batches"), items, **limits)
    if node.export is not None:
        positional, keywords = arguments(node.export, source, sheet)
        options["export"] = call(sheet.use("export"), *positional, **keywords)
    body.append(returns(call(sheet.use("map_run"), items, **options)))
    decorator = call(sheet.use("item_source"), string(node.display_name))
    return function("items", sheet.parameters("data"), body, [decorator, *sheet.marks()])


def _own(items: Expr, source: str, sheet: Sheet) -> cst.BaseExpression:
    return call(sheet.use("entries"), sheet.code(items, source))


def _read(reader: Reader, source: str, sheet: Sheet) -> cst.BaseExpression:
    options = {key: sheet.code(expr, source) for key, expr in reader.options}
    return call(sheet.use("s3_items"), string(reader.action), sheet.code(reader.arguments, source), **options)


def _members(items: cst.BaseExpression, element: cst.BaseExpression, sheet: Sheet) -> cst.BaseExpression:
    """Items that may be members of an object, as what ItemSelector reads of them: values, or keys and values."""
    return call(sheet.use("item_pairs" if "key" in names_in(element) else "item_values"), items)


def _selected(element: cst.BaseExpression, items: cst.BaseExpression) -> cst.BaseExpression:
    """What ItemSelector makes of each item, one after the other."""
    used = names_in(element)
    target: cst.BaseAssignTargetExpression = name("item" if "item" in used else "_")
    if "key" in used:
        inner = (cst.Element(value=name("key")), cst.Element(value=target))
        target = cst.Tuple(elements=inner) if "index" in used else cst.Tuple(elements=inner, lpar=(), rpar=())
    if "index" in used:
        pair = (cst.Element(value=name("index")), cst.Element(value=target))
        target, items = cst.Tuple(elements=pair, lpar=(), rpar=()), call(name("enumerate"), items)
    return cst.GeneratorExp(elt=element, for_in=cst.CompFor(target=target, iter=items))
