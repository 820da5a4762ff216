"""A2S22x: callbacks of tasks, which become states after the task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_CALLBACKS = (
    "https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/logging-monitoring/"
    "callbacks.html"
)
_TELL = "def tell(context): print(context['ti'].task_id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCallback(Finding):
    """A callback of a task, or a mail, becomes a state: a Lambda function, or the call that a notifier makes.

    Why it matters: what follows waits for it. The state comes after the task, for its beginning before it. Its context
    holds what it reads of the run and the task; the log's address is that of the execution in the console. As in
    Airflow an error of a callback changes nothing.

    Remedy: nothing, unless what follows must not wait.
    """

    code: ClassVar[str] = "A2S221"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = _CALLBACKS
    example: ClassVar[Example] = Example(inside("@task(on_failure_callback=tell)\ndef a(): pass\na()", _TELL), "8:5")
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(): pass\na()", _TELL))

    name: str
    callback: str
    tasks: tuple[str, ...]

    def message(self) -> str:
        place = "before" if self.name == "on_execute_callback" else "after"
        return f"{self.name}: {self.callback} is called by a state {place} {_listed(self.tasks)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCallbackLeft(Finding):
    """A callback of a task has no counterpart and is left out.

    Why it matters: nobody is told. A state machine has no place between the tries of a state, so ``on_retry_callback``
    of a task that is retried is among them: a loop in its place would take three more states for every such task.

    Remedy: let the callback read its context by names and call AWS through boto3; or watch the execution's history by
    an EventBridge rule or a log subscription.
    """

    code: ClassVar[str] = "A2S222"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = _CALLBACKS
    example: ClassVar[Example] = Example(
        inside("@task(retries=1, on_retry_callback=tell)\ndef a(): pass\na()", _TELL), "8:5"
    )
    near_miss: ClassVar[Example] = Example(
        inside("@task(retries=1, on_failure_callback=tell)\ndef a(): pass\na()", _TELL)
    )

    name: str
    reason: str
    tasks: tuple[str, ...]

    def message(self) -> str:
        return f"{self.name} of {_listed(self.tasks)} is left out: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCallbackOnce(Finding):
    """A callback for the beginning of a task is called before the first try only.

    Why it matters: Airflow calls it again before each retry, and where a sensor or a deferred task goes on.

    Remedy: nothing, unless what it does has to be done for each try; then let the task's function do it.
    """

    code: ClassVar[str] = "A2S223"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = _CALLBACKS
    example: ClassVar[Example] = Example(
        inside("@task(retries=1, on_execute_callback=tell)\ndef a(): pass\na()", _TELL), "8:5"
    )
    near_miss: ClassVar[Example] = Example(inside("@task(on_execute_callback=tell)\ndef a(): pass\na()", _TELL))

    name: str
    tasks: tuple[str, ...]

    def message(self) -> str:
        return f"{self.name} is called once, not before each try of {_listed(self.tasks)}"


def _listed(tasks: tuple[str, ...]) -> str:
    if len(tasks) > 4:
        return f"{', '.join(tasks[:3])} and {len(tasks) - 3} more"
    return f"{', '.join(tasks[:-1])} and {tasks[-1]}" if len(tasks) > 1 else tasks[0]


RULES: tuple[type[Finding], ...] = (TaskCallback, TaskCallbackLeft, TaskCallbackOnce)
