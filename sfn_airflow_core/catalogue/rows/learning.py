"""Rows for machine learning beside training jobs: SageMaker's pipelines, notebooks and endpoints, Comprehend."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_WAITS, _LATER = "wait_for_completion", "wait_for_completion:no"
_NOTEBOOK = "instance_name=NotebookInstanceName"
_SAGEMAKER = (
    sdk(
        "sagemaker:deleteModel",
        operator("sagemaker.SageMakerDeleteModelOperator", "config=*"),
    ),
    sdk(
        "sagemaker:startPipelineExecution",
        operator(
            "sagemaker.SageMakerStartPipelineOperator",
            "pipeline_name display_name=PipelineExecutionDisplayName pipeline_params=PipelineParameters:pairs",
            defaults={"display_name": "airflow-triggered-execution"},
            waits=_LATER,
            result="$states.result.PipelineExecutionArn",
            waited="$job.PipelineExecutionArn",
            delay=30,
            attempts=9999,
        ),
        sensor(
            "sagemaker.SageMakerPipelineSensor",
            "pipeline_exec_arn=PipelineExecutionArn",
            succeeded="Succeeded Stopped",
            broken="Failed",
        ),
        describe=describe_by(
            "sagemaker:describePipelineExecution",
            "PipelineExecutionArn=result.PipelineExecutionArn",
            "PipelineExecutionStatus",
            "Succeeded",
            "Failed Stopped",
        ),
    ),
    sdk(
        "sagemaker:stopPipelineExecution",
        operator(
            "sagemaker.SageMakerStopPipelineOperator",
            "pipeline_exec_arn=PipelineExecutionArn",
            waits=_LATER,
            result="'Stopping'",
            waited="$states.result.PipelineExecutionStatus",
            ignored="fail_if_not_running",
            delay=30,
            attempts=9999,
        ),
        describe=describe_by(
            "sagemaker:describePipelineExecution",
            "PipelineExecutionArn=request.PipelineExecutionArn",
            "PipelineExecutionStatus",
            "Succeeded Stopped",
            "Failed",
        ),
    ),
    sdk(
        "sagemaker:createAutoMLJob",
        sensor(
            "sagemaker.SageMakerAutoMLSensor", "job_name=AutoMLJobName", succeeded="Completed Stopped", broken="Failed"
        ),
        describe=describe_by(
            "sagemaker:describeAutoMLJob",
            "AutoMLJobName=request.AutoMLJobName",
            "AutoMLJobStatus",
            "Completed",
            "Failed Stopped",
        ),
    ),
    sdk(
        "sagemaker:createExperiment",
        operator(
            "sagemaker.SageMakerCreateExperimentOperator",
            "name=ExperimentName description tags=Tags:tags",
            result="$states.result.ExperimentArn",
        ),
    ),
    sdk(
        "sagemaker:createNotebookInstance",
        operator(
            "sagemaker.SageMakerCreateNotebookOperator",
            f"{_NOTEBOOK} instance_type role_arn volume_size_in_gb=VolumeSizeInGB volume_kms_key_id=KmsKeyId"
            " lifecycle_config_name direct_internet_access root_access create_instance_kwargs=*",
            waits=_WAITS,
            result="$states.result.NotebookInstanceArn",
            waited="$states.result.NotebookInstanceArn",
        ),
        describe=describe_by(
            "sagemaker:describeNotebookInstance",
            "NotebookInstanceName=request.NotebookInstanceName",
            "NotebookInstanceStatus",
            "InService",
            "Failed",
        ),
    ),
    sdk(
        "sagemaker:startNotebookInstance",
        operator("sagemaker.SageMakerStartNoteBookOperator", _NOTEBOOK, waits=_WAITS),
        describe=describe_by(
            "sagemaker:describeNotebookInstance",
            "NotebookInstanceName=request.NotebookInstanceName",
            "NotebookInstanceStatus",
            "InService",
            "Failed",
        ),
    ),
    sdk(
        "sagemaker:stopNotebookInstance",
        operator("sagemaker.SageMakerStopNotebookOperator", _NOTEBOOK, waits=_WAITS),
        describe=describe_by(
            "sagemaker:describeNotebookInstance",
            "NotebookInstanceName=request.NotebookInstanceName",
            "NotebookInstanceStatus",
            "Stopped",
            "Failed",
        ),
    ),
    sdk(
        "sagemaker:deleteNotebookInstance",
        operator("sagemaker.SageMakerDeleteNotebookOperator", _NOTEBOOK, waits=_WAITS),
        describe=describe_by(
            "sagemaker:describeNotebookInstance",
            "NotebookInstanceName=request.NotebookInstanceName",
            "NotebookInstanceStatus",
            "Deleted",
            "Failed",
            gone="ValidationException",
        ),
    ),
    sdk(
        "sagemaker:createEndpoint",
        sensor(
            "sagemaker.SageMakerEndpointSensor", "endpoint_name", succeeded="InService OutOfService", broken="Failed"
        ),
        describe=describe_by(
            "sagemaker:describeEndpoint",
            "EndpointName=request.EndpointName",
            "EndpointStatus",
            "InService",
            "Failed OutOfService",
        ),
    ),
)

_CLASSIFIER = "DocumentClassifierProperties.Status"
_COMPREHEND = (
    sdk(
        "comprehend:startPiiEntitiesDetectionJob",
        operator(
            "comprehend.ComprehendStartPiiEntitiesDetectionJobOperator",
            "input_data_config output_data_config mode data_access_role_arn language_code start_pii_entities_kwargs=*",
            waits=_WAITS,
            result="$states.result.JobId",
            waited="$job.JobId",
            delay=60,
            attempts=20,
        ),
        sensor(
            "comprehend.ComprehendStartPiiEntitiesDetectionJobCompletedSensor",
            "job_id",
            poke=120,
            broken="FAILED STOP_REQUESTED STOPPED",
        ),
        describe=describe_by(
            "comprehend:describePiiEntitiesDetectionJob",
            "JobId=result.JobId",
            "PiiEntitiesDetectionJobProperties.JobStatus",
            "COMPLETED",
            "FAILED STOPPED",
        ),
    ),
    sdk(
        "comprehend:createDocumentClassifier",
        operator(
            "comprehend.ComprehendCreateDocumentClassifierOperator",
            "document_classifier_name input_data_config output_data_config mode data_access_role_arn language_code"
            " document_classifier_kwargs=*",
            when="fail_on_warnings=False?",
            waits=_WAITS,
            result="$states.result.DocumentClassifierArn",
            waited="$job.DocumentClassifierArn",
            delay=60,
            attempts=20,
        ),
        sensor(
            "comprehend.ComprehendCreateDocumentClassifierCompletedSensor",
            "document_classifier_arn",
            when="fail_on_warnings=False?",
            poke=120,
            broken="DELETING STOP_REQUESTED STOPPED IN_ERROR",
        ),
        sensor(
            "comprehend.ComprehendCreateDocumentClassifierCompletedSensor",
            "document_classifier_arn",
            when="fail_on_warnings=True",
            poke=120,
            succeeded="TRAINED",
            broken="DELETING STOP_REQUESTED STOPPED IN_ERROR TRAINED_WITH_WARNING",
        ),
        describe=describe_by(
            "comprehend:describeDocumentClassifier",
            "DocumentClassifierArn=result.DocumentClassifierArn",
            _CLASSIFIER,
            "TRAINED TRAINED_WITH_WARNING",
            "DELETING STOPPED IN_ERROR",
        ),
    ),
)


LEARNING: tuple[Row, ...] = (*_SAGEMAKER, *_COMPREHEND)
