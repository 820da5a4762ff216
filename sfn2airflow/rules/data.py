"""S2A3xx: data and expressions. S2A4xx: retries, errors, timeouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sfn2airflow.rules.example import DONE, Example, lambda_task, machine
from sfn_airflow_core.findings import Fidelity, Finding

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextValue(Finding):
    """A value of the context object that differs in Airflow: ids are no ARNs, names are the DAG's and the run's.

    Why it matters: a consumer that parses an execution ARN, or calls Step Functions with it, does not find one.

    Remedy: check who uses the value; the ids of the execution are the run id, those of the machine the DAG id.
    """

    code: ClassVar[str] = "S2A303"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/input-output-contextobject.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id"}}), "/States/Work"
    )
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Pass", "Parameters": {"input.$": "$$.Execution.Input"}}),
    )

    path: str

    def message(self) -> str:
        return f"{self.path} is Airflow's value (run id, DAG id, time of the task), not Step Functions'"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededRandom(Finding):
    """``States.MathRandom`` with a seed: the same seed gives the same number, but not the number that AWS gives.

    Why it matters: results differ from earlier executions.

    Remedy: nothing, unless the numbers are compared with old ones.
    """

    code: ClassVar[str] = "S2A304"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/intrinsic-functions.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Pass", "Parameters": {"n.$": "States.MathRandom(1, 10, 7)"}}), "/States/Work"
    )
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Pass", "Parameters": {"n.$": "States.MathRandom(1, 10)"}}),
    )

    def message(self) -> str:
        return "States.MathRandom with a seed gives other numbers than on AWS"


_READS_ITEM = {
    "StartAt": "In",
    "States": {"In": {"Type": "Pass", "Parameters": {"i.$": "$$.Map.Item.Index"}, "End": True}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapItemInside(Finding):
    """A state in a child execution of a distributed Map reads ``$$.Map``, which is the context of the parent.

    Why it matters: the state fails with States.Runtime, as in the reference interpreter; no execution on AWS was
    recorded that reads it there.

    Remedy: put the index or the item into the input of the child execution with ItemSelector.
    """

    code: ClassVar[str] = "S2A305"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/input-output-contextobject.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **_READS_ITEM}}),
        "/States/Work/ItemProcessor/States/In",
    )
    near_miss: ClassVar[Example] = Example(machine({"Type": "Map", "ItemProcessor": _READS_ITEM}))

    path: str

    def message(self) -> str:
        return f"{self.path} is not known to a child execution; the state fails with States.Runtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapItemMember(Finding):
    """ItemSelector of an inline Map reads ``$$.Map.Item.Key`` or ``.Source``, which belong to a distributed Map.

    Why it matters: the state fails with States.Runtime, as in the reference interpreter. An inline Map takes arrays
    only (guide), whose items have no Key; no execution on AWS was recorded that reads Source there.

    Remedy: make the Map distributed, or leave the value out.
    """

    code: ClassVar[str] = "S2A306"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/state-map-inline.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Map", "ItemSelector": {"from.$": "$$.Map.Item.Source"}, "ItemProcessor": DONE}),
        "/States/Work/ItemSelector",
    )
    near_miss: ClassVar[Example] = Example(
        machine(
            {
                "Type": "Map",
                "ItemSelector": {"from.$": "$$.Map.Item.Source"},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **DONE},
            }
        )
    )

    path: str

    def message(self) -> str:
        return f"{self.path} is not known to an inline Map; the state fails with States.Runtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatWithoutWorker(Finding):
    """HeartbeatSeconds on a Task whose service sends no heartbeats.

    Why it matters: Step Functions waits for heartbeats only of activities and callbacks, so nothing is lost.

    Remedy: remove the field; TimeoutSeconds limits the time.
    """

    code: ClassVar[str] = "S2A401"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_GUIDE}/state-task.html"
    example: ClassVar[Example] = Example(
        machine(lambda_task(HeartbeatSeconds=10, TimeoutSeconds=60)), "/States/Work/HeartbeatSeconds"
    )
    near_miss: ClassVar[Example] = Example(machine(lambda_task(TimeoutSeconds=60)))

    def message(self) -> str:
        return "HeartbeatSeconds has no effect for this service and is left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorNeverRaised(Finding):
    """A Retry or Catch names an error that does not occur in Airflow.

    Why it matters: ``States.DataLimitExceeded`` is raised for data above 256 KiB, a limit that Airflow does not have.

    Remedy: nothing; data of that size belongs into S3 on both sides.
    """

    code: ClassVar[str] = "S2A402"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_GUIDE}/concepts-error-handling.html"
    example: ClassVar[Example] = Example(
        {
            "StartAt": "Work",
            "States": {
                "Work": {
                    **lambda_task(Catch=[{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Done"}]),
                    "Next": "Done",
                },
                "Done": {"Type": "Succeed"},
            },
        },
        "/States/Work/Catch/0",
    )
    near_miss: ClassVar[Example] = Example(
        {
            "StartAt": "Work",
            "States": {
                "Work": {**lambda_task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Done"}]), "Next": "Done"},
                "Done": {"Type": "Succeed"},
            },
        }
    )

    error: str

    def message(self) -> str:
        return f"{self.error} does not occur in Airflow"


RULES: tuple[type[Finding], ...] = (
    ContextValue,
    SeededRandom,
    MapItemInside,
    MapItemMember,
    HeartbeatWithoutWorker,
    ErrorNeverRaised,
)
