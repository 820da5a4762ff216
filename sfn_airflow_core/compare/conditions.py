"""The conditions of a Choice beside those of a branching task: what they decide, and where they go.

Neither is run. They are compared by meaning (``decisions``) where both can be read as plain questions about values;
otherwise that is said, and only the literals are compared: ``$.count > 10`` and ``len(files) > 5`` differ in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sfn_airflow_core.asl.model import Choice, PathRule, Placeholder, Pointer, Query, QueryRule
from sfn_airflow_core.compare.dag_file import DagTask
from sfn_airflow_core.compare.decisions import Branch, differing
from sfn_airflow_core.compare.predicates import ALWAYS
from sfn_airflow_core.compare.read_predicates import Unread, python_formula, rule_formula
from sfn_airflow_core.compare.steps import Plan
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.phrases import say
from sfn_airflow_core.expr.read_condition import read_condition

_ATOM: Final = re.compile(
    r"(?P<operator>==|!=|<=|>=|=|<|>|\bis not\b|\bis\b|\bnot in\b|\bin\b|\blike\b)\s*\(?\[?\s*"
    r"(?P<value>-?\d+(\.\d+)?|\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])*'|[Tt]rue\b|[Ff]alse\b)"
)
_SAME: Final = {"=": "==", "is": "==", "is not": "!=", "in": "==", "not in": "!=", "like": "=="}
_MOST: Final = 70


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of a Choice or a branching task, with the text of its condition (empty: otherwise)."""

    to: str
    text: str

    @property
    def atoms(self) -> frozenset[tuple[str, str]]:
        """What the condition compares with which literals."""
        return atoms(self.text)


def atoms(text: str) -> frozenset[tuple[str, str]]:
    """Comparisons with literals in a condition, in the spelling of either language.

    >>> sorted(atoms('$.count > 10 and $.mode is true')) == sorted(atoms("n > 10 and mode == True"))
    True
    """
    found = set()
    for match in _ATOM.finditer(text):
        operator, value = match["operator"], match["value"]
        value = value[1:-1] if value[0] in "\"'" else value.lower()
        found.add((_SAME.get(operator, operator), value))
    return frozenset(found)


def ways(choice: Choice) -> Iterator[Way]:
    """The ways out of a Choice, by the name of the state."""
    for rule in choice.choices:
        yield Way(rule.next, rule_text(rule))
    if choice.default is not None:
        yield Way(choice.default, "")


def rule_text(rule: PathRule | QueryRule) -> str:
    """A rule in words."""
    if isinstance(rule, PathRule):
        try:
            return say(read_condition(rule.condition))
        except ExpressionError:
            return "?"
    match rule.condition:
        case Query(text):
            return " ".join(text.split())
        case Placeholder(name):
            return f"${{{name}}}"
        case bool() as fixed:
            return str(fixed).lower()


def condition_differences(
    plan: Plan, choice: Choice, task: DagTask, chosen: Mapping[Pointer, str], names: Mapping[str, Pointer]
) -> Iterator[str]:
    """Where the conditions of a Choice and of its task differ, as far as they can be seen."""
    here, there = list(ways(choice)), [Way(to, text) for to, text in task.ways]
    if not there:
        if not task.origin:
            shown = "; ".join(f"{_short(way.text)} → {way.to}" for way in here if way.text)
            yield f"conditions ({shown}), and those of the task are not known"
        return
    try:
        yield from differing(_branches(choice), _their_branches(task), _SameWay(chosen, names, task).same)
        return
    except Unread as reason:
        if task.origin:  # written by the translation in words of its own
            return
        yield f"conditions not compared by meaning ({_short(' '.join(str(reason).split()))})"
    ours, theirs = _values(here), _values(there)
    if ours != theirs and (ours or theirs):
        yield f"compares with {_listed(ours - theirs or ours)}, and with {_listed(theirs - ours or theirs)}"
    for way in here:
        task_id = chosen.get(names.get(way.to, ""), "")
        if not task_id or not any(other.to for other in there):
            continue
        same = [other for other in there if task_id in (other.to, f"{task.group}.{other.to}")]
        if not same:
            yield f"goes to {way.to} if {_short(way.text) or 'nothing else fits'}, and never there"
        elif way.text and all(_contrary(way, other) for other in same):
            yield f"goes to {way.to} if {_short(way.text)}, and if {_short(same[0].text)}"


def _branches(choice: Choice) -> list[Branch]:
    """What a Choice decides. Raises Unread."""
    found = [Branch(rule_formula(rule), rule.next) for rule in choice.choices]
    return [*found, *([Branch(ALWAYS, choice.default)] if choice.default is not None else [])]


def _their_branches(task: DagTask) -> list[Branch]:
    """What a branching task decides. Raises Unread."""
    if not all(to for to, _ in task.ways):
        raise Unread("a task that goes on or not")
    return [Branch(python_formula(text), to) for to, text in task.ways]


@dataclass(frozen=True, slots=True)
class _SameWay:
    """Tells whether a state and a task stand for each other as what a decision goes to."""

    chosen: Mapping[Pointer, str]
    names: Mapping[str, Pointer]
    task: DagTask

    def same(self, state: str, to: str) -> bool:
        """Whether going to a state is going to a task; a state without a task is none that another state has.

        In a generated DAG a task that no state has leads on to another one, out of a loop or into it.
        """
        known = self.chosen.get(self.names.get(state, ""), "")
        wanted = {to, f"{self.task.group}.{to}"}
        elsewhere = bool(wanted & set(self.chosen.values()))
        if not state or not to:
            return not state and not to
        return known in wanted or (not elsewhere and (not known or bool(self.task.origin)))


def _contrary(way: Way, other: Way) -> bool:
    """Whether two conditions compare with the same literals in other ways; one that says nothing is not contrary."""
    ours, theirs = way.atoms, other.atoms
    return bool(ours and theirs) and ours != theirs and {v for _, v in ours} == {v for _, v in theirs}


def _values(found: Iterable[Way]) -> set[str]:
    return {value for way in found for _, value in way.atoms}


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "nothing"


def _short(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
