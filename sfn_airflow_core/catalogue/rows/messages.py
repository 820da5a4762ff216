"""Rows for messages and other workflows: EventBridge rules, SES, executions, Amazon MWAA."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_WAITS = "wait_for_completion"
_EVENT_RULE = "name event_bus_name"
_RUNS = "/dags/{external_dag_id}/dagRuns/{external_dag_run_id}"
_RUN_STATE = "RestApiResponse.state"
MESSAGES: tuple[Row, ...] = (
    sdk(
        "eventbridge:putRule",
        operator(
            "eventbridge.EventBridgePutRuleOperator",
            f"{_EVENT_RULE} description event_pattern role_arn schedule_expression state tags",
            result="$states.result",
        ),
    ),
    sdk("eventbridge:enableRule", operator("eventbridge.EventBridgeEnableRuleOperator", _EVENT_RULE)),
    sdk("eventbridge:disableRule", operator("eventbridge.EventBridgeDisableRuleOperator", _EVENT_RULE)),
    sdk(
        "sesv2:sendEmail",
        operator(
            "ses.SesEmailOperator",
            "mail_from=FromEmailAddress to=Destination.ToAddresses:addresses cc=Destination.CcAddresses:addresses"
            " bcc=Destination.BccAddresses:addresses reply_to=ReplyToAddresses:addresses"
            " return_path=FeedbackForwardingEmailAddress subject=Content.Simple.Subject.Data"
            " html_content=Content.Simple.Body.Html.Data custom_headers=Content.Simple.Headers:pairs",
            result="{'MessageId': $states.result.MessageId}",
            ignored="mime_subtype mime_charset",
            refused="files",
        ),
    ),
    sdk(
        "sfn:describeExecution",
        operator(
            "step_function.StepFunctionGetExecutionOutputOperator",
            "execution_arn",
            result="($exists($states.result.Output) ? $parse($states.result.Output) : $states.result.Error)",
        ),
    ),
    sdk(
        "mwaa:invokeRestApi",
        operator(
            "mwaa.MwaaTriggerDagRunOperator",
            "env_name=Name trigger_run_id=Body.dag_run_id logical_date=Body.logical_date"
            " data_interval_start=Body.data_interval_start data_interval_end=Body.data_interval_end conf=Body.conf"
            " note=Body.note",
            composed={"Path": "/dags/{trigger_dag_id}/dagRuns"},
            fixed={"Method": "POST"},
            result="$states.result",
            ignored="airflow_version",
            refused=_WAITS,
        ),
        sensor(
            "mwaa.MwaaDagRunSensor",
            "external_env_name=Name",
            composed={"Path": _RUNS},
            fixed={"Method": "GET"},
            targets="success_states",
            breaks="failure_states",
            ignored="airflow_version",
        ),
        sensor(
            "mwaa.MwaaTaskSensor",
            "external_env_name=Name",
            composed={"Path": _RUNS + "/taskInstances/{external_task_id}"},
            fixed={"Method": "GET"},
            targets="success_states",
            breaks="failure_states",
            ignored="airflow_version",
        ),
        describe=describe_by("mwaa:invokeRestApi", "", _RUN_STATE, "success", "failed"),
    ),
    sdk(
        "mwaaserverless:createWorkflow",
        operator(
            "mwaa_serverless.MwaaServerlessCreateWorkflowOperator",
            "workflow_name=Name definition_s3_location=DefinitionS3Location code role_arn description tags"
            " create_workflow_kwargs=*",
            result="$states.result.WorkflowArn",
            ignored="if_exists",
        ),
    ),
    sdk(
        "mwaaserverless:updateWorkflow",
        operator(
            "mwaa_serverless.MwaaServerlessUpdateWorkflowOperator",
            "workflow_arn definition_s3_location=DefinitionS3Location code role_arn description"
            " update_workflow_kwargs=*",
            result="$states.result.WorkflowArn",
        ),
    ),
    sdk(
        "mwaaserverless:deleteWorkflow",
        operator("mwaa_serverless.MwaaServerlessDeleteWorkflowOperator", "workflow_arn workflow_version"),
    ),
    sdk(
        "mwaaserverless:startWorkflowRun",
        operator(
            "mwaa_serverless.MwaaServerlessStartWorkflowRunOperator",
            "workflow_arn override_parameters workflow_version",
            result="$states.result.RunId",
        ),
        sensor(
            "mwaa_serverless.MwaaServerlessWorkflowRunSensor",
            "workflow_arn run_id",
            targets="success_states",
            breaks="failure_states",
        ),
        describe=describe_by(
            "mwaaserverless:getWorkflowRun",
            "WorkflowArn=request.WorkflowArn RunId=result.RunId",
            "RunDetail.RunState",
            "SUCCESS",
            "FAILED TIMEOUT STOPPED",
        ),
    ),
    sdk(
        "mwaaserverless:stopWorkflowRun",
        operator(
            "mwaa_serverless.MwaaServerlessStopWorkflowRunOperator",
            "workflow_arn run_id",
            result="$states.result.Status",
        ),
    ),
)
