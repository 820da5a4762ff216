"""The expressions of a generated DAG as JSONata: what its functions make of the document, of a result, of an error."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from airflow2sfn.expressions.text import field as member
from airflow2sfn.expressions.text import quoted
from airflow2sfn.expressions.values import literal, query
from sfn_airflow_core.asl.model import Json, Placeholder
from sfn_airflow_core.expr.read_jsonata import FUNCTIONS

INPUT, RESULT, ERROR = "$states.input", "$states.result", "$states.errorOutput"
VARIABLES = ""
"""The dictionary of variables, which is no value: its members are the variables."""


class Unreadable(Exception):
    """Something in a generated DAG that is not read back; the message says what, ``line`` where."""

    def __init__(self, what: str, node: ast.AST | None = None):
        super().__init__(what)
        self.line: int = getattr(node, "lineno", 1)


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean in a function: ``names`` as JSONata, ``settings`` as the placeholders that they are.

    ``query`` says that the function is one of a JSONata state, whose lists are JSONata's.
    """

    names: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    query: bool = False

    def within(self, **names: str) -> Scope:
        """The same with more names."""
        return replace(self, names={**self.names, **names})


Read = Callable[[ast.expr, Scope], str]
"""Reads an expression in a scope."""
Word = Callable[[Sequence[ast.expr], Scope, Read], str]
"""A function of the runtime: its arguments as JSONata that says what it gives."""


class Grouped(str):
    """An expression in parentheses that it needs only among others."""

    __slots__ = ()


def grouped(text: str) -> Grouped:
    """An expression with operators, as a part of others."""
    return Grouped(f"({text})")


def bare(text: str) -> str:
    """An expression that stands alone."""
    return text[1:-1] if isinstance(text, Grouped) else text


def value(node: ast.expr, scope: Scope) -> Json:
    """An expression as JSON with JSONata in it; raises Unreadable."""
    match node:
        case ast.Constant(value=known):
            return literal(known)
        case ast.Dict(keys=keys, values=values) if all(key is not None for key in keys):
            return {key_of(key, scope): value(one, scope) for key, one in zip(keys, values, strict=True) if key}
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [value(item, scope) for item in items]
        case ast.Call(func=ast.Name(id="list"), args=[ast.Call(func=ast.Name(id="range"), args=bounds)]):
            return [*numbers(bounds, node)]
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="json"), args=[]) if name in scope.settings:
            return Placeholder(scope.settings[name])
        case _ if (text := text_of(node, scope)) is not None:
            return literal(text)
        case _:
            from airflow2sfn.generated.checks import checked  # what is checked are expressions

            return query(checked(node, bare(expression(node, scope)), scope, expression))


def key_of(node: ast.expr | None, scope: Scope | None = None) -> str:
    """A name that is written down, or with a scope, a placeholder for one; raises Unreadable."""
    if node is not None and (text := text_of(node, scope or Scope({}))) is not None:
        return text
    raise Unreadable("a key that is not constant", node)


def text_of(node: ast.expr, scope: Scope) -> str | None:
    """The text of an expression that has always the same, but for open placeholders."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[]) | ast.Name(id=name) if (
            name in scope.settings
        ):
            return f"${{{scope.settings[name]}}}"
        case ast.JoinedStr(values=parts):
            found = [text_of(part, scope) for part in parts]
            return None if None in found else "".join(filter(None, found))
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
            return text_of(inner, scope)
        case _:
            return None


def expression(node: ast.expr, scope: Scope) -> str:
    """An expression as JSONata; raises Unreadable."""
    if (text := text_of(node, scope)) is not None:
        return quoted(text)
    match node:
        case ast.Constant(value=bool() | None as known):
            return {True: "true", False: "false", None: "null"}[known]
        case ast.Constant(value=int() | float() as number):
            return repr(number)
        case ast.Name(id=name) if scope.names.get(name, VARIABLES) != VARIABLES:
            return scope.names[name]
        case ast.Name(id="NOTHING"):
            return "{}.nothing"
        case ast.Subscript(value=base, slice=ast.Slice(lower=first, upper=last)):
            return _sliced(expression(base, scope), first, last)
        case ast.Subscript(value=base, slice=key):
            return path(base, [key], scope, expression)
        case ast.Dict():
            return _merged(node, scope)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return _list(items, scope)
        case ast.JoinedStr(values=parts):
            pieces = [_piece(part, scope) for part in parts]
            return grouped(" & ".join(pieces)) if len(pieces) > 1 else f"$string({bare(pieces[0])})"
        case ast.IfExp(test=test, body=then, orelse=ast.Name(id="NOTHING")):
            return grouped(f"{expression(test, scope)} ? {expression(then, scope)}")
        case ast.IfExp(test=test, body=then, orelse=otherwise):
            return grouped(" ".join(_three(test, then, otherwise, scope)))
        case ast.BoolOp() | ast.UnaryOp() | ast.BinOp() | ast.Compare():
            from airflow2sfn.generated.operations import operation  # operands are expressions

            return operation(node, scope)
        case ast.ListComp() | ast.GeneratorExp():
            from airflow2sfn.generated.lists import comprehension  # elements are expressions

            return comprehension(node, scope, expression)
        case ast.Call(func=ast.Name(id="whole_context"), args=[]):
            return "$states.context"
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return called(name, arguments, node, scope)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="functions"), attr=name), args=arguments, keywords=[]):
            return _function(name, arguments, node, scope)
        case _:
            raise Unreadable(f"an expression ({type(node).__name__})", node)


def _three(test: ast.expr, then: ast.expr, otherwise: ast.expr, scope: Scope) -> list[str]:
    return [expression(test, scope), "?", expression(then, scope), ":", expression(otherwise, scope)]


def called(name: str, arguments: Sequence[ast.expr], node: ast.AST, scope: Scope) -> str:
    """A call of a function of the runtime, or of Python's own; raises Unreadable."""
    from airflow2sfn.generated.lists import LISTS  # arguments are expressions
    from airflow2sfn.generated.queries import QUERIES
    from airflow2sfn.generated.words import WORDS

    word = (QUERIES if scope.query else {}).get(name) or WORDS.get(name) or LISTS.get(name) or QUERIES.get(name)
    if word is None:
        raise Unreadable(f"a call of {name}", node)
    try:
        return word(arguments, scope, expression)
    except (ValueError, IndexError):  # as many arguments as it has not
        raise Unreadable(f"a call of {name}", node) from None


