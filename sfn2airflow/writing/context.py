"""Asks for the context object once in a function that reads it several times: ``context = context_object()``."""

from __future__ import annotations

import libcst as cst

from sfn2airflow.phrases import call, name
from sfn2airflow.statements import assign

_CALLED = "context_object"
_KEPT = "context"


def ask_once(module: cst.Module) -> cst.Module:
    """The module with a variable in each function that calls ``context_object()`` more than once."""
    found = _Calls()
    module.visit(found)
    several = {node for node, count in found.counts.items() if count > 1 and node not in found.taken}
    return module.visit(_Once(several)) if several else module


def _asks(node: cst.Call) -> bool:
    return isinstance(node.func, cst.Name) and node.func.value == _CALLED


class _Calls(cst.CSTVisitor):
    """Counts the calls in each function, those in functions inside it apart."""

    def __init__(self) -> None:
        self.counts: dict[cst.FunctionDef, int] = {}
        self.taken: set[cst.FunctionDef] = set()
        self.around: list[cst.FunctionDef] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.around.append(node)

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.around.pop()

    def visit_Call(self, node: cst.Call) -> None:
        if self.around and _asks(node):
            self.counts[self.around[-1]] = self.counts.get(self.around[-1], 0) + 1

    def visit_Name(self, node: cst.Name) -> None:
        if self.around and node.value == _KEPT:
            self.taken.add(self.around[-1])


class _Once(cst.CSTTransformer):
    """Puts the variable at the top of the functions, and in the place of the calls in them."""

    def __init__(self, several: set[cst.FunctionDef]) -> None:
        self.several = several
        self.around: list[bool] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.around.append(node in self.several)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        if not self.around.pop():
            return updated_node
        statements = [*updated_node.body.body]
        behind = 1 if updated_node.get_docstring() is not None else 0
        statements.insert(behind, assign(_KEPT, call(_CALLED)))
        return updated_node.with_changes(body=updated_node.body.with_changes(body=statements))

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        return name(_KEPT) if self.around and self.around[-1] and _asks(original_node) else updated_node
