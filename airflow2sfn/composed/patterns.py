"""Keys of S3 that match a pattern: what they surely start with, and the condition that one of those listed matches."""

from __future__ import annotations

import re

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.source import Concat, Known, Template, Value
from airflow2sfn.tasks.site import Site
from sfn_airflow_core.asl.model import Json

FOUND = "$states.result.Contents"
_REST = "$substring(Key, $length($states.result.Prefix))"
_PARTS = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_WILD = re.compile(r"[\[*?]")
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")


def by_pattern(site: Site, key: Value) -> tuple[Json, str]:
    """The prefix to list, and the condition that a key matches a pattern of the shell; raises Untranslatable."""
    text = _text(key)
    head, rest = _split(text)
    prefix = site.json(_value(head))
    if not _PARTS.search(text):
        return prefix, f"$exists({FOUND}[$contains(Key, /{as_regex(text)}/)])"
    if not re.fullmatch(r"\*+", rest) and not _PARTS.search(rest):
        return prefix, f"$exists({FOUND}[$contains({_REST}, /{as_regex(rest)}/)])"
    end = rest.lstrip("*")
    if not end:
        return prefix, f"$exists({FOUND})"
    if rest[0] != "*" or _split(end)[1]:
        raise Untranslatable("its pattern has wildcards after what is only known in the run")
    suffix = site.text(_value(end))
    ends = f"$substring({_REST}, $length({_REST}) - $length($end)) = $end"
    return prefix, f"($end := {suffix}; $exists({FOUND}[$length({_REST}) >= $length($end) and {ends}]))"


def by_regex(key: Value) -> tuple[Json, str]:
    """The same for a regular expression, which matches from the start of the key; raises Untranslatable."""
    text = key.value if isinstance(key, Known) else None
    if not isinstance(text, str):
        raise Untranslatable("the sensor looks for a regular expression that is only known in the run")
    try:
        re.compile(text)
    except re.error:
        raise Untranslatable("its regular expression is none") from None
    if "(?" in text or re.search(r"\\[AZzGQEpPkNuUx]|[*+?}]\+", text):
        raise Untranslatable("its regular expression has no counterpart")
    special = _SPECIAL.search(text)
    prefix = text if special is None else text[: special.start()]
    if special is not None and special[0] in "?*{":
        prefix = prefix[:-1]  # the last letter may be missing
    if "|" in text:
        prefix = ""
    pattern = re.sub(r"(?<!\\)/", r"\\/", text)
    return prefix, f"$exists({FOUND}[$contains(Key, /^(?:{pattern})/)])"


def is_pattern(key: Value) -> bool:
    """Whether a key has wildcards, or is not known well enough to say."""
    return not isinstance(key, Known | Template | Concat) or bool(_split(_text(key))[1])


def _text(key: Value) -> str:
    match key:
        case Known(str() as text) | Template(text):
            return text
        case Concat(parts) if all(isinstance(part, Known | Template) for part in parts):
            return "".join(str(part.value) if isinstance(part, Known) else part.text for part in parts
                           if isinstance(part, Known | Template))  # fmt: skip
        case _:
            raise Untranslatable("the sensor looks for a pattern that is only known in the run")


def _value(text: str) -> Value:
    return Template(text) if _PARTS.search(text) else Known(text)


def _split(text: str) -> tuple[str, str]:
    """A pattern before its first wildcard, and from there on; what stands in templates is no wildcard."""
    head = ""
    pieces = _PARTS.split(text)
    for number, piece in enumerate(pieces):
        if number % 2 == 0 and (found := _WILD.search(piece)) is not None:
            return head + piece[: found.start()], piece[found.start() :] + "".join(pieces[number + 1 :])
        head += piece
    return head, ""


def as_regex(pattern: str) -> str:
    """A pattern with ``*``, ``?`` and ``[…]`` as a regular expression of JSONata.

    >>> as_regex("in/*.csv")
    '^in\\\\/[\\\\s\\\\S]*\\\\.csv$'
    """
    made = ""
    rest = pattern
    while rest:
        char, rest = rest[0], rest[1:]
        if char == "[" and "]" in rest[1:]:
            inner, _, rest = rest[0] + rest[1:].partition("]")[0], "]", rest[1:].partition("]")[2]
            inner = inner.replace("\\", "\\\\").replace("/", "\\/")
            made += f"[{'^' + inner[1:] if inner.startswith('!') else inner}]"
        else:
            made += {"*": ".*", "?": ".", "/": "\\/"}.get(char) or re.escape(char)
    return f"^{made}$"
