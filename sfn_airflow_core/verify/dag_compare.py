"""Compares what a DAG did with what its state machine did: end, tasks, order, values, calls, retries, waits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final, Literal, TypeAlias

from sfn_airflow_core.interpreter.values import timestamp
from sfn_airflow_core.verify.around import MISSING, differences, merged, varies
from sfn_airflow_core.verify.compare import Difference
from sfn_airflow_core.verify.dag_answers import VARIABLES
from sfn_airflow_core.verify.dag_calls import plain_call, plain_look
from sfn_airflow_core.verify.dag_history import RETURNED, Asked, Did, History, Instance

Json = Any
Gives: TypeAlias = Literal["value", "names", "truth", "pushed"]
OBJECTS: Final = frozenset({"ti", "task_instance", "dag_run", "dag", "task"})
TIMES: Final = frozenset(
    {"logical_date", "data_interval_start", "data_interval_end", "execution_date", "next_execution_date"}
)
CONTEXT: Final = frozenset(
    {
        "ti", "task_instance", "dag_run", "dag", "task", "macros", "var", "conn", "context", "params", "outlets",
        "inlets", "outlet_events", "inlet_events", "run_id", "ts", "ts_nodash", "ts_nodash_with_tz", "ds", "ds_nodash",
        "logical_date", "data_interval_start", "data_interval_end", "templates_dict", "triggering_asset_events",
        "prev_data_interval_start_success", "prev_data_interval_end_success", "prev_start_date_success",
        "prev_end_date_success", "task_instance_key_str", "task_reschedule_count", "test_mode", "map_index_template",
        "exception", "expanded_ti_count", "start_date", "execution_date",
        "yesterday_ds", "yesterday_ds_nodash", "tomorrow_ds", "tomorrow_ds_nodash", "next_ds", "next_ds_nodash",
        "next_execution_date", "partition_key", "partition_date", "reason", "try_number", "task_state_store",
        "asset_state_store",
    }
)  # fmt: skip
"""What Airflow gives a function that asks for it by the name of a parameter."""
_INSTANT: Final = 1e-6
_OPEN: Final = re.compile(r"\$\{\w+\}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a comparison has to know about the DAG.

    ``order`` are all pairs of tasks of which the second one needs the first one to be done. ``nothing`` are tasks
    without work, ``absorbed`` operators by the sensor that only waits for what they started, ``sensors`` those that
    look again and again, ``jitter`` those whose delays Airflow lengthens by chance. ``gives`` says what a function of
    the machine gives: the value of the DAG's, the names of tasks, whether it is true, or all XComs by their keys.
    ``together`` are pairs of ``order`` inside of a mapped group, where each item goes its own way; ``silent`` tasks
    whose operators are stood in for; ``completed`` those without a counterpart, in whose place the scenario answers;
    ``untold`` are callbacks that the machine does not call, by kind and task; ``mapped`` are mapped tasks.
    """

    order: frozenset[tuple[str, str]] = frozenset()
    nothing: frozenset[str] = frozenset()
    absorbed: Mapping[str, str] = field(default_factory=dict)
    sensors: frozenset[str] = frozenset()
    jitter: frozenset[str] = frozenset()
    gives: Mapping[str, Gives] = field(default_factory=dict)
    together: frozenset[tuple[str, str]] = frozenset()
    silent: frozenset[str] = frozenset()
    untold: frozenset[tuple[str, str]] = frozenset()
    completed: frozenset[str] = frozenset()
    mapped: frozenset[str] = frozenset()


