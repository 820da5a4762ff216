"""Functions of the project in their concrete syntax trees."""

from __future__ import annotations

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider

from airflow2sfn.source import PythonCallable


class _Finder(libcst.CSTVisitor):
    """Finds the function or lambda whose definition starts at one place."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, line: int, column: int):
        super().__init__()
        self.place = (line, column)
        self.found: libcst.FunctionDef | libcst.Lambda | None = None

    def visit_FunctionDef(self, node: libcst.FunctionDef) -> None:
        self._check(node, node.decorators[0] if node.decorators else node)

    def visit_Lambda(self, node: libcst.Lambda) -> None:
        self._check(node, node)

    def _check(self, node: libcst.FunctionDef | libcst.Lambda, first: libcst.CSTNode) -> None:
        start = self.get_metadata(PositionProvider, first).start
        if self.found is None and (start.line, start.column + 1) == self.place:
            self.found = node


def find(function: PythonCallable) -> libcst.FunctionDef | libcst.Lambda:
    """The definition of a callable in the tree of its module. Raises LookupError where the two do not belong together.

    Args:
        function: its span starts at the first decorator, or at ``def`` or ``lambda``.
    """
    finder = _Finder(function.span.line, function.span.column)
    MetadataWrapper(function.module.tree(), unsafe_skip_copy=True).visit(finder)
    if finder.found is None:
        raise LookupError(f"{function.module.path}:{function.span} is not a function")
    return finder.found
