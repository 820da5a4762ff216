"""Which Airflow operators stand for which service integration of the States Language, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "athena:startQueryExecution": ("AthenaOperator",),
    "batch:submitJob": ("BatchOperator",),
    "bedrock:invokeModel": ("BedrockInvokeModelOperator",),
    "codebuild:startBuild": ("CodeBuildStartBuildOperator",),
    "databrew:startJobRun": ("GlueDataBrewStartJobOperator",),
    "dynamodb:putItem": ("DynamoDBHook",),
    "ecs:runTask": ("EcsRunTaskOperator",),
    "elasticmapreduce:addStep": ("EmrAddStepsOperator",),
    "elasticmapreduce:createCluster": ("EmrCreateJobFlowOperator",),
    "elasticmapreduce:terminateCluster": ("EmrTerminateJobFlowOperator",),
    "emr-containers:startJobRun": ("EmrContainerOperator",),
    "emr-serverless:startJobRun": ("EmrServerlessStartJobOperator",),
    "eks:runJob": ("EksPodOperator", "KubernetesJobOperator", "KubernetesPodOperator"),
    "events:putEvents": ("EventBridgePutEventsOperator",),
    "glue:startJobRun": ("GlueJobOperator",),
    "aws-sdk:glue:startCrawler": ("GlueCrawlerOperator",),
    "http:invoke": ("HttpOperator", "SimpleHttpOperator"),
    "lambda:invoke": ("LambdaInvokeFunctionOperator", "AwsLambdaInvokeFunctionOperator"),
    "sagemaker:createTrainingJob": ("SageMakerTrainingOperator",),
    "sagemaker:createTransformJob": ("SageMakerTransformOperator",),
    "sagemaker:createProcessingJob": ("SageMakerProcessingOperator",),
    "sagemaker:createHyperParameterTuningJob": ("SageMakerTuningOperator",),
    "sagemaker:createModel": ("SageMakerModelOperator",),
    "sagemaker:createEndpoint": ("SageMakerEndpointOperator",),
    "sns:publish": ("SnsPublishOperator",),
    "sqs:sendMessage": ("SqsPublishOperator",),
    "states:startExecution": ("StepFunctionStartExecutionOperator", "TriggerDagRunOperator"),
    "aws-sdk:s3:copyObject": ("S3CopyObjectOperator",),
    "aws-sdk:s3:deleteObjects": ("S3DeleteObjectsOperator",),
    "aws-sdk:s3:putObject": ("S3CreateObjectOperator",),
    "aws-sdk:redshiftdata:executeStatement": ("RedshiftDataOperator",),
    "aws-sdk:rds:startExportTask": ("RdsStartExportTaskOperator",),
}
"""Integration by ``service:action``; the operators that call it."""

WAITING: Final = ("TimeDeltaSensor", "DateTimeSensor", "TimeSensor", "wait", "TimeDeltaSensorAsync", "task.sensor")
BRANCHING: Final = ("choice", "task.branch", "BranchPythonOperator", "task.short_circuit", "ShortCircuitOperator")
EMPTY: Final = ("EmptyOperator", "DummyOperator")
APPROVING: Final = ("HITLOperator", "ApprovalOperator", "HITLBranchOperator", "HITLEntryOperator")

ARGUMENTS: Final[Mapping[str, str]] = {
    "JobName": "job_name",
    "FunctionName": "function_name",
    "QueryString": "query",
    "WorkGroup": "workgroup",
    "JobQueue": "job_queue",
    "JobDefinition": "job_definition",
    "Cluster": "cluster",
    "TaskDefinition": "task_definition",
    "TopicArn": "target_arn",
    "Subject": "subject",
    "Message": "message",
    "QueueUrl": "sqs_queue",
    "MessageBody": "message_content",
    "StateMachineArn": "state_machine_arn",
    "ClusterId": "job_flow_id",
    "Name": "crawler_name",
}
"""Arguments of integrations and the operators' keywords for them."""
