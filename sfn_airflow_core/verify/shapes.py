"""What kind of value a service expects in an argument or gives in its answer, from botocore's models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from sfn_airflow_core.verify.calls import action_of
from sfn_airflow_core.verify.symbols import Lst, Obj, Sym, Value

_KINDS: Final = {
    "string": "string",
    "integer": "integer",
    "long": "integer",
    "double": "number",
    "float": "number",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "list": "array",
    "structure": "object",
    "map": "object",
}


@lru_cache(maxsize=1)
def _session() -> Any:
    """One session, which keeps the models that it has read: some take botocore half a second. None without botocore."""
    try:
        from botocore.session import Session
    except ImportError:
        return None
    return Session()


@lru_cache(maxsize=256)
def _operation(action: str) -> Any:
    """botocore's model of an operation, ``None`` where there is none or botocore is not installed."""
    session = _session()
    if session is None:
        return None
    from botocore.exceptions import UnknownServiceError

    service, _, operation = action.partition(":")
    try:
        model = session.get_service_model(service)
    except UnknownServiceError:
        return None
    name = operation[:1].upper() + operation[1:]
    return model.operation_model(name) if name in model.operation_names else None


def output_shape(action: str) -> Any:
    """botocore's shape of an operation's answer, ``None`` where there is none."""
    model = _operation(action)
    return None if model is None else model.output_shape


def respelled(action: str, arguments: Any) -> Any:
    """Arguments with their members as boto3 spells them: ``DbInstanceIdentifier`` is ``DBInstanceIdentifier``."""
    model = _operation(action)
    return arguments if model is None else _respelled(arguments, model.input_shape)


def _respelled(value: Any, shape: Any) -> Any:
    match getattr(shape, "type_name", ""), value:
        case "structure", dict():
            members = {name.lower(): name for name in shape.members}
            made = {}
            for key, part in value.items():
                name = members.get(key.lower())
                shown = key if name is None else name[:1].upper() + name[1:]
                made[shown] = part if name is None else _respelled(part, shape.members[name])
            return made
        case "list", list():
            return [_respelled(part, shape.member) for part in value]
        case "map", dict():
            return {key: _respelled(part, shape.value) for key, part in value.items()}
        case _:
            return value


def argument_hints(resource: str, arguments: Value) -> Iterator[tuple[Sym, str]]:
    """The kinds that a service expects of those parts of its arguments that are not known yet."""
    model = _operation(action_of(resource))
    if model is not None and not resource.startswith("arn:aws:lambda"):
        yield from _hints(arguments, model.input_shape)


def _hints(value: Value, shape: Any) -> Iterator[tuple[Sym, str]]:
    match value:
        case Sym():
            if kind := _KINDS.get(getattr(shape, "type_name", "")):
                yield value, kind
        case Obj():
            for name, part in value.members.items():
                yield from _hints(part, _member(shape, name))
        case Lst():
            for part in value.items:
                yield from _hints(part, getattr(shape, "member", None))


def _member(shape: Any, name: str | int) -> Any:
    if isinstance(name, int):
        return getattr(shape, "member", None)
    match getattr(shape, "type_name", ""):
        case "structure":
            lower = name[:1].lower() + name[1:]
            return shape.members.get(name) or shape.members.get(lower)
        case "map":
            return shape.value
        case _:
            return None


def argument_kind(resource: str, steps: Sequence[str]) -> str:
    """The kind of a part of a service's arguments; empty where it is not known."""
    model = _operation(action_of(resource))
    shape = model.input_shape if model is not None else None
    for step in steps:
        shape = _member(shape, int(step) if step.isdigit() else step)
    return _KINDS.get(getattr(shape, "type_name", ""), "")


def answer_kind(resource: str, steps: tuple[str | int, ...]) -> str:
    """The kind of a part of a service's answer; empty where it is not known."""
    model = _operation(action_of(resource))
    shape = model.output_shape if model is not None else None
    for step in steps:
        shape = _member(shape, step)
    return _KINDS.get(getattr(shape, "type_name", ""), "")


def answer_members(resource: str) -> frozenset[str] | None:
    """The members that a service's answer can have, as Step Functions spells them; None where it is not known."""
    model = _operation(action_of(resource))
    shape = model.output_shape if model is not None else None
    return None if shape is None else frozenset(name[:1].upper() + name[1:] for name in shape.members)


def marking_member(resource: str) -> str:
    """A member of a service's answer that holds a text, by which one answer can be told from another."""
    model = _operation(action_of(resource))
    shape = model.output_shape if model is not None else None
    members = getattr(shape, "members", {})
    payload = getattr(shape, "serialization", {}).get("payload")
    if payload is not None and payload in members and members[payload].type_name == "blob":
        return str(payload[:1].upper() + payload[1:])
    plain = [n for n, part in members.items() if part.type_name == "string" and not getattr(part, "enum", None)]
    name = plain[0][:1].upper() + plain[0][1:] if plain else ""
    return "ClusterId" if (name, resource.partition(":::")[2][:16]) == ("JobFlowId", "elasticmapreduce") else name
