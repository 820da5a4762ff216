"""The table of optimised integrations: one row for each action that Step Functions offers besides the AWS SDK integrations.

Both directions can be read off it. Names are botocore's (a test checks each against its service models); how jobs end is
what the services' API references say of their statuses. Errors, results and headers: see ``sfn2airflow/runtime/aws.py``.
"""

from __future__ import annotations

from sfn2airflow.services import operators
from sfn2airflow.services.model import Describe, Operator, Pattern, Row

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"
_RR: tuple[Pattern, ...] = ("request",)
_RR_TOKEN: tuple[Pattern, ...] = ("request", "token")
_RR_SYNC: tuple[Pattern, ...] = ("request", "sync")


def _row(
    page: str,
    title: str,
    client: str,
    action: str,
    patterns: tuple[Pattern, ...] = _RR,
    *,
    operation: str | None = None,
    iam: str = "",
    sync_iam: str = "",
    arguments: str = "",
    extra: str = "",
    describe: Describe | None = None,
    operator: Operator | None = None,
) -> Row:
    """A row with what follows from its action; lists of names are written in one string."""
    verb = action.partition(":")[2]
    name = verb[0].upper() + verb[1:] if operation is None else operation
    return Row(
        action=action,
        title=title,
        client=client,
        operation=name,
        patterns=patterns,
        iam=tuple(iam.split()) or (f"{client}:{name}",),
        sync_iam=tuple(sync_iam.split()),
        sources=(f"{_GUIDE}/{page}.html",),
        arguments=tuple(arguments.split()),
        extra=tuple(extra.split()),
        describe=describe,
        operator=operator,
    )


def _describe(action: str, arguments: str, status: str, succeeded: str, failed: str, result: str = "") -> Describe:
    """``arguments`` as ``JobName=request.JobName RunId=result.JobRunId``."""
    pairs = tuple((name, source) for name, _, source in (pair.partition("=") for pair in arguments.split()))
    return Describe(action, pairs, status, tuple(succeeded.split()), tuple(failed.split()), result)


def _dynamodb(verb: str) -> Row:
    return _row("connect-ddb", "Amazon DynamoDB", "dynamodb", f"dynamodb:{verb}")


_EXECUTION = _describe(
    "states:describeExecution", "ExecutionArn=result.ExecutionArn", "Status", "SUCCEEDED", "FAILED TIMED_OUT ABORTED"
)

_CORE = (
    _row("connect-lambda", "AWS Lambda", "lambda", "lambda:invoke", _RR_TOKEN, iam="lambda:InvokeFunction"),
    _row("connect-sns", "Amazon SNS", "sns", "sns:publish", _RR_TOKEN),
    _row("connect-sqs", "Amazon SQS", "sqs", "sqs:sendMessage", _RR_TOKEN),
    *map(_dynamodb, ("getItem", "putItem", "updateItem", "deleteItem")),
    _row("connect-eventbridge", "Amazon EventBridge", "events", "events:putEvents", _RR_TOKEN),
    _row(
        "connect-stepfunctions",
        "AWS Step Functions",
        "stepfunctions",
        "states:startExecution",
        ("request", "sync", "sync:2", "token"),
        iam="states:StartExecution",
        sync_iam="states:DescribeExecution",
        describe=_EXECUTION,
        operator=operators.STEP_FUNCTIONS,
    ),
    _row(
        "connect-api-gateway",
        "Amazon API Gateway",
        "apigateway",
        "apigateway:invoke",
        _RR_TOKEN,
        operation="",
        iam="execute-api:Invoke",
        arguments="ApiEndpoint Method Stage Path Headers QueryParameters RequestBody AuthType AllowNullValues",
    ),
)

_DATA = (
    _row(
        "connect-glue",
        "AWS Glue",
        "glue",
        "glue:startJobRun",
        _RR_SYNC,
        sync_iam="glue:GetJob glue:GetJobRun",
        describe=_describe(
            "glue:getJobRun",
            "JobName=request.JobName RunId=result.JobRunId",
            "JobRun.JobRunState",
            "SUCCEEDED",
            "FAILED STOPPED TIMEOUT ERROR EXPIRED",
            "JobRun",
        ),
        operator=operators.GLUE,
    ),
    _row(
        "connect-athena",
        "Amazon Athena",
        "athena",
        "athena:startQueryExecution",
        _RR_SYNC,
        sync_iam="athena:GetQueryExecution",
        describe=_describe(
            "athena:getQueryExecution",
            "QueryExecutionId=result.QueryExecutionId",
            "QueryExecution.Status.State",
            "SUCCEEDED",
            "FAILED CANCELLED",
        ),
        operator=operators.ATHENA,
    ),
    *(
        _row("connect-athena", "Amazon Athena", "athena", f"athena:{verb}")
        for verb in ("stopQueryExecution", "getQueryExecution", "getQueryResults")
    ),
    _row(
        "connect-databrew",
        "AWS Glue DataBrew",
        "databrew",
        "databrew:startJobRun",
        _RR_SYNC,
        sync_iam="databrew:DescribeJobRun",
        describe=_describe(
            "databrew:describeJobRun",
            "Name=request.Name RunId=result.RunId",
            "State",
            "SUCCEEDED",
            "FAILED STOPPED TIMEOUT",
        ),
    ),
)

