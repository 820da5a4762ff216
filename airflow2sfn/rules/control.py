"""A2S2xx: tasks and control flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_AIRFLOW = "https://airflow.apache.org/docs/apache-airflow/stable/core-concepts"
_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedOrder(Finding):
    """The order of the tasks cannot be written as nested Parallel states; some order is added.

    Why it matters: tasks start later than they could; a failed task still stops only what needs it.

    Remedy: nothing, if the price is right; known durations lower it, and so does a DAG with fewer crossing edges.
    """

    code: ClassVar[str] = "A2S201"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/state-parallel.html"
    example: ClassVar[Example] = Example(
        inside(
            """
            @task
            def a(): pass
            @task
            def b(): pass
            @task
            def c(): pass
            @task
            def d(): pass
            first, second, last = a(), b(), d()
            first >> c()
            [first, second] >> last
            """
        ),
        "5:6",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            """
            @task
            def a(): pass
            @task
            def b(): pass
            a() >> b()
            """
        )
    )

    pairs: tuple[tuple[str, str], ...]
    price: float

    def message(self) -> str:
        shown = [f"{second} starts after {first} too" for first, second in self.pairs[:4]]
        more = f" and {len(self.pairs) - 4} more" if len(self.pairs) > 4 else ""
        return f"added order: {', '.join(shown)}{more}; the critical path grows by {self.price:.0%}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EagerRule(Finding):
    """A task that Airflow starts at the first upstream task that fails or succeeds waits for all of them.

    Why it matters: it starts later than in Airflow. Whether it runs is decided in the same way. One branch of a
    Parallel cannot let another one start, except by failing, which would end those that Airflow lets run on.

    Remedy: nothing, if the price is right; otherwise let the upstream tasks do the work themselves.
    """

    code: ClassVar[str] = "A2S202"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/dags.html#trigger-rules"
    example: ClassVar[Example] = Example(
        inside(
            """
            @task
            def a(): pass
            @task
            def b(): pass
            @task(trigger_rule="one_failed")
            def c(): pass
            [a(), b()] >> c()
            """
        ),
        "12:19",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            """
            @task
            def a(): pass
            @task(trigger_rule="one_failed")
            def c(): pass
            a() >> c()
            """
        )
    )

    task: str
    rule: str
    price: float = 0.0

    def message(self) -> str:
        grows = f"grows by up to {self.price:.0%}" if self.price >= 0.005 else "does not grow"
        late = f"{self.task} ({self.rule}) starts when all its upstream tasks have ended, not at the first"
        return f"{late}; the critical path {grows}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCounterpart(Finding):
    """An operator has no counterpart; a state that fails stands in its place.

    Why it matters: the execution fails there, and what needs the task does not run.

    Remedy: put a Task state that does the work in its place, or let a Python function do it.
    """

    code: ClassVar[str] = "A2S203"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = f"{_GUIDE}/integrate-services.html"
    example: ClassVar[Example] = Example(
        inside(
            'DockerOperator(task_id="a", image="x")',
            "from airflow.providers.docker.operators.docker import DockerOperator",
        ),
        "6:5",
    )
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(): pass\na()"))

    task: str
    operator: str

    def message(self) -> str:
        return f"{self.task}: {self.operator} has no counterpart; a state that fails stands in its place"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotComputable(Finding):
    """A task needs a value that the state machine cannot compute; a state that fails stands in its place.

    Why it matters: the execution fails there, and what needs the task does not run.

    Remedy: compute the value in a Python function and hand it on as its result.
    """

    code: ClassVar[str] = "A2S204"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = f"{_GUIDE}/transforming-data.html"
    example: ClassVar[Example] = Example(
        inside(
            """
            @task
            def a(day): pass
            a("{{ conn.db.password }}")
            """
        ),
        "8:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            """
            @task
            def a(day): pass
            a("{{ ds }}")
            """
        )
    )

    task: str
    reason: str

    def message(self) -> str:
        return f"{self.task}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentDropped(Finding):
    """An argument of an operator has no place in the state that does its work.

    Why it matters: the service is called without it.

    Remedy: check whether the service's default is what you want, otherwise add the field to the state.
    """

    code: ClassVar[str] = "A2S205"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/integrate-services.html"
    example: ClassVar[Example] = Example(
        inside(
            'GlueJobOperator(task_id="a", job_name="x", script_location="s3://b/x.py")',
            "from airflow.providers.amazon.aws.operators.glue import GlueJobOperator",
        ),
        "6:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            'GlueJobOperator(task_id="a", job_name="x")',
            "from airflow.providers.amazon.aws.operators.glue import GlueJobOperator",
        )
    )

    task: str
    names: tuple[str, ...]

    def message(self) -> str:
        return f"{self.task}: {', '.join(self.names)} left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDropped(Finding):
    """A setting about scheduling that a definition does not have.

    Why it matters: nothing starts executions by itself, pools and limits do not hold them back.

    Remedy: for a schedule, EventBridge Scheduler; for pools, limit what starts executions.
    """

    code: ClassVar[str] = "A2S206"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/tasks.html"
    example: ClassVar[Example] = Example(inside('@task(pool="slow")\ndef a(): pass\na()'), "8:5")
    near_miss: ClassVar[Example] = Example(inside("@task(retries=1)\ndef a(): pass\na()"))

    task: str
    names: tuple[str, ...]

    def message(self) -> str:
        return f"{self.task}: {', '.join(self.names)} left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedInline(Finding):
    """A mapped task or group becomes a Map, inline unless there are more items than that takes.

    Why it matters: an inline Map runs at most 40 items at a time; its items and results together must stay below
    256 KiB, and the execution below 25,000 events. A distributed Map has an execution for each item.

    Remedy: nothing; for lists that turn out long, set the Map's mode to DISTRIBUTED.
    """

    code: ClassVar[str] = "A2S209"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_GUIDE}/state-map-inline.html"
    example: ClassVar[Example] = Example(inside("@task\ndef a(x): pass\na.expand(x=[1, 2])"), "8:5")
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(x): pass\na(1)"))

    task: str
    limit: int | None = None
    many: bool = False
    apart: bool = False

    def message(self) -> str:
        limit = f"MaxConcurrency {self.limit}" if self.limit else "at most 40 items at a time"
        if self.apart:
            return f"{self.task} becomes a distributed Map: an execution for each item"
        more = "; it may be too long for one, but its items read variables of the execution" if self.many else ""
        return f"{self.task} becomes an inline Map: {limit}, 256 KiB in all{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAsOne(Finding):
    """A task that follows some tasks of a mapped task group waits for the whole group.

    Why it matters: it starts later than in Airflow, and does not run if anything in the group fails, also what it does
    not need.

    Remedy: nothing, if that is right; or let what it needs be a mapped task outside of the group.
    """

    code: ClassVar[str] = "A2S217"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/state-map.html"
    example: ClassVar[Example] = Example(
        inside(
            """
            @task_group
            def g(x):
                @task
                def a(x): pass
                @task
                def b(): pass
                found = a(x)
                found >> b()
                return found
            @task
            def after(rows): pass
            after(g.expand(x=[1]))
            """,
            "from airflow.sdk import task_group",
        ),
        "17:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            """
            @task_group
            def g(x):
                @task
                def a(x): pass
                return a(x)
            @task
            def after(rows): pass
            after(g.expand(x=[1]))
            """,
            "from airflow.sdk import task_group",
        )
    )

    task: str
    group: str

    def message(self) -> str:
        return f"{self.task} follows some tasks of the mapped group {self.group}, and waits for all of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMachine(Finding):
    """A run of another DAG is started as an execution of its state machine.

    Why it matters: the ARN of that state machine has to be given; the run id and the logical date are not passed on.

    Remedy: give the ARN as the value of the placeholder.
    """

    code: ClassVar[str] = "A2S210"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/connect-stepfunctions.html"
    example: ClassVar[Example] = Example(
        inside(
            'TriggerDagRunOperator(task_id="a", trigger_dag_id="other")',
            "from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator",
        ),
        "6:5",
    )
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(): pass\na()"))

    task: str
    dag_id: str
    placeholder: str

    def message(self) -> str:
        return f"{self.task} starts the state machine of {self.dag_id}: give its ARN as {self.placeholder}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenValue(Finding):
    """A value is only known where Airflow reads the file; it becomes a placeholder of the definition.

    Why it matters: the definition cannot be deployed without it.

    Remedy: give the value when deploying.
    """

    code: ClassVar[str] = "A2S211"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
        "aws-resource-stepfunctions-statemachine.html#cfn-stepfunctions-statemachine-definitionsubstitutions"
    )
    example: ClassVar[Example] = Example(inside('@task\ndef a(x): pass\na(os.environ["BUCKET"])', "import os"), "8:5")
    near_miss: ClassVar[Example] = Example(inside('@task\ndef a(x): pass\na("bucket")'))

    name: str
    text: str
    default: str | None = None

    def message(self) -> str:
        default = "" if self.default is None else f"; it is {self.default!r} by default"
        return f"give the value of {self.text} as {self.name}{default}"


RULES: tuple[type[Finding], ...] = (
    AddedOrder,
    EagerRule,
    NoCounterpart,
    NotComputable,
    ArgumentDropped,
    SettingDropped,
    MappedInline,
    GroupAsOne,
    OtherMachine,
    OpenValue,
)
