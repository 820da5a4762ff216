"""The table of optimised integrations: a row for each action that Step Functions offers beside AWS SDK integrations.

Both directions can be read off it. Names are botocore's (a test checks each against its service models); how jobs end
is what the services' API references say of their statuses. Errors, results and headers:
``sfn2airflow/runtime/aws.py``.
"""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.table import OPTIMISED

ROWS: tuple[Row, ...] = OPTIMISED

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
