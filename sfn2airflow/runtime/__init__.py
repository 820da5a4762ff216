"""What a translated DAG imports: the parts of the Amazon States Language that Airflow has not.

``convert`` copies this package beside the DAGs as ``asl_runtime``; with ``--runtime package`` it is imported from here.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from .aws import aws, invoke
from .catches import Catcher, catch
from .context import context_object
from .documents import DOCUMENT, STATE, as_document, choice, state
from .errors import Retrier, StateError, data_errors, no_match, record_error, retry
from .groups import concurrency, group, outcome, results
from .settings import Setting
from .variables import assigned

_ON_DEMAND = (
    "data",
    "intrinsics",
    "query_values",
    "query_data",
    "query_engine",
    "waits",
    "children",
    "loops",
    "iterations",
    "items",
    "maps",
    "map_runs",
    "map_results",
    "jobs",
    "callbacks",
    "approvals",
    "http",
    "operators",
    "roles",
    "stubs",
)

__all__ = [
    "DOCUMENT",
    "STATE",
    "Catcher",
    "Retrier",
    "Setting",
    "StateError",
    "as_document",
    "assigned",
    "aws",
    "catch",
    "choice",
    "concurrency",
    "context_object",
    "data_errors",
    "group",
    "invoke",
    "no_match",
    "outcome",
    "record_error",
    "results",
    "retry",
    "state",
]


def __getattr__(name: str) -> Any:
    """Names of the modules that not every DAG needs, imported when asked for."""
    if not name.startswith("_"):
        for room in _ON_DEMAND:
            module = import_module(f"{__name__}.{room}")
            found = vars(module).get(name, module)
            own = getattr(found, "__module__", module.__name__) == module.__name__
            if own and not isinstance(found, ModuleType):
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
