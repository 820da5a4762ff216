"""Rows for compute and machine learning jobs."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Operator, Row, Sensor
from sfn_airflow_core.catalogue.notation import RR_SYNC, RR_TOKEN, describe_by, operator, row, sensor

_COMPUTE = (
    row(
        "connect-batch",
        "AWS Batch",
        "batch",
        "batch:submitJob",
        RR_SYNC,
        sync_iam="batch:DescribeJobs",
        describe=describe_by(
            "batch:describeJobs", "[Jobs]=result.JobId", "Jobs.0.Status", "SUCCEEDED", "FAILED", "Jobs.0"
        ),
        classes=(
            operator(
                "batch.BatchOperator",
                "job_name job_definition job_queue parameters container_overrides array_properties node_overrides"
                " ecs_properties_override eks_properties_override retry_strategy tags ~share_identifier"
                " ~scheduling_priority_override",
                waits="wait_for_completion",
                result="$states.result.JobId",
                waited="$states.result.JobId",
                required="JobName JobDefinition JobQueue",
                differs="does not set the environment variable MANAGED_BY_AWS in the container",
            ),
            sensor("batch.BatchSensor", "job_id=Jobs[]", link="job_id"),
        ),
    ),
    row(
        "connect-ecs",
        "Amazon ECS",
        "ecs",
        "ecs:runTask",
        ("request", "sync", "token"),
        iam="ecs:RunTask iam:PassRole",
        sync_iam="ecs:DescribeTasks",
        describe=describe_by(
            "ecs:describeTasks",
            "Cluster=request.Cluster [Tasks]=result.Tasks.0.TaskArn",
            "Tasks.0.LastStatus",
            "STOPPED",
            "",
            "Tasks.0",
            containers="Tasks.0",
        ),
        classes=(
            operator(
                "ecs.EcsRunTaskOperator",
                "task_definition cluster overrides launch_type capacity_provider_strategy group placement_constraints"
                " placement_strategy platform_version network_configuration propagate_tags volume_configurations"
                " ~tags=Tags:tags",
                waits="wait_for_completion",
                defaults={"launch_type": "EC2"},
                yields="launch_type/capacity_provider_strategy",
                refused="skip_on_exit_code",
                ignored="quota_retry stop_task_on_failure",
                required="TaskDefinition Cluster",
                differs="StartedBy is the task's owner",
            ),
            sensor(
                "ecs.EcsTaskStateSensor",
                "cluster task=Tasks[]",
                targets="target_state",
                succeeded="RUNNING",
                broken="STOPPED",
                breaks="failure_states",
            ),
        ),
    ),
    row(
        "connect-codebuild",
        "AWS CodeBuild",
        "codebuild",
        "codebuild:startBuild",
        RR_SYNC,
        sync_iam="codebuild:BatchGetBuilds",
        describe=describe_by(
            "codebuild:batchGetBuilds",
            "[Ids]=result.Build.Id",
            "Builds.0.BuildStatus",
            "SUCCEEDED",
            "FAILED FAULT STOPPED TIMED_OUT",
            "Build=Builds.0",
        ),
    ),
    *(
        row(
            "connect-codebuild",
            "AWS CodeBuild",
            "codebuild",
            f"codebuild:{verb}",
            RR_SYNC,
            sync_iam="codebuild:BatchGetBuildBatches",
            describe=describe_by(
                "codebuild:batchGetBuildBatches",
                "[Ids]=result.BuildBatch.Id",
                "BuildBatches.0.BuildBatchStatus",
                "SUCCEEDED",
                "FAILED FAULT STOPPED TIMED_OUT",
                "BuildBatch=BuildBatches.0",
            ),
        )
        for verb in ("startBuildBatch", "retryBuildBatch")
    ),
    *(
        row("connect-codebuild", "AWS CodeBuild", "codebuild", f"codebuild:{verb}")
        for verb in ("stopBuild", "stopBuildBatch", "batchDeleteBuilds", "batchGetReports", "deleteBuildBatch")
    ),
    row(
        "connect-mediaconvert",
        "AWS Elemental MediaConvert",
        "mediaconvert",
        "mediaconvert:createJob",
        RR_SYNC,
        iam="mediaconvert:CreateJob iam:PassRole",
        sync_iam="mediaconvert:GetJob",
        describe=describe_by("mediaconvert:getJob", "Id=result.Job.Id", "Job.Status", "COMPLETE", "ERROR CANCELED"),
    ),
)


_CHECKS = {
    "Training": "check_if_job_exists action_if_job_exists",
    "Transform": "check_if_job_exists action_if_job_exists check_if_model_exists action_if_model_exists",
    "Processing": "action_if_job_exists",
}


def _learning(kind: str, word: str) -> tuple[Operator | Sensor, ...]:
    """A SageMaker job's operator, of which the whole request is one keyword, and its sensor."""
    return (
        operator(
            f"sagemaker.SageMaker{word}Operator",
            "config=*",
            waits="wait_for_completion",
            waited=f"{{'{word}': $states.result}}",
            ignored=_CHECKS.get(word, ""),
            refused="output_files_to_xcom" if word == "Processing" else "",
        ),
        sensor(
            f"sagemaker.SageMaker{word}Sensor",
            f"job_name={kind}Name",
            broken="Failed" if word in ("Transform", "Tuning") else "Failed Stopped",
            succeeded="Completed Stopped" if word in ("Transform", "Tuning") else "",
        ),
    )


