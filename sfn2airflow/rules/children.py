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
    Airflow. Starting the run and noticing its end takes some seconds, and the triggerer has to run. Where sfn2airflow
    is not installed with the API server, a run whose parent is stopped goes on until somebody stops it as well.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopAsChild(Finding):
    """A loop becomes a DAG of its own in the same file, which is run once for each round.

    Why it matters: Airflow has no cycles. Every round is a run with a page of its own, and starting it and noticing its
    end takes some seconds, so a loop of short states is slower than it was. The loop is not ended after 25,000 events,
    as Step Functions would.

    Remedy: nothing, if the loop waits for something; a loop over a list is better written as a Map.
    """

    code: ClassVar[str] = "S2A222"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = "https://states-language.net/spec.html#transitions"
    example: ClassVar[Example] = Example(
        {
            "StartAt": "Work",
            "States": {
                "Work": {**lambda_task(), "Next": "Ready"},
                "Ready": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.ready", "BooleanEquals": True, "Next": "Done"}],
                    "Default": "Work",
                },
                "Done": {"Type": "Succeed"},
            },
        },
        "/States/Work",
    )
    near_miss: ClassVar[Example] = Example(
        {"StartAt": "Work", "States": {"Work": {**lambda_task(), "Next": "Done"}, "Done": {"Type": "Succeed"}}}
    )

    states: int

    def message(self) -> str:
        plural = "s" * (self.states != 1)
        return f"a loop of {self.states} state{plural} begins here; each round is a run of a DAG of its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopAsPoll(Finding):
    """A loop of a request, a Choice and a Wait becomes one task that asks again and again.

    Why it matters: Airflow shows one task instead of three states, and its log has all the answers. It holds no worker
    while it waits. The loop is not ended after 25,000 events, as Step Functions would.

    Remedy: nothing; where the service has a ``.sync`` integration, that says the same in one state.
    """

    code: ClassVar[str] = "S2A223"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = "https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/sensors.html"
    example: ClassVar[Example] = Example(
        {
            "StartAt": "Work",
            "States": {
                "Work": {**lambda_task(), "Next": "Ready"},
                "Ready": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.ready", "BooleanEquals": True, "Next": "Done"}],
                    "Default": "Pause",
                },
                "Pause": {"Type": "Wait", "Seconds": 60, "Next": "Work"},
                "Done": {"Type": "Succeed"},
            },
        },
        "/States/Work",
    )
    near_miss: ClassVar[Example] = Example(
        {
            "StartAt": "Work",
            "States": {
                "Work": {**lambda_task(), "Next": "Ready"},
                "Ready": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.ready", "BooleanEquals": True, "Next": "Done"}],
                    "Default": "Pause",
                },
                "Pause": {"Type": "Wait", "Seconds": 60, "OutputPath": "$.next", "Next": "Work"},
                "Done": {"Type": "Succeed"},
            },
        }
    )

    decision: str
    pause: str

    def message(self) -> str:
        return f"asking, {self.decision} and {self.pause} are one task, which repeats itself"


RULES: tuple[type[Finding], ...] = (StateAsChild, LoopAsChild, LoopAsPoll)
