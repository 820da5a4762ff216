"""State machines inside of templates: those of CloudFormation, SAM and the CDK, and of the Serverless Framework.

A definition is given as its own text with as many empty lines before it as stand before it in the template, so that
every place in it is a place in the template. CloudFormation: ``AWS::StepFunctions::StateMachine`` and
``AWS::Serverless::StateMachine``, properties ``Definition`` and ``DefinitionString``; plugin serverless-step-functions:
``stepFunctions.stateMachines.*.definition``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.jsonmap.limits import REFUSED_SIZE
from sfn_airflow_core.jsonmap.positions import Node
from sfn_airflow_core.jsonmap.read_json import Unparsable, parse, places
from sfn_airflow_core.jsonmap.read_yaml import parse_yaml
from sfn_airflow_core.jsonmap.substitute import resolve

_TYPES: Final = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_FIELDS: Final = ("Definition", "DefinitionString")
_WORDS: Final = (*(kind.encode() for kind in _TYPES), b"stateMachines")
_LITERAL: Final = re.compile(r"(?:!Sub\s+)?\|[-+]?[ \t]*\r?\n")
"""How a block begins of which every line stands in the text as it is."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A definition in a template: the name of its resource there, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    value: Json
    node: Node


def may_embed(data: bytes) -> bool:
    """Whether a text has the words of a template with state machines."""
    return b"StartAt" in data and any(word in data for word in _WORDS)


def embedded(data: bytes) -> list[Embedded]:
    """The state machines in a template; none in any other text, or where it cannot be read."""
    if not may_embed(data) or len(data) > REFUSED_SIZE:
        return []
    try:
        text = data.decode("utf-8-sig").replace("#{AWS::", "${AWS::")  # as serverless-pseudo-parameters writes it
        value, root = _parsed(text)
    except (UnicodeDecodeError, Unparsable):
        return []
    if not isinstance(value, dict) or {"States", "StartAt"} & value.keys():
        return []
    found = [(each.name, _text(each.value, each.node, text)) for each in _definitions(value, root)]
    return [Embedded(name, made) for name, made in found if made is not None]


def _parsed(text: str) -> tuple[Json, Node]:
    if text.lstrip().startswith("{"):
        return parse(text), places(text).root
    read = parse_yaml(text, lenient=True)
    return read.value, read.root


def _definitions(value: dict[str, Json], root: Node) -> Iterator[_Found]:
    for name, resource, place in _members(value, root, "Resources"):
        if resource.get("Type") in _TYPES:
            for field, definition, below in _all(resource, place, "Properties"):
                if field in _FIELDS:
                    yield _Found(name, definition, below)
    plugin, around = value.get("stepFunctions"), root.child("stepFunctions")
    if isinstance(plugin, dict) and around is not None:
        for name, machine, place in _members(plugin, around, "stateMachines"):
            if (definition_place := place.child("definition")) is not None:
                yield _Found(name, machine["definition"], definition_place)


def _all(value: dict[str, Json], node: Node, field: str) -> Iterator[tuple[str, Json, Node]]:
    """The members of the object in a field, with their places."""
    inner, below = value.get(field), node.child(field)
    if isinstance(inner, dict) and below is not None:
        for name, member in inner.items():
            if (place := below.child(name)) is not None:
                yield name, member, place


def _members(value: dict[str, Json], node: Node, field: str) -> Iterator[tuple[str, dict[str, Json], Node]]:
    """Those of the members that are objects."""
    for name, member, place in _all(value, node, field):
        if isinstance(member, dict):
            yield name, member, place


def _text(value: Json, node: Node, text: str) -> str | None:
    """The text of a definition at its place; ``None`` where it is somewhere else, or only known when it is deployed."""
    start, line = node.start, text.count("\n", 0, node.start)
    if isinstance(value, dict) and {"StartAt", "States"} <= value.keys():
        column = start - (text.rfind("\n", 0, start) + 1)
        return "\n" * line + " " * column + text[start : node.end]
    made = resolve(value, {})
    if not isinstance(made, str) or not made.lstrip().startswith("{"):
        return None
    header = _LITERAL.match(text, (node.child("Fn::Sub") or node).start)
    return "\n" * (line + 1) + text[header.end() : node.end] if header else "\n" * line + made
