"""Text of single definitions: at the left margin, with their comments, without annotations that cannot be kept."""

from __future__ import annotations

import re
from functools import lru_cache
from textwrap import dedent

import libcst as cst

_EMPTY = cst.Module([])


def code(node: cst.CSTNode) -> str:
    """The text of a node as it stands."""
    return _EMPTY.code_for_node(node)


def names_any(text: str, hidden: frozenset[str]) -> bool:
    """Whether a text has one of some names as a word."""
    return bool(hidden) and bool(_words(hidden).search(text))


@lru_cache(maxsize=128)
def _words(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b")


def dedented(node: cst.CSTNode) -> str:
    """The text of a statement as if it stood at the left margin of a module, with the comments right above it."""
    made = _own_comments(node)
    if isinstance(made, cst.FunctionDef | cst.ClassDef):
        made = _docstring(made)
    return code(made).rstrip() + "\n"


def _docstring(node: cst.FunctionDef | cst.ClassDef) -> cst.CSTNode:
    """A definition whose docstring has the indentation of its new place; Python strips it from the text anyway."""
    match node.body:
        case cst.IndentedBlock(
            body=[cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString(value=text) as string)]), *_]
        ) if "\n" in text and "\\" not in text:
            first, _, rest = text.partition("\n")
            lines = dedent(rest).split("\n")
            moved = "\n".join(f"    {line}" if line.strip() else "" for line in lines)
            return node.deep_replace(string, string.with_changes(value=f"{first}\n{moved}"))
    return node


def _own_comments(node: cst.CSTNode) -> cst.CSTNode:
    """Drops blank lines, and comments that are set apart by one."""
    lines = getattr(node, "leading_lines", None)
    if not lines:
        return node
    kept: list[cst.EmptyLine] = []
    for line in reversed(lines):
        if line.comment is None:
            break
        kept.insert(0, line)
    return node.with_changes(leading_lines=kept)


def without_annotations(node: cst.CSTNode, hidden: frozenset[str]) -> cst.CSTNode:
    """A definition without the annotations that name something of ``hidden``."""
    changed = node.visit(_Annotations(hidden))
    assert isinstance(changed, cst.CSTNode)
    return changed


class _Annotations(cst.CSTTransformer):
    def __init__(self, hidden: frozenset[str]):
        super().__init__()
        self.hidden = hidden

    def _goes(self, annotation: cst.Annotation | None) -> bool:
        return annotation is not None and names_any(code(annotation.annotation), self.hidden)

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        if not self._goes(updated_node.annotation):
            return updated_node
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        changes: dict[str, object] = {"annotation": None}
        if updated_node.default is not None:
            changes["equal"] = equal
        return updated_node.with_changes(**changes)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        return updated_node.with_changes(returns=None) if self._goes(updated_node.returns) else updated_node

    def leave_AnnAssign(self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign) -> cst.AnnAssign | cst.Assign:
        if not self._goes(updated_node.annotation) or updated_node.value is None:
            return updated_node
        return cst.Assign([cst.AssignTarget(updated_node.target)], updated_node.value)


class _Airflow(cst.CSTTransformer):
    """Takes the imports of Airflow out of function bodies."""

    def _keeps(self, module: str) -> bool:
        return module.partition(".")[0] != "airflow"

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        module = code(updated_node.module) if updated_node.module else ""
        return updated_node if updated_node.relative or self._keeps(module) else cst.RemoveFromParent()

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        body = updated_node.body
        if not body:
            return updated_node.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])
        if body[0] is not original_node.body[0] and hasattr(body[0], "leading_lines"):
            first = body[0].with_changes(leading_lines=[line for line in body[0].leading_lines if line.comment])
            return updated_node.with_changes(body=[first, *body[1:]])
        return updated_node


def without_airflow(node: cst.CSTNode) -> cst.CSTNode:
    """A definition without the imports of Airflow in its body: stand-ins take their place."""
    changed = node.visit(_Airflow())
    assert isinstance(changed, cst.CSTNode)
    return changed


def as_function(node: cst.Lambda, name: str) -> str:
    """A lambda as a function of that name."""
    parameters, body = code(node.params), code(node.body)
    if "\n" in body and not (node.body.lpar if hasattr(node.body, "lpar") else ()):
        body = f"({body})"
    return f"def {name}({dedent(parameters).strip()}):\n    return {body}\n"


def without_decorators(node: cst.FunctionDef, kept: list[cst.Decorator]) -> cst.FunctionDef:
    """A function with these decorators only."""
    lines = node.leading_lines if node.decorators else node.lines_after_decorators
    return node.with_changes(decorators=kept, leading_lines=lines, lines_after_decorators=())
