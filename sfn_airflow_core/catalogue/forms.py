"""Values as an operator takes them and as a Task takes them: the same content, said differently.

Works on JSON in which ``{% … %}`` computes a value when the state machine runs; such a text stays one, and is wrapped
where the form asks for another value. Every form can be undone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.model import Form

_COMPUTED = re.compile(r"\{%(.*)%\}", re.DOTALL)


class Inexpressible(Exception):
    """A value that has no counterpart on the other side; the message says which, in half a sentence."""


def computed(value: Json) -> str | None:
    """The expression in a text that is computed when the state machine runs.

    >>> computed("{% $ds %}")
    '$ds'
    """
    found = _COMPUTED.fullmatch(value) if isinstance(value, str) else None
    return found[1].strip() if found else None


def literal(text: str) -> str:
    """A JSONata literal of a text."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1]
    return f'"{inner}"' if "'" in text else "'" + inner.replace('\\"', '"') + "'"


def joined(parts: list[Json]) -> Json:
    """Texts and numbers put together, as a text or as an expression that gives it.

    >>> joined(["acme", "/", "{% $key %}"]), joined(["acme", "/", 1])
    ("{% 'acme/' & $key %}", 'acme/1')
    """
    pieces: list[str] = []
    known = ""
    for part in parts:
        if (expression := computed(part)) is None:
            known += part if isinstance(part, str) else json.dumps(part)
            continue
        shown = f"({expression})" if " ? " in expression or " & " in expression else expression
        pieces += [literal(known), shown] if known else [shown]
        known = ""
    if not pieces:
        return known
    return f"{{% {' & '.join([*pieces, literal(known)] if known else pieces)} %}}"


def to_task(form: Form, value: Json) -> Json:
    """A keyword's value as an argument. Raises Inexpressible."""
    expression = computed(value)
    if expression is not None:
        return f"{{% {_EXPRESSIONS[form].format(expression)} %}}" if form in _EXPRESSIONS else value
    return _FORMS[form][0](value)


def to_operator(form: Form, value: Json) -> Json:
    """An argument as a keyword's value, the inverse of ``to_task``. Raises Inexpressible."""
    return value if computed(value) is not None else _FORMS[form][1](value)


_EXPRESSIONS: Mapping[Form, str] = {"json": "$parse({})", "text": "$string({})"}


def _same(value: Json) -> Json:
    return value


def _parsed(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return _as_json(json.loads(value))
    except ValueError:
        return value


def _as_json(value: object) -> Json:
    return value  # type: ignore[return-value]  # what json.loads gives is JSON


def _text(value: Json) -> Json:
    return value if isinstance(value, str) else json.dumps(value)


def _to_pairs(name: str) -> Callable[[Json], Json]:
    def pairs(value: Json) -> Json:
        return [{name: key, "Value": item} for key, item in value.items()] if isinstance(value, dict) else value

    return pairs


def _from_pairs(name: str) -> Callable[[Json], Json]:
    def pairs(value: Json) -> Json:
        items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
        if not isinstance(value, list) or len(items) < len(value) or any(set(i) != {name, "Value"} for i in items):
            raise Inexpressible(f"a list that is not of {name} and Value")
        return {str(item[name]): item["Value"] for item in items}

    return pairs


def _attributes(value: Json) -> Json:
    return {name: _attribute(item) for name, item in value.items()} if isinstance(value, dict) else value


def _attribute(item: Json) -> Json:
    match item:
        case {"DataType": _}:
            return item
        case str():
            return {"DataType": "String", "StringValue": item}
        case bool() | None:
            raise Inexpressible("a message attribute that is neither text nor number")
        case int() | float():
            return {"DataType": "Number", "StringValue": json.dumps(item)}
        case list():
            return {"DataType": "String.Array", "StringValue": json.dumps(item)}
        case _:
            raise Inexpressible("a message attribute that is neither text nor number")


def _plain_attributes(value: Json) -> Json:
    return {name: _plain_attribute(item) for name, item in value.items()} if isinstance(value, dict) else value


def _plain_attribute(item: Json) -> Json:
    match item:
        case {"DataType": "String", "StringValue": text}:
            return text
        case {"DataType": "Number" | "String.Array", "StringValue": str(text)}:
            return _parsed(text)
        case _:
            raise Inexpressible("a message attribute with a type of its own")


def _events(value: Json) -> Json:
    return _details(value, _parsed)


def _event_texts(value: Json) -> Json:
    return _details(value, _text)


def _details(value: Json, change: Callable[[Json], Json]) -> Json:
    if not isinstance(value, list):
        return value
    return [
        {name: change(part) if name == "Detail" else part for name, part in event.items()}
        if isinstance(event, dict)
        else event
        for event in value
    ]


def _addresses(value: Json) -> Json:
    return [part.strip() for part in re.split(r"[,;]", value)] if isinstance(value, str) else value


def _one_text(value: Json) -> Json:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _keys(value: Json) -> Json:
    names = [value] if isinstance(value, str) else value
    return [{"Key": name} for name in names] if isinstance(names, list) else value


def _names(value: Json) -> Json:
    return [item["Key"] if isinstance(item, dict) else item for item in value] if isinstance(value, list) else value


Change: TypeAlias = Callable[[Json], Json]
_FORMS: Mapping[Form, tuple[Change, Change]] = {
    "plain": (_same, _same),
    "json": (_parsed, _text),
    "text": (_text, _parsed),
    "pairs": (_to_pairs("Name"), _from_pairs("Name")),
    "tags": (_to_pairs("Key"), _from_pairs("Key")),
    "attributes": (_attributes, _plain_attributes),
    "events": (_events, _event_texts),
    "addresses": (_addresses, _one_text),
    "keys": (_keys, _names),
}
