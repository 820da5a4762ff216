"""Scenarios for a DAG: every branch, the failure of each task, skips, retries, time limits, empty and longer mappings.

They are found by running the DAG: first as it is, then along every branch, so that each task is reached; then each task
does something else on a way on which it runs. A function that does not run here (it needs a service, say) is given a
value to return, and so is a task that has no counterpart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from airflow2sfn.source import Dag, Expansion, Task, XCom
from airflow2sfn.structure import EMPTY, Plan, chooses
from airflow2sfn.tasks.callables import FAIL, SKIP, returned_ids
from airflow2sfn.tasks.clock_operators import BRANCHES
from airflow2sfn.tasks.kinds import PYTHON
from airflow2sfn.verifying.hints import (
    annotated,
    another,
    answered,
    around,
    constants,
    instead,
    moments,
    pulled_keys,
    read_by,
    seconds,
    sources,
    variables,
)
from airflow2sfn.verifying.subject import Prepared
from airflow2sfn.work import is_sensor
from sfn_airflow_core.interpreter.values import date_text, timestamp
from sfn_airflow_core.verify.around import MISSING
from sfn_airflow_core.verify.dag_answers import failed, imagined
from sfn_airflow_core.verify.dag_history import RETURNED, History
from sfn_airflow_core.verify.dag_machine import States
from sfn_airflow_core.verify.dag_params import accepted, missing_params, same_params
from sfn_airflow_core.verify.dag_side import on_schedule
from sfn_airflow_core.verify.dag_stand_ins import elsewhere
from sfn_airflow_core.verify.dag_verification import MOMENT, DagBench
from sfn_airflow_core.verify.scenario import Scenario

Json = Any
Run = Callable[[Scenario], History]
MOST: Final = 200
"""More scenarios are not generated for one DAG."""
_MOST_LOOKS: Final = 60
_MOST_ASKED: Final = 24
_BOOM: Final[Json] = {"error": "RuntimeError", "cause": "no"}


@dataclass(slots=True)
class Generator:
    """Makes the scenarios of one DAG.

    ``run`` runs it on Airflow. ``raises`` are the exceptions of Airflow that functions may raise, by task, ``params``
    the DAG's own, ``elsewhere`` tasks whose functions do not run here, and no run is before ``begins``. ``missed`` says
    which tasks are not reached, ``plain`` is the DAG as it is where it is not a way.
    """

    dag: Dag
    plan: Plan
    states: States
    run: Run
    raises: Mapping[str, frozenset[str]] = field(default_factory=dict)
    params: Any = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    begins: datetime | None = None
    ways: list[tuple[Scenario, History]] = field(default_factory=list)
    plain: Scenario | None = None
    missed: dict[str, str] = field(default_factory=dict)
    moment: str = date_text(MOMENT)

    def scenarios(self) -> tuple[Scenario, ...]:
        """All scenarios, the plain one first."""
        base = self._base()
        self._along_branches()
        found = [*([self.plain] if self.plain else []), *(scenario for scenario, _ in self.ways)]
        for task in self.plan.tasks.values():
            if task.task_id in self._fixed():
                continue
            way = next((one for one in self.ways if _ran(one[1], task.task_id)), None)
            if way is None:
                self.missed[task.task_id] = "no scenario reaches this task"
                continue
            found += self._about(task, *way)
        for group in self.dag.groups:
            found += self._sizes(group.group_id, group.expansion)
        found += [*self._together(), *self._params(base)]
        unique = {repr((one.input, dict(one.replies))): one for one in reversed(found)}
        return _named_once(list(reversed(unique.values()))[:MOST])

    def _fixed(self) -> set[str]:
        """Tasks that do what they do, or nothing: no reply stands for them on the machine's side."""
        nothing = {task.task_id for task in self.dag.tasks if task.operator in EMPTY}
        return {*self.states.alone.values(), *nothing}

    def _base(self) -> Scenario:
        """The DAG as it is, and a value for each function that fails here, and for what has no counterpart."""
        given: dict[str, Json] = {"logical_date": self.moment}
        if needed := missing_params(self.params):
            given["conf"] = needed
        plain = Scenario("as it is", given, {}, variables(self.dag))
        history = self.run(plain)
        stubs = set(self.states.stubs.values())
        apart = [task for task in self.dag.tasks if task.task_id in stubs | self.elsewhere]
        base = replace(plain, replies={t.task_id: self._instead(t) for t in apart})
        first = (plain, history)
        for _ in range(len(self.dag.tasks)):
            history = self.run(base)
            left = [t for t in self.dag.tasks if t.task_id not in {*base.replies, *self._fixed()}]
            broken = {t.task_id: {"payload": self._value(t)} for t in left if self._fails(t, history)}
            if not broken:
                break
            base = replace(base, replies={**base.replies, **broken})
        if base.replies:
            base = replace(base, id="every task has a counterpart" if stubs else "every function returns")
            self.ways.append((base, history))
        if not any(_ran(first[1], task.task_id) for task in apart):
            self.ways.append(first)
        elif any(_ran(first[1], task) for task in stubs):  # nothing can be compared where it fails the machine
            self.plain = plain
        return base

    def _instead(self, task: Task) -> Json:
        """What a task does that has no counterpart, or whose function does not run here."""
        stub = task.task_id in self.states.stubs.values()
        return _BOOM if stub and chooses(task) else {"payload": self._value(task)}

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
        mapped = [task.expansion for task in self.dag.tasks] + [group.expansion for group in self.dag.groups]
        for expansion in mapped if task.expansion is None else ():  # of a mapped task the items make the list
            if expansion is not None and XCom(task.task_id) in sources(expansion):
                items: Json = [{}, {}] if expansion.kind == "expand_kwargs" else ["a", "b"]
                return answered(items, self.plan.functions.get(task.task_id))
        keys = pulled_keys(self.dag, task.task_id)
        if (keys and RETURNED not in keys) or task.known("multiple_outputs") is True:
            return {key: "text" for key in keys if key != RETURNED}
        if task.operator.rpartition(".")[2].lower().startswith("bash"):
            return "text"
        return answered(annotated(task.callable), self.plan.functions.get(task.task_id))

    def _direct(self, task: Task) -> list[str]:
        found = self.dag.downstream(task.task_id)
        return [name for name in found if self.dag.task(name).role != "teardown"]

    def _along_branches(self) -> None:
        """Ways through the DAG by what its branches choose: each choice once, and again where it reaches more."""
        tried: set[str] = set()
        for number in range(len(self.dag.tasks) + 1):
            if number >= len(self.ways):
                break
            scenario, history = self.ways[number]
            for task in self.dag.tasks:
                if not _ran(history, task.task_id) or task.expansion is not None:
                    continue
                if task.task_id in self.states.alone.values():
                    self._ask(task, scenario, history)
                    continue
                for one in self._choosing(task, scenario, history):
                    self._go(task, one, tried)

    def _go(self, task: Task, one: Scenario, tried: set[str]) -> None:
        """Follows one choice of a task; once, or where it may lead to a task that no way has reached."""
        reached = {name for _, known in self.ways for name, _ in known.did}
        first = one.id not in tried
        if (first or not self._below(task) <= reached) and not self._known(one):
            tried.add(one.id)
            new = self.run(one)
            if first or {name for name, _ in new.did} - reached:
                self.ways.append((one, new))

    def _ask(self, task: Task, scenario: Scenario, history: History) -> None:
        """Looks for values by which the machine itself decides in every way that a task may."""
        below = self._below(task)

        def end(way: History) -> frozenset[str]:
            return frozenset(name for name, _ in way.did) & below

        ends = {end(known) for _, known in self.ways if _ran(known, task.task_id)}
        every = 2 if PYTHON.get(task.operator) != "branch" else max(2, len(self._direct(task)))
        candidates = [one for one in self._choosing(task, scenario, history) if not self._known(one)]
        for one in candidates[:_MOST_ASKED]:
            if len(ends) >= every:
                return
            new = self.run(one)
            if end(new) not in ends:
                ends.add(end(new))
                self.ways.append((one, new))

    def _below(self, task: Task) -> frozenset[str]:
        return frozenset(name for name in self.plan.below.get(task.task_id, ()) if name not in self._fixed())

    def _known(self, one: Scenario) -> bool:
        return any((one.input, one.replies) == (known.input, known.replies) for known, _ in self.ways)

    def _choosing(self, task: Task, scenario: Scenario, history: History) -> Iterator[Scenario]:
        """The scenario with what a task that decides may decide; what it is decided by, where the machine decides."""
        if task.task_id not in self.states.alone.values():
            for label, value in self._choices(task):
                yield _with(scenario, task.task_id, {"payload": value}, f"{task.task_id}: {label}")
            return
        if task.operator in BRANCHES:
            for moment in moments(task, timestamp(self.moment) or MOMENT):
                label = f"{task.task_id}: on {moment:%A, %Y-%m-%d %H:%M}"
                if self.begins is None or moment >= self.begins:
                    yield _given(scenario, label, logical_date=date_text(moment))
        params = self._known_params()
        told = [did.returned for name in read_by(task) if (did := history.did.get((name, None))) is not None]
        known = [one for one in (*params.values(), *told) if isinstance(one, str | int | float)]
        for value in dict.fromkeys([*constants(task), *(near for one in known for near in around(one))]):
            for name in params:
                if accepted(self.params.get_param(name), value):
                    label = f"{task.task_id}: with {name} = {value!r}"
                    yield _given(scenario, label, conf={**_conf(scenario), name: value})
            for source in read_by(task):
                if self._is_function(source):
                    did = history.did.get((source, None))
                    for payload in instead(None if did is None else did.returned, value):
                        label = f"{task.task_id}: when {source} gives {payload!r}"
                        yield _with(scenario, source, {"payload": payload}, label)

    def _is_function(self, name: str) -> bool:
        """Whether a function is called for a task of this name."""
        return any(t.task_id == name and t.operator in PYTHON for t in self.dag.tasks) and name not in self._fixed()

    def _known_params(self) -> dict[str, Json]:
        values = self.params.dump() if self.params else {}
        return {name: value for name, value in values.items() if isinstance(value, str | int | float)}

    def _choices(self, task: Task) -> Iterator[tuple[str, Json]]:
        """What a task that decides can decide."""
        kind = PYTHON.get(task.operator)
        if task.task_id in self.states.stubs.values():
            return
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
        if name not in self.states.stubs.values():
            yield from self._tries(task, one, scenario, history)
        if task.expansion is not None:
            yield from self._sizes(name, task.expansion)

    def _tries(self, task: Task, one: str, scenario: Scenario, history: History) -> Iterator[Scenario]:
        """What a task that has a counterpart can do besides failing."""
        bad = self._bad(task)
        if int(task.known("retries", 0) or 0) > 0:
            again = self._good(task, history)
            yield _with(scenario, one, [bad, again], f"{one} fails once")
        for exception, label in ((SKIP, "skips"), (FAIL, "fails for good")):
            if exception in self.raises.get(task.task_id, ()):
                yield _with(scenario, one, {"error": exception, "cause": "so"}, f"{one} {label}")
        if task.known("execution_timeout") is not None:
            yield _with(scenario, one, {"timeout": True}, f"{one} takes too long")
        if is_sensor(task):
            yield from self._looks(task, scenario)

    def _bad(self, task: Task) -> Json:
        resource = self.states.resources.get(task.task_id, "")
        if task.operator in PYTHON or not resource:
            return _BOOM
        return failed(resource)

    def _good(self, task: Task, history: History) -> Json:
        """A reply with what a task gave when it ran by itself."""
        did = history.did.get((task.task_id, None if task.expansion is None else 0))
        if task.operator in PYTHON:
            returned = None if did is None or did.returned is MISSING else did.returned
            made = self.plan.functions.get(task.task_id)
            pushed = did.pushed if did is not None and made is not None and made.asked.pushes else {}
            return {"payload": {RETURNED: returned, **pushed} if pushed else returned}
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
        looks = seconds(limit, 7 * 86_400) / max(seconds(interval, 60), 1)
        if looks <= _MOST_LOOKS:
            yield _with(scenario, one, nothing, f"{one} never finds it")

    def _sizes(self, name: str, expansion: Expansion | None) -> Iterator[Scenario]:
        """Other numbers of items of a mapped task or group."""
        for source in sources(expansion):
            if not isinstance(source, XCom) or source.task_id in self._fixed():
                continue
            scenario, history = next((one for one in self.ways if _ran(one[1], source.task_id)), self.ways[0])
            did, task = history.did.get((source.task_id, None)), self.dag.task(source.task_id)
            if task.operator in PYTHON and did is not None and isinstance(did.returned, list):
                items = did.returned or ["a"]
                for label, value in (("no", []), ("one", items[:1]), ("three", (items * 3)[:3])):
                    payload = answered(value, self.plan.functions.get(task.task_id))
                    yield _with(scenario, source.task_id, {"payload": payload}, f"{name} over {label} items")

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
        changed = {name: another(value) for name, value in self._known_params().items()}
        conf = {name: value for name, value in changed.items() if accepted(self.params.get_param(name), value)}
        if conf:
            yield _given(base, "other params", conf={**_conf(base), **conf})


