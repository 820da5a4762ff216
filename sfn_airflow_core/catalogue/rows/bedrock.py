"""Rows for Amazon Bedrock."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_WAITS = "wait_for_completion"
_GUARD = (
    "blocked_input_messaging blocked_outputs_messaging description topic_policy_config content_policy_config"
    " word_policy_config sensitive_information_policy_config"
)
_MODELS = (
    sdk(
        "bedrock:createProvisionedModelThroughput",
        operator(
            "bedrock.BedrockCreateProvisionedModelThroughputOperator",
            "model_units provisioned_model_name model_id create_throughput_kwargs=*",
            waits=_WAITS,
            result="$states.result.ProvisionedModelArn",
            waited="$job.ProvisionedModelId",
            delay=60,
            attempts=20,
        ),
        sensor("bedrock.BedrockProvisionModelThroughputCompletedSensor", "model_id=ProvisionedModelId"),
        describe=describe_by(
            "bedrock:getProvisionedModelThroughput",
            "ProvisionedModelId=result.ProvisionedModelArn",
            "Status",
            "InService",
            "Failed",
        ),
    ),
    sdk(
        "bedrock:createModelInvocationJob",
        operator(
            "bedrock.BedrockBatchInferenceOperator",
            "job_name role_arn model_id input_uri=InputDataConfig.S3InputDataConfig.S3Uri"
            " output_uri=OutputDataConfig.S3OutputDataConfig.S3Uri invoke_kwargs=*",
            waits=_WAITS,
            result="$states.result.JobArn",
            waited="$job.JobIdentifier",
            delay=60,
            attempts=20,
        ),
        sensor(
            "bedrock.BedrockBatchInferenceSensor",
            "job_arn=JobIdentifier",
            succeeded="Scheduled Completed",
            broken="Failed Stopped PartiallyCompleted Expired",
            poke=120,
            ignored="success_state",
        ),
        describe=describe_by(
            "bedrock:getModelInvocationJob",
            "JobIdentifier=result.JobArn",
            "Status",
            "Completed",
            "Failed Stopped PartiallyCompleted Expired",
        ),
    ),
    sdk(
        "bedrock:createGuardrail",
        operator(
            "bedrock.BedrockCreateGuardrailOperator",
            f"guardrail_name=Name {_GUARD} contextual_grounding_policy_config kms_key_id tags",
            result="$states.result.GuardrailId",
            ignored="if_exists",
        ),
    ),
    sdk(
        "bedrock:updateGuardrail",
        operator(
            "bedrock.BedrockUpdateGuardrailOperator",
            f"guardrail_identifier guardrail_name=Name {_GUARD}",
            result="$states.result.GuardrailId",
        ),
    ),
    sdk(
        "bedrock:deleteGuardrail",
        operator("bedrock.BedrockDeleteGuardrailOperator", "guardrail_identifier guardrail_version"),
    ),
    sdk(
        "bedrock:createGuardrailVersion",
        operator(
            "bedrock.BedrockCreateGuardrailVersionOperator",
            "guardrail_identifier description",
            result="$states.result.Version",
        ),
    ),
    sdk(
        "bedrock:createEvaluationJob",
        operator(
            "bedrock.BedrockCreateEvaluationJobOperator",
            "job_name role_arn evaluation_config inference_config output_data_config job_description",
            result="$states.result.JobArn",
        ),
    ),
    sdk(
        "bedrockagent:createKnowledgeBase",
        operator(
            "bedrock.BedrockCreateKnowledgeBaseOperator",
            "name role_arn storage_config=StorageConfiguration"
            " embedding_model_arn=KnowledgeBaseConfiguration.VectorKnowledgeBaseConfiguration.EmbeddingModelArn"
            " create_knowledge_base_kwargs=*",
            fixed={"KnowledgeBaseConfiguration.Type": "VECTOR"},
            waits=_WAITS,
            result="$states.result.KnowledgeBase.KnowledgeBaseId",
            waited="$job.KnowledgeBaseId",
            delay=60,
            attempts=20,
            ignored="wait_for_indexing indexing_error_retry_delay indexing_error_max_attempts",
        ),
        sensor("bedrock.BedrockKnowledgeBaseActiveSensor", "knowledge_base_id", broken="DELETING FAILED", poke=5),
        describe=describe_by(
            "bedrockagent:getKnowledgeBase",
            "KnowledgeBaseId=result.KnowledgeBase.KnowledgeBaseId",
            "KnowledgeBase.Status",
            "ACTIVE",
            "DELETING FAILED DELETE_UNSUCCESSFUL",
        ),
    ),
    sdk(
        "bedrockagent:createDataSource",
        operator(
            "bedrock.BedrockCreateDataSourceOperator",
            "name knowledge_base_id create_data_source_kwargs=*",
            composed={"DataSourceConfiguration.S3Configuration.BucketArn": "arn:aws:s3:::{bucket_name}"},
            fixed={"DataSourceConfiguration.Type": "S3"},
            result="$states.result.DataSource.DataSourceId",
        ),
    ),
    sdk(
        "bedrockagent:startIngestionJob",
        operator(
            "bedrock.BedrockIngestDataOperator",
            "knowledge_base_id data_source_id",
            waits=_WAITS,
            result="$states.result.IngestionJob.IngestionJobId",
            waited="$job.IngestionJobId",
            delay=60,
            attempts=10,
            ignored="ingest_data_kwargs",
        ),
        sensor("bedrock.BedrockIngestionJobSensor", "knowledge_base_id data_source_id ingestion_job_id"),
        describe=describe_by(
            "bedrockagent:getIngestionJob",
            "KnowledgeBaseId=request.KnowledgeBaseId DataSourceId=request.DataSourceId"
            " IngestionJobId=result.IngestionJob.IngestionJobId",
            "IngestionJob.Status",
            "COMPLETE",
            "FAILED STOPPED",
        ),
    ),
    sdk(
        "bedrockagentruntime:retrieve",
        operator(
            "bedrock.BedrockRetrieveOperator",
            "retrieval_query=RetrievalQuery.Text knowledge_base_id"
            " vector_search_config=RetrievalConfiguration.VectorSearchConfiguration retrieve_kwargs=*",
            result="$states.result",
        ),
    ),
)
_KB = "RetrieveAndGenerateConfiguration.KnowledgeBaseConfiguration"
_EXTERNAL = "RetrieveAndGenerateConfiguration.ExternalSourcesConfiguration"
_PROMPT = "GenerationConfiguration.PromptTemplate.TextPromptTemplate"
_RAG = "RetrieveAndGenerateConfiguration.Type"
_GENERATION = (
    sdk(
        "bedrockagentruntime:retrieveAndGenerate",
        operator(
            "bedrock.BedrockRaGOperator",
            f"input=Input.Text knowledge_base_id={_KB}.KnowledgeBaseId model_arn={_KB}.ModelArn"
            f" prompt_template={_KB}.{_PROMPT}"
            f" vector_search_config={_KB}.RetrievalConfiguration.VectorSearchConfiguration rag_kwargs=*",
            when="source_type=KNOWLEDGE_BASE",
            fixed={_RAG: "KNOWLEDGE_BASE"},
            result="$states.result",
        ),
        operator(
            "bedrock.BedrockRaGOperator",
            f"input=Input.Text sources={_EXTERNAL}.Sources model_arn={_EXTERNAL}.ModelArn"
            f" prompt_template={_EXTERNAL}.{_PROMPT} rag_kwargs=*",
            when="source_type=EXTERNAL_SOURCES",
            fixed={_RAG: "EXTERNAL_SOURCES"},
            result="$states.result",
        ),
    ),
)
_AGENTS = (
    sdk(
        "bedrockagentcorecontrol:createAgentRuntime",
        operator(
            "bedrock.BedrockCreateAgentRuntimeOperator",
            "agent_runtime_name agent_runtime_artifact role_arn network_configuration create_agent_runtime_kwargs=*",
            waits=_WAITS,
            result="$states.result.AgentRuntimeArn",
            waited="$states.result.AgentRuntimeArn",
            delay=60,
            attempts=20,
        ),
        describe=describe_by(
            "bedrockagentcorecontrol:getAgentRuntime",
            "AgentRuntimeId=result.AgentRuntimeId AgentRuntimeVersion=result.AgentRuntimeVersion",
            "Status",
            "READY",
            "CREATE_FAILED UPDATE_FAILED",
        ),
    ),
    sdk(
        "bedrockagentcorecontrol:deleteAgentRuntime",
        operator("bedrock.BedrockDeleteAgentRuntimeOperator", "agent_runtime_id", waits=_WAITS, delay=60, attempts=20),
        describe=describe_by(
            "bedrockagentcorecontrol:getAgentRuntime",
            "AgentRuntimeId=request.AgentRuntimeId",
            "Status",
            "DELETED",
            "",
            gone="ResourceNotFoundException",
        ),
    ),
)


BEDROCK: tuple[Row, ...] = (*_MODELS, *_GENERATION, *_AGENTS)
