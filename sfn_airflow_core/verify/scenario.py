"""Scenarios: an input and the replies of the services, and the file in which a person can keep and edit them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.findings import UnreadableInput
from sfn_airflow_core.interpreter import BadReplies, Replies, Reply, ServiceCall, read_replies
from sfn_airflow_core.jsonmap import read_document
from sfn_airflow_core.verify.places import Home

MachineType: TypeAlias = Literal["STANDARD", "EXPRESS"]
_ITEM = re.compile(r"(?P<state>.+)#(?P<item>\d+)", re.DOTALL)
_MEMBERS = frozenset(
    {
        "id",
        "machine",
        "type",
        "about",
        "input",
        "replies",
        "variables",
        "expected",
        "retry_delays",
        "waits",
        "calls_not_compared",
        "differs_from_aws",
        "weight",  # of compare: how often it happens
    }
)


class BadScenarios(ValueError):
    """A scenario file does not say what it should; the message names the place."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One execution to be run on both sides.

    ``replies`` is the value of a replies file (docs/replies.md). ``variables`` are values of open substitutions.
    ``machine`` is the name of the machine it belongs to, empty for any. ``expected`` may hold ``status``, ``output``
    and ``error``, which both sides must then give. ``not_comparable`` says why the two sides are known to differ.
    ``type`` is that of the state machine.
    """

    id: str
    input: Json = field(default_factory=dict)
    replies: Mapping[str, Json] = field(default_factory=dict)
    variables: Mapping[str, Json] = field(default_factory=dict)
    machine: str = ""
    about: str = ""
    expected: Mapping[str, Json] | None = None
    not_comparable: str = ""
    type: MachineType = "STANDARD"

    def answers(self, homes: Mapping[str, Home]) -> ScenarioAnswers:
        """The replies, none of them used; a service without a reply answers ``{}``. Raises ``BadReplies``.

        ``homes`` are the states of the machine by name.
        """
        table: dict[str, Json] = {"*": {"result": {}}, **self.replies}
        single = frozenset(name for name in table if _ITEM.fullmatch(name))
        return ScenarioAnswers(read_replies(table), single, homes)


@dataclass(frozen=True, slots=True)
class ScenarioAnswers:
    """Replies in which ``Ship#1`` answers the state ``Ship`` for item 1 of the Map around it, before ``Ship`` does."""

    replies: Replies
    single: frozenset[str]
    homes: Mapping[str, Home]

    def answer(self, call: ServiceCall) -> Reply:
        """The reply to a call; raises ``MissingReply``."""
        home = self.homes.get(call.state)
        fixed = [number for _, number in home.scope] if home else []
        items = [number for (_, number), known in zip(call.place, fixed, strict=False) if known is None]
        name = f"{call.state}#{items[-1]}" if items else call.state
        return self.replies.answer(replace(call, state=name, place=()) if name in self.single else call)


def read_scenarios(text: str | bytes, source: str) -> list[Scenario]:
    """Scenarios from the text of a file (JSON or YAML): a list, or an object with a list ``scenarios``.

    Raises ``BadScenarios``.
    """
    try:
        value = read_document(text, source).value
    except UnreadableInput as error:
        raise BadScenarios(str(error)) from error
    if isinstance(value, dict) and "scenarios" in value:
        value = value["scenarios"]
    elif isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not value:
        raise BadScenarios(f"{source}: a list of scenarios is needed")
    read = [_scenario(entry, number, source) for number, entry in enumerate(value)]
    doubled = {one.id for one in read if sum((one.id, one.machine) == (o.id, o.machine) for o in read) > 1}
    if doubled:
        raise BadScenarios(f"{source}: two scenarios are called {sorted(doubled)[0]!r}")
    return read


def load_scenarios(path: Path) -> list[Scenario]:
    """The scenarios of a file. Raises ``BadScenarios`` and ``OSError``."""
    return read_scenarios(path.read_bytes(), path.name)


def _scenario(entry: Json, number: int, source: str) -> Scenario:
    at = f"{source}: scenario {number}"
    if not isinstance(entry, dict):
        raise BadScenarios(f"{at}: an object is needed")
    if unknown := entry.keys() - _MEMBERS:
        raise BadScenarios(f"{at}: there is no member {sorted(unknown)[0]!r}")
    name = entry.get("id", f"scenario {number + 1}")
    texts = {key: entry.get(key, "") for key in ("machine", "about", "differs_from_aws")}
    tables = {key: entry.get(key, {}) for key in ("replies", "variables")}
    expected, kind = entry.get("expected"), entry.get("type", "STANDARD")
    if kind not in ("STANDARD", "EXPRESS"):
        raise BadScenarios(f"{at}: type is STANDARD or EXPRESS")
    if not isinstance(name, str) or not all(isinstance(text, str) for text in texts.values()):
        raise BadScenarios(f"{at}: id, machine, about and differs_from_aws are texts")
    if not all(isinstance(table, dict) for table in tables.values()) or not isinstance(expected, dict | None):
        raise BadScenarios(f"{at}: replies, variables and expected are objects")
    scenario = Scenario(
        id=name,
        input=entry.get("input", {}),
        replies=_object(tables["replies"]),
        variables=_object(tables["variables"]),
        machine=str(texts["machine"]),
        about=str(texts["about"]),
        expected=expected,
        not_comparable=str(texts["differs_from_aws"]),
        type="EXPRESS" if kind == "EXPRESS" else "STANDARD",
    )
    try:
        scenario.answers({})
    except BadReplies as error:
        raise BadScenarios(f"{at} ({name}): {error}") from error
    return scenario


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def as_json(scenarios: Iterable[Scenario]) -> list[Json]:
    """Scenarios as the value of a scenario file, without members that say nothing."""
    return [_as_json(scenario) for scenario in scenarios]


def _as_json(scenario: Scenario) -> Json:
    shown: dict[str, Json] = {"id": scenario.id}
    if scenario.machine:
        shown["machine"] = scenario.machine
    if scenario.type != "STANDARD":
        shown["type"] = scenario.type
    if scenario.about:
        shown["about"] = scenario.about
    shown |= {"input": scenario.input, "replies": dict(scenario.replies)}
    if scenario.variables:
        shown["variables"] = dict(scenario.variables)
    if scenario.expected is not None:
        shown["expected"] = dict(scenario.expected)
    if scenario.not_comparable:
        shown["differs_from_aws"] = scenario.not_comparable
    return shown
