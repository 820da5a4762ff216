"""How the rows of the table are written: what follows from an action is not said twice, lists are one string."""

from __future__ import annotations

from sfn2airflow.services.model import Describe, Operator, Pattern, Row

GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"
RR: tuple[Pattern, ...] = ("request",)
RR_TOKEN: tuple[Pattern, ...] = ("request", "token")
RR_SYNC: tuple[Pattern, ...] = ("request", "sync")


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
    operator: Operator | None = None,
) -> Row:
    """A row with what follows from its action; lists of names are written in one string."""
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
        operator=operator,
    )


def describe_by(
    action: str, arguments: str, status: str, succeeded: str, failed: str, result: str = "", containers: str = ""
) -> Describe:
    """``arguments`` as ``JobName=request.JobName RunId=result.JobRunId``."""
    pairs = tuple((name, source) for name, _, source in (pair.partition("=") for pair in arguments.split()))
    return Describe(action, pairs, status, tuple(succeeded.split()), tuple(failed.split()), result, containers)
