"""What a distributed Map hands on, and what its ResultWriter exports."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from dataclasses import dataclass

from sfn_airflow_core.asl.model import Json, Map, PathFlow, ResultWriter
from sfn_airflow_core.interpreter.children import describe
from sfn_airflow_core.interpreter.execution import Execution, ServiceCall
from sfn_airflow_core.interpreter.failures import WRITER_FAILED, StateFailed
from sfn_airflow_core.interpreter.replies import MissingReply
from sfn_airflow_core.interpreter.run import Run, Stay
from sfn_airflow_core.interpreter.shape import filtered, queried, templated


@dataclass(frozen=True, slots=True)
class MapRun:
    """The names of one Map Run: its ARN, its id, and the name that its child executions' machine has."""

    arn: str
    uuid: str
    machine: str


def map_run_name(stay: Stay, state: Map) -> MapRun:
    """Name a Map Run; without a Label, AWS makes one."""
    run, random = stay.run, stay.run.world.random
    label = state.label or f"{random.getrandbits(64):016x}"
    number = str(uuid.UUID(int=random.getrandbits(128), version=4))
    options = run.world.options
    machine = f"{run.machine_name}/{label}"
    return MapRun(f"arn:aws:states:{options.region}:{options.account}:mapRun:{machine}:{number}", number, machine)


def run_result(
    stay: Stay, state: Map, label: MapRun, pairs: list[tuple[Run, Execution]]
) -> Generator[float, None, Json]:
    """The result of the state: outputs in item order, or where they were written."""
    writer = state.result_writer
    exports = writer is not None and writer.resource is not None
    transformation = (writer.transformation if writer else None) or ("NONE" if exports else "COMPACT")
    results = [_result(stay, transformation, child, execution) for child, execution in pairs]
    if transformation == "FLATTEN":
        results = [inner for result in results for inner in (result if isinstance(result, list) else [result])]
    if writer is None or writer.resource is None:
        return results
    return (yield from _export(stay, writer, label, results))


def _result(stay: Stay, transformation: str, child: Run, execution: Execution) -> Json:
    """COMPACT and FLATTEN take the output alone; a tolerated failure always keeps its metadata (asl.md 10)."""
    if execution.status == "SUCCEEDED" and transformation != "NONE":
        return execution.output
    return describe(child, execution, child.machine_arn)


def _export(stay: Stay, writer: ResultWriter, label: MapRun, results: list[Json]) -> Generator[float, None, Json]:
    """Write the results; a reply is needed only to make the writing fail."""
    assert writer.resource is not None
    given = {} if writer.arguments is None else writer.arguments.value
    if isinstance(stay.state.flow, PathFlow):
        arguments = templated(stay, given, filtered(stay), "ResultWriter.Parameters")
    else:
        arguments = queried(stay, given, "ResultWriter/Arguments")
    target = arguments if isinstance(arguments, dict) else {}
    world = stay.run.world
    call = ServiceCall(
        stay.state.name,
        writer.resource,
        {**target, "Body": results},
        stay.attempt,
        stay.frame.place,
        world.clock.now,
        "writer",
    )
    world.record.calls.append(call)
    try:
        reply = world.replies.answer(call)
    except MissingReply:
        reply = None
    if reply is not None and reply.after > 0:
        yield world.clock.now + reply.after
    if reply is not None and reply.kind == "error":
        raise StateFailed(reply.error or WRITER_FAILED, reply.cause)
    prefix = f"{target['Prefix']}/" if target.get("Prefix") else ""
    details: dict[str, Json] = {"Bucket": target.get("Bucket"), "Key": f"{prefix}{label.uuid}/manifest.json"}
    return {"MapRunArn": label.arn, "ResultWriterDetails": details}
