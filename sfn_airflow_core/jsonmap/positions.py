"""Where the values of a document stand in its text: a tree of offsets, and spans by JSON pointer."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from sfn_airflow_core.text import Span, parts


class Node:
    """A value's place: offsets into the text (end exclusive), its key's offsets, and the places of what is inside it.

    ``children`` is a dict by member name, a list by index, or ``None`` for a scalar. Not frozen: a scanner opens a node
    before it knows where the value ends.
    """

    __slots__ = ("children", "end", "key_end", "key_start", "start")

    def __init__(self, start: int, end: int, key_start: int = -1, key_end: int = -1):
        self.start, self.end, self.key_start, self.key_end = start, end, key_start, key_end
        self.children: dict[str, Node] | list[Node] | None = None

    def child(self, token: str) -> Node | None:
        """The place of one member or element; ``None`` where there is none."""
        match self.children:
            case dict() as members:
                return members.get(token)
            case list() as elements if token.isascii() and token.isdigit() and len(token) < 10:
                return elements[int(token)] if int(token) < len(elements) else None
            case _:
                return None


class Lines:
    """Turns offsets of a text into 1-based lines and columns, counted in characters."""

    __slots__ = ("_starts",)

    def __init__(self, text: str):
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        return Span(*self.place(start), *self.place(end))


class SourceMap:
    """Spans of the values and keys of one document, looked up by JSON pointer.

    Places are found on the first look-up, because most documents are read without anything to report. A pointer to
    something that is not there (a missing field) gives the nearest thing around it.
    """

    __slots__ = ("_lines", "_root", "_scan", "_text")

    def __init__(self, text: str, scan: Callable[[], Node]):
        self._text, self._scan = text, scan
        self._root: Node | None = None
        self._lines: Lines | None = None

    @property
    def lines(self) -> Lines:
        """The line table of the text."""
        if self._lines is None:
            self._lines = Lines(self._text)
        return self._lines

    def _find(self, pointer: str) -> tuple[Node, bool]:
        if self._root is None:
            self._root = self._scan()
        node = self._root
        for token in parts(pointer):
            below = node.child(token)
            if below is None:
                return node, False
            node = below
        return node, True

    def value(self, pointer: str) -> Span:
        """The span of a value, without its key."""
        if not pointer:  # the whole document, which needs no search
            start = len(self._text) - len(self._text.lstrip())
            return self.lines.span(start, max(start, len(self._text.rstrip())))
        node, _ = self._find(pointer)
        return self.lines.span(node.start, node.end)

    def key(self, pointer: str) -> Span:
        """The span of the key of an object's member; the value itself for elements of arrays and the whole document."""
        if not pointer:
            return self.value(pointer)
        node, found = self._find(pointer)
        if not found or node.key_start < 0:
            return self.lines.span(node.start, node.end)
        return self.lines.span(node.key_start, node.key_end)
