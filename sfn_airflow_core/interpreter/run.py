"""An execution that is going on: its context object, its history, its variables and where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sfn_airflow_core.asl.model import Json, Machine, State
from sfn_airflow_core.expr.jsonata import Library
from sfn_airflow_core.interpreter.clock import Clock, Fibre, Steps
from sfn_airflow_core.interpreter.evaluate import Data
from sfn_airflow_core.interpreter.execution import Event, Execution, Limits, Options, Place, Record, Visit
from sfn_airflow_core.interpreter.failures import QUERY, RUNTIME, StateFailed
from sfn_airflow_core.interpreter.program import Program
from sfn_airflow_core.interpreter.replies import Answers
from sfn_airflow_core.interpreter.values import date_text


@dataclass(slots=True, eq=False)
class World:
    """What an execution shares with the executions it starts."""

    clock: Clock
    options: Options
    limits: Limits
    replies: Answers
    random: Random
    library: Library
    run_states: Callable[[Frame, Machine, Json], Steps]
    record: Record = field(default_factory=Record)
    executions: int = 0
    seen: Callable[[Visit], None] | None = None
    """Is told of each state that is entered."""

    def moment(self, seconds: float | None = None) -> datetime:
        """The date on the virtual clock, now or at a second."""
        return self.options.start + timedelta(seconds=min(self.clock.now if seconds is None else seconds, 10**9))


@dataclass(slots=True, eq=False)
class Run:
    """One execution: the one asked for, a child of a distributed Map (at ``index``), or a child machine's."""

    world: World
    program: Program
    type: str
    input: Json
    name: str
    machine_name: str
    started: float
    events: list[Event] = field(default_factory=list)
    children: list[Execution] = field(default_factory=list)
    stored: int = 0
    overrun: bool = False
    depth: int = 0
    index: int | None = None
    variables: dict[str, Json] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The ARN of the execution."""
        options = self.world.options
        kind = "execution" if self.type == "STANDARD" else "express"
        suffix = self.name if self.type == "STANDARD" else f"{self.name}:{self.name}"
        return f"arn:aws:states:{options.region}:{options.account}:{kind}:{self.machine_name}:{suffix}"

    @property
    def machine_arn(self) -> str:
        """The ARN of the state machine."""
        options = self.world.options
        return f"arn:aws:states:{options.region}:{options.account}:stateMachine:{self.machine_name}"

    def event(self, kind: str, previous: int, **details: Json) -> int:
        """Add an event to the history and give its number.

        The 25,000th event of a Standard execution is the one that says it failed (Developer Guide, quotas); the name
        States.Runtime is our decision, because no recording shows it, and nothing may catch it.
        """
        number = len(self.events) + 1
        standard, limits = self.type == "STANDARD", self.world.limits
        limit = limits.history_events if standard else limits.express_events
        if number >= limit:
            self.overrun = not standard
            raise StateFailed(RUNTIME, f"The execution reached the maximum number of history events ({limit}).")
        self.events.append(Event(number, previous, self.world.clock.now, kind, details))
        return number

    def close(self, kind: str, **details: Json) -> None:
        """Add the last event, whatever the number of events."""
        number = len(self.events) + 1
        self.events.append(Event(number, number - 1, self.world.clock.now, kind, details))


@dataclass(slots=True, eq=False)
class Frame:
    """A scope that runs states: the execution itself, a branch, or an iteration; variables belong to it.

    Variables start as those of the scope around, which cannot change while this one lives, so a copy is the same as
    reading outwards (asl.md 2.5). ``item`` is the context object's ``Map``, ``index`` the number of the innermost
    iteration.
    """

    run: Run
    variables: dict[str, Json]
    item: dict[str, Json] | None = None
    place: Place = ()
    order: tuple[int, ...] = ()
    previous: int = 0
    fibre: Fibre | None = None
    index: int | None = None

    def inner(self, state: str, number: int, item: dict[str, Json] | None = None) -> Frame:
        """The scope of a branch or iteration."""
        place, order = (*self.place, (state, number)), (*self.order, number)
        index = self.index if item is None else number
        return Frame(self.run, self.variables, item or self.item, place, order, self.previous, None, index)


@dataclass(slots=True, eq=False)
class Stay:
    """One stay in a state, with what its expressions may refer to."""

    frame: Frame
    state: State
    raw: Json
    visit: Visit
    entered: int
    attempt: int = 0
    token: str | None = None
    item: dict[str, Json] | None = None

    @property
    def run(self) -> Run:
        """The execution this happens in."""
        return self.frame.run

    @property
    def clock(self) -> Clock:
        """The virtual clock."""
        return self.frame.run.world.clock

    def data(self, value: Json) -> Data:
        """What JSONPath expressions see, with ``value`` as ``$``."""
        return Data(value, self.context, self.frame.variables, None, self.run.world.random)

    def context(self) -> Json:
        """The context object (asl.md 7)."""
        run, options = self.run, self.run.world.options
        if options.context is not None:
            return options.context
        state: dict[str, Json] = {
            "EnteredTime": date_text(run.world.moment(self.visit.entered)),
            "Name": self.state.name,
        }
        if hasattr(self.state, "retry"):
            state["RetryCount"] = self.attempt
        execution: dict[str, Json] = {
            "Id": run.arn,
            "Input": run.input,
            "Name": run.name,
            "RoleArn": options.role,
            "StartTime": date_text(run.world.moment(run.started)),
        }
        if run.type == "STANDARD":
            execution["RedriveCount"] = 0  # recorded: Express executions have none
        context: dict[str, Json] = {
            "Execution": execution,
            "StateMachine": {"Id": run.machine_arn, "Name": run.machine_name},
            "State": state,
        }
        if self.token is not None:
            context["Task"] = {"Token": self.token}
        if item := self.item or self.frame.item:
            context["Map"] = item
        return context

    def event(self, kind: str, **details: Json) -> int:
        """Add an event that follows the last one of this scope."""
        self.frame.previous = self.run.event(kind, self.frame.previous, **details)
        return self.frame.previous

    def located(self, message: str) -> str:
        """A cause as AWS begins it, with the state and the number of the event that entered it."""
        return (
            f"An error occurred while executing the state '{self.state.name}' "
            f"(entered at the event id #{self.entered}). {message}"
        )

    def broken(self, message: str) -> StateFailed:
        """The failure of JSONPath data processing: States.Runtime, which nothing catches."""
        return StateFailed(RUNTIME, self.located(message))

    def unanswered(self, message: str, location: str) -> StateFailed:
        """The failure of a JSONata expression, with its event."""
        failure = StateFailed(QUERY, self.located(message))
        self.event(
            "EvaluationFailed", state=self.state.name, error=failure.error, cause=failure.cause, location=location
        )
        return failure
