"""The rows against the real operators: each is executed with a recorded client, and makes the call of its row."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from unittest.mock import MagicMock

import pytest
from test_catalogue import given_to, named

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue import lens
from sfn_airflow_core.catalogue.model import Operator, Row
from sfn_airflow_core.catalogue.spelling import operation, own_spelling, request
from sfn_airflow_core.catalogue.table import ROWS

APART = {
    "the same JSON, but as a text": "LambdaInvokeFunctionOperator SnsPublishOperator EventBridgePutEventsOperator"
    " StepFunctionStartExecutionOperator BedrockInvokeModelOperator",
    "the same in another form: a shorthand, an object, an empty argument, the account": "AthenaOperator"
    " S3CopyObjectOperator S3ListOperator GlacierCreateJobOperator MwaaTriggerDagRunOperator"
    " QuickSightCreateIngestionOperator EcsRunTaskOperator SesEmailOperator",
    "it looks first, and the recorded answers make it do something else": "SageMakerTrainingOperator"
    " SageMakerTransformOperator SageMakerProcessingOperator SageMakerTuningOperator S3CreateBucketOperator"
    " S3CreateObjectOperator EmrServerlessDeleteApplicationOperator EmrServerlessStartJobOperator"
    " RedshiftCreateClusterSnapshotOperator DmsDeleteReplicationConfigOperator DmsModifyTaskOperator"
    " EC2HibernateInstanceOperator",
    "it does not take all its keywords at once": "RedshiftDataOperator DmsStartReplicationOperator"
    " EventBridgePutRuleOperator GlueDataQualityOperator DynamoDBToS3Operator LambdaCreateFunctionOperator",
    "its module needs a provider that is not installed": "EksCreateClusterOperator EksDeleteClusterOperator"
    " EksCreateNodegroupOperator EksDeleteNodegroupOperator EksCreateFargateProfileOperator"
    " EksDeleteFargateProfileOperator",
    "it needs an answer with numbers": "EmrModifyClusterOperator",
}
"""Operators whose call cannot be compared with what the row makes of generated values, and why."""
CASES = [
    (row, one)
    for row in ROWS
    for one in row.operators
    if row.operation or row.sdk
    if not row.arguments  # Step Functions has a request of its own for these
    if one.name not in " ".join(APART.values()).split()
]


@pytest.fixture(scope="module", autouse=True)
def airflow() -> Iterator[None]:
    if find_spec("airflow") is None:
        pytest.skip("needs the extra 'airflow'")
    from sfn_airflow_core.verify.airflow_process import open_airflow

    with open_airflow():
        yield


def answer(shape: Any, depth: int = 0) -> Any:
    """An answer of a service with something in every member, and no further page."""
    match getattr(shape, "type_name", ""):
        case "structure":
            names = [n for n in shape.members if not n.lower().endswith(("token", "marker"))] if depth < 5 else []
            return {name: answer(shape.members[name], depth + 1) for name in names}
        case "list":
            return [answer(shape.member, depth + 1)]
        case "map":
            return {}
        case "integer" | "long" | "float" | "double":
            return 1
        case "boolean":
            return False
        case "timestamp":
            return datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        case "blob":
            return MagicMock(read=lambda: b"{}")
        case _:
            return "told"


class Made(BaseException):
    """The call has been made; nothing after it is of interest."""


def never(seconds: float) -> None:
    """Stands for waiting, which no operator needs before its call."""
    raise AssertionError(f"it waits for {seconds} s")


def call_of(one: Operator, wanted: str, given: dict[str, Json]) -> Any:
    """The arguments with which a real operator makes a call."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def record(self: Any, operation: str, params: dict[str, Any]) -> Any:
        calls.append((operation, params))
        assert len(calls) < 20, calls
        if operation == wanted:
            raise Made
        shape = self.meta.service_model.operation_model(operation).output_shape
        return {**answer(shape), "ResponseMetadata": {"HTTPStatusCode": 200}}

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "x")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        patch.setattr("time.sleep", never)
        patch.setattr("botocore.client.BaseClient._make_api_call", record)
        keywords: dict[str, Any] = dict(given)
        if one.when is not None:
            keywords.setdefault(one.when[0], {"True": True, "False": False}.get(one.when[1], one.when[1]))
        task = getattr(import_module(one.module), one.name)(task_id="t", aws_conn_id=None, **keywords)
        with pytest.raises(Made):
            task.execute({"ti": MagicMock(), "task_instance": MagicMock(), "run_id": "r", "dag_run": MagicMock()})
    return calls[-1][1]


@pytest.mark.parametrize(("row", "one"), CASES, ids=named)
def test_the_operator_makes_the_call_of_its_row(row: Row, one: Operator) -> None:
    shape, spell = request(row.action, row)
    assert shape is not None
    wanted = operation(row.action).name if row.sdk else row.operation
    given = given_to(row, one) | ({one.when[0]: one.when[1]} if one.when and places(one, one.when[0]) else {})
    arguments = lens.arguments(row, one, {**dict(one.defaults), **given})
    assert call_of(one, wanted, given) == own_spelling(arguments, shape, spell)


def places(one: Operator, keyword: str) -> bool:
    return any(place.keyword == keyword for place in one.places)
