"""What a state machine has and Airflow has not: documents that travel along the edges.

A *state* is a function from the document it receives to the document it hands on. A task's XCom ``return_value`` is
what it hands on, and a task that hands on to only some of its downstream tasks (a choice, a catch) says to which under
the XCom key ``next``. A state that no document reaches skips itself. Nothing else decides what runs, so the same code
works in plain, grouped and mapped tasks, and documents may be null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from airflow.sdk import BaseOperator, TaskGroup, TriggerRule, get_current_context, task
from airflow.sdk.definitions._internal.mixins import ResolveMixin
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from .context import VARIABLES, execution_input, is_child
from .errors import Json, data_errors, record_error
from .variables import KEY, Assigned, scoped

Node = BaseOperator | TaskGroup
DataFunction = Callable[[Json], Json]

STATE: dict[str, Any] = {
    "trigger_rule": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
    "retries": 0,
    "on_failure_callback": record_error,
}
"""Arguments of every task that is a state."""

_AS_TEXT = "$json"  # what Airflow's serialiser would take for its own travels as {"$json": text}
_SUSPECT = re.compile(r'"__|"\$json"|\\ud[89a-f]|\d{19}', re.IGNORECASE)


def as_document(value: Json) -> Json:
    """A value as an XCom that comes back exactly equal. Raises TypeError or ValueError for what is not JSON.

    Airflow refuses or converts objects with keys such as ``__classname__`` and ``__type``, and its messages cannot
    carry integers beyond 64 bits: these travel as JSON text.
    """
    text = json.dumps(value, allow_nan=False)
    value = json.loads(text)
    return _protected(value) if _SUSPECT.search(text) else value


def _protected(value: Json) -> Json:
    match value:
        case dict() if not any(key.startswith("__") or key == _AS_TEXT or _odd(key) for key in value):
            return {key: _protected(part) for key, part in value.items()}
        case list():
            return [_protected(part) for part in value]
        case dict():
            return {_AS_TEXT: json.dumps(value)}
        case str() if _odd(value):
            return {_AS_TEXT: json.dumps(value)}
        case int() if abs(value) >= 2**63:
            return {_AS_TEXT: json.dumps(value)}
        case _:
            return value


def _odd(text: str) -> bool:
    """Whether a text has half a surrogate pair, which JSON can write and UTF-8 cannot."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def from_xcom(value: Json) -> Json:
    """The document that ``as_document`` made an XCom of."""
    match value:
        case {"$json": str() as text} if len(value) == 1:
            return json.loads(text)
        case dict():
            return {key: from_xcom(part) for key, part in value.items()}
        case list():
            return [from_xcom(part) for part in value]
        case _:
            return value


def states_of(ti: Any, ids: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """Task, map index and state of task instances: of this map index inside a mapped group, of all outside."""
    index = None if ti.map_index < 0 else ti.map_index
    found = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=[*ids], map_index=index)
    for key, state in found.get(ti.run_id, {}).items():
        name, _, number = key.rpartition("_")
        yield (key, -1, state) if key in ids else (name, int(number), state)


def handed_on(ti: Any, source: Any, node: BaseOperator, index: int) -> tuple[Json] | None:
    """The document that a successful task handed on to ``node``, in a tuple since it may be null; else None."""
    if getattr(source, "chooses", False):
        chosen = ti.xcom_pull(task_ids=source.task_id, key="next", map_indexes=index)
        if node.task_id not in (chosen or ()):
            return None
    return (from_xcom(ti.xcom_pull(task_ids=source.task_id, map_indexes=index)),)


def reaching(context: Any, node: BaseOperator) -> Json:
    """The document that reaches a task; AirflowSkipException where none does."""
    if (given := getattr(node, "given", None)) is not None:
        return from_xcom(given.resolve(context))
    if not node.upstream_list:
        conf = context["dag_run"].conf
        return from_xcom(execution_input(conf)) if is_child(conf) else execution_input(conf)
    return _source(context, node)[2]


def _source(context: Any, node: BaseOperator) -> tuple[str, int, Json]:
    """The upstream task that handed a document on to ``node``: its id, its map index, and the document."""
    ti, sources = context["ti"], {source.task_id: source for source in node.upstream_list}
    if len(sources) == 1 and node.trigger_rule == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS:
        (only,) = sources.values()  # it has succeeded, or we would not run
        if found := handed_on(ti, only, node, ti.map_index):
            return only.task_id, ti.map_index, found[0]
        raise AirflowSkipException(f"no document reaches {node.task_id}")
    for id, index, state in sorted(states_of(ti, sources)):
        if state == "success" and (found := handed_on(ti, sources[id], node, index)):
            return id, index, found[0]
    raise AirflowSkipException(f"no document reaches {node.task_id}")


def reaching_variables(context: Any, node: Any) -> dict[str, Json]:
    """The variables that reach a task, on the way on which its document reaches it."""
    if getattr(node, "given", None) is not None:  # in a Map: from the task that made the items
        source, index = f"{node.get_closest_mapped_task_group().parent_group.group_id}.items", -1
    elif node.upstream_list:
        source, index, _ = _source(context, node)
    else:
        conf = context["dag_run"].conf
        return from_xcom(conf[VARIABLES]) if is_child(conf) else {}
    return from_xcom(context["ti"].xcom_pull(task_ids=source, key=KEY, map_indexes=index)) or {}


