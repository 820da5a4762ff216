"""Values of the source model as JSON with JSONata in it: the arguments of states."""

from __future__ import annotations

import json
import re
from typing import Any

from airflow2sfn.expressions.text import Data, Untranslatable, field, quoted
from airflow2sfn.jinja import template
from airflow2sfn.jinja.pieces import Piece, joined, level_of
from airflow2sfn.jinja.pieces import text as text_of
from airflow2sfn.source import (
    Concat,
    ConcatenatedXCom,
    Entries,
    GroupArgument,
    Items,
    Known,
    Made,
    MappedXCom,
    PythonCallable,
    Symbolic,
    Template,
    Value,
    XCom,
    ZippedXCom,
)
from sfn_airflow_core.asl.model import Json


class Values(Data):
    """Where values are found, and the names of what is only known when the machine is deployed."""

    def about(self, name: str) -> str | None:
        return None

    def kind(self, task_id: str, key: str) -> Any:
        return "json"

    def pulled(self, task_id: str, key: str) -> Piece:
        return Piece(self.xcom(task_id, key), self.kind(task_id, key))

    def parameter(self, value: Symbolic) -> str:
        """The name of the template parameter that stands for a value."""
        raise NotImplementedError

    def item(self, group_id: str, name: str) -> str:
        """An argument of one item of a mapped task or task group."""
        raise NotImplementedError

    def local(self, wish: str) -> str:
        """The name of a variable of the task's own."""
        raise NotImplementedError


def query(expression: str) -> str:
    """An expression as a field's value."""
    return f"{{% {expression} %}}"


def to_json(value: Value, values: Values) -> Json:
    """A value as JSON in which ``{% … %}`` computes what is only known during a run; raises Untranslatable."""
    match value:
        case Known(known):
            return literal(known)
        case Items(items):
            return [to_json(item, values) for item in items]
        case Entries(entries):
            return {_key(key): to_json(item, values) for key, item in entries}
        case Symbolic():
            return _typed(value, values)
        case Concat(parts) if all(isinstance(part, Known | Symbolic) for part in parts):
            return literal("".join(_put_in(part, values) for part in parts))
        case _:
            return query(expression(value, values))


def _typed(value: Symbolic, values: Values) -> Json:
    """What stands for a value that is given when deploying, which is a text, as what its default is."""
    name = f"${{{values.parameter(value)}}}"
    match value.default:
        case Known(bool()):
            return query(f"{quoted(name)} = 'true'")
        case Known(int() | float()):
            return query(f"$number({quoted(name)})")
        case Known(list() | tuple() as parts) if parts and all(isinstance(part, str) for part in parts):
            return query(f"$split({quoted(name)}, ',')")
        case _:
            return name


def _put_in(part: Value, values: Values) -> str:
    """A part of a text that is known, or given when deploying."""
    return f"${{{values.parameter(part)}}}" if isinstance(part, Symbolic) else str(getattr(part, "value", ""))


def expression(value: Value, values: Values) -> str:
    """A value as a JSONata expression; raises Untranslatable."""
    match value:
        case XCom(task_id, key):
            return values.xcom(task_id, key)
        case Template(text):
            return template(text, values)
        case Concat(parts):
            return joined([_part(part, values) for part in parts]).code
        case Symbolic():
            return constant(_typed(value, values))
        case ConcatenatedXCom(sources):
            whole = expression(sources[0], values)
            for source in sources[1:]:
                whole = f"$append({whole}, {expression(source, values)})"
            return whole
        case GroupArgument(group_id, name):
            return values.item(group_id, name)
        case ZippedXCom(sources, fill):
            return _zipped([expression(source, values) for source in sources], fill, values)
        case MappedXCom(source, applied):
            return _mapped(expression(source, values), applied, values)
        case Known() | Items() | Entries():
            return constant(to_json(value, values))
        case Made(name):
            raise Untranslatable(f"an argument is made by {name}")
        case _:
            raise Untranslatable(f"an argument is a {type(value).__name__}")


def _part(value: Value, values: Values) -> Piece:
    """A part of a text; raises Untranslatable."""
    match value:
        case XCom(task_id, key):
            pulled = values.pulled(task_id, key)
            values.prints(pulled)
            return pulled
        case Known(str(known)):
            return text_of(known)
        case _:
            code = expression(value, values)
            return Piece(code, "text", level_of(code))


def _zipped(lists: list[str], fill: Value | None, values: Values) -> str:
    """Tuples of the elements of lists: as long as the shortest, or filled."""
    if fill is None:
        return f"$zip({', '.join(lists)})"
    other = expression(fill, values)
    longest = f"$max([{', '.join(f'$count({one})' for one in lists)}])"
    members = ", ".join(f"$exists({one}[$n]) ? {one}[$n] : {other}" for one in lists)
    # Not $map, which would give a single tuple without the list around it.
    return f"$reduce([0..{longest} - 1], function($all, $n) {{ $append($all, [[{members}]]) }}, [])"


def _mapped(items: str, applied: tuple[Value, ...], values: Values) -> str:
    """A list with functions applied to every element; raises Untranslatable for one that is no simple expression."""
    import ast

    from airflow2sfn.expressions.python import Expressions
    from airflow2sfn.tasks.callables import definition

    for function in applied:
        tree = definition(function) if isinstance(function, PythonCallable) else None
        body = tree.body if isinstance(tree, ast.Lambda) else None
        if isinstance(tree, ast.FunctionDef) and isinstance(tree.body[-1], ast.Return) and len(tree.body) == 1:
            body = tree.body[0].value if isinstance(tree.body[0], ast.Return) else None
        if body is None or not isinstance(function, PythonCallable) or len(function.parameters) != 1:
            raise Untranslatable("a function of .map is no simple expression")
        name = function.parameters[0].name
        found = Expressions(values).piece(body, {name: Piece(f"${name}")})
        if found.kind in ("text", "number", "bool"):
            items = f"[$map({items}, function(${name}) {{ {found.code} }})]"
        else:  # lists as elements would be joined to one
            nested = "$type($one) = 'array' ? [[$one]] : [$one]"
            step = f"($one := {found.code}; $append($all, {nested}))"
            items = f"$reduce({items}, function($all, ${name}) {{ {step} }}, [])"
    return items


def constant(value: Json) -> str:
    """JSON (with ``{% … %}`` in it) as one JSONata expression."""
    match value:
        case str() if found := re.fullmatch(r"\{%(.*)%\}", value, re.DOTALL):
            return found[1].strip()
        case str():
            return quoted(value)
        case list():
            return "[" + ", ".join(constant(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{quoted(name)}: {constant(item)}" for name, item in value.items()) + "}"
        case _:
            return json.dumps(value)


def literal(value: Any) -> Json:
    """A known value as JSON; a text that would be taken for an expression is made one that gives it."""
    match value:
        case str():
            text = value.strip()
            return query(quoted(value)) if text.startswith("{%") and text.endswith("%}") else value
        case bool() | int() | float() | None:
            return value
        case list() | tuple():
            return [literal(item) for item in value]
        case dict() if all(isinstance(name, str) for name in value):
            return {name: literal(item) for name, item in value.items()}
        case _:
            raise Untranslatable(f"an argument is a {type(value).__name__}, which JSON does not have")


def _key(key: Value) -> str:
    if isinstance(key, Known) and isinstance(key.value, str):
        return key.value
    raise Untranslatable("a key of a dictionary is not known")


__all__ = ["Values", "constant", "expression", "field", "literal", "query", "to_json"]
