"""Lets a file that was written for Airflow 2 run on Airflow 3: the arguments and dates that have gone since.

The file itself stays as it is. Arguments go by their new names, or are left out where they change nothing in a run;
templates and functions get the dates of Airflow 2; schedules have data intervals. Source: the guide "Upgrading to
Airflow 3" and its rules AIR301 to AIR312.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from unittest import mock

from airflow2sfn.verifying.imports import renamed

_INTERVALS: Final = {
    "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True",
    "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS": "True",
}
_DAG: Final = {
    "schedule_interval": "schedule", "timetable": "schedule", "concurrency": "max_active_tasks",
    "fail_stop": "fail_fast", "default_view": None, "orientation": None, "sla_miss_callback": None,
    "full_filepath": None,
}  # fmt: skip
_OPERATOR: Final = {
    "task_concurrency": "max_active_tis_per_dag", "provide_context": None, "sla": None,
}  # fmt: skip
"""Arguments by what they are called in Airflow 3; nothing for those without an effect on what a run does."""
_RULES: Final = {"dummy": "always", "none_failed_or_skipped": "none_failed_min_one_success"}


@contextmanager
def airflow_2() -> Iterator[None]:
    """What is imported and run inside of this finds an Airflow that takes and gives what Airflow 2 did."""
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.api.datamodels._generated import DagRun
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    with ExitStack() as stack:
        patch = functools.partial(mock.patch.object, autospec=False)
        stack.enter_context(mock.patch.dict(os.environ, _INTERVALS))
        stack.enter_context(patch(DAG, "__init__", renamed(DAG.__init__, _DAG)))
        stack.enter_context(patch(BaseOperator, "__init__", renamed(_ruled(BaseOperator.__init__), _OPERATOR)))
        told = RuntimeTaskInstance.get_template_context
        stack.enter_context(patch(RuntimeTaskInstance, "get_template_context", _with_dates(told)))
        for kind, date in ((DagRun, _logical_date), (RuntimeTaskInstance, _logical_date_of_run)):
            stack.enter_context(patch(kind, "execution_date", property(date), create=True))
        yield


def _ruled(init: Callable[..., None]) -> Callable[..., None]:
    """A constructor that takes trigger rules by their former names."""

    @functools.wraps(init)
    def take(self: Any, *args: Any, **given: Any) -> None:
        if (rule := str(given.get("trigger_rule"))) in _RULES:
            given["trigger_rule"] = _RULES[rule]
        init(self, *args, **given)

    return take


def _with_dates(context: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The context of a task with the dates that Airflow 3 has taken out of it."""

    @functools.wraps(context)
    def tell(self: Any) -> Any:
        found = context(self)
        logical, end = found.get("logical_date"), found.get("data_interval_end")
        if logical is not None:
            found |= {"execution_date": logical} | _days("yesterday_ds", logical, -1) | _days("tomorrow_ds", logical, 1)
        if end is not None:
            found |= {"next_execution_date": end} | _days("next_ds", end, 0)
        return found

    return tell


def _logical_date(run: Any) -> Any:
    return run.logical_date


def _logical_date_of_run(instance: Any) -> Any:
    return instance.get_template_context().get("logical_date")


def _days(name: str, moment: datetime, days: int) -> dict[str, str]:
    text = (moment + timedelta(days=days)).strftime("%Y-%m-%d")
    return {name: text, f"{name}_nodash": text.replace("-", "")}
