"""What one task does, as parts of states: which resource, with which arguments, tried how often."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from airflow2sfn import callables
from airflow2sfn.expressions import Untranslatable
from airflow2sfn.packaging.names import function_names
from airflow2sfn.retries import Retries, retries, seconds, timeout
from airflow2sfn.rules.control import (
    ArgumentDropped,
    ContextMissing,
    NoCounterpart,
    NotComputable,
    OtherMachine,
    SettingDropped,
)
from airflow2sfn.rules.retries import RetriesUnknown, RetryJitter, SensorRetries, StartRetried
from airflow2sfn.services import OPERATORS, POLLING, PYTHON, SENSORS, TRIGGER_DAG, Row
from airflow2sfn.source import Entries, Items, Known, Task, Template, Value
from airflow2sfn.structure import EMPTY, Plan
from airflow2sfn.values import Values, to_json
from sfn_airflow_core.asl.model import Json, Retrier
from sfn_airflow_core.findings import Finding

INVOKE = "arn:aws:states:::lambda:invoke"
_PAYLOAD = "$states.result.Payload"
_EVERY_TASK = frozenset(
    {
        "task_id", "retries", "retry_delay", "retry_exponential_backoff", "max_retry_delay", "execution_timeout",
        "trigger_rule", "owner", "doc", "doc_md", "doc_json", "doc_yaml", "doc_rst", "start_date", "end_date", "email",
        "do_xcom_push", "python_callable", "op_args", "op_kwargs", "multiple_outputs", "show_return_value_in_logs",
        "ignore_downstream_trigger_rules", "map_index_template", "max_active_tis_per_dagrun", "max_active_tis_per_dag",
        "weight_rule", "priority_weight", "queue", "soft_fail", "timeout", "poke_interval", "mode", "dag", "task_group",
        "email_on_failure", "email_on_retry", "depends_on_past", "wait_for_downstream", "task_display_name",
    }
)  # fmt: skip
_NOTICED = (
    "pool", "on_failure_callback", "on_success_callback", "on_retry_callback", "on_execute_callback",
    "on_skipped_callback", "sla", "inlets", "outlets", "run_as_user",
)  # fmt: skip
_TRUE_ONLY = ("depends_on_past", "wait_for_downstream", "email_on_failure")


@dataclass(frozen=True, slots=True)
class Call:
    """A Task state: ``result`` is its XCom; ``skips`` where its function may skip the task."""

    resource: str
    arguments: Json
    result: str = "$states.result"
    retry: tuple[Retrier, ...] = ()
    timeout: int | None = None
    comment: str | None = None
    skips: bool = False
    chooses: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A sensor: a call that looks, again after ``interval`` seconds, for ``timeout`` seconds at most."""

    call: Call
    found: str
    interval: int
    timeout: int
    soft_fail: bool = False


@dataclass(frozen=True, slots=True)
class Mapped:
    """A call for each of several items."""

    call: Call
    items: str
    selector: Json
    limit: int | None
    certain: bool


@dataclass(frozen=True, slots=True)
class Nothing:
    """A task that only has a place in the order."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A task without a counterpart: it fails."""

    cause: str


Work: TypeAlias = "Call | Probe | Mapped | Nothing | Missing"
Note: TypeAlias = "Callable[[Finding], None]"


