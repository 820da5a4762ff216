"""``execute``: a state machine, an input and replies give an execution; nothing sleeps, nothing is called."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sfn_airflow_core.asl.model import Json, Machine
from sfn_airflow_core.expr.jsonata import Library
from sfn_airflow_core.interpreter.children import begin, conclude, deadline
from sfn_airflow_core.interpreter.clock import Clock
from sfn_airflow_core.interpreter.engine import run_states
from sfn_airflow_core.interpreter.execution import Execution, Limits, Options, Status, Visit
from sfn_airflow_core.interpreter.program import Program, prepare
from sfn_airflow_core.interpreter.replies import Answers, Replies
from sfn_airflow_core.interpreter.run import Run, World

_DEFAULTS, _LIMITS = Options(), Limits()


def execute(
    machine: Machine | Program,
    input: Json,
    replies: Answers | None = None,
    *,
    options: Options = _DEFAULTS,
    limits: Limits = _LIMITS,
    seen: Callable[[Visit], None] | None = None,
) -> Execution:
    """Execute a state machine on a virtual clock.

    Args:
        machine: the definition, or a program made from it by ``prepare``.
        input: the execution's input, any JSON value; it is not changed.
        replies: what services answer; ``Replies`` are used from their first reply on, every time.
        options: type, start time, child machines and the like.
        limits: the service's quotas.
        seen: is told of each state as it is entered.

    Raises:
        MissingReply: if a service is called for which there is no reply.
    """
    program = prepare(machine)
    clock, random = Clock(), Random(options.seed)
    answers: Answers = replies.fresh() if isinstance(replies, Replies) else replies or Replies()
    world = World(
        clock, options, limits, answers, random, Library(random, lambda: world.moment()), run_states, seen=seen
    )
    run = Run(world, program, options.type, input, options.name, options.machine_name, 0.0)
    run.variables = dict(options.variables)
    main = begin(run, program.machine, input, (), (), None)
    stopped: Status = "TIMED_OUT"
    until = deadline(run, program.machine)
    if options.stop_after is not None and options.stop_after < until:
        until, stopped = options.stop_after, "ABORTED"
    if clock.run(main, until):
        return conclude(run, main)
    clock.now = max(clock.now, until)
    clock.stop(main)
    return conclude(run, main, stopped)
