"""What the verification of a DAG needs to know: which state does which task, what comes before what, the functions."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from airflow2sfn.connections import Connection
from airflow2sfn.emission.callbacks import callback_of
from airflow2sfn.emission.drafts import LONGEST_NAME
from airflow2sfn.packaging.package import Function as Packaged
from airflow2sfn.read import Settings, module_name
from airflow2sfn.read import read_text as read_dags
from airflow2sfn.reading.project import Project
from airflow2sfn.rules.callbacks import TaskCallbackLeft, TaskCallbackOnce
from airflow2sfn.rules.control import OpenValue
from airflow2sfn.source import Dag
from airflow2sfn.structure import EMPTY, Cyclic, Plan
from airflow2sfn.tasks.kinds import PYTHON
from airflow2sfn.tasks.retries import retries
from airflow2sfn.translate import Translated, translate
from airflow2sfn.trigger_rules import EAGER
from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.asl.read import Reading, read_text
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.verify.dag_answers import Says
from sfn_airflow_core.verify.dag_compare import Facts, Gives
from sfn_airflow_core.verify.dag_machine import Function, States, states_of
from sfn_airflow_core.verify.dag_services import Aws
from sfn_airflow_core.verify.dag_stand_ins import stood_in
from sfn_airflow_core.verify.dag_verification import DagSubject
from sfn_airflow_core.verify.scenario import Scenario

Json = Any
World = Callable[[Scenario], tuple[Says, Aws]]
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A DAG, its translation, and its functions, ready to be run on both sides."""

    dag: Dag
    source: str
    translated: Translated
    machine: Machine
    states: States
    facts: Facts
    functions: Mapping[str, Function]
    imported: Any

    def subject(self, *, world: World | None = None, timeout: float = 60.0) -> DagSubject:
        """What the core verifies.

        Args:
            world: what answers instead of the scenarios' replies.
            timeout: seconds for one run of the DAG.
        """
        return DagSubject(
            self.dag.dag_id, self.source, self.imported, self.machine, self.states, self.facts, self.functions,
            timeout, world,
        )  # fmt: skip


def read(path: Path, roots: Sequence[Path] = (), settings: Settings | None = None) -> tuple[Dag, ...]:
    """The DAGs of a file, by their text. Raises ValueError where it cannot be read."""
    project = Project((path.parent, *roots))
    reading = read_dags(path.read_bytes(), path.name, project, settings, module_name(path, project))
    if reading.problems:
        raise ValueError(reading.problems[0].message)
    return reading.dags


def prepare(
    path: Path,
    imported: Mapping[str, Any],
    folder: Path,
    *,
    roots: Sequence[Path] = (),
    settings: Settings | None = None,
    machine: bytes | None = None,
    known: Mapping[str, Connection] | None = None,
) -> Iterator[Prepared]:
    """The DAGs of a file with their translations.

    Args:
        path: of the DAG file.
        imported: its DAGs by id, as Airflow has imported them.
        folder: where the Lambda functions go.
        roots: folders in which imports are looked up as well.
        settings: what is known of the environment.
        machine: a definition to take instead of the translation, for a file with one DAG.
        known: what Airflow's Connections are in AWS.

    Raises:
        ValueError: where there is nothing to verify; the message says why.
    """
    project = Project((path.parent, *roots))
    dags = [dag for dag in read(path, roots, settings) if dag.dag_id in imported]
    if not dags:
        raise ValueError("Airflow and the reader find no DAG in common in this file")
    if machine is not None and len(dags) != 1:
        raise ValueError("a definition can only be given for a file with one DAG")
    for dag in dags:
        try:
            translated = translate(dag, project=project, connections=known)
        except Cyclic as error:
            raise ValueError(f"{dag.dag_id}: tasks depend on themselves: {error}") from None
        yield _prepared(dag, path.name, imported[dag.dag_id], folder / dag.dag_id, translated, machine)


def _prepared(
    dag: Dag, source: str, imported: Any, folder: Path, translated: Translated, machine: bytes | None
) -> Prepared:
    defaults = {f.name: f.default for f in translated.findings if isinstance(f, OpenValue) and f.default is not None}
    found = given(write(translated.machine) if machine is None else machine, f"{dag.dag_id}.asl.json", defaults)
    if found.machine is None:
        raise ValueError(f"{dag.dag_id}.asl.json: {found.problems[0].message}")
    states = states_by_task(found.machine, dag)
    made = translated.plan.functions
    return Prepared(
        dag, source, translated, found.machine, states,
        replace(facts_of(dag, translated.plan, states, made), silent=stood_in(imported), untold=_left(translated)),
        functions_of({**made, **translated.plan.callbacks}, folder), imported,
    )  # fmt: skip


def _left(translated: Translated) -> frozenset[tuple[str, str]]:
    """The callbacks that a machine does not call, or not as often, by kind and task."""
    found = (one for one in translated.findings if isinstance(one, TaskCallbackLeft | TaskCallbackOnce))
    return frozenset((finding.name, task) for finding in found for task in finding.tasks)


