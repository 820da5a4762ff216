"""Queries, crawlers and copies: Amazon Redshift, AWS Glue."""

from __future__ import annotations

from dataclasses import replace

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import constant
from airflow2sfn.source import Items, Known, Value
from airflow2sfn.tasks.calls import Chain, Look, Step, Work
from airflow2sfn.tasks.services import by_row, watched
from airflow2sfn.tasks.site import Site, entries
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.forms import joined
from sfn_airflow_core.catalogue.model import Operator
from sfn_airflow_core.catalogue.table import CLASSES, ROWS

_ALREADY = ("wait_for_completion", "fail_on_already_running")


def crawl(site: Site, given: dict[str, Value]) -> Work | None:
    """Updates the crawler, or creates it where there is none, and runs it."""
    config = given.get("config")
    if config is None:
        raise Untranslatable("the crawler has no config")
    site.dropped(given, "config", *_ALREADY)
    arguments = site.json(config)
    known = entries(config)
    name: Json = site.json(known["Name"]) if known and "Name" in known else f"{{% {site.text(config)}.Name %}}"
    busy = given.get("fail_on_already_running") == Known(False)
    accepted = ("Glue.CrawlerRunningException",) if busy else ()
    update = site.call("aws-sdk:glue:updateCrawler", arguments, accepted=accepted)
    create = site.call("aws-sdk:glue:createCrawler", arguments)
    first = Step(update, "update", otherwise=(("Glue.EntityNotFoundException",), create))
    started: dict[str, Json] = {"Name": name}
    run = site.call("aws-sdk:glue:startCrawler", started, accepted=accepted)
    if not site.waits("wait_for_completion", default=True):
        return Chain((first, Step(run)), constant(name))
    row, one = CLASSES["airflow.providers.amazon.aws.operators.glue_crawler.GlueCrawlerRunOperator"][0]
    assert row.describe is not None, "a crawler can be watched"
    assert isinstance(one, Operator), "the operator that runs a crawler"
    return Chain((first, *watched(site, run, row.describe, one, started).steps))


def query(site: Site, given: dict[str, Value]) -> Work | None:
    """Several statements are sent as one batch; rows that the operator returns are fetched when it is done."""
    sql = given.get("sql")
    several = isinstance(sql, Items) or (isinstance(sql, Known) and isinstance(sql.value, list))
    wanted = given.get("return_sql_result", Known(False)) != Known(False)
    if not several and not wanted:
        return None
    if several and wanted:
        raise Untranslatable("it returns the rows of several statements")
    plain = {name: value for name, value in given.items() if name != "return_sql_result"}
    if several:
        site.refuse(given, "parameters")
        plain["sql"] = Known("")
    work = by_row(site, plain)
    if not isinstance(work, Chain):
        raise Untranslatable("it does not wait for its statements")
    start, look = work.steps
    assert isinstance(start, Step), "a statement is sent by a call"
    assert isinstance(look, Look), "and then looked at"
    if several:
        arguments = dict(start.call.arguments) if isinstance(start.call.arguments, dict) else {}
        arguments.pop("Sql")
        batch = {"Sqls": site.json(sql or Known([])), **arguments}
        call = replace(start.call, resource=start.call.resource.replace("execute", "batchExecute"), arguments=batch)
        ids = replace(look, output="{'Status': $states.result.Status, 'Ids': [$states.result.SubStatements.Id]}")
        return Chain((replace(start, call=call), _by_status(ids, "$states.input.Ids")))
    fetch = site.call("aws-sdk:redshiftdata:getStatementResult", look.call.arguments, "[$states.result]")
    return Chain((start, look, Step(fetch, "rows")))


def _by_status(look: Look, result: str) -> Look:
    return replace(
        look,
        done=look.done.replace("$states.input", "$states.input.Status"),
        failed=look.failed.replace("$states.input", "$states.input.Status"),
        result=result,
    )