@dataclass(slots=True)
class DagComparison:
    """Compares one run of each side; ``around`` collects what was not compared, and why."""

    dag: History
    machine: History
    facts: Facts
    around: list[str] = field(default_factory=list)

    def differences(self) -> list[Difference]:
        """All differences: the end first, then by task."""
        found = list(self._end())
        mine, theirs = self._folded(), self.machine.did
        for instance in [*mine, *(key for key in theirs if key not in mine)]:
            if instance[0] not in self.facts.nothing:
                found += self._instance(instance, mine.get(instance), theirs.get(instance))
        found += [*self._order("", self.dag), *self._order(" in the state machine", self.machine)]
        found += [*self._delays(), *self._waits(), *self._told()]
        self.around[:] = dict.fromkeys(self.around)
        return found

    def _end(self) -> Iterator[Difference]:
        if self.dag.status != self.machine.status:
            error = f" ({self.machine.error}: {self.machine.cause})" if self.machine.error else ""
            yield Difference("status", self.dag.status, f"{self.machine.status}{error}")

    def _folded(self) -> dict[Instance, Did]:
        """What the DAG did, a sensor that only waits for its operator's job being part of the operator."""
        found = {key: did for key, did in self.dag.did.items() if key[0] not in self.facts.absorbed}
        for (task, index), did in self.dag.did.items():
            operator = found.get((self.facts.absorbed.get(task, ""), index))
            if operator is not None and did.end == "failed":
                ends = [*operator.ends[:-1], did.ends[-1]]
                found[self.facts.absorbed[task], index] = replace(operator, ends=ends)
        return found

    def _instance(self, instance: Instance, want: Did | None, have: Did | None) -> Iterator[Difference]:
        task, _ = instance
        at = place(instance)
        if want is None or have is None:
            one, other = ("did not run" if did is None else f"ran: {_turns(did.ends)}" for did in (want, have))
            yield Difference(f"{at}#ran", one, other)
            return
        if task in self.facts.completed:
            self.around.append(f"{task} has no counterpart: compared as if a state that does its work were there")
            if want.end != have.end:
                yield Difference(f"{at}#ran", want.end, have.end)
            return
        sensor = task in self.facts.sensors
        ends = (_tries(want, have), _tries(have, want)) if sensor else (want.ends, have.ends)
        if ends[0] != ends[1]:
            yield Difference(f"{at}#tries", *ends)
        yield from self._given(f"{at}#arguments", want.given, have.given)
        if want.end == have.end == "success" and MISSING not in (want.returned, have.returned):
            kind = self.facts.gives.get(task, "value")
            yield from self._values(f"{at}#returned", _gave(want, kind), _gave(have, kind, True))
        looks = (want.calls[:1], have.calls[:1]) if sensor else (want.calls, have.calls)
        if task not in self.facts.silent:
            yield from self._calls(f"{at}#call", *looks, sensor)
        yield from self._calls(f"{at}#inner call", want.inner, have.inner)

    def _given(self, at: str, want: Json, have: Json) -> Iterator[Difference]:
        """The arguments of a function; what it asks of Airflow's context may be missing, which is a finding."""
        if want is MISSING or have is MISSING:
            return
        if isinstance(want, dict) and isinstance(have, dict):
            lost = [name for name in want if name in OBJECTS or (name in CONTEXT and name not in have)]
            if lost:
                self.around.append("objects of Airflow's context")
            want = {name: _moment(name, value) for name, value in want.items() if name not in lost}
            # What a callable asks of get_current_context() travels in the event as well.
            extra = OBJECTS | ({"context"} - want.keys())
            have = {name: _moment(name, value) for name, value in have.items() if name not in extra}
        yield from self._values(at, want, have)

    def _values(self, at: str, want: Json, have: Json) -> Iterator[Difference]:
        if varies(have):
            self.around.append("values that differ in every execution (ids, dates, random numbers): their types only")
        for pointer, machine, dag in differences(have, want):
            if isinstance(machine, str) and _OPEN.search(machine) and dag is not MISSING:
                self.around.append("values that are only known when the machine is deployed")
            else:
                yield Difference(f"{at}{pointer}", dag, machine)

    def _calls(self, at: str, want: list[Asked], have: list[Asked], look: bool = False) -> Iterator[Difference]:
        words = plain_look if look else plain_call
        want, have = ([call for call in calls if not _about_variables(call)] for calls in (want, have))
        for number in range(max(len(want), len(have))):
            one = words(want[number]) if number < len(want) else None
            other = words(have[number]) if number < len(have) else None
            if one is None or other is None or one.action != other.action:
                yield Difference(at, _shown(one), _shown(other))
                return
            yield from self._values(at, one.arguments, other.arguments)

    def _order(self, where: str, side: History) -> Iterator[Difference]:
        """Tasks that began before one that they need was done."""
        began: dict[str, float] = {}
        ended: dict[str, float] = {}
        for (task, _), did in side.did.items():
            began[task] = min(began.get(task, did.began), did.began)
            ended[task] = max(ended.get(task, did.ended), did.ended)
        for before, after in sorted(self.facts.order - self.facts.together):
            if before in ended and after in began and ended[before] > began[after] + _INSTANT:
                yield Difference(f"/tasks/{after}#order{where}", f"after {before}", f"while {before} runs")
        for before, after in sorted(self.facts.together):
            for (task, index), did in side.did.items():
                first = side.did.get((before, index))
                if task == after and first is not None and first.ended > did.began + _INSTANT:
                    at = place((task, index))
                    yield Difference(f"{at}#order{where}", f"after {before}", f"while {before} runs")

    def _delays(self) -> Iterator[Difference]:
        """Seconds before retries."""
        for task in [*self.dag.delays, *(task for task in self.machine.delays if task not in self.dag.delays)]:
            if task in self.facts.absorbed or task in self.facts.completed:
                continue
            want, have = (sorted(side.get(task, ())) for side in (self.dag.delays, self.machine.delays))
            if task in self.facts.jitter and len(want) == len(have):
                self.around.append("what Airflow adds to delays by chance (A2S401)")
                if all(one - 1 <= dag <= 2 * one + 1 for dag, one in zip(want, have, strict=True)):
                    continue
            if not _near(want, have, 0.5):
                yield Difference(f"/tasks/{task}#delays", want, have)

    def _told(self) -> Iterator[Difference]:
        """How often callbacks were called."""
        for kind, task in sorted({*self.dag.told, *self.machine.told} - self.facts.untold):
            want, have = self.dag.told[kind, task], self.machine.told[kind, task]
            if want != have:
                yield Difference(f"/tasks/{task}#{kind}", want, have)

    def _waits(self) -> Iterator[Difference]:
        """Seconds between the looks of sensors."""
        for task in sorted(self.facts.sensors - self.facts.absorbed.keys() - self.facts.silent):
            want, have = list(self.dag.waits.get(task, ())), list(self.machine.waits.get(task, ()))
            if not _near(want, have, 1.0):
                yield Difference(f"/tasks/{task}#waits", _short(want), _short(have))