_LEARNING = (
    *(
        row("connect-sagemaker", "Amazon SageMaker AI", "sagemaker", f"sagemaker:{verb}", iam=iam, classes=classes)
        for verb, iam, classes in (
            ("createEndpoint", "", ()),
            ("createEndpointConfig", "", (operator("sagemaker.SageMakerEndpointConfigOperator", "config=*"),)),
            (
                "createModel",
                "sagemaker:CreateModel iam:PassRole",
                (operator("sagemaker.SageMakerModelOperator", "config=*"),),
            ),
            ("updateEndpoint", "", ()),
        )
    ),
    *(
        row(
            "connect-sagemaker",
            "Amazon SageMaker AI",
            "sagemaker",
            f"sagemaker:create{kind}",
            RR_SYNC,
            iam=f"sagemaker:Create{kind} sagemaker:AddTags iam:PassRole",
            sync_iam=f"sagemaker:Describe{kind}",
            describe=describe_by(
                f"sagemaker:describe{kind}",
                f"{kind}Name=request.{kind}Name",
                f"{kind}Status",
                "Completed",
                "Failed Stopped",
            ),
            classes=_learning(kind, word) if word else (),
        )
        for kind, word in (
            ("TrainingJob", "Training"),
            ("TransformJob", "Transform"),
            ("ProcessingJob", "Processing"),
            ("LabelingJob", ""),
            ("HyperParameterTuningJob", "Tuning"),
        )
    ),
    row(
        "connect-bedrock",
        "Amazon Bedrock",
        "bedrock-runtime",
        "bedrock:invokeModel",
        RR_TOKEN,
        iam="bedrock:InvokeModel",
        extra="Input Output",
        classes=(
            operator(
                "bedrock.BedrockInvokeModelOperator",
                "model_id input_data=Body content_type accept_type=Accept",
                result="$states.result.Body",
            ),
        ),
    ),
    row(
        "connect-bedrock",
        "Amazon Bedrock",
        "bedrock",
        "bedrock:createModelCustomizationJob",
        RR_SYNC,
        iam="bedrock:CreateModelCustomizationJob iam:PassRole",
        sync_iam="bedrock:GetModelCustomizationJob",
        describe=describe_by(
            "bedrock:getModelCustomizationJob",
            "JobIdentifier=result.JobArn",
            "Status",
            "Completed",
            "Failed Stopped",
        ),
        classes=(
            operator(
                "bedrock.BedrockCustomizeModelOperator",
                "job_name custom_model_name role_arn base_model_id=BaseModelIdentifier"
                " training_data_uri=TrainingDataConfig.S3Uri output_data_uri=OutputDataConfig.S3Uri"
                " hyperparameters=HyperParameters customization_job_kwargs=*",
                waits="wait_for_completion",
                result="$states.result.JobArn",
                waited="$states.result.JobArn",
                ignored="ensure_unique_job_name",
            ),
            sensor(
                "bedrock.BedrockCustomizeModelCompletedSensor",
                "job_name=JobIdentifier",
                broken="Failed Stopping Stopped",
                poke=120,
            ),
        ),
    ),
)


JOBS: tuple[Row, ...] = (*_COMPUTE, *_LEARNING)
