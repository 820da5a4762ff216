"""The provider operators that stand for ``.sync`` integrations.

What else keeps the meaning of the Task (wait as long as it takes, start a new job at every attempt) the runtime's
``as_state`` sets, so that a DAG shows what the Task says.
"""

from __future__ import annotations

from sfn2airflow.services.model import Operator

_PROVIDER = "airflow.providers.amazon.aws.operators"
GLUE = Operator(
    f"{_PROVIDER}.glue",
    "GlueJobOperator",
    keywords=(("JobName", "job_name"), ("Arguments", "script_args")),
    required=("JobName",),
    constants=(("deferrable", True),),
    rest="run_job_kwargs",
    template_fields=("job_name", "script_args", "run_job_kwargs"),
)

ATHENA = Operator(
    f"{_PROVIDER}.athena",
    "AthenaOperator",
    keywords=(
        ("QueryString", "query"),
        ("QueryExecutionContext", "query_execution_context"),
        ("ResultConfiguration", "result_configuration"),
        ("WorkGroup", "workgroup"),
        ("ClientRequestToken", "client_request_token"),
    ),
    required=("QueryString",),
    constants=(("deferrable", True),),
    template_fields=("query", "workgroup", "query_execution_context", "result_configuration", "client_request_token"),
)

BATCH = Operator(
    f"{_PROVIDER}.batch",
    "BatchOperator",
    keywords=(
        ("JobName", "job_name"),
        ("JobDefinition", "job_definition"),
        ("JobQueue", "job_queue"),
        ("Parameters", "parameters"),
        ("ContainerOverrides", "container_overrides"),
        ("ArrayProperties", "array_properties"),
        ("NodeOverrides", "node_overrides"),
        ("EcsPropertiesOverride", "ecs_properties_override"),
        ("EksPropertiesOverride", "eks_properties_override"),
        ("RetryStrategy", "retry_strategy"),
        ("Tags", "tags"),
    ),
    required=("JobName", "JobDefinition", "JobQueue"),
    constants=(("deferrable", True),),
    template_fields=(
        "job_name",
        "job_definition",
        "job_queue",
        "parameters",
        "container_overrides",
        "array_properties",
        "node_overrides",
        "ecs_properties_override",
        "eks_properties_override",
        "retry_strategy",
        "tags",
    ),
    differs="does not set the environment variable MANAGED_BY_AWS in the container",
)

ECS = Operator(
    f"{_PROVIDER}.ecs",
    "EcsRunTaskOperator",
    keywords=(
        ("TaskDefinition", "task_definition"),
        ("Cluster", "cluster"),
        ("Overrides", "overrides"),
        ("LaunchType", "launch_type"),
        ("CapacityProviderStrategy", "capacity_provider_strategy"),
        ("Group", "group"),
        ("PlacementConstraints", "placement_constraints"),
        ("PlacementStrategy", "placement_strategy"),
        ("PlatformVersion", "platform_version"),
        ("NetworkConfiguration", "network_configuration"),
        ("PropagateTags", "propagate_tags"),
        ("VolumeConfigurations", "volume_configurations"),
    ),
    required=("TaskDefinition", "Cluster"),
    constants=(("deferrable", True),),
    template_fields=(
        "task_definition",
        "cluster",
        "overrides",
        "launch_type",
        "capacity_provider_strategy",
        "group",
        "placement_constraints",
        "placement_strategy",
        "platform_version",
        "network_configuration",
        "propagate_tags",
        "volume_configurations",
    ),
    differs="StartedBy is the task's owner",
)

STEP_FUNCTIONS = Operator(
    f"{_PROVIDER}.step_function",
    "StepFunctionStartExecutionOperator",
    keywords=(("StateMachineArn", "state_machine_arn"), ("Name", "name"), ("Input", "state_machine_input")),
    required=("StateMachineArn",),
    constants=(("deferrable", True),),
    template_fields=("state_machine_arn", "name", "state_machine_input"),
)
