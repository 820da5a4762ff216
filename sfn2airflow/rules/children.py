"""S2A22x: states that become DAGs of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sfn2airflow.rules.example import DONE, WORK, Example, lambda_task, machine
from sfn_airflow_core.findings import Fidelity, Finding

_AIRFLOW = "https://airflow.apache.org/docs/apache-airflow/stable"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAsChild(Finding):
    """A Parallel or Map that is retried as a whole, or a Map inside a Map, becomes a DAG of its own in the same file.

    Why it matters: each time the state is entered, and each Retry of it, is a run of that DAG with a page of its own in
    Airflow. Starting the run and noticing its end takes some seconds, and the triggerer has to run. A run whose parent
    is stopped goes on until somebody stops it as well.

    Remedy: nothing; open the task in Airflow and follow the link to its run.
    """

    code: ClassVar[str] = "S2A221"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_AIRFLOW}/authoring-and-scheduling/dynamic-task-mapping.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Parallel", "Branches": [WORK], "Retry": [{"ErrorEquals": ["States.ALL"]}]}), "/States/Work"
    )
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Parallel", "Branches": [{**WORK, "States": {"Step": {**lambda_task(), "End": True}}}, DONE]})
    )

    reason: str

    def message(self) -> str:
        return f"{self.reason}: the state is a DAG of its own, run as one task"


RULES: tuple[type[Finding], ...] = (StateAsChild,)
