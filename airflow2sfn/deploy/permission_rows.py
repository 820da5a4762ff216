"""The optimised integrations: which IAM actions each needs, on which resources.

Sources: the pages on optimised integrations in the Step Functions guide (actions of ``.sync``, the managed EventBridge
rules), the Service Authorization Reference (forms of ARNs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from airflow2sfn.deploy.arns import ANY, Arguments, Find, arn, named, one_of, queue, s3_uri, whole
from sfn_airflow_core.asl.model import Json


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions on resources; ``*`` among them where the call does not say which. ``condition`` is IAM's."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Json] = field(default_factory=dict)
    about: str = ""
    """What sets the statement apart from others of the same task, for its Sid."""

    @property
    def open(self) -> bool:
        """Whether it allows the actions on everything although they could be allowed on less."""
        return self.resources == (ANY,) and not self.condition


@dataclass(frozen=True, slots=True)
class Row:
    """One integration. ``sync`` is added where it waits, on ``sync_on`` (the same resources where empty).

    ``rule`` is the managed EventBridge rule that ``.sync`` works by. ``passes`` is the argument with a role that the
    service is given, and who may take it. ``more`` are further grants.
    """

    actions: tuple[str, ...]
    on: Find = lambda arguments: (ANY,)
    sync: tuple[str, ...] = ()
    sync_on: Find | None = None
    rule: str = ""
    passes: tuple[tuple[str, ...], str] | None = None
    more: Callable[[Arguments, bool], Iterator[Grant]] | None = None


def _everything(arguments: Arguments) -> tuple[str, ...]:
    return (ANY,)


def _athena(arguments: Arguments, waits: bool) -> Iterator[Grant]:
    database = arguments.text("QueryExecutionContext.Database")
    catalog = arguments.text("QueryExecutionContext.Catalog") or "AwsDataCatalog"
    tables = database or "*"
    yield Grant(
        ("athena:GetDataCatalog", "glue:GetDatabase", "glue:GetTable", "glue:GetPartition", "glue:GetPartitions"),
        (
            arn("athena", f"datacatalog/{catalog}"),
            arn("glue", "catalog"),
            arn("glue", f"database/{tables}"),
            arn("glue", f"table/{tables}/*"),
        ),
        about="Catalog",
    )
    place = arguments.text("ResultConfiguration.OutputLocation")
    if place:
        found = s3_uri(place)
        yield Grant(
            ("s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
            found,
            about="Results",
        )


def _http(arguments: Arguments, waits: bool) -> Iterator[Grant]:
    secret = arn("secretsmanager", "secret:events!connection/*")
    yield Grant(("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"), (secret,), about="Secret")
    condition: dict[str, Json] = {"StringLike": {"states:HTTPEndpoint": f"{arguments.prefix('ApiEndpoint')}*"}}
    yield Grant(("states:InvokeHTTPEndpoint",), (ANY,), condition, "Call")


def _execution(arguments: Arguments) -> tuple[str, ...]:
    machines = whole("StateMachineArn")(arguments)
    if machines == (ANY,) or machines[0].startswith("${"):
        return (arn("states", "execution:*"),)
    return tuple(f"{machine.replace(':stateMachine:', ':execution:')}:*" for machine in machines)


def _job(kind: str, name: str) -> Find:
    return named("sagemaker", f"{kind}/{{}}", name)


def _sagemaker(action: str, kind: str, name: str, waits: str, rule: str = "") -> Row:
    sync = (f"sagemaker:Describe{waits}", f"sagemaker:Stop{waits}", "sagemaker:ListTags") if waits else ()
    return Row(
        (f"sagemaker:{action}", "sagemaker:AddTags"),
        _job(kind, name),
        sync,
        rule=rule,
        passes=(("RoleArn", "ExecutionRoleArn"), "sagemaker.amazonaws.com"),
    )


def application(arguments: Arguments) -> tuple[str, ...]:
    """An application of EMR Serverless; all of them where its id is only known in the run."""
    return (arn("emr-serverless", f"/applications/{arguments.text('ApplicationId') or '*'}"),)


def job_runs(arguments: Arguments) -> tuple[str, ...]:
    """The jobs of an application of EMR Serverless."""
    return tuple(f"{one}/jobruns/*" for one in application(arguments))


def _tasks(arguments: Arguments) -> tuple[str, ...]:
    """The tasks of a cluster."""
    cluster = arguments.text("Cluster") or ("default" if arguments.get("Cluster") is None else "")
    if cluster.startswith("arn:"):
        return (f"{cluster.replace(':cluster/', ':task/', 1)}/*",)
    return (arn("ecs", f"task/{cluster}/*"),) if cluster else (ANY,)


BUS = named("events", "event-bus/{}", "Entries.0.EventBusName", "default")
_CLUSTER = named("elasticmapreduce", "cluster/{}", "ClusterId")
DYNAMODB = named("dynamodb", "table/{}", "TableName")
ROWS: Mapping[str, Row] = {
    "lambda:invoke": Row(("lambda:InvokeFunction",), named("lambda", "function:{}", "FunctionName")),
    "glue:startJobRun": Row(
        ("glue:StartJobRun",),
        named("glue", "job/{}", "JobName"),
        ("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
    ),
    "athena:startQueryExecution": Row(
        ("athena:StartQueryExecution",),
        named("athena", "workgroup/{}", "WorkGroup", "primary"),
        ("athena:GetQueryExecution", "athena:StopQueryExecution"),
        more=_athena,
    ),
    "athena:getQueryResults": Row(("athena:GetQueryResults",), named("athena", "workgroup/{}", "WorkGroup", "*")),
    "athena:getQueryExecution": Row(("athena:GetQueryExecution",), named("athena", "workgroup/{}", "WorkGroup", "*")),
    "athena:stopQueryExecution": Row(
        ("athena:StopQueryExecution",), named("athena", "workgroup/{}", "WorkGroup", "*")
    ),
    "sns:publish": Row(("sns:Publish",), one_of("TopicArn", "TargetArn")),
    "sqs:sendMessage": Row(("sqs:SendMessage",), queue),
    "batch:submitJob": Row(
        ("batch:SubmitJob",),
        lambda arguments: (
            *named("batch", "job-definition/{}", "JobDefinition")(arguments),
            *named("batch", "job-queue/{}", "JobQueue")(arguments),
        ),
        ("batch:DescribeJobs", "batch:TerminateJob"),
        _everything,
        "StepFunctionsGetEventsForBatchJobsRule",
    ),
    "ecs:runTask": Row(
        ("ecs:RunTask",),
        named("ecs", "task-definition/{}", "TaskDefinition"),
        ("ecs:StopTask", "ecs:DescribeTasks"),
        _tasks,
        "StepFunctionsGetEventsForECSTaskRule",
        ((), "ecs-tasks.amazonaws.com"),
    ),
    "states:startExecution": Row(
        ("states:StartExecution",),
        whole("StateMachineArn"),
        ("states:DescribeExecution", "states:StopExecution"),
        _execution,
        "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    ),
    "dynamodb:getItem": Row(("dynamodb:GetItem",), DYNAMODB),
    "dynamodb:putItem": Row(("dynamodb:PutItem",), DYNAMODB),
    "dynamodb:updateItem": Row(("dynamodb:UpdateItem",), DYNAMODB),
    "dynamodb:deleteItem": Row(("dynamodb:DeleteItem",), DYNAMODB),
    "events:putEvents": Row(("events:PutEvents",), BUS),
    "sagemaker:createTrainingJob": _sagemaker(
        "CreateTrainingJob", "training-job", "TrainingJobName", "TrainingJob",
        "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    ),
    "sagemaker:createTransformJob": _sagemaker(
        "CreateTransformJob", "transform-job", "TransformJobName", "TransformJob",
        "StepFunctionsGetEventsForSageMakerTransformJobsRule",
    ),
    "sagemaker:createProcessingJob": _sagemaker(
        "CreateProcessingJob", "processing-job", "ProcessingJobName", "ProcessingJob",
        "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    ),
    "sagemaker:createHyperParameterTuningJob": _sagemaker(
        "CreateHyperParameterTuningJob", "hyper-parameter-tuning-job", "HyperParameterTuningJobName",
        "HyperParameterTuningJob", "StepFunctionsGetEventsForSageMakerTuningJobsRule",
    ),
    "sagemaker:createModel": _sagemaker("CreateModel", "model", "ModelName", ""),
    "sagemaker:createEndpointConfig": _sagemaker(
        "CreateEndpointConfig", "endpoint-config", "EndpointConfigName", ""
    ),
    "sagemaker:createEndpoint": Row(
        ("sagemaker:CreateEndpoint", "sagemaker:AddTags"),
        lambda arguments: (
            *_job("endpoint", "EndpointName")(arguments),
            *_job("endpoint-config", "EndpointConfigName")(arguments),
        ),
    ),
    "sagemaker:updateEndpoint": Row(
        ("sagemaker:UpdateEndpoint",),
        lambda arguments: (
            *_job("endpoint", "EndpointName")(arguments),
            *_job("endpoint-config", "EndpointConfigName")(arguments),
        ),
    ),
    "elasticmapreduce:createCluster": Row(
        ("elasticmapreduce:RunJobFlow", "elasticmapreduce:AddTags"),
        sync=("elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"),
        rule="StepFunctionsGetEventsForEMRRunJobFlowRule",
        passes=(("ServiceRole", "JobFlowRole"), "elasticmapreduce.amazonaws.com"),
    ),
    "elasticmapreduce:addStep": Row(
        ("elasticmapreduce:AddJobFlowSteps",),
        named("elasticmapreduce", "cluster/{}", "ClusterId"),
        ("elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps"),
        rule="StepFunctionsGetEventsForEMRAddJobFlowStepsRule",
    ),
    "elasticmapreduce:cancelStep": Row(
        ("elasticmapreduce:CancelSteps",), named("elasticmapreduce", "cluster/{}", "ClusterId")
    ),
    "elasticmapreduce:terminateCluster": Row(
        ("elasticmapreduce:TerminateJobFlows",),
        named("elasticmapreduce", "cluster/{}", "ClusterId"),
        ("elasticmapreduce:DescribeCluster",),
        rule="StepFunctionsGetEventsForEMRTerminateJobFlowsRule",
    ),
    "emr-containers:startJobRun": Row(
        ("emr-containers:StartJobRun",),
        lambda arguments: (arn("emr-containers", f"/virtualclusters/{arguments.text('VirtualClusterId') or '*'}"),),
        ("emr-containers:DescribeJobRun", "emr-containers:CancelJobRun"),
        lambda arguments: (
            arn("emr-containers", f"/virtualclusters/{arguments.text('VirtualClusterId') or '*'}/jobruns/*"),
        ),
    ),
    "emr-serverless:createApplication": Row(
        ("emr-serverless:CreateApplication",),
        sync=("emr-serverless:GetApplication", "emr-serverless:DeleteApplication"),
        sync_on=application,
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "emr-serverless:startApplication": Row(
        ("emr-serverless:StartApplication",),
        application,
        ("emr-serverless:GetApplication", "emr-serverless:StopApplication"),
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "emr-serverless:stopApplication": Row(
        ("emr-serverless:StopApplication",),
        application,
        ("emr-serverless:GetApplication",),
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "emr-serverless:deleteApplication": Row(
        ("emr-serverless:DeleteApplication",),
        application,
        ("emr-serverless:GetApplication",),
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "emr-serverless:startJobRun": Row(
        ("emr-serverless:StartJobRun",),
        application,
        ("emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"),
        job_runs,
        "StepFunctionsGetEventsForEMRServerlessJobRule",
        (("ExecutionRoleArn",), "emr-serverless.amazonaws.com"),
    ),
    "codebuild:startBuild": Row(
        ("codebuild:StartBuild",),
        named("codebuild", "project/{}", "ProjectName"),
        ("codebuild:StopBuild", "codebuild:BatchGetBuilds"),
        rule="StepFunctionsGetEventForCodeBuildStartBuildRule",
    ),
    "codebuild:startBuildBatch": Row(
        ("codebuild:StartBuildBatch",),
        named("codebuild", "project/{}", "ProjectName"),
        ("codebuild:StopBuildBatch", "codebuild:BatchGetBuildBatches"),
        rule="StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
    ),
    "codebuild:stopBuild": Row(("codebuild:StopBuild",)),
    "codebuild:stopBuildBatch": Row(("codebuild:StopBuildBatch",)),
    "codebuild:batchDeleteBuilds": Row(("codebuild:BatchDeleteBuilds",)),
    "codebuild:batchGetReports": Row(("codebuild:BatchGetReports",)),
    "codebuild:deleteBuildBatch": Row(("codebuild:DeleteBuildBatch",)),
    "codebuild:retryBuildBatch": Row(("codebuild:RetryBuildBatch",)),
    "databrew:startJobRun": Row(
        ("databrew:StartJobRun",),
        named("databrew", "job/{}", "Name"),
        ("databrew:ListJobRuns", "databrew:StopJobRun"),
    ),
    "bedrock:invokeModel": Row(
        ("bedrock:InvokeModel",),
        lambda arguments: (
            (model,) if (model := arguments.text("ModelId") or "").startswith("arn:")
            else (f"arn:${{AWS::Partition}}:bedrock:${{AWS::Region}}::foundation-model/{model or '*'}",)
        ),
    ),
    "eks:createCluster": Row(
        ("eks:CreateCluster",), sync=("eks:DescribeCluster", "eks:DeleteCluster"),
        passes=(("RoleArn",), "eks.amazonaws.com"),
    ),
    "eks:createNodegroup": Row(
        ("eks:CreateNodegroup",), named("eks", "cluster/{}", "ClusterName"),
        ("eks:DescribeNodegroup", "eks:DeleteNodegroup"), _everything, passes=(("NodeRole",), "eks.amazonaws.com"),
    ),
    "eks:createFargateProfile": Row(
        ("eks:CreateFargateProfile",), named("eks", "cluster/{}", "ClusterName"),
        ("eks:DescribeFargateProfile", "eks:DeleteFargateProfile"), _everything,
        passes=(("PodExecutionRoleArn",), "eks.amazonaws.com"),
    ),
    "eks:deleteCluster": Row(("eks:DeleteCluster",), named("eks", "cluster/{}", "Name"), ("eks:DescribeCluster",)),
    "eks:deleteNodegroup": Row(("eks:DeleteNodegroup",), sync=("eks:DescribeNodegroup",)),
    "eks:deleteFargateProfile": Row(("eks:DeleteFargateProfile",), sync=("eks:DescribeFargateProfile",)),
    "emr-containers:createVirtualCluster": Row(("emr-containers:CreateVirtualCluster",)),
    "emr-containers:deleteVirtualCluster": Row(
        ("emr-containers:DeleteVirtualCluster",),
        lambda arguments: (arn("emr-containers", f"/virtualclusters/{arguments.text('Id') or '*'}"),),
        ("emr-containers:DescribeVirtualCluster",),
    ),
    "emr-serverless:cancelJobRun": Row(
        ("emr-serverless:CancelJobRun",),
        job_runs,
        ("emr-serverless:GetJobRun",),
        rule="StepFunctionsGetEventsForEMRServerlessJobRule",
    ),
    "elasticmapreduce:modifyInstanceFleetByName": Row(
        ("elasticmapreduce:ModifyInstanceFleet", "elasticmapreduce:ListInstanceFleets"), _CLUSTER
    ),
    "elasticmapreduce:modifyInstanceGroupByName": Row(
        ("elasticmapreduce:ModifyInstanceGroups", "elasticmapreduce:ListInstanceGroups"), _CLUSTER
    ),
    "elasticmapreduce:setClusterTerminationProtection": Row(("elasticmapreduce:SetTerminationProtection",), _CLUSTER),
    "sagemaker:createLabelingJob": _sagemaker(
        "CreateLabelingJob", "labeling-job", "LabelingJobName", "LabelingJob",
        "StepFunctionsGetEventsForSageMakerLabelingJobsRule",
    ),
    "mediaconvert:createJob": Row(
        ("mediaconvert:CreateJob",), sync=("mediaconvert:GetJob", "mediaconvert:CancelJob"),
        rule="StepFunctionsGetEventsForMediaConvertJobRule", passes=(("Role",), "mediaconvert.amazonaws.com"),
    ),
    "bedrock:createModelCustomizationJob": Row(
        ("bedrock:CreateModelCustomizationJob",),
        sync=("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"),
        passes=(("RoleArn",), "bedrock.amazonaws.com"),
    ),
    "apigateway:invoke": Row(
        ("execute-api:Invoke",),
        lambda arguments: (arn("execute-api", "*/*/*/*"),),
    ),
    "eks:runJob": Row((), _everything),
    "eks:call": Row((), _everything),
    "http:invoke": Row(
        ("events:RetrieveConnectionCredentials",),
        one_of("Authentication.ConnectionArn", "InvocationConfig.ConnectionArn"),
        more=_http,
    ),
}  # fmt: skip
"""Optimised integrations, by ``service:action``."""
