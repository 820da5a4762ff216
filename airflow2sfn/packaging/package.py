"""The Lambda functions of a DAG as folders of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from airflow2sfn.packaging import bash, container
from airflow2sfn.packaging.context import Asked, asked
from airflow2sfn.packaging.environment import variables
from airflow2sfn.packaging.extract import Extract, extract
from airflow2sfn.packaging.files import files
from airflow2sfn.packaging.handler import NAME, handler
from airflow2sfn.packaging.names import FunctionName, function_names, given_names
from airflow2sfn.packaging.outputs import has_multiple, surely_dictionary
from airflow2sfn.packaging.requirements import requirements
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag, Known, Task
from airflow2sfn.tasks.kinds import PYTHON


@dataclass(frozen=True, slots=True)
class Function:
    """One function: ``files`` below its folder, ``problems`` where it cannot run as a Lambda function.

    ``raises`` are the exceptions of Airflow that it may raise, by their names; ``environment`` are variables that it
    reads, with their defaults.
    """

    name: FunctionName
    tasks: tuple[str, ...]
    files: Mapping[PurePosixPath, str] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)
    raises: frozenset[str] = frozenset()
    stand_ins: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    handler: str = f"app.{NAME}"
    code: str = ""
    """All its text, for what is asked of it."""
    container: str = ""
    """Why it runs in a container; empty for a Lambda function."""

    @property
    def resource(self) -> str:
        """The logical id of what the state machine calls."""
        return f"{self.name.stem}TaskDefinition" if self.container else self.name.resource

    @property
    def substitution(self) -> str:
        """What stands for its ARN in the definition, inside of ``${…}``."""
        return f"{self.resource}Arn"

    @property
    def placeholder(self) -> str:
        """Its ARN, as the definition has it."""
        return f"${{{self.substitution}}}"


def functions(dag: Dag, project: Project | None = None) -> dict[str, Function]:
    """The functions of a DAG by task id; tasks may share one.

    Args:
        dag: the DAG.
        project: where the imports of its files are looked up.
    """
    names = function_names(dag)
    tasks: dict[FunctionName, list[Task]] = {}
    for task in dag.tasks:
        if task.task_id in names:
            tasks.setdefault(names[task.task_id], []).append(task)
    made: dict[str, Function] = {}
    for name, sharing in tasks.items():
        function = _function(dag, name, sharing, project or Project())
        made |= {task.task_id: function for task in sharing}
    return made | _bash(dag, {function.name.folder for function in made.values()})


def _bash(dag: Dag, taken: set[str]) -> dict[str, Function]:
    """The functions that run the Bash commands of a DAG, by the tasks that have one: one for all short ones."""
    from airflow2sfn.tasks.retries import timeout

    made: dict[str, Function] = {}
    every = bash.tasks_of(dag.tasks)
    long = [task for task in every if container.reason([timeout(task)], ())]
    for why, tasks in (("", [task for task in every if task not in long]), ("long", long)):
        if not tasks:
            continue
        name = bash.name({*taken, *(one.name.folder for one in made.values())}, "bash_container" if why else "bash")
        reason = container.reason(map(timeout, tasks), ()) if why else ""
        files = bash.app(dag.dag_id)
        function = Function(
            name=name, tasks=tuple(task.task_id for task in tasks), container=reason,
            files=container.with_entry(files, NAME) if reason else files, raises=frozenset({"AirflowSkipException"}),
        )  # fmt: skip
        made |= dict.fromkeys(function.tasks, function)
    return made


def _function(dag: Dag, name: FunctionName, tasks: Sequence[Task], project: Project) -> Function:
    task = tasks[0]
    source = task.callable
    assert source is not None
    made = extract(source, project, name.folder)
    context = asked(source, made.text, given_names(task))
    kind = PYTHON[task.operator]
    problems = [*made.problems, *context.problems]
    if context.pushes and (kind != "work" or task.expansion is not None):
        problems.append("it pushes XComs besides what it decides or returns")
    wrapper = handler(
        made.name,
        source.parameters,
        context,
        kind=kind,
        is_async=source.is_async,
        choices=() if kind != "branch" else _choices(dag, task),
        outputs=kind == "work" and any(map(has_multiple, tasks)) and not surely_dictionary(source),
        name=NAME if NAME not in _defined(made) else "lambda_handler",
    )
    if any("pendulum" in line for line in wrapper.imports):
        made.outside.add("pendulum")
    lines = requirements(made.outside, _stated(task))
    title = task.task_id if len(tasks) == 1 else " and ".join(one.task_id for one in tasks[:3])
    reason = container.reason(_limits(tasks), lines)
    where = "in a container on AWS Fargate" if reason else "as an AWS Lambda function"
    contents = files(title + (" and others" if len(tasks) > 3 else ""), dag.dag_id, made, wrapper, where)
    if lines:
        contents[PurePosixPath("requirements.txt")] = "".join(f"{line}\n" for line in lines)
    name_of_handler = NAME if NAME not in _defined(made) else "lambda_handler"
    if reason:
        contents = container.with_entry(contents, name_of_handler)
    stand_ins = frozenset(found for file in made.files for found in file.stand_ins.values())
    return Function(
        name=name,
        tasks=tuple(task.task_id for task in tasks),
        files=contents,
        asked=context,
        raises=stand_ins,
        stand_ins=stand_ins,
        problems=tuple(dict.fromkeys(problems)),
        requirements=lines,
        environment=variables(made.code()) | made.environment,
        handler=f"app.{name_of_handler}",
        code=made.code(),
        container=reason,
    )


def _limits(tasks: Sequence[Task]) -> list[int | None]:
    """How long tasks may run; for a sensor it is the time of all its looks together."""
    from airflow2sfn.tasks.retries import timeout

    return [timeout(task) for task in tasks if PYTHON[task.operator] != "sensor"]


def _choices(dag: Dag, task: Task) -> tuple[str, ...]:
    """The tasks that a branch may go on with; nothing where its text names them all."""
    from airflow2sfn.tasks.callables import returned_ids

    ids, direct = returned_ids(task.callable), dag.downstream(task.task_id)
    return () if ids is not None and set(ids) <= set(direct) else tuple(dict.fromkeys(direct))


def _stated(task: Task) -> tuple[str, ...]:
    """The requirements of a virtual environment."""
    value = task.get("requirements")
    match value:
        case Known(list() | tuple() as lines):
            return tuple(str(line) for line in lines)
        case Known(str() as text):
            return tuple(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        case _:
            return ()


def _defined(made: Extract) -> set[str]:
    return {made.name, *(name for part in made.own.texts() for name in part.names)}
