"""Jobs of any AWS service as states: started, asked about, and stopped when their time is over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, BaseSensorOperator, PokeReturnValue

from . import clock
from .aws_jobs import describe, start
from .aws_stops import stop
from .documents import DOCUMENT, STATE, as_document, called, keep_variables
from .errors import KEEP, StateError, data_errors
from .roles import assumed_role
from .settings import Setting

Json = Any
Output = Callable[[Json, Json], Json]

_FOREVER = timedelta(days=366).total_seconds()  # longer than an execution may live
_POLL = 30


def result_itself(_: Json, result: Json) -> Json:
    """The output of a state that hands its result on as it is."""
    return result


def job(
    action: str,
    name: str,
    given: Any = None,
    /,
    *,
    arguments: Any = DOCUMENT,
    output: Output = result_itself,
    poll: float = _POLL,
    execution_timeout: timedelta | None = None,
    timeout: Any = None,
    role: Any = None,
    **task_args: Any,
) -> BaseOperator:
    """A job of any service as the state ``name``: starts it, and asks every ``poll`` seconds until it ends.

    ``action`` is ASL's, with its ``.sync``: ``elasticmapreduce:addStep.sync``. ``arguments`` are the Task's, a dict or
    ``DOCUMENT >> function``. No worker is held between two questions. A retry starts a new job. ``output`` and
    ``given`` as in ``as_state``. ``execution_timeout``, or ``timeout`` in seconds (a Setting, or ``DOCUMENT >>
    function``), is the time for one try, waiting included; when it is over, the job is stopped. ``role`` is the ARN
    of a role to assume.
    """
    sensor = JobSensor(
        **{**STATE, "task_display_name": name, **task_args},
        action=action,
        arguments=Plain(arguments),
        output=output,
        limit=Plain(timeout if execution_timeout is None else execution_timeout),
        role=Plain(role),
        mode="reschedule",
        poke_interval=poll,
        timeout=_FOREVER,
    )
    sensor.given = given
    return sensor


class Plain:
    """Keeps a keyword from being rendered: literals of a state machine may look like templates of Airflow."""

    def __init__(self, value: Any):
        self.value = value

    def resolve(self, context: Any, *_: Any) -> Any:
        """The value for a running task, with every ``DOCUMENT`` in it resolved."""
        return resolved(self.value, context)

    def __str__(self) -> str:
        return "made when the task runs" if is_open(self.value) else str(self.value)


def resolved(value: Any, context: Any) -> Any:
    if hasattr(value, "resolve"):
        return value.resolve(context)
    match value:
        case dict():
            return {key: resolved(item, context) for key, item in value.items()}
        case list():
            return [resolved(item, context) for item in value]
        case _:
            return value


def is_open(value: Any) -> bool:
    """Whether something in a keyword is known only when the task runs."""
    match value:
        case dict():
            return any(map(is_open, value.values()))
        case list():
            return any(map(is_open, value))
        case _:
            return hasattr(value, "resolve")


class JobSensor(BaseSensorOperator):
    """Starts a job at the first poke of a try, and pokes until the job has ended."""

    template_fields = ()
    waits_for = "job"
    given: Any = None
    running: Json = None

    def __init__(self, *, action: str, arguments: Plain, output: Output, limit: Plain, role: Plain, **kwargs: Any):
        super().__init__(**kwargs)
        self.action, self.arguments, self.shape, self.limit, self.role = action, arguments, output, limit, role

    def poke(self, context: Any) -> PokeReturnValue | bool:
        """Ask once; raises ``States.TaskFailed`` with the description of a failed job, ``States.Timeout`` when late."""
        document = DOCUMENT.resolve(context)
        store, attempt, now = context["task_state_store"], context["ti"].try_number, clock.now().timestamp()
        with self._role(context):
            kept = store.get("job")
            if kept is None or kept["try"] != attempt:  # the first poke of this try; a retry starts a new job
                limit = seconds("TimeoutSeconds", self.limit.resolve(context))
                identity = start(self.action, self.arguments.resolve(context))
                kept = {"try": attempt, "since": now, "limit": _FOREVER if limit is None else limit}
                kept |= {"action": self.action, "identity": identity, "role": self.role.resolve(context)}
                store.set("job", kept, retention=KEEP)
            self.running = (kept["role"], kept["identity"])
            found = describe(self.action, kept["identity"])
            if found.state == "running" and now - kept["since"] >= kept["limit"]:
                stop(self.action, kept["identity"])
                raise StateError("States.Timeout", "")
        self.running = None
        if found.state == "running":
            return False
        return PokeReturnValue(is_done=True, xcom_value=handed_on(context, self.shape, document, found.value()))

    def on_kill(self) -> None:
        """Stop the job where the task is killed while it asks."""
        if self.running is not None:
            role, identity = self.running
            with nullcontext() if role is None else assumed_role(role):
                stop(self.action, identity)

    def _role(self, context: Any) -> AbstractContextManager[None]:
        role = self.role.resolve(context)
        return nullcontext() if role is None else assumed_role(role)


def seconds(field: str, value: Json) -> int | None:
    """A limit of a state: a positive whole number, or none; raises States.Runtime for anything else."""
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Setting):
        value = value.json()
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value <= 0:
        raise StateError("States.Runtime", f"{field} must be a positive whole number of seconds, not {value!r}")
    return int(value)


def handed_on(context: Any, output: Output, document: Json, result: Json) -> Json:
    """The document that a state hands on; what its data function cannot read is States.Runtime."""
    if output is result_itself:
        keep_variables(context)
    value = called(context, output, document, result)
    with data_errors():
        return as_document(value)