def _function(name: str, arguments: Sequence[ast.expr], node: ast.AST, scope: Scope) -> str:
    from airflow2sfn.generated.queries import function  # arguments are expressions

    try:
        return function(name, arguments, scope, expression)
    except ValueError:
        raise Unreadable(f"a call of {name}", node) from None


def path(base: ast.expr, keys: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """What keys lead to from a value: names of members, numbers for elements; raises Unreadable."""
    match base, keys:
        case ast.Name(id=name), [key, *rest] if scope.names.get(name) == VARIABLES:
            found, keys = f"${variable(key_of(key))}", rest
        case _:
            found = read(base, scope)
    for key in keys:
        match _constant(key) if (text := text_of(key, scope)) is None else text:
            case str(name):
                found = member(found, name)
            case int(position):
                found = f"{found}[{position}]"
            case _:
                raise Unreadable("a path that is not constant", key)
    return found


def variable(name: str) -> str:
    """The name of a variable, other than that of a function."""
    return f"{name}_" if name in FUNCTIONS else name


def numbers(bounds: Sequence[ast.expr], node: ast.AST) -> range:
    """The numbers of ``range(…)``, which are at most as many as ``States.ArrayRange`` gives; raises Unreadable."""
    given = [value for bound in bounds if isinstance(value := _constant(bound), int)]
    if len(given) != len(bounds) or not 0 < len(given) <= 3 or given[2:] == [0]:
        raise Unreadable("a range that is not constant", node)
    found = range(*given)
    if len(found[:1001]) > 1000:
        raise Unreadable("a range of more than 1,000 numbers", node)
    return found


def _constant(node: ast.expr) -> object:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
        case ast.Constant(value=known):
            return known
        case _:
            return None


def _sliced(found: str, first: ast.expr | None, last: ast.expr | None) -> str:
    """``values[1:3]``, bounds from the end if they are negative."""
    conditions = []
    for bound, sign in ((first, ">="), (last, "<")):
        if bound is not None:
            position = _constant(bound)
            if not isinstance(position, int):
                raise Unreadable("a slice that is not constant", bound)
            place = str(position) if position >= 0 else f"$count({bare(found)}) - {-position}"
            conditions.append(f"$at {sign} {place}")
    return f"[$filter({bare(found)}, function($one, $at) {{ {' and '.join(conditions) or 'true'} }})]"


def _merged(node: ast.Dict, scope: Scope) -> str:
    """``{**data, "a": 1}``."""
    parts: list[str] = []
    members: list[str] = []
    for key, one in zip(node.keys, node.values, strict=True):
        made = bare(expression(one, scope))
        if key is None:
            parts += ["{" + ", ".join(members) + "}"] if members else []
            members = []
            parts.append(made)
        else:
            members.append(f"{quoted(key_of(key, scope))}: {made}")
    if members or not parts:
        parts.append("{" + ", ".join(members) + "}")
    return parts[0] if len(parts) == 1 else f"$merge([{', '.join(parts)}])"


_SCALARS = ("'", '"', "$string(", "$hash(", "$count(", "$uuid(", "true", "false", "null")


def _list(items: Sequence[ast.expr], scope: Scope) -> str:
    """A list; what may be an array itself stays one element, except in what was JSONata before."""
    found = [bare(expression(item, scope)) for item in items]
    parts = [f"[{one}]" for one in found]
    for number, (item, one) in enumerate(zip(items, found, strict=True)):
        fixed = isinstance(item, ast.Constant | ast.JoinedStr | ast.Dict | ast.List) or one.startswith(_SCALARS)
        if not fixed and not scope.query:
            parts[number] = f"($type({one}) = 'array' ? [[{one}]] : [{one}])"
    if all(part == f"[{one}]" for part, one in zip(parts, found, strict=True)):
        return "[" + ", ".join(found) + "]"
    whole = parts[0]
    for part in parts[1:]:
        whole = f"$append({whole}, {part})"
    return whole


def joined(node: ast.expr, scope: Scope) -> str:
    """An operand of ``&``, which makes a text of what is none."""
    match node:
        case ast.Call(func=ast.Name(id="text" | "shown"), args=[inner]):
            return expression(inner, scope)
        case _:
            return expression(node, scope)


def _piece(node: ast.expr, scope: Scope) -> str:
    """A part of a text."""
    match node:
        case ast.Constant(value=str(text)):
            return quoted(text)
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
            return joined(inner, scope)
        case _:
            raise Unreadable("a formatted text", node)
