"""Rows for calls, messages, executions, APIs and data: what most state machines use."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import RR_SYNC, RR_TOKEN, describe_by, operator, row, sensor


def _dynamodb(verb: str) -> Row:
    return row("connect-ddb", "Amazon DynamoDB", "dynamodb", f"dynamodb:{verb}")


_EXECUTION = describe_by(
    "states:describeExecution", "ExecutionArn=result.ExecutionArn", "Status", "SUCCEEDED", "FAILED TIMED_OUT ABORTED"
)

_CORE = (
    row(
        "connect-lambda",
        "AWS Lambda",
        "lambda",
        "lambda:invoke",
        RR_TOKEN,
        iam="lambda:InvokeFunction",
        classes=(
            operator(
                "lambda_function.LambdaInvokeFunctionOperator",
                "function_name payload=Payload:json qualifier invocation_type client_context",
                result="$string($states.result.Payload)",
                ignored="log_type keep_empty_log_lines",
            ),
        ),
    ),
    row(
        "connect-sns",
        "Amazon SNS",
        "sns",
        "sns:publish",
        RR_TOKEN,
        classes=(
            operator(
                "sns.SnsPublishOperator",
                "target_arn=TopicArn subject message message_attributes=MessageAttributes:attributes message_group_id"
                " message_deduplication_id",
                result="$states.result",
            ),
        ),
    ),
    row(
        "connect-sqs",
        "Amazon SQS",
        "sqs",
        "sqs:sendMessage",
        RR_TOKEN,
        classes=(
            operator(
                "sqs.SqsPublishOperator",
                "sqs_queue=QueueUrl message_content=MessageBody message_attributes delay_seconds message_group_id"
                " message_deduplication_id",
                result="$states.result",
            ),
        ),
    ),
    *map(_dynamodb, ("getItem", "putItem", "updateItem", "deleteItem")),
    row(
        "connect-eventbridge",
        "Amazon EventBridge",
        "events",
        "events:putEvents",
        RR_TOKEN,
        classes=(
            operator(
                "eventbridge.EventBridgePutEventsOperator",
                "entries=Entries:events",
                result="[$states.result.Entries.EventId]",
                refused="endpoint_id",
            ),
        ),
    ),
    row(
        "connect-stepfunctions",
        "AWS Step Functions",
        "stepfunctions",
        "states:startExecution",
        ("request", "sync", "sync:2", "token"),
        iam="states:StartExecution",
        sync_iam="states:DescribeExecution",
        describe=_EXECUTION,
        classes=(
            operator(
                "step_function.StepFunctionStartExecutionOperator",
                "state_machine_arn name state_machine_input=Input:json",
                required="StateMachineArn",
                waits="deferrable:no",
                result="$states.result.ExecutionArn",
                waited="$states.result.ExecutionArn",
                refused="is_redrive_execution",
            ),
            sensor("step_function.StepFunctionExecutionSensor", "execution_arn", link="execution_arn"),
        ),
    ),
    row(
        "connect-api-gateway",
        "Amazon API Gateway",
        "apigateway",
        "apigateway:invoke",
        RR_TOKEN,
        operation="",
        iam="execute-api:Invoke",
        arguments="ApiEndpoint Method Stage Path Headers QueryParameters RequestBody AuthType AllowNullValues",
    ),
)

_DATA = (
    row(
        "connect-glue",
        "AWS Glue",
        "glue",
        "glue:startJobRun",
        RR_SYNC,
        sync_iam="glue:GetJobRun",
        describe=describe_by(
            "glue:getJobRun",
            "JobName=request.JobName RunId=result.JobRunId",
            "JobRun.JobRunState",
            "SUCCEEDED",
            "FAILED STOPPED TIMEOUT ERROR EXPIRED",
            "JobRun",
        ),
        classes=(
            operator(
                "glue.GlueJobOperator",
                "job_name script_args=Arguments run_job_kwargs=*",
                waits="wait_for_completion",
                result="$states.result.JobRunId",
                waited="$states.result.Id",
                start_errors="Glue.ConcurrentRunsExceededException Glue.InternalServiceException"
                " Glue.OperationTimeoutException Glue.ResourceNumberLimitExceededException Glue.ThrottlingException",
                required="JobName",
            ),
            sensor("glue.GlueJobSensor", "job_name run_id", link="run_id"),
        ),
    ),
    row(
        "connect-athena",
        "Amazon Athena",
        "athena",
        "athena:startQueryExecution",
        RR_SYNC,
        sync_iam="athena:GetQueryExecution",
        describe=describe_by(
            "athena:getQueryExecution",
            "QueryExecutionId=result.QueryExecutionId",
            "QueryExecution.Status.State",
            "SUCCEEDED",
            "FAILED CANCELLED",
        ),
        classes=(
            operator(
                "athena.AthenaOperator",
                "query=QueryString query_execution_context result_configuration workgroup=WorkGroup"
                " client_request_token ~database=QueryExecutionContext.Database ~catalog=QueryExecutionContext.Catalog"
                " ~output_location=ResultConfiguration.OutputLocation",
                waits="always",
                result="$states.result.QueryExecutionId",
                waited="$states.result.QueryExecution.QueryExecutionId",
                required="QueryString",
            ),
            sensor("athena.AthenaSensor", "query_execution_id", link="query_execution_id"),
        ),
    ),
    *(
        row("connect-athena", "Amazon Athena", "athena", f"athena:{verb}")
        for verb in ("stopQueryExecution", "getQueryExecution", "getQueryResults")
    ),
    row(
        "connect-databrew",
        "AWS Glue DataBrew",
        "databrew",
        "databrew:startJobRun",
        RR_SYNC,
        sync_iam="databrew:DescribeJobRun",
        describe=describe_by(
            "databrew:describeJobRun",
            "Name=request.Name RunId=result.RunId",
            "State",
            "SUCCEEDED",
            "FAILED STOPPED TIMEOUT",
        ),
        classes=(
            operator(
                "glue_databrew.GlueDataBrewStartJobOperator",
                "job_name=Name",
                waits="wait_for_completion",
                result="{'run_id': $states.result.RunId}",
                waited="{'run_id': $states.result.RunId}",
            ),
        ),
    ),
)


CALLS: tuple[Row, ...] = (*_CORE, *_DATA)
