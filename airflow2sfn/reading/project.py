"""Files of the project that is read: text, syntax and places, and which module an import means."""

from __future__ import annotations

import ast
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow2sfn.reading.system_tests import MODULES
from airflow2sfn.source import Module
from sfn_airflow_core.text import Span

MOST_BYTES = 2_000_000
MOST_MODULES = 200


@dataclass(slots=True, eq=False)
class SourceFile:
    """A Python file with its abstract syntax."""

    module: Module
    tree: ast.Module
    path: Path | None = None
    is_package: bool = False
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        # As Python's tokenizer counts them; str.splitlines would also break at form feeds and the like.
        self.lines = self.module.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def span(self, node: Any) -> Span:
        """The place of a node; for a function or class with its decorators."""
        first = min([node, *getattr(node, "decorator_list", ())], key=lambda n: n.lineno)
        column = first.col_offset - (1 if first is not node else 0)  # the decorator's @
        return Span(
            first.lineno,
            self.column(first.lineno, column),
            node.end_lineno or first.lineno,
            self.column(node.end_lineno or first.lineno, node.end_col_offset or 0),
        )

    def column(self, line: int, offset: int) -> int:
        """The 1-based column for an offset in UTF-8 bytes."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if text.isascii():
            return offset + 1
        return len(text.encode()[:offset].decode(errors="replace")) + 1

    def segment(self, node: Any, most: int = 200) -> str:
        """The text of a node on one line, shortened."""
        span = self.span(node)
        lines = self.lines[span.line - 1 : span.end_line]
        if not lines:
            return ""
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        text = " ".join(" ".join(lines).split())
        return text if len(text) <= most else f"{text[: most - 1]}…"


def parse(text: str, name: str, path: str, place: Path | None = None, is_package: bool = False) -> SourceFile:
    """Reads a file's syntax.

    Raises:
        SyntaxError: with line and offset where it is not Python.
        ValueError, RecursionError, MemoryError: where it holds null bytes or is nested too deeply.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes in somebody else's file
        tree = ast.parse(text)
    return SourceFile(Module(name, path, text), tree, place, is_package)


@dataclass(slots=True)
class Project:
    """The folders in which imports are looked up, in order; nothing outside of them is ever opened."""

    roots: tuple[Path, ...] = ()
    cache: dict[str, SourceFile | None] = field(default_factory=dict)

    def find(self, name: str) -> SourceFile | None:
        """The module of a dotted name; ``None`` where the project has none (or one that cannot be read)."""
        if name not in self.cache:
            self.cache[name] = self._find(name) if len(self.cache) < MOST_MODULES else None
        return self.cache[name]

    def _find(self, name: str) -> SourceFile | None:
        parts = _own(name)
        if not parts:
            return None
        for root in self.roots:
            place = root.joinpath(*parts)
            for path, is_package in ((place / "__init__.py", True), (place.with_name(f"{parts[-1]}.py"), False)):
                if found := self._read(root, path, name, is_package):
                    return found
        if (text := MODULES.get(name)) is not None:
            return parse(text, name, f"{'/'.join(parts)}.py")
        return None

    def _read(self, root: Path, path: Path, name: str, is_package: bool) -> SourceFile | None:
        try:
            if not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
                return None
            if path.stat().st_size > MOST_BYTES:
                return None
            text = path.read_text(encoding="utf-8-sig")
            return parse(text, name, path.relative_to(root).as_posix(), path, is_package)
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
            return None

    def is_package(self, name: str) -> bool:
        """Whether the project has a folder of that dotted name (a package without ``__init__.py`` counts)."""
        parts = _own(name)
        return bool(parts) and any(root.joinpath(*parts).is_dir() for root in self.roots)


def _own(name: str) -> list[str]:
    """The parts of a dotted name that may be the project's; none of what Python has, which comes before the DAGs."""
    parts = name.split(".")
    return [] if parts[0] in sys.stdlib_module_names or not all(part.isidentifier() for part in parts) else parts
