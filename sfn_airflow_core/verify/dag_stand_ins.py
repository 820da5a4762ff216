"""Who does the work of a DAG's tasks while it is verified: functions run, services are stood in for.

Python functions and shell commands run for real, unless the scenario says what they do. Operators of the Amazon
provider run for real down to the calls of botocore. Whatever else would leave this process the scenario stands in for.
"""

from __future__ import annotations

import copy
import functools
import inspect
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, Literal, TypeAlias
from unittest import mock

import botocore.hooks

from sfn_airflow_core.interpreter import Reply
from sfn_airflow_core.verify.aws_answers import Place
from sfn_airflow_core.verify.dag_answers import ROWS, Says
from sfn_airflow_core.verify.dag_history import RETURNED, Asked, History, as_json
from sfn_airflow_core.verify.dag_services import Kind
from sfn_airflow_core.verify.dag_time import Clock, same_chance

Json = Any
Doing: TypeAlias = Literal["python", "operator", "sensor", "trigger", "sql", "itself", "stand-in"]

_PROVIDERS: Final = "airflow.providers."
_OURSELVES: Final = (
    "EmptyOperator", "LatestOnlyOperator", "BranchDateTimeOperator", "BranchDayOfWeekOperator", "BaseBranchOperator",
    "BashOperator", "DateTimeSensor", "TimeSensor", "DayOfWeekSensor", "TimeDeltaSensor", "BaseSensorOperator",
)  # fmt: skip
_CALLED: Final = (
    "PythonOperator", "BranchPythonOperator", "ShortCircuitOperator", "PythonSensor", "PythonVirtualenvOperator",
    "BranchPythonVirtualenvOperator", "ExternalPythonOperator", "BranchExternalPythonOperator",
)  # fmt: skip
_accepts_kwargs: Final = functools.lru_cache(4096)(botocore.hooks.accepts_kwargs)
"""Whether a handler takes keywords; botocore inspects a hundred of them for every session that a hook makes."""
_CONNECTIONS: Final = {"AIRFLOW_CONN_AWS_DEFAULT": "aws://"}
_VALUES: Final = (str, int, float, list, tuple, dict, date, type(None))
_ELSEWHERE: Final = "_BasePythonVirtualenvOperator"
_CLOCKS: Final = frozenset(
    f"{_PROVIDERS}standard.{name}"
    for name in (
        "operators.datetime", "operators.weekday", "sensors.date_time", "sensors.time", "sensors.time_delta",
        "sensors.weekday",
    )
)  # fmt: skip
"""Modules whose operators and sensors decide by the time at which they run."""


def doing(task: Any) -> Doing:
    """Who does the work of a task: the first class of its ancestors that is not the DAG author's own says so."""
    kind = task.operator_class if getattr(task, "is_mapped", False) else type(task)
    for known in kind.__mro__:
        if not known.__module__.startswith(_PROVIDERS):
            continue
        if known.__module__.startswith(f"{_PROVIDERS}common.sql."):
            return "sql"
        if known.__module__.startswith(f"{_PROVIDERS}amazon."):
            return "sensor" if getattr(kind, "_is_sensor", False) else "operator"
        if known.__name__ in _CALLED:
            return "python"
        if known.__name__ == "TriggerDagRunOperator":
            return "trigger"
        if known.__name__ in _OURSELVES:
            return "itself"
        if not known.__name__.startswith("_") and "Decorated" not in known.__name__:
            return "stand-in"
    return "itself"


def kinds(dag: Any) -> dict[str, Kind]:
    """How the calls of botocore of each task are answered."""
    found: dict[str, Kind] = {}
    for task in dag.tasks:
        match doing(task):
            case "operator" | "sensor" as kind:
                found[task.task_id] = kind
            case _:
                found[task.task_id] = "python"
    return found


def elsewhere(dag: Any) -> frozenset[str]:
    """The tasks of a DAG whose functions run in an environment of their own, and not here: they give nothing back."""
    return frozenset(
        task.task_id
        for task in dag.tasks
        for known in (task.operator_class if getattr(task, "is_mapped", False) else type(task)).__mro__
        if known.__name__ == _ELSEWHERE
    )


def stood_in(dag: Any) -> frozenset[str]:
    """The tasks of a DAG whose operators are stood in for as a whole, so that they call nothing."""
    return frozenset(task.task_id for task in dag.tasks if doing(task) in ("stand-in", "sql"))


