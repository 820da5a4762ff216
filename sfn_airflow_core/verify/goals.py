"""What the scenarios of a machine should show: every edge, every way to fail, retries, items, time limits."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_airflow_core.asl.model import Choice, Fail, Map, Parallel, Retrier, State, Succeed, Task, nested
from sfn_airflow_core.interpreter.failures import READER_FAILED, TOLERANCE, StateFailed, answers_to
from sfn_airflow_core.verify.routes import Atlas, Goal, Outcome, attempts, errors_for, failing, raised, service_error

_MOST_RETRIES = 10


def goals(atlas: Atlas) -> Iterator[Goal]:
    """All goals of a machine: first the edges, in the order of the definition, then what shows more of the same."""
    yield Goal("success", atlas.machine.states[atlas.machine.start_at].at, _first(atlas), _any(atlas))
    states = [atlas.state(at) for at in atlas.scopes]
    for state in states:
        yield from _edges(state)
    for state in states:
        yield from _ends(state)
    for state in states:
        yield from _more(state)


def _first(atlas: Atlas) -> str:
    return atlas.machine.states[atlas.machine.start_at].at


def _any(atlas: Atlas) -> Outcome:
    first = atlas.machine.states[atlas.machine.start_at]
    return next((outcome for outcome, _ in atlas.ordered(atlas.machine, first)), Outcome())


def _edges(state: State) -> Iterator[Goal]:
    match state:
        case Choice():
            for number, rule in enumerate(state.choices):
                yield Goal(f"{state.name}: rule {number + 1}", rule.at, state.at, Outcome("rule", number))
            if state.default is not None:
                yield Goal(f"{state.name}: default", f"{state.at}/Default", state.at, Outcome("default"))
        case Task() | Parallel() | Map():
            if state.next is not None:
                yield Goal(f"after {state.name}", f"{state.at}/Next", state.at, Outcome())
            for number, catcher in enumerate(state.catch):
                for listed in catcher.error_equals:
                    for error in errors_for(state, number, listed):
                        yield from _caught(state, number, error, catcher.at)
        case _ if getattr(state, "next", None) is not None:
            yield Goal(f"after {state.name}", f"{state.at}/Next", state.at, Outcome())


def _caught(state: Task | Parallel | Map, number: int, error: str, at: str) -> Iterator[Goal]:
    name, outcome = f"{state.name}: catches {error}", Outcome("catch", number, error)
    if isinstance(state, Task) or error == READER_FAILED:
        yield Goal(name, at, state.at, outcome, edge=False)
        return
    if error == TOLERANCE:
        yield from [Goal(name, at, state.at, outcome, site, edge=False) for site in _any_failure(state)]
        return
    sites = [site for inner in nested(state) for site in failing(inner, error)]
    for site in sites[:1]:
        yield Goal(name, at, state.at, outcome, site, edge=False)
    if not sites and error == "SomethingBad":
        yield from _own_errors(state, number, at)


def _any_failure(state: Parallel | Map) -> list[tuple[str, Outcome]]:
    """Something inside that fails, with whatever error."""
    found = [site for inner in nested(state) for e in ("SomethingBad", *raised(inner)) for site in failing(inner, e)]
    return found[:1]


def _own_errors(state: Parallel | Map, number: int, at: str) -> Iterator[Goal]:
    """Nothing inside can fail with just any error: then with those of the Fail states inside."""
    for inner in nested(state):
        for error in raised(inner):
            for site in list(failing(inner, error))[:1]:
                outcome = Outcome("catch", number, error)
                yield Goal(f"{state.name}: catches {error}", at, state.at, outcome, site, edge=False)


def _ends(state: State) -> Iterator[Goal]:
    if isinstance(state, Fail | Succeed):
        yield Goal(f"ends in {state.name}", state.at, state.at, Outcome())


def _more(state: State) -> Iterator[Goal]:
    if isinstance(state, Task):
        for number, retrier in enumerate(state.retry):
            yield from _retries(state, number, retrier)
        if state.timeout_seconds is not None and not _covered(state, "States.Timeout"):
            outcome = Outcome("fail", error="States.Timeout")
            yield Goal(f"{state.name}: too late", state.at, state.at, outcome, edge=False)
    if isinstance(state, Map):
        for count, name in ((0, "no items"), (1, "one item"), (3, "three items")):
            yield Goal(f"{state.name}: {name}", state.at, state.at, Outcome(items=count), edge=False)


def _covered(state: Task, error: str) -> bool:
    failure = StateFailed(error, "")
    names = [guard.error_equals for guard in state.catch] + [guard.error_equals for guard in state.retry]
    return any(answers_to(failure, listed) for listed in names)


def _retries(state: Task, number: int, retrier: Retrier) -> Iterator[Goal]:
    most = attempts(retrier)
    error = _retried(state, number, retrier)
    if error is None or most is None or not 0 < most <= _MOST_RETRIES:
        return
    name = f"{state.name}: {error}"
    last = Outcome("retry", number, error, most)
    yield Goal(f"{name}, the last retry succeeds", state.at, state.at, last, edge=False)
    yield Goal(f"{name}, retries are used up", state.at, state.at, Outcome("fail", number, error), edge=False)


def _retried(state: Task, number: int, retrier: Retrier) -> str | None:
    """An error that this retrier answers, and none before it."""
    for name in retrier.error_equals:
        for error in (service_error(state), "SomethingElse") if name.startswith("States.") else (name,):
            if name == "States.Timeout":
                error = name
            first = next(
                (n for n, r in enumerate(state.retry) if answers_to(StateFailed(error, ""), r.error_equals)), None
            )
            if first == number:
                return error
    return None
