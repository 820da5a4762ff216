"""A definition's text as a located JSON value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.findings import Problem, UnreadableInput
from sfn_airflow_core.jsonmap.limits import INVALID, REFUSED_SIZE, SERVICE_SIZE
from sfn_airflow_core.jsonmap.positions import Lines, SourceMap
from sfn_airflow_core.jsonmap.read_json import Unparsable, parse, places
from sfn_airflow_core.jsonmap.read_yaml import Yaml, parse_yaml
from sfn_airflow_core.jsonmap.substitute import MAY_HOLD_INTRINSICS, resolve
from sfn_airflow_core.text import Span

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BOMS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\x00\x00\xfe\xff", "UTF-32"))


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value and where it came from.

    ``value`` has substitutions and CloudFormation functions already resolved; ``source_map`` gives places in the
    original text. ``problems`` are warnings: a document with errors is not made.
    """

    value: Json
    source_map: SourceMap = field(compare=False, repr=False)
    source: str = ""
    notation: Literal["json", "yaml"] = "json"
    problems: tuple[Problem, ...] = ()


def read_document(data: str | bytes, source: str, *, substitutions: Mapping[str, Json] | None = None) -> Document:
    """Read JSON or YAML text.

    A name that ends in ``.json``, ``.yaml`` or ``.yml`` decides the notation; otherwise ``{`` or ``[`` at the start
    means JSON, and anything else is YAML if it is a mapping. Placeholders ``${Name}`` stay, as text inside strings and
    as ``Placeholder`` where a JSON value is expected, unless ``substitutions`` has a value for them. In YAML an
    unquoted ``${Name}`` is text too, but takes the type of its substitution.

    Args:
        data: the text; bytes must be UTF-8, a byte order mark is dropped.
        source: the name of the file, or ``-``.
        substitutions: JSON value by placeholder name.

    Raises:
        UnreadableInput: with every problem that was found, located.
    """
    known = substitutions or {}
    text = _decode(data, source)
    try:
        document = _yaml(text, source, known) if _is_yaml(text, source) else _json(text, source, known)
    except Unparsable as refusal:
        raise UnreadableInput(source, refusal.problems) from None
    return document


def _json(text: str, source: str, substitutions: Mapping[str, Json]) -> Document:
    value = parse(text)
    if MAY_HOLD_INTRINSICS.search(text) or (substitutions and "${" in text):
        value = resolve(value, substitutions)
    return Document(value, SourceMap(text, lambda: places(text).root), source, "json", _size(text))


def _yaml(text: str, source: str, substitutions: Mapping[str, Json]) -> Document:
    read: Yaml = parse_yaml(text)
    value, root = read.value, read.root
    if read.intrinsics or "${" in text or MAY_HOLD_INTRINSICS.search(text) or "Fn::" in text or "Ref:" in text:
        value = resolve(value, substitutions)
    return Document(value, SourceMap(text, lambda: root), source, "yaml", _size(text))


def _is_yaml(text: str, source: str) -> bool:
    name = source.lower()
    if name.endswith((".yaml", ".yml")):
        return True
    start = text.lstrip()[:1]
    if name.endswith(".json") or start in ("{", "["):
        return False
    try:
        return isinstance(parse_yaml(text).value, dict)
    except Unparsable:
        return ":" in text and start not in ('"', "")


def _size(text: str) -> tuple[Problem, ...]:
    if len(text) <= SERVICE_SIZE:
        return ()
    message = f"The definition has {len(text)} characters; the service takes at most {SERVICE_SIZE}."
    return (Problem(INVALID, message, "", Span(1, 1, 1, 1), "WARNING"),)


def _refusal(source: str, message: str, span: Span | None = None, code: str = INVALID) -> UnreadableInput:
    return UnreadableInput(source, [Problem(code, message, "", span or Span(1, 1, 1, 1))])


def _decode(data: str | bytes, source: str) -> str:
    if len(data) > REFUSED_SIZE:
        message = (
            f"The input is larger than {REFUSED_SIZE} bytes and is not read; a definition has at most {SERVICE_SIZE}."
        )
        raise _refusal(source, message)
    if isinstance(data, bytes):
        for mark, name in _BOMS:
            if data.startswith(mark):
                raise _refusal(source, f"The text is encoded in {name}; save it as UTF-8.")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8", "replace")
            span = Lines(before).span(len(before), len(before))
            raise _refusal(
                source, f"Byte 0x{data[error.start]:02x} is not UTF-8; save the text as UTF-8.", span
            ) from None
    else:
        text = data
    text = text.removeprefix("\ufeff")
    half = None if text.isascii() else _SURROGATE.search(text)
    if half is not None:
        span = Lines(text).span(half.start(), half.end())
        raise _refusal(source, "The text holds half of a surrogate pair; write the whole character.", span)
    if not text.strip():
        # the answer of ValidateStateMachineDefinition to a blank text
        raise _refusal(
            source, "Definition must be a valid JSON object; the text is empty.", None, "SCHEMA_VALIDATION_FAILED"
        )
    return text
