"""Writes a DAG as the source of a DAG file: docstring, imports, constants, data functions, the DAG, its call."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import libcst as cst

from sfn2airflow.expressions.scope import DATA_NAMES, QUERY_NAMES
from sfn2airflow.options import Options
from sfn2airflow.phrases import call, literal, name, string
from sfn2airflow.rules.queries import ENGINE
from sfn2airflow.statements import assign, blank, docstring, does, function, imports, line, printable, returns
from sfn2airflow.writing.children import result
from sfn2airflow.writing.context import ask_once
from sfn2airflow.writing.retriers import share_retriers
from sfn2airflow.writing.sheet import Sheet
from sfn2airflow.writing.tasks import write_flow
from sfn_airflow_core.dag.model import Constant, Dag
from sfn_airflow_core.dag.names import Names, slug

_OWN = (
    "CHILD activity airflow approval as_state asl_runtime assigned assumed_role aws batches callback catch chain "
    "child_dag child_runs choice concurrency context_object dag data each effective ends enter entries entry "
    "error export group http_invoke index invoke item item_pairs item_source item_values items job keep_items "
    "leave loop map_item map_run no_match outcome output outputs pendulum polling result results retry rows "
    "run_results runs s3_items seconds state task task_group task_token time_limit timedelta until variables wait "
    "whole_context"
)
RESERVED = DATA_NAMES | frozenset(_OWN.split())
"""Names that generated files use for themselves; no task gets one of them."""

_WIDTH = 110


def write(dag: Dag, options: Options, constants: Mapping[str, str]) -> str:
    """The source of the DAG file, not yet formatted; ``constants`` maps open placeholders to names of constants."""
    made_by = Names(RESERVED).take(slug(dag.dag_id, "machine"), suffix="dag")
    taken = Names((*RESERVED, *QUERY_NAMES, dag.dag_id, made_by, *constants.values()))
    sheet = Sheet(constants, taken, variables=dag.variables)
    retriers = share_retriers(dag.flow, sheet)
    body = write_flow(dag.flow, sheet)
    if dag.result:
        body.append(returns(result(dag, sheet)))
    decorator = call(sheet.airflow("dag"), **_dag_arguments(dag, sheet))
    definition = function(made_by, [], body, [decorator])
    settings = [_setting(constant, sheet) for constant in dag.constants]
    runtime = "asl_runtime" if options.runtime == "copied" else "sfn2airflow.runtime"
    sheet.imports.setdefault(runtime, set()).update(sheet.runtime)
    module = cst.Module(
        body=(
            docstring(_docstring(dag, sheet)),
            imports("__future__", ["annotations"]).with_changes(leading_lines=(blank(),)),
            *_imports(sheet),
            *settings,
            *retriers,
            *sheet.helpers.values(),
            *sheet.children,
            definition,
            does(call(name(made_by)), [blank(), blank()]),
        )
    )
    return (ask_once(module) if "context_object" in sheet.runtime else module).code


def _dag_arguments(dag: Dag, sheet: Sheet) -> dict[str, cst.BaseExpression]:
    start = call(
        cst.Attribute(value=name("pendulum"), attr=name("datetime")), *map(literal, (2024, 1, 1)), tz=string("UTC")
    )
    arguments: dict[str, cst.BaseExpression] = {
        "dag_id": string(dag.dag_id),
        "schedule": name("None"),
        "start_date": start,
        "catchup": name("False"),
        "doc_md": name("__doc__"),
    }
    if isinstance(dag.timeout, int):
        arguments["dagrun_timeout"] = call(sheet.take("datetime", "timedelta"), seconds=literal(dag.timeout))
    if dag.params:
        param = sheet.airflow("Param")
        elements = [
            cst.DictElement(
                key=string(found.name), value=call(param, name("None"), description=string(found.description))
            )
            for found in dag.params
        ]
        arguments["params"] = cst.Dict(elements=tuple(elements))
    return arguments


def _setting(constant: Constant, sheet: Sheet) -> cst.SimpleStatementLine:
    return assign(constant.name, call(sheet.use("Setting"), string(constant.placeholder)))


def _imports(sheet: Sheet) -> list[cst.SimpleStatementLine]:
    """Standard library, then the others, each sorted; the runtime last, as a block of its own."""
    standard = [imports(module, sheet.imports[module]) for module in sorted(sheet.imports) if module == "datetime"]
    pendulum = line(cst.Import(names=(cst.ImportAlias(name=cst.Name("pendulum")),)))
    others = [
        imports(module, sheet.imports[module]) for module in sorted(sheet.imports) if module.startswith("airflow")
    ]
    runtime = [
        imports(module, sheet.imports[module])
        for module in ("asl_runtime", "sfn2airflow.runtime")
        if sheet.imports.get(module)
    ]
    blocks = [standard, [pendulum, *others], runtime]
    return [
        statement.with_changes(leading_lines=(blank(),)) if place == 0 else statement
        for block_ in blocks
        for place, statement in enumerate(block_)
    ]


def _docstring(dag: Dag, sheet: Sheet) -> str:
    """What the file is, where it comes from, and what must exist before the first run."""
    title = dag.comment.strip() or f"{dag.dag_id}: a state machine as a DAG."
    states = f"{dag.states} state{'s' * (dag.states != 1)}"
    findings = f"{dag.findings} finding{'s' * (dag.findings != 1)}"
    lines = [
        *_folded(title if title.endswith((".", "!", "?")) else f"{title}."),
        "",
        f"Translated from ``{printable(dag.source)}`` by sfn2airflow: {states}, {findings}.",
        "Regenerating overwrites this file.",
        "",
        "A state is a function from the document it receives to the document it hands on; documents travel along the",
        "edges drawn at the end.",
    ]
    needs: list[str] = []
    if dag.permissions:
        needs += _wrapped("connection ``aws_default`` may call ", dag.permissions)
    if dag.constants:
        needs += _wrapped("Airflow Variables exist: ", [constant.placeholder for constant in dag.constants])
    if "query" in sheet.runtime:
        needs.append(f"  - the environment has the package ``{ENGINE}`` (for what JSONata has no plain Python)")
    if sheet.waits:
        needs.append("  - the triggerer runs (tasks wait there without holding a worker)")
    return "\n".join([*lines, *(["", "Before the first run:", *needs] if needs else []), ""])


def _folded(text: str) -> list[str]:
    """The lines of a text, those wrapped that would be longer than 120 characters behind the quotes."""
    folded: list[str] = []
    for whole in text.split("\n"):
        folded += [whole] if len(whole) <= 117 else textwrap.wrap(whole, _WIDTH, break_long_words=False)
    return folded


def _wrapped(lead: str, names: list[str] | tuple[str, ...]) -> list[str]:
    """A list item that names things, wrapped."""
    text = lead + ", ".join(names)
    return textwrap.wrap(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ", break_long_words=False)
