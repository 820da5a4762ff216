"""Simple Python expressions as JSONata: what branch callables ask, and the functions of ``.map``.

Only what means the same on both sides: comparisons, conditions and texts over arguments, params, XComs and times. The
pieces are those of templates. Nothing is executed.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import Values
from airflow2sfn.jinja import functions, names
from airflow2sfn.jinja.pieces import (
    AND,
    CONDITION,
    OR,
    SUM,
    Piece,
    added,
    both,
    call,
    chosen,
    compared,
    either,
    item,
    joined,
    negated,
    printed,
    product,
    subtracted,
)

Scope = Mapping[str, Piece]
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "lteq", ast.Gt: "gt", ast.GtE: "gteq", ast.In: "in",
    ast.NotIn: "notin",
}  # fmt: skip
_PRODUCTS: Mapping[type[ast.operator], str] = {
    ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.FloorDiv: "//", ast.Pow: "**",
}  # fmt: skip
CONTEXT = frozenset({"context", "kwargs"})
_OBJECTS = frozenset({"dag_run", "ti", "task_instance", "dag", "task"})
_TASK_INSTANCE = ("ti", "task_instance")


class Expressions:
    """Turns expressions of one callable into pieces.

    Args:
        values: where values of the run are found.
        context: the name of the parameter that holds Airflow's context, if there is one.
        filled: parameters that Airflow fills; they mean what they mean in templates.
    """

    def __init__(self, values: Values, context: str = "", filled: frozenset[str] = frozenset()):
        self.values, self.context, self.filled = values, context, filled

    def piece(self, node: ast.expr, scope: Scope) -> Piece:
        """An expression; raises Untranslatable."""
        match node:
            case ast.Constant(value=value):
                return names.constant(value)
            case ast.Name(id=name) if name in scope:
                return scope[name]
            case ast.Name(id=name) if name in self.filled:
                return names.name(name, self.values)
            case ast.JoinedStr(values=parts):
                return joined([self._formatted(part, scope) for part in parts])
            case ast.BoolOp(op=operator, values=values):
                pieces = [self.piece(value, scope) for value in values]
                result = pieces[0]
                for other in pieces[1:]:
                    result = both(result, other) if isinstance(operator, ast.And) else either(result, other)
                return result
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return negated(self.piece(inner, scope))
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return Piece(f"-{self.piece(inner, scope).at(9)}", "number", SUM + 1)
            case ast.IfExp(test=test, body=yes, orelse=no):
                return chosen(self.condition(test, scope), self.piece(yes, scope), self.piece(no, scope))
            case ast.Compare(left=left, ops=operators, comparators=others):
                return self._compared(left, operators, others, scope)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._calculated(self.piece(left, scope), operator, self.piece(right, scope))
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return Piece("[" + ", ".join(self.piece(one, scope).code for one in items) + "]", "list")
            case ast.Dict(keys=keys, values=values) if all(isinstance(key, ast.Constant) for key in keys):
                pairs = zip(keys, values, strict=True)
                inner_texts = (f"{self.piece(k, scope).code}: {self.piece(v, scope).code}" for k, v in pairs if k)
                return Piece("{" + ", ".join(inner_texts) + "}", "dict")
            case ast.Attribute() | ast.Subscript():
                return self._part(node, scope)
            case ast.Call():
                return self._called(node, scope)
            case _:
                raise Untranslatable(f"it holds a {type(node).__name__}")

    def condition(self, node: ast.expr, scope: Scope) -> Piece:
        """An expression of which only counts whether it is true; raises Untranslatable."""
        match node:
            case ast.BoolOp(op=operator, values=values):
                word, level = ("and", AND) if isinstance(operator, ast.And) else ("or", OR)
                pieces = [self.condition(value, scope) for value in values]
                return Piece(f" {word} ".join(piece.at(level + 1) for piece in pieces), "bool", level)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return negated(self.condition(inner, scope))
            case _:
                return self.piece(node, scope)

    def _formatted(self, node: ast.expr, scope: Scope) -> Piece:
        match node:
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return printed(self.piece(value, scope))
            case ast.Constant():
                return self.piece(node, scope)
            case _:
                raise Untranslatable("it formats a value in a way that has no counterpart")

    def _compared(self, left: ast.expr, operators: list[ast.cmpop], others: list[ast.expr], scope: Scope) -> Piece:
        before, result = self.piece(left, scope), None
        for operator, other in zip(operators, others, strict=True):
            match operator, other:
                case ast.Is() | ast.IsNot(), ast.Constant(value=None):
                    one = Piece(f"{before.at(SUM)} = null", "bool", 5)
                    if before.maybe:
                        one = Piece(f"$exists({before.code}) and {one.code} or $not($exists({before.code}))", "bool", 3)
                    one = one if isinstance(operator, ast.Is) else call("$not", one, kind="bool")
                    after = before
                case _ if type(operator) in _COMPARISONS:
                    after = self.piece(other, scope)
                    one = compared(_COMPARISONS[type(operator)], before, after)
                case _:
                    raise Untranslatable("it compares in a way that has no counterpart")
            result, before = one if result is None else both(result, one), after
        assert result is not None
        return result

    def _calculated(self, left: Piece, operator: ast.operator, right: Piece) -> Piece:
        if isinstance(operator, ast.Add):
            return added(left, right)
        if isinstance(operator, ast.Sub):
            return subtracted(left, right)
        if type(operator) in _PRODUCTS:
            return product(_PRODUCTS[type(operator)], left, right)
        raise Untranslatable("it calculates in a way that has no counterpart")

    def _path(self, node: ast.expr, scope: Scope) -> list[str] | None:
        """Dotted names that begin with something of the context; the context's own name is left out."""
        match node:
            case ast.Name(id=name) if name not in scope:
                return [] if name and name == self.context else [name] if name in self.filled else None
            case ast.Attribute(value=base, attr=name):
                path = self._path(base, scope)
                return [*path, name] if path and path[0] in _OBJECTS and len(path) == 1 else None
            case ast.Subscript(value=base, slice=ast.Constant(value=str(name))):
                path = self._path(base, scope)
                return None if path is None else [*path, name]
            case _:
                return None

    def _part(self, node: ast.Attribute | ast.Subscript, scope: Scope) -> Piece:
        path = self._path(node, scope)
        if path:
            found = names.path(path, self.values) if len(path) > 1 else names.name(path[0], self.values)
            if found is not None:
                return found
        match node:
            case ast.Subscript(value=base, slice=ast.Constant(value=int(index))):
                return item(self.piece(base, scope), index)
            case ast.Subscript(value=base, slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(index)))):
                return item(self.piece(base, scope), -index)
            case ast.Subscript(value=base, slice=ast.Constant(value=str(name))):
                return functions.attribute(self.piece(base, scope), name)
            case ast.Attribute(value=base, attr=name):
                inner = self.piece(base, scope)
                if inner.kind != "moment":
                    raise Untranslatable(f"it uses the attribute {name}")
                return functions.attribute(inner, name)
            case _:
                raise Untranslatable("it takes a part that has no counterpart")

    def _called(self, node: ast.Call, scope: Scope) -> Piece:
        if any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords):
            raise Untranslatable("it calls something with arguments that are not known")
        path = self._path(node.func, scope)
        if path is not None and len(path) == 2 and path[0] in _TASK_INSTANCE and path[1] == "xcom_pull":
            return self._pulled(node)
        arguments = [self.piece(one, scope) for one in node.args]
        given = {str(one.arg): self.piece(one.value, scope) for one in node.keywords}
        match node.func:
            case ast.Name(id=name) if not given and name not in scope:
                return _builtin(name, arguments)
            case ast.Attribute(value=base, attr="get") if (above := self._path(base, scope)) is not None:
                return self._got(above, arguments)
            case ast.Attribute(value=base, attr=name):
                return functions.method(self.piece(base, scope), name, arguments, given)
            case _:
                raise Untranslatable("it calls a function that has no counterpart")

    def _got(self, above: list[str], arguments: list[Piece]) -> Piece:
        """``.get(key, default)`` of the context or of something in it."""
        key = arguments[0].literal if arguments else None
        if key is None:
            raise Untranslatable("it asks for a key that is not known")
        inner = names.path([*above, key], self.values) if above else names.name(key, self.values)
        if inner is None:
            raise Untranslatable(f"it uses {key} of Airflow's context")
        return functions.filtered("default", inner, arguments[1:], {}) if arguments[1:] else inner

    def _pulled(self, node: ast.Call) -> Piece:
        given = dict(zip(("task_ids", "dag_id", "key"), node.args, strict=False))
        given |= {str(one.arg): one.value for one in node.keywords}
        match given.pop("task_ids", None), given.pop("key", ast.Constant("return_value")):
            case ast.Constant(value=str(task_id)), ast.Constant(value=str(key)) if not given:
                return Piece(self.values.xcom(task_id, key), self.values.kind(task_id, key))
            case _:
                raise Untranslatable("it pulls XComs in a way that has no counterpart")


def _builtin(name: str, arguments: list[Piece]) -> Piece:
    match name, arguments:
        case "len", [only]:
            return functions.length(only)
        case "str", [only]:
            return printed(only)
        case (("int" | "float"), [only]) if only.kind in ("number", "text"):
            return call("$number", only, kind="number")
        case "bool", [only]:
            return Piece(f"{only.at(CONDITION + 1)} ? true : false", "bool", CONDITION)
        case "sum", [only]:
            return call("$sum", only, kind="number")
        case (("min" | "max"), [only]):
            return call(f"${name}", only, kind="number")
        case _:
            raise Untranslatable(f"it calls {name}")
