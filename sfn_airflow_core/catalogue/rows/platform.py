"""Rows for compute and deployment: EC2, ECS, Batch, Lambda, ECR, CloudFormation, Systems Manager."""

from __future__ import annotations

from sfn_airflow_core.catalogue.model import Describe, Row
from sfn_airflow_core.catalogue.notation import describe_by, operator, sdk, sensor

_STATES = "($s := $distinct($states.result.Reservations.Instances.State.Name); $count($s) = 1 ? $s[0] : 'mixed')"


def _instances(good: str, bad: str = "", source: str = "request.InstanceIds") -> Describe:
    """Instances that are watched together are done when all of them are."""
    return describe_by("ec2:describeInstances", f"InstanceIds={source}", _STATES, good, bad)


_WAITS = "wait_for_completion"
_LATER = "wait_for_completion:no"
_EC2 = (
    sdk(
        "ec2:startInstances",
        operator(
            "ec2.EC2StartInstanceOperator", "instance_id=InstanceIds[]", waits="always", delay=15, attempts=40_320
        ),
        sensor("ec2.EC2InstanceStateSensor", "instance_id=InstanceIds[]", targets="target_state", broken=""),
        describe=_instances("running"),
    ),
    sdk(
        "ec2:stopInstances",
        operator("ec2.EC2StopInstanceOperator", "instance_id=InstanceIds[]", waits="always", delay=15, attempts=40_320),
        operator(
            "ec2.EC2HibernateInstanceOperator",
            "instance_ids=InstanceIds[]",
            fixed={"Hibernate": True},
            waits=_LATER,
            delay=20,
            attempts=20,
        ),
        describe=_instances("stopped", "terminated"),
    ),
    sdk(
        "ec2:runInstances",
        operator(
            "ec2.EC2CreateInstanceOperator",
            "image_id max_count min_count config=*",
            defaults={"max_count": 1, "min_count": 1},
            waits=_LATER,
            result="[$states.result.Instances.InstanceId]",
            waited="[$states.result.Reservations.Instances.InstanceId]",
            delay=20,
            attempts=20,
            ignored="terminate_instance_on_failure",
        ),
        describe=_instances("running", "shutting-down terminated", "result.Instances.InstanceId"),
    ),
    sdk(
        "ec2:terminateInstances",
        operator("ec2.EC2TerminateInstanceOperator", "instance_ids=InstanceIds[]", waits=_LATER, delay=20, attempts=20),
        describe=_instances("terminated"),
    ),
    sdk(
        "ec2:rebootInstances",
        operator("ec2.EC2RebootInstanceOperator", "instance_ids=InstanceIds[]", waits=_LATER, delay=20, attempts=20),
        describe=_instances("running", "terminated"),
    ),
)
_ECS = (
    sdk(
        "ecs:createCluster",
        operator(
            "ecs.EcsCreateClusterOperator",
            "cluster_name create_cluster_kwargs=*",
            waits=_WAITS,
            delay=15,
            result="$states.result.Cluster",
            waited="$states.result.Clusters[0]",
        ),
        sensor(
            "ecs.EcsClusterStateSensor",
            "cluster_name=Clusters[]",
            targets="target_state",
            succeeded="ACTIVE",
            breaks="failure_states",
        ),
        describe=describe_by(
            "ecs:describeClusters", "[Clusters]=request.ClusterName", "Clusters.0.Status", "ACTIVE", "FAILED INACTIVE"
        ),
    ),
    sdk(
        "ecs:deleteCluster",
        operator(
            "ecs.EcsDeleteClusterOperator",
            "cluster_name=Cluster",
            waits=_WAITS,
            delay=15,
            result="$states.result.Cluster",
            waited="$states.result.Clusters[0]",
        ),
        describe=describe_by(
            "ecs:describeClusters", "[Clusters]=request.Cluster", "Clusters.0.Status", "INACTIVE", "FAILED"
        ),
    ),
    sdk(
        "ecs:registerTaskDefinition",
        operator(
            "ecs.EcsRegisterTaskDefinitionOperator",
            "family container_definitions register_task_kwargs=*",
            result="$states.result.TaskDefinition.TaskDefinitionArn",
        ),
        sensor(
            "ecs.EcsTaskDefinitionStateSensor",
            "task_definition",
            targets="target_state",
            succeeded="ACTIVE",
            broken="INACTIVE DELETE_IN_PROGRESS",
        ),
        describe=describe_by(
            "ecs:describeTaskDefinition",
            "TaskDefinition=result.TaskDefinition.TaskDefinitionArn",
            "TaskDefinition.Status",
            "ACTIVE",
            "INACTIVE",
        ),
    ),
    sdk(
        "ecs:deregisterTaskDefinition",
        operator(
            "ecs.EcsDeregisterTaskDefinitionOperator",
            "task_definition",
            result="$states.result.TaskDefinition.TaskDefinitionArn",
        ),
    ),
)
_COMPUTE = (
    sdk(
        "batch:createComputeEnvironment",
        operator(
            "batch.BatchCreateComputeEnvironmentOperator",
            "compute_environment_name environment_type=Type state unmanaged_v_cpus=UnmanagedvCpus"
            " compute_resources service_role tags",
            result="$states.result.ComputeEnvironmentArn",
        ),
        sensor("batch.BatchComputeEnvironmentSensor", "compute_environment=ComputeEnvironments[]"),
        describe=describe_by(
            "batch:describeComputeEnvironments",
            "[ComputeEnvironments]=result.ComputeEnvironmentArn",
            "ComputeEnvironments.0.Status",
            "VALID DELETED",
            "INVALID",
        ),
    ),
    sdk(
        "batch:createJobQueue",
        sensor("batch.BatchJobQueueSensor", "job_queue=JobQueues[]", when="treat_non_existing_as_deleted=False?"),
        describe=describe_by(
            "batch:describeJobQueues",
            "[JobQueues]=result.JobQueueArn",
            "JobQueues.0.Status",
            "VALID DELETED",
            "INVALID",
        ),
    ),
    sdk(
        "batch:deleteJobQueue",
        sensor("batch.BatchJobQueueSensor", "job_queue=JobQueues[]", when="treat_non_existing_as_deleted=True"),
        describe=describe_by(
            "batch:describeJobQueues",
            "[JobQueues]=request.JobQueue",
            "($exists($states.result.JobQueues) ? $states.result.JobQueues[0].Status : 'DELETED')",
            "VALID DELETED",
            "INVALID",
        ),
    ),
    sdk(
        "lambda:createFunction",
        operator(
            "lambda_function.LambdaCreateFunctionOperator",
            "function_name runtime role handler code description timeout config=*",
            waits=_LATER,
            delay=15,
            result="$states.result.FunctionArn",
            waited="$states.result.Configuration.FunctionArn",
        ),
        sensor("lambda_function.LambdaFunctionStateSensor", "function_name qualifier", targets="target_states"),
        describe=describe_by(
            "lambda:getFunction", "FunctionName=request.FunctionName", "Configuration.State", "Active", "Failed"
        ),
    ),
    sdk(
        "ecr:createRepository",
        operator(
            "ecr.EcrCreateRepositoryOperator",
            "repository_name registry_id tags image_tag_mutability image_tag_mutability_exclusion_filters"
            " image_scanning_configuration encryption_configuration",
            result="$states.result",
        ),
    ),
    sdk(
        "ecr:setRepositoryPolicy",
        operator(
            "ecr.EcrSetRepositoryPolicyOperator",
            "repository_name policy_text registry_id force",
            result="$states.result",
        ),
    ),
    sdk(
        "ecr:deleteRepository",
        operator("ecr.EcrDeleteRepositoryOperator", "repository_name registry_id force", result="$states.result"),
    ),
)

