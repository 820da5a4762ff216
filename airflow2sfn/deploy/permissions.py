"""Which IAM actions calls need: tasks of a definition, and calls in the code of functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from airflow2sfn.deploy.arns import ANY, Arguments, Find, arn, bucket, named, one_of, queue, s3_object, s3_uri
from airflow2sfn.deploy.permission_rows import BUS, DYNAMODB, ROWS, Grant, application, job_runs
from sfn_airflow_core.asl.model import Json

_EVENTS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
_RESOURCES: Mapping[str, Find] = {
    "dynamodb": DYNAMODB,
    "sns": one_of("TopicArn", "TargetArn"),
    "sqs": queue,
    "lambda": named("lambda", "function:{}", "FunctionName"),
    "secretsmanager": named("secretsmanager", "secret:{}-??????", "SecretId"),
    "ssm": lambda arguments: tuple(
        one.replace("parameter//", "parameter/") for one in named("ssm", "parameter/{}", "Name")(arguments)
    ),
    "stepfunctions": one_of("StateMachineArn", "ExecutionArn"),
    "kinesis": named("kinesis", "stream/{}", "StreamName"),
    "firehose": named("firehose", "deliverystream/{}", "DeliveryStreamName"),
}
"""What the calls of a service are about, by boto3's name of it."""


def _table(arguments: Arguments) -> tuple[str, ...]:
    """A table of the data catalog, with what it is in."""
    database, table = (arguments.text(name) or "*" for name in ("DatabaseName", "TableName"))
    return (arn("glue", "catalog"), arn("glue", f"database/{database}"), arn("glue", f"table/{database}/{table}"))


_ON_RESOURCES: Mapping[tuple[str, str], Find] = {
    ("glue", "StartCrawler"): named("glue", "crawler/{}", "Name"),
    ("glue", "GetCrawler"): named("glue", "crawler/{}", "Name"),
    ("glue", "StopCrawler"): named("glue", "crawler/{}", "Name"),
    ("glue", "StartJobRun"): named("glue", "job/{}", "JobName"),
    ("glue", "GetJobRun"): named("glue", "job/{}", "JobName"),
    ("athena", "StartQueryExecution"): named("athena", "workgroup/{}", "WorkGroup", "primary"),
    ("athena", "GetQueryExecution"): named("athena", "workgroup/{}", "WorkGroup", "*"),
    ("athena", "GetQueryResults"): named("athena", "workgroup/{}", "WorkGroup", "*"),
    ("events", "PutEvents"): BUS,
    ("glue", "GetPartitions"): _table,
    ("emr-serverless", "GetApplication"): application,
    ("emr-serverless", "GetJobRun"): job_runs,
    ("emr-serverless", "CancelJobRun"): job_runs,
    ("redshift-data", "ExecuteStatement"): named("redshift", "cluster:{}", "ClusterIdentifier"),
    ("redshift", "PauseCluster"): named("redshift", "cluster:{}", "ClusterIdentifier"),
    ("redshift", "ResumeCluster"): named("redshift", "cluster:{}", "ClusterIdentifier"),
}
"""What single calls are about."""
_NO_RESOURCE = frozenset(
    {
        "batch:DescribeJobs", "batch:TerminateJob", "redshift-data:DescribeStatement", "sagemaker:ListTags",
        "redshift-data:GetStatementResult", "redshift:DescribeClusters", "ecs:DescribeTasks",
        "cloudwatch:PutMetricData",
        "s3:ListAllMyBuckets", "sts:GetCallerIdentity", "comprehend:DetectSentiment", "translate:TranslateText",
        "rekognition:DetectLabels", "textract:DetectDocumentText", "ec2:DescribeInstances", "ssm:DescribeParameters",
        "elasticmapreduce:RunJobFlow", "elasticmapreduce:AddTags", "emr-serverless:CreateApplication",
    }
)  # fmt: skip
"""Actions that can only be allowed on everything."""


