"""Rules about several states at once: transitions, names, ends, reachability, labels, scopes of variables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sfn_airflow_core.asl.model import (
    Catcher,
    Choice,
    Fail,
    Flowing,
    Machine,
    Map,
    PathRule,
    QueryRule,
    State,
    Succeed,
    nested,
    targets,
)
from sfn_airflow_core.asl.read_fields import Notes
from sfn_airflow_core.text import join

MISSING_TARGET: Final = "MISSING_TRANSITION_TARGET"


def check_transitions(machine: Machine, declared: Collection[str], notes: Notes) -> None:
    """Report transitions to states that are not beside the state (they never cross the edge of a sub-machine)."""
    _target(machine.start_at, join(machine.at, "StartAt"), "StartAt", declared, notes)
    for state in machine.states.values():
        if isinstance(state, Flowing):
            _target(state.next, join(state.at, "Next"), "Next", declared, notes)
        entries: tuple[Catcher | PathRule | QueryRule, ...] = ()
        if isinstance(state, Choice):
            entries = state.choices
            _target(state.default, join(state.at, "Default"), "Default", declared, notes)
        elif not isinstance(state, Succeed | Fail):
            entries = getattr(state, "catch", ())
        for entry in entries:
            _target(entry.next, join(entry.at, "Next"), "Next", declared, notes)


def _target(name: str | None, at: str, field: str, declared: Collection[str], notes: Notes) -> None:
    if name is None or name in declared or "${" in name:
        return
    if not name and any(problem.at in (at, at.rpartition("/")[0]) for problem in notes.problems):
        return  # the field is absent or not a string, which is reported already
    notes.error(at, f"Missing '{field}' target: {name[:100]}", MISSING_TARGET)


def check_ends(machine: Machine, notes: Notes) -> None:
    """Report a machine that cannot end, and states that cannot be reached (which the service takes)."""
    states = machine.states
    ends = [s for s in states.values() if isinstance(s, Succeed | Fail) or (isinstance(s, Flowing) and s.next is None)]
    if states and not ends:
        message = (
            "There is no state at which the execution can end; one needs '\"End\": true', or the type Succeed or Fail"
        )
        notes.error(join(machine.at, "States"), message, "MISSING_END_STATE")
    if machine.start_at not in states or any("${" in name for s in states.values() for name in targets(s)):
        return
    reached, ahead = {machine.start_at}, [machine.start_at]
    while ahead:
        for name in targets(states[ahead.pop()]):
            if name in states and name not in reached:
                reached.add(name)
                ahead.append(name)
    for name, state in states.items():
        if name not in reached:
            notes.warn(state.at, f"The state {name[:100]!r} cannot be reached", on_key=True)


def check_names(machine: Machine, notes: Notes) -> None:
    """Report names and labels that are there twice anywhere in the machine."""
    names: dict[str, State] = {}
    labels: dict[str, State] = {}
    for state in machine.walk():
        first = names.setdefault(state.name, state)
        if first is not state:
            message = f"The name {state.name[:100]!r} is already the name of {first.at[:200]}"
            notes.error(state.at, message, "DUPLICATE_STATE_NAME", on_key=True)
        if isinstance(state, Map) and state.label is not None and "${" not in state.label:
            other = labels.setdefault(state.label, state)
            if other is not state:
                message = f"The label {state.label!r} is already the label of {other.at[:200]}"
                notes.error(join(state.at, "Label"), message, "DUPLICATE_LABEL_NAME")


def check_scopes(machine: Machine, notes: Notes, outer: Mapping[str, str] | None = None) -> None:
    """Report variables that are assigned inside a Parallel or Map and also around it (no shadowing)."""
    own: dict[str, str] = dict(outer or {})
    for state in machine.states.values():
        for name, at in _assigned(state):
            if outer and name in outer:
                message = (
                    f"The variable {name!r} is assigned in an outer scope too ({outer[name][:200]}); use another name"
                )
                notes.error(at, message, on_key=True)
            own.setdefault(name, at)
    for state in machine.states.values():
        separate = isinstance(state, Map) and state.mode == "DISTRIBUTED"
        for inner in nested(state):
            check_scopes(inner, notes, {} if separate else own)


def _assigned(state: State) -> list[tuple[str, str]]:
    # Catchers are left out: AWS took a branch that assigns what the Catch of its own Parallel assigns too (recorded).
    sources = [(state.flow.assign, state.at)]
    if isinstance(state, Choice):
        sources += [(rule.assign, rule.at) for rule in state.choices]
    return [
        (key.removesuffix(".$") if state.query_language == "JSONPath" else key, join(at, "Assign", key))
        for assign, at in sources
        for key in assign or ()
    ]