_STACK = "Stacks.0.StackStatus"
_COMMAND = (
    "($s := $states.result.CommandInvocations.Status;"
    " $not($exists($s)) or $exists($s[$ in ['Pending', 'Delayed', 'InProgress', 'Cancelling']]) ? 'InProgress' :"
    " $exists($s[$ != 'Success']) ? 'Failed' : 'Success')"
)
_COMMAND_ENDED = (
    "($s := $states.result.CommandInvocations.Status;"
    " $not($exists($s)) or $exists($s[$ in ['Pending', 'Delayed', 'InProgress', 'Cancelling']]) ? 'InProgress' :"
    " $exists($s[$ in ['Cancelled', 'TimedOut']]) ? 'Failed' : 'Success')"
)
_DEPLOYMENT = (
    sdk(
        "cloudformation:createStack",
        operator("cloud_formation.CloudFormationCreateStackOperator", "stack_name cloudformation_parameters=*"),
        sensor("cloud_formation.CloudFormationCreateStackSensor", "stack_name", missing="ValidationError"),
        describe=describe_by(
            "cloudformation:describeStacks",
            "StackName=request.StackName",
            _STACK,
            "CREATE_COMPLETE",
            "CREATE_FAILED ROLLBACK_IN_PROGRESS ROLLBACK_FAILED ROLLBACK_COMPLETE DELETE_IN_PROGRESS"
            " DELETE_FAILED DELETE_COMPLETE UPDATE_IN_PROGRESS UPDATE_COMPLETE UPDATE_FAILED"
            " UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED"
            " UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_ROLLBACK_COMPLETE REVIEW_IN_PROGRESS"
            " IMPORT_IN_PROGRESS IMPORT_COMPLETE IMPORT_ROLLBACK_IN_PROGRESS IMPORT_ROLLBACK_FAILED"
            " IMPORT_ROLLBACK_COMPLETE",
        ),
    ),
    sdk(
        "cloudformation:deleteStack",
        operator("cloud_formation.CloudFormationDeleteStackOperator", "stack_name cloudformation_parameters=*"),
        sensor("cloud_formation.CloudFormationDeleteStackSensor", "stack_name"),
        describe=describe_by(
            "cloudformation:describeStacks",
            "StackName=request.StackName",
            _STACK,
            "DELETE_COMPLETE",
            "CREATE_COMPLETE DELETE_FAILED ROLLBACK_COMPLETE UPDATE_COMPLETE UPDATE_ROLLBACK_COMPLETE",
            gone="ValidationError",
        ),
    ),
    sdk(
        "ssm:sendCommand",
        operator(
            "ssm.SsmRunCommandOperator",
            "document_name run_command_kwargs=*",
            waits=_WAITS,
            when="fail_on_nonzero_exit=True?",
            result="$states.result.Command.CommandId",
            waited="$job.CommandId",
            delay=120,
            attempts=75,
        ),
        sensor("ssm.SsmRunCommandCompletedSensor", "command_id", when="fail_on_nonzero_exit=True?", poke=120),
        describe=describe_by(
            "ssm:listCommandInvocations", "CommandId=result.Command.CommandId", _COMMAND, "Success", "Failed"
        ),
    ),
    sdk(
        "ssm:sendCommand",
        operator(
            "ssm.SsmRunCommandOperator",
            "document_name run_command_kwargs=*",
            waits=_WAITS,
            when="fail_on_nonzero_exit=False",
            result="$states.result.Command.CommandId",
            waited="$job.CommandId",
            delay=120,
            attempts=75,
        ),
        sensor("ssm.SsmRunCommandCompletedSensor", "command_id", when="fail_on_nonzero_exit=False", poke=120),
        describe=describe_by(
            "ssm:listCommandInvocations", "CommandId=result.Command.CommandId", _COMMAND_ENDED, "Success", "Failed"
        ),
    ),
)


PLATFORM: tuple[Row, ...] = (*_EC2, *_ECS, *_COMPUTE, *_DEPLOYMENT)
