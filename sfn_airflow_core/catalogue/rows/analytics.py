"""Rows for data: AWS Glue, Amazon Athena for Spark, Redshift, Kinesis, OpenSearch, QuickSight, AppFlow."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_CRAWL = describe_by(
    "glue:getCrawler",
    "Name=request.Name",
    "($states.result.Crawler.State = 'READY' ? $states.result.Crawler.LastCrawl.Status : 'RUNNING')",
    "SUCCEEDED",
    "FAILED CANCELLED",
)
_QUALITY = "datasource=DataSource role number_of_workers timeout"
_RUN = {"number_of_workers": 5, "timeout": 2880}
_CRAWLERS = (
    sdk(
        "glue:createCrawler",
        operator("glue_crawler.GlueCrawlerCreateOperator", "config=*"),
    ),
    sdk("glue:updateCrawler", operator("glue_crawler.GlueCrawlerUpdateOperator", "config=*")),
    sdk("glue:deleteCrawler", operator("glue_crawler.GlueCrawlerDeleteOperator", "crawler_name=Name")),
    sdk(
        "glue:startCrawler",
        operator(
            "glue_crawler.GlueCrawlerRunOperator",
            "crawler_name=Name",
            waits="wait_for_completion",
            when="fail_on_already_running=True?",
            waited="$job.Name",
            delay=5,
            attempts=17_280,
        ),
        operator(
            "glue_crawler.GlueCrawlerRunOperator",
            "crawler_name=Name",
            waits="wait_for_completion",
            when="fail_on_already_running=False",
            accepted="CrawlerRunningException",
            waited="$job.Name",
            delay=5,
            attempts=17_280,
        ),
        sensor("glue_crawler.GlueCrawlerSensor", "crawler_name=Name"),
        describe=_CRAWL,
    ),
)
_CATALOG = (
    sdk(
        "glue:createDatabase",
        operator(
            "glue_catalog.GlueCatalogCreateDatabaseOperator",
            "database_name=DatabaseInput.Name description=DatabaseInput.Description"
            " location_uri=DatabaseInput.LocationUri parameters=DatabaseInput.Parameters catalog_id tags",
            accepted="AlreadyExistsException",
            ignored="if_exists",
        ),
    ),
    sdk(
        "glue:deleteDatabase",
        operator("glue_catalog.GlueCatalogDeleteDatabaseOperator", "database_name=Name catalog_id"),
    ),
    sdk(
        "glue:createTable",
        operator(
            "glue_catalog.GlueCatalogCreateTableOperator",
            "database_name table_input table_name=TableInput.Name catalog_id",
            accepted="AlreadyExistsException",
            ignored="if_exists",
        ),
    ),
    sdk(
        "glue:deleteTable",
        operator("glue_catalog.GlueCatalogDeleteTableOperator", "database_name table_name=Name catalog_id"),
    ),
    sdk(
        "glue:createPartition",
        operator(
            "glue_catalog.GlueCatalogCreatePartitionOperator",
            "database_name table_name partition_input catalog_id",
            accepted="AlreadyExistsException",
            ignored="if_exists",
        ),
    ),
    sdk(
        "glue:batchDeletePartition",
        operator(
            "glue_catalog.GlueCatalogBatchDeletePartitionOperator",
            "database_name table_name partitions_to_delete catalog_id",
            result="[$states.result.Errors]",
        ),
    ),
    sdk(
        "glue:getPartitions",
        sensor(
            "glue_catalog_partition.GlueCatalogPartitionSensor",
            "database_name table_name expression",
            found="$exists($states.result.Partitions)",
            poke=180,
        ),
    ),
    sdk(
        "glue:createDataQualityRuleset",
        operator(
            "glue.GlueDataQualityOperator",
            "name ruleset description data_quality_ruleset_kwargs=*",
            when="update_rule_set=False?",
        ),
    ),
    sdk(
        "glue:updateDataQualityRuleset",
        operator(
            "glue.GlueDataQualityOperator",
            "name ruleset description data_quality_ruleset_kwargs=*",
            when="update_rule_set=True",
        ),
    ),
    sdk(
        "glue:startDataQualityRulesetEvaluationRun",
        operator(
            "glue.GlueDataQualityRuleSetEvaluationRunOperator",
            f"{_QUALITY} rule_set_names=RulesetNames rule_set_evaluation_run_kwargs=*",
            defaults=_RUN,
            waits="wait_for_completion",
            result="$states.result.RunId",
            waited="$job.RunId",
            delay=60,
            attempts=20,
            ignored="show_results verify_result_status",
        ),
        sensor(
            "glue.GlueDataQualityRuleSetEvaluationRunSensor",
            "evaluation_run_id=RunId",
            poke=120,
            broken="FAILED STOPPED STOPPING TIMEOUT",
            ignored="show_results verify_result_status",
        ),
        describe=describe_by(
            "glue:getDataQualityRulesetEvaluationRun",
            "RunId=result.RunId",
            "Status",
            "SUCCEEDED",
            "FAILED STOPPED TIMEOUT",
        ),
    ),
    sdk(
        "glue:startDataQualityRuleRecommendationRun",
        operator(
            "glue.GlueDataQualityRuleRecommendationRunOperator",
            f"{_QUALITY} recommendation_run_kwargs=*",
            defaults=_RUN,
            waits="wait_for_completion",
            result="$states.result.RunId",
            waited="$job.RunId",
            delay=60,
            attempts=20,
            ignored="show_results",
        ),
        sensor(
            "glue.GlueDataQualityRuleRecommendationRunSensor",
            "recommendation_run_id=RunId",
            poke=120,
            broken="FAILED STOPPED STOPPING TIMEOUT",
            ignored="show_results",
        ),
        describe=describe_by(
            "glue:getDataQualityRuleRecommendationRun",
            "RunId=result.RunId",
            "Status",
            "SUCCEEDED",
            "FAILED STOPPED TIMEOUT",
        ),
    ),
)

_STATEMENT = "database cluster_identifier workgroup_name db_user secret_arn statement_name with_event"
_STATEMENT_JOB = describe_by("redshiftdata:describeStatement", "Id=result.Id", "Status", "FINISHED", "FAILED ABORTED")
_QUERIES = (
    sdk(
        "redshiftdata:executeStatement",
        operator(
            "redshift_data.RedshiftDataOperator",
            f"sql {_STATEMENT} parameters session_id=SessionId session_keep_alive_seconds",
            waits="wait_for_completion",
            result="[$states.result.Id]",
            waited="[$job.Id]",
            refused="return_sql_result",
            delay=10,
            attempts=60_480,
        ),
        describe=_STATEMENT_JOB,
    ),
    sdk(
        "athena:startCalculationExecution",
        operator(
            "athena_spark.AthenaSparkOperator",
            "session_id code_block description client_request_token",
            waits="always",
            delay=30,
            attempts=120,
        ),
        sensor("athena_spark.AthenaSparkSensor", "calculation_execution_id"),
        describe=describe_by(
            "athena:getCalculationExecutionStatus",
            "CalculationExecutionId=result.CalculationExecutionId",
            "Status.State",
            "COMPLETED",
            "CANCELED FAILED",
        ),
    ),
    sdk(
        "quicksight:createIngestion",
        operator(
            "quicksight.QuickSightCreateIngestionOperator",
            "data_set_id ingestion_id ingestion_type",
            defaults={"ingestion_type": "FULL_REFRESH"},
            fixed={"AwsAccountId": "{% $split($states.context.Execution.Id, ':')[4] %}"},
            waits="wait_for_completion",
            result="$states.result",
            delay=30,
            attempts=4320,
        ),
        sensor(
            "quicksight.QuickSightSensor",
            "data_set_id ingestion_id",
            fixed={"AwsAccountId": "{% $split($states.context.Execution.Id, ':')[4] %}"},
        ),
        describe=describe_by(
            "quicksight:describeIngestion",
            "DataSetId=request.DataSetId IngestionId=request.IngestionId AwsAccountId=request.AwsAccountId",
            "Ingestion.IngestionStatus",
            "COMPLETED",
            "FAILED CANCELLED",
        ),
    ),
)

_FLINK = "ApplicationDetail.ApplicationStatus"
_FLINK_BAD = "DELETING FORCE_STOPPING MAINTENANCE ROLLED_BACK ROLLING_BACK"
_STREAMS = (
    sdk(
        "kinesisanalyticsv2:createApplication",
        operator(
            "kinesis_analytics.KinesisAnalyticsV2CreateApplicationOperator",
            "application_name runtime_environment service_execution_role application_description"
            " create_application_kwargs=*",
            result="{'ApplicationARN': $states.result.ApplicationDetail.ApplicationARN}",
        ),
    ),
    sdk(
        "kinesisanalyticsv2:startApplication",
        operator(
            "kinesis_analytics.KinesisAnalyticsV2StartApplicationOperator",
            "application_name run_configuration",
            waits="wait_for_completion",
            delay=60,
            attempts=20,
            waited="{'ApplicationARN': $states.result.ApplicationDetail.ApplicationARN}",
        ),
        sensor("kinesis_analytics.KinesisAnalyticsV2StartApplicationCompletedSensor", "application_name", poke=120),
        describe=describe_by(
            "kinesisanalyticsv2:describeApplication",
            "ApplicationName=request.ApplicationName",
            _FLINK,
            "RUNNING",
            f"STOPPING READY {_FLINK_BAD}",
        ),
    ),
    sdk(
        "kinesisanalyticsv2:stopApplication",
        operator(
            "kinesis_analytics.KinesisAnalyticsV2StopApplicationOperator",
            "application_name force",
            defaults={"force": False},
            waits="wait_for_completion",
            delay=60,
            attempts=20,
            waited="{'ApplicationARN': $states.result.ApplicationDetail.ApplicationARN}",
        ),
        sensor("kinesis_analytics.KinesisAnalyticsV2StopApplicationCompletedSensor", "application_name", poke=120),
        describe=describe_by(
            "kinesisanalyticsv2:describeApplication",
            "ApplicationName=request.ApplicationName",
            _FLINK,
            "READY",
            "DELETING ROLLING_BACK ROLLED_BACK",
        ),
    ),
    sdk(
        "opensearchserverless:createCollection",
        operator(
            "opensearch_serverless.OpenSearchServerlessCreateCollectionOperator",
            "collection_name=Name collection_type=Type description standby_replicas tags",
            defaults={"collection_type": "SEARCH"},
            result="$states.result.CreateCollectionDetail.Id",
            ignored="if_exists",
        ),
        sensor(
            "opensearch_serverless.OpenSearchServerlessCollectionActiveSensor",
            "collection_id=Ids[] collection_name=Names[]",
            broken="DELETING FAILED",
            poke=10,
        ),
        describe=describe_by(
            "opensearchserverless:batchGetCollection",
            "[Ids]=result.CreateCollectionDetail.Id",
            "CollectionDetails.0.Status",
            "ACTIVE",
            "FAILED",
        ),
    ),
    sdk(
        "appflow:startFlow",
        operator(
            "appflow.AppflowRunOperator",
            "flow_name",
            waits="wait_for_completion",
            result="$states.result.ExecutionId",
            waited="$start.ExecutionId",
            delay=20,
            attempts=60,
        ),
        describe=describe_by(
            "appflow:describeFlow",
            "FlowName=request.FlowName",
            "LastRunExecutionDetails.MostRecentExecutionStatus",
            "Successful",
            "Error",
        ),
    ),
)

ANALYTICS: tuple[Row, ...] = (*_CRAWLERS, *_CATALOG, *_QUERIES, *_STREAMS)
