"""Rows for objects and items: Amazon S3 in its kinds, Amazon DynamoDB."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import operator, sdk, sensor

_S3 = (
    sdk(
        "s3:createBucket",
        operator(
            "s3.S3CreateBucketOperator", "bucket_name=Bucket bucket_namespace", accepted="BucketAlreadyOwnedByYou"
        ),
    ),
    sdk(
        "s3:deleteBucket",
        operator("s3.S3DeleteBucketOperator", "bucket_name=Bucket", accepted="NoSuchBucket", ignored="force_delete"),
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
            "dest_bucket_name=Bucket dest_bucket_key=Key acl_policy=ACL meta_data_directive=MetadataDirective"
            " kms_key_id=SSEKMSKeyId kms_encryption_type=ServerSideEncryption",
            composed={"CopySource": "{source_bucket_name}/{source_bucket_key}"},
            urls="source_bucket_key/source_bucket_name dest_bucket_key/dest_bucket_name",
            refused="source_version_id",
        ),
    ),
    sdk(
        "s3:putObject",
        operator(
            "s3.S3CreateObjectOperator",
            "s3_bucket=Bucket s3_key=Key data=Body acl_policy=ACL",
            urls="s3_key/s3_bucket",
            ignored="replace encoding",
            refused="encrypt compression",
        ),
    ),
    sdk(
        "s3:deleteObjects",
        operator(
            "s3.S3DeleteObjectsOperator",
            "bucket=Bucket keys=Delete.Objects:keys",
            refused="prefix from_datetime to_datetime",
        ),
    ),
    sdk(
        "s3:listObjectsV2",
        operator(
            "s3.S3ListOperator",
            "bucket=Bucket prefix delimiter",
            result="[$states.result.Contents.Key]",
            refused="apply_wildcard",
        ),
        operator(
            "s3.S3ListPrefixesOperator",
            "bucket=Bucket prefix delimiter",
            result="[$states.result.CommonPrefixes.Prefix]",
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

STORAGE: tuple[Row, ...] = (*_S3,)
