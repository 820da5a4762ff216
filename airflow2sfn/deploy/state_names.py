"""Names of states as the service takes them: at most 80 characters, where Airflow takes 250 for the id of a task.

Source: Step Functions Developer Guide, "State machine structure in Amazon States Language".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from airflow2sfn.emission.drafts import LONGEST_NAME, Names
from sfn_airflow_core.asl.model import Choice, Machine, Map, Parallel, State, Task, Wait
from sfn_airflow_core.asl.model import Pass as PassState


def with_short_names(machine: Machine) -> Machine:
    """The machine with a shorter name for every state whose name is too long; its comment says the whole one."""
    every = [state.name for state in machine.walk()]
    names = Names({name for name in every if len(name) <= LONGEST_NAME})
    short = {name: names.state(_ending(name)) for name in every if len(name) > LONGEST_NAME}
    return _renamed(machine, short) if short else machine


def _ending(name: str) -> str:
    """What tells a name from others: its end, from the beginning of a word."""
    end = name[-LONGEST_NAME:]
    for mark in (".", "_"):
        _, found, rest = end.partition(mark)
        if found and len(rest) > LONGEST_NAME // 2:
            return rest
    return end


def _renamed(machine: Machine, short: Mapping[str, str]) -> Machine:
    states = {short.get(name, name): _state(state, short) for name, state in machine.states.items()}
    return replace(machine, start_at=short.get(machine.start_at, machine.start_at), states=states)


def _state(state: State, short: Mapping[str, str]) -> State:
    if state.name in short:
        state = replace(state, name=short[state.name], comment=state.comment or state.name)
    match state:
        case Choice(choices=choices, default=default):
            rules = tuple(replace(rule, next=short.get(rule.next, rule.next)) for rule in choices)
            return replace(state, choices=rules, default=None if default is None else short.get(default, default))
        case Parallel(branches=branches):
            state = replace(state, branches=tuple(_renamed(branch, short) for branch in branches))
        case Map(processor=processor):
            state = replace(state, processor=_renamed(processor, short))
    if isinstance(state, Task | Parallel | Map):
        state = replace(state, catch=tuple(replace(one, next=short.get(one.next, one.next)) for one in state.catch))
    if isinstance(state, Task | Parallel | Map | PassState | Wait) and state.next is not None:
        return replace(state, next=short.get(state.next, state.next))
    return state
