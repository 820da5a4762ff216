"""SQL by a connection: what a file says of the connection decides which service runs it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal, TypeAlias, assert_never

from airflow2sfn.connections import Connection
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.rules.connections import ConnectionUnknown
from airflow2sfn.source import Concat, Items, Known, Symbolic, Template, Value
from airflow2sfn.tasks.calls import Chain, Look, Missing, Step, Work, place
from airflow2sfn.tasks.reading import is_read
from airflow2sfn.tasks.services import watched
from airflow2sfn.tasks.site import Site, entries
from airflow2sfn.tasks.statements import statements
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.table import ROWS

_IDS = ("conn_id", "postgres_conn_id", "mysql_conn_id", "redshift_conn_id", "snowflake_conn_id", "mssql_conn_id")
KNOWN = (
    "sql", "parameters", "database", "autocommit", "handler", "split_statements", "return_last", "hook_params",
    "requires_result_fetch", "retry_on_failure", *_IDS,
)  # fmt: skip
"""Arguments that these operators know."""
_NAMED = re.compile(r"%\((\w+)\)s")
_CELLS = "[[$map($row, function($cell) { $cell.IsNull ? null : $cell.* })]]"
RDS_ROWS = f"$reduce($states.result.Records, function($all, $row) {{ $append($all, {_CELLS}) }}, [])"
"""Rows of the Data API of RDS as lists of values."""
_DECIMAL = "$cell.IsNull ? null : $types[$n] = 'numeric' ? $number($cell.StringValue) : $cell.*"
REDSHIFT_ROWS = (
    "($types := [$states.result.ColumnMetadata.TypeName];"
    " $reduce($states.result.Records, function($all, $row) {"
    f" $append($all, [[$map($row, function($cell, $n) {{ {_DECIMAL} }})]]) }}, []))"
)
"""Rows of the Data API of Redshift, which gives decimals as texts, as lists of values."""
_VALUE = (
    "$not($exists($cell.VarCharValue)) ? null"
    " : $contains($types[$n], /int$|integer|double|float|real|decimal/) ? $number($cell.VarCharValue)"
    " : $types[$n] = 'boolean' ? $cell.VarCharValue = 'true' : $cell.VarCharValue"
)
ATHENA_ROWS = (
    "($types := [$states.result.ResultSet.ResultSetMetadata.ColumnInfo.Type];"
    " $reduce($states.result.ResultSet.Rows, function($all, $row, $place) {"
    f" $place = 0 ? $all : $append($all, [[$map($row.Data, function($cell, $n) {{ {_VALUE} }})]]) }}, []))"
)
"""Rows of Athena, whose first one holds the names of the columns, as lists of values by their types."""
_ONE_PAGE = "$exists($states.result.NextToken) ? $error('The query has more rows than one answer holds')"
Part: TypeAlias = "Step | Look"
Rows: TypeAlias = Literal["none", "first", "all"]
"""Which rows of the last statement are asked for; an answer with some of all rows only is an error."""


def execute(site: Site, given: dict[str, Value]) -> Work | None:
    """Statements one after the other; rows are fetched where some task reads them."""
    site.refuse(given, "output_processor")
    site.dropped(given, *KNOWN, "output_processor", "show_return_value_in_logs")
    found = connection(site, given)
    if isinstance(found, Missing):
        return found
    return Chain(tuple(steps(site, found, given, "all" if is_read(site.plan, site.task.task_id) else "none")))


def connection(site: Site, given: dict[str, Value]) -> Connection | Missing:
    """What is known of a task's connection; a failing stub, with a finding, where nothing is."""
    conn_id = next((given[name] for name in _IDS if name in given), None)
    if not isinstance(conn_id, Known) or not isinstance(conn_id.value, str):
        raise Untranslatable("its connection is not known")
    found = site.plan.connections.get(conn_id.value)
    if found is None or found.kind == "http":
        site.note(ConnectionUnknown(at=place(site.task), task=site.task.task_id, conn_id=conn_id.value))
        return Missing(f"{site.task.task_id}: what runs the SQL of the connection {conn_id.value} is not known", True)
    return found


