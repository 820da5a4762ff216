"""YAML text to a JSON value with positions, from the event stream of a safe parser, without recursion.

Only what JSON has can be written: plain scalars follow the core schema of YAML 1.2 (numbers in decimal), so ``yes``,
``on`` and dates are strings; a number with a leading zero is a string too (an account id would lose a digit otherwise).
CloudFormation's short tags (``!Sub``, ``!Ref``, ``!GetAtt``, ``!Join``) become their long forms; others are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.findings import Problem
from sfn_airflow_core.jsonmap.limits import DEPTH, EXPANDED_NODES, INTEGER_DIGITS, INVALID, TOO_DEEP
from sfn_airflow_core.jsonmap.positions import Lines, Node
from sfn_airflow_core.jsonmap.read_json import Refused, Unparsable, check_depth
from sfn_airflow_core.jsonmap.substitute import PLACEHOLDER, Plain

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_WORDS: dict[str, Json] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_CORE = "tag:yaml.org,2002:"
_SHORT = {"!Sub": "Fn::Sub", "!Join": "Fn::Join", "!GetAtt": "Fn::GetAtt", "!Ref": "Ref"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that is being read; ``wrap`` is the CloudFormation function around it."""

    value: dict[str, Json] | list[Json]
    node: Node
    wrap: str = ""
    anchor: str | None = None
    key: tuple[str, int, int] | None = None
    size: int = 1


@dataclass(frozen=True, slots=True)
class Yaml:
    """A YAML document: its value, where everything is, and whether short tags of CloudFormation were in it."""

    value: Json
    root: Node
    intrinsics: bool


