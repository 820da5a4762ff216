"""Models with what they run on: Amazon SageMaker."""

from __future__ import annotations

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.source import Known, Value
from airflow2sfn.tasks.calls import Chain, Look, Step, Work
from airflow2sfn.tasks.services import merged, row_call
from airflow2sfn.tasks.site import Site, entries
from sfn_airflow_core.asl.model import Json

_CHECKS = (
    "check_if_job_exists", "action_if_job_exists", "check_if_model_exists", "action_if_model_exists", "operation",
    "wait_for_completion",
)  # fmt: skip


def endpoint(site: Site, given: dict[str, Value]) -> Work | None:
    """The model and the configuration that the request holds are created first."""
    config = entries(given.get("config", Known({})))
    if not config:
        raise Untranslatable("its config is only known in the run")
    site.dropped(given, "config", *_CHECKS)
    operation = given.get("operation", Known("create"))
    if operation not in (Known("create"), Known("update")):
        raise Untranslatable("whether it creates or updates the endpoint is not known")
    assert isinstance(operation, Known), "it has just been compared"
    steps = [
        Step(site.call(f"sagemaker:create{part}", site.json(config[part])), name)
        for part, name in (("Model", "model"), ("EndpointConfig", "configuration"))
        if part in config
    ]
    own = config.get("Endpoint", given["config"])
    request = site.json(own)
    main = Step(site.call(f"sagemaker:{operation.value}Endpoint", request))
    if not site.waits("wait_for_completion", default=True):
        return Chain((*steps, main), "null")
    named = entries(own)
    name: Json = site.json(named["EndpointName"]) if named else f"{{% {site.text(own)}.EndpointName %}}"
    interval, limit = site.pace(30, 2880)
    look = Look(
        site.call("aws-sdk:sagemaker:describeEndpoint", {"EndpointName": name}),
        "{'Status': $states.result.EndpointStatus, 'Endpoint': $states.result}",
        "$states.input.Status = 'InService'",
        "$states.input.Status in ['Failed', 'OutOfService']",
        interval=interval,
        timeout=limit,
        name="status",
        result="{'Endpoint': $states.input.Endpoint}",
    )
    return Chain((*steps, main, look))


def transform(site: Site, given: dict[str, Value]) -> Work | None:
    """The request may hold a model that is created first."""
    waits = site.waits("wait_for_completion", default=True)
    config = given.get("config", Known({}))
    known = entries(config)
    if known is None:
        text = site.text(config)
        request: Json = f"{{% $exists({text}.Transform) ? {text}.Transform : {text} %}}"
        model: Json = None
    else:
        request = site.json(known.get("Transform", config))
        model = site.json(known["Model"]) if "Model" in known else None
    call = row_call(site, given, sync=waits)
    job = Step(site.call(f"sagemaker:createTransformJob{'.sync' if waits else ''}", request, call.result))
    if model is not None:
        return Chain((Step(site.call("sagemaker:createModel", model), "model"), job))
    return job.call if known is not None else _checked(site, config, job)


def _checked(site: Site, config: Value, job: Step) -> Work:
    """A request that is only known in the run; a model in it would be lost, so that the task fails then."""
    text = site.text(config)
    whole = f"$exists({text}.Model) ? $error('the config holds a Model') : $exists({text}.Transform)"
    return site.call(
        job.call.resource.rpartition(":::")[2], f"{{% {whole} ? {text}.Transform : {text} %}}", job.call.result
    )


def register(site: Site, given: dict[str, Value]) -> Work | None:
    """The group of the package is created where there is none."""
    site.dropped(
        given, "image_uri", "model_url", "package_group_name", "package_group_desc", "package_desc", "model_approval",
        "extras", "config",
    )  # fmt: skip
    group = site.need(given, "package_group_name")
    package: dict[str, Json] = {
        "InferenceSpecification": {
            "Containers": [{"Image": site.need(given, "image_uri"), "ModelDataUrl": site.need(given, "model_url")}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "ModelPackageDescription": site.json(given.get("package_desc", Known(""))),
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": site.json(given.get("model_approval", Known("PendingManualApproval"))),
    }
    extras = entries(given.get("extras", Known({})))
    if extras is None:
        raise Untranslatable("extras are only known in the run")
    package |= {name: site.json(value) for name, value in extras.items()}
    described: dict[str, Json] = {
        "ModelPackageGroupName": group,
        "ModelPackageGroupDescription": site.json(given.get("package_desc", Known(""))),
    }
    look = site.call("aws-sdk:sagemaker:describeModelPackageGroup", {"ModelPackageGroupName": group})
    create = site.call("aws-sdk:sagemaker:createModelPackageGroup", described)
    first = Step(look, "group", otherwise=(("SageMaker.SageMakerException",), create))
    made = site.call("aws-sdk:sagemaker:createModelPackage", package, "$states.result.ModelPackageArn")
    return Chain((first, Step(made)))


def auto_ml(site: Site, given: dict[str, Value]) -> Work | None:
    """A job that looks for the best model, and what it has found."""
    site.refuse(given, "config")
    known = ("job_name", "s3_input", "target_attribute", "s3_output", "role_arn", "compressed_input", "time_limit")
    site.dropped(given, *known, "autodeploy_endpoint_name", "extras", "wait_for_completion", "config")
    channel: dict[str, Json] = {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": site.need(given, "s3_input")}},
        "TargetAttributeName": site.need(given, "target_attribute"),
    }
    if site.task.known("compressed_input", False):
        channel["CompressionType"] = "Gzip"
    name = site.need(given, "job_name")
    arguments: dict[str, Json] = {
        "AutoMLJobName": name,
        "InputDataConfig": [channel],
        "OutputDataConfig": {"S3OutputPath": site.need(given, "s3_output")},
        "RoleArn": site.need(given, "role_arn"),
    }
    if "time_limit" in given:
        limited: dict[str, Json] = {"MaxAutoMLJobRuntimeInSeconds": site.json(given["time_limit"])}
        arguments["AutoMLJobConfig"] = {"CompletionCriteria": limited}
    if "autodeploy_endpoint_name" in given:
        arguments["ModelDeployConfig"] = {"EndpointName": site.json(given["autodeploy_endpoint_name"])}
    action = "aws-sdk:sagemaker:createAutoMLJob"
    start = site.call(action, merged(site, action, arguments, given.get("extras")))
    if not site.waits("wait_for_completion", default=True):
        return start
    interval, limit = site.pace(30, 20_160)
    look = Look(
        site.call("aws-sdk:sagemaker:describeAutoMLJob", {"AutoMLJobName": name}),
        "{'Status': $states.result.AutoMLJobStatus, 'Best': $states.result.BestCandidate}",
        "$states.input.Status in ['Completed', 'Stopped']",
        "$states.input.Status = 'Failed'",
        interval=interval,
        timeout=limit,
        name="status",
        result="$exists($states.input.Best) ? $states.input.Best : null",
    )
    return Chain((Step(start), look))


LEARNING = {
    "operators.sagemaker.SageMakerAutoMLOperator": auto_ml,
    "operators.sagemaker.SageMakerEndpointOperator": endpoint,
    "operators.sagemaker.SageMakerTransformOperator": transform,
    "operators.sagemaker.SageMakerRegisterModelVersionOperator": register,
}
