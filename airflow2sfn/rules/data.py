"""A2S3xx: values: times of the run, params, Variables, templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_AIRFLOW = "https://airflow.apache.org/docs/apache-airflow/stable"
_DAY = "    @task\n    def a(ds=None): pass\n    a()\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalDate(Finding):
    """Dates of the run come from the time at which the schedule fires.

    Why it matters: in Airflow 3 the logical date of a cron schedule is that time; in Airflow 2 it is the start of the
    interval that ends then, one period earlier. An execution that is started without a date takes its start time.

    Remedy: nothing; or give the date ("logical_date") when starting an execution by hand.
    """

    code: ClassVar[str] = "A2S301"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_AIRFLOW}/authoring-and-scheduling/timetable.html"
    example: ClassVar[Example] = Example(
        f'from airflow.sdk import DAG, task\nwith DAG("example", schedule="0 5 * * *") as dag:\n{_DAY}', "2:6"
    )
    near_miss: ClassVar[Example] = Example(
        f'from airflow.sdk import DAG, task\nwith DAG("example", schedule=None) as dag:\n{_DAY}'
    )

    schedule: str
    meaning: str
    ambiguous: bool

    def message(self) -> str:
        if self.meaning == "interval":
            return f"the dates are those of the interval before {self.schedule!r} fires, as in Airflow 2"
        other = "; Airflow 2 would take one period earlier" if self.ambiguous else ""
        return f"the dates are those of the time at which {self.schedule!r} fires, as in Airflow 3{other}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalUnknown(Finding):
    """The start of the interval before a schedule fires cannot be computed from the time at which it does.

    Why it matters: Airflow 2 takes it as the logical date; the state machine takes the time at which it fires.

    Remedy: give the date ("logical_date") when starting an execution.
    """

    code: ClassVar[str] = "A2S302"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/authoring-and-scheduling/timetable.html"
    example: ClassVar[Example] = Example(
        "from airflow import DAG\nfrom airflow.decorators import task\n"
        'with DAG("example", schedule_interval="0 5,17 1,15 * *") as dag:\n' + _DAY,
        "3:6",
    )
    near_miss: ClassVar[Example] = Example(
        "from airflow import DAG\nfrom airflow.decorators import task\n"
        'with DAG("example", schedule_interval="0 5 1 * *") as dag:\n' + _DAY
    )

    schedule: str

    def message(self) -> str:
        return f"the dates are those of the time at which {self.schedule!r} fires; Airflow 2 takes the one before"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamsUnchecked(Finding):
    """Params have a schema that nothing checks.

    Why it matters: an execution with a wrong value runs until something fails.

    Remedy: check the input where the execution is started.
    """

    code: ClassVar[str] = "A2S303"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/core-concepts/params.html"
    example: ClassVar[Example] = Example(
        "from airflow.sdk import DAG, Param, task\n"
        'with DAG("example", schedule=None, params={"n": Param(1, type="integer")}) as dag:\n'
        '    @task\n    def a(n): pass\n    a("{{ params.n }}")\n',
        "2:6",
    )
    near_miss: ClassVar[Example] = Example(
        'from airflow.sdk import DAG, task\nwith DAG("example", schedule=None, params={"n": 1}) as dag:\n'
        '    @task\n    def a(n): pass\n    a("{{ params.n }}")\n'
    )

    names: tuple[str, ...]

    def message(self) -> str:
        return f"params: what is given for {', '.join(self.names)} is not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class FromParameterStore(Finding):
    """Variables that templates use are read from the Parameter Store when an execution starts.

    Why it matters: they have to be there; a value that changes during an execution is not seen.

    Remedy: put the Variables there, under the names that Airflow's own backend for the Parameter Store uses.
    """

    code: ClassVar[str] = "A2S304"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = (
        "https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/secrets-backends/"
        "aws-ssm-parameter-store.html"
    )
    example: ClassVar[Example] = Example(inside('@task\ndef a(x): pass\na("{{ var.value.bucket }}")'), "5:6")
    near_miss: ClassVar[Example] = Example(inside('@task\ndef a(x): pass\na("{{ params.bucket }}")'))

    names: tuple[str, ...]

    def message(self) -> str:
        return f"put into the Parameter Store: {', '.join(self.names)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedAsJson(Finding):
    """A template writes a list or a dictionary as text: as JSON, where Jinja writes what Python prints.

    Why it matters: quotes and blanks differ, and None, True and False are null, true and false.

    Remedy: let the template join the elements, or pass the value itself.
    """

    code: ClassVar[str] = "A2S305"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/templates-ref.html"
    example: ClassVar[Example] = Example(
        'from airflow.sdk import DAG, task\nwith DAG("example", schedule=None, params={"n": [1]}) as dag:\n'
        '    @task\n    def a(n): pass\n    a("of {{ params.n }}")\n',
        "5:5",
    )
    near_miss: ClassVar[Example] = Example(
        'from airflow.sdk import DAG, task\nwith DAG("example", schedule=None, params={"n": [1]}) as dag:\n'
        "    @task\n    def a(n): pass\n    a(\"of {{ params.n | join(',') }}\")\n"
    )

    task: str

    def message(self) -> str:
        return f"{self.task}: a template writes a list or a dictionary as JSON, not as Python prints it"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedByKind(Finding):
    """A template writes a value of which only a run knows the kind, or a float.

    Why it matters: texts and whole numbers are written alike. Of other values, Airflow writes what Python prints, the
    state machine what JSON has: null, true and false for None, True and False, lists and dictionaries in JSON, floats
    with up to 15 digits and without ".0".

    Remedy: nothing for texts and whole numbers. Annotate what a function returns (-> str), or give a param a default,
    so that the kind is known; let templates round and format floats.
    """

    code: ClassVar[str] = "A2S306"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_AIRFLOW}/templates-ref.html"
    example: ClassVar[Example] = Example(
        inside("@task\ndef a(): return 1\n@task\ndef b(n): pass\na() >> b(\"of {{ ti.xcom_pull('a') }}\")"), "10:12"
    )
    near_miss: ClassVar[Example] = Example(
        inside("@task\ndef a() -> int: return 1\n@task\ndef b(n): pass\na() >> b(\"of {{ ti.xcom_pull('a') }}\")")
    )

    task: str
    floats: bool

    def message(self) -> str:
        if self.floats:
            return f"{self.task}: a template writes a float: up to 15 digits, and a whole one may lack its .0"
        return f"{self.task}: a template writes a value of an unknown kind: other than texts and whole numbers as JSON"


RULES: tuple[type[Finding], ...] = (
    LogicalDate, IntervalUnknown, ParamsUnchecked, FromParameterStore, PrintedAsJson, PrintedByKind,
)  # fmt: skip
