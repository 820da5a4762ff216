"""Checks of common.sql: the state machine asks what the real operator asks, and ends as it does for the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest

pytest.importorskip("airflow.providers.common.sql", reason="needs the extra 'airflow'")

import jinja2
from airflow.providers.common.sql.operators import sql as operators
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.sdk.execution_time import macros

from airflow2sfn.connections import connections
from airflow2sfn.read import read_text
from airflow2sfn.translate import Translated, translate
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter import Options, Reply, ServiceCall, execute

DAY = "2026-03-05"
KINDS = {
    "redshift": {"kind": "redshift-data", "workgroup_name": "w", "database": "d"},
    "rds": {"kind": "rds-data", "resource_arn": "r", "secret_arn": "s", "database": "d"},
    "lake": {"kind": "athena", "database": "d"},
    "own": {"kind": "lambda", "function_arn": "f"},
}
Rows = list[tuple[Any, ...]]


HEAD = """\
from operator import itemgetter
from airflow.providers.common.sql.operators.sql import (
    BranchSQLOperator, SQLCheckOperator, SQLColumnCheckOperator, SQLIntervalCheckOperator, SQLTableCheckOperator,
    SQLThresholdCheckOperator, SQLValueCheckOperator,
)
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.sdk import DAG, task
import os
with DAG("d", schedule=None):
"""


def translated(operator: str, given: str, connection: str, more: str = "") -> Translated:
    asked = f'    asked = {operator}(task_id="asked", conn_id="{connection}", {given})'
    (dag,) = read_text(f"{HEAD}{asked}\n{more}", "d.py").dags
    return translate(dag, connections=connections(KINDS))


@dataclass(slots=True)
class Database:
    """A database of some kind in AWS, which answers each query with the next rows; and other services."""

    answers: Iterator[Rows]
    queries: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    rows: Rows = field(default_factory=list)

    def answer(self, call: ServiceCall) -> Reply:
        given: Any = call.arguments
        if call.resource.endswith("lambda:invoke") and given["FunctionName"] != "f":
            self.called.append(call.state)
            return Reply("payload", None)
        query = given.get("Sql") or given.get("QueryString") or (given.get("Payload") or {}).get("sql", [""])[0]
        if query:
            self.queries.append(query)
            self.rows = next(self.answers)
        return Reply("result", self._told(call.resource.rpartition(":")[2].removesuffix(".sync"), call.resource))

    def _told(self, operation: str, resource: str) -> Json:
        match operation:
            case "invoke":
                return {"Payload": [[as_json(value) for value in row] for row in self.rows]}
            case "startQueryExecution":
                return {"QueryExecution": {"QueryExecutionId": "q"}}
            case "getQueryResults":
                first = self.rows[0] if self.rows else ()
                columns: Json = [{"Type": athena_type(value)} for value in first]
                rows = [{"Data": [varchar(value) for value in row]} for row in [first, *self.rows]]
                return {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": columns}, "Rows": rows}}
            case "describeStatement":
                return {"Id": "s", "Status": "FINISHED"}
            case "executeStatement" if "redshift" in resource:
                return {"Id": "s"}
        first = self.rows[0] if self.rows else ()
        redshift = "redshift" in resource
        types: Json = [{"TypeName": "numeric" if isinstance(value, Decimal) else "other"} for value in first]
        records: Json = [[cell(value, redshift) for value in row] for row in self.rows]
        return {"Records": records, **({"ColumnMetadata": types} if redshift else {})}


def as_json(value: Any) -> Json:
    return float(value) if isinstance(value, Decimal) else value


def varchar(value: Any) -> Json:
    return {} if value is None else {"VarCharValue": str(value).lower() if isinstance(value, bool) else str(value)}


def athena_type(value: Any) -> str:
    names = {bool: "boolean", int: "bigint", float: "double", Decimal: "decimal"}
    return names.get(type(value), "varchar")


def cell(value: Any, redshift: bool) -> Json:
    match value:
        case None:
            return {"IsNull": True}
        case bool():
            return {"BooleanValue": value}
        case int():
            return {"LongValue": value}
        case Decimal() if redshift:
            return {"StringValue": str(value)}
        case float() | Decimal():
            return {"DoubleValue": float(value)}
        case _:
            return {"StringValue": value}


class Hook:
    """A hook of Airflow that answers each query with the next rows."""

    def __init__(self, answers: Iterator[Rows]):
        self.answers = answers
        self.queries: list[str] = []

    def get_records(self, sql: str, *_: Any) -> Rows:
        self.queries.append(sql)
        return next(self.answers)

    def get_first(self, sql: str, *_: Any) -> Any:
        rows = self.get_records(sql)
        return rows[0] if rows else None


def airflow(operator: str, given: str, answers: list[Rows]) -> tuple[str, list[str], list[str]]:
    """How the real operator ends, what it asks the database, and the tasks that it goes on with."""
    from operator import itemgetter

    kind = SqlSensor if operator == "SqlSensor" else getattr(operators, operator)
    task = eval(f"kind(task_id='asked', conn_id='c', {given})", {"kind": kind, "itemgetter": itemgetter})
    for name in ("sql", "sql1", "sql2"):
        if isinstance(text := getattr(task, name, None), str):
            setattr(task, name, jinja2.Template(text).render(ds=DAY, macros=macros))
    hook, chosen = Hook(iter(answers)), list[str]()

    def go_on(instance: Any, ids: list[str]) -> None:
        chosen.extend([ids] if isinstance(ids, str) else ids)

    getter = "_get_hook" if operator == "SqlSensor" else "get_db_hook"
    with mock.patch.object(kind, getter, return_value=hook):
        if operator == "BranchSQLOperator":
            task.skip_all_except = go_on
        try:
            if operator == "SqlSensor":
                while not task.poke({}):
                    pass
            else:
                task.execute({"ti": None})
        except Exception:
            return "FAILED", hook.queries, chosen
    return "SUCCEEDED", hook.queries, chosen


def machine(made: Translated, answers: list[Rows]) -> tuple[str, list[str], list[str]]:
    database = Database(iter(answers))
    execution = execute(made.machine, {"logical_date": f"{DAY}T00:00:00Z"}, database, options=Options())
    return execution.status, database.queries, database.called


COLUMNS = """table="orders", partition_clause="day = '{{ ds }}'", column_mapping={
    "id": {"null_check": {"equal_to": 0}, "unique_check": {"leq_to": 2, "partition_clause": "id > 0"}},
    "total": {"min": {"greater_than": -10, "tolerance": 0.5}, "max": {"less_than": 100, "geq_to": 5}},
}"""
CHECKED: list[Rows] = [
    [("id", "null_check", a), ("id", "unique_check", b), ("total", "min", c), ("total", "max", d)]
    for a, b, c, d in (
        (0, 0, 0, 50), (1, 0, 0, 50), (0, 2, 0, 50), (0, 3, 0, 50), (0, 0, -15, 50), (0, 0, -14.9, 99.5),
        (0, 0, 0, 100), (0, 0, 0, 4), (None, 0, 0, 50), (0, 0, None, 50), (0, 0, 0, None), (0, 0, Decimal("-20.5"), 50),
    )
]  # fmt: skip
EXACTLY = 'table="t", accept_none=False, column_mapping={"n": {"distinct_check": {"equal_to": 10, "tolerance": 0.1}}}'
ONE = 'table="t", column_mapping={"n": {"min": {"geq_to": 3}}}'
TABLE = """table="orders", checks={
    "row_count": {"check_statement": "COUNT(*) > 10"},
    "sums": {"check_statement": "net + tax = total", "partition_clause": "day = '{{ ds }}'"},
}"""
INTERVAL = 'table="orders", metrics_thresholds={"SUM(total)": 2, "COUNT(*)": 1.5}'
CASES: dict[str, tuple[str, str, list[list[Rows]]]] = {
    "columns": ("SQLColumnCheckOperator", COLUMNS, [[rows] for rows in CHECKED]),
    "columns, no nulls": (
        "SQLColumnCheckOperator", EXACTLY, [[[("n", "distinct_check", n)]] for n in (8, 9, 10, 11, 12, None)],
    ),
    "columns, one": ("SQLColumnCheckOperator", ONE, [[[("n", "min", n)]] for n in (2, 3, None)] + [[[]]]),
    "table": (
        "SQLTableCheckOperator", TABLE,
        [[[("row_count", a), ("sums", b)]] for a, b in ((1, 1), (1, 0), (0, 1), (1, None))] + [[[]]],
    ),
    "interval": (
        "SQLIntervalCheckOperator", INTERVAL,
        [[[then], [now]] for then, now in (
            ((10, 100), (14, 150)), ((14, 150), (10, 100)), ((10, 100), (15, 100)), ((10, 100), (10, 200)),
            ((0, 100), (14, 150)), ((10, 100), (14, 0)), ((10, None), (10, 5)),
            ((10, Decimal("100.5")), (10, Decimal("200.9"))),
        )] + [[[], [(1, 1)]], [[(1, 1)], []]],
    ),
    "interval, no zeros": (
        "SQLIntervalCheckOperator", f'{INTERVAL}, days_back=1, ignore_zero=False, ratio_formula="relative_diff"',
        [[[then], [now]] for then, now in (((10, 100), (14, 150)), ((0, 1), (0, 1)), ((10, 100), (10, 301)))],
    ),
    "check": (
        "SQLCheckOperator", "sql=\"SELECT count(*), max(day) FROM t WHERE day = '{{ ds }}'\"",
        [[[row]] for row in ((1, "a"), (0, "a"), (1, ""), (1, None), (Decimal("0.00"), "a"), (1.5, True))] + [[[]]],
    ),
    "value": (
        "SQLValueCheckOperator", 'sql="SELECT sum(n)", pass_value=10, tolerance=0.1',
        [[[(n,)]] for n in (8.9, 9, 10, 11, 11.1, Decimal("10.5"), None)] + [[[]]],
    ),
    "text": ("SQLValueCheckOperator", 'sql="SELECT x", pass_value="a"', [[[(x,)]] for x in ("a", "b", None)]),
    "threshold": (
        "SQLThresholdCheckOperator", 'sql="SELECT avg(n)", min_threshold=1, max_threshold=5',
        [[[(n,)]] for n in (0.5, 1, 3, 5, Decimal("5.01"))] + [[[]]],
    ),
    "sensor": (
        "SqlSensor", 'sql="SELECT count(*)"',
        [[[], [(1,)]], *([[(n,)] for n in looks] for looks in ((1,), (0, None, 3), (Decimal("0.0"), Decimal("2.0"))))],
    ),
    "sensor, success and failure": (
        "SqlSensor",
        'sql="SELECT n", success=lambda n: n > 100, failure=lambda n: n < 0 or n == 7, selector=itemgetter(1)',
        [[[], [(1, 101)]], *([[(0, n)] for n in looks] for looks in ((101,), (3, 100, 102), (-1,), (5, 7), (None,)))],
    ),
    "sensor, no rows": ("SqlSensor", 'sql="SELECT n", fail_on_empty=True', [[[(0,)], []], [[(2,)]]]),
}  # fmt: skip
RUNS = [
    pytest.param(operator, given, answers, kind, id=f"{name} {number} on {kind}")
    for name, (operator, given, every) in CASES.items()
    for number, answers in enumerate(every)
    for kind in KINDS
]


@pytest.mark.parametrize(("operator", "given", "answers", "kind"), RUNS)
def test_ends_as_the_operator_does(operator: str, given: str, answers: list[Rows], kind: str) -> None:
    made = translated(operator, given, kind)
    assert not [one.code for one in made.findings if one.code in ("A2S203", "A2S204", "A2S205")]
    assert machine(made, answers)[:2] == airflow(operator, given, answers)[:2]


AFTER = """
    @task
    def yes(): ...
    @task
    def no(): ...
    @task(trigger_rule="none_failed_min_one_success")
    def last(): ...
    asked >> [yes(), no()] >> last()
