"""What a service answers where nothing is said about it: what botocore says that it can, jobs as having ended well."""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from typing import Any, Final

from sfn_airflow_core.catalogue.table import ROWS
from sfn_airflow_core.verify.calls import action_of
from sfn_airflow_core.verify.shapes import output_shape

Json = Any
_DEEPEST: Final = 4
_MOMENT: Final = "2026-01-01T00:00:00Z"
_PAGES: Final = re.compile(r"(?i)token|marker|truncated|hasmore|moreresults|lastevaluated|unprocessed|error|fail")
"""Members without which there is no further page, and nothing went wrong."""
_RENAMED: Final = {"elasticmapreduce:createCluster": ("JobFlowId", "ClusterId")}
"""What the optimised integration of Amazon EMR calls otherwise (Developer Guide)."""


def plain_answer(resource: str) -> dict[str, Json]:
    """An answer of the service behind a Task's Resource; empty where botocore does not know it.

    >>> plain_answer("arn:aws:states:::aws-sdk:emr:addJobFlowSteps")
    {'StepIds': ['StepIds-1']}
    """
    return copy.deepcopy(_answer(resource))


def plain_part(shape: Any) -> Json:
    """A structure inside of an answer, without what is deep in it."""
    return _filled(shape, "", _DEEPEST - 1)


@lru_cache(maxsize=512)
def _answer(resource: str) -> dict[str, Json]:
    shape = output_shape(action_of(resource))
    made = {} if shape is None else _filled(shape, "", 0)
    assert isinstance(made, dict)
    if renamed := next((names for tail, names in _RENAMED.items() if resource.endswith(tail)), None):
        made = {renamed[1] if key == renamed[0] else key: value for key, value in made.items()}
    if (told := _described().get(action_of(resource))) is not None:
        path, value = told
        _put(made, path.split("."), value)
    return made


def _filled(shape: Any, name: str, depth: int) -> Json:
    match shape.type_name:
        case "structure" if depth < _DEEPEST:
            members = {key: part for key, part in shape.members.items() if not _PAGES.search(key)}
            made = {_spelled(key): _filled(part, _spelled(key), depth + 1) for key, part in members.items()}
            return {key: value for key, value in made.items() if value is not None}
        case "list" if depth < _DEEPEST:
            element = _filled(shape.member, name, depth + 1)
            return [] if element is None else [element]
        case "string":
            place = f"s3://bucket/{name}" if name.endswith(("Uri", "URI")) else f"{name}-1"
            return next(iter(getattr(shape, "enum", None) or ()), place)
        case "integer" | "long":
            return 1
        case "float" | "double":
            return 1.0
        case "boolean":
            return False
        case "timestamp":
            return _MOMENT
        case _:  # maps have no members of their own, contents are nobody's guess
            return None


def _spelled(name: str) -> str:
    """As Step Functions spells a member."""
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=1)
def _described() -> dict[str, tuple[str, str]]:
    """By describing action: where the description of a job says how it is, and one way in which it says "well"."""
    found: dict[str, tuple[str, str]] = {}
    for row in ROWS:
        told = row.describe
        if told is not None and told.status and not told.status.startswith("(") and told.succeeded:
            found.setdefault(action_of(f"arn:aws:states:::{told.action}"), (told.status, told.succeeded[0]))
    return found


def _put(made: Json, path: list[str], value: Json) -> None:
    """A value at a path, as far as the answer has it."""
    key: Any = int(path[0]) if path[0].isdigit() else path[0]
    if isinstance(made, dict) or (isinstance(made, list) and isinstance(key, int) and key < len(made)):
        if len(path) == 1:
            made[key] = value
            return
        below = made.setdefault(key, {}) if isinstance(made, dict) else made[key]
        _put(below, path[1:], value)
