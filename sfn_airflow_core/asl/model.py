"""The Amazon States Language as values: what a state machine says, without where or how it is written.

``read`` makes these from a located JSON value, ``write`` turns them back. Every node keeps only a JSON pointer
(``at``); spans are looked up in the source map of the document when something is reported, so models compare by
meaning. Fields keep ASL's names in snake_case. The two query languages are two types (``PathFlow`` and ``QueryFlow``),
never a mixture of optional fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | Placeholder | None"
Pointer: TypeAlias = "str"
"""An RFC 6901 JSON pointer into the definition: ``/States/Check Stock/Retry/0``; ``""`` is the whole document."""

QueryLanguage: TypeAlias = Literal["JSONPath", "JSONata"]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """An open substitution that stands where a JSON value is expected: a bare ``${Name}`` (CloudFormation, section 11).

    Placeholders *inside* strings stay in the string: ``"arn:${AWS::Partition}:states:::sns:publish"``.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Given:
    """A JSON value that was written down, so that ``null`` and "not there" differ."""

    value: Json


@dataclass(frozen=True, slots=True)
class PathRef:
    """The value of a ``…Path`` field: a path (``$.a``, ``$$.State.Name``, ``$variable``) or, for Fail, an intrinsic."""

    path: str


@dataclass(frozen=True, slots=True)
class Query:
    """A JSONata expression: the text between ``{%`` and ``%}``, outer white space included."""

    text: str


Amount: TypeAlias = "int | float | PathRef | Query | Placeholder"
"""A number that is fixed, read from the document, computed, or still open."""


@dataclass(frozen=True, slots=True)
class PathFlow:
    """Input and output processing of a JSONPath state; the defaults are those of an absent field.

    ``None`` in a path is ASL's ``null``: an empty object for ``input_path`` and ``output_path``, the discarded result
    for ``result_path``. ``parameters``, ``result_selector`` and ``assign`` are payload templates. For a Map,
    ``ItemSelector`` and the deprecated ``Parameters`` are in ``Map.item_selector``; ``parameters`` is then absent.
    """

    input_path: str | None = "$"
    parameters: Given | None = None
    result_selector: Given | None = None
    result_path: str | None = "$"
    output_path: str | None = "$"
    assign: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class QueryFlow:
    """Input and output processing of a JSONata state; values may hold ``{% %}`` strings at any depth."""

    arguments: Given | None = None
    output: Given | None = None
    assign: dict[str, Json] | None = None


Flow: TypeAlias = "PathFlow | QueryFlow"


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of ``Retry``; seconds are seconds, ``max_attempts`` counts retries (not runs)."""

    error_equals: tuple[str, ...]
    interval_seconds: int | float | Placeholder = 1
    max_attempts: int | Placeholder = 3
    backoff_rate: int | float | Placeholder = 2.0
    max_delay_seconds: int | float | Placeholder | None = None
    jitter_strategy: str = "NONE"
    comment: str | None = None
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class CatchPath:
    """Where a JSONPath catcher puts the Error Output in the state's raw input; ``None`` drops it."""

    result_path: str | None = "$"


@dataclass(frozen=True, slots=True)
class CatchQuery:
    """What a JSONata catcher hands on; ``None`` is the Error Output itself."""

    output: Given | None = None


