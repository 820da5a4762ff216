"""Which Airflow classes stand for which service call, by name: the catalogue's, and those that it has no row for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sfn_airflow_core.asl.model import Task
from sfn_airflow_core.catalogue.forms import Inexpressible, to_task
from sfn_airflow_core.catalogue.model import Operator, Place
from sfn_airflow_core.catalogue.notation import operator
from sfn_airflow_core.catalogue.table import CLASSES
from sfn_airflow_core.interpreter.resource import parse_resource

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Call:
    """A class that calls a service: which action, with which keywords, and whether it can wait for a job."""

    action: str
    places: tuple[Place, ...] = ()
    job: bool = False


def _other(action: str, *classes: str, places: str = "", job: bool = False) -> dict[str, Call]:
    found = operator("x.X", places).places
    return {name: Call(action, found, job) for name in classes}


_OTHERS: Final[Mapping[str, Call]] = {
    **_other("lambda:invoke", "AwsLambdaInvokeFunctionOperator", places="function_name payload=Payload:json"),
    **_other("dynamodb:putItem", "DynamoDBHook"),
    **_other("http:invoke", "HttpOperator", "SimpleHttpOperator"),
    **_other("states:startExecution", "TriggerDagRunOperator"),
    **_other("codebuild:startBuild", "CodeBuildStartBuildOperator", job=True),
    **_other("elasticmapreduce:addStep", "EmrAddStepsOperator", places="job_flow_id=ClusterId", job=True),
    **_other("eks:runJob", "EksPodOperator", "KubernetesJobOperator", "KubernetesPodOperator", job=True),
    **_other("aws-sdk:glue:startCrawler", "GlueCrawlerOperator", job=True),
    **_other("sagemaker:createEndpoint", "SageMakerEndpointOperator", job=True),
}
"""Classes without a row in the catalogue."""

PYTHON: Final = ("task", "PythonOperator", "PythonVirtualenvOperator", "ExternalPythonOperator", "task.virtualenv")
WAITING: Final = ("TimeDeltaSensor", "DateTimeSensor", "TimeSensor", "wait", "TimeDeltaSensorAsync", "task.sensor")
BRANCHING: Final = ("choice", "task.branch", "BranchPythonOperator", "task.short_circuit", "ShortCircuitOperator")
EMPTY: Final = ("EmptyOperator", "DummyOperator")
APPROVING: Final = ("HITLOperator", "ApprovalOperator", "HITLBranchOperator", "HITLEntryOperator")


@cache
def calls() -> Mapping[str, tuple[Call, ...]]:
    """The calls of a class by its short name; the catalogue's rows before the others."""
    found: dict[str, list[Call]] = {}
    for qualified, rows in CLASSES.items():
        for row, given in rows:
            if isinstance(given, Operator):
                found.setdefault(qualified.rpartition(".")[2], []).append(
                    Call(row.action, given.places, bool(given.waits))
                )
    for name, call in _OTHERS.items():
        found.setdefault(name, [call])
    return {name: tuple(several) for name, several in found.items()}


def action_of(state: Task) -> str:
    """What a Task calls, as ``service:action``; a function by its ARN is ``lambda:invoke``."""
    resource = parse_resource(state.resource)
    return f"{resource.service}:{resource.action}" if resource.kind == "service" else "lambda:invoke"


def same_call(name: str, state: Task) -> bool:
    """Whether a call in Python (``glue:startJobRun``, or the method ``start_job_run``) is that of a Task."""
    action = action_of(state)
    return name == action or words(name) == words(action.rpartition(":")[2])


def keywords_of(state: Task, operator: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of an operator as arguments of a Task, nested as there; those without a place as they are."""
    call = next((call for call in calls().get(operator, ()) if call.action == action_of(state)), None)
    result: dict[str, Any] = {} if call else dict(given)
    for place in call.places if call else ():
        if place.keyword not in given:
            continue
        try:
            value = to_task(place.form, given[place.keyword])
        except Inexpressible:
            continue
        *outer, last = place.path.split(".")
        inside = result
        for part in outer:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return result


def words(text: str) -> list[str]:
    """The words of a name, in lower case, whatever its style; of a path or id the last part.

    >>> words("startJobRun"), words("staging.load_orders"), words("Load Orders")
    (['start', 'job', 'run'], ['load', 'orders'], ['load', 'orders'])
    """
    return [word.lower() for word in _WORDS.findall(text.split(".")[-1])]