def states_by_task(machine: Machine, dag: Dag) -> States:
    """Which state of a machine does which task of a DAG."""
    tasks = {task.task_id[:LONGEST_NAME]: task.task_id for task in dag.tasks}
    callbacks = {
        state.name: (told[0], tasks.get(told[1].removesuffix(" item"), ""))
        for state in machine.walk()
        if (told := callback_of(state.name)) is not None
    }
    asked = ("passed?", "yes or no?")
    verdicts = {f"{name}: {question}": task for name, task in tasks.items() for question in asked}
    return replace(states_of(machine, tasks, callbacks), verdicts=verdicts)


def facts_of(dag: Dag, plan: Plan, states: States, functions: Mapping[str, Packaged]) -> Facts:
    """What is known about the tasks of a DAG.

    Args:
        dag: the DAG.
        plan: how it was translated.
        states: which state does which task.
        functions: what its callables became, by task.
    """
    decides: Mapping[str, Gives] = {"branch": "names", "short_circuit": "truth", "sensor": "truth"}
    order = _order(dag)
    return Facts(
        order=order,
        together=frozenset(pair for pair in order if _mapped_group(dag, pair[0]) & _mapped_group(dag, pair[1])),
        nothing=frozenset(task.task_id for task in dag.tasks if task.operator in EMPTY),
        absorbed={sensor: task for task, sensor in plan.absorbed.items()},
        sensors=states.sensors,
        gives={
            task.task_id: "pushed" if made.asked.pushes else decides.get(PYTHON.get(task.operator, "work"), "value")
            for task in dag.tasks
            if (made := functions.get(task.task_id)) is not None
        },
        jitter=frozenset(task.task_id for task in dag.tasks if retries(task, airflow=dag.airflow).jitter),
        mapped=frozenset(task.task_id for task in dag.tasks if task.expansion is not None),
    )


def _mapped_group(dag: Dag, task: str) -> set[str]:
    """The mapped groups around a task."""
    group = dag.task(task).group
    names = {one.group_id for one in dag.groups if one.expansion is not None}
    return {name for name in names if group == name or group.startswith(f"{name}.")}


def _order(dag: Dag) -> frozenset[tuple[str, str]]:
    """Pairs of tasks of which the second one waits for the first one to be done; eager rules do not wait for all."""
    rules = {task.task_id: task.trigger_rule for task in dag.tasks}
    direct: dict[str, list[str]] = {name: [] for name in rules}
    for edge in dag.edges:
        if rules.get(edge.down) not in (None, "always", "dummy", *EAGER) and edge.up in direct:
            direct[edge.up].append(edge.down)
    pairs: set[tuple[str, str]] = set()
    for name in direct:
        rest = list(direct[name])
        while rest:
            if (pair := (name, rest.pop())) not in pairs:
                pairs.add(pair)
                rest += direct[pair[1]]
    return frozenset(pairs)


def functions_of(made: Mapping[str, Packaged], folder: Path) -> dict[str, Function]:
    """The Lambda functions of a DAG by what stands for their ARNs, written to a folder and loaded from there.

    Args:
        made: the functions by task.
        folder: where to put them.
    """
    found: dict[str, Function] = {}
    for function in made.values():
        if function.placeholder in found or function.problems:
            continue
        home = folder / function.name.folder
        for name, text in function.files.items():
            target = home / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        found[function.placeholder] = _loaded(home, function)
    return found


def _loaded(home: Path, function: Packaged) -> Function:
    """The handler of a function; its file is executed when it is called first, as in a new Lambda environment."""
    module, _, attribute = function.handler.partition(".")
    loaded: list[Any] = []

    def call(event: Json) -> Json:
        with _modules_of(home):
            if not loaded:
                spec = importlib.util.spec_from_file_location(f"{function.name.folder}_{module}", home / f"{module}.py")
                assert spec is not None
                assert spec.loader is not None
                made = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(made)
                loaded.append(made)
            return getattr(loaded[0], attribute)(event, None)

    return call


@contextmanager
def _modules_of(home: Path) -> Iterator[None]:
    """Imports find what is in the folder of a function, and leave nothing behind for the DAG's own modules."""
    own = {path.stem if path.is_file() else path.name for path in home.iterdir()}
    others = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in own}
    sys.path.insert(0, str(home))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(home))
        for name in [name for name in sys.modules if name.partition(".")[0] in own]:
            del sys.modules[name]
        sys.modules.update(others)


def given(machine: bytes | str, source: str, defaults: Mapping[str, str] | None = None) -> Reading:
    """A definition as it is deployed but for its placeholders, which stand for themselves.

    Args:
        machine: the text of the definition.
        source: its name, for messages.
        defaults: what other placeholders stand for.
    """
    text = machine.decode("utf-8", "replace") if isinstance(machine, bytes) else machine
    names = set(_PLACEHOLDER.findall(text))
    return read_text(machine, source, substitutions={name: f"${{{name}}}" for name in names} | dict(defaults or {}))
