"""How the rows are written: what follows from an action or a keyword is not said twice, lists are one string.

Places: ``job_name`` is the argument ``JobName``; ``query=QueryString``; ``database=QueryExecutionContext.Database``;
``instance_id=InstanceIds[]`` is a list of this one value; ``payload=Payload:json`` names a form; ``~`` before it makes
it a shorthand, which is read and not written; ``config=*`` is the keyword for all other arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.model import SDK, Describe, Form, Operator, Pattern, Place, Row, Sensor

GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"
RR: tuple[Pattern, ...] = ("request",)
RR_TOKEN: tuple[Pattern, ...] = ("request", "token")
RR_SYNC: tuple[Pattern, ...] = ("request", "sync")
_PROVIDER = "airflow.providers.amazon.aws"
_FORMS: Mapping[str, Form] = {name: name for name in get_args(Form)}


def row(
    page: str,
    title: str,
    client: str,
    action: str,
    patterns: tuple[Pattern, ...] = RR,
    *,
    operation: str | None = None,
    iam: str = "",
    sync_iam: str = "",
    arguments: str = "",
    extra: str = "",
    describe: Describe | None = None,
    classes: tuple[Operator | Sensor, ...] = (),
) -> Row:
    """A row of an optimised integration with what follows from its action."""
    verb = action.partition(":")[2]
    name = verb[0].upper() + verb[1:] if operation is None else operation
    return Row(
        action=action,
        title=title,
        client=client,
        operation=name,
        patterns=patterns,
        iam=tuple(iam.split()) or (f"{client}:{name}",),
        sync_iam=tuple(sync_iam.split()),
        sources=(f"{GUIDE}/{page}.html",),
        arguments=tuple(arguments.split()),
        extra=tuple(extra.split()),
        describe=describe,
        operators=tuple(one for one in classes if isinstance(one, Operator)),
        sensors=tuple(one for one in classes if isinstance(one, Sensor)),
    )


def sdk(action: str, *classes: Operator | Sensor, describe: Describe | None = None) -> Row:
    """A row of an AWS SDK integration; ``action`` without ``aws-sdk:``."""
    return Row(
        action=f"{SDK}{action}",
        describe=describe,
        operators=tuple(one for one in classes if isinstance(one, Operator)),
        sensors=tuple(one for one in classes if isinstance(one, Sensor)),
    )


def describe_by(
    action: str,
    arguments: str,
    status: str,
    succeeded: str,
    failed: str,
    result: str = "",
    containers: str = "",
    gone: str = "",
) -> Describe:
    """``arguments`` as ``JobName=request.JobName RunId=result.JobRunId``."""
    pairs = tuple((name, source) for name, _, source in (pair.partition("=") for pair in arguments.split()))
    ends = tuple(succeeded.split()), tuple(failed.split())
    return Describe(action, pairs, status, *ends, result, containers, tuple(gone.split()))


def operator(
    path: str,
    places: str,
    *,
    waits: str = "",
    result: str = "null",
    waited: str = "",
    defaults: Mapping[str, Json] | None = None,
    ignored: str = "",
    refused: str = "",
    accepted: str = "",
    start_errors: str = "",
    required: str = "",
    differs: str = "",
    delay: int = 30,
    attempts: int = 60,
    fixed: Mapping[str, Json] | None = None,
    composed: Mapping[str, str] | None = None,
    when: str = "",
    urls: str = "",
    yields: str = "",
) -> Operator:
    """An operator of the Amazon provider: ``glue.GlueJobOperator``, with its package where that is not ``operators``.

    ``waits`` is ``always``, the keyword that says so, or that with ``:no`` where it does not wait by default. ``when``
    is ``db_type=instance``, with a ``?`` where a missing keyword says the same; ``urls`` is ``s3_key/s3_bucket``,
    ``yields`` likewise.
    """
    module, _, name = path.rpartition(".")
    package, _, module = module.rpartition("/")
    found = _places(places)
    keyword, _, negated = waits.partition(":")
    return Operator(
        module=f"{_PROVIDER}.{package or 'operators'}.{module}",
        name=name,
        places=tuple(place for place in found if place.path != "*"),
        rest=next((place.keyword for place in found if place.path == "*"), None),
        waits=keyword,
        waiting=not negated,
        result=result,
        waited=waited,
        defaults=defaults or {},
        ignored=frozenset(ignored.split()),
        refused=frozenset(refused.split()),
        accepted=tuple(accepted.split()),
        start_errors=tuple(start_errors.split()),
        required=tuple(required.split()),
        differs=differs,
        delay=delay,
        attempts=attempts,
        fixed=fixed or {},
        composed=composed or {},
        when=_when(when),
        unsaid=when.endswith("?"),
        urls=_urls(urls),
        yields=_urls(yields),
    )


def sensor(
    path: str,
    places: str,
    *,
    action: str = "",
    link: str = "",
    found: str = "",
    targets: str = "",
    breaks: str = "",
    succeeded: str = "",
    broken: str | None = None,
    gone: str = "",
    vanished: str = "",
    missing: str = "",
    defaults: Mapping[str, Json] | None = None,
    ignored: str = "",
    refused: str = "",
    result: str = "null",
    poke: int = 60,
    fixed: Mapping[str, Json] | None = None,
    composed: Mapping[str, str] | None = None,
    when: str = "",
    urls: str = "",
) -> Sensor:
    """A sensor of the Amazon provider: ``glue.GlueJobSensor``."""
    module, _, name = path.rpartition(".")
    return Sensor(
        module=f"{_PROVIDER}.sensors.{module}",
        name=name,
        places=_places(places),
        action=action,
        link=link,
        found=found,
        targets=targets,
        breaks=breaks,
        succeeded=tuple(succeeded.split()),
        broken=None if broken is None else tuple(broken.split()),
        gone=tuple(gone.split()),
        vanished=vanished,
        missing=tuple(missing.split()),
        defaults=defaults or {},
        ignored=frozenset(ignored.split()),
        refused=frozenset(refused.split()),
        result=result,
        poke=poke,
        fixed=fixed or {},
        composed=composed or {},
        when=_when(when),
        unsaid=when.endswith("?"),
        urls=_urls(urls),
    )


def _places(text: str) -> tuple[Place, ...]:
    return tuple(map(_place, text.split()))


def _place(text: str) -> Place:
    shorthand = text.startswith("~")
    keyword, _, path = text.removeprefix("~").partition("=")
    path, _, form = (path or member(keyword)).partition(":")
    listed = path.endswith("[]")
    return Place(keyword, path.removesuffix("[]"), _FORMS[form or "plain"], listed, not shorthand)


def _when(text: str) -> tuple[str, str] | None:
    keyword, _, value = text.removesuffix("?").partition("=")
    return (keyword, value) if keyword else None


def _urls(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, bucket) for key, _, bucket in (pair.partition("/") for pair in text.split()))


def member(keyword: str) -> str:
    """The argument that a keyword is named after.

    >>> member("db_instance_class"), member("job_name")
    ('DbInstanceClass', 'JobName')
    """
    return "".join(word[:1].upper() + word[1:] for word in keyword.split("_"))
