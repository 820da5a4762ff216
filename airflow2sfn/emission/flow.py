"""From the plan of a DAG to drafts of states: goes through the region tree along the ways that a run can take.

For every way the statuses of the tasks that are done are known as sets. A task that a way surely stops is passed over
without a state; where it depends on the run, a Choice decides; a task that every way reaches with its trigger rule
fulfilled stands there alone. So a DAG whose rules are all ``all_success`` becomes a plain chain, and other rules cost
what they need.
"""

from __future__ import annotations

from airflow2sfn.emission.callbacks import Told, tell
from airflow2sfn.emission.drafts import FAILURE, Draft, Failure, Join, Names, Out, Region, Scope, region_name
from airflow2sfn.emission.failures import Asked, Failures
from airflow2sfn.emission.values import Reader, Reads
from airflow2sfn.structure import Plan
from airflow2sfn.trigger_rules import (
    BROKEN,
    FAILED,
    RULES,
    SKIPPED,
    SUCCESS,
    Check,
    Condition,
    Decision,
    Env,
    Statuses,
    Test,
    decides,
    join,
)
from airflow2sfn.work import Note
from sfn_airflow_core.asl.model import Given
from sfn_airflow_core.flow.series_parallel import Fork, Sequence, Step, Tree, names

STOPPED: dict[Decision, Statuses] = {
    "skipped": SKIPPED,
    "upstream_failed": frozenset({"upstream_failed"}),
    "run": SUCCESS,
}
RUN_FAILED = "Run failed"


