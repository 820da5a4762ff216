"""Instance fleets and groups of an Amazon EMR cluster, changed by their names.

Source: Step Functions Developer Guide, "Create and manage Amazon EMR clusters with Step Functions".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import StateError

Json = Any
Call = Callable[[str, Json], Json]


def modify_fleet(arguments: Json, call: Call) -> Json:
    """``modifyInstanceFleetByName``: give the fleet other capacities."""
    cluster = arguments["ClusterId"]
    fleet = _named("InstanceFleet", cluster, arguments.get("InstanceFleetName"), call)
    changes = {**(arguments.get("InstanceFleet") or {}), "InstanceFleetId": fleet}
    return call("elasticmapreduce:modifyInstanceFleet", {"ClusterId": cluster, "InstanceFleet": changes})


def modify_group(arguments: Json, call: Call) -> Json:
    """``modifyInstanceGroupByName``: give the group another number of instances, or shrink it in another way."""
    cluster = arguments["ClusterId"]
    group = _named("InstanceGroup", cluster, arguments.get("InstanceGroupName"), call)
    changes = {**(arguments.get("InstanceGroup") or {}), "InstanceGroupId": group}
    return call("elasticmapreduce:modifyInstanceGroups", {"ClusterId": cluster, "InstanceGroups": [changes]})


def _named(kind: str, cluster: Json, name: Json, call: Call) -> Json:
    """The id of a fleet or group; raises States.TaskFailed where the cluster has none of that name."""
    marker: dict[str, Json] = {}
    while True:
        page = call(f"elasticmapreduce:list{kind}s", {"ClusterId": cluster, **marker})
        for found in page.get(f"{kind}s") or ():
            if found.get("Name") == name:
                return found["Id"]
        if not page.get("Marker"):
            raise StateError("States.TaskFailed", f"the cluster {cluster} has no {kind} called {name!r}")
        marker = {"Marker": page["Marker"]}


BY_NAME: dict[str, Callable[[Json, Call], Json]] = {
    "elasticmapreduce:modifyInstanceFleetByName": modify_fleet,
    "elasticmapreduce:modifyInstanceGroupByName": modify_group,
}