"""
BRANCH = 'sql="SELECT n > {{ 1 }}", follow_task_ids_if_true="yes", follow_task_ids_if_false=["no"]'


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [True, False, 1, 0, 2, "Yes", "on", "F", "0", "perhaps", None, ...])
def test_branches_as_the_operator_does(value: Any, kind: str) -> None:
    answers: list[Rows] = [[]] if value is ... else [[(value,)]]
    status, queries, chosen = airflow("BranchSQLOperator", BRANCH, answers)
    happened = machine(translated("BranchSQLOperator", BRANCH, kind, AFTER), answers)
    assert happened == (status, queries, [*chosen, "last"] if chosen else [])


def test_a_table_that_is_only_known_when_airflow_reads_the_file() -> None:
    given = 'table=f"{__import__}.orders", checks={"n": {"check_statement": "COUNT(*) > 0"}}'
    made = translated("SQLTableCheckOperator", given.replace("__import__", "os.environ['S']"), "rds")
    (task,) = (state for state in made.machine.walk() if state.name == "asked")
    assert "'${S}' & '.orders'" in task.flow.arguments.value["Sql"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("operator", "given", "message"),
    [
        ("SQLColumnCheckOperator", 'table="t", column_mapping={"n": {"mode": {"equal_to": 1}}}', "no check"),
        ("SQLColumnCheckOperator", 'table="t", column_mapping={"n": {"min": {"geq_to": "a"}}}', "is no number"),
        ("SQLColumnCheckOperator", 'table="t", column_mapping={"n": {"min": {}}}', "compares with is not known"),
        ("SQLColumnCheckOperator", 'table="t", column_mapping={}', "it checks nothing"),
        ("SQLTableCheckOperator", 'table="t", checks={"a": {}}', "what a checks is not known"),
        ("SQLTableCheckOperator", 'table="t", checks={"a`": {"check_statement": "x"}}', "quotation mark"),
        ("SQLIntervalCheckOperator", 'table="t", metrics_thresholds={"n": "x"}', "is no number"),
        ("SQLIntervalCheckOperator", 'table="t", metrics_thresholds={}', "what it compares is not known"),
        ("BranchSQLOperator", f"{BRANCH}", "which tasks it is followed by"),
        ("SqlSensor", 'sql="a", success=lambda n: open(n)', "it calls open"),
        ("SqlSensor", 'sql="a", failure=print', "what its function asks"),
        ("SqlSensor", 'sql="a", selector=max', "its selector has no counterpart"),
    ],
)
def test_what_is_refused(operator: str, given: str, message: str) -> None:
    (found,) = (one for one in translated(operator, given, "rds").findings if one.code == "A2S204")
    assert message in found.message()
