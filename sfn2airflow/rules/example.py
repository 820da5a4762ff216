"""Examples of rules: the smallest machine that produces a finding, and a near miss that does not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sfn2airflow.options import Options

DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Example:
    """A definition (a JSON value, or text where the value cannot be written as JSON) and the pointer of its finding.

    ``options`` are those of the translation.
    """

    definition: Any
    at: str = ""
    options: Options = DEFAULTS

    def text(self) -> str:
        """The definition as text."""
        return self.definition if isinstance(self.definition, str) else json.dumps(self.definition, indent=2)


def machine(first: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A machine of one state, called ``Work``."""
    return {"StartAt": "Work", "States": {"Work": {**first, "End": True}}, **fields}


def lambda_task(**fields: Any) -> dict[str, Any]:
    """A Task that invokes a Lambda function."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "work", "Payload.$": "$"},
        **fields,
    }


DONE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
"""A machine inside a Parallel or Map that only succeeds."""

WORK = {"StartAt": "Step", "States": {"Step": {**lambda_task(), "End": True}}}
"""A machine inside a Parallel or Map with one Task."""
