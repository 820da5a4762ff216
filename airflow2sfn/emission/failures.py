"""Conditions about what upstream tasks have become: by the failure alone where that says it all, else by statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from airflow2sfn.emission.drafts import FAILURE, Failure, Region, Scope
from airflow2sfn.emission.values import Reads
from airflow2sfn.structure import Plan
from airflow2sfn.trigger_rules import BROKEN, EVERY, GATE, SUCCESS, Env, Statuses, Test

ANY_BROKEN = Test("any", BROKEN)
NONE_BROKEN = Test("all", EVERY - BROKEN)


@dataclass(frozen=True, slots=True)
class Asked:
    """A test as a condition.

    ``opposite`` is its negation where that reads better; ``region`` what it asks about as a whole. ``fails`` says that
    it asks whether anything has failed (``"yes"``) or nothing has (``"no"``), ``local`` that this is about the scope
    that asks.
    """

    text: str
    opposite: str = ""
    region: Region | None = None
    fails: Literal["", "yes", "no"] = ""
    local: bool = False

    def assume(self, env: dict[str, Statuses], result: bool) -> dict[str, Statuses]:
        """What is known besides of the statuses once it has been asked."""
        if not self.fails or (self.fails == "yes") is result:
            return env
        known = {task: statuses - BROKEN or statuses for task, statuses in env.items()}
        return known if self.local else known | {FAILURE: env[FAILURE]}


class Failures:
    """Asks about failures."""

    def __init__(self, plan: Plan, reads: Reads, gates: Mapping[str, list[str]]):
        self.plan, self.reads, self.gates = plan, reads, gates

    def ask(self, test: Test, upstream: tuple[str, ...], env: Env, failure: Failure | None, scope: Scope) -> Asked:
        """A test that depends on the run as a condition.

        Args:
            test: the test.
            upstream: the tasks that it is about.
            env: what is known where it is asked.
            failure: what has failed in the scope, if anything can have.
            scope: where it is asked.
        """
        undecided = test.open(upstream, env)
        if test in (ANY_BROKEN, NONE_BROKEN):
            yes = test == ANY_BROKEN
            if yes and (region := self._whole(undecided, env, scope)) is not None:
                self.reads.regions.add(region)
                alone = failure is not None and failure.text == f"${region.variable}"  # nothing else has failed so far
                fails: Literal["", "yes"] = "yes" if alone else ""
                return Asked(f"$exists(${region.variable}.Error)", region=region, fails=fails, local=alone)
            if (found := self._said(upstream, env, failure, scope)) is not None:
                text = f"$exists({self.reads.failure(found.text, scope)}.Error)"
                local = found is failure
                return Asked(text, fails="yes", local=local) if yes else Asked(f"$not({text})", text, None, "no", local)
        word = " or " if test.which == "any" else " and "
        return Asked(word.join(self.reads.status_test(task, test.statuses, env, scope) for task in undecided))

    def around(self, env: Env, failure: Failure | None, scope: Scope) -> Failure | Literal["mixed"] | None:
        """What has failed before a region, as its branches see it; ``mixed`` if no one expression tells."""
        if "failed" not in env[FAILURE]:
            return scope.around
        return "mixed" if scope.around is not None else failure

    def _said(self, upstream: tuple[str, ...], env: Env, failure: Failure | None, scope: Scope) -> Failure | None:
        """The failure, if it is there exactly where one of these tasks is broken."""
        here = failure if "failed" in env[FAILURE] else None
        known = here if scope.around is None else None if here else scope.around
        if known is None or known == "mixed" or not known.lasting:
            return None
        failing = [task for task, statuses in env.items() if "failed" in statuses and task in self.plan.tasks]
        return known if all(self._breaks(task, upstream, env) for task in failing) else None

    def _breaks(self, origin: str, upstream: tuple[str, ...], env: Env) -> bool:
        """Whether a failure of a task surely breaks one of these tasks."""
        broken, rest = {origin}, {task for task in self.plan.below[origin] if task in env}
        passed = set(self.gates.get(origin, ()))  # it has run
        while not broken & set(upstream):
            more = {task for task in rest if self._follows(task, broken, passed, env)}
            if not more:
                return False
            broken, rest = broken | more, rest - more
        return True

    def _follows(self, task: str, broken: set[str], passed: set[str], env: Env) -> bool:
        """Whether a task is broken because one before it is, whatever else happens."""
        checks = self.plan.conditions[task].checks
        gates = [gate for gate in self.gates.get(task, ()) if env.get(gate, SUCCESS) != SUCCESS and gate not in passed]
        return (
            len(checks) == 1
            and checks[0].rule[:1] == ((ANY_BROKEN, "upstream_failed"),)
            and bool(broken & set(checks[0].upstream))
            and all(gate.removeprefix(GATE).split(" ")[0] in broken for gate in gates)
        )

    def _whole(self, undecided: list[str], env: Env, scope: Scope) -> Region | None:
        """The region of which tasks are the ends, if these fail exactly where anything in it fails."""
        region = self.reads.region_of(undecided[0], scope)
        if region is None or not set(undecided) <= region.tasks or env.get(region.ran) != SUCCESS:
            return None
        for task in region.tasks:
            ends = not any(other in region.tasks for other in self.plan.below[task])
            outside = [up for up in self.plan.upstream[task] if up not in region.tasks]
            if (
                self.plan.tasks[task].trigger_rule != "all_success"
                or (ends and task not in undecided)
                or "skipped" in env[task]
                or any(env[up] != SUCCESS for up in outside)
                or any(gate in env for gate in self.gates.get(task, ()))
            ):
                return None
        return region