_COMPUTE = (
    _row(
        "connect-batch",
        "AWS Batch",
        "batch",
        "batch:submitJob",
        _RR_SYNC,
        sync_iam="batch:DescribeJobs",
        describe=_describe(
            "batch:describeJobs", "[Jobs]=result.JobId", "Jobs.0.Status", "SUCCEEDED", "FAILED", "Jobs.0"
        ),
        operator=operators.BATCH,
    ),
    _row(
        "connect-ecs",
        "Amazon ECS",
        "ecs",
        "ecs:runTask",
        ("request", "sync", "token"),
        iam="ecs:RunTask iam:PassRole",
        sync_iam="ecs:DescribeTasks",
        describe=_describe(
            "ecs:describeTasks",
            "Cluster=request.Cluster [Tasks]=result.Tasks.0.TaskArn",
            "Tasks.0.LastStatus",
            "STOPPED",
            "",
            "Tasks.0",
        ),
        operator=operators.ECS,
    ),
    _row(
        "connect-codebuild",
        "AWS CodeBuild",
        "codebuild",
        "codebuild:startBuild",
        _RR_SYNC,
        sync_iam="codebuild:BatchGetBuilds",
        describe=_describe(
            "codebuild:batchGetBuilds",
            "[Ids]=result.Build.Id",
            "Builds.0.BuildStatus",
            "SUCCEEDED",
            "FAILED FAULT STOPPED TIMED_OUT",
            "Build=Builds.0",
        ),
    ),
    *(
        _row(
            "connect-codebuild",
            "AWS CodeBuild",
            "codebuild",
            f"codebuild:{verb}",
            _RR_SYNC,
            sync_iam="codebuild:BatchGetBuildBatches",
            describe=_describe(
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
        _row("connect-codebuild", "AWS CodeBuild", "codebuild", f"codebuild:{verb}")
        for verb in ("stopBuild", "stopBuildBatch", "batchDeleteBuilds", "batchGetReports", "deleteBuildBatch")
    ),
    _row(
        "connect-mediaconvert",
        "AWS Elemental MediaConvert",
        "mediaconvert",
        "mediaconvert:createJob",
        _RR_SYNC,
        iam="mediaconvert:CreateJob iam:PassRole",
        sync_iam="mediaconvert:GetJob",
        describe=_describe("mediaconvert:getJob", "Id=result.Job.Id", "Job.Status", "COMPLETE", "ERROR CANCELED"),
    ),
)

_LEARNING = (
    *(
        _row("connect-sagemaker", "Amazon SageMaker AI", "sagemaker", f"sagemaker:{verb}", iam=iam)
        for verb, iam in (
            ("createEndpoint", ""),
            ("createEndpointConfig", ""),
            ("createModel", "sagemaker:CreateModel iam:PassRole"),
            ("updateEndpoint", ""),
        )
    ),
    *(
        _row(
            "connect-sagemaker",
            "Amazon SageMaker AI",
            "sagemaker",
            f"sagemaker:create{kind}",
            _RR_SYNC,
            iam=f"sagemaker:Create{kind} sagemaker:AddTags iam:PassRole",
            sync_iam=f"sagemaker:Describe{kind}",
            describe=_describe(
                f"sagemaker:describe{kind}", f"{name}=request.{name}", status, "Completed", "Failed Stopped"
            ),
        )
        for kind, name, status in (
            ("TrainingJob", "TrainingJobName", "TrainingJobStatus"),
            ("TransformJob", "TransformJobName", "TransformJobStatus"),
            ("ProcessingJob", "ProcessingJobName", "ProcessingJobStatus"),
            ("LabelingJob", "LabelingJobName", "LabelingJobStatus"),
            ("HyperParameterTuningJob", "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"),
        )
    ),
    _row(
        "connect-bedrock",
        "Amazon Bedrock",
        "bedrock-runtime",
        "bedrock:invokeModel",
        _RR_TOKEN,
        iam="bedrock:InvokeModel",
        extra="Input Output",
    ),
    _row(
        "connect-bedrock",
        "Amazon Bedrock",
        "bedrock",
        "bedrock:createModelCustomizationJob",
        _RR_SYNC,
        iam="bedrock:CreateModelCustomizationJob iam:PassRole",
        sync_iam="bedrock:GetModelCustomizationJob",
        describe=_describe(
            "bedrock:getModelCustomizationJob",
            "JobIdentifier=result.JobArn",
            "Status",
            "Completed",
            "Failed Stopped",
        ),
    ),
)

ROWS: tuple[Row, ...] = (*_CORE, *_DATA, *_COMPUTE, *_LEARNING)

ERROR_PREFIXES: dict[str, str] = {
    "lambda": "Lambda",
    "sns": "SNS",
    "sqs": "SQS",
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "states": "StepFunctions",
    "apigateway": "ApiGateway",
    "glue": "Glue",
    "athena": "Athena",
    "databrew": "DataBrew",
    "batch": "Batch",
    "ecs": "ECS",
    "codebuild": "CodeBuild",
    "mediaconvert": "MediaConvert",
    "sagemaker": "SageMaker",
    "bedrock": "Bedrock",
    "elasticmapreduce": "ElasticMapReduce",
    "emr-containers": "EMRContainers",
    "emr-serverless": "EMRServerless",
    "eks": "EKS",
}
"""What the errors of an optimised integration start with (recorded: the first seven; the rest by the same pattern)."""
