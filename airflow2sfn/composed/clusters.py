"""Clusters and what runs on them: Amazon EMR, EMR Serverless, Amazon EKS."""

from __future__ import annotations

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.source import Items, Known, Value
from airflow2sfn.tasks.calls import Chain, Look, Step, Work
from airflow2sfn.tasks.services import merged, row_call
from airflow2sfn.tasks.site import Site
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.aws_sdk import pascal
from sfn_airflow_core.catalogue.spelling import as_sdk, at, operation, spelt

_WAITS = "wait_for_completion"


def create_application(site: Site, given: dict[str, Value]) -> Work | None:
    """The operator also starts the application that it has created."""
    waits = site.waits(_WAITS, default=True)
    created = row_call(site, given, sync=True)
    application = site.local("application")
    start = site.call(
        f"emr-serverless:startApplication{'.sync' if waits else ''}", {"ApplicationId": f"{{% ${application} %}}"}
    )
    kept = {application: "$states.result.Application.ApplicationId"}
    return Chain((Step(created, assign=kept), Step(start, "start")), f"${application}")


def delete_application(site: Site, given: dict[str, Value]) -> Work | None:
    """The operator stops the application before."""
    site.refuse(given, "force_stop")
    arguments: dict[str, Json] = {"ApplicationId": site.need(given, "application_id")}
    stop = site.call("emr-serverless:stopApplication.sync", arguments)
    return Chain((Step(stop, "stop"), Step(row_call(site, given, sync=site.waits(_WAITS, default=True)))))


def add_steps(site: Site, given: dict[str, Value]) -> Work | None:
    """Several steps that are waited for are added at once, and looked at one after the other."""
    site.refuse(given, "job_flow_name")
    site.dropped(
        given, "job_flow_id", "steps", "execution_role_arn", _WAITS, "cluster_states", "job_flow_name",
        "openlineage_inject_parent_job_info",
    )  # fmt: skip
    cluster = site.need(given, "job_flow_id")
    role: dict[str, Json] = {"ExecutionRoleArn": site.json(r)} if (r := given.get("execution_role_arn")) else {}
    steps = site.need(given, "steps")
    if isinstance(given["steps"], Known) and isinstance(given["steps"].value, str):
        raise Untranslatable("its steps are a text")
    arguments: dict[str, Json] = {"JobFlowId": cluster, "Steps": _spelt_steps(steps), **role}
    add = site.call("aws-sdk:emr:addJobFlowSteps", arguments, "$states.result.StepIds")
    if not (site.waits(_WAITS, default=False) or site.task.task_id in site.plan.absorbed):
        return add
    if not isinstance(given["steps"], Items | Known) or not isinstance(steps, list) or not steps:
        raise Untranslatable("how many steps it waits for is not known")
    if len(steps) == 1:
        one: dict[str, Json] = {"ClusterId": cluster, "Step": steps[0], **role}
        return Chain((Step(site.call("elasticmapreduce:addStep.sync", one)),), "[$states.result.Step.Id]")
    ids = site.local("step_ids")
    looks = (_step_done(site, cluster, f"{{% ${ids}[{number}] %}}", number) for number in range(len(steps)))
    return Chain((Step(add, assign={ids: add.result}), *looks), f"${ids}")


def _step_done(site: Site, cluster: Json, step: Json, number: int) -> Look:
    """Waits for a step that has been added."""
    interval, limit = site.pace(30, 60)
    return Look(
        site.call("aws-sdk:emr:describeStep", {"ClusterId": cluster, "StepId": step}),
        "$states.result.Step.Status.State",
        "$states.input = 'COMPLETED'",
        "$states.input in ['CANCELLED', 'FAILED', 'INTERRUPTED']",
        interval=interval,
        timeout=limit,
        name=f"status {number + 1}" if number else "status",
    )


def _spelt_steps(steps: Json) -> Json:
    called = operation(as_sdk("emr:addJobFlowSteps"))
    return spelt(steps, at(called.input_shape, "Steps"), pascal)


def create_cluster(site: Site, given: dict[str, Value]) -> Work | None:
    """The operator also makes the nodes, or a Fargate profile, of the cluster that it has created."""
    compute = site.task.arguments.get("compute", Known("nodegroup"))
    if compute == Known(None):
        return None
    if not isinstance(compute, Known):
        raise Untranslatable("which compute the cluster gets is not known")
    first = Step(row_call(site, given, sync=True))
    sync = ".sync" if site.waits(_WAITS, default=False) else ""
    name = site.need(given, "cluster_name")
    if compute.value == "nodegroup":
        variable = site.local("subnets")
        kept = {variable: "$states.result.Cluster.ResourcesVpcConfig.SubnetIds"}
        arguments: dict[str, Json] = {
            "ClusterName": name,
            "NodegroupName": site.json(given.get("nodegroup_name", Known("nodegroup"))),
            "NodeRole": site.need(given, "nodegroup_role_arn"),
            "Subnets": f"{{% ${variable} %}}",
        }
        more = given.get("create_nodegroup_kwargs")
        step = Step(
            site.call(f"eks:createNodegroup{sync}", merged(site, "eks:createNodegroup", arguments, more)), "nodes"
        )
        return Chain((Step(first.call, assign=kept), step), "null")
    if compute.value != "fargate":
        raise Untranslatable(f"compute {compute.value} is none that EKS has")
    arguments = {
        "ClusterName": name,
        "FargateProfileName": site.json(given.get("fargate_profile_name", Known("profile"))),
        "PodExecutionRoleArn": site.need(given, "fargate_pod_execution_role_arn"),
        "Selectors": site.json(given["fargate_selectors"])
        if "fargate_selectors" in given
        else [{"Namespace": "default"}],
    }
    more = given.get("create_fargate_profile_kwargs")
    whole = merged(site, "eks:createFargateProfile", arguments, more)
    return Chain((first, Step(site.call(f"eks:createFargateProfile{sync}", whole), "profile")), "null")


CLUSTERS = {
    "operators.emr.EmrServerlessCreateApplicationOperator": create_application,
    "operators.emr.EmrServerlessDeleteApplicationOperator": delete_application,
    "operators.emr.EmrAddStepsOperator": add_steps,
    "operators.eks.EksCreateClusterOperator": create_cluster,
}