_MEMBERS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "rds": (
        ("DBSnapshotIdentifier", "rds", "snapshot:{}"),
        ("DbSnapshotIdentifier", "rds", "snapshot:{}"),
        ("DBInstanceIdentifier", "rds", "db:{}"),
        ("DbInstanceIdentifier", "rds", "db:{}"),
    ),
    "redshift": (("ClusterIdentifier", "redshift", "cluster:{}"),),
    "emr": (("ClusterId", "elasticmapreduce", "cluster/{}"), ("JobFlowId", "elasticmapreduce", "cluster/{}")),
    "emr-serverless": (("ApplicationId", "emr-serverless", "/applications/{}"),),
    "ecs": (("TaskDefinition", "ecs", "task-definition/{}"), ("Cluster", "ecs", "cluster/{}")),
    "ecr": (("RepositoryName", "ecr", "repository/{}"), ("repositoryName", "ecr", "repository/{}")),
    "eks": (("ClusterName", "eks", "cluster/{}"), ("clusterName", "eks", "cluster/{}"), ("Name", "eks", "cluster/{}")),
    "sagemaker": (
        ("TrainingJobName", "sagemaker", "training-job/{}"),
        ("ProcessingJobName", "sagemaker", "processing-job/{}"),
        ("TransformJobName", "sagemaker", "transform-job/{}"),
        ("HyperParameterTuningJobName", "sagemaker", "hyper-parameter-tuning-job/{}"),
        ("AutoMlJobName", "sagemaker", "automl-job/{}"),
        ("AutoMLJobName", "sagemaker", "automl-job/{}"),
        ("NotebookInstanceName", "sagemaker", "notebook-instance/{}"),
        ("PipelineName", "sagemaker", "pipeline/{}"),
        ("EndpointName", "sagemaker", "endpoint/{}"),
        ("EndpointConfigName", "sagemaker", "endpoint-config/{}"),
        ("ModelPackageGroupName", "sagemaker", "model-package-group/{}"),
        ("ModelName", "sagemaker", "model/{}"),
        ("ExperimentName", "sagemaker", "experiment/{}"),
    ),
    "codebuild": (("projectName", "codebuild", "project/{}"), ("ProjectName", "codebuild", "project/{}")),
    "datasync": (),
    "logs": (("logGroupName", "logs", "log-group:{}:*"), ("LogGroupName", "logs", "log-group:{}:*")),
}
"""Members that name what a call is about, by boto3's name of the service; the first that is given counts."""
_NOT_ABOUT = frozenset({"RoleArn", "ExecutionRoleArn", "KmsKeyArn", "ServiceRoleArn", "NotificationTopicArn"})


def _about(client: str, arguments: Arguments) -> tuple[str, ...]:
    """What a call is about by the names of its arguments: a name of its service, or an ARN."""
    for member, service, form in _MEMBERS.get(client, ()):
        if arguments.get(member) is not None:
            return named(service, form, member)(arguments)
    given = arguments.given if isinstance(arguments.given, dict) else {}
    for name in given:
        if name.lower().endswith("arn") and name not in _NOT_ABOUT and (text := arguments.text(name)):
            return (text,)
    return (ANY,)


def of_call(client: str, operation: str, arguments: Arguments) -> list[Grant]:
    """What a call of the AWS SDK needs.

    Args:
        client: boto3's name of the service.
        operation: botocore's name of the operation.
        arguments: what is known of its arguments.
    """
    from sfn_airflow_core.catalogue.aws_sdk import iam_action

    if client == "s3":
        return list(_s3(operation, arguments))
    find = _ON_RESOURCES.get((client, operation)) or _RESOURCES.get(client)
    resources = find(arguments) if find else _about(client, arguments)
    return [Grant((iam_action(client, operation),), resources), *_passed(client, arguments)]


