"""Which state corresponds to which task of a DAG, why, how sure that is, and what differs between the two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Flow,
    Machine,
    Map,
    Parallel,
    Pass,
    PathFlow,
    Pointer,
    State,
    Succeed,
    Task,
    Wait,
    nested,
    targets,
)
from sfn_airflow_core.compare.dag_file import DagFile, DagTask
from sfn_airflow_core.compare.operators import APPROVING, ARGUMENTS, BRANCHING, EMPTY, OPERATORS, WAITING
from sfn_airflow_core.compare.steps import Plan
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.render.escape import visible

Sure = Literal["certain", "likely", "possible"]
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LEAST: Final = 3.0
"""Points that a pair needs; a name alone that is equal gives six."""
_HELPERS: Final = ("items", "output", "each")
_RUNTIME: Final = ("catch", "results", "state", "choice", "leave", "loop", "enter", "child", "wait")
"""Of the runtime of generated DAGs."""


@dataclass(frozen=True, slots=True)
class Match:
    """A state and the task that stands for it, with the evidence and the differences between them."""

    state: str
    task: str
    sure: Sure
    evidence: tuple[str, ...]
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Structure:
    """A machine beside a DAG file.

    ``tasks`` are the ids of the tasks by the pointer of their state. ``behaviour`` says what a verification found,
    where one was asked for.
    """

    dag: DagFile
    matches: tuple[Match, ...]
    only_machine: tuple[str, ...]
    only_dag: tuple[str, ...]
    edges: tuple[str, ...] = ()
    behaviour: tuple[str, ...] = ()
    tasks: Mapping[Pointer, str] = field(default_factory=dict)

    @property
    def sureness(self) -> dict[str, int]:
        """How many matches are how sure."""
        return {sure: sum(match.sure == sure for match in self.matches) for sure in ("certain", "likely", "possible")}


@dataclass(slots=True)
class _Pair:
    points: float = 0.0
    evidence: list[str] = field(default_factory=list)

    def add(self, points: float, why: str) -> None:
        self.points += points
        self.evidence.append(why)


def match(plan: Plan, dag: DagFile) -> Structure:
    """Match the states of a machine with the tasks of a DAG file."""
    tasks = {task.id: task for task in dag.tasks.values() if not _helper(task, dag)}
    pairs: dict[tuple[str, str], _Pair] = {}
    for at, state in plan.states.items():
        for name, task in tasks.items():
            pair = _compare(at, state, task)
            if pair.points > 0:
                pairs[at, name] = pair
    chosen = _choose(pairs)
    before, after = _neighbours(plan.machine), dag
    for _ in range(2):
        _add_neighbours(pairs, chosen, plan, before, after, tasks)
        chosen = _choose(pairs)
    matches = tuple(
        Match(
            plan.state(at).name,
            chosen[at],
            _sure(pairs[at, chosen[at]]),
            tuple(dict.fromkeys(pairs[at, chosen[at]].evidence)),
            tuple(_differences(plan.state(at), tasks[chosen[at]])),
        )
        for at in plan.states
        if at in chosen
    )
    taken = set(chosen.values())
    origins = {tasks[name].origin for name in taken} - {""}
    return Structure(
        dag,
        matches,
        tuple(f"{s.name} ({type(s).__name__})" for at, s in plan.states.items() if at not in chosen),
        tuple(
            f"{task.id} ({task.operator})"
            for name, task in tasks.items()
            if name not in taken and task.origin not in origins  # a second task of a state that has one
        ),
        tuple(_edges(plan, chosen, dag)),
        tasks=chosen,
    )


def _helper(task: DagTask, dag: DagFile) -> bool:
    """Whether a task of a generated DAG belongs to the state of another one: routers, item makers, collectors."""
    generated = any(other.origin for other in dag.tasks.values())
    return generated and not task.origin and (task.operator in _RUNTIME or task.task_id in _HELPERS)


def _compare(at: str, state: State, task: DagTask) -> _Pair:
    pair = _Pair()
    if task.origin:
        if task.origin == visible(at):
            pair.add(20, "origin comment")
        else:
            return pair
    _names(pair, state, task)
    if isinstance(state, Task):
        _resources(pair, state, task)
    kind = _KINDS.get(type(state))
    if kind is not None and task.operator in kind:
        pair.add(2, f"both are a {type(state).__name__}")
    return pair if _may_be(state, task) or task.origin else _Pair()


def _may_be(state: State, task: DagTask) -> bool:
    """Whether both or neither are a group; a single mapped task may be a whole Map."""
    group = task.operator == "group"
    return group == isinstance(state, Parallel | Map) or (isinstance(state, Map) and task.mapped)


_KINDS: Final[Mapping[type, tuple[str, ...]]] = {
    Choice: BRANCHING,
    Wait: WAITING,
    Succeed: EMPTY,
    Pass: EMPTY,
    Parallel: ("group",),
    Map: ("group",),
}


def _names(pair: _Pair, state: State, task: DagTask) -> None:
    if state.name in (task.id, task.title):
        pair.add(8, "same name")
        return
    ours = _words(state.name)
    titles = [_words(text) for text in (task.task_id, task.title) if text]
    if any(words == ours for words in titles):
        pair.add(6, "same name")
        return
    best = max((_alike(ours, words) for words in titles), default=0.0)
    if best >= 0.5:
        pair.add(4 * best, f"similar name ({best:.0%})")


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(text.split(".")[-1])]


def _alike(first: list[str], second: list[str]) -> float:
    ours, theirs = set(first), set(second)
    return len(ours & theirs) / max(1, len(ours | theirs))


def _resources(pair: _Pair, state: Task, task: DagTask) -> None:
    resource = parse_resource(state.resource)
    action = f"{resource.service}:{resource.action}" if resource.kind == "service" else "lambda:invoke"
    literal = _arguments(state.flow)
    operators = OPERATORS.get(action, ())
    if task.operator in operators:
        pair.add(4, f"{task.operator} is {action}")
    for name, values in task.actions:
        if name == action or _snake(name) == _snake(action.split(":")[-1]):
            pair.add(4, f"calls {action}")
            literal_values = values
            break
    else:
        literal_values = task.arguments
    if resource.pattern == "waitForTaskToken" and task.operator in APPROVING:
        pair.add(3, "both wait for a person")
    theirs = {str(value) for value in literal_values.values() if isinstance(value, str) and len(value) > 2}
    ours = [(key, value) for key, value in literal.items() if isinstance(value, str)]
    shared = [
        f"{key} {value.rpartition(':')[2]:.40}"
        for key, value in ours
        if value in theirs or value.rpartition(":")[2] in theirs
    ]
    if shared:
        pair.add(5, f"same {shared[0]}")
    elif resource.kind == "lambda" and _words(resource.action) in (_words(task.task_id), _words(task.title)):
        pair.add(3, f"named as the function {resource.action}")


def _snake(text: str) -> str:
    return "_".join(_words(text))


def _arguments(flow: Flow) -> dict[str, object]:
    given = flow.parameters if isinstance(flow, PathFlow) else flow.arguments
    return dict(given.value) if given is not None and isinstance(given.value, dict) else {}


def _choose(pairs: Mapping[tuple[str, str], _Pair]) -> dict[str, str]:
    """The best pairs first, each state and each task once."""
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    ordered = sorted(pairs, key=lambda key: (-pairs[key].points, key))
    for at, name in ordered:
        if pairs[at, name].points >= _LEAST and at not in chosen and name not in taken:
            chosen[at] = name
            taken.add(name)
    return chosen


def _neighbours(machine: Machine) -> list[tuple[str, str]]:
    """What follows what, as pairs of pointers: into Parallel and Map states, through them and out of them."""
    found = []
    for state in machine.states.values():
        onward = [machine.states[name].at for name in targets(state)]
        found += [(state.at, at) for at in onward]
        for inner in nested(state):
            ends = [end.at for end in inner.states.values() if not targets(end)]
            found += [(state.at, inner.states[inner.start_at].at)]
            found += [(end, at) for end in ends for at in onward]
            found += _neighbours(inner)
    return found


def _wiring(dag: DagFile) -> dict[str, set[str]]:
    """What follows what in a DAG: into groups, through them and out of them."""
    onward: dict[str, set[str]] = {}
    for source, target in dag.edges:
        onward.setdefault(source, set()).add(target)
    for task in dag.tasks.values():
        if task.group in dag.tasks:
            onward.setdefault(task.group, set()).add(task.id)
            onward.setdefault(task.id, set()).add(f"end of {task.group}")
        if task.operator == "group":
            out = {f"end of {task.group}"} if task.group in dag.tasks else set()
            onward.setdefault(f"end of {task.id}", set()).update(out, dag.after(task.id))
    return onward


def _add_neighbours(
    pairs: dict[tuple[str, str], _Pair],
    chosen: Mapping[str, str],
    plan: Plan,
    transitions: Iterable[tuple[str, str]],
    dag: DagFile,
    tasks: Mapping[str, DagTask],
) -> None:
    """Gives points to pairs whose neighbours are matched with each other, and that are of one kind."""
    for first, second in transitions:
        for known, other, near in ((first, second, dag.after), (second, first, dag.before)):
            if known not in chosen or other in chosen:
                continue
            for name in near(chosen[known]):
                if name in tasks and _may_be(plan.state(other), tasks[name]) and tasks[name].origin in ("", other):
                    pair = pairs.setdefault((other, name), _Pair())
                    way = "after" if near == dag.after else "before"
                    pair.add(1.5, f"{way} {plan.state(known).name} on both sides")


def _sure(pair: _Pair) -> Sure:
    if "origin comment" in pair.evidence:
        return "certain"
    return "likely" if pair.points >= 7 else "possible"


def _differences(state: State, task: DagTask) -> Iterable[str]:
    if isinstance(state, Task | Parallel | Map):
        yield from _retry_differences(state, task)
    if isinstance(state, Task):
        limit = state.timeout_seconds
        if isinstance(limit, int | float) and task.timeout is not None and float(limit) != task.timeout:
            yield f"timeout {limit} s, and {task.timeout:g} s"
        elif isinstance(limit, int | float) and task.timeout is None and not task.origin:
            yield f"timeout {limit} s, and none"
        elif limit is None and task.timeout is not None:
            yield f"no timeout, and {task.timeout:g} s"
        yield from _argument_differences(state, task)
    if isinstance(state, Fail) and task.operator in EMPTY:
        yield "the state fails the execution, the task succeeds"


def _retry_differences(state: Task | Parallel | Map, task: DagTask) -> Iterable[str]:
    attempts = [r.max_attempts for r in state.retry if isinstance(r.max_attempts, int)]
    ours, theirs = (attempts[0] if attempts else 0), task.retries or 0
    if task.origin and task.retries is None:
        return  # a generated task whose retries are not written as numbers
    if ours != theirs:
        yield f"{ours} retries, and {theirs}"
    if state.retry and not task.origin and any(r.error_equals != ("States.ALL",) for r in state.retry):
        named = sorted({name for r in state.retry for name in r.error_equals})
        if theirs:
            yield f"retried for {', '.join(named[:3])}, and for every error"
    delay = state.retry[0].interval_seconds if state.retry else None
    if isinstance(delay, int | float) and task.retry_delay is not None and float(delay) != task.retry_delay:
        yield f"first retry after {delay} s, and after {task.retry_delay:g} s"
    if getattr(state, "catch", ()) and not task.origin:
        yield "errors are caught, and the task has no catch router"


def _argument_differences(state: Task, task: DagTask) -> Iterable[str]:
    theirs = dict(task.arguments)
    for _, values in task.actions[:1]:
        theirs |= values
    for key, value in _arguments(state.flow).items():
        other = theirs.get(key, theirs.get(ARGUMENTS.get(key, ""), None))
        if isinstance(value, str | int | float) and isinstance(other, str | int | float) and str(value) != str(other):
            if str(value).rpartition(":")[2] == str(other).rpartition(":")[2]:
                continue
            yield f"{key} {value!s:.60}, and {other!s:.60}"


def _edges(plan: Plan, chosen: Mapping[str, str], dag: DagFile) -> Iterable[str]:
    """Transitions between matched states for which the DAG has no way, and the reverse.

    Left out are transitions within a cycle, into the DAG of a part, and to states whose work another task does: a DAG
    has no edge for them.
    """
    wiring, onward = _wiring(dag), dict[str, set[str]]()
    for first, second in _neighbours(plan.machine):
        onward.setdefault(first, set()).add(second)
    reach = {task: _closure(wiring, task) for task in chosen.values()}
    behind = {at: _closure(onward, at) for at in chosen}
    for first, second in _neighbours(plan.machine):
        if first not in chosen or second not in chosen or first in behind[second]:
            continue
        source, target = dag.tasks[chosen[first]], dag.tasks[chosen[second]]
        apart = source.dag != target.dag or "function" in (source.operator, target.operator)
        if not apart and target.id not in reach[source.id]:
            yield f"{plan.state(first).name} → {plan.state(second).name} has no way in the DAG"
    states = {task: at for at, task in chosen.items()}
    for start, end in dag.edges:
        if start in states and end in states and states[end] not in behind[states[start]]:
            yield f"{start} >> {end} has no way in the state machine"


def _closure(onward: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    open_ = [start]
    while open_:
        for name in onward.get(open_.pop(), ()):
            if name not in found:
                found.add(name)
                open_.append(name)
    return found
