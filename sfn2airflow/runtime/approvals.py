"""Callbacks that a person answers in Airflow's interface (human in the loop)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator

from .documents import DOCUMENT, STATE, DataFunction, called
from .errors import Json, StateError
from .jobs import handed_on, result_itself


def approval(
    name: str,
    outcomes: Mapping[str, Json],
    given: Any = None,
    *,
    output: Callable[[Json, Json], Json] = result_itself,
    **task_args: Any,
) -> Callable[[DataFunction], BaseOperator]:
    """A Task that tells a person and waits for the decision: under Required Actions in Airflow's interface.

    The function makes the call that tells the person. ``outcomes`` are the options, each with the result of the state.
    ``execution_timeout`` limits the wait (States.Timeout); a retry asks again. No worker is held, and neither the
    triggerer nor the token of the call is needed. ``given`` is the item, for the first state of a Map.
    """

    def decorate(function: DataFunction) -> BaseOperator:
        limit = task_args.pop("execution_timeout", None)
        about = {"task_id": function.__name__, "task_display_name": name, "doc_md": function.__doc__}
        task = ApprovalState(
            **{**STATE, **about, **task_args}, subject=name, options=list(outcomes), response_timeout=limit
        )
        task.ask, task.outcomes, task.shape, task.given = function, dict(outcomes), output, given
        return task

    return decorate


class ApprovalState(HITLOperator):
    """Makes its call, and parks the task until a person has chosen."""

    template_fields = ()
    waits_for = "approval"
    ask: DataFunction
    outcomes: dict[str, Json]
    shape: Callable[[Json, Json], Json]
    given: Any = None

    def execute(self, context: Any) -> Any:
        """Tell the person, with the state's input as the body of the question."""
        document = DOCUMENT.resolve(context)
        called(context, self.ask, document, keep=False)
        self.body = f"```json\n{json.dumps(document, indent=2, ensure_ascii=False)}\n```"
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Hand on what the choice stands for; raises States.Timeout where nobody chose in time."""
        if event.get("error_type") == "timeout":
            raise StateError("States.Timeout", "")
        told = super().execute_complete(context, event)
        (chosen,) = told["chosen_options"]
        return handed_on(context, self.shape, DOCUMENT.resolve(context), self.outcomes[chosen])
