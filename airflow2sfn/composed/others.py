"""Operators of other providers that AWS has something for: Bash, mail, HTTP, SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from airflow2sfn.composed import sql_checks
from airflow2sfn.composed.sql import execute
from airflow2sfn.composed.sql_sensor import sensor
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.packaging.bash import BASH, unfit
from airflow2sfn.rules.functions import BashInLambda, NotForLambda, RunsInContainer
from airflow2sfn.source import Known, Symbolic, Value
from airflow2sfn.tasks.calls import Missing, Work, place, tries
from airflow2sfn.tasks.functions import call_of
from airflow2sfn.tasks.retries import retries, timeout
from airflow2sfn.tasks.service_values import parsed
from airflow2sfn.tasks.services import by_row
from airflow2sfn.tasks.site import Site
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.forms import joined

_SES = "airflow.providers.amazon.aws.operators.ses.SesEmailOperator"
_SKIP = "AirflowSkipException"


def bash(site: Site, given: dict[str, Value]) -> Work | None:
    """A command runs in a Lambda function, which has bash and little else."""
    task = site.task
    site.refuse(given, "output_processor", "output_encoding")
    if reasons := unfit(task):
        site.note(NotForLambda(at=place(task), task=task.task_id, reasons=tuple(reasons)))
        return Missing(f"{task.task_id}: {reasons[0]}", noted=True)
    site.dropped(given, "bash_command", "env", "append_env", "cwd", "skip_on_exit_code", "output_encoding")
    function = site.plan.functions[task.task_id]
    if function.container:
        folder, reason = function.name.folder, function.container
        site.note(RunsInContainer(at=place(task), task=task.task_id, folder=folder, reason=reason))
    else:
        site.note(BashInLambda(at=place(task), task=task.task_id))
    event: dict[str, Json] = {"command": site.need(given, "bash_command")}
    event |= {name: site.json(given[name]) for name in ("env", "append_env", "cwd") if name in given}
    if "skip_on_exit_code" in given:
        codes = site.json(given["skip_on_exit_code"])
        event["skip_on_exit_code"] = codes if isinstance(codes, list) else [codes]
    found = retries(task, never=(_SKIP,), airflow=site.plan.dag.airflow)
    return call_of(function, event, tries(task, site.plan, site.note, found), timeout(task), skips=True)


def email(site: Site, given: dict[str, Value]) -> Work | None:
    """A mail is sent by Amazon SES."""
    known = {"to", "subject", "html_content", "cc", "bcc", "custom_headers", "files"}
    site.dropped(given, *known, "from_email", "conn_id", "mime_subtype", "mime_charset", "auth_type")
    sender = given.get("from_email", Symbolic("the sender of mails", "configuration", key="MailFrom"))
    arguments = {name: value for name, value in given.items() if name in known} | {"mail_from": sender}
    return by_row(replace(site, task=replace(site.task, operator=_SES, arguments=arguments)), arguments)


def http(site: Site, given: dict[str, Value]) -> Work | None:
    """A request is an HTTP Task; an EventBridge connection holds what it authenticates with."""
    site.refuse(given, "response_check", "response_filter", "pagination_function", "extra_options", "request_kwargs")
    site.dropped(
        given, "endpoint", "method", "data", "headers", "http_conn_id", "log_response", "auth_type", "tcp_keep_alive",
        "tcp_keep_alive_idle", "tcp_keep_alive_count", "tcp_keep_alive_interval", "retry_args",
    )  # fmt: skip
    connection = site.task.known("http_conn_id", "http_default")
    method = str(site.task.known("method", "POST")).upper()
    if not isinstance(connection, str):
        raise Untranslatable("its connection is not known")
    known = site.plan.connections.get(connection)
    if known is not None and known.kind != "http":
        raise Untranslatable(f"its connection is one for {known.kind}")
    base: Value = Symbolic(f"the address in the Connection {connection}", "connection", key=f"{connection} url")
    name = f"an EventBridge connection for {connection}"
    secret: Value = Symbolic(name, "connection", key=f"{connection} connection arn")
    if known is not None:
        base = Known(known.fields["url"].rstrip("/")) if "url" in known.fields else base
        secret = Known(known.fields["connection_arn"]) if "connection_arn" in known.fields else secret
    endpoint = site.json(given.get("endpoint", Known("")))
    start = endpoint[:1] if isinstance(endpoint, str) and not endpoint.startswith("{%") else ""
    arguments: dict[str, Json] = {
        "ApiEndpoint": joined([site.json(base), *(["/"] if start not in ("", "/") or not start else []), endpoint]),
        "Method": method,
        "Authentication": {"ConnectionArn": site.json(secret)},
    }
    if "headers" in given:
        arguments["Headers"] = site.json(given["headers"])
    if "data" in given:
        arguments |= _body(method, site.json(parsed(given["data"])), given["data"])
    body = "$states.result.ResponseBody"
    return site.call("http:invoke", arguments, f"($type({body}) = 'string' ? {body} : $string({body}))")


def _body(method: str, body: Json, given: Value) -> dict[str, Json]:
    if isinstance(body, str):
        raise Untranslatable("what it sends is a text, not JSON")
    if method in ("GET", "HEAD", "DELETE"):
        return {"QueryParameters": body}
    text = isinstance(given, Known) and isinstance(given.value, str)
    sent: dict[str, Json] = {"RequestBody": body}
    if not text:  # Airflow sends dictionaries as a form, and texts as they are
        sent["Transform"] = {"RequestBodyEncoding": "URL_ENCODED"}
    return sent


_SQL = "airflow.providers.common.sql.operators.sql"
OTHERS: dict[str, Callable[[Site, dict[str, Value]], Work | None]] = {
    BASH: bash,
    "airflow.providers.smtp.operators.smtp.EmailOperator": email,
    "airflow.providers.http.operators.http.HttpOperator": http,
    "airflow.providers.http.operators.http.SimpleHttpOperator": http,
    f"{_SQL}.SQLExecuteQueryOperator": execute,
    f"{_SQL}.SQLCheckOperator": sql_checks.check,
    f"{_SQL}.SQLValueCheckOperator": sql_checks.value_check,
    f"{_SQL}.SQLThresholdCheckOperator": sql_checks.threshold_check,
    f"{_SQL}.SQLColumnCheckOperator": sql_checks.column_check,
    f"{_SQL}.SQLTableCheckOperator": sql_checks.table_check,
    f"{_SQL}.SQLIntervalCheckOperator": sql_checks.interval_check,
    f"{_SQL}.BranchSQLOperator": sql_checks.branch,
    "airflow.providers.common.sql.sensors.sql.SqlSensor": sensor,
    "airflow.providers.postgres.operators.postgres.PostgresOperator": execute,
    "airflow.providers.mysql.operators.mysql.MySqlOperator": execute,
    "airflow.providers.amazon.aws.operators.redshift_sql.RedshiftSQLOperator": execute,
}
"""By the full name of the operator."""