def copy_in(site: Site, given: dict[str, Value]) -> Work | None:
    """A COPY through the Data API, with the role of the cluster."""
    data_api = _data_api(site, given)
    known = ("table", "s3_bucket", "s3_key", "schema", "column_list", "copy_options", "method")
    site.refuse(given, "upsert_keys")
    site.dropped(given, *known, "redshift_data_api_kwargs", "redshift_conn_id", "autocommit", "upsert_keys")
    if given.get("method", Known("APPEND")) != Known("APPEND"):
        raise Untranslatable("it replaces or merges rows")
    columns = _known_list(given.get("column_list"))
    table = [given["schema"], Known("."), given["table"]] if "schema" in given else [given["table"]]
    parts: list[Value] = [Known("COPY "), *table, Known(f" ({', '.join(columns)})" if columns else "")]
    parts += [Known(" FROM 's3://"), given["s3_bucket"], Known("/"), given["s3_key"], Known("' IAM_ROLE default")]
    parts += [Known(f" {option}") for option in _known_list(given.get("copy_options"))]
    return _statement(site, data_api, parts)


def copy_out(site: Site, given: dict[str, Value]) -> Work | None:
    """An UNLOAD through the Data API, with the role of the cluster."""
    data_api = _data_api(site, given)
    known = ("table", "s3_bucket", "s3_key", "schema", "select_query", "unload_options", "table_as_file_name")
    site.refuse(given, "parameters")
    site.dropped(given, *known, "redshift_data_api_kwargs", "redshift_conn_id", "autocommit", "include_header")
    table = [given["schema"], Known("."), given["table"]] if "schema" in given else [given.get("table", Known(""))]
    select: list[Value] = [given["select_query"]] if "select_query" in given else [Known("SELECT * FROM "), *table]
    named = "table" in given and given.get("table_as_file_name", Known(True)) != Known(False)
    ending: list[Value] = [Known("/"), given["table"], Known("_")] if named else []
    options = _known_list(given.get("unload_options"))
    if given.get("include_header") == Known(True) and "HEADER" not in map(str.upper, options):
        options = [*options, "HEADER"]
    parts: list[Value] = [Known("UNLOAD ($$"), *select, Known("$$) TO 's3://"), given["s3_bucket"], Known("/")]
    parts += [given["s3_key"], *ending, Known("' IAM_ROLE default"), *(Known(f" {option}") for option in options)]
    return _statement(site, data_api, parts)


def _data_api(site: Site, given: dict[str, Value]) -> dict[str, Value]:
    found = entries(given.get("redshift_data_api_kwargs", Known({})))
    if not found:
        raise Untranslatable("it connects to the database itself; only redshift_data_api_kwargs has a counterpart")
    return found


def _known_list(value: Value | None) -> list[str]:
    if value is None:
        return []
    if isinstance(value, Known) and isinstance(value.value, list | tuple):
        return [str(item) for item in value.value]
    raise Untranslatable("options of the statement are not known")


def _statement(site: Site, data_api: dict[str, Value], parts: list[Value]) -> Work:
    row = next(row for row in ROWS if row.action == "aws-sdk:redshiftdata:executeStatement")
    (one,) = row.operators
    places = {place.keyword: place.path for place in one.places}
    arguments: dict[str, Json] = {"Sql": joined([site.json(part) for part in parts])}
    for name, value in data_api.items():
        if name in places:
            arguments[places[name]] = site.json(value)
    assert row.describe is not None, "a statement can be watched"
    call = site.call("aws-sdk:redshiftdata:executeStatement", arguments)
    return watched(site, call, row.describe, replace(one, waited="null"), arguments)


DATA = {
    "operators.glue_crawler.GlueCrawlerOperator": crawl,
    "operators.redshift_data.RedshiftDataOperator": query,
    "transfers.s3_to_redshift.S3ToRedshiftOperator": copy_in,
    "transfers.redshift_to_s3.RedshiftToS3Operator": copy_out,
}
