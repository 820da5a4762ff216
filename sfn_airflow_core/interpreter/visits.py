"""What the states do that decide and shape: Pass, Choice, Wait, Succeed and Fail."""

from __future__ import annotations

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Json,
    Pass,
    PathFlow,
    PathRef,
    PathRule,
    Placeholder,
    Query,
    QueryRule,
    Wait,
)
from sfn_airflow_core.interpreter.amounts import wait_seconds
from sfn_airflow_core.interpreter.evaluate import evaluate
from sfn_airflow_core.interpreter.execution import Pause
from sfn_airflow_core.interpreter.failures import EvaluationError, StateFailed
from sfn_airflow_core.interpreter.query import expect, fill
from sfn_airflow_core.interpreter.run import Stay
from sfn_airflow_core.interpreter.shape import (
    Step,
    Work,
    assign_paths,
    assign_queries,
    at_path,
    deliver,
    effective,
    filtered,
    hand_on,
    output_of,
    states_of,
)


def leave_pass(stay: Stay, state: Pass) -> Step:
    """Pass: the result is ``Result`` if there is one, otherwise the effective input (asl.md 1.4)."""
    if not isinstance(state.flow, PathFlow):
        return hand_on(stay, state.next)
    value = effective(stay)
    return deliver(stay, value if state.result is None else state.result.value, state.next)


def choose(stay: Stay, state: Choice) -> Step:
    """Choice: the first rule that holds; state-level Assign and Output only on the default way (asl.md 2.5)."""
    value = filtered(stay)
    for number, rule in enumerate(state.choices):
        if isinstance(rule, PathRule):
            if _path_holds(stay, rule, value):
                assigned = None if rule.assign is None else assign_paths(stay, rule.assign, value)
                output = at_path(stay, state.flow.output_path, value) if isinstance(state.flow, PathFlow) else value
                return Step(output, rule.next, assigned, "choice")
        elif _query_holds(stay, rule, number):
            assigned = None if rule.assign is None else assign_queries(stay, rule.assign)
            return Step(output_of(stay, rule.output, stay.raw), rule.next, assigned, "choice")
    if state.default is None:
        # States.NoChoiceMatched is reserved: AWS reports States.Runtime (asl.md 6.1).
        raise stay.broken("Failed to transition out of the state. No choice rule matched and there is no default.")
    return hand_on(stay, state.default, "default")


def _path_holds(stay: Stay, rule: PathRule, value: Json) -> bool:
    try:
        return evaluate(stay.run.program.condition(rule.condition), stay.data(value)) is True
    except EvaluationError as error:
        raise stay.broken(f"The choice state's condition path references an invalid value. {error}") from error


def _query_holds(stay: Stay, rule: QueryRule, number: int) -> bool:
    if isinstance(rule.condition, bool):
        return rule.condition
    if isinstance(rule.condition, Placeholder):
        raise stay.broken(f"The substitution ${{{rule.condition.name}}} is open.")
    field = f"Choices[{number}]/Condition"
    value = _query(stay, rule.condition, field)
    expect(value, "boolean", rule.condition.text, stay, field)
    return value is True


def _query(stay: Stay, query: Query, field: str) -> Json:
    return fill(stay.run.program.query(query.text), stay, states_of(stay), field)


def fail(stay: Stay, state: Fail) -> StateFailed:
    """Fail: the failure it stands for; neither name nor cause is needed."""
    return StateFailed(_words(stay, state.error, "Error"), _words(stay, state.cause, "Cause"))


def _words(stay: Stay, value: str | PathRef | Query | None, field: str) -> str | None:
    """Error or Cause: fixed, from a path or intrinsic function, or computed; must be a string."""
    match value:
        case None | str():
            return value
        case Query():
            text = _query(stay, value, field)
            expect(text, "string", value.text, stay, field)
        case PathRef():
            try:
                text = evaluate(stay.run.program.value(value.path), stay.data(stay.raw))
            except EvaluationError as error:
                raise stay.broken(f"The field '{field}Path' cannot be computed. {error}") from error
            if not isinstance(text, str):
                raise stay.broken(f"The field '{field}Path' does not reference a string: {value.path}")
    assert isinstance(text, str)
    return text


def wait(stay: Stay, state: Wait) -> Work:
    """Wait: until the time has come; an instant that has passed is no wait."""
    seconds = max(wait_seconds(stay, state), 0.0)
    now = stay.clock.now
    stay.run.world.record.waits.append(Pause(state.name, stay.frame.place, now, seconds))
    if seconds > 0:
        yield now + seconds
    return hand_on(stay, state.next)
