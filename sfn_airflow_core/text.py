"""Places in a text: spans, and the JSON pointers that name values inside a document (RFC 6901)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text by 1-based line and column; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


def escape(token: str) -> str:
    """One reference token of a JSON pointer.

    >>> escape("a/b~c")
    'a~1b~0c'
    """
    return token.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """The key that a reference token stands for.

    >>> unescape("a~1b~0c")
    'a/b~c'
    """
    return token.replace("~1", "/").replace("~0", "~")


def join(pointer: str, *tokens: str | int) -> str:
    """A pointer to something below ``pointer``.

    >>> join("/States", "Check Stock", "Retry", 0)
    '/States/Check Stock/Retry/0'
    """
    return "".join([pointer, *(f"/{escape(str(token))}" for token in tokens)])


def parts(pointer: str) -> tuple[str, ...]:
    """The keys a pointer goes through.

    >>> parts("/States/a~1b")
    ('States', 'a/b')
    """
    return tuple(unescape(token) for token in pointer.split("/")[1:])
