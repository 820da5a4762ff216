"""The ``Credentials`` of a Task: its calls are made in another role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .errors import StateError

_ROLE: ContextVar[str | None] = ContextVar("assumed role", default=None)


@contextmanager
def assumed_role(role_arn: str) -> Iterator[None]:
    """Within it, ``aws`` and ``invoke`` call in this role, which the Airflow connection must be able to take on.

    Raises States.TaskFailed at the first call if it cannot. Source: Step Functions Developer Guide, "Accessing
    resources in other AWS accounts".
    """
    if not isinstance(role_arn, str):
        raise TypeError("Credentials.RoleArn is not a string")
    token = _ROLE.set(role_arn)
    try:
        yield
    finally:
        _ROLE.reset(token)


def in_role(session: Any) -> Any:
    """A boto3 session as it is, or one in the role that the state assumes."""
    if (role := _ROLE.get()) is None:
        return session
    from boto3 import Session
    from botocore.exceptions import ClientError

    try:
        answer = session.client("sts").assume_role(RoleArn=role, RoleSessionName="airflow")
    except ClientError as error:
        cause = f"The role {role} is not authorized to assume the task state's role. {error}"
        raise StateError("States.TaskFailed", cause) from error
    keys = answer["Credentials"]
    return Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=session.region_name,
    )


def other_role() -> bool:
    """Whether a state assumes a role now."""
    return _ROLE.get() is not None