def place(instance: Instance) -> str:
    """The pointer of a task instance in differences."""
    task, index = instance
    return f"/tasks/{task}" if index is None else f"/tasks/{task}[{index}]"


def _gave(did: Did, kind: Gives, machine: bool = False) -> Json:
    """What a function gave, in the words of both sides; an XCom that is None is as good as none."""
    value = did.returned
    match kind:
        case "names":
            return [value] if isinstance(value, str) else list(value or [])
        case "truth":
            return bool(value)
        case "pushed":
            all_ = value if machine and isinstance(value, dict) else {RETURNED: value, **did.pushed}
            return {key: one for key, one in all_.items() if one is not None}
        case _:
            return value


def _moment(name: str, value: Json) -> Json:
    """A moment of the context as one text."""
    found = timestamp(value) if name in TIMES else None
    return value if found is None else found.isoformat()


def _turns(ends: Sequence[str]) -> str:
    """How the tries of a task ended: ``failed, success``, ``success, 12 times``."""
    turns = [(end, len(list(same))) for end, same in groupby(ends)]
    return ", ".join(end if times == 1 else f"{end}, {times} times" for end, times in turns)


def _tries(sensor: Did, other: Did) -> list[str]:
    """The tries of a sensor that failed, whether or not in vain; a time limit ends its looks and is no failed try."""
    failed: list[str] = [end for end in sensor.ends if end == "failed"]
    if sensor.end in ("failed", "skipped") and other.end == "success":
        failed = failed[: len(failed) - (sensor.end == "failed")]
        return [*failed, "looked"]
    return failed if sensor.end == "failed" else [*failed, "looked"]


def _about_variables(call: Asked) -> bool:
    """Whether a function asks for a Variable, which Airflow knows by itself."""
    name = call.arguments.get("Name") if isinstance(call.arguments, dict) else None
    return call.action == "ssm:getParameter" and str(name).startswith(VARIABLES)


def _shown(call: Asked | None) -> Json:
    return MISSING if call is None else {call.action: call.arguments}


def _near(want: list[float], have: list[float], slack: float) -> bool:
    return len(want) == len(have) and all(abs(one - other) <= slack for one, other in zip(want, have, strict=True))


def _short(seconds: list[float]) -> Json:
    return seconds if len(seconds) < 8 else [*seconds[:3], f"{len(seconds)} in all"]


def joined(one: History, other: History) -> History:
    """A history in which every value is marked that differs between two runs of the same scenario."""
    if one.did.keys() != other.did.keys():
        return one
    return History(
        one.status, one.error, one.cause, {key: _joined(did, other.did[key]) for key, did in one.did.items()},
        one.delays, one.waits, one.told,
    )  # fmt: skip


def _joined(one: Did, other: Did) -> Did:
    def both(left: Json, right: Json) -> Json:
        return left if MISSING in (left, right) else merged(left, right)

    def calls(left: list[Asked], right: list[Asked]) -> list[Asked]:
        if [call.action for call in left] != [call.action for call in right]:
            return left
        return [Asked(a.action, merged(a.arguments, b.arguments)) for a, b in zip(left, right, strict=True)]

    return replace(
        one,
        given=both(one.given, other.given),
        returned=both(one.returned, other.returned),
        calls=calls(one.calls, other.calls),
        inner=calls(one.inner, other.inner),
    )