@dataclass(frozen=True, slots=True)
class Catcher:
    """One entry of ``Catch``."""

    error_equals: tuple[str, ...]
    next: str
    flow: CatchPath | CatchQuery = CatchPath()
    assign: dict[str, Json] | None = None
    comment: str | None = None
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A data test of a JSONPath Choice rule: ``operator`` is ASL's name without the ``Path`` suffix.

    ``operand`` is the literal, or a ``PathRef`` where the field was the ``…Path`` variant.
    """

    variable: str
    operator: str
    operand: Given | PathRef
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All rules hold; evaluated in order, stops at the first that does not."""

    rules: tuple[Condition, ...]
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """One of the rules holds; evaluated in order, stops at the first that does."""

    rules: tuple[Condition, ...]
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The rule does not hold."""

    rule: Condition
    at: Pointer = field(default="", compare=False)


Condition: TypeAlias = "Comparison | And | Or | Not"


@dataclass(frozen=True, slots=True)
class PathRule:
    """A top-level rule of a JSONPath Choice."""

    condition: Condition
    next: str
    assign: dict[str, Json] | None = None
    comment: str | None = None
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class QueryRule:
    """A rule of a JSONata Choice; ``condition`` is a boolean literal or a query."""

    condition: bool | Query | Placeholder
    next: str
    output: Given | None = None
    assign: dict[str, Json] | None = None
    comment: str | None = None
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every state has; ``name`` is the key under ``States``."""

    name: str
    comment: str | None = None
    flow: Flow = PathFlow()
    at: Pointer = field(default="", compare=False)

    @property
    def query_language(self) -> QueryLanguage:
        """The query language in force for this state."""
        return "JSONata" if isinstance(self.flow, QueryFlow) else "JSONPath"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flowing(Common):
    """A state that goes on: ``next`` is ``None`` where the state has ``"End": true``."""

    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Flowing):
    """Work done by a service, a function or an activity worker."""

    resource: str
    timeout_seconds: Amount | None = None
    heartbeat_seconds: Amount | None = None
    credentials: Json = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(Flowing):
    """Shapes data, or hands it on; ``result`` is static."""

    result: Given | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Common):
    """Goes where the first rule that holds says, otherwise to ``default``."""

    choices: tuple[PathRule | QueryRule, ...]
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Flowing):
    """Waits for ``seconds`` or until ``timestamp`` (exactly one is set)."""

    seconds: Amount | None = None
    timestamp: str | PathRef | Query | Placeholder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed(Common):
    """Ends the machine, branch or iteration well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(Common):
    """Ends the machine, branch or iteration with an error."""

    error: str | PathRef | Query | None = None
    cause: str | PathRef | Query | None = None


NOT_TRANSLATED = "NotTranslated"
"""The error of a Fail that stands where something could not be translated."""


@dataclass(frozen=True, slots=True)
class Machine:
    """States and where they start: a whole definition, a branch of a Parallel, or the processor of a Map."""

    start_at: str
    states: dict[str, State]
    comment: str | None = None
    query_language: QueryLanguage | None = None
    version: str | None = None
    timeout_seconds: int | Placeholder | None = None
    at: Pointer = field(default="", compare=False)

    def walk(self) -> Iterator[State]:
        """Every state, nested ones after the state that holds them, in the order of the definition."""
        for state in self.states.values():
            yield state
            for machine in nested(state):
                yield from machine.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Flowing):
    """Runs all branches with the same input; the result is the list of their outputs."""

    branches: tuple[Machine, ...]
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Where a distributed Map reads its items; ``arguments`` is a payload template or JSONata arguments."""

    resource: str
    arguments: Given | None = None
    input_type: str | None = None
    csv_header_location: str | None = None
    csv_headers: tuple[str, ...] = ()
    csv_delimiter: str | None = None
    max_items: Amount | None = None
    items_pointer: str | None = None
    manifest_type: str | None = None
    transformation: str | None = None
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ItemBatcher:
    """How a distributed Map groups items into child executions."""

    max_items_per_batch: Amount | None = None
    max_input_bytes_per_batch: Amount | None = None
    batch_input: Given | None = None
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ResultWriter:
    """Where a distributed Map writes its results, and in which form."""

    resource: str | None = None
    arguments: Given | None = None
    output_type: str | None = None
    transformation: str | None = None
    at: Pointer = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(Flowing):
    """Runs its processor once for each item; the result is the list of outputs in item order.

    ``items`` is ``ItemsPath`` (a ``PathRef``; ``None`` is ``$``) or JSONata ``Items`` (a ``Given``).
    ``item_selector`` is ``ItemSelector`` or the deprecated ``Parameters``. ``mode`` is ``INLINE`` or ``DISTRIBUTED``.
    """

    processor: Machine
    mode: str = "INLINE"
    execution_type: str | None = None
    items: PathRef | Given | None = None
    item_selector: Given | None = None
    max_concurrency: Amount | None = None
    label: str | None = None
    item_reader: ItemReader | None = None
    item_batcher: ItemBatcher | None = None
    result_writer: ResultWriter | None = None
    tolerated_failure_count: Amount | None = None
    tolerated_failure_percentage: Amount | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


State: TypeAlias = "Task | Pass | Choice | Wait | Succeed | Fail | Parallel | Map"


def nested(state: State) -> tuple[Machine, ...]:
    """The machines inside a state: the branches of a Parallel, the processor of a Map, otherwise nothing."""
    match state:
        case Parallel():
            return state.branches
        case Map():
            return (state.processor,)
        case _:
            return ()


def targets(state: State) -> tuple[str, ...]:
    """The names of the states that can follow, each once: the normal way first, then choices, then catchers."""
    match state:
        case Choice():
            names = [rule.next for rule in state.choices] + [state.default]
        case Task() | Parallel() | Map():
            names = [state.next] + [catcher.next for catcher in state.catch]
        case Pass() | Wait():
            names = [state.next]
        case Succeed() | Fail():
            names = []
    return tuple(dict.fromkeys(name for name in names if name is not None))
