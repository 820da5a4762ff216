"""A2S2xx: branches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_AIRFLOW = "https://airflow.apache.org/docs/apache-airflow/stable/core-concepts"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchNotProven(Finding):
    """What a branch callable may return is not known; tasks that it does not name are skipped.

    Why it matters: an id that is no task fails the branch in Airflow; here everything after it is skipped.

    Remedy: return literal task ids.
    """

    code: ClassVar[str] = "A2S208"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/dags.html#branching"
    example: ClassVar[Example] = Example(
        inside(
            """
            @task
            def x(): pass
            @task.branch
            def choose(): return open("/x").read()
            choose() >> x()
            """
        ),
        "10:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            """
            @task
            def x(): pass
            @task.branch
            def choose(): return "x"
            choose() >> x()
            """
        )
    )

    task: str

    def message(self) -> str:
        return f"{self.task}: what it returns is only known in a run; an unknown id skips all tasks after it"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchInlined(Finding):
    """A branch or short-circuit callable that only asks and chooses becomes the conditions of a Choice.

    Why it matters: its function is not called.

    Remedy: nothing.
    """

    code: ClassVar[str] = "A2S212"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_AIRFLOW}/dags.html#branching"
    example: ClassVar[Example] = Example(
        inside(
            """
            @task
            def x(): pass
            @task
            def y(): pass
            @task.branch
            def choose(params): return "x" if params["n"] > 3 else "y"
            choose() >> [x(), y()]
            """
        ),
        "12:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            """
            @task
            def x(): pass
            @task
            def y(): pass
            @task.branch
            def choose(): return "x" if open("/x").read() else "y"
            choose() >> [x(), y()]
            """
        )
    )

    task: str

    def message(self) -> str:
        return f"{self.task}: its conditions are those of the Choice; its function is not called"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchAsksXComs(Finding):
    """A branch or short-circuit callable that only asks what other tasks found becomes the conditions of a Choice.

    Why it matters: its function is not called. Where a value is missing or of another kind than the conditions expect,
    Python raises and the task fails; the Choice takes a missing value as false, and ends the execution where it cannot
    compare.

    Remedy: nothing, if the tasks before it return what the conditions expect.
    """

    code: ClassVar[str] = "A2S214"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/dags.html#branching"
    example: ClassVar[Example] = Example(
        inside(
            """
            @task
            def n(): return 4
            @task
            def x(): pass
            @task.branch
            def choose(n): return "x" if n > 3 else None
            choose(n()) >> x()
            """
        ),
        "12:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            """
            @task
            def x(): pass
            @task.branch
            def choose(n): return "x" if n == "4" else None
            choose("{{ params.n }}") >> x()
            """
        )
    )

    task: str

    def message(self) -> str:
        return f"{self.task}: its conditions about XComs are those of the Choice; its function is not called"


RULES: tuple[type[Finding], ...] = (BranchNotProven, BranchInlined, BranchAsksXComs)
