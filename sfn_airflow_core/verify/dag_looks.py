"""What services answer a state that looks again and again, so that it stops looking at once.

A loop is a Task, a Choice after it, and a Wait that leads back. Where what a service would answer anyway does not
fulfil the first rule of the Choice, one of the texts that it asks for is put where the loop reads.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, TypeAlias

from sfn_airflow_core.asl.model import Choice, Given, Machine, Query, QueryFlow, QueryRule, State, Task, Wait
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.jsonata import Library, QueryError, UnsupportedResult, read_query
from sfn_airflow_core.verify.calls import action_of
from sfn_airflow_core.verify.dag_answers import imagined
from sfn_airflow_core.verify.plain_answers import plain_part
from sfn_airflow_core.verify.shapes import output_shape

Json = Any
Looks: TypeAlias = Mapping[tuple[str, str], Json]
"""Answers by the name of a state or task, and the action of boto3."""
_TEXT: Final = re.compile(r"'([^']+)'")
_PATH: Final = re.compile(r"\$states\.(?:result|input)((?:\.\w+)+)")
_MOST: Final = 40


def good_looks(machine: Machine, tasks: Mapping[str, str]) -> Looks:
    """The answers that end the loops of a machine well; nothing for those of which none was found.

    Args:
        machine: the translation of a DAG.
        tasks: its task ids by the names of their states.
    """
    found: dict[tuple[str, str], Json] = {}
    states = {state.name: state for state in machine.walk()}
    for state in states.values():
        if isinstance(state, Task) and (rule := _ends(state, states)) is not None:
            answer = next(_answers(state, rule), None)
            if answer is not None:
                action, owner = action_of(state.resource), state.name.partition(":")[0]
                found[state.name, action] = found[tasks.get(owner, owner), action] = answer
    return found


def _ends(task: Task, states: Mapping[str, State]) -> QueryRule | None:
    """The rule by which a loop ends well; nothing where a state is no part of a loop."""
    choice = states.get(task.next or "")
    wait = states.get(choice.default or "") if isinstance(choice, Choice) else None
    if not isinstance(choice, Choice) or not isinstance(wait, Wait) or wait.next != task.name:
        return None
    rule = choice.choices[0] if choice.choices else None
    return rule if isinstance(rule, QueryRule) else None


def _answers(task: Task, rule: QueryRule) -> Iterator[Json]:
    """Answers that fulfil a rule, if what would be answered anyway does not."""
    output = task.flow.output if isinstance(task.flow, QueryFlow) else None
    text = output.value if isinstance(output, Given) else None
    plain: Json = imagined(task.resource, {}).value
    if not isinstance(rule.condition, Query) or not isinstance(text, str | None) or _fulfilled(text, rule, plain):
        return
    words = f"{text or ''} {rule.condition.text}"
    shape = output_shape(action_of(task.resource))
    tries = [(path, value) for path in _PATH.findall(words) for value in _TEXT.findall(rule.condition.text)]
    for path, value in tries[:_MOST]:
        made = copy.deepcopy(plain)
        _put(made, path.strip(".").split("."), value, shape)
        if _fulfilled(text, rule, made):
            yield made


def _put(holder: dict[str, Json], path: list[str], value: str, shape: Any) -> None:
    """Puts a value where a path leads, through the first elements of lists."""
    name, *rest = path
    members = getattr(shape, "members", {})
    inner = next((part for key, part in members.items() if key.lower() == name.lower()), None)
    listed = inner is not None and inner.type_name == "list"
    if not rest:
        holder[name] = [value] if listed else value
        return
    there = holder.get(name)
    there = there[0] if isinstance(there, list) and there else there
    part = inner.member if inner is not None and listed else inner
    target = there if isinstance(there, dict) else {}
    if not target and part is not None and part.type_name == "structure":
        target = plain_part(part)
    _put(target, rest, value, part)
    holder[name] = [target] if listed else target


def _fulfilled(output: str | None, rule: QueryRule, answer: Json) -> bool:
    """Whether a rule after a state holds for an answer."""
    assert isinstance(rule.condition, Query)
    library = Library(Random(1), lambda: datetime(2026, 1, 1, tzinfo=UTC))
    try:
        handed = answer
        if output is not None:
            handed = read_query(output.strip()[2:-2]).evaluate({"states": {"result": answer}}, library)
        return read_query(rule.condition.text).evaluate({"states": {"input": handed}}, library) is True
    except (QueryError, ExpressionError, UnsupportedResult):
        return False
