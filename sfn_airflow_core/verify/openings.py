"""Values for the open substitutions of a machine, so that it can be executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sfn_airflow_core.asl.model import Placeholder
from sfn_airflow_core.jsonmap import placeholders
from sfn_airflow_core.text import join, parts
from sfn_airflow_core.verify.shapes import argument_kind

Json = Any

_PSEUDO: Final = {
    "AWS::Region": "eu-west-1",
    "AWS::Partition": "aws",
    "AWS::AccountId": "111122223333",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
}
_NUMBERS: Final = ("Seconds", "MaxAttempts", "BackoffRate", "MaxConcurrency", "MaxItems", "Count", "Percentage")


_VALUES: Final[Mapping[str, Callable[[str], Json]]] = {
    "array": lambda name: [name],
    "object": lambda name: {},
    "integer": lambda name: 2,
    "number": lambda name: 2,
    "boolean": lambda name: True,
}
"""What stands for a JSON value that is open, by the kind that its service wants; of a list the only element."""


def open_values(document: Json) -> dict[str, Json]:
    """A value for every open ``${Name}`` of a definition: an ARN where a Resource needs one, a number in a field of
    seconds or counts, what its service wants where it is a JSON value, otherwise a text that names it.
    """
    return {name: _value(name, uses, document) for name, uses in placeholders(document).items()}


def _value(name: str, uses: Sequence[str], document: Json) -> Json:
    if name in _PSEUDO:
        return _PSEUDO[name]
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name).strip("-") or "value"
    for use in uses:
        *_, key = parts(use) or ("",)
        alone = _at(document, use)
        if key == "Resource" and alone == f"${{{name}}}":
            return f"arn:aws:lambda:eu-west-1:111122223333:function:{plain}"
        if isinstance(alone, Placeholder) and key.endswith(_NUMBERS):
            return 2
        if isinstance(alone, Placeholder) and (kind := _kind(document, parts(use))) in _VALUES:
            return _VALUES[kind](plain)
    return plain


def _kind(document: Json, steps: Sequence[str]) -> str:
    """The kind of value that the service of a Task wants in a part of its arguments; empty where that is not known."""
    for number, step in enumerate(steps):
        task = _at(document, join("", *steps[:number]))
        if step in ("Parameters", "Arguments") and isinstance(task, Mapping) and isinstance(task.get("Resource"), str):
            return argument_kind(task["Resource"], steps[number + 1 :])
    return ""


def _at(document: Json, pointer: str) -> Json:
    for key in parts(pointer):
        if isinstance(document, Mapping):
            document = document.get(key)
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document
