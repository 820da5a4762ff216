"""Rules of a Choice, in either query language, and conditions in Python, as formulas over named values."""

from __future__ import annotations

import ast
from typing import Final

from sfn_airflow_core.asl.model import PathRule, Query, QueryRule
from sfn_airflow_core.compare.predicates import (
    ALWAYS,
    FLIPPED,
    All,
    Ask,
    Formula,
    No,
    Operand,
    Question,
    Scalar,
    Some,
    asks,
)
from sfn_airflow_core.expr import jsonata_model as jsonata
from sfn_airflow_core.expr import model as expr
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_jsonata import read_jsonata

LOOKING: Final = ("number", "text", "boolean", "float")
"""Functions that give the value that they are given, where it is of the kind that the condition is about."""
_PYTHON: Final[dict[type, str]] = {
    ast.Eq: "==",
    ast.Is: "==",
    ast.NotEq: "!=",
    ast.IsNot: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class Unread(ValueError):
    """A condition asks for more than a formula can say; the message is the part that does."""


def rule_formula(rule: PathRule | QueryRule) -> Formula:
    """A rule as a formula. Raises Unread."""
    if isinstance(rule, PathRule):
        try:
            return _path_rule(read_condition(rule.condition))
        except ExpressionError as error:
            raise Unread(str(error)) from None
    if isinstance(rule.condition, bool):
        return ALWAYS if rule.condition else No(ALWAYS)
    if not isinstance(rule.condition, Query):
        raise Unread("a value that is filled in when the machine is deployed")
    tree = read_jsonata(rule.condition.text).tree
    if tree is None:
        raise Unread(rule.condition.text)
    return _jsonata(tree, rule.condition.text)


def _compared(left: Operand | Scalar, operator: str, right: Operand | Scalar, text: str) -> Formula:
    """A comparison of a value with a literal, on whichever side that is."""
    if isinstance(left, tuple) and not isinstance(right, tuple):
        operand, literal, question = left, right, operator
    elif isinstance(right, tuple) and not isinstance(left, tuple):
        operand, literal, question = right, left, FLIPPED.get(operator, operator)
    else:
        raise Unread(text)
    if literal is None and question in ("==", "!="):
        return Ask(operand, "null") if question == "==" else No(Ask(operand, "null"))
    if question == "!=":
        return No(Ask(operand, "==", literal))
    known: Question | None = next((each for each in FLIPPED.values() if each == question), None)
    if known is None:
        raise Unread(text)
    return Ask(operand, known, literal)


def _path_rule(condition: expr.Expr) -> Formula:
    match condition:
        case expr.Logic(operator, operands):
            return (All if operator == "and" else Some)(tuple(map(_path_rule, operands)))
        case expr.Negation(operand):
            return No(_path_rule(operand))
        case expr.Test("IsPresent", path):
            return Ask(_path(path), "present")
        case expr.Test("IsNull", path):
            return Ask(_path(path), "null")
        case expr.Compare(
            "string" | "numeric" | "boolean",
            operator,
            expr.Path() as left,
            expr.Literal(None | str() | int() | float() as value),
        ):
            return _compared(_path(left), operator, value, left.text)
        case expr.Compare("matches", _, expr.Path() as left, expr.Literal(str() as value)) if "*" not in value:
            return _compared(_path(left), "==", value, left.text)
        case expr.Compare(left=expr.Path(text=text)) | expr.Test(operand=expr.Path(text=text)):
            raise Unread(f"a comparison of {text}")
        case _:
            raise Unread("a comparison")


def _path(path: expr.Path) -> Operand:
    names = tuple(step.name for step in path.steps if isinstance(step, expr.Field))
    if not names or len(names) != len(path.steps):
        raise Unread(path.text or "a path")
    return names


def _jsonata(tree: jsonata.Tree, text: str) -> Formula:
    match tree:
        case jsonata.Operation("and" | "or" as operator, left, right):
            return (All if operator == "and" else Some)((_jsonata(left, text), _jsonata(right, text)))
        case jsonata.Operation("in", left, jsonata.Listed(elements)):
            return Some(tuple(_compared(_term(left, text), "==", _term(each, text), text) for each in elements))
        case jsonata.Operation("!=", left, right):  # a value that is not there is not unlike anything
            differs = _compared(_term(left, text), "!=", _term(right, text), text)
            return All((*(Ask(ask.operand, "given") for ask in asks(differs)), differs))
        case jsonata.Operation(operator, left, right):
            return _compared(_term(left, text), "==" if operator == "=" else operator, _term(right, text), text)
        case jsonata.Apply("not", (inner,)):
            return No(_jsonata(inner, text))
        case jsonata.Apply("boolean", (inner,)):
            return _jsonata(inner, text)
        case jsonata.Apply("exists", (inner,)) if isinstance(operand := _term(inner, text), tuple):
            return Ask(operand, "present")
        case jsonata.Value(bool(value)):
            return ALWAYS if value else No(ALWAYS)
        case _ if isinstance(operand := _term(tree, text), tuple):
            return Ask(operand, "true")
        case _:
            raise Unread(text)


def _term(tree: jsonata.Tree, text: str) -> Operand | Scalar:
    match tree:
        case jsonata.Value(None | str() | int() | float() as value):
            return value
        case jsonata.Minus(jsonata.Value(int() | float() as value)):
            return -value
        case jsonata.Name(name):
            return (name,)
        case jsonata.Steps(jsonata.Name(name), steps) if all(isinstance(step, jsonata.Member) for step in steps):
            names = (name, *(step.name for step in steps if isinstance(step, jsonata.Member)))
            return names[2:] if names[:2] in (("states", "input"), ("states", "result")) and names[2:] else names
        case jsonata.Apply("count" | "length", (inner,)) if isinstance(found := _term(inner, text), tuple):
            return ("len", *found)
        case _:
            raise Unread(text)


def python_formula(text: str) -> Formula:
    """A condition in Python as a formula; nothing is evaluated. Raises Unread."""
    if not text:
        return ALWAYS
    try:
        return _python(ast.parse(text, mode="eval").body)
    except Unread:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Unread(text) from None


def _python(node: ast.expr) -> Formula:
    match node:
        case ast.BoolOp(op=operator, values=values):
            return (All if isinstance(operator, ast.And) else Some)(tuple(map(_python, values)))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return No(_python(operand))
        case ast.Compare(left=first, ops=operators, comparators=others):
            pairs = zip([first, *others[:-1]], operators, others, strict=True)
            parts = tuple(_python_pair(*pair) for pair in pairs)
            return parts[0] if len(parts) == 1 else All(parts)
        case ast.Constant(value=bool(value)):
            return ALWAYS if value else No(ALWAYS)
        case ast.Call(func=ast.Name(id="present"), args=[inner, *names]):  # of the runtime of generated DAGs
            return Ask((*_above(inner), *(str(_named(name)) for name in names)), "present")
        case _ if isinstance(found := _named(node), tuple):
            return Ask(found, "true")
        case _:
            raise Unread(ast.unparse(node))


def _python_pair(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Formula:
    text = f"{ast.unparse(left)} … {ast.unparse(right)}"
    match operator:
        case ast.In() | ast.NotIn():
            if isinstance(right, ast.List | ast.Tuple | ast.Set):
                same = tuple(_compared(_named(left), "==", _named(each), text) for each in right.elts)
                inside: Formula = Some(same)
            elif isinstance(left, ast.Constant) and isinstance(left.value, str):
                above = _named(right)
                inside = Ask((*(above if isinstance(above, tuple) else ()), left.value), "present")
            else:
                raise Unread(text)
            return inside if isinstance(operator, ast.In) else No(inside)
        case _:
            return _compared(_named(left), _PYTHON[type(operator)], _named(right), text)


def _named(node: ast.expr) -> Operand | Scalar:
    """The names on the way to a value, or a literal. Raises Unread."""
    match node:
        case ast.Constant(value=None | str() | int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=inner, attr=name) | ast.Subscript(value=inner, slice=ast.Constant(value=str(name))):
            return (*_above(inner), name)
        case ast.Call(func=ast.Attribute(value=inner, attr="get"), args=[ast.Constant(value=str(name))], keywords=[]):
            return (*_above(inner), name)
        case ast.Call(func=ast.Attribute(attr="xcom_pull"), args=[], keywords=words):
            tasks = [word.value.value for word in words if isinstance(word.value, ast.Constant)]
            return tuple(map(str, tasks)) or ("xcom",)
        case ast.Call(func=ast.Attribute(attr="xcom_pull"), args=[ast.Constant(value=str(name))]):
            return (name,)
        case ast.Call(func=ast.Name(id="len"), args=[inner]):
            return ("len", *_above(inner))
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in LOOKING:
            return _named(inner)
        case _:
            raise Unread(ast.unparse(node))


def _above(node: ast.expr) -> Operand:
    found = _named(node)
    if not isinstance(found, tuple):
        raise Unread(ast.unparse(node))
    return found
