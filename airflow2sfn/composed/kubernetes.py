"""Pods in a cluster of Amazon EKS, as Jobs."""

from __future__ import annotations

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.source import Known, Value
from airflow2sfn.tasks.calls import Chain, Step, Work
from airflow2sfn.tasks.site import Site, entries
from sfn_airflow_core.asl.model import Json

_PLACES = {"image": "image", "cmds": "command", "arguments": "args", "image_pull_policy": "imagePullPolicy"}
_OBJECTS = (
    "volumes", "volume_mounts", "affinity", "tolerations", "pod_template_file", "pod_template_dict", "full_pod_spec",
    "init_containers", "env_from", "secrets", "security_context", "container_security_context", "container_resources",
    "image_pull_secrets", "host_aliases", "ports", "do_xcom_push", "topology_spread_constraints", "base_container_name",
)  # fmt: skip
_WITHOUT_EFFECT = (
    "in_cluster", "on_finish_action", "startup_timeout_seconds", "startup_check_interval_seconds", "config_file",
    "kubernetes_conn_id", "cluster_context", "random_name_suffix", "reattach_on_restart", "log_events_on_failure",
    "is_delete_operator_pod", "get_logs", "logging_interval", "termination_grace_period", "log_pod_spec_on_failure",
)  # fmt: skip


def pod(site: Site, given: dict[str, Value]) -> Work | None:
    """The pod becomes the only one of a Job, which is run once and deleted when it is done."""
    site.refuse(given, *_OBJECTS)
    site.dropped(
        given, *_PLACES, *_OBJECTS, *_WITHOUT_EFFECT, "cluster_name", "namespace", "name", "pod_name", "labels",
        "annotations", "env_vars", "service_account_name", "node_selector",
    )  # fmt: skip
    name = site.json(given.get("pod_name") or given.get("name") or Known("pod"))
    container: dict[str, Json] = {"name": "base"}
    container |= {place: site.json(given[keyword]) for keyword, place in _PLACES.items() if keyword in given}
    if "env_vars" in given:
        variables = entries(given["env_vars"])
        if variables is None:
            raise Untranslatable("the pod's environment is not a dictionary with known names")
        container["env"] = [{"name": key, "value": site.json(value)} for key, value in variables.items()]
    spec: dict[str, Json] = {"restartPolicy": "Never", "containers": [container]}
    for keyword, place in (("service_account_name", "serviceAccountName"), ("node_selector", "nodeSelector")):
        if keyword in given:
            spec[place] = site.json(given[keyword])
    metadata: dict[str, Json] = {key: site.json(given[key]) for key in ("labels", "annotations") if key in given}
    cluster = site.need(given, "cluster_name")
    certificate, endpoint = site.local("certificate"), site.local("endpoint")
    kept = {
        certificate: "$states.result.Cluster.CertificateAuthority.Data",
        endpoint: "$states.result.Cluster.Endpoint",
    }
    template: dict[str, Json] = {"metadata": metadata, "spec": spec} if metadata else {"spec": spec}
    job: dict[str, Json] = {
        "ClusterName": cluster,
        "CertificateAuthority": f"{{% ${certificate} %}}",
        "Endpoint": f"{{% ${endpoint} %}}",
        "Namespace": site.json(given.get("namespace", Known("default"))),
        "LogOptions": {"RetrieveLogs": given.get("get_logs") != Known(False)},
        "Job": {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name},
            "spec": {"backoffLimit": 0, "template": template},
        },
    }
    describe = site.call("aws-sdk:eks:describeCluster", {"Name": cluster})
    return Chain((Step(describe, "cluster", kept), Step(site.call("eks:runJob.sync", job))), "null")


KUBERNETES = {"operators.eks.EksPodOperator": pod}
