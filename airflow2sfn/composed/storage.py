"""Buckets, prefixes, keys and items: Amazon S3 and DynamoDB."""

from __future__ import annotations

from dataclasses import replace

from airflow2sfn.composed.patterns import by_pattern, by_regex, is_pattern
from airflow2sfn.expressions.text import Untranslatable, field
from airflow2sfn.source import Concat, Items, Known, Template, Value
from airflow2sfn.tasks.calls import SENSOR_LATE, Chain, Look, Step, Work
from airflow2sfn.tasks.retries import seconds
from airflow2sfn.tasks.service_values import split_url
from airflow2sfn.tasks.services import by_row
from airflow2sfn.tasks.site import Site
from sfn_airflow_core.asl.model import Json

_REGION = "$split($states.context.Execution.Id, ':')[3]"
_GONE = "S3.NoSuchBucketException"
_WEEK = 7 * 86_400


def create_bucket(site: Site, given: dict[str, Value]) -> Work | None:
    """Every region but us-east-1 wants its name in the request."""
    site.dropped(given, "bucket_name", "region_name")
    region = given.get("region_name", Known(None))
    name = site.need(given, "bucket_name")
    accepted = ("S3.BucketAlreadyOwnedByYouException",)
    if isinstance(region, Known) and isinstance(region.value, str):
        placed: dict[str, Json] = {"CreateBucketConfiguration": {"LocationConstraint": region.value}}
        arguments: Json = {
            "Bucket": name,
            **(placed if isinstance(placed, dict) and region.value != "us-east-1" else {}),
        }
        return site.call("aws-sdk:s3:createBucket", arguments, accepted=accepted)
    here = _REGION if region == Known(None) else site.text(region)
    constraint = f"{{'CreateBucketConfiguration': {{'LocationConstraint': {here}}}}}"
    merged = f"$merge([{{'Bucket': {site.text(given['bucket_name'])}}}, {here} = 'us-east-1' ? {{}} : {constraint}])"
    return site.call("aws-sdk:s3:createBucket", f"{{% {merged} %}}", accepted=accepted)


def delete_bucket(site: Site, given: dict[str, Value]) -> Work | None:
    """A bucket that does not exist is as good as deleted; one with objects in it is emptied first, if it may be."""
    site.dropped(given, "bucket_name", "force_delete")
    name = site.need(given, "bucket_name")
    delete = Step(site.call("aws-sdk:s3:deleteBucket", {"Bucket": name}))
    force = given.get("force_delete", Known(False))
    if not isinstance(force, Known):
        raise Untranslatable("whether it deletes the objects in the bucket is not known")
    if not force.value:
        head = site.call("aws-sdk:s3:headBucket", {"Bucket": name})
        return Chain((Step(head, "does it exist", enough=(_GONE,)), delete))
    return Chain((replace(_emptying(site, name, {}), name="list objects", enough=(_GONE,)), delete))


def delete_objects(site: Site, given: dict[str, Value]) -> Work | None:
    """All objects with a prefix are deleted a page at a time; those with keys at once."""
    keys = given.get("keys")
    if "prefix" not in given:
        return None if keys is None or isinstance(keys, Known | Items) else _deleting(site, given, keys)
    site.refuse(given, "from_datetime", "to_datetime")
    site.dropped(given, "bucket", "prefix")
    return Chain((_emptying(site, site.need(given, "bucket"), {"Prefix": site.json(given["prefix"])}),))


def _deleting(site: Site, given: dict[str, Value], keys: Value) -> Work:
    """Keys that are only known in a run: a template is one, anything else one or several."""
    site.refuse(given, "from_datetime", "to_datetime")
    site.dropped(given, "bucket", "keys")
    named: Json = f"{{% [$map({site.text(keys)}, function($key) {{ {{'Key': $key}} }})] %}}"
    if isinstance(keys, Template | Concat):
        named = [{"Key": site.json(keys)}]
    return site.call("aws-sdk:s3:deleteObjects", {"Bucket": site.need(given, "bucket"), "Delete": {"Objects": named}})


def _emptying(site: Site, bucket: Json, where: dict[str, Json]) -> Look:
    arguments: dict[str, Json] = {"Bucket": bucket, "Delete": {"Objects": "{% $states.input %}"}}
    delete = replace(site.call("aws-sdk:s3:deleteObjects", arguments), comment="delete objects")
    return Look(
        site.call("aws-sdk:s3:listObjectsV2", {"Bucket": bucket, **where}),
        "[$states.result.Contents.{'Key': Key}]",
        "$count($states.input) = 0",
        meanwhile=delete,
    )


