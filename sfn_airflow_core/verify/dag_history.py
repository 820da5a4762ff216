"""What happened in one run of a DAG or of its state machine, in the same words for both sides."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from sfn_airflow_core.verify.around import MISSING

Json = Any
RETURNED: Final = "return_value"
"""The key of the XCom that a function returns."""
Instance: TypeAlias = "tuple[str, int | None]"
"""A task id, and the index of the item for a mapped task."""
End: TypeAlias = Literal["success", "failed", "skipped", "aborted"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a service: ``service:operation`` as boto3 names it, and its arguments as a state writes them."""

    action: str
    arguments: Json


@dataclass(slots=True)
class Did:
    """What one task instance did.

    ``ends`` has an entry for each try. ``given`` are the arguments of its function by name, ``returned`` what it gave
    back, both of the last try and ``MISSING`` where no function ran, ``pushed`` the other XComs that it made by their
    keys. ``calls`` are those of its operator, ``inner`` those that its function made. ``began`` and ``ended`` are
    moments that can be compared within one side.
    """

    ends: list[End] = field(default_factory=list)
    given: Json = MISSING
    returned: Json = MISSING
    pushed: dict[str, Json] = field(default_factory=dict)
    calls: list[Asked] = field(default_factory=list)
    inner: list[Asked] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0

    @property
    def end(self) -> str:
        """How it ended at last."""
        return self.ends[-1] if self.ends else "none"


@dataclass(slots=True)
class History:
    """One run: its status (``SUCCEEDED`` or ``FAILED``), what each task instance that ran did, and seconds by task.

    ``told`` counts the callbacks that were called, by their kind (``on_failure_callback``) and task.
    """

    status: str = ""
    error: str | None = None
    cause: Json = None
    did: dict[Instance, Did] = field(default_factory=dict)
    delays: Mapping[str, list[float]] = field(default_factory=dict)
    waits: Mapping[str, list[float]] = field(default_factory=dict)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, task: str, index: int | None) -> Did:
        """The notes about a task instance."""
        return self.did.setdefault((task, index), Did())


def as_json(value: Json) -> Json:
    """A Python value as it would travel: as JSON, moments as ISO texts, what JSON has not by its ``repr``."""
    return json.loads(json.dumps(value, default=_plain, allow_nan=True))


def _plain(value: Any) -> Json:
    match value:
        case datetime() | date():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case set() | frozenset():
            return sorted(value, key=repr)
        case bytes():
            return value.decode("utf-8", "replace")
        case Mapping():
            return dict(value)
        case Sequence():  # also a lazy one of XComs
            return list(value)
        case _:
            return repr(value)
