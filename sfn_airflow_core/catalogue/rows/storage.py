"""Rows for objects, items and their transport: Amazon S3 in its kinds, DynamoDB, S3 Glacier, DataSync."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_TRUNCATED = "$states.result.IsTruncated = true ? $error('There are more than 1,000 of them')"
"""Operators list all pages, a state one of them."""
_PUT = "s3_bucket=Bucket s3_key=Key data=Body acl_policy=Acl"
_S3 = (
    sdk(
        "s3:createBucket",
        operator(
            "s3.S3CreateBucketOperator",
            "bucket_name=Bucket bucket_namespace",
            accepted="BucketAlreadyOwnedByYou",
        ),
    ),
    sdk(
        "s3:deleteBucket",
        operator("s3.S3DeleteBucketOperator", "bucket_name=Bucket", ignored="force_delete"),
    ),
    sdk(
        "s3:getBucketTagging",
        operator("s3.S3GetBucketTaggingOperator", "bucket_name=Bucket", result="$states.result.TagSet"),
    ),
    sdk(
        "s3:putBucketTagging",
        operator(
            "s3.S3PutBucketTaggingOperator", "bucket_name=Bucket tag_set=Tagging.TagSet:tags", refused="key value"
        ),
    ),
    sdk("s3:deleteBucketTagging", operator("s3.S3DeleteBucketTaggingOperator", "bucket_name=Bucket")),
    sdk(
        "s3:copyObject",
        operator(
            "s3.S3CopyObjectOperator",
            "dest_bucket_name=Bucket dest_bucket_key=Key acl_policy=Acl meta_data_directive=MetadataDirective"
            " kms_key_id=SsekmsKeyId kms_encryption_type=ServerSideEncryption",
            composed={"CopySource": "{source_bucket_name}/{source_bucket_key}"},
            urls="source_bucket_key/source_bucket_name dest_bucket_key/dest_bucket_name",
            refused="source_version_id",
        ),
    ),
    sdk(
        "s3:putObject",
        operator(
            "s3.S3CreateObjectOperator",
            _PUT,
            when="replace=True",
            urls="s3_key/s3_bucket",
            ignored="encoding",
            refused="encrypt compression",
        ),
        operator(
            "s3.S3CreateObjectOperator",
            _PUT,
            when="replace=False?",
            urls="s3_key/s3_bucket",
            ignored="encoding",
            refused="encrypt compression",
            fixed={"IfNoneMatch": "*"},
        ),
    ),
    sdk(
        "s3:deleteObjects",
        operator(
            "s3.S3DeleteObjectsOperator", "bucket keys=Delete.Objects:keys", refused="prefix from_datetime to_datetime"
        ),
    ),
    sdk(
        "s3:listObjectsV2",
        operator(
            "s3.S3ListOperator",
            "bucket prefix delimiter",
            result=f"{_TRUNCATED} : [$states.result.Contents.Key]",
            refused="apply_wildcard",
        ),
        operator(
            "s3.S3ListPrefixesOperator",
            "bucket prefix delimiter",
            result=f"{_TRUNCATED} : [$states.result.CommonPrefixes.Prefix]",
        ),
        sensor(
            "s3.S3KeySensor",
            "bucket_name=Bucket bucket_key=Prefix",
            found="$exists($states.result.Contents) and $states.result.Contents[0].Key = $states.result.Prefix",
            fixed={"MaxKeys": 1},
            urls="bucket_key/bucket_name",
            refused="wildcard_match use_regex check_fn",
            ignored="metadata_keys",
        ),
    ),
    sdk(
        "s3:getObject",
        operator(
            "s3.S3ReadObjectOperator",
            "s3_bucket=Bucket s3_key=Key",
            urls="s3_key/s3_bucket",
            result="$states.result.Body",
        ),
    ),
)

_TABLE = "table_bucket_arn=TableBucketARN namespace table_name=Name"
_S3_TABLES = (
    sdk(
        "s3tables:createTable",
        operator(
            "s3_tables.S3TablesCreateTableOperator",
            f"{_TABLE} format metadata",
            defaults={"format": "ICEBERG"},
            result="$states.result.TableARN",
        ),
    ),
    sdk("s3tables:deleteTable", operator("s3_tables.S3TablesDeleteTableOperator", f"{_TABLE} version_token")),
    sdk(
        "s3tables:renameTable",
        operator("s3_tables.S3TablesRenameTableOperator", f"{_TABLE} new_name new_namespace_name version_token"),
    ),
    sdk(
        "s3tables:createNamespace",
        operator(
            "s3_tables.S3TablesCreateNamespaceOperator",
            "table_bucket_arn=TableBucketARN namespace=Namespace[]",
            accepted="ConflictException",
            ignored="if_exists",
        ),
    ),
    sdk(
        "s3tables:deleteNamespace",
        operator("s3_tables.S3TablesDeleteNamespaceOperator", "table_bucket_arn=TableBucketARN namespace"),
    ),
    sdk(
        "s3tables:createTableBucket",
        operator(
            "s3_tables.S3TablesCreateTableBucketOperator",
            "table_bucket_name=Name encryption_configuration tags",
            result="$states.result.Arn",
            ignored="if_exists",
        ),
    ),
    sdk(
        "s3tables:deleteTableBucket",
        operator("s3_tables.S3TablesDeleteTableBucketOperator", "table_bucket_arn=TableBucketARN"),
    ),
    sdk(
        "s3tables:putTableBucketPolicy",
        operator("s3_tables.S3TablesPutTableBucketPolicyOperator", "table_bucket_arn=TableBucketARN resource_policy"),
    ),
    sdk(
        "s3tables:deleteTableBucketPolicy",
        operator("s3_tables.S3TablesDeleteTableBucketPolicyOperator", "table_bucket_arn=TableBucketARN"),
    ),
)

_INDEX = "vector_bucket_name index_name"
_S3_VECTORS = (
    sdk(
        "s3vectors:createVectorBucket",
        operator(
            "s3_vectors.S3VectorsCreateVectorBucketOperator",
            "vector_bucket_name encryption_configuration tags",
            result="$states.result.VectorBucketArn",
            ignored="if_exists",
        ),
    ),
    sdk(
        "s3vectors:deleteVectorBucket", operator("s3_vectors.S3VectorsDeleteVectorBucketOperator", "vector_bucket_name")
    ),
    sdk(
        "s3vectors:createIndex",
        operator(
            "s3_vectors.S3VectorsCreateIndexOperator",
            f"{_INDEX} data_type dimension distance_metric metadata_configuration",
            defaults={"distance_metric": "cosine"},
            result="$states.result.IndexArn",
            ignored="if_exists",
        ),
    ),
    sdk("s3vectors:deleteIndex", operator("s3_vectors.S3VectorsDeleteIndexOperator", _INDEX)),
    sdk("s3vectors:putVectors", operator("s3_vectors.S3VectorsPutVectorsOperator", f"{_INDEX} vectors")),
    sdk(
        "s3vectors:queryVectors",
        operator(
            "s3_vectors.S3VectorsQueryVectorsOperator",
            f"{_INDEX} top_k query_vector filter return_metadata return_distance",
            defaults={"return_metadata": True, "return_distance": True},
            result="[$states.result.Vectors]",
        ),
    ),
)

_EXPORT = describe_by(
    "dynamodb:describeExport",
    "ExportArn=result.ExportDescription.ExportArn",
    "ExportDescription.ExportStatus",
    "COMPLETED",
    "FAILED",
)
_OTHERS = (
    sdk(
        "dynamodb:exportTableToPointInTime",
        operator(
            "transfers/dynamodb_to_s3.DynamoDBToS3Operator",
            "s3_bucket_name=S3Bucket s3_key_prefix=S3Prefix export_format export_time"
            " export_table_to_point_in_time_kwargs=*",
            waits="always",
            when="point_in_time_export=True",
            refused="dynamodb_scan_kwargs process_func",
            ignored="file_size dynamodb_table_name source_aws_conn_id dest_aws_conn_id",
            delay=30,
            attempts=60,
        ),
        describe=_EXPORT,
    ),
    sdk(
        "glacier:initiateJob",
        operator(
            "glacier.GlacierCreateJobOperator",
            "vault_name",
            result="$states.result",
            fixed={"AccountId": "-", "JobParameters": {"Type": "inventory-retrieval"}},
        ),
        sensor("glacier.GlacierJobOperationSensor", "vault_name job_id", poke=1200, fixed={"AccountId": "-"}),
        describe=describe_by(
            "glacier:describeJob",
            "JobId=result.JobId VaultName=request.VaultName AccountId=request.AccountId",
            "StatusCode",
            "Succeeded",
            "Failed",
        ),
    ),
    sdk(
        "glacier:uploadArchive",
        operator(
            "glacier.GlacierUploadArchiveOperator",
            "vault_name body checksum archive_description account_id",
            defaults={"account_id": "-"},
            result="$states.result",
        ),
    ),
    sdk(
        "datasync:startTaskExecution",
        operator(
            "datasync.DataSyncOperator",
            "task_arn task_execution_kwargs=*",
            waits="wait_for_completion",
            result="$states.result",
            refused="source_location_uri destination_location_uri create_task_kwargs update_task_kwargs"
            " delete_task_after_execution",
            ignored="allow_random_task_choice allow_random_location_choice create_source_location_kwargs"
            " create_destination_location_kwargs",
        ),
        describe=describe_by(
            "datasync:describeTaskExecution", "TaskExecutionArn=result.TaskExecutionArn", "Status", "SUCCESS", "ERROR"
        ),
    ),
)

STORAGE: tuple[Row, ...] = (*_S3, *_S3_TABLES, *_S3_VECTORS, *_OTHERS)
