"""A2S2xx: other DAGs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_SENSOR = "from airflow.providers.standard.sensors.external_task import ExternalTaskSensor"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalRun(Finding):
    """A sensor of another DAG waits for an execution of its state machine that started when that run was due.

    Why it matters: it looks at the 100 newest executions, and at executions as a whole, not at one task; one that is
    started by hand at the right time counts as well. The ARN of the state machine has to be given.

    Remedy: give the ARN as the value of the placeholder; or let the other state machine start this one.
    """

    code: ClassVar[str] = "A2S213"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = "https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"
    example: ClassVar[Example] = Example(
        inside('ExternalTaskSensor(task_id="a", external_dag_id="other", external_task_id="x")', _SENSOR), "6:5"
    )
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(): pass\na()"))

    task: str
    dag_id: str
    placeholder: str
    whole: bool

    def message(self) -> str:
        what = "an execution" if self.whole else "a whole execution, not for one task,"
        return f"{self.task} waits for {what} of the state machine of {self.dag_id}: give its ARN as {self.placeholder}"


RULES: tuple[type[Finding], ...] = (ExternalRun,)
