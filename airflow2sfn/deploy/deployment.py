"""Everything that deploys a translated DAG: definition, template, functions, manual steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from airflow2sfn.deploy.alarms import TOPIC, alarms
from airflow2sfn.deploy.callbacks import callbacks
from airflow2sfn.deploy.containers import answers, image
from airflow2sfn.deploy.readme import readme
from airflow2sfn.deploy.roles import Role, function_role, machine_role
from airflow2sfn.deploy.schedule import Schedule, schedule
from airflow2sfn.deploy.state_names import with_short_names
from airflow2sfn.deploy.template import Parameter, Parts, machine_name, parameter_name, placeholders, template
from airflow2sfn.packaging.package import Function
from airflow2sfn.reading.project import Project
from airflow2sfn.rules.control import OpenValue, OtherMachine
from airflow2sfn.rules.functions import (
    DataPermission,
    EnvironmentNeeded,
    PermissionUnknown,
    PermissionWide,
    RequirementsOpen,
    VariableNeeded,
)
from airflow2sfn.source import Dag, Known
from airflow2sfn.tasks.functions import CLUSTER, PUBLIC, SUBNETS
from airflow2sfn.tasks.retries import timeout
from airflow2sfn.translate import Translated
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.findings import Finding

_STATE = Parameter("Whether the schedule starts executions", "ENABLED", allowed=("ENABLED", "DISABLED"))


_CONTAINERS = {
    CLUSTER: Parameter("ECS cluster that containers run in", "default"),
    SUBNETS: Parameter("Subnets of containers, from which AWS can be reached", type="List<AWS::EC2::Subnet::Id>"),
    PUBLIC: Parameter("Whether containers get public addresses", "DISABLED", allowed=("ENABLED", "DISABLED")),
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """The files of one DAG below its folder, and the findings that deploying adds."""

    files: Mapping[PurePosixPath, str]
    findings: tuple[Finding, ...]


def deploy(dag: Dag, translated: Translated, name: str, project: Project | None = None) -> Deployment:
    """The files that deploy a DAG.

    Args:
        dag: the DAG.
        translated: what became of it.
        name: of its files.
        project: where imports are looked up.
    """
    findings: list[Finding] = []
    definition = write(with_short_names(translated.machine))
    open_ = placeholders(definition)
    plan = translated.plan
    used = _used([*plan.functions.values(), *plan.callbacks.values()], open_)
    made, about = callbacks(dag, project or Project(), _names(used))
    findings += about
    times, about = schedule(dag)
    findings += about
    late, about = alarms(dag)
    findings += about
    every = [*used, *(callback.function for callback in made)]
    told = (answers(machine_name(dag.dag_id)),)
    roles = {one.name.folder: function_role(one, told if one.container else ()) for one in every}
    machine = machine_role(
        translated.machine, {function.name.folder: function for function in used}, machine_name(dag.dag_id)
    )
    findings += _about_roles(dag, translated, used, machine, roles)
    findings += _about_functions(dag, every)
    parts = Parts(
        dag_id=dag.dag_id,
        definition=f"{name}.asl.json",
        substitutions=open_,
        functions=used,
        timeouts=_timeouts(dag, used),
        callbacks=made,
        machine=machine,
        roles=roles,
        schedule=times,
        parameters=_parameters(translated.findings, open_, every, times)
        | ({TOPIC: Parameter("SNS topic that is told of late executions")} if late else {}),
        tags=_tags(dag),
        alarms=late,
    )
    files = {PurePosixPath(f"{name}.asl.json"): definition, PurePosixPath("template.yaml"): template(parts)}
    for function in every:
        folder = PurePosixPath("functions", function.name.folder)
        files |= {folder / path: text for path, text in function.files.items()}
    files[PurePosixPath("README.md")] = readme(parts, (*translated.findings, *findings))
    return Deployment(files, tuple(dict.fromkeys(findings)))


def _names(functions: Iterable[Function]) -> frozenset[str]:
    return frozenset(name for one in functions for name in (one.name.folder.lower(), one.name.resource))


def _used(functions: Iterable[Function], open_: tuple[str, ...]) -> list[Function]:
    """The functions that the definition calls; each once."""
    found = {function.substitution: function for function in functions}
    return [function for placeholder, function in found.items() if placeholder in open_]


def _timeouts(dag: Dag, functions: Iterable[Function]) -> dict[str, int]:
    """The longest ``execution_timeout`` of a function's tasks, where all of them have one."""
    found: dict[str, int] = {}
    for function in functions:
        if function.container:
            continue
        limits = [timeout(dag.task(task)) for task in function.tasks]
        known = [limit for limit in limits if limit is not None]
        if known and len(known) == len(limits):
            found[function.name.folder] = max(known)
    return found


