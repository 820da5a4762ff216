"""Defaults of parameters that a loop of the module gives: ``lambda name=name: load(name)``."""

from __future__ import annotations

import libcst as cst

from airflow2sfn.packaging.literals import Unwritable, literal
from airflow2sfn.packaging.parts import Function, Import, ModuleParts
from airflow2sfn.packaging.text import code
from airflow2sfn.source import Known, PythonCallable


def with_loop_values(
    found: Function, function: PythonCallable, module: ModuleParts
) -> tuple[cst.FunctionDef | cst.Lambda, set[Import]]:
    """A function with the values of this round of the loop as defaults, and the imports that these need.

    Other defaults stay as they are written: what they name is taken along.
    """
    values = {each.name: each.default.value for each in function.parameters if isinstance(each.default, Known)}
    imports: set[Import] = set()
    texts: dict[cst.Param, str] = {}
    given = found.node.params
    for part in (*given.posonly_params, *given.params, *given.kwonly_params):
        if part.default is None or part.name.value not in values or not _of_loop(part.default, module):
            continue
        try:
            texts[part], needed = literal(values[part.name.value])
        except Unwritable:
            continue  # the name of the loop stays, which is a problem that is reported
        imports |= needed
    changed = found.node.visit(_Defaults(texts)) if texts else found.node
    assert isinstance(changed, cst.FunctionDef | cst.Lambda)
    return changed, imports


class _Defaults(cst.CSTTransformer):
    def __init__(self, texts: dict[cst.Param, str]):
        super().__init__()
        self.texts = texts

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        text = self.texts.get(original_node)
        return updated_node if text is None else updated_node.with_changes(default=cst.parse_expression(text))


def _of_loop(default: cst.BaseExpression, module: ModuleParts) -> bool:
    """Whether a default names what a loop of the module binds."""
    name = code(default).partition(".")[0].partition("[")[0].strip()
    return any(part.text.startswith(("for ", "while ")) for part in module.parts.by_name.get(name, ()))
