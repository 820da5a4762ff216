"""S2A2xx: states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sfn2airflow.rules.example import DONE, WORK, Example, machine
from sfn_airflow_core.findings import Fidelity, Finding

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"
_AIRFLOW = "https://airflow.apache.org/docs/apache-airflow/stable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiblingsRunOn(Finding):
    """When one branch or item fails, the others are not stopped: the state fails after they have ended.

    Why it matters: calls happen that the state machine would not have made any more, and a Catch comes later. Only a
    loop ends before its next round.

    Remedy: nothing, if the work of the other branches does no harm; otherwise let them check a shared condition first.
    """

    code: ClassVar[str] = "S2A201"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/state-parallel.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Parallel", "Branches": [WORK, {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}]}),
        "/States/Work",
    )
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Parallel", "Branches": [DONE, {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}]})
    )

    what: str

    def message(self) -> str:
        return f"when one {self.what} fails, the others run to their end before the state fails"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyPerTask(Finding):
    """A Map's MaxConcurrency limits iterations; in Airflow it limits the running instances of each task.

    Why it matters: with several states in the processor, more items can be under way than before.

    Remedy: use an Airflow pool when the limit protects a system behind the tasks.
    """

    code: ClassVar[str] = "S2A204"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/state-map-inline.html"
    example: ClassVar[Example] = Example(
        machine(
            {
                "Type": "Map",
                "MaxConcurrency": 5,
                "ItemProcessor": {
                    "StartAt": "A",
                    "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}},
                },
            }
        ),
        "/States/Work/MaxConcurrency",
    )
    near_miss: ClassVar[Example] = Example(machine({"Type": "Map", "MaxConcurrency": 5, "ItemProcessor": DONE}))

    limit: int

    def message(self) -> str:
        return f"MaxConcurrency {self.limit} limits each state of the processor, not the items in flight"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyNotFixed(Finding):
    """A Map's MaxConcurrency that is read from the document is left out; Airflow needs the number in the DAG file.

    Why it matters: as many items run at once as the environment allows.

    Remedy: write a fixed MaxConcurrency, or use an Airflow pool.
    """

    code: ClassVar[str] = "S2A205"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/state-map-inline.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Map", "MaxConcurrencyPath": "$.limit", "ItemProcessor": DONE}),
        "/States/Work/MaxConcurrencyPath",
    )
    near_miss: ClassVar[Example] = Example(machine({"Type": "Map", "MaxConcurrency": 5, "ItemProcessor": DONE}))

    def message(self) -> str:
        return "MaxConcurrencyPath is left out: the number of parallel items is not limited"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapLength(Finding):
    """A Map becomes mapped tasks, of which Airflow allows 1,024 per list unless it is configured otherwise.

    Why it matters: with more items the task that makes the list fails.

    Remedy: raise ``core.max_map_length`` if longer lists can occur.
    """

    code: ClassVar[str] = "S2A206"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_AIRFLOW}/authoring-and-scheduling/dynamic-task-mapping.html"
    example: ClassVar[Example] = Example(machine({"Type": "Map", "ItemProcessor": DONE}), "/States/Work")
    near_miss: ClassVar[Example] = Example(machine({"Type": "Parallel", "Branches": [DONE]}))

    def message(self) -> str:
        return "up to core.max_map_length items (1,024 unless raised)"


RULES: tuple[type[Finding], ...] = (
    SiblingsRunOn,
    ConcurrencyPerTask,
    ConcurrencyNotFixed,
    MapLength,
)
