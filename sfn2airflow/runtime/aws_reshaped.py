"""Actions whose requests and results Step Functions shapes in its own way: those of Amazon EMR.

Source: Step Functions Developer Guide, "Create and manage Amazon EMR clusters with Step Functions".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Reshaped:
    """The API's operation, and how the Task's arguments and the API's answer become each other's shape."""

    operation: str
    request: Callable[[Json], Json]
    result: Callable[[Json], Json] = lambda answer: answer


def _moved(arguments: Json, **names: str) -> Json:
    """Arguments with some renamed: ``ClusterId="JobFlowId"``."""
    return {names.get(name, name): value for name, value in arguments.items()}


def _add_step(arguments: Json) -> Json:
    rest = {name: value for name, value in arguments.items() if name != "Step"}
    return {**_moved(rest, ClusterId="JobFlowId"), "Steps": [arguments.get("Step")]}


def _cluster(answer: Json) -> Json:
    return _moved(answer, JobFlowId="ClusterId")


def _step(answer: Json) -> Json:
    return {
        **{k: v for k, v in answer.items() if k != "StepIds"},
        "StepId": next(iter(answer.get("StepIds") or []), None),
    }


def _cancelled(answer: Json) -> Json:
    told: Json = next(iter(answer.get("CancelStepsInfoList") or []), {})
    return {**{k: v for k, v in answer.items() if k != "CancelStepsInfoList"}, **told}


RESHAPED = {
    "elasticmapreduce:createCluster": Reshaped("runJobFlow", lambda arguments: arguments, _cluster),
    "elasticmapreduce:terminateCluster": Reshaped(
        "terminateJobFlows", lambda arguments: {"JobFlowIds": [arguments.get("ClusterId")]}
    ),
    "elasticmapreduce:addStep": Reshaped("addJobFlowSteps", _add_step, _step),
    "elasticmapreduce:cancelStep": Reshaped(
        "cancelSteps",
        lambda arguments: {
            **{k: v for k, v in arguments.items() if k != "StepId"},
            "StepIds": [arguments.get("StepId")],
        },
        _cancelled,
    ),
    "elasticmapreduce:setClusterTerminationProtection": Reshaped(
        "setTerminationProtection",
        lambda arguments: {
            "JobFlowIds": [arguments.get("ClusterId")],
            "TerminationProtected": arguments.get("TerminationProtected"),
        },
    ),
}