def work_of(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    """The work of a task; what it loses goes to ``note``."""
    at = place(task)
    try:
        work = _work(task, plan, values, note)
    except Untranslatable as reason:
        note(NotComputable(at=at, task=task.task_id, reason=str(reason)))
        return Missing(f"{task.task_id}: {reason}")
    if isinstance(work, Missing):
        note(NoCounterpart(at=at, task=task.task_id, operator=task.operator.rpartition(".")[2]))
    elif not isinstance(work, Nothing) and (dropped := _dropped(task)):
        note(SettingDropped(at=at, task=task.task_id, names=dropped))
    return work


def place(task: Task) -> str:
    """Where a task is made, as findings say it."""
    return str(task.span) if task.span else ""


def is_sensor(task: Task) -> bool:
    """Whether a task waits for something by looking again and again."""
    return task.operator in SENSORS or PYTHON.get(task.operator) == "sensor"


def _work(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    if task.operator in EMPTY:
        return Nothing()
    if any(group.expansion and task.group and _inside(task.group, group.group_id) for group in plan.dag.groups):
        raise Untranslatable("its task group is mapped")
    if task.operator in PYTHON and task.callable is not None:
        return _python(task, plan, values, note)
    if task.operator == TRIGGER_DAG:
        return _trigger(task, plan, values, note)
    if task.operator in SENSORS:
        return _sensor(task, plan, values, note)
    if (row := OPERATORS.get(task.operator)) is not None:
        return _service(task, row, plan, values, note)
    return Missing(f"{task.task_id}: {task.operator.rpartition('.')[2]} has no counterpart")


def _inside(group: str, outer: str) -> bool:
    return group == outer or group.startswith(outer + ".")


def _tries(task: Task, plan: Plan, note: Note, found: Retries | None = None) -> tuple[Retrier, ...]:
    found = found or retries(task, airflow=plan.dag.airflow)
    if found.jitter:
        note(RetryJitter(at=place(task), task=task.task_id, delays=found.jitter))
    if found.unknown:
        note(RetriesUnknown(at=place(task), task=task.task_id, names=found.unknown))
    return found.entries


def _python(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    kind = PYTHON[task.operator]
    if missing := callables.missing_context(task):
        note(ContextMissing(at=place(task), task=task.task_id, names=tuple(missing)))
    never = tuple(name for name in (callables.SKIP, callables.FAIL) if callables.may_raise(task.callable, name))
    tries = _tries(task, plan, note, retries(task, never=never, airflow=plan.dag.airflow))
    name = f"${{{function_names(plan.dag)[task.task_id].placeholder}}}"

    def call(event: Json) -> Call:
        return Call(
            INVOKE, {"FunctionName": name, "Payload": event}, _PAYLOAD, tries, timeout(task),
            skips=callables.SKIP in never, chooses="" if kind in ("work", "sensor") else kind,
        )  # fmt: skip

    if task.expansion is not None:
        if kind != "work":
            raise Untranslatable(f"a mapped {kind} task")
        items, selector = callables.item_arguments(task, values)
        return _mapped(task, call("{% $states.input %}"), items, selector)
    event: Json = dict(callables.payload(task, values))
    if kind == "sensor":
        return _probe(task, call(event), f"$boolean({_PAYLOAD})", note)
    return call(event)


def _mapped(task: Task, call: Call, items: str, selector: Json) -> Mapped:
    limits = [task.known("max_active_tis_per_dagrun"), task.known("max_active_tis_per_dag")]
    expansion = task.expansion
    assert expansion is not None
    lengths = [callables.known_length(value) for _, value in expansion.values] or [
        callables.known_length(expansion.over)
    ]
    return Mapped(call, items, selector, min((n for n in limits if n), default=None), all(lengths))


def _probe(task: Task, call: Call, found: str, note: Note) -> Probe:
    if call.retry:
        note(SensorRetries(at=place(task), task=task.task_id, retries=int(task.known("retries", 0))))
    interval = seconds(task.known("poke_interval")) or 60
    limit = seconds(task.known("timeout")) or 7 * 86_400
    return Probe(call, found, max(1, round(interval)), max(1, round(limit)), bool(task.known("soft_fail", False)))


def _sensor(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    row = SENSORS[task.operator]
    if task.expansion is not None:
        raise Untranslatable("a mapped sensor")
    if task.known("wildcard_match") or task.known("use_regex"):
        raise Untranslatable("the sensor looks for a pattern")
    given = _own(task)
    key = given.get("bucket_key")
    if isinstance(key, Known) and not isinstance(key.value, str):
        raise Untranslatable("the sensor looks for several keys")
    if isinstance(key, Known | Template):
        text = key.value if isinstance(key, Known) else key.text
        if text.startswith("s3://"):
            bucket, _, rest = text.removeprefix("s3://").partition("/")
            made = Known if isinstance(key, Known) else Template
            given |= {"bucket_name": Known(bucket), "bucket_key": made(rest)}
    arguments = _placed(given, row.arguments, values) | dict(row.default)
    _report_dropped(task, given, row.arguments, row.ignored, note)
    tries = _tries(task, plan, note)
    return _probe(task, Call(f"arn:aws:states:::{row.resource}", arguments, "null", tries), row.found, note)


def _service(task: Task, row: Row, plan: Plan, values: Values, note: Note) -> Work:
    if task.expansion is not None:
        raise Untranslatable("a mapped operator that is no Python function")
    given = _own(task)
    sensor = plan.absorbed.get(task.task_id)
    waits = row.waits == "always" or sensor is not None
    if row.waits == "argument":
        waits = waits or bool(task.known(row.wait_argument, row.waits_by_default))
    for name in row.pascal & set(given):
        given[name] = _pascal(given[name])
    for name in row.parsed & set(given):
        given[name] = _parsed(given[name])
    for name, fallback in row.default.items():
        given.setdefault(name, Known(fallback))
    _report_dropped(task, given, row.arguments, row.ignored | {row.wait_argument}, note)
    comment = None
    found = retries(task, airflow=plan.dag.airflow)
    if sensor is not None:
        found = retries(task, row.start_errors or ("States.ALL",), airflow=plan.dag.airflow)
        note(StartRetried(at=place(task), task=task.task_id, sensor=sensor))
        comment = f"Starts the job and waits for it ({task.task_id} and {sensor}); only starting it is retried"
    return Call(
        f"arn:aws:states:::{row.resource}{row.suffix if waits else ''}",
        _placed(given, row.arguments, values),
        row.result if waits else row.started,
        _tries(task, plan, note, found),
        timeout(task),
        comment,
    )


def _trigger(task: Task, plan: Plan, values: Values, note: Note) -> Work:
    target = task.known("trigger_dag_id")
    if not isinstance(target, str) or task.expansion is not None:
        raise Untranslatable("which DAG it triggers is not known")
    placeholder = "".join(word.capitalize() for word in target.replace("-", "_").split("_")) + "StateMachineArn"
    note(OtherMachine(at=place(task), task=task.task_id, dag_id=target, placeholder=placeholder))
    conf = task.get("conf")
    arguments: dict[str, Json] = {
        "StateMachineArn": f"${{{placeholder}}}",
        "Input": {"conf": to_json(conf, values)} if conf is not None else {},
    }
    _report_dropped(task, _own(task), {"trigger_dag_id": "", "conf": ""}, frozenset({"wait_for_completion"}), note)
    suffix = ".sync:2" if task.known("wait_for_completion", False) else ""
    return Call(
        f"arn:aws:states:::states:startExecution{suffix}", arguments, "null", _tries(task, plan, note), timeout(task)
    )


def _own(task: Task) -> dict[str, Value]:
    """The arguments that say something: those that are None as well as not given are left out."""
    return {name: value for name, value in task.arguments.items() if value != Known(None)}


def _placed(given: dict[str, Value], places: Mapping[str, str], values: Values) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for name, path in places.items():
        if name in given:
            *outer, last = path.split(".")
            inner = result
            for part in outer:
                step = inner.setdefault(part, {})
                assert isinstance(step, dict)
                inner = step
            inner[last] = to_json(given[name], values)
    return result


def _report_dropped(
    task: Task, given: Iterable[str], places: Iterable[str], ignored: frozenset[str], note: Note
) -> None:
    known = {*places, *ignored, *POLLING, *_EVERY_TASK, *_NOTICED}
    if dropped := tuple(name for name in given if name not in known):
        note(ArgumentDropped(at=place(task), task=task.task_id, names=dropped))


def _dropped(task: Task) -> tuple[str, ...]:
    found = [name for name in _NOTICED if task.get(name) not in (None, Known(None))]
    return tuple(found + [name for name in _TRUE_ONLY if task.known(name, False)])


def _pascal(value: Value) -> Value:
    """Keys with a capital letter first, at every depth."""
    match value:
        case Known(dict() as entries):
            return Known({name[:1].upper() + name[1:]: _known(item) for name, item in entries.items()})
        case Known(list() as items):
            return Known([_known(item) for item in items])
        case Entries(entries):
            return Entries(tuple((_capital(name), _pascal(item)) for name, item in entries))
        case _:
            return value


def _known(item: object) -> object:
    made = _pascal(Known(item))
    return made.value if isinstance(made, Known) else item


def _capital(name: Value) -> Value:
    return Known(name.value[:1].upper() + name.value[1:]) if isinstance(name, Known) else name


def _parsed(value: Value) -> Value:
    """The value in a text with JSON."""
    match value:
        case Known(str() as text):
            try:
                return Known(json.loads(text))
            except ValueError:
                return value
        case Template(text):
            try:
                return _templates(json.loads(text))
            except ValueError:
                raise Untranslatable("JSON is put together by a template") from None
        case _:
            return value


def _templates(value: object) -> Value:
    match value:
        case dict():
            return Entries(tuple((Known(name), _templates(item)) for name, item in value.items()))
        case list():
            return Items(tuple(_templates(item) for item in value))
        case str() if "{{" in value or "{%" in value:
            return Template(value)
        case _:
            return Known(value)