def key_sensor(site: Site, given: dict[str, Value]) -> Work | None:
    """Several keys are waited for one after the other; a pattern or regular expression among the keys that start so."""
    key = given.get("bucket_key")
    keys = _several(key)
    pattern = given.get("wildcard_match", Known(False)) not in (Known(False), Known(None))
    regex = given.get("use_regex", Known(False)) not in (Known(False), Known(None)) and not pattern
    if keys is None and not pattern and not regex:
        return None
    site.refuse(given, "check_fn")
    site.dropped(given, "bucket_key", "bucket_name", "wildcard_match", "metadata_keys", "use_regex", "check_fn")
    looks = []
    for number, one in enumerate(keys or [key or Known("")]):
        own = {**given, "bucket_key": one}
        split_url(own, "bucket_key", "bucket_name")
        looks.append(_look(site, own, pattern, regex, f"key {number + 1}" if number else ""))
    return Chain(tuple(looks))


def _several(key: Value | None) -> list[Value] | None:
    match key:
        case Known(list() | tuple() as names):
            return [Template(name) if isinstance(name, str) and "{{" in name else Known(name) for name in names]
        case Items(items):
            return list(items)
        case Known(str()) | Template() | None:
            return None
        case _:
            return None


def _look(site: Site, given: dict[str, Value], pattern: bool, regex: bool, name: str) -> Look:
    key = given["bucket_key"]
    arguments: dict[str, Json] = {"Bucket": site.need(given, "bucket_name")}
    found = "$exists($states.result.Contents) and $states.result.Contents[0].Key = $states.result.Prefix"
    if regex:
        arguments["Prefix"], found = by_regex(key)
    elif pattern and is_pattern(key):
        arguments["Prefix"], found = by_pattern(site, key)
    else:
        arguments |= {"Prefix": site.json(key), "MaxKeys": 1}
    if "MaxKeys" not in arguments:
        more = "$states.result.IsTruncated = true ? $error('More than 1,000 keys start like that')"
        found = f"({found}) ? true : {more} : false"
    return Look(
        site.call("aws-sdk:s3:listObjectsV2", arguments),
        found,
        "$states.input",
        interval=max(1, round(seconds(site.task.known("poke_interval")) or 60)),
        timeout=max(1, round(seconds(site.task.known("timeout")) or _WEEK)),
        soft_fail=bool(site.task.known("soft_fail", False)),
        late=SENSOR_LATE,
        name=name,
    )


def value_sensor(site: Site, given: dict[str, Value]) -> Work | None:
    """Looks at one attribute of one item; the key's values are texts, as the arguments are."""
    site.dropped(
        given, "table_name", "partition_key_name", "partition_key_value", "sort_key_name", "sort_key_value",
        "attribute_name", "attribute_value",
    )  # fmt: skip
    key: dict[str, Json] = {}
    for part in ("partition", "sort"):
        name = given.get(f"{part}_key_name")
        if isinstance(name, Known) and f"{part}_key_value" in given:
            key[str(name.value)] = {"S": site.json(given[f"{part}_key_value"])}
    attribute = given.get("attribute_name")
    if not key or not isinstance(attribute, Known):
        raise Untranslatable("which attribute of which item it looks at is not known")
    wanted = site.text(given["attribute_value"])
    arguments: dict[str, Json] = {"TableName": site.need(given, "table_name"), "Key": key}
    return Chain(
        (
            Look(
                site.call("dynamodb:getItem", arguments),
                f"$exists({field('$states.result.Item', str(attribute.value))}) and"
                f" $string({field('$states.result.Item', str(attribute.value))}.*) in {wanted}",
                "$states.input",
                interval=max(1, round(seconds(site.task.known("poke_interval")) or 60)),
                timeout=max(1, round(seconds(site.task.known("timeout")) or _WEEK)),
                soft_fail=bool(site.task.known("soft_fail", False)),
                late=SENSOR_LATE,
            ),
        )
    )


