"""A2S4xx: retries and timeouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_AIRFLOW = "https://airflow.apache.org/docs/apache-airflow/stable/core-concepts"
_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJitter(Finding):
    """With exponential backoff Airflow makes every delay up to twice as long, by a hash of the task and the date.

    Why it matters: the state machine retries earlier.

    Remedy: nothing; or a longer retry_delay.
    """

    code: ClassVar[str] = "A2S401"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/tasks.html#retries"
    example: ClassVar[Example] = Example(
        inside("@task(retries=2, retry_exponential_backoff=2.0)\ndef a(): pass\na()"), "8:5"
    )
    near_miss: ClassVar[Example] = Example(inside("@task(retries=2)\ndef a(): pass\na()"))

    tasks: tuple[str, ...]
    delays: tuple[float, ...]

    def message(self) -> str:
        waits = ", then ".join(f"{delay:g} s" for delay in self.delays)
        who = self.tasks[0] if len(self.tasks) == 1 else f"{len(self.tasks)} tasks"
        return f"{who}: the state machine waits {waits}; Airflow adds up to as much again"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetriesUnknown(Finding):
    """How a task is retried is only known where Airflow reads the file.

    Why it matters: what is not known is taken at Airflow's default: no retries, 300 seconds, no backoff.

    Remedy: write constants, or change the Retry of the state.
    """

    code: ClassVar[str] = "A2S402"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/tasks.html#retries"
    example: ClassVar[Example] = Example(
        inside('@task(retries=int(os.environ["N"]))\ndef a(): pass\na()', "import os"), "8:5"
    )
    near_miss: ClassVar[Example] = Example(inside("@task(retries=2)\ndef a(): pass\na()"))

    task: str
    names: tuple[str, ...]

    def message(self) -> str:
        return f"{self.task}: {', '.join(self.names)} is not known; Airflow's default is taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTimeout(Finding):
    """``dagrun_timeout`` becomes the execution's TimeoutSeconds, which aborts it.

    Why it matters: running tasks are stopped and the execution ends as TIMED_OUT; Airflow marks the run as failed.

    Remedy: nothing, if nothing has to happen after the time is over.
    """

    code: ClassVar[str] = "A2S403"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/statemachine-structure.html"
    example: ClassVar[Example] = Example(
        "from datetime import timedelta\nfrom airflow.sdk import DAG, task\n"
        'with DAG("example", schedule=None, dagrun_timeout=timedelta(hours=1)) as dag:\n'
        "    @task\n    def a(): pass\n    a()\n",
        "3:6",
    )
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(): pass\na()"))

    seconds: int

    def message(self) -> str:
        return f"dagrun_timeout: the execution is stopped after {self.seconds} s, running tasks are aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorRetries(Finding):
    """The retries of a sensor apply to each look, not to the sensor as a whole.

    Why it matters: a service that fails now and then is forgiven more often than in Airflow.

    Remedy: nothing; or fewer retries.
    """

    code: ClassVar[str] = "A2S404"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/sensors.html"
    example: ClassVar[Example] = Example(
        inside(
            'S3KeySensor(task_id="a", bucket_name="b", bucket_key="k", retries=2)',
            "from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor",
        ),
        "6:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            'S3KeySensor(task_id="a", bucket_name="b", bucket_key="k")',
            "from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor",
        )
    )

    task: str
    retries: int

    def message(self) -> str:
        return f"{self.task}: {self.retries} retries apply to each look"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRetried(Finding):
    """An operator and its own sensor become one state; only errors of starting are retried.

    Why it matters: other errors end the task at once; the sensor's retries would look at the same finished run.

    Remedy: nothing; or States.ALL among the errors, if the job may run twice.
    """

    code: ClassVar[str] = "A2S405"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/connect-glue.html"
    example: ClassVar[Example] = Example(
        inside(
            """
            a = GlueJobOperator(task_id="a", job_name="x", wait_for_completion=False)
            a >> GlueJobSensor(task_id="b", job_name="x", run_id=a.output)
            """,
            "from airflow.providers.amazon.aws.operators.glue import GlueJobOperator\n"
            "from airflow.providers.amazon.aws.sensors.glue import GlueJobSensor",
        ),
        "7:9",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            'GlueJobOperator(task_id="a", job_name="x")',
            "from airflow.providers.amazon.aws.operators.glue import GlueJobOperator",
        )
    )

    task: str
    sensor: str

    def message(self) -> str:
        return f"{self.task} and {self.sensor} become one state; only errors of starting are retried"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsRetried(Finding):
    """An operator becomes several calls; each is retried by itself, and a job that ends badly is not started again.

    Why it matters: in Airflow, a retry begins with the first call.

    Remedy: nothing, where jobs fail for reasons that a second run does not change; otherwise lead the state's failure
    back to the state that starts the job.
    """

    code: ClassVar[str] = "A2S406"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/concepts-error-handling.html"
    example: ClassVar[Example] = Example(
        inside(
            'RedshiftDataOperator(task_id="a", sql="select 1", database="d", retries=2)',
            "from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator",
        ),
        "6:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            'AthenaOperator(task_id="a", query="select 1", retries=2)',
            "from airflow.providers.amazon.aws.operators.athena import AthenaOperator",
        )
    )

    task: str
    retries: int

    def message(self) -> str:
        return f"{self.task}: {self.retries} retries apply to each call by itself"


RULES: tuple[type[Finding], ...] = (
    CallsRetried,
    RetryJitter,
    RetriesUnknown,
    RunTimeout,
    SensorRetries,
    StartRetried,
)