def _parameters(
    findings: Iterable[Finding], open_: tuple[str, ...], functions: Sequence[Function], times: Schedule
) -> dict[str, Parameter]:
    made: dict[str, Parameter] = {}
    for finding in findings:
        match finding:
            case OpenValue(name=name, text=text, default=default) if name in open_:
                made.setdefault(name, Parameter(f"{text} in the DAG", default))
            case OtherMachine(placeholder=name, dag_id=other, task=task) if name in open_:
                made.setdefault(name, Parameter(f"State machine translated from the DAG {other} (task {task})"))
    own = {function.substitution for function in functions}
    containers = [function for function in functions if function.container]
    if containers:
        made |= _CONTAINERS
    for function in containers:
        made[image(function)] = Parameter(f"Image built from functions/{function.name.folder}")
    for name in open_:
        if name not in own:
            made.setdefault(name, Parameter("Only known when deploying"))
    for function in functions:
        for variable, default in sorted(function.environment.items()):
            made.setdefault(parameter_name(variable), Parameter(f"Environment variable {variable}", default))
    if times.parameter:
        made["ScheduleExpression"] = Parameter("When to start, as EventBridge Scheduler writes it")
    if times.expressions:
        made["ScheduleState"] = _STATE
    return made


def _tags(dag: Dag) -> tuple[str, ...]:
    value = dag.get("tags")
    if isinstance(value, Known) and isinstance(value.value, list | tuple | set):
        return tuple(str(tag) for tag in value.value)
    return ()


def _about_roles(
    dag: Dag, translated: Translated, used: Iterable[Function], machine: Role, roles: Mapping[str, Role]
) -> Iterable[Finding]:
    tasks = {task.task_id: str(task.span or "") for task in dag.tasks}
    own = {function.name.folder: function for function in used}

    def at(name: str) -> str:
        first = own[name].tasks[0] if name in own else name.partition(":")[0]
        return tasks.get(first, str(dag.span or ""))

    for name, database in machine.data.items():
        yield DataPermission(at=at(name), task=name, database=database)
    for name, actions in machine.wide.items():
        yield PermissionWide(at=at(name), name=name, actions=actions)
    for name, reasons in machine.unknown.items():
        yield PermissionUnknown(at=at(name), name=name, reasons=tuple(dict.fromkeys(reasons)))
    for name, role in roles.items():
        if name in role.wide:
            yield PermissionWide(at=at(name), name=f"functions/{name}", actions=role.wide[name])
        if name in role.unknown:
            yield PermissionUnknown(at=at(name), name=f"functions/{name}", reasons=tuple(role.unknown[name]))


def _about_functions(dag: Dag, functions: Iterable[Function]) -> Iterable[Finding]:
    for function in functions:
        at = str(dag.task(function.tasks[0]).span or "") if function.tasks else str(dag.span or "")
        loose = tuple(line for line in function.requirements if not any(mark in line for mark in "=<>@~"))
        if loose:
            yield RequirementsOpen(at=at, function=function.name.folder, names=loose)
        if needed := tuple(sorted(name for name, default in function.environment.items() if default is None)):
            yield EnvironmentNeeded(at=at, function=function.name.folder, names=needed)
        if "Variable" in function.stand_ins:
            yield VariableNeeded(at=at, function=function.name.folder)