_TAKE_ROLES: Mapping[str, str] = {
    "bedrock": "bedrock", "bedrock-agent": "bedrock", "cloudformation": "cloudformation", "comprehend": "comprehend",
    "databrew": "databrew", "dms": "dms", "events": "events", "glue": "glue", "kinesisanalyticsv2": "kinesisanalytics",
    "sagemaker": "sagemaker",
}  # fmt: skip
"""Services that are given a role to work with, by boto3's names: what they are called as principals."""
_ROLES = ("RoleArn", "RoleARN", "Role", "ExecutionRoleArn", "ServiceExecutionRole", "DataAccessRoleArn")


def _passed(client: str, arguments: Arguments) -> Iterator[Grant]:
    """A service may only be given a role by who may pass it on."""
    given = arguments.given if isinstance(arguments.given, dict) else {}
    names = [name for name in _ROLES if name in given]
    if client in _TAKE_ROLES and names:
        yield _pass_role(
            [role for name in names if (role := arguments.text(name))], f"{_TAKE_ROLES[client]}.amazonaws.com"
        )


def _pass_role(roles: Iterable[str], service: str) -> Grant:
    resources = tuple(r if r.startswith(("arn:", "${")) else arn("iam", f"role/{r}", region="") for r in roles)
    condition: dict[str, Json] = {"StringEquals": {"iam:PassedToService": service}}
    return Grant(("iam:PassRole",), resources or (ANY,), condition, "PassRole")


def _s3(operation: str, arguments: Arguments) -> Iterator[Grant]:
    from sfn_airflow_core.catalogue.aws_sdk import iam_action

    action = iam_action("s3", operation)
    if operation in ("ListObjectsV2", "ListObjects", "ListObjectVersions"):
        prefix = arguments.prefix("Prefix")
        condition: dict[str, Json] = {"StringLike": {"s3:prefix": f"{prefix}*"}} if prefix else {}
        yield Grant((action,), bucket(arguments), condition)
    elif operation == "CopyObject":
        yield Grant(("s3:PutObject",), s3_object(arguments))
        source = arguments.text("CopySource")
        yield Grant(("s3:GetObject",), s3_uri(f"s3://{source}")[1:] if source else (ANY,), about="Source")
    elif operation == "HeadBucket" or "Bucket" in operation:
        yield Grant((action,), bucket(arguments))
    else:
        yield Grant((action,), s3_object(arguments))


def of_state(service: str, action: str, pattern: str, arguments: Arguments) -> list[Grant]:
    """What a Task needs.

    Args:
        service: as in the resource: ``glue``, ``aws-sdk:s3``.
        action: as in the resource: ``startJobRun``.
        pattern: ``request``, ``sync``, ``sync:2`` or ``waitForTaskToken``.
        arguments: what is known of its arguments.
    """
    from sfn_airflow_core.catalogue.aws_sdk import client_of, operation_of

    if service.startswith("aws-sdk:"):
        client = client_of(service.removeprefix("aws-sdk:"))
        operation = operation_of(client, action) if client else None
        return of_call(client, operation, arguments) if client and operation else []
    row = ROWS.get(f"{service}:{action}")
    if row is None:
        return []
    waits = pattern.startswith("sync")
    same = waits and row.sync_on is None
    grants = [Grant((*row.actions, *(row.sync if same else ())), row.on(arguments))] if row.actions else []
    if waits and row.sync_on is not None:
        grants.append(Grant(row.sync, row.sync_on(arguments), about="Wait"))
    if waits and row.rule:
        grants.append(Grant(_EVENTS, (arn("events", f"rule/{row.rule}"),), about="Events"))
    if row.passes:
        names, service_name = row.passes
        if not names or any(arguments.get(name) is not None for name in names):
            grants.append(_pass_role([role for name in names if (role := arguments.text(name))], service_name))
    if row.more:
        grants += row.more(arguments, waits)
    return grants


def narrowable(grant: Grant) -> tuple[str, ...]:
    """The actions of an open grant that could be allowed on less."""
    return tuple(action for action in grant.actions if action not in _NO_RESOURCE) if grant.open else ()
