"""SQL by connections: what a file may say, what is made of statements and parameters, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from dag_cases import FIXTURES

from airflow2sfn.cli import cli
from airflow2sfn.composed.sql import ATHENA_ROWS, RDS_ROWS, REDSHIFT_ROWS
from airflow2sfn.connections import BadConnections, connections
from airflow2sfn.read import read_text
from airflow2sfn.tasks.statements import statements
from airflow2sfn.translate import Translated, translate
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import to_value
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute
from sfn_airflow_core.shell.group import run

KNOWN = {
    "warehouse": {"kind": "redshift-data", "cluster_identifier": "c", "db_user": "u", "database": "d"},
    "serverless": {"kind": "redshift-data"},
    "db": {"kind": "rds-data", "resource_arn": "r", "secret_arn": "s", "database": "d"},
    "lake": {"kind": "athena", "database": "d"},
    "own": {"kind": "lambda", "function_arn": "f"},
    "web": {"kind": "http", "url": "https://x"},
}


def of(given: str, operator: str = "SQLExecuteQueryOperator") -> Translated:
    """A DAG with one task that has these arguments."""
    text = dedent(f"""
    from airflow.providers.common.sql.operators.sql import *
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator, SQLCheckOperator
    from airflow.providers.common.sql.operators.sql import SQLThresholdCheckOperator, SQLValueCheckOperator
    from airflow.providers.common.sql.sensors.sql import SqlSensor
    from airflow.providers.http.operators.http import HttpOperator
    from airflow.sdk import DAG
    with DAG("d", schedule=None):
        {operator}(task_id="a", {given})
    """)
    (dag,) = read_text(text, "d.py").dags
    return translate(dag, connections=connections(KNOWN))


def call(made: Translated, state: str = "a") -> Any:
    return to_value(made.machine)["States"][state]["Arguments"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT ';'; SELECT \";\" ;", ["SELECT ';'", 'SELECT ";"']),
        ("SELECT 'it''s; ' ;;", ["SELECT 'it''s; '"]),
        ("a /* ; */; b -- ;\n;c", ["a /* ; */", "b -- ;", "c"]),
        ("CREATE FUNCTION f() AS $x$ a; b $x$; c", ["CREATE FUNCTION f() AS $x$ a; b $x$", "c"]),
        ("{% set a = ';' %}{{ a or ';' }}; d", ["{% set a = ';' %}{{ a or ';' }}", "d"]),
        ("broken 'text; x", ["broken 'text", "x"]),
        (" ; ", []),
    ],
)
def test_statements(text: str, found: list[str]) -> None:
    assert statements(text) == found


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "an object is needed"),
        ({"a": "x"}, "a: an object with a kind is needed"),
        ({"a": {"kind": "postgres"}}, "a: kind has to be one of redshift-data, rds-data, athena, lambda, http"),
        ({"a": {"kind": "athena", "password": "x"}}, "a: athena has no password"),
        ({"a": {"kind": "http", "url": 1}}, "a: url has to be a text"),
    ],
)
def test_what_a_file_may_not_say(value: Any, message: str) -> None:
    with pytest.raises(BadConnections, match="^" + message):
        connections(value)


def test_identifiers_that_are_not_said_become_parameters() -> None:
    arguments = call(of('conn_id="serverless", sql="SELECT 1"'))
    assert arguments == {
        "Sql": "SELECT 1",
        "Database": "${ServerlessDatabase}",
        "WorkgroupName": "${ServerlessWorkgroupName}",
    }


def test_parameters_of_redshift_are_texts() -> None:
    given = 'conn_id="warehouse", sql="SELECT %(n)s, %(t)s", parameters={"n": 1, "t": "x", "unused": 2}'
    assert call(of(given)) == {
        "Sql": "SELECT :n, :t",
        "Database": "d",
        "ClusterIdentifier": "c",
        "DbUser": "u",
        "Parameters": [{"Name": "n", "Value": "1"}, {"Name": "t", "Value": "x"}],
    }


def test_parameters_of_rds_have_types() -> None:
    values = '{"a": 1, "b": 1.5, "c": True, "d": None, "e": "{{ ds }}"}'
    given = f'conn_id="db", sql="CALL f(%(a)s, %(b)s, %(c)s, %(d)s, %(e)s)", parameters={values}'
    found = {one["Name"]: one["Value"] for one in call(of(given))["Parameters"]}
    assert found == {
        "a": {"LongValue": 1},
        "b": {"DoubleValue": 1.5},
        "c": {"BooleanValue": True},
        "d": {"IsNull": True},
        "e": {"StringValue": "{% $ds %}"},
    }


def test_a_function_of_yours_gets_everything() -> None:
    arguments = call(of('conn_id="own", database="x", sql=["SELECT %(a)s", "SELECT 2"], parameters={"a": 1}'))
    assert arguments == {
        "FunctionName": "f",
        "Payload": {
            "conn_id": "own",
            "sql": ["SELECT %(a)s", "SELECT 2"],
            "parameters": {"a": 1},
            "database": "x",
        },
    }


@pytest.mark.parametrize(
    ("given", "operator", "code", "message"),
    [
        ('conn_id="other", sql="SELECT 1"', "SQLExecuteQueryOperator", "A2S511", "the Connection other says where"),
        ('conn_id="web", sql="SELECT 1"', "SQLExecuteQueryOperator", "A2S511", "the Connection web says where"),
        (
            'conn_id="db", sql="q/x.sql"',
            "SQLExecuteQueryOperator",
            "A2S204",
            "its SQL is in a file that is not beside the DAG",
        ),
        ('conn_id="db", sql=" ; "', "SQLExecuteQueryOperator", "A2S204", "it has no SQL"),
        ('sql="SELECT 1"', "SQLExecuteQueryOperator", "A2S204", "its connection is not known"),
        ('conn_id="db", sql="SELECT %s", parameters=[1]', "SQLExecuteQueryOperator", "A2S204", "have no names"),
        (
            'conn_id="db", sql="a", min_threshold="SELECT 1", max_threshold=2',
            "SQLThresholdCheckOperator",
            "A2S204",
            "thr",
        ),
        ('http_conn_id="db", endpoint="x"', "HttpOperator", "A2S204", "its connection is one for rds-data"),
    ],
)
def test_what_is_refused(given: str, operator: str, code: str, message: str) -> None:
    (found,) = (finding for finding in of(given, operator).findings if finding.code == code)
    assert message in found.message()


def test_an_address_without_a_connection_of_eventbridge() -> None:
    arguments = call(of('http_conn_id="web", endpoint="/a", method="GET"', "HttpOperator"))
    assert arguments["ApiEndpoint"] == "https://x/a"
    assert arguments["Authentication"] == {"ConnectionArn": "${WebConnectionArn}"}


def evaluated(expression: str, result: Any) -> Any:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Output": f"{{% {expression} %}}",
        "End": True,
    }
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "a", "States": {"a": state}})
    machine = read_machine(text, "m").machine
    assert machine is not None

    class Answer:
        def answer(self, call: ServiceCall) -> Reply:
            return Reply("result", result)

    return execute(machine, {}, Answer()).output


RECORDS: list[tuple[Any, Any]] = [
    ([], []),
    ([[{"LongValue": 1}]], [[1]]),
    ([[{"LongValue": 1}, {"IsNull": True}]], [[1, None]]),
    ([[{"StringValue": "a"}], [{"BooleanValue": False}]], [["a"], [False]]),
]


@pytest.mark.parametrize(("records", "rows"), RECORDS)
def test_rows_of_rds(records: Any, rows: Any) -> None:
    assert evaluated(RDS_ROWS, {"Records": records}) == rows


@pytest.mark.parametrize(
    ("types", "records", "rows"),
    [
        *(([], records, rows) for records, rows in RECORDS),
        (["numeric"], [[{"StringValue": "0.00"}], [{"StringValue": "12.50"}]], [[0], [12.5]]),
        (["varchar", "numeric"], [[{"StringValue": "7"}, {"StringValue": "7"}]], [["7", 7]]),
        (["numeric"], [[{"IsNull": True}]], [[None]]),
    ],
)
def test_rows_of_redshift_have_decimals_as_numbers(types: list[str], records: Any, rows: Any) -> None:
    columns = [{"TypeName": name} for name in types]
    assert evaluated(REDSHIFT_ROWS, {"Records": records, "ColumnMetadata": columns}) == rows


@pytest.mark.parametrize("connection", ["warehouse", "lake"])
def test_rows_that_one_answer_does_not_hold_are_an_error(connection: str) -> None:
    text = f"""
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, task
@task
def read(rows): ...
with DAG("d", schedule=None):
    read(SQLExecuteQueryOperator(task_id="a", conn_id="{connection}", sql="SELECT 1").output)
