"""Every optimised integration of the guide, in each way that it can be called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sfn2airflow.services import Service, resolve

S = "arn:aws:states:::"
OPTIMISED = """
lambda: invoke+W | sns: publish+W | sqs: sendMessage+W | events: putEvents+W | apigateway: invoke+W | http: invoke
dynamodb: getItem putItem updateItem deleteItem | batch: submitJob+S | ecs: runTask+SW | glue: startJobRun+S
databrew: startJobRun+S | states: startExecution+S2W | mediaconvert: createJob+S
athena: startQueryExecution+S stopQueryExecution getQueryExecution getQueryResults
codebuild: startBuild+S startBuildBatch+S retryBuildBatch+S stopBuild stopBuildBatch batchDeleteBuilds batchGetReports
codebuild: deleteBuildBatch | bedrock: invokeModel+W createModelCustomizationJob+S
sagemaker: createEndpoint createEndpointConfig createModel updateEndpoint createTrainingJob+S createTransformJob+S
sagemaker: createProcessingJob+S createLabelingJob+S createHyperParameterTuningJob+S
elasticmapreduce: createCluster+S terminateCluster+S addStep+S cancelStep setClusterTerminationProtection
elasticmapreduce: modifyInstanceFleetByName modifyInstanceGroupByName
emr-containers: createVirtualCluster deleteVirtualCluster+S startJobRun+S
emr-serverless: createApplication+S startApplication+S stopApplication+S deleteApplication+S startJobRun+S
emr-serverless: cancelJobRun+S | eks: call runJob+S createCluster+S deleteCluster+S createNodegroup+S deleteNodegroup+S
eks: createFargateProfile+S deleteFargateProfile+S
"""
"""Every optimised integration of the guide (S: .sync, 2: .sync:2, W: .waitForTaskToken)."""
SUFFIXES = {"S": ".sync", "2": ".sync:2", "W": ".waitForTaskToken"}


def optimised() -> Iterator[str]:
    for group in OPTIMISED.replace("\n", "|").split("|"):
        service, _, actions = group.strip().partition(": ")
        for action, _, ways in (each.partition("+") for each in actions.split()):
            yield from (f"{service}:{action}{suffix}" for suffix in ("", *(SUFFIXES[way] for way in ways)))


@pytest.mark.parametrize("resource", optimised())
def test_every_optimised_integration_is_called_in_every_way(resource: str) -> None:
    assert isinstance(resolve(S + resource, {}), Service)


CALLBACKS = [
    ("sqs:sendMessage", "sqs:SendMessage"),
    ("sns:publish", "sns:Publish"),
    ("lambda:invoke", "lambda:InvokeFunction"),
    ("events:putEvents", "events:PutEvents"),
    ("ecs:runTask", "ecs:RunTask"),
    ("states:startExecution", "states:StartExecution"),
    ("apigateway:invoke", "execute-api:Invoke"),
    ("bedrock:invokeModel", "bedrock:InvokeModel"),
    ("aws-sdk:dynamodb:putItem", "dynamodb:PutItem"),
]


@pytest.mark.parametrize(("action", "permission"), CALLBACKS)
def test_a_callback_makes_the_same_call(action: str, permission: str) -> None:
    found = resolve(f"{S}{action}.waitForTaskToken", {})
    assert isinstance(found, Service), found
    assert (found.action, found.pattern, found.encoding) == (action, "token", "callback")
    assert permission in found.iam


def test_an_activity_is_known_by_its_arn() -> None:
    found = resolve("arn:aws:states:eu-west-1:1:activity:a", {})
    assert isinstance(found, Service)
    assert (found.encoding, found.function_arn) == ("activity", "arn:aws:states:eu-west-1:1:activity:a")
