"""A located JSON value to a state machine, with everything that is wrong with it.

The rules are those of ``ValidateStateMachineDefinition`` where AWS's answer is known, otherwise those of the States
Language specification. Unknown fields are kept apart: whether the service rejects one depends on where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from sfn_airflow_core.asl.model import Json, Machine, Pointer, QueryLanguage, State
from sfn_airflow_core.asl.read_fields import Fields, Notes, Unknown, is_open
from sfn_airflow_core.asl.read_states import read_state
from sfn_airflow_core.asl.read_values import number
from sfn_airflow_core.asl.validate import check_ends, check_names, check_scopes, check_transitions
from sfn_airflow_core.findings import Problem
from sfn_airflow_core.jsonmap import Document, read_document
from sfn_airflow_core.text import Span, join

__all__ = ["Reading", "Unknown", "read", "read_text"]

DEEPEST: Final = 32
"""Machines inside machines; the service has a limit too, which AWS does not publish."""

LONGEST_NAME: Final = 80
LONGEST_TOLERATED_NAME: Final = 128
_TEMPLATE_KEYS: Final = ("AWSTemplateFormatVersion", "Resources", "Transform")


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one document; ``machine`` is ``None`` exactly if one of the problems is an error."""

    machine: Machine | None
    problems: tuple[Problem, ...]
    unknown: tuple[Unknown, ...]
    document: Document

    def span(self, at: Pointer) -> Span:
        """The place of a value in the text."""
        return self.document.source_map.value(at)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a machine stands: the query language that its states have by default, how deep it is, what runs it."""

    notes: Notes
    language: QueryLanguage = "JSONPath"
    depth: int = 0
    express: bool = False

    def distributed(self, express: bool) -> Scope:
        """The scope of the child executions of a distributed Map."""
        return replace(self, express=express)

    def machine(self, fields: Fields, extra: tuple[str, ...]) -> Machine:
        """Read a branch or a processor; ``extra`` are fields that it may have and that were taken before."""
        if self.depth + 1 > DEEPEST:
            message = f"Parallel and Map states are nested more than {DEEPEST} deep"
            self.notes.error(fields.at, message, "TOO_DEEPLY_NESTED")
            return Machine("", {}, at=fields.at)
        return _machine(fields, replace(self, depth=self.depth + 1))


def read_text(
    data: str | bytes,
    source: str,
    *,
    substitutions: Mapping[str, Json] | None = None,
    machine_type: Literal["STANDARD", "EXPRESS"] = "STANDARD",
) -> Reading:
    """Read a state machine from JSON or YAML text.

    Args:
        data: the text; bytes must be UTF-8.
        source: the name of the file, which decides the notation, or ``-``.
        substitutions: JSON value by the name of the ``${Name}`` placeholder.
        machine_type: the type the machine is to have; an express machine cannot wait for jobs or task tokens.

    Raises:
        UnreadableInput: if the text is no JSON value.
    """
    return read(read_document(data, source, substitutions=substitutions), machine_type=machine_type)


def read(document: Document, *, machine_type: Literal["STANDARD", "EXPRESS"] = "STANDARD") -> Reading:
    """Read a state machine from a document.

    Args:
        document: the located JSON value.
        machine_type: ``STANDARD`` or ``EXPRESS``.
    """
    notes = Notes()
    machine: Machine | None = None
    if not isinstance(document.value, dict):
        notes.error("", "Definition must be a valid JSON object")
    elif not {"States", "StartAt"} & document.value.keys() and (wrapper := _wrapper(document.value)):
        notes.error("", wrapper)
    else:
        machine = _machine(Fields(document.value, "", notes), Scope(notes, express=machine_type == "EXPRESS"))
        check_names(machine, notes)
        check_scopes(machine, notes)
    return Reading(None if notes.errors else machine, notes.located(document), tuple(notes.unknown), document)


def _wrapper(value: dict[str, Json]) -> str:
    """What a document without states is instead, and what to do; empty for an object that says nothing."""
    if any(key in value for key in _TEMPLATE_KEYS):
        return (
            "This is a CloudFormation or SAM template, not a state machine: it has 'Resources' and no 'States'; "
            "no definition is found in it; give the file that it names, or extract the definition into its own file"
        )
    if "stepFunctions" in value or "stateMachines" in value:
        return (
            "This is a Serverless Framework file, not a state machine; extract the 'definition' into a file of its own"
        )
    for key in ("Definition", "definition", "DefinitionString", "definitionString"):
        if key in value:
            return f"The state machine seems to be inside the field '{key}'; extract it into a file of its own"
    return ""


def _machine(fields: Fields, scope: Scope) -> Machine:
    fields.require("States", "StartAt")
    notes, top = scope.notes, scope.depth == 0
    language = fields.choice("QueryLanguage", ("JSONPath", "JSONata"))
    own: QueryLanguage | None = language if language in ("JSONPath", "JSONata") else None  # type: ignore[assignment]
    if own == "JSONPath" and scope.language == "JSONata" and not top:
        notes.error(fields.at, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine")
    states, declared, complete = _states(fields, replace(scope, language=own or scope.language))
    timeout = number(fields, "TimeoutSeconds", 1)
    machine = Machine(
        start_at=fields.text("StartAt") or "",
        states=states,
        comment=fields.text("Comment"),
        query_language=own,
        version=fields.choice("Version", ("1.0",)),
        timeout_seconds=None if isinstance(timeout, float) else timeout,
        at=fields.at,
    )
    fields.close()
    check_transitions(machine, declared, notes)
    if complete:
        check_ends(machine, notes)
    return machine


def _states(fields: Fields, scope: Scope) -> tuple[dict[str, State], list[str], bool]:
    """The states that can be read, the names of all, and whether every one could be read."""
    inside = fields.members("States")
    if inside is None:
        return {}, [], False
    if not inside.value:
        fields.error("States", f"Value cannot be empty at {inside.at}")
    states: dict[str, State] = {}
    for name, value in inside.value.items():
        if not _check_name(name, inside, scope.notes):
            continue
        state = read_state(name, value, join(inside.at, name), scope.notes, scope)
        if state is not None:
            states[name] = state
    return states, list(inside.value), len(states) == len(inside.value)


def _check_name(name: str, inside: Fields, notes: Notes) -> bool:
    """Whether a state can go by this name; what is inside a state with an endless name is not read."""
    if len(name) > LONGEST_TOLERATED_NAME and not is_open(name):
        message = f"The name has {len(name)} characters; at most {LONGEST_NAME} are allowed"
        notes.error(inside.where(name), message, "INVALID_STATE_NAME", on_key=True)
        return False
    if not name:
        notes.error(inside.where(name), "The name of a state cannot be empty", "INVALID_STATE_NAME", on_key=True)
    elif len(name) > LONGEST_NAME:
        message = f"The name has {len(name)} characters; the service takes at most {LONGEST_NAME}"
        notes.warn(inside.where(name), message, "INVALID_STATE_NAME", on_key=True)
    return True
