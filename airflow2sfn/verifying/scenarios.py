"""Scenarios for a DAG: every branch, the failure of each task, skips, retries, time limits, empty and longer mappings.

They are found by running the DAG: first as it is, then along every branch, so that each task is reached; then each task
does something else on a way on which it runs. A function that does not run here (it needs a service, say) is given a
value to return.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from textwrap import dedent
from typing import Any, Final

from airflow2sfn.source import Dag, Known, Task, Template, XCom
from airflow2sfn.structure import EMPTY, Plan
from airflow2sfn.tasks.callables import FAIL, SKIP, returned_ids
from airflow2sfn.tasks.kinds import PYTHON
from airflow2sfn.verifying.subject import Prepared
from airflow2sfn.work import is_sensor
from sfn_airflow_core.interpreter.values import date_text
from sfn_airflow_core.verify.around import MISSING
from sfn_airflow_core.verify.dag_answers import failed
from sfn_airflow_core.verify.dag_history import History
from sfn_airflow_core.verify.dag_machine import States
from sfn_airflow_core.verify.dag_side import on_schedule
from sfn_airflow_core.verify.dag_verification import MOMENT, DagBench
from sfn_airflow_core.verify.scenario import Scenario

Json = Any
Run = Callable[[Scenario], History]
MOST: Final = 200
"""More scenarios are not generated for one DAG."""
_MOST_LOOKS: Final = 60
_MOST_CONSTANTS: Final = 12
_BOOM: Final[Json] = {"error": "RuntimeError", "cause": "no"}
_VALUES: Final[Mapping[str, Json]] = {"int": 1, "float": 1.5, "bool": True, "str": "text", "list": ["a", "b"]}


@dataclass(slots=True)
class Generator:
    """Makes the scenarios of one DAG.

    ``run`` runs it on Airflow. ``raises`` are the exceptions of Airflow that functions may raise, by task. ``missed``
    says which tasks are not reached.
    """

    dag: Dag
    plan: Plan
    states: States
    run: Run
    raises: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ways: list[tuple[Scenario, History]] = field(default_factory=list)
    missed: dict[str, str] = field(default_factory=dict)
    moment: str = date_text(MOMENT)

    def scenarios(self) -> tuple[Scenario, ...]:
        """All scenarios, the plain one first."""
        base = self._base()
        self._along_branches(base)
        found = [scenario for scenario, _ in self.ways]
        for task in self.plan.tasks.values():
            if task.task_id in self._fixed():
                continue
            way = next((one for one in self.ways if _ran(one[1], task.task_id)), None)
            if way is None:
                self.missed[task.task_id] = "no scenario reaches this task"
                continue
            found += self._about(task, *way)
        found += [*self._together(), *self._params(base)]
        unique = {repr((one.input, dict(one.replies))): one for one in reversed(found)}
        return tuple(reversed(unique.values()))[:MOST]

    def _fixed(self) -> set[str]:
        """Tasks that do what they do, or nothing: no reply stands for them on the machine's side."""
        nothing = {task.task_id for task in self.dag.tasks if task.operator in EMPTY}
        return {*self.states.stubs.values(), *self.states.alone.values(), *nothing}

    def _base(self) -> Scenario:
        """The DAG as it is, and a value for each function that fails here."""
        base = Scenario("as it is", {"logical_date": self.moment}, {}, variables(self.dag))
        history = self.run(base)
        self.ways.append((base, history))
        for _ in range(len(self.dag.tasks)):
            fixed = {*base.replies, *self._fixed()}
            broken = [t for t in self.dag.tasks if t.task_id not in fixed and self._fails(t, history)]
            if not broken:
                break
            values = {task.task_id: {"payload": self._value(task)} for task in broken}
            base = replace(base, id="every function returns", replies={**base.replies, **values})
            history = self.run(base)
        if base.replies:
            self.ways.append((base, history))
            self.ways.reverse()
        return base

    def _fails(self, task: Task, history: History) -> bool:
        """Whether a function fails although no reply says so."""
        ends = [did.end for (name, _), did in history.did.items() if name == task.task_id]
        return task.operator in PYTHON and "failed" in ends

    def _value(self, task: Task) -> Json:
        """What a function might return."""
        kind = PYTHON.get(task.operator)
        if kind == "branch":
            return next(iter(self._direct(task)), None)
        if kind in ("short_circuit", "sensor"):
            return True
        for other in self.dag.tasks:
            if other.expansion is not None and XCom(task.task_id) in _sources(other):
                return [{}, {}] if other.expansion.kind == "expand_kwargs" else ["a", "b"]
        returns = task.callable.returns if task.callable is not None else ""
        return copy.deepcopy(_VALUES.get(returns.partition("[")[0], {}))

    def _direct(self, task: Task) -> list[str]:
        found = self.dag.downstream(task.task_id)
        return [name for name in found if self.dag.task(name).role != "teardown"]

    def _along_branches(self, base: Scenario) -> None:
        """Ways through the DAG by what its branches choose, until they reach nothing new."""
        for number in range(len(self.dag.tasks)):
            if number >= len(self.ways):
                break
            scenario, history = self.ways[number]
            for task in self.dag.tasks:
                if not _ran(history, task.task_id) or task.expansion is not None:
                    continue
                for one in self._choosing(task, scenario, history):
                    if any((one.input, one.replies) == (known.input, known.replies) for known, _ in self.ways):
                        continue
                    new = self.run(one)
                    reached = {name for _, known in self.ways for name, _ in known.did}
                    if number == 0 or {name for name, _ in new.did} - reached:
                        self.ways.append((one, new))

    def _choosing(self, task: Task, scenario: Scenario, history: History) -> Iterator[Scenario]:
        """The scenario with what a task that decides may decide; what it is decided by, where the machine decides."""
        if task.task_id not in self.states.alone.values():
            for label, value in self._choices(task):
                yield _with(scenario, task.task_id, {"payload": value}, f"{task.task_id}: {label}")
            return
        for value in constants(task):
            for name in self._known_params():
                conf = {**_conf(scenario), name: value}
                given: Json = {"logical_date": self.moment, "conf": conf}
                yield replace(scenario, id=f"{task.task_id}: with {name} = {value!r}", input=given)
            for source in _read(task):
                if self.dag.task(source).operator in PYTHON and source not in self._fixed():
                    did = history.did.get((source, None))
                    for payload in _instead(None if did is None else did.returned, value):
                        label = f"{task.task_id}: when {source} gives {payload!r}"
                        yield _with(scenario, source, {"payload": payload}, label)

    def _known_params(self) -> dict[str, Json]:
        params = self.dag.get("params")
        known = params.value if isinstance(params, Known) and isinstance(params.value, dict) else {}
        return {name: value for name, value in known.items() if isinstance(value, str | int | float)}

    def _choices(self, task: Task) -> Iterator[tuple[str, Json]]:
        """What a task that decides can decide."""
        kind = PYTHON.get(task.operator)
        if kind == "short_circuit":
            yield from (("goes on", True), ("stops", False))
        if kind == "branch":
            direct = self._direct(task)
            yield from ((f"chooses {name}", name) for name in direct)
            if returned_ids(task.callable) is None:
                yield "chooses nothing", None
                if len(direct) > 1:
                    yield "chooses two", direct[:2]

    def _about(self, task: Task, scenario: Scenario, history: History) -> Iterator[Scenario]:
        """What one task can do, on a way on which it runs."""
        name = task.task_id
        bad = self._bad(task)
        one = name if task.expansion is None else f"{name}#0"
        yield _with(scenario, one, bad, f"{one} fails")
        if int(task.known("retries", 0) or 0) > 0:
            again = self._good(task, history)
            yield _with(scenario, one, [bad, again], f"{one} fails once")
        for exception, label in ((SKIP, "skips"), (FAIL, "fails for good")):
            if exception in self.raises.get(name, ()):
                yield _with(scenario, one, {"error": exception, "cause": "so"}, f"{one} {label}")
        if task.known("execution_timeout") is not None:
            yield _with(scenario, one, {"timeout": True}, f"{one} takes too long")
        if is_sensor(task):
            yield from self._looks(task, scenario)
        if task.expansion is not None:
            yield from self._items(task, scenario, history)

    def _bad(self, task: Task) -> Json:
        resource = self.states.resources.get(task.task_id, "")
        if task.operator in PYTHON or not resource:
            return _BOOM
        return failed(resource)

    def _good(self, task: Task, history: History) -> Json:
        """A reply with what a task gave when it ran by itself."""
        did = history.did.get((task.task_id, None if task.expansion is None else 0))
        if task.operator in PYTHON:
            return {"payload": None if did is None or did.returned is MISSING else did.returned}
        from sfn_airflow_core.verify.dag_answers import imagined

        call = did.calls[-1].arguments if did is not None and did.calls else {}
        if isinstance(call, dict) and "Key" in call:
            call = {"Prefix": call["Key"]}
        return {"result": imagined(self.states.resources.get(task.task_id, "arn:aws:states:::none:none"), call).value}

    def _looks(self, task: Task, scenario: Scenario) -> Iterator[Scenario]:
        """A sensor that finds nothing at first, and never."""
        python = task.operator in PYTHON
        if not python and not self.states.resources.get(task.task_id, "").endswith(":s3:listObjectsV2"):
            return
        nothing: Json = {"payload": False} if python else {"result": {"KeyCount": 0}}
        history = self.ways[0][1]
        found = {"payload": True} if python else self._good(task, history)
        one = task.task_id if task.expansion is None else f"{task.task_id}#0"
        yield _with(scenario, one, [nothing, nothing, found], f"{one} finds it at the third look")
        interval, limit = (task.known(name) for name in ("poke_interval", "timeout"))
        looks = _seconds(limit, 7 * 86_400) / max(_seconds(interval, 60), 1)
        if looks <= _MOST_LOOKS:
            yield _with(scenario, one, nothing, f"{one} never finds it")

    def _items(self, task: Task, scenario: Scenario, history: History) -> Iterator[Scenario]:
        """Other numbers of items."""
        for source in _sources(task):
            if not isinstance(source, XCom) or self.dag.task(source.task_id).operator not in PYTHON:
                continue
            did = history.did.get((source.task_id, None))
            if did is None or not isinstance(did.returned, list):
                continue
            items = did.returned or ["a"]
            for label, value in (("no", []), ("one", items[:1]), ("three", (items * 3)[:3])):
                yield _with(scenario, source.task_id, {"payload": value}, f"{task.task_id} over {label} items")

    def _together(self) -> Iterator[Scenario]:
        """Several tasks that fail in one run: all before a task with a rule of its own, and pairs side by side."""
        for name, ups in self.plan.upstream.items():
            if len(ups) > 1 and self.plan.tasks[name].trigger_rule != "all_success":
                yield from self._failing(list(ups))
        tasks = [t for t in self.plan.tasks if self.plan.tasks[t].operator not in EMPTY]
        below = self.plan.below
        pairs = [(a, b) for n, a in enumerate(tasks) for b in tasks[n + 1 :] if b not in below[a] and a not in below[b]]
        for pair in pairs[:: max(1, len(pairs) // 6)][:6]:
            yield from self._failing(list(pair))

    def _failing(self, names: list[str]) -> Iterator[Scenario]:
        for scenario, history in self.ways:
            fixed = self._fixed()
            if all(_ran(history, name) and name not in fixed for name in names):
                for name in names:
                    task = self.plan.tasks[name]
                    one = name if task.expansion is None else f"{name}#0"
                    scenario = _with(scenario, one, self._bad(task), f"{' and '.join(names)} fail")
                yield replace(scenario, id=f"{' and '.join(names)} fail")
                return

    def _params(self, base: Scenario) -> Iterator[Scenario]:
        """Other values for params, by the conf of the run."""
        conf = {name: _other(value) for name, value in self._known_params().items()}
        if conf:
            yield replace(base, id="other params", input={"logical_date": self.moment, "conf": conf})


def variables(dag: Dag) -> dict[str, Json]:
    """Values for the Variables of Airflow that a file asks for by name."""
    text = dag.module.text
    names = re.findall(r"\bvar\.(?:value|json)\.(?:get\(\s*['\"])?(\w+)|\bVariable\.get\(\s*['\"]([^'\"]+)", text)
    parsed = "var.json" in text or "deserialize_json" in text
    return {name: "{}" if parsed else f"value-of-{name}" for pair in names for name in pair if name}


def constants(task: Task) -> list[Json]:
    """Texts and numbers in a function, and numbers beside them: what may make a difference to what it decides."""
    if task.callable is None:
        return []
    span = task.callable.span
    lines = task.callable.module.text.splitlines()[span.line - 1 : span.end_line]
    try:
        tree = ast.parse(dedent("\n".join(lines)))
    except (SyntaxError, ValueError, RecursionError):  # a lambda inside of a call
        return []
    found: list[Json] = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                found.append(text)
            case ast.Constant(value=bool()):
                found += [True, False]
            case ast.Constant(value=int() | float() as number):
                found += [number - 1, number, number + 1]
    return list(dict.fromkeys(found))[:_MOST_CONSTANTS]


def _instead(returned: Json, value: Json) -> Iterator[Json]:
    """What a function may return instead: the value, or its dictionary with the value as one of the members.

    >>> list(_instead({"n": 3, "name": "x"}, 7)), list(_instead([], 7))
    ([{'n': 7, 'name': 'x'}], [7])
    """
    if not isinstance(returned, dict) or not returned:
        yield value
        return
    for name, member in returned.items():
        if member is None or isinstance(member, str) == isinstance(value, str):
            yield {**returned, name: value}


def _read(task: Task) -> list[str]:
    """The tasks whose XComs are arguments of a function, or are pulled in a template."""
    found: list[str] = []
    for value in (*task.op_args, *task.op_kwargs.values()):
        match value:
            case XCom(name):
                found.append(name)
            case Template(text):
                found += re.findall(r"xcom_pull\(\s*(?:task_ids\s*=\s*)?['\"]([^'\"]+)", text)
    return list(dict.fromkeys(found))


def _conf(scenario: Scenario) -> dict[str, Json]:
    given = scenario.input.get("conf") if isinstance(scenario.input, dict) else None
    return given if isinstance(given, dict) else {}


def generator_for(one: Prepared, bench: DagBench) -> Generator:
    """The generator of a DAG's scenarios, for a logical date of its schedule."""
    raises = {task: made.raises for task, made in one.translated.plan.functions.items()}
    moment = date_text(on_schedule(one.imported, MOMENT))
    return Generator(one.dag, one.translated.plan, one.states, bench.dag, raises, moment=moment)


def _sources(task: Task) -> list[Any]:
    expansion = task.expansion
    if expansion is None:
        return []
    return [value for _, value in expansion.values] + ([expansion.over] if expansion.over is not None else [])


def _ran(history: History, task: str) -> bool:
    return any(name == task for name, _ in history.did)


def _with(scenario: Scenario, name: str, reply: Json, label: str) -> Scenario:
    return replace(scenario, id=label, replies={**scenario.replies, name: reply})


def _other(value: Json) -> Json:
    match value:
        case bool():
            return not value
        case str():
            return f"{value}-other"
        case _:
            return value + 1


def _seconds(value: Any, default: float) -> float:
    total = getattr(value, "total_seconds", None)
    if total is not None:
        return float(total())
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default
