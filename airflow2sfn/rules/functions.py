"""A2S61x: Python callables as Lambda functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotForLambda(Finding):
    """A callable cannot run as a Lambda function; a state that fails stands in its place.

    Why it matters: the execution fails there, and what needs the task does not run.

    Remedy: pass what it needs of Airflow as an argument, read connections by boto3, or move long work into a container
    (ECS, Batch) that a task starts.
    """

    code: ClassVar[str] = "A2S610"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = f"{_LAMBDA}/gettingstarted-limits.html"
    example: ClassVar[Example] = Example(inside("@task\ndef a(ti=None): print(ti.start_date)\na()"), "8:5")
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(ti=None): print(ti.task_id)\na()"))

    task: str
    reasons: tuple[str, ...]

    def message(self) -> str:
        return f"{self.task} is no Lambda function: {'; '.join(self.reasons)}"


RULES: tuple[type[Finding], ...] = (NotForLambda,)