def export_table(site: Site, given: dict[str, Value]) -> Work | None:
    """Exports a table to a point in time; a scan through the worker has no counterpart."""
    if given.get("point_in_time_export") != Known(True):
        raise Untranslatable("it scans the table itself; only point_in_time_export has a counterpart")
    site.refuse(given, "dynamodb_scan_kwargs", "process_func")
    arn = site.local("table_arn")
    describe = site.call("aws-sdk:dynamodb:describeTable", {"TableName": site.need(given, "dynamodb_table_name")})
    started = by_row(site, given)
    assert isinstance(started, Chain), "the export has a row that waits"
    export, look = started.steps
    assert isinstance(export, Step), "the export is a call"
    assert isinstance(export.call.arguments, dict), "the export has places for its arguments"
    call = replace(export.call, arguments={"TableArn": f"{{% ${arn} %}}", **export.call.arguments})
    first = Step(describe, "table", {arn: "$states.result.Table.TableArn"})
    return Chain((first, replace(export, call=call), look), "null")


def import_table(site: Site, given: dict[str, Value]) -> Work | None:
    """Objects become a new table; one that exists already would be filled through the worker."""
    site.refuse(given, "use_existing_table", "delete_on_error")
    names = ("s3_bucket", "s3_key", "dynamodb_table_name", "dynamodb_key_schema", "dynamodb_attributes")
    more = ("input_format", "billing_mode", "import_table_kwargs", "import_table_creation_kwargs")
    site.dropped(
        given, *names, *more, "dynamodb_tmp_table_prefix", "use_existing_table", "delete_on_error",
        "wait_for_completion",
    )  # fmt: skip
    table: dict[str, Json] = {
        "TableName": site.need(given, "dynamodb_table_name"),
        "AttributeDefinitions": site.need(given, "dynamodb_attributes"),
        "KeySchema": site.need(given, "dynamodb_key_schema"),
        "BillingMode": site.json(given.get("billing_mode", Known("PAY_PER_REQUEST"))),
        **_further(site, given.get("import_table_creation_kwargs")),
    }
    arguments: dict[str, Json] = {
        "S3BucketSource": {"S3Bucket": site.need(given, "s3_bucket"), "S3KeyPrefix": site.need(given, "s3_key")},
        "InputFormat": site.json(given.get("input_format", Known("DYNAMODB_JSON"))),
        "TableCreationParameters": table,
        **_further(site, given.get("import_table_kwargs")),
    }
    arn = "$states.result.ImportTableDescription.ImportArn"
    start = site.call("aws-sdk:dynamodb:importTable", arguments, arn)
    if not site.waits("wait_for_completion", default=True):
        return start
    variable = site.local("import_arn")
    interval, limit = site.pace(30, 240)
    look = Look(
        site.call("aws-sdk:dynamodb:describeImport", {"ImportArn": f"{{% ${variable} %}}"}),
        "$states.result.ImportTableDescription.ImportStatus",
        "$states.input = 'COMPLETED'",
        "$states.input in ['CANCELLING', 'CANCELLED', 'FAILED']",
        interval=interval,
        timeout=limit,
        name="status",
        result=f"${variable}",
    )
    return Chain((Step(start, assign={variable: arn}), look))


def _further(site: Site, value: Value | None) -> dict[str, Json]:
    """Further members of a request, as boto3 spells them."""
    made = site.json(value) if value not in (None, Known(None)) else {}
    if not isinstance(made, dict):
        raise Untranslatable("the names of further arguments are not known")
    return made


def put_tags(site: Site, given: dict[str, Value]) -> Work | None:
    """One more tag may be given by its key and value."""
    if given.get("key") in (None, Known(None)) or given.get("value") in (None, Known(None)):
        return None
    site.dropped(given, "bucket_name", "key", "value", "tag_set")
    site.refuse(given, "tag_set")
    tag: dict[str, Json] = {"Key": site.json(given["key"]), "Value": site.json(given["value"])}
    arguments: dict[str, Json] = {"Bucket": site.need(given, "bucket_name"), "Tagging": {"TagSet": [tag]}}
    return site.call("aws-sdk:s3:putBucketTagging", arguments)


STORAGE = {
    "operators.s3.S3PutBucketTaggingOperator": put_tags,
    "transfers.s3_to_dynamodb.S3ToDynamoDBOperator": import_table,
    "operators.s3.S3CreateBucketOperator": create_bucket,
    "operators.s3.S3DeleteBucketOperator": delete_bucket,
    "operators.s3.S3DeleteObjectsOperator": delete_objects,
    "sensors.s3.S3KeySensor": key_sensor,
    "sensors.dynamodb.DynamoDBValueSensor": value_sensor,
    "transfers.dynamodb_to_s3.DynamoDBToS3Operator": export_table,
}