"""
    (dag,) = read_text(text, "d.py").dags
    machine = translate(dag, connections=connections(KNOWN)).machine

    class Answer:
        def answer(self, call: ServiceCall) -> Reply:
            told: Any = {"Id": "s", "Status": "FINISHED", "QueryExecution": {"QueryExecutionId": "q"}}
            return Reply("result", {**told, "Records": [], "ResultSet": {"Rows": []}, "NextToken": "more"})

    execution = execute(machine, {}, Answer())
    assert (execution.status, execution.error) == ("FAILED", "States.QueryEvaluationError")
    assert "more rows than one answer holds" in (execution.cause or "")


@pytest.mark.parametrize(
    ("types", "data", "rows"),
    [
        (["bigint"], [], []),
        (["bigint"], [["5"]], [[5]]),
        (["interval day to second", "integer"], [["1 00:00:00.000", "2"]], [["1 00:00:00.000", 2]]),
        (["varchar", "decimal(3,1)", "boolean"], [["5", "1.5", "true"], [None, "2", "false"]],
         [["5", 1.5, True], [None, 2, False]]),
    ],
)  # fmt: skip
def test_rows_of_athena(types: list[str], data: list[list[str | None]], rows: Any) -> None:
    cells = [[{} if value is None else {"VarCharValue": value} for value in row] for row in [types, *data]]
    columns = [{"Type": each} for each in types]
    answer = {"ResultSetMetadata": {"ColumnInfo": columns}, "Rows": [{"Data": row} for row in cells]}
    assert evaluated(ATHENA_ROWS, {"ResultSet": answer}) == rows


def command(*arguments: str | Path) -> int:
    return run(cli, "airflow2sfn", "0", [*map(str, arguments), "--quiet"])


def test_the_commands_take_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = FIXTURES / "connected_sql"
    known = ("--connections", case / "connections.json")
    assert command("convert", case / "dag.py", "-o", tmp_path / "out") == 1
    assert command("check", case / "dag.py") == 1
    assert "A2S511" in capsys.readouterr().out
    assert command("convert", case / "dag.py", "-o", tmp_path / "out", *known) == 0
    assert command("check", case / "dag.py", *known) == 0
    assert "A2S511" not in capsys.readouterr().out
    bad = tmp_path / "bad.json"
    bad.write_text('{"a": {"kind": "athena", "token": "t"}}', encoding="utf-8")
    for name in ("check", "verify"):
        assert command(name, case / "dag.py", "--connections", bad) == 2
        assert "athena has no token" in capsys.readouterr().err
