"""How jobs are stopped, as Step Functions stops the job of a state that is aborted: best effort."""

from __future__ import annotations

import logging
from typing import Any

from .aws import aws
from .aws_jobs import at
from .errors import StateError

Json = Any

# action: (stopping action, its arguments, each with its path in what identifies the job; in brackets: a list of it)
STOPS: dict[str, tuple[str, dict[str, str]]] = {
    "athena:startQueryExecution": ("athena:stopQueryExecution", {"QueryExecutionId": "QueryExecutionId"}),
    "batch:submitJob": ("batch:terminateJob", {"JobId": "Jobs.0", "Reason": "=The task was stopped."}),
    "bedrock:createModelCustomizationJob": (
        "bedrock:stopModelCustomizationJob",
        {"JobIdentifier": "JobIdentifier"},
    ),
    "codebuild:retryBuildBatch": ("codebuild:stopBuildBatch", {"Id": "Ids.0"}),
    "codebuild:startBuild": ("codebuild:stopBuild", {"Id": "Ids.0"}),
    "codebuild:startBuildBatch": ("codebuild:stopBuildBatch", {"Id": "Ids.0"}),
    "databrew:startJobRun": ("databrew:stopJobRun", {"Name": "Name", "RunId": "RunId"}),
    "ecs:runTask": ("ecs:stopTask", {"Cluster": "Cluster", "Task": "Tasks.0"}),
    "eks:runJob": (
        "eks:suspendJob",
        {
            "ClusterName": "ClusterName",
            "CertificateAuthority": "CertificateAuthority",
            "Endpoint": "Endpoint",
            "Namespace": "Namespace",
            "Name": "Name",
        },
    ),
    "elasticmapreduce:addStep": ("elasticmapreduce:cancelStep", {"ClusterId": "ClusterId", "StepId": "StepId"}),
    "emr-containers:startJobRun": (
        "emr-containers:cancelJobRun",
        {"Id": "Id", "VirtualClusterId": "VirtualClusterId"},
    ),
    "emr-serverless:startJobRun": (
        "emr-serverless:cancelJobRun",
        {"ApplicationId": "ApplicationId", "JobRunId": "JobRunId"},
    ),
    "glue:startJobRun": ("glue:batchStopJobRun", {"JobName": "JobName", "[JobRunIds]": "RunId"}),
    "mediaconvert:createJob": ("mediaconvert:cancelJob", {"Id": "Id"}),
    "sagemaker:createHyperParameterTuningJob": (
        "sagemaker:stopHyperParameterTuningJob",
        {"HyperParameterTuningJobName": "HyperParameterTuningJobName"},
    ),
    "sagemaker:createLabelingJob": ("sagemaker:stopLabelingJob", {"LabelingJobName": "LabelingJobName"}),
    "sagemaker:createProcessingJob": ("sagemaker:stopProcessingJob", {"ProcessingJobName": "ProcessingJobName"}),
    "sagemaker:createTrainingJob": ("sagemaker:stopTrainingJob", {"TrainingJobName": "TrainingJobName"}),
    "sagemaker:createTransformJob": ("sagemaker:stopTransformJob", {"TransformJobName": "TransformJobName"}),
    "states:startExecution": ("states:stopExecution", {"ExecutionArn": "ExecutionArn"}),
}


def stop(action: str, identity: Json) -> None:
    """Stop a job (``action`` of the Task, ``identity`` as ``start`` gives it); a refusal is written to the log only."""
    if (found := STOPS.get(action.partition(".")[0])) is None:
        return
    name, arguments = found
    try:
        aws(name, **{member.strip("[]"): _value(member, path, identity) for member, path in arguments.items()})
    except StateError as refusal:  # the job goes on; the state has ended
        logging.getLogger(__name__).warning("The job of %s could not be stopped: %s", action, refusal)


def _value(member: str, path: str, identity: Json) -> Json:
    value = path[1:] if path.startswith("=") else at(identity, path)
    return [value] if member.startswith("[") else value
