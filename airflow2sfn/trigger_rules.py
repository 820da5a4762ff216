"""Trigger rules as tables: what becomes of a task, given what has become of those before it.

Airflow 3.3, ``airflow/ti_deps/deps/trigger_rule_dep.py``, once all upstream tasks are done: a rule is a list of tests,
the first that holds decides, and a task that no test stops runs. Statuses are sets here: what a task may have become on
the ways that lead to a point. A test on sets holds, fails, or is left to the execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Status: TypeAlias = Literal["success", "failed", "skipped", "upstream_failed"]
Decision: TypeAlias = Literal["run", "skipped", "upstream_failed"]
Statuses: TypeAlias = frozenset[Status]
Env: TypeAlias = Mapping[str, Statuses]
"""What each task that is done may have become."""

EVERY: Statuses = frozenset(get_args(Status))
SUCCESS: Statuses = frozenset({"success"})
FAILED: Statuses = frozenset({"failed"})
SKIPPED: Statuses = frozenset({"skipped"})
BROKEN: Statuses = frozenset({"failed", "upstream_failed"})
GATE, REGION = "gate ", "region "
"""What the names of pseudo tasks start with: whether a task is let run by a branch or short circuit, and whether the
states of a region were entered.
"""


@dataclass(frozen=True, slots=True)
class Test:
    """``any`` or ``all`` of the upstream tasks have become one of ``statuses``."""

    __test__ = False  # not a test of pytest's

    which: Literal["any", "all"]
    statuses: Statuses

    def holds(self, upstream: Iterable[str], env: Env) -> bool | None:
        """Whether it holds for certain; ``None`` where it depends on the run."""
        surely = [env[task] <= self.statuses for task in upstream]
        maybe = [bool(env[task] & self.statuses) for task in upstream]
        if self.which == "any":
            return True if any(surely) else None if any(maybe) else False
        return True if all(surely) else None if all(maybe) else False

    def open(self, upstream: Iterable[str], env: Env) -> list[str]:
        """The tasks whose status decides, where it depends on the run."""
        return [task for task in upstream if env[task] & self.statuses and not env[task] <= self.statuses]

    def assume(self, upstream: Iterable[str], env: Env, result: bool) -> dict[str, Statuses]:
        """What is known of the statuses once the test has been made."""
        upstream = list(upstream)
        known = dict(env)
        if (self.which == "all") is result:  # all are in it, or none is
            for task in upstream:
                known[task] = env[task] & self.statuses if result else env[task] - self.statuses
        elif len(undecided := self.open(upstream, env)) == 1:
            (task,) = undecided
            known[task] = env[task] & self.statuses if result else env[task] - self.statuses
        return known


def _any(*statuses: Status) -> Test:
    return Test("any", frozenset(statuses))


def _all(*statuses: Status) -> Test:
    return Test("all", frozenset(statuses))


def decides(test: Test, decision: Decision, upstream: Iterable[str], env: Env) -> bool | None:
    """Whether a test of a rule, which comes to its turn, makes a decision; ``None`` where it depends on the run.

    A task is only ever ``upstream_failed`` below one that is broken. The sets alone do not say so once an earlier test
    has left out that all are skipped.
    """
    upstream = tuple(upstream)
    if decision == "upstream_failed" and not any(env[task] & BROKEN for task in upstream):
        return False
    return test.holds(upstream, env)


Rule: TypeAlias = "tuple[tuple[Test, Decision], ...]"

_BROKEN: tuple[Test, Decision] = (_any("failed", "upstream_failed"), "upstream_failed")

RULES: Mapping[str, Rule] = {
    "all_success": (_BROKEN, (_any("skipped"), "skipped")),
    "all_failed": ((_any("success", "skipped"), "skipped"),),
    "all_done": (),
    "all_done_min_one_success": (
        (_any("skipped"), "skipped"),
        (_all("failed", "upstream_failed", "skipped"), "upstream_failed"),
    ),
    "all_done_setup_success": (
        (_all("skipped"), "skipped"),
        (_all("failed", "upstream_failed", "skipped"), "upstream_failed"),
    ),
    "one_success": (
        (_all("skipped"), "skipped"),
        (_all("failed", "upstream_failed", "skipped"), "upstream_failed"),
    ),
    "one_failed": ((_all("success", "skipped"), "skipped"),),
    "one_done": ((_all("skipped", "upstream_failed"), "skipped"),),
    "none_failed": (_BROKEN,),
    "none_failed_min_one_success": (_BROKEN, (_all("skipped"), "skipped")),
    "none_skipped": ((_any("skipped"), "skipped"),),
    "all_skipped": ((_any("success", "failed", "upstream_failed"), "skipped"),),
    "always": (),
}
"""The rules; ``dummy`` (Airflow 1) and ``none_failed_or_skipped`` (2.0) are in ``ALIASES``.

The tests of ``all_done_setup_success`` are about the setup tasks among the upstream tasks only.
"""

ALIASES: Mapping[str, str] = {"dummy": "always", "none_failed_or_skipped": "none_failed_min_one_success"}
EAGER = frozenset({"one_success", "one_failed", "one_done"})
"""Rules that Airflow decides before all upstream tasks are done."""


@dataclass(frozen=True, slots=True)
class Check:
    """Tests about some upstream tasks, in order."""

    upstream: tuple[str, ...]
    rule: Rule


@dataclass(frozen=True, slots=True)
class Condition:
    """All that decides about one task: its setups first, then its trigger rule."""

    checks: tuple[Check, ...] = ()

    def decide(self, env: Env) -> frozenset[Decision]:
        """What may become of the task."""
        found: set[Decision] = set()
        for check in self.checks:
            for test, decision in check.rule if check.upstream else ():
                holds = decides(test, decision, check.upstream, env)
                if holds is not False:
                    found.add(decision)
                if holds:
                    return frozenset(found)
        return frozenset(found | {"run"})


def condition(rule: str, upstream: Iterable[str], setups: Iterable[str] = (), teardown: bool = False) -> Condition:
    """The condition of a task.

    Args:
        rule: the trigger rule. Raises KeyError for an unknown one.
        upstream: the tasks directly before it.
        setups: the setup tasks that have to have succeeded (for a teardown: those among the tasks before it).
        teardown: whether the task is a teardown.
    """
    tests = RULES[ALIASES.get(rule, rule)]
    if rule == "all_done_setup_success" or (teardown and rule == "all_success"):
        return Condition((Check(tuple(setups), RULES["all_done_setup_success"]),))
    own = Check(tuple(upstream), tests)
    return Condition((Check(tuple(setups), RULES["all_success"]), own) if setups else (own,))


def statuses(env: Env, task: str) -> Statuses | None:
    """What a task has become; what a way has not met, a gate lets pass, and a region was not entered."""
    if task in env:
        return env[task]
    return SUCCESS if task.startswith(GATE) else SKIPPED if task.startswith(REGION) else None


def join(envs: Iterable[Env]) -> dict[str, Statuses]:
    """What tasks may have become where several ways meet; only tasks that are done on all of them."""
    ways = list(envs)
    result: dict[str, Statuses] = {}
    for task in dict.fromkeys(task for env in ways for task in env):
        found = [statuses(env, task) for env in ways]
        if all(one is not None for one in found):
            result[task] = frozenset().union(*(one for one in found if one is not None))
    return result
