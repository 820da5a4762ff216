"""A JSON scanner that keeps positions, survives any nesting, and reports what is wrong with a text.

It runs only when a place is asked for or when the fast reader gave up; it never recurses. The grammar is RFC 8259, with
``${Name}`` where a value is expected (CloudFormation's ``DefinitionSubstitutions`` work on text).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from sfn_airflow_core.findings import Problem
from sfn_airflow_core.jsonmap.limits import DEPTH, INTEGER_DIGITS, INVALID, TOO_DEEP
from sfn_airflow_core.jsonmap.positions import Lines, Node
from sfn_airflow_core.text import join

STRING = r'"(?:[^"\\]++|\\.)*+"?+'
BARE = r"\$\{[^{}\"\r\n]+\}"
_TOKEN = re.compile(
    rf"[ \t\r\n]*+(?:(?P<string>{STRING})|(?P<mark>[{{}}\[\]:,])|(?P<bare>{BARE})"
    r"|(?P<word>[^\s\"{}\[\]:,]++)|(?P<other>.))",
    re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<float>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\Z")
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_ESCAPED = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4}).?|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_JSON = frozenset({"NaN", "Infinity", "-Infinity", "+Infinity", "nan", "undefined"})
_LITERALS = frozenset({"true", "false", "null"})


class _Stop(Exception):
    """The text cannot be followed any further."""


@dataclass(slots=True)
class _Open:
    """An array or object whose end has not been reached."""

    node: Node
    key: str = ""


@dataclass(slots=True)
class Scan:
    """The result: the place of the document (as far as it could be followed), and everything wrong with it."""

    text: str
    root: Node
    problems: list[Problem] = field(default_factory=list)


class _Scanner:
    def __init__(self, text: str):
        self.text, self.lines = text, Lines(text)
        self.stack: list[_Open] = []
        self.problems: list[Problem] = []
        self.root = Node(0, len(text))

    def report(self, start: int, end: int, message: str, code: str = INVALID) -> None:
        if len(self.problems) < 100:
            self.problems.append(Problem(code, message, self.pointer(), self.lines.span(start, end)))

    def stop(self, start: int, end: int, message: str, code: str = INVALID) -> _Stop:
        self.report(start, end, message, code)
        return _Stop()

    def pointer(self) -> str:
        tokens: list[str | int] = []
        for opened in self.stack:
            match opened.node.children:
                case dict():
                    tokens.append(opened.key)
                case list() as elements:
                    tokens.append(len(elements))
        return join("", *tokens)

    def run(self) -> Scan:
        try:
            self.follow()
        except _Stop:
            for opened in self.stack:
                opened.node.end = len(self.text)
        return Scan(self.text, self.root, self.problems)

    def follow(self) -> None:
        expect, key, position = "value", (-1, -1), 0
        while True:
            token = _TOKEN.match(self.text, position)
            if token is None:
                break
            kind, start, end = token.lastgroup or "", token.start(token.lastgroup or 0), token.end()
            position = end
            if expect == "end":
                raise self.stop(start, end, "There is text after the end of the document; remove it.")
            mark = self.text[start] if kind == "mark" else ""
            if mark in ("}", "]"):
                expect = self.close(mark, expect, start, end)
            elif expect in ("key", "key or end"):
                key, expect = self.open_key(kind, start, end), "colon"
            elif expect == "colon":
                if mark != ":":
                    raise self.stop(start, end, "A colon must follow the key; insert ':'.")
                expect = "value"
            elif expect == "comma or end":
                if mark != ",":
                    raise self.stop(start, end, "A comma or the closing bracket is missing before this.")
                expect = "key" if isinstance(self.stack[-1].node.children, dict) else "value"
            else:
                expect, key = self.value(kind, mark, start, end, key), (-1, -1)
        if expect != "end":
            size = len(self.text)
            what = "The text ends before the document is complete; close every bracket and string."
            raise self.stop(size, size, what if self.text.strip() else "There is no JSON value here.")

    def close(self, mark: str, expect: str, start: int, end: int) -> str:
        children = self.stack[-1].node.children if self.stack else None
        if (mark == "}") != isinstance(children, dict) or children is None:
            raise self.stop(start, end, f"'{mark}' closes nothing that is open here.")
        if expect == "key" or (expect == "value" and mark == "]"):
            raise self.stop(start, end, f"A trailing comma stands before '{mark}'; remove it.")
        if expect not in ("key or end", "value or end", "comma or end"):
            raise self.stop(start, end, f"A value is missing before '{mark}'.")
        self.stack.pop().node.end = end
        return self.after()

    def after(self) -> str:
        """What may follow a complete value."""
        if not self.stack:
            return "end"
        return "comma or end"

    def open_key(self, kind: str, start: int, end: int) -> tuple[int, int]:
        if kind != "string":
            raise self.stop(start, end, "A key in double quotes is expected here.")
        name, opened = self.string(start, end), self.stack[-1]
        opened.key = name
        if isinstance(opened.node.children, dict) and name in opened.node.children:
            before = self.lines.span(opened.node.children[name].key_start, opened.node.children[name].key_end)
            self.report(start, end, f"The key {name[:80]!r} is there twice (first at {before}); remove one.")
        return start, end

    def value(self, kind: str, mark: str, start: int, end: int, key: tuple[int, int]) -> str:
        node = Node(start, end, *key)
        if kind == "string":
            self.string(start, end)
        elif kind in ("word", "other"):
            self.word(start, end)
        elif kind == "mark" and mark not in ("{", "["):
            raise self.stop(start, end, f"A value is expected here, not '{mark}'.")
        self.attach(node)
        if mark not in ("{", "["):
            return self.after()
        if len(self.stack) >= DEPTH:
            raise self.stop(start, end, f"More than {DEPTH} levels of brackets; flatten the definition.", TOO_DEEP)
        node.children = {} if mark == "{" else []
        self.stack.append(_Open(node))
        return "key or end" if mark == "{" else "value or end"

    def attach(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        match self.stack[-1].node.children:
            case dict() as members:
                members[self.stack[-1].key] = node
            case list() as elements:
                elements.append(node)

    def word(self, start: int, end: int) -> None:
        word = self.text[start:end]
        number = _NUMBER.match(word)
        if number is not None:
            if number["float"] and math.isinf(float(word)):
                self.report(start, end, f"The number {word[:40]} is too large for a double; use a smaller one.")
            elif not number["float"] and len(word) > INTEGER_DIGITS:
                self.report(start, end, f"The integer has {len(word)} digits; at most {INTEGER_DIGITS} are read.")
        elif word in _NOT_JSON:
            self.report(start, end, f"{word} is not JSON; use null or a number.")
        elif word not in _LITERALS:
            shown = word if len(word) <= 40 else f"{word[:40]}…"
            advice = "strings need double quotes" if word[:1] != "'" else "strings need double quotes, not single ones"
            if word.startswith(("//", "/*", "#")):
                advice = "JSON has no comments; use the field Comment"
            raise self.stop(start, end, f"Unrecognized token {shown!r}; {advice}.")

    def string(self, start: int, end: int) -> str:
        """The text of a string token; everything wrong inside it is reported."""
        raw = self.text[start:end]
        if len(raw) < 2 or raw[-1] != '"' or (raw.endswith('\\"') and (len(raw) - len(raw[:-1].rstrip("\\"))) % 2 == 0):
            raise self.stop(start, end, "The string that starts here is not closed; add the closing quote.")
        control = _CONTROL.search(raw)
        if control is not None:
            place, code = start + control.start(), ord(control[0])
            advice = f"A control character (U+{code:04X}) must be written as \\u{code:04x}."
            if control[0] in "\r\n":
                advice = "The string is not closed on this line; add the closing quote, or write the line break as \\n."
            self.report(place, place + 1, advice)
        bad = False
        for escape in _ESCAPED.finditer(raw) if "\\" in raw else ():
            if not _ESCAPE.fullmatch(escape[0]):
                bad = True
                place = start + escape.start()
                self.report(
                    place, place + len(escape[0]), f"{escape[0]!r} is not an escape of JSON; double the backslash."
                )
        decoded = raw[1:-1] if bad or control or "\\" not in raw else _decode(raw)
        if _SURROGATE.search(decoded):
            self.report(start, end, "The string holds half of a surrogate pair; write the whole character.")
        return decoded


def _decode(raw: str) -> str:
    return str(json.loads(raw))


def scan(text: str) -> Scan:
    """Follow a JSON text and find the place of everything in it.

    Args:
        text: the text, without a byte order mark.
    """
    return _Scanner(text).run()
