"""From a DAG to a state machine, and what changes on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from airflow2sfn.connections import Connection
from airflow2sfn.emission.finish import finish
from airflow2sfn.emission.flow import Flow
from airflow2sfn.generated import Unreadable, is_generated, read_back
from airflow2sfn.packaging.callbacks import callback_functions
from airflow2sfn.packaging.package import functions
from airflow2sfn.reading.project import Project
from airflow2sfn.rules.control import AddedOrder, EagerRule, GroupAsOne, SettingDropped
from airflow2sfn.rules.generated import NotReadBack, ReadBack
from airflow2sfn.rules.retries import RetryJitter, RunTimeout
from airflow2sfn.source import Dag, Known, XCom
from airflow2sfn.structure import Plan, plan
from airflow2sfn.tasks.retries import seconds, whole
from airflow2sfn.tasks.services import pairs
from airflow2sfn.trigger_rules import EAGER
from airflow2sfn.work import is_sensor, left_out, place
from sfn_airflow_core.asl.model import NOT_TRANSLATED, Fail, Machine, QueryFlow, Succeed
from sfn_airflow_core.findings import Finding

_WITHOUT_EFFECT = frozenset(
    {
        "description",
        "tags",
        "doc_md",
        "schedule",
        "start_date",
        "end_date",
        "deadline",
        "catchup",
        "on_failure_callback",
        "on_success_callback",
        "dagrun_timeout",
        "params",
        "owner_links",
        "is_paused_upon_creation",
        "dag_display_name",
        "access_control",
        "auto_register",
        "default_view",
        "orientation",
        "render_template_as_native_obj",
        "max_active_tasks",
        "concurrency",
    }
)
"""Arguments of a DAG that are translated, deployed, or that change nothing in what one run does."""
_NOTHING = (None, Known(None), Known(False), Known([]), Known({}))


@dataclass(frozen=True, slots=True)
class Translated:
    """A state machine, the tasks that it does, and the findings of the translation."""

    machine: Machine
    plan: Plan
    findings: tuple[Finding, ...]


def translate(
    dag: Dag,
    *,
    durations: Mapping[str, float] | None = None,
    project: Project | None = None,
    connections: Mapping[str, Connection] | None = None,
) -> Translated:
    """The state machine of a DAG, in JSONata.

    Args:
        dag: the DAG.
        durations: known durations of tasks, in any unit, for DAGs whose order is not series-parallel.
        project: where the imports of the DAG's files are looked up.
        connections: what Airflow's Connections are in AWS, by their ids.

    Raises:
        Cyclic: if the dependencies of the DAG form a cycle, which Airflow refuses as well.
    """
    if is_generated(dag.module.text):
        return _read_back(dag)
    findings: list[Finding] = []
    made = functions(dag, project)
    taken = {name for one in made.values() for name in (one.name.folder.lower(), one.name.resource)}
    shape = plan(
        dag,
        absorbed=_pairs(dag),
        waiting=[task.task_id for task in dag.tasks if is_sensor(task)],
        durations=durations,
        functions=made,
        callbacks=callback_functions(dag, project or Project(), taken),
        connections=connections,
    )
    _about_order(shape, durations or {}, findings)
    flow = Flow(shape, findings.append)
    flow.run()
    machine = finish(flow)
    findings.extend(flow.reads.facts.findings())
    findings.extend(flow.told.findings(flow))
    if not machine.states:
        machine = Machine("Nothing to do", {"Nothing to do": Succeed(name="Nothing to do", flow=QueryFlow())})
    limit = seconds(getattr(dag.get("dagrun_timeout"), "value", None))
    if limit is not None:
        findings.append(RunTimeout(at=str(dag.span or ""), seconds=whole(limit)))
    if dropped := (*_dropped(dag), *left_out(dag.defaults)):
        findings.append(SettingDropped(at=str(dag.span or ""), task=dag.dag_id, names=dropped))
    description = getattr(dag.get("description"), "value", None)
    what = f"{description} (from the Airflow DAG {dag.dag_id})" if description else f"From the Airflow DAG {dag.dag_id}"
    machine = replace(
        machine,
        comment=what,
        query_language="JSONata",
        timeout_seconds=None if limit is None else whole(limit),
    )
    return Translated(machine, shape, tuple(dict.fromkeys(_shared(findings, dag))))


def _read_back(dag: Dag) -> Translated:
    """A DAG that sfn2airflow has written, as the state machine that it was."""
    shape = plan(dag)
    try:
        back = read_back(dag.module.text, dag.dag_id)
    except Unreadable as reason:
        end = Fail(name="Not read back", flow=QueryFlow(), error=NOT_TRANSLATED, cause=str(reason))
        machine = Machine(end.name, {end.name: end}, query_language="JSONata")
        return Translated(machine, shape, (NotReadBack(at=f"{reason.line}:1", what=str(reason)),))
    states = len(list(back.machine.walk()))
    found = ReadBack(at=str(dag.span or ""), states=states, translated=len(back.translated))
    unread = (NotReadBack(at=f"{reason.line}:1", what=str(reason)) for reason in back.unread.values())
    return Translated(back.machine, shape, (*([found] if back.translated else []), *unread))


def _shared(findings: list[Finding], dag: Dag) -> Iterator[Finding]:
    """Findings, where what default_args say of many tasks is said once, of the DAG."""
    at = str(dag.span or "")
    jitter: dict[tuple[float, ...], list[str]] = {}
    for finding in findings:
        if isinstance(finding, RetryJitter):
            jitter.setdefault(finding.delays, []).extend(finding.tasks)
    for finding in findings:
        if isinstance(finding, RetryJitter) and "retry_exponential_backoff" in dag.defaults:
            tasks = tuple(dict.fromkeys(jitter[finding.delays]))
            yield finding if len(tasks) == 1 else replace(finding, at=at, tasks=tasks)
        else:
            yield finding


def _pairs(dag: Dag) -> dict[str, str]:
    """Operators followed by their own sensor and by nothing else that would run at the same time."""
    found: dict[str, str] = {}
    for operator, looking, link in pairs():
        for task in dag.tasks:
            for name in dag.downstream(task.task_id):
                sensor = dag.task(name)
                if (
                    task.operator == operator
                    and sensor.operator == looking
                    and sensor.get(link) == XCom(task.task_id)
                    and set(dag.upstream(name)) == {task.task_id}
                    and sensor.trigger_rule == "all_success"
                    and task.known("wait_for_completion", True) is False
                ):
                    found[task.task_id] = name
    return found


def _dropped(dag: Dag) -> tuple[str, ...]:
    """Arguments of the DAG that mean something and are neither in the definition nor in the template."""
    return tuple(n for n, value in dag.arguments.items() if n not in _WITHOUT_EFFECT and value not in _NOTHING)


def _about_order(shape: Plan, durations: Mapping[str, float], findings: list[Finding]) -> None:
    at = str(shape.dag.span or "")
    findings.extend(AddedOrder(at=at, pairs=added.direct, price=added.price) for added in shape.added)
    findings.extend(GroupAsOne(at=place(shape.tasks[name]), task=name, group=group) for group, name in shape.loose)
    for name, task in shape.tasks.items():
        if task.trigger_rule in EAGER and len(shape.upstream[name]) > 1:
            price = _longest(shape, durations) / _longest(shape, durations, name) - 1
            findings.append(EagerRule(at=place(task), task=name, rule=task.trigger_rule, price=price))


def _longest(shape: Plan, durations: Mapping[str, float], eager: str = "") -> float:
    """The length of the critical path where all tasks wait for all before them, except one that waits for the first.

    Args:
        shape: the tasks and what they wait for.
        durations: of the tasks; any other one takes 1.
        eager: the one that does not wait for all; nothing for none.
    """
    before = {name: [up for up in shape.upstream.get(name, ()) if up in shape.tasks] for name in shape.tasks}
    ends: dict[str, float] = {}
    left = list(shape.tasks)
    while left:
        for name in [one for one in left if all(up in ends for up in before[one])]:
            times = [ends[up] for up in before[name]] or [0.0]
            ends[name] = (min(times) if name == eager else max(times)) + durations.get(name, 1.0)
            left.remove(name)
    return max(ends.values())
