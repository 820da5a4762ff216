"""The table: every row, and the rows of an Airflow class.

Names are botocore's and the provider's (tests check each row against both); how jobs end is what the services' API
references say of their statuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sfn_airflow_core.catalogue.model import Operator, Row, Sensor
from sfn_airflow_core.catalogue.rows.analytics import ANALYTICS
from sfn_airflow_core.catalogue.rows.bedrock import BEDROCK
from sfn_airflow_core.catalogue.rows.calls import CALLS
from sfn_airflow_core.catalogue.rows.clusters import CLUSTERS
from sfn_airflow_core.catalogue.rows.databases import DATABASES
from sfn_airflow_core.catalogue.rows.eks import EKS
from sfn_airflow_core.catalogue.rows.emr import EMR
from sfn_airflow_core.catalogue.rows.jobs import JOBS
from sfn_airflow_core.catalogue.rows.learning import LEARNING
from sfn_airflow_core.catalogue.rows.messages import MESSAGES
from sfn_airflow_core.catalogue.rows.migration import MIGRATION
from sfn_airflow_core.catalogue.rows.platform import PLATFORM
from sfn_airflow_core.catalogue.rows.rds import RDS
from sfn_airflow_core.catalogue.rows.storage import STORAGE

OPTIMISED: tuple[Row, ...] = (*CALLS, *JOBS, *CLUSTERS, *EKS)
"""The integrations that Step Functions offers beside those of the AWS SDK."""

ROWS: tuple[Row, ...] = (
    *OPTIMISED,
    *STORAGE,
    *ANALYTICS,
    *RDS,
    *DATABASES,
    *MIGRATION,
    *PLATFORM,
    *MESSAGES,
    *LEARNING,
    *BEDROCK,
    *EMR,
)

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


def _by_class() -> Mapping[str, tuple[tuple[Row, Operator | Sensor], ...]]:
    found: dict[str, list[tuple[Row, Operator | Sensor]]] = {}
    for row in ROWS:
        for one in row.classes:
            found.setdefault(one.qualified, []).append((row, one))
    return MappingProxyType({name: tuple(rows) for name, rows in found.items()})


CLASSES = _by_class()
"""By the full name of an operator or sensor: its rows, which differ in what ``when`` asks for."""
