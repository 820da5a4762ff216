"""Rows for notebooks and sessions of Amazon EMR."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_WAITS, _LATER = "wait_for_completion", "wait_for_completion:no"
_EXECUTION = "NotebookExecution.Status"
EMR: tuple[Row, ...] = (
    sdk(
        "emr:startNotebookExecution",
        operator(
            "emr.EmrStartNotebookExecutionOperator",
            "editor_id relative_path cluster_id=ExecutionEngine.Id service_role notebook_execution_name"
            " notebook_params notebook_instance_security_group_id"
            " master_instance_security_group_id=ExecutionEngine.MasterInstanceSecurityGroupId tags",
            fixed={"ExecutionEngine.Type": "EMR"},
            waits=_LATER,
            result="$states.result.NotebookExecutionId",
            waited="$job.NotebookExecutionId",
        ),
        sensor(
            "emr.EmrNotebookExecutionSensor", "notebook_execution_id", targets="target_states", breaks="failed_states"
        ),
        describe=describe_by(
            "emr:describeNotebookExecution",
            "NotebookExecutionId=result.NotebookExecutionId",
            _EXECUTION,
            "FINISHED",
            "FAILED",
        ),
    ),
    sdk(
        "emr:stopNotebookExecution",
        operator("emr.EmrStopNotebookExecutionOperator", "notebook_execution_id", waits=_LATER),
        describe=describe_by(
            "emr:describeNotebookExecution",
            "NotebookExecutionId=request.NotebookExecutionId",
            _EXECUTION,
            "STOPPED FINISHED",
            "FAILED",
        ),
    ),
    sdk(
        "emr:modifyCluster",
        operator(
            "emr.EmrModifyClusterOperator",
            "cluster_id step_concurrency_level",
            result="$states.result.StepConcurrencyLevel",
        ),
    ),
    sdk(
        "emrserverless:startSession",
        operator(
            "emr.EmrServerlessStartSessionOperator",
            "application_id execution_role_arn name idle_timeout_minutes configuration_overrides",
            waits=_WAITS,
            result="{'application_id': $states.result.ApplicationId, 'session_id': $states.result.SessionId}",
            waited="{'application_id': $job.ApplicationId, 'session_id': $job.SessionId}",
            delay=10,
            attempts=60,
        ),
        describe=describe_by(
            "emrserverless:getSession",
            "ApplicationId=request.ApplicationId SessionId=result.SessionId",
            "Session.State",
            "IDLE STARTED",
            "FAILED TERMINATED TERMINATING",
        ),
    ),
    sdk(
        "emrserverless:getSessionEndpoint",
        operator(
            "emr.EmrServerlessGetSessionEndpointOperator",
            "application_id session_id",
            result="{'endpoint': $states.result.Endpoint, 'auth_token': $states.result.AuthToken,"
            " 'auth_token_expires_at': $states.result.AuthTokenExpiresAt}",
        ),
    ),
    sdk(
        "emrserverless:terminateSession",
        operator(
            "emr.EmrServerlessStopSessionOperator", "application_id session_id", waits=_WAITS, delay=10, attempts=60
        ),
        describe=describe_by(
            "emrserverless:getSession",
            "ApplicationId=request.ApplicationId SessionId=request.SessionId",
            "Session.State",
            "TERMINATED FAILED",
            "",
        ),
    ),
)