def steps(site: Site, found: Connection, given: dict[str, Value], rows: Rows) -> list[Part]:
    """The calls that run a task's SQL; where rows are asked for, they are the result of the last one, as lists."""
    texts = _texts(given, found.kind != "lambda")
    if rows != "none" and len(texts) > 1 and found.kind != "lambda":
        raise Untranslatable("the rows of several statements are read")
    match found.kind:
        case "redshift-data":
            return _redshift(site, found, given, texts, rows)
        case "rds-data":
            return _rds(site, found, given, texts, rows)
        case "athena":
            return _athena(site, found, given, texts, rows)
        case "lambda":
            return [_lambda(site, found, given, texts)]
        case "http":
            raise Untranslatable("its connection is one for HTTP")
        case _:
            assert_never(found.kind)


def _texts(given: dict[str, Value], data_api: bool) -> list[Value]:
    """The statements of a task; for the Data APIs, with the parameters' names as those have them."""
    sql = given.get("sql", Known(""))
    if isinstance(sql, Known) and isinstance(sql.value, list | tuple):
        found: list[Value] = [Known(one) for one in sql.value]
    else:
        found = list(sql.items) if isinstance(sql, Items) else [sql]
    parts: list[Value] = []
    for one in found:
        text = one.value if isinstance(one, Known) else one.text if isinstance(one, Template) else None
        if not isinstance(text, str):
            parts.append(one)
            continue
        if text.strip().endswith((".sql", ".hql")):
            raise Untranslatable("its SQL is in a file that is not beside the DAG")
        made = Template if "{{" in text or "{%" in text else Known
        parts += [made(_NAMED.sub(r":\1", each) if data_api else each) for each in statements(text)]
    if not parts:
        raise Untranslatable("it has no SQL")
    return parts


def _parameters(given: dict[str, Value], statement: Value | None = None) -> dict[str, Value]:
    """The parameters by their names: those that a statement uses, as the Data APIs want no others."""
    value = given.get("parameters")
    if value is None:
        return {}
    found = entries(value)
    if found is None:
        raise Untranslatable("its parameters have no names")
    text = statement.value if isinstance(statement, Known) else getattr(statement, "text", None)
    if not isinstance(text, str):
        return found
    return {name: each for name, each in found.items() if re.search(rf":{re.escape(name)}\b", text)}


def _field(site: Site, found: Connection, name: str) -> Json:
    """An identifier of the connection: what the file says, otherwise a parameter of the template."""
    words = name.replace("_", " ")
    missing = Symbolic(f"{words} of the Connection {found.conn_id}", "connection", key=f"{found.conn_id} {words}")
    return site.json(Known(found.fields[name]) if name in found.fields else missing)


def _optional(site: Site, found: Connection, **names: str) -> dict[str, Json]:
    """Members of a call for what the file says of the connection."""
    return {member: _field(site, found, name) for member, name in names.items() if name in found.fields}


def _database(site: Site, found: Connection, given: dict[str, Value]) -> Json:
    return site.json(given["database"]) if "database" in given else _field(site, found, "database")


def _redshift(site: Site, found: Connection, given: dict[str, Value], texts: list[Value], rows: Rows) -> list[Part]:
    """The Data API of Redshift: a statement, or a batch in one transaction, that is looked at until it is done."""
    row = next(row for row in ROWS if row.action == "aws-sdk:redshiftdata:executeStatement")
    assert row.describe is not None, "a statement can be watched"
    arguments: dict[str, Json] = {"Database": _database(site, found, given)}
    if "cluster_identifier" in found.fields:
        arguments["ClusterIdentifier"] = _field(site, found, "cluster_identifier")
    else:
        arguments["WorkgroupName"] = _field(site, found, "workgroup_name")
    arguments |= _optional(site, found, DbUser="db_user", SecretArn="secret_arn")
    if len(texts) == 1:
        arguments = {"Sql": site.json(texts[0]), **arguments}
        if named := _parameters(given, texts[0]):
            arguments["Parameters"] = [{"Name": name, "Value": _text(site, value)} for name, value in named.items()]
        call = site.call("aws-sdk:redshiftdata:executeStatement", arguments)
    else:
        site.refuse(given, "parameters")
        arguments = {"Sqls": [site.json(text) for text in texts], **arguments}
        call = site.call("aws-sdk:redshiftdata:batchExecuteStatement", arguments)
    start, look = watched(site, call, row.describe, replace(row.operators[0], waited="null"), arguments).steps
    assert isinstance(start, Step), "a statement is started"
    assert isinstance(look, Look), "a statement is looked at"
    if rows == "none":
        return [start, look]
    fetch = site.call("aws-sdk:redshiftdata:getStatementResult", look.call.arguments, _page(REDSHIFT_ROWS, rows))
    return [start, look, Step(fetch, "rows")]


