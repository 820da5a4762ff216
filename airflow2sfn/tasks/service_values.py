"""Arguments of services' operators as they are meant: texts with JSON in them, addresses in S3, members of enums."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.reading.template_files import of_data
from airflow2sfn.source import Concat, Items, Known, Reference, Task, Template, Value

_ENUMS: Mapping[str, Callable[[str], str]] = {
    "RdsDbType": str.lower,
    "EcsClusterStates": str,
    "EcsTaskDefinitionStates": str,
    "EcsTaskStates": str,
    "ApprovalStatus": lambda name: "".join(word.capitalize() for word in name.split("_")),
    "WaitPolicy": str.lower,
    "ClusterStates": str,
    "NodegroupStates": str,
    "FargateProfileStates": str,
    "DmsTaskWaiterStatus": str.lower,
}
"""The provider's own enums, and what their members are worth."""
_S3 = "s3://"


def own(task: Task) -> dict[str, Value]:
    """The arguments that say something: those that are None as well as not given are left out."""
    return {name: _member(value) for name, value in task.arguments.items() if value != Known(None)}


def _member(value: Value) -> Value:
    if isinstance(value, Reference) and value.name.startswith("airflow.providers.amazon."):
        *_, enum, name = value.name.split(".")
        if enum in _ENUMS:
            return Known(_ENUMS[enum](name))
    if isinstance(value, Items) and any(isinstance(item, Reference) for item in value.items):
        items = tuple(map(_member, value.items))
        if all(isinstance(item, Known) for item in items):
            return Known([item.value for item in items if isinstance(item, Known)])
    return value


def parsed(value: Value) -> Value:
    """The value in a text with JSON. Raises Untranslatable."""
    match value:
        case Known(str() as text):
            try:
                return Known(json.loads(text))
            except ValueError:
                return value
        case Template(text):
            try:
                return of_data(json.loads(text))
            except ValueError:
                raise Untranslatable("JSON is put together by a template") from None
        case _:
            return value


def split_url(given: dict[str, Value], key: str, bucket: str) -> None:
    """Takes an address in S3 apart, where the key of an object is one."""
    value = given.get(key)
    if isinstance(value, Known | Template):
        text = value.value if isinstance(value, Known) else value.text
        if isinstance(text, str) and text.startswith(_S3):
            first, _, rest = text.removeprefix(_S3).partition("/")
            made = Known if isinstance(value, Known) else Template
            given |= {bucket: Template(first) if "{{" in first else Known(first), key: made(rest)}
    elif isinstance(value, Concat) and isinstance(value.parts[0], Known) and value.parts[0].value.startswith(_S3):
        given |= _split_parts((Known(value.parts[0].value.removeprefix(_S3)), *value.parts[1:]), key, bucket)


def _split_parts(parts: tuple[Value, ...], key: str, bucket: str) -> dict[str, Value]:
    for position, part in enumerate(parts):
        if isinstance(part, Known) and "/" in part.value:
            before, _, after = part.value.partition("/")
            return {
                bucket: _together((*parts[:position], Known(before))),
                key: _together((Known(after), *parts[position + 1 :])),
            }
    raise Untranslatable("where the bucket ends in an s3:// address is not known")


def _together(parts: tuple[Value, ...]) -> Value:
    left = tuple(part for part in parts if part != Known(""))
    return left[0] if len(left) == 1 else Concat(left)