def _conf(scenario: Scenario) -> dict[str, Json]:
    given = scenario.input.get("conf") if isinstance(scenario.input, dict) else None
    return given if isinstance(given, dict) else {}


def generator_for(one: Prepared, bench: DagBench) -> Generator:
    """The generator of a DAG's scenarios, for a logical date of its schedule."""
    raises = {task: made.raises for task, made in one.translated.plan.functions.items()}
    moment = date_text(on_schedule(one.imported, MOMENT))
    params = same_params(one.imported.params)
    return Generator(
        one.dag, one.translated.plan, one.states, bench.dag, raises, params, elsewhere(one.imported),
        one.imported.start_date, moment=moment,
    )  # fmt: skip


def _ran(history: History, task: str) -> bool:
    return any(name == task for name, _ in history.did)


def _with(scenario: Scenario, name: str, reply: Json, label: str) -> Scenario:
    return replace(scenario, id=label, replies={**scenario.replies, name: reply})


def _given(scenario: Scenario, label: str, **members: Json) -> Scenario:
    """A scenario with other members of its input."""
    given = scenario.input if isinstance(scenario.input, dict) else {}
    return replace(scenario, id=label, input={**given, **members})


def _named_once(scenarios: list[Scenario]) -> tuple[Scenario, ...]:
    """Scenarios with a number behind names that others before them have."""
    counts: dict[str, int] = {}
    found = []
    for one in scenarios:
        counts[one.id] = counts.get(one.id, 0) + 1
        found.append(one if counts[one.id] == 1 else replace(one, id=f"{one.id} ({counts[one.id]})"))
    return tuple(found)
