"""A2S1xx: what could not be read from a DAG file without running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_DAGS = "https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html"
_DYNAMIC = "https://airflow.apache.org/docs/apache-airflow/stable/howto/dynamic-dag-generation.html"
_UPGRADE = "https://airflow.apache.org/docs/apache-airflow/stable/installation/upgrading_to_airflow3.html"

_ASK = "import requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCondition(Finding):
    """Whether tasks or edges exist depends on a condition that cannot be told from the files.

    Why it matters: what stands in all branches is read, so the DAG may have tasks that Airflow would not make.

    Remedy: read with ``--import``, or make the condition depend on a constant.
    """

    code: ClassVar[str] = "A2S101"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = _DYNAMIC
    example: ClassVar[Example] = Example(
        inside('if requests.get("https://example.com").ok:\n    EmptyOperator(task_id="a")', _ASK), "6:8"
    )
    near_miss: ClassVar[Example] = Example(inside('if READY:\n    EmptyOperator(task_id="a")', "READY = True"))

    condition: str

    def message(self) -> str:
        return f"whether {self.condition} holds is not known; every branch is read"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownLoop(Finding):
    """Tasks or edges are made in a loop over something that cannot be told from the files.

    Why it matters: the loop's body is read once, so tasks of all other rounds are missing.

    Remedy: read with ``--import``, or loop over a constant.
    """

    code: ClassVar[str] = "A2S102"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = _DYNAMIC
    example: ClassVar[Example] = Example(
        inside('for name in requests.get("https://x.org").json():\n    EmptyOperator(task_id=name)', _ASK), "6:17"
    )
    near_miss: ClassVar[Example] = Example(inside('for name in ("a", "b"):\n    EmptyOperator(task_id=name)'))

    over: str

    def message(self) -> str:
        return f"the items of {self.over} are not known; the loop is read once"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownName(Finding):
    """The id of a DAG, task or group has a part that cannot be told from the files.

    Why it matters: a stand-in for that part is used, in braces; the name in Airflow is another.

    Remedy: read with ``--import``, or write the id as a constant.
    """

    code: ClassVar[str] = "A2S103"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = _DAGS
    example: ClassVar[Example] = Example(
        inside('EmptyOperator(task_id="a_" + requests.get("https://example.com").text)', _ASK), "6:5"
    )
    near_miss: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a_" + NAME)', 'NAME = "b"'))

    name: str

    def message(self) -> str:
        return f"the id {self.name} is only known in part"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedValue(Finding):
    """Which tasks, edges or names there are depends on the environment Airflow runs in; the plain one is assumed.

    Why it matters: with another value of the environment variable or Airflow Variable the DAG has another shape.

    Remedy: give the value with ``--env NAME=VALUE`` or ``--variables FILE`` where it differs from the default.
    """

    code: ClassVar[str] = "A2S104"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = _DYNAMIC
    example: ClassVar[Example] = Example(
        inside('if os.environ.get("STAGE", "dev") == "dev":\n    EmptyOperator(task_id="a")', "import os"), "6:8"
    )
    near_miss: ClassVar[Example] = Example(
        inside('BashOperator(task_id="a", bash_command=os.environ.get("COMMAND", "true"))', "import os")
    )

    text: str

    def message(self) -> str:
        return f"{self.text} is taken at its default"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownDependency(Finding):
    """One side of a dependency cannot be told from the files.

    Why it matters: the edge is missing, so a task may run before what it waits for in Airflow.

    Remedy: read with ``--import``, or have the file beside what it imports and name that folder with ``--root``.
    """

    code: ClassVar[str] = "A2S105"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = _DAGS
    example: ClassVar[Example] = Example(
        inside('EmptyOperator(task_id="a") >> common.last_task()', "import common"), "6:5"
    )
    near_miss: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")'))

    text: str

    def message(self) -> str:
        return f"what {self.text} connects is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenWork(Finding):
    """A DAG, group or task is handed to code that is not part of the project.

    Why it matters: that code may add tasks and edges that are not seen here.

    Remedy: read with ``--import``, or name the folder of that code with ``--root``.
    """

    code: ClassVar[str] = "A2S106"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = _DAGS
    example: ClassVar[Example] = Example(inside("common.add_alerts(dag)", "import common"), "6:5")
    near_miss: ClassVar[Example] = Example(inside("dag.doc_md = __doc__"))

    name: str

    def message(self) -> str:
        return f"{self.name} is not part of the project and is given something of the DAG"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRaises(Finding):
    """A statement of the file raises an exception when Airflow reads it.

    Why it matters: Airflow reports an import error and has no DAG of this file; what can be read of it is read.

    Remedy: correct the statement.
    """

    code: ClassVar[str] = "A2S107"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = _DAGS
    example: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a")', 'SIZE = {}["size"]'), "4:8")
    near_miss: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a")', 'SIZE = {}.get("size")'))

    error: str

    def message(self) -> str:
        return f"the file raises {self.error} here"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedGraph(Finding):
    """Airflow refuses this task or dependency: an id is used twice, or tasks of different DAGs are connected.

    Why it matters: Airflow reports an import error and has no DAG of this file; the rest of it is read.

    Remedy: correct the file.
    """

    code: ClassVar[str] = "A2S108"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = _DAGS
    example: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a")\nEmptyOperator(task_id="a")'), "7:5")
    near_miss: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a")\nEmptyOperator(task_id="b")'))

    reason: str

    def message(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow2Import(Finding):
    """An import that Airflow 3 no longer has; the file is read as one for Airflow 2.

    Why it matters: defaults differ (``catchup``, what the logical date of a scheduled run is); the meaning of
    Airflow 2 is kept.

    Remedy: nothing; the translation does not need the import.
    """

    code: ClassVar[str] = "A2S109"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = _UPGRADE
    example: ClassVar[Example] = Example(
        inside('DummyOperator(task_id="a")', "from airflow.operators.dummy import DummyOperator"), "4:1"
    )
    near_miss: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a")'))

    name: str

    def message(self) -> str:
        return f"{self.name} is an import of Airflow 2"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownTriggerRule(Finding):
    """The trigger rule of a task cannot be told from the files.

    Why it matters: the task is read with ``all_success``.

    Remedy: write the rule as a constant.
    """

    code: ClassVar[str] = "A2S110"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = _DAGS
    example: ClassVar[Example] = Example(
        inside('EmptyOperator(task_id="a", trigger_rule=common.RULE)', "import common"), "6:5"
    )
    near_miss: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a", trigger_rule="all_done")'))

    task_id: str

    def message(self) -> str:
        return f"the trigger rule of {self.task_id} is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMuchWork(Finding):
    """Evaluating the file needs more work or larger values than any DAG should; the reading ends there.

    Why it matters: what comes after is missing.

    Remedy: read with ``--import``, or do the work outside of the DAG file.
    """

    code: ClassVar[str] = "A2S111"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = "https://airflow.apache.org/docs/apache-airflow/stable/best-practices.html"
    example: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a")', "N = 2 ** 100_000_000"), "4:1")
    near_miss: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a")', "N = 2 ** 100"))

    reason: str

    def message(self) -> str:
        return f"the file asks for {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDiffers(Finding):
    """What Airflow makes of the file is not what was read from it; Airflow is believed.

    Why it matters: arguments of a task that was only seen by Airflow are those of the imported object, without places
    in the file.

    Remedy: nothing, unless the difference is news; then the file depends on its environment.
    """

    code: ClassVar[str] = "A2S112"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = _DAGS
    example: ClassVar[Example] = Example(
        inside('EmptyOperator(task_id="a")'),
        "5:6",
        {"example": {"tasks": {"a": {"operator": "EmptyOperator"}, "b": {"operator": "EmptyOperator"}}, "edges": []}},
    )
    near_miss: ClassVar[Example] = Example(
        inside('EmptyOperator(task_id="a")'),
        "",
        {"example": {"tasks": {"a": {"operator": "EmptyOperator"}}, "edges": []}},
    )

    text: str

    def message(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFails(Finding):
    """Airflow cannot import the file here; what was read from its text stands.

    Why it matters: the difference between the two readings is not known.

    Remedy: install what the file needs beside Airflow, or give the values it asks for.
    """

    code: ClassVar[str] = "A2S113"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = _DAGS
    example: ClassVar[Example] = Example(inside('EmptyOperator(task_id="a")'), "1:1", {"error": "KeyError: 'x'"})
    near_miss: ClassVar[Example] = Example(
        inside('EmptyOperator(task_id="a")'),
        "",
        {"example": {"tasks": {"a": {"operator": "EmptyOperator"}}, "edges": []}},
    )

    error: str

    def message(self) -> str:
        return f"Airflow cannot import the file here: {self.error}"


RULES: tuple[type[Finding], ...] = (
    UnknownCondition,
    UnknownLoop,
    UnknownName,
    AssumedValue,
    UnknownDependency,
    HiddenWork,
    FileRaises,
    RefusedGraph,
    Airflow2Import,
    UnknownTriggerRule,
    TooMuchWork,
    ImportDiffers,
    ImportFails,
)
