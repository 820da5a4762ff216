"""Values that a state machine leaves open, ``${Table}``, as Airflow Variables that are read when a task runs."""

from __future__ import annotations

import json
from typing import Any

Json = Any


class Setting:
    """The open placeholder ``${name}``: the Airflow Variable of that name, read when it is asked for.

    Nothing is read while a DAG file is parsed. ``AWS::Region``, ``AWS::Partition``, ``AWS::AccountId`` and
    ``AWS::URLSuffix`` come from the connection ``aws_default`` where no such Variable exists.
    """

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def get(self) -> str:
        """Its text. Raises StateError (States.Runtime) that names the Variable where there is none."""
        from airflow.sdk import Variable

        value = Variable.get(self.name, default=None)
        if value is None and self.name in _PSEUDO:
            value = _PSEUDO[self.name]()
        if value is None:
            from .errors import StateError

            raise StateError(
                "States.Runtime", f"Airflow Variable {self.name!r} is not set: the state machine needs a value for it"
            )
        return str(value)

    def json(self) -> Json:
        """Its value as JSON: of an unquoted ``${Seconds}``. Raises StateError (States.Runtime) if it is no JSON."""
        text = self.get()
        try:
            return json.loads(text)
        except ValueError as error:
            from .errors import StateError

            raise StateError("States.Runtime", f"Airflow Variable {self.name!r} is no JSON: {error}") from error

    def resolve(self, context: Any) -> str:
        """Its text, where an operator's argument is a Setting."""
        return self.get()

    def serialize(self) -> str:
        """The placeholder: how the argument of an operator looks in the interface of Airflow."""
        return repr(self)

    def __str__(self) -> str:
        return self.get()

    def __repr__(self) -> str:
        return "${" + self.name + "}"

    def __format__(self, spec: str) -> str:
        return format(self.get(), spec)


def _hook() -> Any:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    return AwsGenericHook("aws_default", client_type="sts")


def _region() -> str | None:
    hook = _hook()
    return hook.region_name or hook.get_session().region_name  # type: ignore[no-any-return]


def _partition() -> str:
    region = _region()
    return str(_hook().get_session().get_partition_for_region(region)) if region else "aws"


_PSEUDO: dict[str, Any] = {
    "AWS::Region": _region,
    "AWS::Partition": _partition,
    "AWS::AccountId": lambda: _hook().account_id,
    "AWS::URLSuffix": lambda: "amazonaws.com.cn" if _partition() == "aws-cn" else "amazonaws.com",
}