@dataclass(slots=True)
class StandIns:
    """Takes the place of what a DAG's tasks would do outside; notes what they are given and give back.

    ``begins`` is when the run begins for those that look at a clock, ``late`` what sensors have waited for since. What
    ``stubs`` do, which have no counterpart, a scenario may say as a whole. The functions of ``pushing`` push XComs.
    """

    answers: Says
    history: History
    place: Callable[[], Place]
    begins: datetime
    stubs: frozenset[str] = frozenset()
    pushing: frozenset[str] = frozenset()
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    late: list[timedelta] = field(default_factory=lambda: [timedelta()])

    @contextmanager
    def working(self) -> Iterator[None]:
        """While it lasts, tasks run as this module says."""
        import airflow.sdk.bases.sensor as module
        from airflow.providers.standard.operators.python import (
            ExternalPythonOperator,
            PythonOperator,
            PythonVirtualenvOperator,
        )
        from airflow.providers.standard.sensors.python import PythonSensor
        from airflow.sdk.api.client import TaskInstanceOperations
        from airflow.sdk.execution_time import task_runner
        from airflow.sdk.execution_time import timeout as limits
        from airflow.sdk.execution_time.comms import OKResponse
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        sensors: Any = module
        execute_async: Any = PythonOperator.aexecute
        run, poke, execute = PythonOperator.execute_callable, PythonSensor.poke, task_runner._execute_task
        pause, push = sensors.BaseSensorOperator._get_next_poke_interval, RuntimeTaskInstance.xcom_push

        def pushed(ti: Any, key: str, value: Any) -> None:
            place = self.place()
            self.history.of(place.state, place.index).pushed[key] = as_json(value)
            push(ti, key, value)

        def called(operator: Any) -> Json:
            return self.called(operator, lambda: run(operator))

        def called_elsewhere(operator: Any) -> Json:
            return self.called(operator, lambda: None)

        async def awaited(operator: Any, context: Any) -> Json:
            function = operator.python_callable

            @functools.wraps(function)
            async def noted(*args: Any, **kwargs: Any) -> Json:
                reply = self.asked(function, args, kwargs)
                return self.gave(await function(*args, **kwargs) if reply is None else said(reply))

            operator.python_callable = noted
            return await execute_async(operator, context)

        def poked(operator: Any, context: Any) -> Json:
            function = operator.python_callable

            @functools.wraps(function)
            def noted(*args: Any, **kwargs: Any) -> Json:
                reply = self.asked(function, args, kwargs)
                return self.gave(function(*args, **kwargs) if reply is None else said(reply))

            operator.python_callable = noted
            try:
                return poke(operator, context)
            finally:
                operator.python_callable = function

        def paused(operator: Any, *arguments: Any) -> float:
            seconds: float = pause(operator, *arguments)
            looks = self.waits[operator.task_id]
            looks.append(round(seconds, 3))
            # What waits for a time is not compared look by look, and need not look once a minute for days.
            self.late[0] += timedelta(seconds=seconds * (len(looks) if type(operator).__module__ in _CLOCKS else 1))
            return seconds

        def executed(context: Any, ti: Any, log: Any) -> Json:
            return self.executed(ti, lambda: execute(context, ti, log))

        clock = Clock(sensors.timezone, self.late)
        with ExitStack() as patches:
            for name in _CLOCKS & sys.modules.keys():
                here = Clock(sensors.timezone, self.late, self.begins - datetime.now(UTC))
                patches.enter_context(mock.patch.object(sys.modules[name], "timezone", here))
            patches.enter_context(mock.patch.dict(os.environ, _CONNECTIONS))
            if (hooks := sys.modules.get("airflow.providers.amazon.aws.hooks.base_aws")) is not None:
                # it looks through the whole call stack for the name of the operator, only to tell it to AWS
                caller = staticmethod(lambda *_: "Unknown")
                patches.enter_context(mock.patch.object(hooks.AwsGenericHook, "_get_caller", caller))
            for owner, name, double in (
                (PythonOperator, "execute_callable", called),
                (PythonVirtualenvOperator, "execute_callable", called_elsewhere),
                (ExternalPythonOperator, "execute_callable", called_elsewhere),
                (PythonOperator, "aexecute", awaited),
                (PythonSensor, "poke", poked),
                (sensors.BaseSensorOperator, "_get_next_poke_interval", paused),
                (RuntimeTaskInstance, "xcom_push", pushed),
                (sensors, "timezone", clock),
                (sensors, "time", SimpleNamespace(monotonic=clock.monotonic, sleep=lambda seconds: None)),
                (task_runner, "_execute_task", executed),
                (task_runner, "_run_task_state_change_callbacks", self.told),
                (limits, "timeout", lambda *_: nullcontext()),  # the scenario says what takes too long
                (TaskInstanceOperations, "set_rtif", lambda *_: OKResponse(ok=True)),  # nobody looks at it
                (botocore.hooks, "accepts_kwargs", _accepts_kwargs),
            ):
                patches.enter_context(mock.patch.object(owner, name, double))
            yield

    def told(self, task: Any, kind: str, context: Any, log: Any) -> None:
        """Notes the callbacks of a task that are called, and mails among them; they are not called here."""
        mail = kind == "on_failure_callback" and bool(task.email) and bool(task.email_on_failure)
        if number := len(getattr(task, kind) or ()) + mail:
            self.history.told[kind, task.task_id] += number

    def called(self, operator: Any, call: Callable[[], Json]) -> Json:
        """What a function gives back, or what the scenario says instead."""
        reply = self.asked(operator.python_callable, operator.op_args, operator.op_kwargs)
        place = self.place()
        with same_chance(place.state, place.index):
            return self.gave(call() if reply is None else self.pushed(said(reply)))

    def pushed(self, value: Json) -> Json:
        """What a function returns of a reply; of one that also pushes XComs, the reply has them by their keys."""
        from airflow.sdk import get_current_context

        if self.place().state not in self.pushing or not isinstance(value, dict):
            return value
        ti = get_current_context()["ti"]
        for key in value.keys() - {RETURNED}:
            ti.xcom_push(key, value[key])
        return value.get(RETURNED)

    def asked(self, function: Any, args: Any, kwargs: Any) -> Reply | None:
        """Notes what a function is given; gives what the scenario says about it."""
        place = self.place()
        did = self.history.of(place.state, place.index)
        did.given, did.pushed = given_to(function, args, kwargs), {}
        return self.answers.of_task(place.state, place.index, did.given)

    def gave(self, value: Json) -> Json:
        """Notes what a function gives back, and gives it."""
        place = self.place()
        self.history.of(place.state, place.index).returned = as_json(getattr(value, "xcom_value", value))
        return value

    def executed(self, ti: Any, execute: Callable[[], Json]) -> Json:
        """Runs an operator, or stands in for it."""
        task, place = ti.task, self.place()
        call: Asked | None = None
        if place.state in self.stubs and (reply := self.answers.of_task(place.state, place.index, {})) is not None:
            value = said(reply)
            for key in value if isinstance(value, dict) else ():
                ti.xcom_push(str(key), value[key])  # for those who pull single ones
            return self.gave(value)
        match doing(task):
            case "itself":
                reply = self.answers.of_task(place.state, place.index, {})
                return self.gave(execute() if reply is None else said(reply))
            case "sql":
                said_of = self.answers.of_task(place.state, place.index, {})
                if said_of is not None and said_of.kind not in ("result", "payload"):
                    return self.gave(said(said_of))
                with _queried():
                    return self.gave(execute())
            case "trigger":
                call = Asked("stepfunctions:startExecution", {"Dag": task.trigger_dag_id, "Input": _input(task)})
            case "stand-in":
                pass
            case _:
                return execute()
        resource = self.answers.resource(place.state, "none:none")
        if call is not None:
            self.history.of(place.state, place.index).calls.append(call)
        found = self.answers.of_task(place.state, place.index, {})
        if call is None:
            return None if found is None else said(found)
        said(found or self.answers.of_service(place.state, place.index, resource, {}))
        return None


