"""Callbacks of tasks as Lambda functions: they are called with what the state machine says of the task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from airflow2sfn.packaging.context import Asked, asked_by_callback
from airflow2sfn.packaging.environment import variables
from airflow2sfn.packaging.extract import extract
from airflow2sfn.packaging.files import files
from airflow2sfn.packaging.handler import callback_handler
from airflow2sfn.packaging.names import FunctionName, unused
from airflow2sfn.packaging.package import Function
from airflow2sfn.packaging.requirements import requirements
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag, Items, Known, Made, PythonCallable, Task, Value

KINDS = ("on_failure_callback", "on_success_callback", "on_skipped_callback", "on_execute_callback")
"""Callbacks of tasks that become states."""
_PARTIAL = "functools.partial"
MAIL = "airflow.utils.email.send_email"
_MAIL = {
    "subject": "Airflow alert: {{ dag.dag_id }}.{{ ti.task_id }} has failed",
    "html_content": "{{ exception }}<br>Run: {{ run_id }}<br>Log: {{ ti.log_url }}",
}
"""What a mail about a failure says; Airflow's own has the same, in other words."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A callback that is a function of the project, and the arguments that ``functools.partial`` has bound."""

    function: PythonCallable
    given: Mapping[str, Value]

    @property
    def key(self) -> str:
        """What tells it from other functions."""
        return repr((self.function.module.path, self.function.span, self.function.captured, sorted(self.given)))

    @property
    def parameter(self) -> str:
        """The parameter that gets the context; empty where there is none."""
        return next((p.name for p in self.function.parameters if p.name not in self.given and p.kind != "keyword"), "")

    @property
    def arguments(self) -> str:
        """What it is called with, as its handler writes it."""
        first = self.function.parameters[:1]
        given = ["context" if first and first[0].name == self.parameter else f"{self.parameter}=context"]
        return ", ".join([*(given if self.parameter else []), *(["**event"] if self.given else [])])


def callbacks_of(task: Task, kind: str) -> tuple[Value, ...]:
    """The callbacks of one kind that a task has, in their order; last the mail about a failure, which Airflow sends."""
    mail = _mail(task) if kind == KINDS[0] else ()
    return _given(task, kind) + mail


def _mail(task: Task) -> tuple[Value, ...]:
    to, wanted = task.get("email"), task.get("email_on_failure")
    if to is None or to in (Known(None), Known(""), Known([])) or wanted == Known(False):
        return ()
    return (Made(MAIL, kwargs=(("to", to), *((name, Known(text)) for name, text in _MAIL.items()))),)


def _given(task: Task, kind: str) -> tuple[Value, ...]:
    match task.get(kind):
        case None | Known(None):
            return ()
        case Items(items):
            return items
        case Known(list() | tuple() as known):
            return tuple(Known(one) for one in known)
        case value:
            return (value,)


def bound(value: Value) -> Bound | None:
    """A callback as a function of the project; nothing where it is something else."""
    match value:
        case PythonCallable():
            return Bound(value, {})
        case Made(name, (PythonCallable() as function, *rest), kwargs) if name == _PARTIAL:
            names = [p.name for p in function.parameters if p.kind in ("positional", "any")]
            return Bound(function, {**dict(zip(names, rest, strict=False)), **dict(kwargs)})
        case _:
            return None


def callback_functions(dag: Dag, project: Project, taken: set[str]) -> dict[str, Function]:
    """The functions of the callbacks of a DAG's tasks, by ``Bound.key``.

    Args:
        dag: the DAG.
        project: where imports are looked up.
        taken: folders and logical ids of functions that exist already.
    """
    found: dict[str, Function] = {}
    for one in _every(dag):
        if one.key not in found:
            stem = "callback" if one.function.name == "<lambda>" else one.function.name.strip("_")
            found[one.key] = _function(dag, one, unused(stem, taken), project)
    return found


def _every(dag: Dag) -> Iterator[Bound]:
    for task in dag.tasks:
        for kind in KINDS:
            yield from (one for value in callbacks_of(task, kind) if (one := bound(value)) is not None)


def _function(dag: Dag, one: Bound, name: FunctionName, project: Project) -> Function:
    made = extract(one.function, project, name.folder)
    context = asked_by_callback(made.text, one.parameter) if one.parameter else Asked()
    wrapper = callback_handler(made.name, context, one.arguments, is_async=one.function.is_async)
    if any("pendulum" in line for line in wrapper.imports):
        made.outside.add("pendulum")
    lines = requirements(made.outside)
    contents = files(f"{name.folder}, a callback of tasks", dag.dag_id, made, wrapper)
    if lines:
        contents[PurePosixPath("requirements.txt")] = "".join(f"{line}\n" for line in lines)
    return Function(
        name=name, tasks=(), files=contents, asked=context,
        problems=tuple(dict.fromkeys((*made.problems, *context.problems))), requirements=lines,
        environment=variables(made.code()) | made.environment, code=made.code(),
    )  # fmt: skip
