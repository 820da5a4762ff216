"""Values for the open substitutions of a machine, so that it can be executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sfn_airflow_core.asl.model import Placeholder
from sfn_airflow_core.jsonmap import placeholders
from sfn_airflow_core.text import parts

Json = Any

_PSEUDO: Final = {
    "AWS::Region": "eu-west-1",
    "AWS::Partition": "aws",
    "AWS::AccountId": "111122223333",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
}
_NUMBERS: Final = ("Seconds", "MaxAttempts", "BackoffRate", "MaxConcurrency", "MaxItems", "Count", "Percentage")


def open_values(document: Json) -> dict[str, Json]:
    """A value for every open ``${Name}`` of a definition: an ARN where a Resource needs one, a number in a field of
    seconds or counts, otherwise a text that names it.
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
    return plain


def _at(document: Json, pointer: str) -> Json:
    for key in parts(pointer):
        if isinstance(document, Mapping):
            document = document.get(key)
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document
