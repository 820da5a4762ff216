"""What a Task's Resource means, as values: the rows of the table of integrations, and what ``resolve`` answers.

A ``Row`` says what Step Functions offers for one action and what stands for it in Airflow. A ``Service`` is a row (or
an AWS SDK action, or a Lambda function) applied to one Task. Both know botocore's names only as text: nothing here
imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from sfn_airflow_core.asl.model import Json

Pattern: TypeAlias = Literal["request", "sync", "sync:2", "token"]
"""How the Task waits: not at all, for a job (with ``Input`` and ``Output`` as text, or parsed), for a callback."""

Encoding: TypeAlias = Literal["call", "function", "operator", "job", "callback", "activity"]
"""What stands for the Task in the runtime: ``aws(action, …)``, ``invoke(arn, …)``, ``as_state(…)``, ``job(…)``,
``@callback`` over a call, ``@activity``.
"""

Kind: TypeAlias = Literal[
    "service-gone",
    "unknown-service",
    "unknown-action",
    "sync-not-available",
    "open",
    "not-a-resource",
]
"""Why a Resource cannot be translated."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Describe:
    """How a ``.sync`` job is watched, and which part of the description is the Task's result.

    ``arguments`` pairs a member of the describing request with where its value comes from: ``request.JobName`` (the
    Task's arguments) or ``result.JobRunId`` (the answer of the call that started the job). A member in brackets,
    ``[Tasks]``, takes a list of that one value. Paths are dotted, a number in them is a position. ``status`` is the
    path of the job's status in the description; a status in neither list means "go on waiting", and ``DELETED`` also
    means "not found". ``result`` is the path of the Task's result (empty: the whole description), or ``Name=path``
    pairs that make an object. ``containers`` is the path of an ECS task, which has failed where one of its containers
    has.
    """

    action: str
    arguments: tuple[tuple[str, str], ...]
    status: str
    succeeded: tuple[str, ...]
    failed: tuple[str, ...]
    result: str = ""
    containers: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """ASL arguments laid out as keywords of an operator; ``rest`` goes into the operator's keyword for leftovers."""

    keywords: dict[str, object]
    rest: dict[str, object]


@dataclass(frozen=True, slots=True)
class Operator:
    """A provider's operator that runs the same job.

    ``keywords`` pairs an ASL argument with an operator keyword, ``constants`` are keywords that keep the meaning of
    the Task (wait as long as it takes, do not re-attach). ``rest`` is the keyword for a dict of all other arguments;
    ``None``: there is none, and a Task with other arguments is a ``job``. ``template_fields`` are the keywords whose
    values may depend on the document; the runtime's ``as_state`` resolves them and respells ASL's PascalCase.
    ``differs`` says what a reader should know.
    """

    module: str
    name: str
    keywords: tuple[tuple[str, str], ...]
    required: tuple[str, ...]
    constants: tuple[tuple[str, Json], ...] = ()
    rest: str | None = None
    template_fields: tuple[str, ...] = ()
    deferrable: bool = True
    differs: str = ""

    def takes(self, arguments: Mapping[str, object]) -> bool:
        """Whether the operator can be called with these ASL arguments (names without ``.$``)."""
        known = {argument for argument, _ in self.keywords}
        return set(self.required) <= set(arguments) and (self.rest is not None or set(arguments) <= known)

    def bind(self, arguments: Mapping[str, object]) -> Binding:
        """ASL arguments (names without ``.$``) as keywords, in the order of the Task, values untouched."""
        names = dict(self.keywords)
        return Binding(
            {names[a]: v for a, v in arguments.items() if a in names},
            {a: v for a, v in arguments.items() if a not in names},
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One optimised integration: an action, how it may wait, and what stands for it.

    ``client`` and ``operation`` are botocore's names (``operation`` is empty where Step Functions does something of
    its own). ``arguments`` replaces the operation's members where Step Functions has its own request shape, ``extra``
    adds to them.
    """

    action: str
    title: str
    client: str
    operation: str
    patterns: tuple[Pattern, ...]
    iam: tuple[str, ...]
    sources: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    sync_iam: tuple[str, ...] = ()
    describe: Describe | None = None
    operator: Operator | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """An argument that the API does not have; ``suggestion`` is the nearest name that it has, if any is near."""

    name: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What a Task calls, and everything needed to write it as an Airflow task.

    ``action`` is the name the runtime takes: ``dynamodb:updateItem``, ``glue:startJobRun.sync`` for a job,
    ``aws-sdk:ec2:describeInstances``, or ``lambda`` or ``activity`` for an ARN (then in ``function_arn``).
    ``error_prefix`` is what the service's errors start with. ``iam`` names the actions that the connections' role
    needs.
    ``assumption`` is a sentence where the Resource was open and had to be guessed; ``open`` are the placeholders in
    it.
    """

    action: str
    pattern: Pattern
    encoding: Encoding
    title: str
    error_prefix: str
    client: str
    operation: str
    iam: tuple[str, ...]
    sources: tuple[str, ...]
    function_arn: str | None = None
    region: str | None = None
    operator: Operator | None = None
    describe: Describe | None = None
    connections: tuple[str, ...] = ("aws_default",)
    assumption: str | None = None
    open: tuple[str, ...] = ()
    unknown_arguments: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why nothing can be called for a Resource."""

    reason: str
    kind: Kind
    resource: str
    remedy: str = ""
    sources: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
