"""A fake AWS whose jobs take time and fail."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sfn_airflow_core.verify.agenda import Spent
from sfn_airflow_core.verify.aws_answers import Place


@dataclass
class Aws:
    """A fake AWS: ``answers`` by operation, each a value, an exception, or a list of them to be used in turn."""

    answers: dict[str, Any]
    failed: bool = False
    late: bool = False
    place: Any = field(default_factory=lambda: Place("", False, None))
    spent: Spent = field(default_factory=Spent)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        self.calls.append((operation, arguments))
        answer = self.answers[operation]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return json.loads(json.dumps(answer))

    def event(self, trigger: Any) -> Any:
        """What the triggerer would report of a deferred operator."""
        from airflow.sdk.exceptions import AirflowException
        from airflow.triggers.base import TriggerEvent

        if self.late:
            raise TimeoutError("late")
        made: Any = TriggerEvent
        if hasattr(trigger, "return_key"):
            if self.failed:
                return trigger._event_from_exception(AirflowException("the job failed"))
            return made({"status": "success", trigger.return_key: trigger.return_value})
        return made({**trigger.serialize()[1], "status": "success"})

    def names(self) -> dict[str, int]:
        return dict(Counter(operation for operation, _ in self.calls))
