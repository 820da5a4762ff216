"""What services answer where nothing is said: as botocore's models have it, with jobs that have ended well."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_airflow_core.catalogue.table import ROWS
from sfn_airflow_core.verify.plain_answers import plain_answer

pytest.importorskip("botocore", reason="the models of services are botocore's")


def answer(action: str) -> Any:
    return plain_answer(f"arn:aws:states:::{action}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.action)
def test_every_action_of_the_catalogue_is_answered(row: Any) -> None:
    found = answer(row.action)
    assert not [name for name in found if "Token" in name or "Marker" in name]


def test_a_job_that_is_described_has_ended_well() -> None:
    assert answer("aws-sdk:emr:describeStep")["Step"]["Status"]["State"] == "COMPLETED"
    assert answer("aws-sdk:redshift:describeClusters")["Clusters"][0]["ClusterStatus"] == "available"


def test_the_optimised_integration_has_names_of_its_own() -> None:
    assert answer("elasticmapreduce:createCluster")["ClusterId"]
    assert "JobFlowId" in answer("aws-sdk:emr:runJobFlow")


def test_what_is_not_known_is_answered_by_nothing() -> None:
    assert answer("aws-sdk:nothing:doIt") == {}


def test_nobody_changes_the_answer_of_others() -> None:
    answer("aws-sdk:emr:describeStep")["Step"].clear()
    assert answer("aws-sdk:emr:describeStep")["Step"]
