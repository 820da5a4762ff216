"""What one task does, as parts of states: which resource, with which arguments, tried how often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow2sfn.composed import COMPOSED, SENSORS
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import Values
from airflow2sfn.rules.control import (
    ArgumentDropped,
    NoCounterpart,
    NotComputable,
    SettingDropped,
)
from airflow2sfn.rules.functions import CallableElsewhere, NotForLambda, RunsInContainer
from airflow2sfn.rules.retries import CallsRetried, SensorRetries
from airflow2sfn.source import Known, Reference, Symbolic, Task, Value
from airflow2sfn.structure import EMPTY, Plan
from airflow2sfn.tasks import callables
from airflow2sfn.tasks.arguments import EVERY_TASK, NOTICED, POLLING, TRUE_ONLY
from airflow2sfn.tasks.calls import (
    Branching,
    Call,
    Chain,
    Look,
    Mapped,
    Missing,
    Note,
    Nothing,
    Pause,
    Probe,
    Step,
    Verdict,
    Work,
    place,
    tries,
)
from airflow2sfn.tasks.clock_operators import PAUSES, until
from airflow2sfn.tasks.functions import INVOKE, call_of
from airflow2sfn.tasks.kinds import PYTHON, TRIGGER_DAG
from airflow2sfn.tasks.other_dags import EXTERNAL_TASK, HANDLED, external, trigger
from airflow2sfn.tasks.retries import retries, seconds, timeout
from airflow2sfn.tasks.service_values import own
from airflow2sfn.tasks.services import by_row
from airflow2sfn.tasks.site import Site
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.model import Sensor
from sfn_airflow_core.catalogue.table import CLASSES

__all__ = [
    "INVOKE", "Call", "Chain", "Look", "Mapped", "Missing", "Note", "Nothing", "Pause", "Probe", "Step", "Work",
    "is_sensor", "left_out", "most_at_once", "place", "work_of",
]  # fmt: skip


def work_of(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    """The work of a task; what it loses goes to ``note``."""
    at = place(task)
    try:
        work = _work(task, plan, values, note)
    except Untranslatable as reason:
        note(NotComputable(at=at, task=task.task_id, reason=str(reason)))
        return Missing(f"{task.task_id}: {reason}")
    if isinstance(work, Missing) and work.noted:
        return work
    if isinstance(work, Missing):
        note(NoCounterpart(at=at, task=task.task_id, operator=task.operator.rpartition(".")[2]))
    elif not isinstance(work, Nothing) and (dropped := left_out(task.arguments)):
        note(SettingDropped(at=at, task=task.task_id, names=dropped))
    return work


def is_sensor(task: Task) -> bool:
    """Whether a task waits for something by looking again and again."""
    looks = any(isinstance(one, Sensor) for _, one in CLASSES.get(task.operator, ()))
    looks = looks or task.operator in SENSORS or task.operator in PAUSES or task.operator == EXTERNAL_TASK
    return looks or PYTHON.get(task.operator) == "sensor"


def _work(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    if task.operator in EMPTY:
        return Nothing()
    around = (group for group in plan.dag.groups if group.expansion and group.group_id not in plan.inside)
    if task.group and any(_inside(task.group, group.group_id) for group in around):
        raise Untranslatable("its task group is mapped")
    if task.operator in PYTHON:
        return _python(task, plan, values, note) if task.callable is not None else _elsewhere(task, note)
    if task.operator in PAUSES:
        return Pause(until(task, plan.dag, values))
    if task.operator == EXTERNAL_TASK:
        return external(task, plan, values, note)
    if task.operator == TRIGGER_DAG:
        _report_dropped(task, HANDLED, note)
        return trigger(task, plan, values, note)
    if task.operator in COMPOSED or task.operator in CLASSES:
        return _service(Site(task, plan, values, note))
    return Missing(f"{task.task_id}: {task.operator.rpartition('.')[2]} has no counterpart")


def _service(site: Site) -> Work:
    """An operator or sensor of a service: what is written for it alone, or by its row."""
    if site.task.expansion is not None:
        raise Untranslatable("a mapped operator that is no Python function")
    given = own(site.task)
    composed = COMPOSED.get(site.task.operator)
    work = (composed(site, given) if composed else None) or by_row(site, given)
    count = site.task.known("retries", 0)
    calls = isinstance(work, Chain) and isinstance(work.steps[0], Step | Verdict | Branching)
    if calls and isinstance(count, int) and count > 0:
        site.note(CallsRetried(at=place(site.task), task=site.task.task_id, retries=count))
    return work


def _inside(group: str, outer: str) -> bool:
    return group == outer or group.startswith(outer + ".")


def _elsewhere(task: Task, note: Note) -> Work:
    """A task of which the function is not in the project, or not known."""
    value = task.arguments.get("python_callable")
    match value:
        case Reference(name):
            name = name.removeprefix("builtins.")
        case Symbolic(text):
            name = text
        case _:
            name = "it is no function of the file"
    found = CallableElsewhere(at=place(task), task=task.task_id, name=name, known=isinstance(value, Reference))
    note(found)
    return Missing(found.message(), noted=True)


def _python(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    kind = PYTHON[task.operator]
    function = plan.functions[task.task_id]
    if function.problems:
        note(NotForLambda(at=place(task), task=task.task_id, reasons=function.problems))
        return Missing(f"{task.task_id}: {function.problems[0]}", noted=True)
    never = tuple(name for name in (callables.SKIP, callables.FAIL) if name in function.raises)
    entries = tries(task, plan, note, retries(task, never=never, airflow=plan.dag.airflow))

    if function.container:
        note(RunsInContainer(at=place(task), task=task.task_id, folder=function.name.folder, reason=function.container))

    def call(event: Json) -> Call:
        chooses = "" if kind in ("work", "sensor") else kind
        return call_of(function, event, entries, timeout(task), skips=callables.SKIP in never, chooses=chooses)

    if task.expansion is not None:
        if kind != "work":
            raise Untranslatable(f"a mapped {kind} task")
        items, selector, one = callables.item_arguments(task, values, function.asked)
        return _mapped(task, call(one), items, selector)
    event: Json = dict(callables.payload(task, values, function.asked))
    if kind == "sensor":
        probe = call(event)
        return _probe(task, probe, f"$boolean({probe.result})", note)
    return call(event)


def most_at_once(task: Task) -> int | None:
    """How many items of a mapped task run at the same time; nothing where there is no limit."""
    limits = [task.known("max_active_tis_per_dagrun"), task.known("max_active_tis_per_dag")]
    return min((limit for limit in limits if limit), default=None)


def _mapped(task: Task, call: Call, items: str, selector: Json) -> Mapped:
    expansion = task.expansion
    assert expansion is not None
    lengths = [callables.known_length(value) for _, value in expansion.values] or [
        callables.known_length(expansion.over)
    ]
    return Mapped(call, items, selector, most_at_once(task), all(lengths))


def _probe(task: Task, call: Call, found: str, note: Note) -> Probe:
    if call.retry:
        note(SensorRetries(at=place(task), task=task.task_id, retries=int(task.known("retries", 0))))
    interval = seconds(task.known("poke_interval")) or 60
    limit = seconds(task.known("timeout")) or 7 * 86_400
    return Probe(call, found, max(1, round(interval)), max(1, round(limit)), bool(task.known("soft_fail", False)))


def _report_dropped(task: Task, known: Iterable[str], note: Note) -> None:
    dropped = tuple(name for name in own(task) if name not in {*known, *POLLING, *EVERY_TASK, *NOTICED})
    if dropped:
        note(ArgumentDropped(at=place(task), task=task.task_id, names=dropped))


def left_out(arguments: Mapping[str, Value]) -> tuple[str, ...]:
    """Arguments of a task, or of default_args, that mean something and are not translated."""
    found = [name for name in NOTICED if arguments.get(name) not in (None, Known(None))]
    return tuple(found + [name for name in TRUE_ONLY if arguments.get(name) == Known(True)])
