"""AWS jobs as states: a provider's operator, or any job that can be started and described."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

from airflow.sdk import BaseOperator, BaseSensorOperator, PokeReturnValue, timezone
from airflow.sdk.exceptions import AirflowSkipException

from .aws import client_for
from .aws_jobs import Description, describe, start
from .aws_names import compact, request, service_error
from .documents import DOCUMENT, STATE, as_document, called
from .errors import KEEP, StateError, data_errors

Json = Any
Output = Callable[[Json, Json], Json]

_FOREVER = timedelta(days=366).total_seconds()  # longer than an execution may live
_POLL = 30

# by operator: the action it stands for; which attributes, or members of its trigger's event, identify the job
_OPERATORS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "GlueJobOperator": ("glue:startJobRun.sync", {"JobName": ("job_name",), "RunId": ("run_id", "_job_run_id")}),
    "AthenaOperator": ("athena:startQueryExecution.sync", {"QueryExecutionId": ("value", "query_execution_id")}),
    "BatchOperator": ("batch:submitJob.sync", {"Jobs": ("job_id",)}),
    "EcsRunTaskOperator": ("ecs:runTask.sync", {"Cluster": ("cluster",), "Tasks": ("task_arn", "arn")}),
    "StepFunctionStartExecutionOperator": (
        "states:startExecution.sync",
        {"ExecutionArn": ("execution_arn", "asl_returned")},
    ),
}
# keywords that have members of their own, which botocore wants in the spelling of the API
_RESPELT = {
    "container_overrides": "ContainerOverrides",
    "array_properties": "ArrayProperties",
    "node_overrides": "NodeOverrides",
    "ecs_properties_override": "EcsPropertiesOverride",
    "eks_properties_override": "EksPropertiesOverride",
    "retry_strategy": "RetryStrategy",
    "overrides": "Overrides",
    "network_configuration": "NetworkConfiguration",
    "capacity_provider_strategy": "CapacityProviderStrategy",
    "placement_constraints": "PlacementConstraints",
    "placement_strategy": "PlacementStrategy",
    "volume_configurations": "VolumeConfigurations",
}


# keywords that an operator needs, or fills in itself, where the Task says nothing
_DEFAULTS: dict[str, dict[str, Any]] = {"EcsRunTaskOperator": {"overrides": {}, "launch_type": None}}


def _result(_: Json, result: Json) -> Json:
    return result


def as_state(
    operator: type[BaseOperator],
    name: str,
    given: Any = None,
    /,
    *,
    output: Output = _result,
    action: str | None = None,
    **task_args: Any,
) -> BaseOperator:
    """A provider's operator as the state ``name``; its XCom is the document that the state hands on.

    ``output(document, result)`` makes that document. For an operator that runs a job (Glue, Athena, Batch, ECS, Step
    Functions) the result is that of the ``.sync`` integration, the description of the job, and a job that fails
    raises ``States.TaskFailed`` with the description as Cause; ``action`` tells ``.sync:2`` from ``.sync``. For any
    other operator the result is what the operator returns. ``execution_timeout`` holds while the operator is deferred.
    Keywords are sent as they are: nothing in them is rendered as a template; ``DOCUMENT >> function`` is resolved at
    any depth. ``given`` is the item, for the first state of a Map.
    """
    fields = set(operator.template_fields)
    task_args = {**_DEFAULTS.get(operator.__name__, {}), **task_args}
    open_ = tuple(key for key, value in task_args.items() if key not in fields and _is_open(value))
    plain = {key: Plain(value) if key in fields else value for key, value in task_args.items()}
    state: Any = _state_class(operator)(**{**STATE, "task_display_name": name, **plain})
    state.asl_action = action or _OPERATORS.get(operator.__name__, (None,))[0]
    state.asl_output, state.asl_open, state.given = output, open_, given
    return state  # type: ignore[no-any-return]


def job(
    action: str,
    name: str,
    given: Any = None,
    /,
    *,
    arguments: Any = DOCUMENT,
    output: Output = _result,
    poll: float = _POLL,
    execution_timeout: timedelta | None = None,
    **task_args: Any,
) -> BaseOperator:
    """A job of any service as the state ``name``: starts it, and asks every ``poll`` seconds until it ends.

    ``action`` is ASL's, with its ``.sync``: ``elasticmapreduce:addStep.sync``. ``arguments`` are the Task's, a dict or
    ``DOCUMENT >> function``. No worker is held between two questions. A retry starts a new job. ``output`` and
    ``given`` as in ``as_state``; ``execution_timeout`` is the time for one try, waiting included.
    """
    sensor = JobSensor(
        **{**STATE, "task_display_name": name, **task_args},
        action=action,
        arguments=Plain(arguments),
        output=output,
        limit=execution_timeout,
        mode="reschedule",
        poke_interval=poll,
        timeout=_FOREVER,
    )
    sensor.given = given
    return sensor


class Plain:
    """Keeps a keyword from being rendered: literals of a state machine may look like templates of Airflow."""

    def __init__(self, value: Any):
        self.value = value

    def resolve(self, context: Any, *_: Any) -> Any:
        """The value for a running task, with every ``DOCUMENT`` in it resolved."""
        return _resolved(self.value, context)

    def __str__(self) -> str:
        return "made when the task runs" if _is_open(self.value) else str(self.value)


def _resolved(value: Any, context: Any) -> Any:
    if hasattr(value, "resolve"):
        return value.resolve(context)
    match value:
        case dict():
            return {key: _resolved(item, context) for key, item in value.items()}
        case list():
            return [_resolved(item, context) for item in value]
        case _:
            return value


def _is_open(value: Any) -> bool:
    """Whether something in a keyword is known only when the task runs."""
    match value:
        case dict():
            return any(map(_is_open, value.values()))
        case list():
            return any(map(_is_open, value))
        case _:
            return hasattr(value, "resolve")


class JobSensor(BaseSensorOperator):
    """Starts a job at the first poke of a try, and pokes until the job has ended."""

    template_fields = ()
    given: Any = None

    def __init__(self, *, action: str, arguments: Plain, output: Output, limit: timedelta | None, **kwargs: Any):
        super().__init__(**kwargs)
        self.action, self.arguments, self.shape, self.limit = action, arguments, output, limit

    def poke(self, context: Any) -> PokeReturnValue | bool:
        """Ask once; raises ``States.TaskFailed`` with the description of a failed job, ``States.Timeout`` when late."""
        document = DOCUMENT.resolve(context)
        store, attempt, now = context["task_state_store"], context["ti"].try_number, timezone.utcnow().timestamp()
        kept = store.get("job")
        if kept is None or kept["try"] != attempt:  # the first poke of this try; a retry starts a new job
            kept = {"try": attempt, "since": now, "identity": start(self.action, self.arguments.resolve(context))}
            store.set("job", kept, retention=KEEP)
        found = describe(self.action, kept["identity"])
        if found.state != "running":
            return PokeReturnValue(is_done=True, xcom_value=_handed_on(context, self.shape, document, found.value()))
        if self.limit is not None and now - kept["since"] >= self.limit.total_seconds():
            raise StateError("States.Timeout", None)
        return False


@cache
def _state_class(operator: type[BaseOperator]) -> type[BaseOperator]:
    """A subclass of an operator that takes a document and hands one on."""

    class State(operator):  # type: ignore[misc, valid-type]
        asl_action: str | None
        asl_output: Output
        asl_open: tuple[str, ...]
        asl_returned: Any = None

        def execute(self, context: Any) -> Json:
            document = DOCUMENT.resolve(context)
            for key in self.asl_open:
                setattr(self, key, _resolved(getattr(self, key), context))
            with_api_names(self)
            result = self._result(lambda: super(State, self).execute(context), {})
            return _handed_on(context, self.asl_output, document, result)

        def execute_complete(self, context: Any, event: Any = None) -> Json:
            document = DOCUMENT.resolve(context)
            run = lambda: super(State, self).execute_complete(context, event)  # noqa: E731
            return _handed_on(context, self.asl_output, document, self._result(run, event or {}))

        def defer(self, *, trigger: Any, method_name: str, kwargs: Any = None, timeout: Any = None) -> Any:
            limit = self.execution_timeout or timeout
            super().defer(trigger=trigger, method_name=method_name, kwargs=kwargs, timeout=limit)

        def _result(self, run: Callable[[], Any], event: dict[str, Any]) -> Json:
            try:
                self.asl_returned = run()
            except (StateError, AirflowSkipException):
                raise
            except Exception as error:
                raise _as_state_error(self, error, event) from error
            found = _description(self, event)
            while found is not None and found.state == "running":  # an operator that does not wait itself
                time.sleep(_POLL)
                found = _description(self, event)
            return self.asl_returned if found is None else found.value()

    State.__name__ = State.__qualname__ = operator.__name__
    return State


def _handed_on(context: Any, output: Output, document: Json, result: Json) -> Json:
    """The document that a state hands on; what its data function cannot read is States.Runtime."""
    value = called(context, output, document, result)
    with data_errors():
        return as_document(value)


def with_api_names(task: Any) -> None:
    """Respell the members of an operator's keywords as botocore wants them, and keep it to the job of the Task."""
    if task.asl_action is None:
        return
    model = client_for(task.asl_action).meta.service_model
    verb = task.asl_action.partition(":")[2].partition(".")[0]
    shape = model.operation_model(verb[0].upper() + verb[1:]).input_shape
    members = {name.lower(): member for name, member in shape.members.items()}
    for keyword, member in _RESPELT.items():
        if (value := getattr(task, keyword, None)) is not None and member.lower() in members:
            setattr(task, keyword, request(value, members[member.lower()]))
    match type(task).__name__:
        case "GlueJobOperator":  # which would create a job that does not exist
            task.hook.get_or_create_glue_job = lambda: task.job_name
        case "AthenaOperator":  # which would put its own default over the catalog of the Task
            task.catalog = task.query_execution_context.get("Catalog", task.catalog)
        case "StepFunctionStartExecutionOperator" if not isinstance(task.state_machine_input, str | None):
            task.state_machine_input = compact(task.state_machine_input)


