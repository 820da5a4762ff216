"""A2S60x: schedules, and what has to be there before an execution starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example
from sfn_airflow_core.findings import Fidelity, Finding

_SCHEDULER = "https://docs.aws.amazon.com/scheduler/latest/UserGuide"
_AIRFLOW = "https://airflow.apache.org/docs/apache-airflow/stable"
_TASK = "@task\ndef a(): pass\na()"


def _scheduled(given: str, before: str = "") -> str:
    """A file with one DAG with these arguments, on line 4 of it."""
    lines = ["from datetime import datetime, timedelta", "from airflow.sdk import DAG, task", before or "import os"]
    return "\n".join([*lines, f'with DAG("example", {given}):', "    @task", "    def a(): pass", "    a()", ""])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled(Finding):
    """A schedule becomes one of EventBridge Scheduler.

    Why it matters: the execution is told when it was to start; what was to start while the schedule was switched off
    is not made up for.

    Remedy: nothing. An execution that is started by hand may be given the time itself.
    """

    code: ClassVar[str] = "A2S601"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_SCHEDULER}/schedule-types.html"
    example: ClassVar[Example] = Example(_scheduled('schedule="0 6 * * 1-5"'), "4:6")
    near_miss: ClassVar[Example] = Example(_scheduled("schedule=None"))

    schedule: str
    expressions: tuple[str, ...]
    timezone: str
    member: str

    def message(self) -> str:
        made = " and ".join(self.expressions)
        return (
            f"schedule {self.schedule!r} becomes {made}, {self.timezone}; {self.member} is the time at which it fires"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedByHand(Finding):
    """Nothing starts the state machine: its schedule has no counterpart.

    Why it matters: executions do not start by themselves.

    Remedy: start them by an EventBridge rule or schedule of your own, or by hand.
    """

    code: ClassVar[str] = "A2S602"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_SCHEDULER}/schedule-types.html"
    example: ClassVar[Example] = Example(_scheduled('schedule=[Asset("x")]', "from airflow.sdk import Asset"), "4:6")
    near_miss: ClassVar[Example] = Example(_scheduled('schedule="@daily"'))

    reason: str

    def message(self) -> str:
        return f"nothing starts executions: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleOpen(Finding):
    """The schedule is only known where Airflow reads the file; it becomes a parameter of the template.

    Why it matters: the template asks for it.

    Remedy: give ScheduleExpression as EventBridge writes it: cron(30 5 * * ? *).
    """

    code: ClassVar[str] = "A2S603"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_SCHEDULER}/schedule-types.html"
    example: ClassVar[Example] = Example(_scheduled('schedule=os.environ["CRON"]'), "4:6")
    near_miss: ClassVar[Example] = Example(_scheduled('schedule="@daily"'))

    text: str

    def message(self) -> str:
        return f"the schedule is {self.text}: give it as ScheduleExpression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned(Finding):
    """A period of EventBridge counts from when the schedule is created, one of Airflow from the start date.

    Why it matters: executions start at other times, with the same distance.

    Remedy: a cron expression; or deploy at the right moment.
    """

    code: ClassVar[str] = "A2S604"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_SCHEDULER}/schedule-types.html"
    example: ClassVar[Example] = Example(_scheduled("schedule=timedelta(hours=7)"), "4:6")
    near_miss: ClassVar[Example] = Example(_scheduled("schedule=timedelta(hours=6), start_date=datetime(2026, 1, 1)"))

    period: str

    def message(self) -> str:
        return f"every {self.period}, counted from when the schedule is created"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp(Finding):
    """EventBridge Scheduler starts nothing for the past.

    Why it matters: with ``catchup`` Airflow makes up for every interval since the start date, and for pauses.

    Remedy: start an execution for each missing date, with ``logical_date`` in its input.
    """

    code: ClassVar[str] = "A2S605"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/core-concepts/dag-run.html#catchup"
    example: ClassVar[Example] = Example(_scheduled('schedule="@daily", catchup=True'), "4:6")
    near_miss: ClassVar[Example] = Example(_scheduled('schedule="@daily", catchup=False'))

    def message(self) -> str:
        return "catchup: intervals before the schedule is deployed, or while it is switched off, get no execution"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDateLeft(Finding):
    """The start date is not in the template: EventBridge refuses schedules that start in the past.

    Why it matters: executions start as soon as the schedule is deployed.

    Remedy: for a date in the future, add StartDate to the event; or deploy with ScheduleState=DISABLED first.
    """

    code: ClassVar[str] = "A2S606"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"
    example: ClassVar[Example] = Example(_scheduled('schedule="@daily", start_date=datetime(2026, 1, 1)'), "4:6")
    near_miss: ClassVar[Example] = Example(_scheduled("schedule=None, start_date=datetime(2026, 1, 1)"))

    start: str

    def message(self) -> str:
        return f"the schedule starts when it is deployed, not on {self.start}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackByRule(Finding):
    """A callback of the DAG becomes a function that an EventBridge rule calls when an execution has ended.

    Why it matters: it runs outside of the execution, also for executions that were stopped, and its context holds the
    run's id and the DAG's only.

    Remedy: nothing, if it reads no more than that.
    """

    code: ClassVar[str] = "A2S607"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = "https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"
    example: ClassVar[Example] = Example(
        _scheduled("schedule=None, on_failure_callback=tell", "def tell(context): print(context['run_id'])"), "4:6"
    )
    near_miss: ClassVar[Example] = Example(_scheduled("schedule=None"))

    name: str
    callback: str

    def message(self) -> str:
        return f"{self.name}: {self.callback} runs by an EventBridge rule when an execution has ended so"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackLeft(Finding):
    """A callback of the DAG cannot run as a Lambda function.

    Why it matters: nothing is called when an execution ends.

    Remedy: an EventBridge rule on the status of executions, with a target of your own.
    """

    code: ClassVar[str] = "A2S608"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = "https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"
    example: ClassVar[Example] = Example(
        _scheduled("schedule=None, on_failure_callback=tell", "def tell(context): print(context['ti'].log_url)"), "4:6"
    )
    near_miss: ClassVar[Example] = Example(
        _scheduled("schedule=None, on_failure_callback=tell", "def tell(context): print(context['run_id'])")
    )

    name: str
    reason: str

    def message(self) -> str:
        return f"{self.name} is left out: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineByAlarm(Finding):
    """A deadline becomes a CloudWatch alarm on the time that executions take.

    Why it matters: the alarm comes when a late execution has ended, not at the deadline; its callback is not called,
    and the sla of a task counts for the whole execution.

    Remedy: give the topic that is to be told as AlarmTopicArn.
    """

    code: ClassVar[str] = "A2S609"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html"
    example: ClassVar[Example] = Example(
        _scheduled(
            "schedule=None, deadline=DeadlineAlert("
            "reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(hours=1), callback=None)",
            "from airflow.sdk import DeadlineAlert, DeadlineReference",
        ),
        "4:6",
    )
    near_miss: ClassVar[Example] = Example(_scheduled("schedule=None, dagrun_timeout=timedelta(hours=1)"))

    seconds: int
    about: str

    def message(self) -> str:
        return f"an alarm is raised after an execution of more than {self.seconds} s ({self.about})"


RULES: tuple[type[Finding], ...] = (
    Scheduled,
    StartedByHand,
    ScheduleOpen,
    Aligned,
    CatchUp,
    StartDateLeft,
    CallbackByRule,
    CallbackLeft,
    DeadlineByAlarm,
)
