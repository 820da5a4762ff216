"""Wait states, which hold no worker while they wait for long, and limits on how long a task may take."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowTaskTimeout, TaskDeferred

from . import clock
from .documents import STATE, DataFunction, as_document, called, keep_variables, reaching
from .errors import StateError, data_errors
from .settings import Json, Setting

_LONGEST = timedelta(days=24855)  # recorded: beyond it AWS answers "Wait state delay is too long."
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:(Z)|([+-])(\d\d):(\d\d))", re.ASCII
)

HELD = timedelta(seconds=10)
"""Up to this a wait stays in its process. A deferral costs two starts of a task, and one that ends before the scheduler
has noticed it fails the task (apache/airflow#72716)."""

When = Callable[[Json], timedelta | datetime]


def seconds(value: Json) -> timedelta:
    """The duration of ``Seconds``: an integer from 0 to 99999999. Raises ValueError for anything else."""
    value = _open(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"a Wait needs whole seconds, not {value!r}")
    if not 0 <= value <= 99_999_999:
        raise ValueError(f"a Wait of {value} seconds is not between 0 and 99999999 seconds")
    return timedelta(seconds=int(value))


def until(value: Json) -> datetime:
    """The moment of ``Timestamp``: RFC 3339 with capital T and Z. Raises ValueError for anything else."""
    value = _open(value)
    found = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"a Wait needs an RFC 3339 timestamp, not {value!r}")
    *numbers, fraction, utc, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    offset = timedelta() if utc else timedelta(hours=int(hours), minutes=int(minutes))
    zone = timezone(-offset if sign == "-" else offset)
    micro = int((fraction or "0").ljust(6, "0")[:6])
    return datetime(year, month, day, hour, minute, second, micro, zone).astimezone(UTC)


def _open(value: Json) -> Json:
    return value.json() if isinstance(value, Setting) else value


def moment_of(when: timedelta | datetime) -> datetime:
    """When a wait that begins now ends. Raises ValueError for one that is too long."""
    now = clock.now()
    moment = now + when if isinstance(when, timedelta) else when
    if moment - now > _LONGEST:
        raise ValueError(f"a Wait until {moment} is too long")
    return moment


class WaitOperator(BaseOperator):
    """A Wait state: hands its document on when the moment has come; a long wait holds no worker until then."""

    def __init__(self, *, when: When, document: DataFunction | None, given: Any, **task_args: Any):
        super().__init__(**task_args)
        self.when, self.document, self.given = when, document, given

    def execute(self, context: Any) -> Json:
        """Find the moment and wait for it; one that has passed is no wait."""
        data = reaching(context, self)
        with data_errors():
            moment = moment_of(called(context, self.when, data, keep=False))
        document = self._onward(context, data)
        left = moment - clock.now()
        if left > HELD:
            self.defer(trigger=DateTimeTrigger(moment=moment), method_name="execute_complete")
        elif left > timedelta():
            clock.hold(left.total_seconds())
        return document

    def execute_complete(self, context: Any, event: Any = None) -> Json:
        """Hand on the document that came before the wait."""
        return self._onward(context, reaching(context, self))

    def _onward(self, context: Any, data: Json) -> Json:
        if self.document is None:
            keep_variables(context)
        document = called(context, self.document, data) if self.document else data
        with data_errors():
            return as_document(document)


def wait(
    name: str, given: Any = None, *, document: DataFunction | None = None, **task_args: Any
) -> Callable[[When], BaseOperator]:
    """A Wait: the function returns how long (``seconds``) or until when (``until``); the document goes on as it is.

    ``given`` is the item in the first state of a Map; ``document`` makes the document that is handed on.
    """

    def decorate(function: When) -> BaseOperator:
        arguments = {**STATE, "task_id": function.__name__, "doc_md": function.__doc__, "task_display_name": name}
        return WaitOperator(when=function, document=document, given=given, **{**arguments, **task_args})

    return decorate


@contextmanager
def time_limit(limit: Json, started: datetime | None = None) -> Iterator[None]:
    """Within it, States.Timeout after this many seconds: for a ``TimeoutSeconds`` that is known when the task runs.

    ``limit`` is a positive whole number (States.Runtime otherwise), a Setting or a timedelta. A task that defers
    inside has what is left of it, counted from ``started`` (default: now), as the limit of its deferral.
    """
    began = started or clock.now()
    allowed = _allowed(_open(limit))
    left = (began + allowed - clock.now()).total_seconds()

    def late(*_: Any) -> None:
        raise AirflowTaskTimeout(f"the state takes longer than {allowed.total_seconds():g} seconds")

    if left <= 0:
        late()
    before = signal.signal(signal.SIGALRM, late)
    outer = clock.alarm(left)
    if outer and outer < left:  # execution_timeout comes first
        signal.signal(signal.SIGALRM, before)
        clock.alarm(outer)
    ran = clock.now()
    try:
        yield
    except TaskDeferred as deferred:
        rest = began + allowed - clock.now()
        deferred.timeout = min(rest, deferred.timeout) if deferred.timeout else rest
        raise
    finally:
        signal.signal(signal.SIGALRM, before)
        used = (clock.now() - ran).total_seconds()
        clock.alarm(max(outer - used, 0.001) if outer else 0)


def _allowed(limit: Json) -> timedelta:
    if isinstance(limit, timedelta):
        return limit
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit != int(limit) or limit <= 0:
        raise StateError("States.Runtime", f"TimeoutSeconds must be a positive whole number, not {limit!r}")
    return timedelta(seconds=int(limit))