class Flow:
    """One translation under way: drafts in scopes, and what is read of them."""

    def __init__(self, plan: Plan, note: Note):
        self.plan, self.note = plan, note
        self.names = Names(set(plan.tasks), {"ds", "params", "logical_date", "data_interval_end", "var", "states"})
        self.reads = Reads(plan, self.names)
        self.root = Scope(self.start("Prepare run", {FAILURE: SUCCESS}), tasks=frozenset(plan.tasks))
        self.root.add(self.root.start)
        self.reads.failure_variable(self.root)  # the outermost one has the plain name
        self.groups = _groups(plan)
        self.gates: dict[str, list[str]] = {}
        self.failures = Failures(plan, self.reads, self.gates)
        self.titles: dict[str, str] = {}
        self.told = Told()

    def run(self) -> None:
        """Makes all drafts of the DAG."""
        edges = self.root.start.outs
        outs = self.walk(self.plan.tree, edges, self.root) if self.plan.tree is not None else edges
        self._end(outs)

    def start(self, wish: str, env: dict[str, Statuses]) -> Draft:
        """The first draft of a scope, which stays only if it assigns something."""
        return Draft(self.names.state(wish), "Pass", [Out("next", env, start=True)])

    def walk(self, tree: Tree[str], edges: list[Out], scope: Scope) -> list[Out]:
        """Goes through a region; gives the ways that leave it."""
        match tree:
            case Step(task):
                return self.step(task, edges, scope)
            case Sequence(parts):
                for part in parts:
                    edges = self.walk(part, edges, scope)
                return edges
            case Fork():
                return self.fork(tree, edges, scope)

    def condition(self, task: str, env: Env) -> Condition:
        """What decides about a task: branches and short circuits that may leave it out, then its rule."""
        gates = tuple(gate for gate in self.gates.get(task, ()) if gate in env)
        forced = (Check(gates, RULES["none_skipped"]),) if gates else ()
        return Condition((*forced, *self.plan.conditions[task].checks))

    def decide(self, task: str, env: Env) -> frozenset[Decision]:
        """What may become of a task on a way; one that is passed over already does not run."""
        return frozenset({"skipped"}) if task in env else self.condition(task, env).decide(env)

    def step(self, task: str, edges: list[Out], scope: Scope) -> list[Out]:
        """One task."""
        self.reads.home[task] = scope
        through: list[Out] = []
        open_: list[Out] = []
        ready: list[Out] = []
        for edge in edges:
            decisions = self.decide(task, edge.env)
            if decisions == {"run"}:
                ready.append(edge)
            elif len(decisions) == 1:
                edge.env = edge.env | {task: edge.env.get(task, STOPPED[next(iter(decisions))])}
                through.append(edge)
            else:
                open_.append(edge)
        if open_:
            run, stopped = self.guard(task, tell(self, open_, scope), scope)
            through += stopped
            ready += run
        if ready:
            from airflow2sfn.emission.work import emit

            through += emit(self, task, tell(self, ready, scope), scope)
        return through

    def guard(self, task: str, edges: list[Out], scope: Scope) -> tuple[list[Out], list[Out]]:
        """A Choice before a task: the ways on which it runs, and those on which it does not."""
        draft = Draft("", "Choice")
        env, failure = self.meet(edges, draft, scope, defer=True)
        stopped: list[Out] = []
        decided: Out | None = None
        asked: list[Asked] = []
        for check in self.condition(task, env).checks:
            for test, decision in check.rule if check.upstream else ():
                holds = decides(test, decision, check.upstream, env)
                if holds is False or decided is not None:
                    continue
                after = test.assume(check.upstream, env, True)
                if holds:
                    decided = Out("default", self.refine(after) | {task: STOPPED[decision]}, failure=failure)
                    stopped.append(decided)
                    continue
                asked.append(self.failures.ask(test, check.upstream, env, failure, scope))
                after = asked[-1].assume(after, True)
                stopped.append(
                    Out(
                        "rule",
                        self.refine(after) | {task: STOPPED[decision]},
                        failure=failure,
                        condition=asked[-1].text,
                    )
                )
                env = asked[-1].assume(test.assume(check.upstream, env, False), False)
        region = next((one.region for one in asked if one.region), None)
        draft.name = self.names.state(f"{region.name} succeeded?" if region else self._question(task))
        for edge in edges:
            edge.target = draft.name
        scope.add(draft)
        run = [] if decided else [Out("default", self.refine(env), failure=failure)]
        draft.outs = [*stopped, *run]
        if run and len(stopped) == 1 and asked[0].opposite:
            run[0].slot, run[0].condition = "rule", asked[0].opposite
            stopped[0].slot = "default"
            draft.outs = [*run, *stopped]
        return run, stopped

    def _question(self, task: str) -> str:
        rule = self.plan.tasks[task].trigger_rule
        if rule == "one_failed":
            return f"{task}: has anything failed?"
        return f"{task}: upstream succeeded?" if rule == "all_success" else f"{task}: run?"

    def refine(self, env: dict[str, Statuses]) -> dict[str, Statuses]:
        """A task that needs all upstream tasks to succeed and has succeeded says the same of them."""
        rest = [task for task, statuses in env.items() if statuses == SUCCESS]
        while rest:
            task = rest.pop()
            known = self.plan.tasks.get(task)
            if known is None or known.trigger_rule != "all_success" or known.role == "teardown":
                continue
            for up in self.plan.upstream[task]:
                if up in env and env[up] != SUCCESS and "success" in env[up]:
                    env[up] = SUCCESS
                    rest.append(up)
        return env

    def dead(self, tree: Tree[str], env: dict[str, Statuses]) -> dict[str, Statuses] | None:
        """What becomes of a region's tasks on a way that surely runs none of them; ``None`` on other ways."""
        match tree:
            case Step(task):
                decisions = self.decide(task, env)
                if len(decisions) != 1 or "run" in decisions:
                    return None
                return env | {task: env.get(task, STOPPED[next(iter(decisions))])}
            case Sequence(parts) | Fork(parts):
                after: dict[str, Statuses] | None = env
                for part in parts:
                    after = self.dead(part, after) if after is not None else None
                return after

    def fork(self, tree: Fork[str], edges: list[Out], scope: Scope) -> list[Out]:
        """Branches side by side; where each way needs one of them only, they are alternatives and need no Parallel."""
        through: list[Out] = []
        live: list[tuple[Out, list[int]]] = []
        for edge in edges:
            branches = [n for n, branch in enumerate(tree.branches) if self.dead(branch, edge.env) is None]
            live.append((edge, branches))
        if any(len(branches) > 1 for _, branches in live):
            passing = [edge for edge, own in live if not own]
            return self.parallel(tree, [edge for edge, own in live if own], passing, scope)
        for edge, own in live:
            for number, branch in enumerate(tree.branches):
                if own != [number]:
                    edge.env = self.dead(branch, edge.env) or edge.env
        for number, branch in enumerate(tree.branches):
            for task in names(branch):
                self.reads.home[task] = scope
            through += self.walk(branch, [edge for edge, own in live if own == [number]], scope)
        return through + [edge for edge, own in live if not own]

    def parallel(self, tree: Fork[str], edges: list[Out], passing: list[Out], scope: Scope) -> list[Out]:
        """A Parallel state for ways that need more than one branch; others pass it by."""
        heads = [next(names(branch)) for branch in tree.branches]
        name = self.names.state(region_name(names(tree), heads, self.groups, self.names.states))
        variable = self.names.variable(name.lower() if " " in name else name)
        region = Region(name, variable, frozenset(names(tree)), scope)
        scope.regions.append(region)
        draft = scope.add(Draft(name, "Parallel", region=region))
        env, failure = self.meet(tell(self, edges, scope), draft, scope)
        after, may, sure = dict(env), False, False
        for branch, head in zip(tree.branches, heads, strict=True):
            start = self.start(f"{head}: start", env | {FAILURE: SUCCESS})
            inner = Scope(start, region, frozenset(names(branch)), around=self.failures.around(env, failure, scope))
            inner.add(start)
            region.branches.append(inner)
            inner.exits = tell(self, self.walk(branch, list(start.outs), inner), inner, apart=True)
            ended = join(e.env for e in inner.exits)
            after |= {task: ended[task] for task in ended if task not in (FAILURE, *env)}
            failing = ["failed" in e.env[FAILURE] for e in inner.exits]
            may, sure = may or any(failing), sure or all(e.env[FAILURE] == FAILED for e in inner.exits)
        after[region.ran] = SUCCESS
        draft.comment = "All branches run to their end, also when another one fails" if may else None
        after[FAILURE] = FAILED if sure else env[FAILURE] | FAILED if may else env[FAILURE]
        if may and failure is None:
            failure = Failure(f"${variable}", lasting=True)
        elif may and failure is not None:
            failure = Failure(f"$merge($append($states.result, {self.reads.failure(failure.text, scope)}))")
        draft.outs = [Out("next", after, failure=failure, fresh={region.ran: "$merge($states.result)"})]
        for edge in passing:
            edge.env = (self.dead(tree, edge.env) or edge.env) | {region.ran: SKIPPED}
        return [*passing, *draft.outs]

    def meet(
        self, edges: list[Out], draft: Draft, scope: Scope, defer: bool = False
    ) -> tuple[dict[str, Statuses], Failure | None]:
        """Leads ways to a state; gives what is known there."""
        env = join(edge.env for edge in edges)
        failing = [edge for edge in edges if "failed" in edge.env[FAILURE]]
        failure: Failure | None = None
        if failing:
            texts = {edge.failure.text for edge in failing if edge.failure and edge.failure.lasting}
            lasting = all(edge.failure and edge.failure.lasting for edge in failing)
            if len(failing) == len(edges) and lasting and len(texts) == 1:
                failure = failing[0].failure
            else:
                failure = Failure(f"${self.reads.failure_variable(scope)}", lasting=True)
        scope.joins.append(Join(edges, env, failure))
        if not defer:
            for edge in edges:
                edge.target = draft.name
        return env, failure

    def reader(self, task: str, env: Env, scope: Scope) -> Reader:
        """Where the values are found that a task needs."""
        return Reader(self.reads, self.plan, task, env, scope, self.note)

    def split(
        self, outs: list[Out], tasks: tuple[str, ...], test: Test, scope: Scope, name: str
    ) -> tuple[list[Out], list[Out]]:
        """Ways on which a test about tasks that are done holds, and those on which it does not."""
        yes: list[Out] = []
        no: list[Out] = []
        open_: list[Out] = []
        for edge in outs:
            holds = test.holds(tasks, edge.env)
            (open_ if holds is None else yes if holds else no).append(edge)
        if open_:
            draft = Draft("", "Choice")
            open_ = tell(self, open_, scope)
            env, failure = self.meet(open_, draft, scope, defer=True)
            asked = self.failures.ask(test, tasks, env, failure, scope)
            draft.name = self.names.state(f"{asked.region.name} succeeded?" if asked.region else name)
            for edge in open_:
                edge.target = draft.name
            scope.add(draft)
            after = [asked.assume(test.assume(tasks, env, result), result) for result in (True, False)]
            draft.outs = [
                Out("rule", after[0], failure=failure, condition=asked.text),
                Out("default", after[1], failure=failure),
            ]
            yes.append(draft.outs[0])
            no.append(draft.outs[1])
        return yes, no

    def _end(self, outs: list[Out]) -> None:
        """The end of the run: failed if a task that decides about it is."""
        decisive = self.plan.decisive
        failing, fine = self.split(outs, decisive, Test("any", BROKEN), self.root, "Has the run failed?")
        self._fail(tell(self, failing, self.root))
        if rest := [edge for edge in tell(self, fine, self.root) if edge.slot != "next"]:
            skipped = all(SKIPPED in (edge.env.get(task) for task in decisive) for edge in rest)
            end = self.root.add(
                Draft(self.names.state("Nothing more to do" if skipped else "Run succeeded"), "Succeed")
            )
            for edge in rest:
                edge.target = end.name

    def _fail(self, failing: list[Out]) -> None:
        """Ends ways in a Fail state; an error that nothing needs to see ends the execution by itself."""
        shared: list[Out] = []
        for edge in failing:
            if edge.slot == "catch" and not edge.quiet:
                edge.dropped = True
            elif edge.fail is not None:
                name, error, cause = edge.fail
                own = next((d for d in self.root.drafts.values() if d.name == name and edge in d.outs), None)
                if own is None:
                    own = self.root.add(Draft(self.names.state(name), "Fail"))
                    edge.target = own.name
                own.kind, own.error, own.cause = "Fail", error, cause
            else:
                shared.append(edge)
        if not shared:
            return
        end = self.root.add(Draft(self.names.state(RUN_FAILED), "Fail", error="TaskFailed"))
        end.cause = "{% $states.input.Error & ': ' & $states.input.Cause %}"
        for edge in shared:
            edge.target = end.name
            edge.output = Given(f"{{% {self.reads.failure(edge.failed(), self.root)} %}}")


def _groups(plan: Plan) -> list[tuple[str, frozenset[str]]]:
    """The task groups with all tasks inside them."""
    return [
        (
            group.group_id,
            frozenset(name for name, task in plan.tasks.items() if f"{task.group}.".startswith(f"{group.group_id}.")),
        )
        for group in plan.dag.groups
    ]
