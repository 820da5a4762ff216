"""A2S51x: what Airflow's Connections are in AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_SQL = "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionUnknown(Finding):
    """SQL runs where its Connection says, which only Airflow knows; a state that fails stands in its place.

    Why it matters: the execution fails there, and what needs the task does not run.

    Remedy: say what the Connection is in AWS in a file for --connections: redshift-data, rds-data, athena or lambda,
    with identifiers. Secrets have no place in it; the Data APIs take the ARN of one.
    """

    code: ClassVar[str] = "A2S511"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = "https://airflow.apache.org/docs/apache-airflow-providers-common-sql/stable/operators.html"
    example: ClassVar[Example] = Example(
        inside('SQLExecuteQueryOperator(task_id="a", conn_id="warehouse", sql="SELECT 1")', _SQL), "6:5"
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            'RedshiftDataOperator(task_id="a", workgroup_name="w", database="d", sql="SELECT 1")',
            "from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator",
        )
    )

    task: str
    conn_id: str

    def message(self) -> str:
        return f"{self.task}: the Connection {self.conn_id} says where its SQL runs; name its service by --connections"


RULES: tuple[type[Finding], ...] = (ConnectionUnknown,)
