"""The catalogue's rows: a service call as Step Functions has it, and the Airflow classes that make and watch it.

One row says everything about a call that either direction needs: its name and request, how Step Functions waits for
the job it starts, how such a job is watched by hand, which operators make the call with which keywords, and which
sensors look at the job. Names of actions, members and statuses are text; nothing here imports botocore.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar

from sfn_airflow_core.asl.model import Json

Pattern: TypeAlias = Literal["request", "sync", "sync:2", "token"]
"""How a Task waits: not at all, for a job (with ``Input`` and ``Output`` as text, or parsed), for a callback."""

Form: TypeAlias = Literal["plain", "json", "text", "pairs", "tags", "attributes", "events", "addresses", "keys"]
"""How an operator's value differs from the argument: not at all; it is a text with the JSON of it, or the JSON of a
text; a dictionary for a list of ``Name`` and ``Value``, or of ``Key`` and ``Value``; plain values for typed message
attributes; events whose ``Detail`` is a text; addresses with commas between them; names for ``Key`` objects.
"""

SDK = "aws-sdk:"
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Describe:
    """How a job is watched, and which part of the description is the result of a ``.sync`` Task.

    ``arguments`` pairs a member of the describing request with where its value comes from: ``request.JobName`` (the
    Task's arguments), ``result.JobRunId`` (the answer of the call that started the job), or a text in quotes. A member
    in brackets, ``[Tasks]``, takes a list of that one value. Paths are dotted, a number in them is a position.
    ``status`` is the path of the job's status in the description, or an expression in parentheses that gives it; a
    status in neither list means "go on waiting", and ``DELETED`` also means "not found". ``result`` is the path of the
    Task's result (empty: the whole description), or ``Name=path`` pairs that make an object. ``containers`` is the path
    of an ECS task, which has failed where one of its containers has. ``gone`` are the errors (codes of the service)
    that say that there is nothing to describe any more.
    """

    action: str
    arguments: tuple[tuple[str, str], ...]
    status: str
    succeeded: tuple[str, ...]
    failed: tuple[str, ...]
    result: str = ""
    containers: str = ""
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A keyword of an Airflow class and where its value stands in the arguments.

    ``path`` is dotted (``QueryExecutionContext.Database``), ``listed`` says that the argument is a list of this one
    value. ``written`` is false for a shorthand: another keyword can say the same, and is the one to be written.
    """

    keyword: str
    path: str
    form: Form = "plain"
    listed: bool = False
    written: bool = True

    @property
    def top(self) -> bool:
        """Whether the value is an argument as it stands."""
        return "." not in self.path and not self.listed


@dataclass(frozen=True, slots=True)
class Binding(Generic[V]):
    """ASL arguments laid out as keywords of an operator; ``rest`` goes into the operator's keyword for leftovers."""

    keywords: dict[str, V]
    rest: dict[str, V]


@dataclass(frozen=True, slots=True)
class Operator:
    """A provider's operator that makes the call of its row.

    ``rest`` is the keyword for a dictionary of all other arguments; ``None``: there is none. From Airflow: ``waits``
    names the keyword that says whether it waits for the job (``always``, or empty for never), ``waiting`` what holds
    where the keyword is missing. ``result`` is its XCom as JSONata over the answer of the call, ``waited`` the same
    over the result of the ``.sync`` Task or the last description (there, ``$job.Id`` is an argument of the describing
    call, ``$start.Id`` a part of the first answer; empty: null). ``defaults`` is what the
    operator passes where a task does not say otherwise, ``ignored`` are keywords that say nothing about the call,
    ``refused`` those that make it another call. ``accepted`` are errors that the operator takes for success,
    ``start_errors`` those that can occur before the job runs, for a sensor that does the waiting.

    ``fixed`` is what it says besides, by path, and ``composed`` what it puts together: texts with keywords in braces.
    ``when`` is a keyword and the value it must have for this row (or be missing, with ``unsaid``). ``urls`` pairs a
    keyword that may be an ``s3://`` address with the keyword of the bucket, ``yields`` a keyword with another one that
    takes its place.

    To Airflow: ``required`` are the arguments without which the operator cannot stand for a ``.sync`` Task; empty: it
    never does. ``differs`` says what a reader should know.
    """

    module: str
    name: str
    places: tuple[Place, ...]
    rest: str | None = None
    waits: str = ""
    waiting: bool = True
    result: str = "null"
    waited: str = ""
    defaults: Mapping[str, Json] = field(default_factory=dict, hash=False)
    ignored: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    accepted: tuple[str, ...] = ()
    start_errors: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    differs: str = ""
    delay: int = 30
    attempts: int = 60
    fixed: Mapping[str, Json] = field(default_factory=dict, hash=False)
    composed: Mapping[str, str] = field(default_factory=dict, hash=False)
    when: tuple[str, str] | None = None
    unsaid: bool = False
    urls: tuple[tuple[str, str], ...] = ()
    yields: tuple[tuple[str, str], ...] = ()
    deferrable = True

    @property
    def qualified(self) -> str:
        """The class's full name."""
        return f"{self.module}.{self.name}"

    @property
    def keywords(self) -> tuple[tuple[str, str], ...]:
        """ASL arguments and the keywords that take them as they are."""
        return tuple((place.path, place.keyword) for place in self.places if place.written and place.top)

    @property
    def constants(self) -> tuple[tuple[str, Json], ...]:
        """Keywords that keep the meaning of the Task: it waits as long as it takes, and holds no worker."""
        return (("deferrable", True),)

    @property
    def template_fields(self) -> tuple[str, ...]:
        """The keywords whose values may depend on the document."""
        names = tuple(keyword for _, keyword in self.keywords)
        return (*names, self.rest) if self.rest else names

    def takes(self, arguments: Mapping[str, object]) -> bool:
        """Whether the operator can be called with these ASL arguments (names without ``.$``)."""
        known = {argument for argument, _ in self.keywords}
        return set(self.required) <= set(arguments) and (self.rest is not None or set(arguments) <= known)

    def bind(self, arguments: Mapping[str, V]) -> Binding[V]:
        """ASL arguments (names without ``.$``) as keywords, in the order of the Task, values untouched."""
        names = dict(self.keywords)
        return Binding(
            {names[a]: v for a, v in arguments.items() if a in names},
            {a: v for a, v in arguments.items() if a not in names},
        )


@dataclass(frozen=True, slots=True)
class Sensor:
    """A provider's sensor that looks at what the call of its row has made.

    ``places`` are arguments of the describing call. ``link`` is the keyword that is the XCom of the row's operator:
    such a sensor after its operator is the waiting of a ``.sync`` Task. ``found`` is a condition on
    ``$states.result``, empty for "the status is a good end". ``targets`` names the keyword with the good ends and
    ``breaks`` that with the bad ones, ``succeeded`` and ``broken`` say what they are without it; both are those of the
    job where a row does not say. ``gone`` are errors that mean the same as a good end (with ``vanished``: only where
    that is the status wanted), ``missing`` those that mean "not yet". ``action`` is the call, if it is not the one that
    describes the job.
    """

    module: str
    name: str
    places: tuple[Place, ...]
    action: str = ""
    link: str = ""
    found: str = ""
    targets: str = ""
    breaks: str = ""
    succeeded: tuple[str, ...] = ()
    broken: tuple[str, ...] | None = None
    gone: tuple[str, ...] = ()
    vanished: str = ""
    missing: tuple[str, ...] = ()
    defaults: Mapping[str, Json] = field(default_factory=dict, hash=False)
    ignored: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    result: str = "null"
    poke: int = 60
    fixed: Mapping[str, Json] = field(default_factory=dict, hash=False)
    composed: Mapping[str, str] = field(default_factory=dict, hash=False)
    when: tuple[str, str] | None = None
    unsaid: bool = False
    urls: tuple[tuple[str, str], ...] = ()
    rest = None

    @property
    def qualified(self) -> str:
        """The class's full name."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Row:
    """One integration: an action, how it may wait, and what stands for it in Airflow.

    ``action`` is that of an optimised integration (``glue:startJobRun``) or of an AWS SDK integration
    (``aws-sdk:s3:createBucket``); for the latter botocore says the rest. ``client`` and ``operation`` are botocore's
    names (``operation`` is empty where Step Functions does something of its own). ``arguments`` replaces the
    operation's members where Step Functions has its own request shape, ``extra`` adds to them.
    """

    action: str
    title: str = ""
    client: str = ""
    operation: str = ""
    patterns: tuple[Pattern, ...] = ("request",)
    iam: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    sync_iam: tuple[str, ...] = ()
    describe: Describe | None = None
    operators: tuple[Operator, ...] = ()
    sensors: tuple[Sensor, ...] = ()

    @property
    def sdk(self) -> bool:
        """Whether it is an AWS SDK integration."""
        return self.action.startswith(SDK)

    @property
    def classes(self) -> tuple[Operator | Sensor, ...]:
        """The Airflow classes of the row."""
        return (*self.operators, *self.sensors)

    @property
    def operator(self) -> Operator | None:
        """The operator that stands for a ``.sync`` Task."""
        return next((operator for operator in self.operators if operator.required), None)


@dataclass(frozen=True, slots=True)
class Unknown:
    """An argument that the API does not have; ``suggestion`` is the nearest name that it has, if any is near."""

    name: str
    suggestion: str | None = None