class _Reader:
    def __init__(self, text: str):
        self.text, self.lines = text, Lines(text)
        self.problems: list[Problem] = []
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Json, Node, int]] = {}
        self.documents = 0
        self.expanded = 0
        self.intrinsics = False
        self.value: Json = None
        self.root = Node(0, len(text))

    def offset(self, mark: Any) -> int:
        return min(int(mark.index), len(self.text))

    def report(self, start: int, end: int, message: str, code: str = INVALID) -> None:
        if len(self.problems) < 100:
            self.problems.append(Problem(code, message, "", self.lines.span(start, end)))

    def stop(self, start: int, end: int, message: str, code: str = INVALID) -> Unparsable:
        self.report(start, end, message, code)
        return Unparsable(self.problems)

    def run(self) -> None:
        try:
            for event in self.events():
                self.event(event, self.offset(event.start_mark), self.offset(event.end_mark))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            place = self.offset(mark) if mark is not None else int(getattr(error, "position", 0) or 0)
            what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
            code = TOO_DEEP if "nesting" in str(what) else INVALID
            raise self.stop(place, place, f"The text is not valid YAML here: {what}.", code) from None
        if self.documents == 0:
            raise self.stop(0, 0, "There is no YAML value here.")
        if self.problems:
            raise Unparsable(self.problems)

    def events(self) -> Iterator[Any]:
        parser = _PARSER(self.text)
        try:
            while parser.check_event():
                yield parser.get_event()
        finally:
            parser.dispose()

    def event(self, event: Any, start: int, end: int) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise self.stop(start, end, "There is a second YAML document; keep one document to a file.")
            case yaml.ScalarEvent():
                self.add(self.scalar(event, start, end), Node(start, end), 1, event.anchor, event)
            case yaml.AliasEvent():
                self.alias(str(event.anchor), start, end)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.open(event, start, end)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.close(start, end)

    def open(self, event: Any, start: int, end: int) -> None:
        if len(self.stack) >= DEPTH:
            raise self.stop(start, end, f"More than {DEPTH} levels; flatten the definition.", TOO_DEEP)
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None:
            raise self.stop(start, end, "A key must be a string, not a list or a mapping.")
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = Node(start, end)
        node.children = {} if mapping else []
        wrap = self.function(event.tag, start, end, "map" if mapping else "seq")
        self.stack.append(_Open({} if mapping else [], node, wrap, event.anchor))

    def close(self, start: int, end: int) -> None:
        opened = self.stack.pop()
        children = opened.node.children
        inner = list(children.values()) if isinstance(children, dict) else children or []
        opened.node.end = inner[-1].end if inner and start == end else end  # a block ends with its last value
        value: Json = opened.value
        self.add({opened.wrap: value} if opened.wrap else value, opened.node, opened.size, opened.anchor)

    def function(self, tag: str | None, start: int, end: int, kind: str) -> str:
        """The long name of a short tag; empty for the tags that JSON's types have."""
        if tag in _SHORT:
            self.intrinsics = True
            return _SHORT[tag]
        if tag not in (None, "!", _CORE + kind):
            self.report(start, end, f"The tag {str(tag)[:60]!r} has no meaning in JSON; write the value without it.")
        return ""

    def scalar(self, event: Any, start: int, end: int) -> Json:
        text, tag = str(event.value), event.tag
        if _SURROGATE.search(text):
            self.report(start, end, "The string holds half of a surrogate pair; write the whole character.")
        if tag in _SHORT:
            self.intrinsics = True
            return {_SHORT[tag]: text}
        if tag in (None, "!"):
            return self.plain(text, start, end) if event.implicit[0] else text
        if tag == _CORE + "str":
            return text
        value = self.plain(text, start, end)
        types: dict[str, type | tuple[type, ...]] = {
            "int": int, "float": (int, float), "bool": bool, "null": type(None),
        }  # fmt: skip
        wanted = types.get(str(tag).removeprefix(_CORE)) if str(tag).startswith(_CORE) else None
        if wanted is None or not isinstance(value, wanted):
            self.report(
                start, end, f"The tag {str(tag)[:60]!r} has no meaning in JSON here; write the value without it."
            )
        return value

    def plain(self, text: str, start: int, end: int) -> Json:
        """A plain scalar by the core schema."""
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.match(text):
            if len(text) > INTEGER_DIGITS:
                self.report(start, end, f"The integer has {len(text)} digits; at most {INTEGER_DIGITS} are read.")
                return 0
            return int(text)
        if _FLOAT.match(text):
            number = float(text)
            if math.isinf(number):
                self.report(start, end, f"The number {text[:40]} is too large for a double; use a smaller one.")
            return number
        if _NO_NUMBER.match(text):
            self.report(start, end, f"{text} is not a number of JSON; quote it or use another value.")
        return Plain(text) if PLACEHOLDER.fullmatch(text) else text

    def alias(self, anchor: str, start: int, end: int) -> None:
        if anchor not in self.anchors:
            raise self.stop(
                start, end, f"The alias *{anchor[:60]} stands before or inside its anchor; write the value out."
            )
        value, target, size = self.anchors[anchor]
        self.expanded += size
        if self.expanded > EXPANDED_NODES:
            raise self.stop(start, end, f"The aliases expand to more than {EXPANDED_NODES} values; write them out.")
        node = Node(start, end)
        node.children = target.children
        self.add(value, node, size, None)

    def add(self, value: Json, node: Node, size: int, anchor: str | None, scalar: Any = None) -> None:
        if anchor is not None:
            self.anchors[anchor] = (value, node, size)
        if not self.stack:
            self.value, self.root = value, node
            return
        opened = self.stack[-1]
        opened.size += size
        if isinstance(opened.value, list) and isinstance(opened.node.children, list):
            opened.value.append(value)
            opened.node.children.append(node)
        elif isinstance(opened.value, dict) and isinstance(opened.node.children, dict):
            if opened.key is None:
                opened.key = (self.key(opened, value, node, scalar), node.start, node.end)
                return
            name, node.key_start, node.key_end = opened.key
            opened.value[name], opened.node.children[name], opened.key = value, node, None

    def key(self, opened: _Open, value: Json, node: Node, scalar: Any) -> str:
        start, end = node.start, node.end
        if scalar is None or not isinstance(value, str):
            shown = str(scalar.value)[:40] if scalar is not None else "an alias"
            self.report(start, end, f"A key must be a string; put {shown!r} in quotes.")
            return shown
        if value == "<<" and scalar.implicit[0]:
            self.report(start, end, "Merge keys (<<) are not read; write the members out.")
        if value in opened.value:
            self.report(start, end, f"The key {value[:80]!r} is there twice; remove one.")
        return str(value)


class _Lenient(_Reader):
    """Takes what JSON has no word for as it stands, for documents of which only a part is wanted."""

    def report(self, start: int, end: int, message: str, code: str = INVALID) -> None:
        pass

    def stop(self, start: int, end: int, message: str, code: str = INVALID) -> Unparsable:
        return Unparsable([Problem(code, message, "", self.lines.span(start, end))])


def parse_yaml(text: str, lenient: bool = False) -> Yaml:
    """Read a YAML text.

    Args:
        text: the text, without a byte order mark.
        lenient: whether unknown tags, keys that are there twice and the like are passed over.

    Raises:
        Unparsable: with every problem, located.
    """
    reader = (_Lenient if lenient else _Reader)(text)
    reader.run()
    try:
        check_depth(reader.value)
    except Refused:
        message = f"The aliases nest to more than {DEPTH} levels; flatten the definition."
        raise Unparsable([Problem(TOO_DEEP, message, "", reader.lines.span(0, 0))]) from None
    return Yaml(reader.value, reader.root, reader.intrinsics)
