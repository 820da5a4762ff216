"""The params of a DAG as Airflow has them: copies, what their schemas allow, and values for those that have none."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any, Final

Json = Any
_SAMPLES: Final[tuple[Json, ...]] = (
    "text", "a text of this length", 1, 1.5, True, ["a", "b"], {}, "2026-03-05", "2026-03-05T04:30:00+00:00",
    "04:30:00",
)  # fmt: skip


def same_params(params: Any) -> Any:
    """A copy of params that a run does not change; one without a value stays one."""
    from airflow.sdk.definitions._internal.types import NOTSET

    return copy.deepcopy(params, {id(NOTSET): NOTSET})


def accepted(param: Any, value: Json) -> bool:
    """Whether a param of Airflow's may have a value; what it has stays as it is."""
    from airflow.sdk.exceptions import ParamValidationError

    with suppress(ParamValidationError):
        copy.copy(param).resolve(value)
        return True
    return False


def missing_params(params: Any) -> dict[str, Json]:
    """Values for those params of a DAG that have no valid default, so that it does not run without them."""
    found: dict[str, Json] = {}
    for name in params:
        param = params.get_param(name)
        schema = param.schema if isinstance(param.schema, dict) else {}
        if param.has_value and accepted(param, param.value):
            continue
        own = [*schema.get("enum", ()), *schema.get("examples", ()), schema.get("minimum")]
        fits = [value for value in (*own, *_SAMPLES) if value is not None and accepted(param, value)]
        found |= {name: fits[0]} if fits else {}
    return found
