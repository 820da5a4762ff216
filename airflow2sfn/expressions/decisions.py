"""Branch and short-circuit callables that only ask and choose, as conditions: no Lambda function is needed for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from airflow2sfn.expressions.python import CONTEXT, Expressions
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import Values, expression
from airflow2sfn.jinja import names
from airflow2sfn.jinja.pieces import AND, Piece, level_of
from airflow2sfn.source import Known, Task, Template, Value
from airflow2sfn.tasks.callables import arguments, definition

MOST = 20
"""Ways; a callable with more of them stays a function."""
_NAMES = frozenset(
    {"ds", "ds_nodash", "ts", "params", "logical_date", "execution_date", "run_id", "data_interval_start"}
    | {"data_interval_end", "ti", "task_instance", "dag_run"}
)
"""Parameters that Airflow fills, and that mean what they mean in templates."""


@dataclass(frozen=True, slots=True)
class Way:
    """What is chosen where a condition holds and none before it did; the last way has an empty condition."""

    condition: str
    chosen: Value


def asks_xcoms(task: Task) -> bool:
    """Whether what a callable asks about may be of any kind: what other tasks found."""
    pulls = task.callable is not None and "xcom_pull" in task.callable.source()
    return pulls or any(not isinstance(value, Known | Template) for value in arguments(task).values())


def ways(task: Task, values: Values) -> list[Way] | None:
    """The ways of a callable in order; nothing where it does more than ask and choose."""
    function = definition(task.callable)
    if task.callable is None or function is None or task.expansion is not None:
        return None
    try:
        scope, expressions = _start(task, values)
        reader = _Reader(expressions)
        if isinstance(function, ast.Lambda):
            found = list(reader.returned(function.body, scope, None))
        else:
            found = list(reader.block(function.body, scope, None))
    except Untranslatable:
        return None
    if not found or len(found) > MOST or any(not way.condition for way in found[:-1]) or found[-1].condition:
        return None
    return found


def _start(task: Task, values: Values) -> tuple[dict[str, Piece], Expressions]:
    """The parameters of the callable that the task gives, and what reads its expressions."""
    assert task.callable is not None
    given = arguments(task)
    scope: dict[str, Piece] = {}
    context, filled = "", set()
    for parameter in task.callable.parameters:
        name = parameter.name
        if name in given:
            scope[name] = _value(given[name], values)
        elif parameter.kind == "kwargs" and name in CONTEXT:
            context = name
        elif name in _NAMES:
            filled.add(name)
        elif isinstance(parameter.default, Known):
            scope[name] = names.constant(parameter.default.value)
        elif parameter.kind not in ("args", "kwargs"):
            raise Untranslatable(f"the value of {name} is not known")
    return scope, Expressions(values, context, frozenset(filled))


def _value(value: Value, values: Values) -> Piece:
    if isinstance(value, Known):
        return names.constant(value.value)
    code = expression(value, values)
    return Piece(code, "text" if isinstance(value, Template) else "json", level_of(code))


class _Reader:
    def __init__(self, expressions: Expressions):
        self.expressions = expressions

    def block(self, body: list[ast.stmt], scope: Mapping[str, Piece], guard: Piece | None) -> Iterator[Way]:
        """The ways through statements; each has to end in a return."""
        for number, statement in enumerate(body):
            match statement:
                case ast.Expr(value=ast.Constant(value=str())) | ast.Pass():
                    continue
                case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
                    continue
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    scope = {**scope, name: self.expressions.piece(value, scope)}
                case ast.Return(value=value):
                    yield from self.returned(value, scope, guard)
                    return
                case ast.If(test=test, body=yes, orelse=no):
                    yield from self.block(yes, scope, _within(guard, self.expressions.condition(test, scope)))
                    yield from self.block([*no, *body[number + 1 :]], scope, guard)
                    return
                case _:
                    raise Untranslatable("it does more than ask and choose")
        yield _way(guard, None)

    def returned(self, value: ast.expr | None, scope: Mapping[str, Piece], guard: Piece | None) -> Iterator[Way]:
        """The ways of what is returned."""
        match value:
            case None:
                yield _way(guard, None)
            case ast.Constant(value=known):
                yield _way(guard, known)
            case ast.List(elts=items) if all(isinstance(one, ast.Constant) for one in items):
                yield _way(guard, [one.value for one in items if isinstance(one, ast.Constant)])
            case ast.IfExp(test=test, body=yes, orelse=no):
                yield from self.returned(yes, scope, _within(guard, self.expressions.condition(test, scope)))
                yield from self.returned(no, scope, guard)
            case _:
                piece = self.expressions.condition(value, scope)
                if piece.kind != "bool":
                    raise Untranslatable("what it returns is not known")
                yield _way(_within(guard, piece), True)
                yield _way(guard, False)


def _within(guard: Piece | None, condition: Piece) -> Piece:
    if guard is None:
        return condition
    return Piece(f"{guard.at(AND)} and {condition.at(AND)}", "bool", AND)


def _way(guard: Piece | None, value: object) -> Way:
    if guard is None:
        return Way("", Known(value))
    if guard.kind == "bool":
        return Way(guard.code, Known(value))
    sure = guard.kind in ("text", "number", "list", "dict") and not guard.maybe
    return Way(f"$boolean({guard.code})" if sure else f"{guard.at(2)} ? true : false", Known(value))
