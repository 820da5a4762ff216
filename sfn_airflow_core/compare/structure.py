"""Which state corresponds to which task of a DAG, why, how sure that is, and what differs between the two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Map,
    Parallel,
    Pass,
    Pointer,
    State,
    Succeed,
    Task,
    Wait,
)
from sfn_airflow_core.compare.conditions import ways
from sfn_airflow_core.compare.dag_file import DagFile, DagTask
from sfn_airflow_core.compare.differences import Both, arguments_of
from sfn_airflow_core.compare.operators import (
    APPROVING,
    BRANCHING,
    EMPTY,
    PYTHON,
    WAITING,
    action_of,
    calls,
    same_call,
    words,
)
from sfn_airflow_core.compare.order import order_differences, side_by_side, transitions
from sfn_airflow_core.compare.runtime_words import RUNTIME
from sfn_airflow_core.compare.steps import Plan
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.render.escape import visible

Sure = Literal["certain", "likely", "possible"]
_LEAST: Final = 3.0
"""Points that a pair needs; a name alone that is equal gives six."""
_NEAR: Final = 3.0
"""Points that neighbours give at most."""
_HELPERS: Final = ("items", "output", "each")


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

    ``around`` are states without work that belong to a matched one, by their name. ``tasks`` are the ids of the tasks
    by the pointer of their state. ``behaviour`` says what a verification found, where one was asked for.
    """

    dag: DagFile
    matches: tuple[Match, ...]
    only_machine: tuple[str, ...]
    only_dag: tuple[str, ...]
    edges: tuple[str, ...] = ()
    behaviour: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    tasks: Mapping[Pointer, str] = field(default_factory=dict)

    @property
    def sureness(self) -> dict[str, int]:
        """How many matches are how sure."""
        return {sure: sum(match.sure == sure for match in self.matches) for sure in ("certain", "likely", "possible")}


@dataclass(slots=True)
class _Pair:
    points: float = 0.0
    near: float = 0.0
    evidence: list[str] = field(default_factory=list)

    def add(self, points: float, why: str) -> None:
        if why not in self.evidence:
            self.points += points
            self.evidence.append(why)

    def add_near(self, points: float, why: str) -> None:
        given = min(points, _NEAR - self.near)
        if why not in self.evidence and given > 0:
            self.near += given
            self.add(given, why)


def match(plan: Plan, dag: DagFile) -> Structure:
    """Match the states of a machine with the tasks of a DAG file."""
    tasks = {task.id: task for task in dag.tasks.values() if not _helper(task, dag)}
    pairs: dict[tuple[Pointer, str], _Pair] = {}
    for at, state in plan.states.items():
        for name, task in tasks.items():
            pair = _compare(at, state, task)
            if pair.points > 0:
                pairs[at, name] = pair
    chosen = _choose(pairs)
    follows = transitions(plan.machine)
    for _ in range(2):
        _add_neighbours(pairs, chosen, plan, follows, dag, tasks)
        chosen = _choose(pairs)
    both = Both.of(plan, dag, chosen)
    matches = tuple(
        Match(
            plan.state(at).name,
            chosen[at],
            _sure(pairs[at, chosen[at]]),
            tuple(pairs[at, chosen[at]].evidence),
            tuple(both.differences(at)),
        )
        for at in plan.states
        if at in chosen
    )
    taken = set(chosen.values())
    waiting = {sensor.id: task for task, sensor in waiting_sensors(dag, [tasks[name] for name in taken]).items()}
    origins = {tasks[name].origin for name in taken} - {""}
    left = [state for at, state in plan.states.items() if at not in chosen]
    around = [state for state in left if _belongs(state, plan, chosen, dag)]
    only = sorted((state for state in left if state not in around), key=lambda s: not isinstance(s, Task | Map | Wait))
    return Structure(
        dag,
        matches,
        tuple(_described(state, plan, chosen, dag) for state in only),
        tuple(
            f"{task.id} ({task.operator}{f'; the state of {waiting[name]} waits itself' if name in waiting else ''})"
            for name, task in tasks.items()
            if name not in taken and task.origin not in origins  # a second task of a state that has one
        ),
        tuple(order_differences(plan, chosen, dag)),
        around=tuple(state.name for state in around),
        tasks=chosen,
    )


def waiting_sensors(dag: DagFile, tasks: Iterable[DagTask]) -> dict[str, DagTask]:
    """Sensors that wait for what a task only starts, by that task: the state of the task waits itself."""
    matched = {task.id: task for task in tasks}
    found: dict[str, DagTask] = {}
    for task in matched.values():
        if task.arguments.get("wait_for_completion") is not False:
            continue
        stem = task.operator.removesuffix("Operator")
        for name in dag.after(task.id):
            sensor = dag.tasks[name]
            if name not in matched and sensor.operator.startswith(stem) and "Sensor" in sensor.operator:
                found[task.id] = sensor
    return found


def _helper(task: DagTask, dag: DagFile) -> bool:
    """Whether a task of a generated DAG belongs to the state of another one: routers, item makers, collectors."""
    return dag.generated and not task.origin and (task.operator in RUNTIME or task.task_id in _HELPERS)


def _belongs(state: State, plan: Plan, chosen: Mapping[Pointer, str], dag: DagFile) -> bool:
    """Whether the task of another state stands for this one, too.

    That is inside of a Map that is one mapped task, and without work of its own where the name says so: ``load failed``
    or ``load: found?`` beside ``load``.
    """
    around = [at for at in chosen if state.at.startswith(f"{at}/")]
    if any(isinstance(plan.state(at), Map) and dag.tasks[chosen[at]].operator != "group" for at in around):
        return True  # a single mapped task does what stands in the Map
    if isinstance(state, Task | Map | Parallel):
        return False
    names = [plan.state(at).name for at in chosen]
    return any(state.name.startswith((f"{name}:", f"{name} ")) for name in names)