def _description(task: Any, event: dict[str, Any]) -> Description | None:
    """What the service says of the operator's job; ``None`` for an operator that runs no job, or none was started."""
    _, sources = _OPERATORS.get(type(task).__name__, (None, {}))
    identity = {}
    for member, places in sources.items():
        found = next((event[p] for p in places if event.get(p)), None)
        value = found or next((v for p in places if (v := getattr(task, p, None))), None)
        if value is None:
            return None
        identity[member] = [value] if member in ("Jobs", "Tasks") else value
    return describe(task.asl_action, identity) if identity else None


def _as_state_error(task: Any, error: Exception, event: dict[str, Any]) -> StateError:
    """The error of a state for whatever an operator raises: the service's own, the job's, or States.TaskFailed."""
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    for cause in _causes(error):
        match cause:
            case StateError():
                return cause
            case ClientError():
                action = task.asl_action or f"aws-sdk:{task.hook.client_type}"
                model = client_for(action).meta.service_model if task.asl_action else task.hook.conn.meta.service_model
                return StateError(*service_error(action, cause, model.operation_model(cause.operation_name)))
            case ParamValidationError():
                return StateError("States.Runtime", str(cause))
            case BotoCoreError():
                return StateError(f"{type(task).__name__.removesuffix('Operator')}.SdkClientException", str(cause))
    if type(error).__name__ == "EcsOperatorError":
        return StateError("AmazonECS.Unknown", str(error))
    if (found := _description(task, event)) is not None and found.state == "failed":
        try:
            found.value()
        except StateError as failure:
            return failure
    return StateError("States.TaskFailed", str(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those behind it; operators wrap a service's error in one of their own."""
    while error is not None:
        yield error
        yield from (arg for arg in error.args if isinstance(arg, BaseException))
        error = error.__cause__ or error.__context__
