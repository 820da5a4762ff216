"""AWS jobs as states: a provider's operator, or any job that can be started and described."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from airflow.sdk import BaseOperator, get_current_context
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferralTimeout

from .aws import client_for
from .aws_jobs import Description, describe
from .aws_names import compact, request, service_error
from .aws_stops import stop
from .documents import DOCUMENT, STATE
from .errors import KEEP, StateError
from .jobs import Output, Plain, handed_on, is_open, resolved, result_itself

Json = Any

_POLL = 30
_YEAR = 1_051_200  # polls of 30 seconds in a year, the longest that an execution lives

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


# what keeps the meaning of the Task: wait until the job ends however long that takes (TimeoutSeconds is the state's own
# business), start a new job at every attempt, and exactly the job that the Task describes
_DEFAULTS: dict[str, dict[str, Any]] = {
    "GlueJobOperator": {"durable": False, "waiter_delay": 30, "waiter_max_attempts": _YEAR},
    "AthenaOperator": {"sleep_time": 30, "max_polling_attempts": _YEAR},
    "BatchOperator": {"poll_interval": 30, "max_retries": _YEAR},
    "EcsRunTaskOperator": {
        "overrides": {},
        "launch_type": None,
        "waiter_delay": 15,
        "waiter_max_attempts": 2 * _YEAR,
    },
    "StepFunctionStartExecutionOperator": {"waiter_delay": 30, "waiter_max_attempts": _YEAR},
}


def as_state(
    operator: type[BaseOperator],
    name: str,
    given: Any = None,
    /,
    *,
    output: Output = result_itself,
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
    open_ = tuple(key for key, value in task_args.items() if key not in fields and is_open(value))
    plain = {key: Plain(value) if key in fields else value for key, value in task_args.items()}
    state: Any = _state_class(operator)(**{**STATE, "task_display_name": name, **plain})
    state.asl_action = action or _OPERATORS.get(operator.__name__, (None,))[0]
    state.asl_output, state.asl_open, state.given = output, open_, given
    return state  # type: ignore[no-any-return]


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
                setattr(self, key, resolved(getattr(self, key), context))
            with_api_names(self)
            result = self._result(lambda: super(State, self).execute(context), {})
            return handed_on(context, self.asl_output, document, result)

        def execute_complete(self, context: Any, event: Any = None) -> Json:
            document = DOCUMENT.resolve(context)
            run = lambda: super(State, self).execute_complete(context, event)  # noqa: E731
            return handed_on(context, self.asl_output, document, self._result(run, event or {}))

        def defer(self, *, trigger: Any, method_name: str, kwargs: Any = None, timeout: Any = None) -> Any:
            limit = self.execution_timeout or timeout
            identity = _identity(self, trigger.serialize()[1])  # some operators tell their trigger only
            if identity is not None:  # nobody else knows the job when time is over
                job = {"action": self.asl_action, "identity": identity, "role": None}
                get_current_context()["task_state_store"].set("job", job, retention=KEEP)
            super().defer(trigger=trigger, method_name=method_name, kwargs=kwargs, timeout=limit)

        def resume_execution(self, next_method: str, next_kwargs: Any, context: Any) -> Any:
            try:
                return super().resume_execution(next_method, next_kwargs, context)
            except TaskDeferralTimeout:
                if (job := context["task_state_store"].get("job")) is not None:
                    stop(job["action"], job["identity"])
                raise

        def on_kill(self) -> None:
            if (identity := _identity(self, {})) is not None:
                stop(self.asl_action or "", identity)

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
    identity = _identity(task, event)
    return None if identity is None else describe(task.asl_action, identity)


def _identity(task: Any, event: dict[str, Any]) -> Json:
    """What identifies the operator's job: the arguments of the describing call."""
    _, sources = _OPERATORS.get(type(task).__name__, (None, {}))
    identity = {}
    for member, places in sources.items():
        found = next((event[p] for p in places if event.get(p)), None)
        value = found or next((v for p in places if (v := getattr(task, p, None))), None)
        if value is None:
            return None
        identity[member] = [value] if member in ("Jobs", "Tasks") else value
    return identity or None


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