def called(context: Any, function: Callable[..., Json], *arguments: Json, node: Any = None, keep: bool = True) -> Json:
    """What a data function returns, called with the variables that reach ``node`` (this task) if it wants them.

    It fails with States.Runtime for data that it cannot read. With ``keep``, the task hands the variables on.
    """
    with data_errors(*arguments[:1]):
        if not scoped(function):
            return function(*arguments)
        held = reaching_variables(context, node or context["task"])
        value = function(*arguments, held)
        if isinstance(value, Assigned):
            held, value = {**held, **value.variables}, value.document
        if keep:
            context["ti"].xcom_push(key=KEY, value=as_document(held))
        return value


def keep_variables(context: Any) -> None:
    """Hand on the variables that reach a task which hands its document, or its result, on as it is."""
    if held := reaching_variables(context, context["task"]):
        context["ti"].xcom_push(key=KEY, value=as_document(held))


def forward_variables(context: Any, source: str, index: int) -> None:
    """Hand on the variables of another task, if it has any."""
    held = context["ti"].xcom_pull(task_ids=source, key=KEY, map_indexes=index)
    if held is not None:
        context["ti"].xcom_push(key=KEY, value=held)


def hand_on(context: Any, document: Json, targets: Sequence[str]) -> Json:
    """Hand a document to some of the downstream tasks only; the others are skipped."""
    ti, node = context["ti"], context["task"]
    below = node.downstream_list
    chosen = [t for t in below if any(t.task_id == to or t.task_id.startswith(f"{to}.") for to in targets)]
    ti.xcom_push(key="next", value=[t.task_id for t in chosen])
    with data_errors():
        document = as_document(document)
    if ti.map_index < 0:  # Airflow 3.3 cannot skip per map index (apache/airflow#67265): there, tasks skip themselves
        later = {id for t in chosen for id in t.get_flat_relative_ids(upstream=False)}
        if skipped := [t.task_id for t in below if t not in chosen and t.task_id not in later]:
            ti.xcom_push(key="return_value", value=document)
            signal: Any = DownstreamTasksSkipped
            raise signal(tasks=skipped)
    return document


class Document(ResolveMixin):
    """The document that reaches a state. ``DOCUMENT >> function`` is what a data function makes of it."""

    def __init__(self, shape: DataFunction | None = None):
        self.shape = shape

    def __rshift__(self, shape: DataFunction) -> Document:
        return Document(shape)

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        """None: a document follows the edges, it does not make them."""
        return iter(())

    def resolve(self, context: Any) -> Json:
        """The document, or what the data function makes of it, for the task that runs."""
        document = reaching(context, context["task"])
        return document if self.shape is None else called(context, self.shape, document, keep=False)


DOCUMENT = Document()


def task_of(function: Callable[[Any], Json], like: Callable[..., Any], **task_args: Any) -> Any:
    """A ``@task`` that calls ``function`` with its context, named and documented like another function.

    Its document is no argument of the task: Airflow would store it among the rendered fields of every run. The keys of
    an object it returns are never XComs of their own.
    """

    def run() -> Json:
        return function(get_current_context())

    decorate: Any = task
    run.__name__, run.__qualname__, run.__doc__ = like.__name__, like.__qualname__, like.__doc__
    operator = decorate(run, multiple_outputs=False, **{**STATE, **task_args})().operator
    operator.template_fields = ()  # it has no arguments: nothing to render, nothing to store
    return operator


def state(name: str, given: Any = None, **task_args: Any) -> Callable[[DataFunction], BaseOperator]:
    """``@task`` for a state, called with the document that reaches it (in a Map's first state: ``given``, the item)."""

    def decorate(function: DataFunction) -> BaseOperator:
        def hand_on_result(context: Any) -> Json:
            value = called(context, function, reaching(context, context["task"]))
            with data_errors():
                return as_document(value)

        operator = task_of(hand_on_result, function, task_display_name=name, **task_args)
        operator.given = given
        return operator  # type: ignore[no-any-return]

    return decorate


def choice(
    name: str, given: Any = None, *, document: DataFunction | None = None, **task_args: Any
) -> Callable[[Callable[[Json], str]], BaseOperator]:
    """A Choice: the function returns the name of the state (task or group, in the same group) that gets the document.

    ``document`` makes the document that is handed on, or the function returns it behind the name. Where no rule
    matches, the function raises ``no_match``.
    """

    def decorate(function: Callable[[Json], str]) -> BaseOperator:
        def choose(context: Any) -> Json:
            data = reaching(context, context["task"])
            handed = called(context, document, data, keep=False) if document else data
            target = called(context, function, data)
            if isinstance(target, tuple):
                target, handed = target
            group = context["task"].task_group
            return hand_on(context, handed, [target if group.is_root else f"{group.group_id}.{target}"])

        operator = task_of(choose, function, task_display_name=name, **task_args)
        operator.given, operator.chooses = given, True
        return operator  # type: ignore[no-any-return]

    return decorate