def _page(expression: str, rows: Rows) -> str:
    return f"({_ONE_PAGE} : {expression})" if rows == "all" else expression


def _text(site: Site, value: Value) -> Json:
    """A parameter, which the Data API of Redshift takes as a text."""
    if isinstance(value, Known) and not isinstance(value.value, str):
        return str(value.value)
    return site.json(value)


def _rds(site: Site, found: Connection, given: dict[str, Value], texts: list[Value], rows: Rows) -> list[Part]:
    """The Data API of RDS: each statement is one call."""
    parts: list[Part] = []
    for number, text in enumerate(texts):
        arguments: dict[str, Json] = {
            "ResourceArn": _field(site, found, "resource_arn"),
            "SecretArn": _field(site, found, "secret_arn"),
            "Database": _database(site, found, given),
            "Sql": site.json(text),
            **_optional(site, found, Schema="schema"),
        }
        if named := _parameters(given, text):
            arguments["Parameters"] = [{"Name": name, "Value": _typed(site, value)} for name, value in named.items()]
        if rows != "none":
            arguments["ResultSetOptions"] = {"DecimalReturnType": "DOUBLE_OR_LONG"}
        call = site.call("aws-sdk:rdsdata:executeStatement", arguments, "null" if rows == "none" else RDS_ROWS)
        parts.append(Step(call, f"statement {number + 1}" if number else ""))
    return parts


def _typed(site: Site, value: Value) -> Json:
    """A parameter as the Data API of RDS takes it."""
    match value:
        case Known(None):
            return {"IsNull": True}
        case Known(bool() as known):
            return {"BooleanValue": known}
        case Known(int() as whole):
            return {"LongValue": whole}
        case Known(float() as number):
            return {"DoubleValue": number}
        case Known(str()) | Template() | Concat():
            return {"StringValue": site.json(value)}
        case _:
            raise Untranslatable("the type of a parameter is not known")


def _athena(site: Site, found: Connection, given: dict[str, Value], texts: list[Value], rows: Rows) -> list[Part]:
    """Athena: each statement is a query that the state waits for."""
    site.refuse(given, "parameters")
    context: dict[str, Json] = {"Database": _database(site, found, given)}
    context |= _optional(site, found, Catalog="catalog")
    parts: list[Part] = []
    variable = "" if rows == "none" else site.local("query")
    for number, text in enumerate(texts):
        arguments: dict[str, Json] = {
            "QueryString": site.json(text),
            "QueryExecutionContext": dict(context),
            **_optional(site, found, WorkGroup="workgroup"),
        }
        if "output_location" in found.fields:
            arguments["ResultConfiguration"] = {"OutputLocation": _field(site, found, "output_location")}
        kept = {variable: "$states.result.QueryExecution.QueryExecutionId"} if variable else {}
        call = site.call("athena:startQueryExecution.sync", arguments)
        parts.append(Step(call, f"statement {number + 1}" if number else "", kept))
    if rows != "none":
        result = _page(ATHENA_ROWS, rows)
        fetch = site.call("athena:getQueryResults", {"QueryExecutionId": f"{{% ${variable} %}}"}, result)
        parts.append(Step(fetch, "rows"))
    return parts


def _lambda(site: Site, found: Connection, given: dict[str, Value], texts: list[Value]) -> Step:
    """A Lambda function of yours, which gets the statements and gives the rows of the last one."""
    event: dict[str, Json] = {"conn_id": found.conn_id, "sql": [site.json(text) for text in texts]}
    if named := _parameters(given):
        event["parameters"] = {name: site.json(value) for name, value in named.items()}
    if "database" in given:
        event["database"] = site.json(given["database"])
    arguments: dict[str, Json] = {"FunctionName": _field(site, found, "function_arn"), "Payload": event}
    return Step(site.call("lambda:invoke", arguments, "$states.result.Payload"))
