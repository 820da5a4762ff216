"""Jobs of services: how each is stopped, in whose role, and EMR's instances by their names."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from sfn2airflow.services import OPTIMISED
from sfn_airflow_core.catalogue import aws_sdk

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")


def stops() -> list[str]:
    if find_spec("airflow") is None:
        return []
    from sfn2airflow.runtime.aws_stops import STOPS

    return sorted(STOPS)


@pytest.mark.parametrize("action", stops())
def test_a_job_is_stopped_by_a_call_that_exists(action: str) -> None:
    """With what identifies the job, and with every argument that the service asks for."""
    from sfn2airflow.runtime.aws import client_name
    from sfn2airflow.runtime.aws_job_table import JOBS
    from sfn2airflow.runtime.aws_reshaped import RESHAPED
    from sfn2airflow.runtime.aws_stops import STOPS

    stopping, arguments = STOPS[action]
    known = {member.strip("[]") for member in JOBS[action][1]}
    assert {path.partition(".")[0] for path in arguments.values() if not path.startswith("=")} <= known
    assert "sync" in next(row for row in OPTIMISED if row.action == action).patterns
    if stopping in RESHAPED or stopping == "eks:suspendJob":  # a request to Kubernetes
        return
    client = client_name(stopping)
    operation = aws_sdk.operation_of(client, stopping.partition(":")[2])
    assert operation is not None
    shape = aws_sdk.model(client).operation_model(operation).input_shape
    given = {member.strip("[]").lower() for member in arguments}
    assert given <= {member.lower() for member in shape.members}
    assert {member.lower() for member in shape.required_members} <= given


def test_a_job_that_cannot_be_stopped_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sfn2airflow.runtime import StateError, aws_stops

    def refuse(action: str, **arguments: Any) -> Any:
        raise StateError("Batch.ClientException", f"{action} {arguments}")

    monkeypatch.setattr(aws_stops, "aws", refuse)
    with caplog.at_level(logging.WARNING):
        aws_stops.stop("batch:submitJob.sync", {"Jobs": ["j-1"]})
    assert "batch:terminateJob {'JobId': 'j-1', 'Reason': 'The task was stopped.'}" in caplog.text


def test_a_job_without_a_way_to_stop_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from sfn2airflow.runtime import aws_stops

    monkeypatch.setattr(aws_stops, "aws", lambda *_, **__: pytest.fail("nothing is called"))
    aws_stops.stop("eks:createCluster.sync", {"Name": "c"})


def test_a_task_that_is_killed_stops_its_job_in_its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    from sfn2airflow.runtime import jobs

    seen: list[Any] = []
    monkeypatch.setattr(jobs, "assumed_role", lambda role: seen.append(role) or nullcontext())
    monkeypatch.setattr(jobs, "stop", lambda *job: seen.append(job))
    sensor: Any = jobs.job("glue:startJobRun.sync", "Work", task_id="work", arguments={"JobName": "w"})
    sensor.on_kill()
    assert seen == [], "no job runs yet"
    sensor.running = ("arn:aws:iam::1:role/r", {"JobName": "w", "RunId": "jr"})
    sensor.on_kill()
    assert seen == ["arn:aws:iam::1:role/r", ("glue:startJobRun.sync", {"JobName": "w", "RunId": "jr"})]


PAGES: dict[str, list[Any]] = {
    "elasticmapreduce:listInstanceFleets": [
        {"InstanceFleets": [{"Id": "if-1", "Name": "core"}], "Marker": "m"},
        {"InstanceFleets": [{"Id": "if-2", "Name": "spare"}]},
    ],
    "elasticmapreduce:listInstanceGroups": [{"InstanceGroups": [{"Id": "ig-1", "Name": "spare"}]}],
}


@pytest.mark.parametrize(
    ("kind", "changes", "sent"),
    [
        ("Fleet", {"TargetSpotCapacity": 2}, ("modifyInstanceFleet", {"InstanceFleet": {"InstanceFleetId": "if-2"}})),
        ("Group", {"InstanceCount": 2}, ("modifyInstanceGroups", {"InstanceGroups": [{"InstanceGroupId": "ig-1"}]})),
    ],
)
def test_instances_are_changed_by_their_names(
    kind: str, changes: dict[str, Any], sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sfn2airflow.runtime import StateError, aws

    calls: list[Any] = []
    left = {action: list(pages) for action, pages in PAGES.items()}

    def call(action: str, arguments: Any, **_: Any) -> Any:
        calls.append((action, arguments))
        return left[action].pop(0) if action in left else {}

    monkeypatch.setattr(import_module("sfn2airflow.runtime.aws"), "call", call)
    given = {"ClusterId": "j", f"Instance{kind}Name": "spare", f"Instance{kind}": changes}
    aws(f"elasticmapreduce:modifyInstance{kind}ByName", **given)
    action, arguments = calls[-1]
    (member, held) = next(iter(sent[1].items()))
    wanted = [{**held[0], **changes}] if isinstance(held, list) else {**held, **changes}
    assert (action, arguments) == (f"elasticmapreduce:{sent[0]}", {"ClusterId": "j", member: wanted})
    left.update({action: [{}] for action in left})
    with pytest.raises(StateError, match="no Instance"):
        aws(f"elasticmapreduce:modifyInstance{kind}ByName", **given)
