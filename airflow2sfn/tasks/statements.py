"""A text with several SQL statements, taken apart."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/|\{\{.*?\}\}|\{%.*?%\}|;|.", re.DOTALL
)


def statements(text: str) -> list[str]:
    """The statements of a text; semicolons in texts, names, comments and templates end none.

    >>> statements("SELECT ';' -- one;\\n; DELETE FROM t;")
    ["SELECT ';' -- one;", 'DELETE FROM t']
    """
    found, made = [], ""
    for piece in (match[0] for match in _PIECE.finditer(text)):
        if piece == ";":
            found.append(made.strip())
            made = ""
        else:
            made += piece
    return [one for one in (*found, made.strip()) if one]