class _Rows:
    """A hook of a database that has the same rows for every query."""

    def run(self, sql: Any, *_: Any, handler: Any = None, **__: Any) -> Json:
        """The rows, where they are asked for."""
        return None if handler is None else copy.deepcopy(ROWS)

    def get_first(self, *_: Any) -> Json:
        """The first row."""
        return copy.deepcopy(ROWS[0])

    def get_records(self, *_: Any) -> Json:
        """All rows."""
        return copy.deepcopy(ROWS)

    descriptions: Any = None


@contextmanager
def _queried() -> Iterator[None]:
    """While it lasts, operators and sensors of common.sql ask no database."""
    from airflow.providers.common.sql.operators.sql import BaseSQLOperator
    from airflow.providers.common.sql.sensors.sql import SqlSensor

    hook = _Rows()
    with (
        mock.patch.object(BaseSQLOperator, "get_db_hook", return_value=hook),
        mock.patch.object(SqlSensor, "_get_hook", return_value=hook),
    ):
        yield


def _input(task: Any) -> Json:
    """What a DAG is triggered with, as the input of an execution."""
    conf = as_json(json.loads(task.conf) if isinstance(task.conf, str) else task.conf)
    moment = getattr(task, "logical_date", None)
    given = {"conf": conf, "logical_date": as_json(moment) if isinstance(moment, str | datetime) else None}
    return {name: value for name, value in given.items() if value is not None}


def given_to(function: Any, args: Any, kwargs: Any) -> Json:
    """The arguments of a call by the names of the parameters, those in ``**kwargs`` among them."""
    try:
        signature = inspect.signature(function)
        bound = signature.bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return as_json(dict(kwargs))
    wild = [p.name for p in signature.parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD]
    more = {name: value for each in wild for name, value in bound.pop(each, {}).items() if isinstance(value, _VALUES)}
    return as_json(bound | more)


def said(reply: Reply) -> Json:
    """What a function or operator does whose doing the scenario says: it returns, or raises."""
    from airflow.sdk import exceptions

    match reply.kind:
        case "result" | "payload":
            return reply.value
        case "timeout" | "never":
            raise exceptions.AirflowTaskTimeout("it takes longer than it may")
        case "job_failed":
            raise exceptions.AirflowException(f"the job has failed: {reply.value}")
        case "error":
            name = reply.error or "Exception"
            known = getattr(exceptions, name, None)
            made = known if isinstance(known, type) else type(name, (Exception,), {})
            raise made(reply.cause or "")