def _described(state: State, plan: Plan, chosen: Mapping[Pointer, str], dag: DagFile) -> str:
    """A state that has no task, with what it does."""
    about = type(state).__name__
    if isinstance(state, Choice):
        said = "; ".join(f"{way.text} → {way.to}" for way in ways(state) if way.text)
        about = f"{about}: {said}" if len(said) <= 100 else f"{about}: {said[:99]}…"
    if isinstance(state, Task):
        about = f"{about}: {action_of(state)}"
    if isinstance(state, Parallel) and side_by_side(plan, state, chosen, dag):
        about = f"{about}; its branches stand side by side in the DAG, too"
    return f"{state.name} ({about})"


def _compare(at: Pointer, state: State, task: DagTask) -> _Pair:
    pair = _Pair()
    if task.origin:
        if task.origin == visible(at):
            pair.add(20, "origin comment")
        else:
            return pair
    elif not _may_be(state, task):
        return pair
    _names(pair, state, task)
    if isinstance(state, Task):
        _resources(pair, state, task)
    kind = _KINDS.get(type(state))
    if kind is not None and task.operator in kind:
        pair.add(2, f"both are a {type(state).__name__}")
    return pair


def _may_be(state: State, task: DagTask) -> bool:
    """Whether a task can stand for a state: a group for a group, something that decides for a Choice, and so on."""
    if isinstance(state, Parallel | Map):
        return task.operator == "group" or (isinstance(state, Map) and task.mapped)
    if task.operator == "group":
        return False
    match state:
        case Choice():
            return task.operator in (*BRANCHING, *PYTHON)
        case Wait():
            return task.operator in (*WAITING, *PYTHON) or "Sensor" in task.operator
        case Task():
            return task.operator not in EMPTY
        case _:
            return task.operator in (*EMPTY, *PYTHON, *RUNTIME, "function")


_KINDS: Final[Mapping[type, tuple[str, ...]]] = {
    Choice: BRANCHING,
    Wait: WAITING,
    Succeed: EMPTY,
    Pass: EMPTY,
    Fail: (),
    Parallel: ("group",),
    Map: ("group",),
}


def _names(pair: _Pair, state: State, task: DagTask) -> None:
    if state.name in (task.id, task.title):
        pair.add(8, "same name")
        return
    ours = words(state.name)
    titles = [words(text) for text in (task.task_id, task.title) if text]
    if any(theirs == ours for theirs in titles):
        pair.add(6, "same name")
        return
    best = max((_alike(ours, theirs) for theirs in titles), default=0.0)
    if best >= 0.5:
        pair.add(4 * best, f"similar name ({best:.0%})")


def _alike(first: list[str], second: list[str]) -> float:
    ours, theirs = set(first), set(second)
    return len(ours & theirs) / max(1, len(ours | theirs))


def _resources(pair: _Pair, state: Task, task: DagTask) -> None:
    resource, action = parse_resource(state.resource), action_of(state)
    if any(call.action == action for call in calls().get(task.operator, ())):
        pair.add(4, f"{task.operator} is {action}")
    given: Mapping[str, object] = task.arguments
    for name, values in task.actions:
        if same_call(name, state):
            pair.add(4, f"calls {action}")
            given = values
            break
    if resource.pattern == "waitForTaskToken" and task.operator in APPROVING:
        pair.add(3, "both wait for a person")
    theirs = {str(value) for value in given.values() if isinstance(value, str) and len(value) > 2}
    ours = [(key, value) for key, value in arguments_of(state.flow).items() if isinstance(value, str)]
    shared = [
        f"{key} {value.rpartition(':')[2]:.40}"
        for key, value in ours
        if value in theirs or value.rpartition(":")[2] in theirs
    ]
    if shared:
        pair.add(5, f"same {shared[0]}")
    elif resource.kind == "lambda" and words(resource.action) in (words(task.task_id), words(task.title)):
        pair.add(3, f"named as the function {resource.action}")


def _choose(pairs: Mapping[tuple[Pointer, str], _Pair]) -> dict[Pointer, str]:
    """The best pairs first, each state and each task once."""
    chosen: dict[Pointer, str] = {}
    taken: set[str] = set()
    ordered = sorted(pairs, key=lambda key: (-pairs[key].points, key))
    for at, name in ordered:
        if pairs[at, name].points >= _LEAST and at not in chosen and name not in taken:
            chosen[at] = name
            taken.add(name)
    return chosen


def _add_neighbours(
    pairs: dict[tuple[Pointer, str], _Pair],
    chosen: Mapping[Pointer, str],
    plan: Plan,
    follows: Iterable[tuple[Pointer, Pointer]],
    dag: DagFile,
    tasks: Mapping[str, DagTask],
) -> None:
    """Gives points to pairs whose neighbours are matched with each other, and that can stand for each other."""
    for first, second in follows:
        for known, other, way in ((first, second, "after"), (second, first, "before")):
            if known not in chosen or other in chosen:
                continue
            for name in _near(dag, chosen[known], way):
                if name in tasks and _may_be(plan.state(other), tasks[name]) and tasks[name].origin in ("", other):
                    pair = pairs.setdefault((other, name), _Pair())
                    pair.add_near(1.5, f"{way} {plan.state(known).name} on both sides")


def _near(dag: DagFile, task: str, way: str) -> Iterator[str]:
    yield from dag.after(task) if way == "after" else dag.before(task)


def _sure(pair: _Pair) -> Sure:
    if "origin comment" in pair.evidence:
        return "certain"
    return "likely" if pair.points >= 7 else "possible"
