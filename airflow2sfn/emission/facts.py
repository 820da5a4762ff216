"""Facts about the run, computed once before the first task: its times, its params, Airflow's Variables.

Only what some task reads is there: ``prepared`` are variables of the first state, ``fetched`` are Airflow's Variables,
which a state reads from the Parameter Store, where Airflow's own backend for it has them.
"""

from __future__ import annotations

from typing import Any

from airflow2sfn.emission.drafts import Names
from airflow2sfn.expressions.logical_dates import times
from airflow2sfn.expressions.text import field, quoted
from airflow2sfn.expressions.values import Values, constant, query, to_json
from airflow2sfn.jinja.pieces import UNKNOWN
from airflow2sfn.rules.data import FromParameterStore, IntervalUnknown, LogicalDate, ParamsUnchecked
from airflow2sfn.source import Dag, Entries, Known, Made, Value
from sfn_airflow_core.asl.model import Given, Json, QueryFlow, Task
from sfn_airflow_core.findings import Finding

PREFIX = "/airflow/variables/"
"""Where Airflow's backend for the Parameter Store looks for Variables by default."""
AT_ONCE = 10
"""Names in one request to the Parameter Store."""
_SCHEMA = ("type", "minimum", "maximum", "enum", "minLength", "maxLength", "pattern", "format", "items")
_TIMES = ("logical_date", "data_interval_start", "data_interval_end")


class Facts:
    """What is read about the run of one DAG."""

    def __init__(self, dag: Dag, names: Names):
        self.dag, self.names = dag, names
        self.times = times(dag)
        self.prepared: dict[str, Json] = {}
        self.fetched: dict[str, bool] = {}
        self.defaults = dict(_params(dag.get("params")))

    def run(self, name: str, values: Values) -> str:
        """The expression of a fact; notes that it is read."""
        match name:
            case "ds":
                self.prepared["ds"] = query(f"$substring({self._time('logical_date')}, 0, 10)")
            case "data_interval_start":
                return self.run("logical_date", values)
            case "data_interval_end" if self.times.input == "logical_date":
                return self.run("logical_date", values)
            case "logical_date" | "data_interval_end":
                self.prepared[name] = query(self._time(name))
            case "params":
                known = constant({each: to_json(value, values) for each, value in self.defaults.items()})
                self.prepared["params"] = query(f"$merge([{known}, $states.input.conf])")
            case "conf":
                return "$states.context.Execution.Input.conf"
            case _:
                return "$states.context.Execution.Name"
        return f"${name}"

    def _time(self, name: str) -> str:
        return self.times.expression(name)

    def param(self, name: str) -> tuple[Any, bool]:
        """The default of a param, and whether it may be missing."""
        default = self.defaults.get(name)
        return default.value if isinstance(default, Known) else UNKNOWN, default is None

    def variable(self, name: str, needed: bool) -> str:
        """The expression of an Airflow Variable; notes that it is read."""
        self.fetched[name] = self.fetched.get(name, False) or needed
        return field("$var", name)

    def fetch(self, start: str) -> dict[str, Task]:
        """The states that read Variables, by name; the last one leads to ``start``."""
        wanted = sorted(self.fetched)
        chunks = [wanted[n : n + AT_ONCE] for n in range(0, len(wanted), AT_ONCE)]
        labels = [self.names.state("Read variables") for _ in chunks]
        return {
            label: self._reading(label, chunk, after, first=label == labels[0])
            for label, chunk, after in zip(labels, chunks, [*labels, start][1:], strict=True)
        }

    def _reading(self, label: str, chunk: list[str], after: str, first: bool) -> Task:
        paths: list[Json] = [f"{PREFIX}{name}" for name in chunk]
        needed = [f"{PREFIX}{name}" for name in chunk if self.fetched[name]]
        found = f"$merge($states.result.Parameters.{{$substringAfter(Name, {quoted(PREFIX)}): Value}})"
        found = found if first else f"$merge([$var, {found}])"
        if needed:
            missing = f"$states.result.InvalidParameters[$ in {constant(list[Json](needed))}]"
            if len(needed) == len(chunk):
                missing = "$states.result.InvalidParameters"
            text = f"'The Parameter Store has no ' & $join({missing}, ', ')"
            found = f"$count({missing}) > 0 ? $error({text}) : {found}"
        return Task(
            name=label,
            comment="Airflow's Variables, where its backend for the Parameter Store has them",
            resource="arn:aws:states:::aws-sdk:ssm:getParameters",
            flow=QueryFlow(
                Given({"Names": paths, "WithDecryption": True}), Given("{% $states.input %}"), {"var": query(found)}
            ),
            next=after,
        )

    def comment(self) -> str | None:
        """What the first state is for."""
        parts = []
        if {"ds", *_TIMES} & self.prepared.keys():
            parts.append("the day of the run" if "ds" in self.prepared else "the time of the run")
        if "params" in self.prepared:
            parts.append("the params, with what the execution is given in conf on top of the defaults")
        return None if not parts else " and ".join(parts).capitalize()

    def findings(self) -> list[Finding]:
        """What is different about what is read."""
        at = str(self.dag.span or "")
        found: list[Finding] = []
        if {"ds", *_TIMES} & self.prepared.keys() and self.times.schedule:
            if self.times.meaning == "interval" and not self.times.before:
                found.append(IntervalUnknown(at=at, schedule=self.times.schedule))
            else:
                meaning = self.times.meaning
                found.append(
                    LogicalDate(at=at, schedule=self.times.schedule, meaning=meaning, ambiguous=self.times.ambiguous)
                )
        checked = tuple(name for name, value in _schemas(self.dag.get("params")) if value)
        if checked:
            found.append(ParamsUnchecked(at=at, names=checked))
        if self.fetched:
            found.append(FromParameterStore(at=at, names=tuple(f"{PREFIX}{name}" for name in sorted(self.fetched))))
        return found


def _entries(given: Value | None) -> list[tuple[str, Value]]:
    match given:
        case Known(dict() as known):
            return [(str(name), Known(value)) for name, value in known.items()]
        case Entries(entries):
            return [(str(name.value), value) for name, value in entries if isinstance(name, Known)]
        case _:
            return []


def _params(given: Value | None) -> list[tuple[str, Value]]:
    """Params with their defaults; those without one are left out."""
    found: list[tuple[str, Value]] = []
    for name, value in _entries(given):
        if isinstance(value, Made):
            default = value.args[0] if value.args else value.get("default")
            if default is not None:
                found.append((name, default))
        else:
            found.append((name, value))
    return found


def _schemas(given: Value | None) -> list[tuple[str, bool]]:
    return [
        (name, isinstance(value, Made) and any(value.get(word) is not None for word in _SCHEMA))
        for name, value in _entries(given)
    ]
