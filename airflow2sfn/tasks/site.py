"""A task that is being translated, and what its values are in the state machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import Values, constant, to_json
from airflow2sfn.rules.control import ArgumentDropped
from airflow2sfn.source import Entries, Known, Task, Value
from airflow2sfn.structure import Plan
from airflow2sfn.tasks.arguments import EVERY_TASK, NOTICED, POLLING
from airflow2sfn.tasks.calls import Call, Note, place, tries
from airflow2sfn.tasks.retries import timeout
from sfn_airflow_core.asl.model import Json

RESOURCE = "arn:aws:states:::"
_DELAYS = ("waiter_delay", "poll_interval", "check_interval", "wait_interval_seconds", "delay", "waiter_interval")
_ATTEMPTS = ("waiter_max_attempts", "max_attempts", "max_attempt", "max_polling_attempts", "max_iterations")


@dataclass(frozen=True, slots=True)
class Site:
    """A task that is being translated: where its values are found, and where findings go."""

    task: Task
    plan: Plan
    values: Values
    note: Note

    def call(self, action: str, arguments: Json, result: str = "null", accepted: tuple[str, ...] = ()) -> Call:
        """A call with the task's retries and timeout."""
        entries = tries(self.task, self.plan, self.note)
        return Call(f"{RESOURCE}{action}", arguments, result, entries, timeout(self.task), accepted=accepted)

    def json(self, value: Value) -> Json:
        """A value as JSON in which ``{% … %}`` computes. Raises Untranslatable."""
        return to_json(value, self.values)

    def text(self, value: Value) -> str:
        """A value as a JSONata expression. Raises Untranslatable."""
        return constant(self.json(value))

    def need(self, given: Mapping[str, Value], name: str) -> Json:
        """An argument that the task has to have. Raises Untranslatable."""
        if name not in given:
            raise Untranslatable(f"its argument {name} is missing")
        return self.json(given[name])

    def local(self, wish: str) -> str:
        """The name of a variable of the task's own."""
        return self.values.local(wish)

    def dropped(self, given: Mapping[str, Value], *known: str) -> None:
        """Notes the arguments that the state machine does not have."""
        names = {*known, *POLLING, *EVERY_TASK, *NOTICED}
        if left := tuple(name for name in given if name not in names):
            self.note(ArgumentDropped(at=place(self.task), task=self.task.task_id, names=left))

    def refuse(self, given: Mapping[str, Value], *names: str) -> None:
        """Raises Untranslatable where the task has one of these arguments."""
        for name in names:
            if name in given and given[name] not in (Known(False), Known([]), Known({}), Known("")):
                raise Untranslatable(f"its argument {name} has no counterpart")

    def waits(self, keyword: str, *, default: bool) -> bool:
        """Whether the operator waits for what it starts."""
        return bool(self.task.known(keyword, default)) or self.task.known("deferrable") is True

    def pace(self, delay: int, attempts: int) -> tuple[int, int]:
        """The seconds between two looks, and for how long to look."""
        interval = self._setting(_DELAYS, delay)
        return interval, interval * self._setting(_ATTEMPTS, attempts)

    def _setting(self, names: tuple[str, ...], default: int) -> int:
        known: list[Any] = [self.task.known(name) for name in names]
        return next((max(1, round(value)) for value in known if isinstance(value, int | float) and value), default)


def entries(value: Value) -> dict[str, Value] | None:
    """The values of a dictionary by key, where its keys are known."""
    match value:
        case Known(dict() as known):
            return {str(key): Known(item) for key, item in known.items()}
        case Entries(pairs) if all(isinstance(key, Known) for key, _ in pairs):
            return {str(key.value): item for key, item in pairs if isinstance(key, Known)}
        case _:
            return None
