"""S2A23x: the distributed Map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sfn2airflow.rules.example import DONE, Example, machine
from sfn_airflow_core.findings import Fidelity, Finding

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


def _distributed(kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    return machine({"Type": "Map", "ItemProcessor": {"ProcessorConfig": config, **DONE}, **fields})


def _reader(input_type: str) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": input_type},
        "Parameters": {"Bucket": "bucket", "Key": "items"},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedRuns(Finding):
    """A distributed Map is run by at most 40 task instances, each of which takes one item after the other.

    Why it matters: at most 40 items are under way at the same time, however large MaxConcurrency is, and no more than
    Airflow has room for. A failure that is too much ends the state when the other task instances have finished the
    piece of items that they are at. Where the states of the processor only compute and call, they are run as functions
    inside these task instances: their child executions are not seen in Airflow, and only the results are kept; while an
    item waits for its Retry, for more than ten seconds without a worker, those behind it in its task wait too.
    Otherwise every item is a run of a child DAG.

    Remedy: batch the items (ItemBatcher) if each is small; look at the results in the XComs of the task ``runs``.
    """

    code: ClassVar[str] = "S2A231"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/state-map-distributed.html"
    example: ClassVar[Example] = Example(_distributed(), "/States/Work")
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **DONE}})
    )

    in_process: bool

    def message(self) -> str:
        how = (
            "items are functions in at most 40 tasks" if self.in_process else "items are DAG runs, at most 40 at a time"
        )
        return f"{how}; too many failures stop the others a little later"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressRuns(Finding):
    """The child executions of a distributed Map are EXPRESS; in Airflow they have no time limit of five minutes.

    Why it matters: an item that takes longer fails in Step Functions and goes on in Airflow.

    Remedy: set TimeoutSeconds on the Tasks if the limit is meant.
    """

    code: ClassVar[str] = "S2A232"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_GUIDE}/choosing-workflow-type.html"
    example: ClassVar[Example] = Example(_distributed("EXPRESS"), "/States/Work")
    near_miss: ClassVar[Example] = Example(_distributed())

    def message(self) -> str:
        return "EXPRESS child executions end after five minutes, those in Airflow do not"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetReader(Finding):
    """Items are read from Parquet files, for which the workers need the package pyarrow.

    Why it matters: without it, the state fails with States.ItemReaderFailed.

    Remedy: add ``pyarrow`` to the packages of the workers (``requirements.txt`` of Amazon MWAA).
    """

    code: ClassVar[str] = "S2A233"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/input-output-itemreader.html"
    example: ClassVar[Example] = Example(_distributed(ItemReader=_reader("PARQUET")), "/States/Work/ItemReader")
    near_miss: ClassVar[Example] = Example(_distributed(ItemReader=_reader("JSONL")))

    def message(self) -> str:
        return "Parquet files are read with the package pyarrow, which has to be installed for the workers"


RULES: tuple[type[Finding], ...] = (DistributedRuns, ExpressRuns, ParquetReader)
