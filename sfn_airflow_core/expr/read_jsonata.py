"""Reads JSONata expressions, and JSON values with ``{% %}`` strings in them, into expressions.

Uses the syntax tree of the engine (jsonata2py), so that what is compiled and what is evaluated is read alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, Final, cast

from jsonata2py.errors import JsonataError
from jsonata2py.parser import ast_nodes as ast
from jsonata2py.parser.lexer import Lexer
from jsonata2py.parser.parser import Parser

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.jsonata import read_query
from sfn_airflow_core.expr.jsonata_blocks import without_bindings
from sfn_airflow_core.expr.jsonata_model import (
    Apply,
    Each,
    Focus,
    Function,
    If,
    Jsonata,
    Listed,
    Member,
    Minus,
    Name,
    Nth,
    Operation,
    Operator,
    Record,
    Step,
    Steps,
    Tree,
    Value,
    Where,
    depth,
)
from sfn_airflow_core.expr.model import Array, Expr, Literal, Object

_LONGEST: Final = 1000
"""Tokens; the engine's parser takes time by the square of the length of a path, so longer ones are not parsed here."""
_DEEPEST: Final = 50
"""Trees in trees; code that is nested more deeply is hard to read, and at some depth Python and LibCST give up."""
_OPERATORS: Final = frozenset({"+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in"})
_NAMES: Final = """
string length substring substringBefore substringAfter uppercase lowercase trim pad contains split join match replace
base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl number abs floor ceil round power
sqrt random formatNumber formatBase formatInteger parseInteger sum max min average boolean not exists count append sort
reverse shuffle distinct zip keys lookup spread merge sift each error assert type now millis fromMillis toMillis map
filter single reduce partition range hash uuid parse
"""
FUNCTIONS: Final = frozenset(_NAMES.split())
"""The functions of Step Functions' JSONata, which are also values by these names."""


class _Beyond(Exception):
    """The expression has something that the tree has not."""


def read_values(value: Json) -> Expr:
    """A JSON value in which strings ``{% … %}`` are expressions, at any depth; keys never are."""
    match value:
        case str() if len(value) >= 4 and value.startswith("{%") and value.endswith("%}"):
            found = read_jsonata(value[2:-2])
            return Literal(found.tree.value) if isinstance(found.tree, Value) else found
        case dict():
            entries = tuple((key, read_values(part)) for key, part in value.items())
            fixed = {key: part.value for key, part in entries if isinstance(part, Literal)}
            return Literal(fixed) if len(fixed) == len(entries) else Object(entries)
        case list():
            elements = tuple(map(read_values, value))
            known = [part.value for part in elements if isinstance(part, Literal)]
            return Literal(known) if len(known) == len(elements) else Array(elements)
        case _:
            return Literal(value)


@lru_cache(maxsize=1024)
def read_jsonata(text: str) -> Jsonata:
    """An expression by its text; never raises: ``problem`` says what cannot be read."""
    text = text.strip()
    try:
        if len(Lexer.tokenize(text)) > _LONGEST:
            return Jsonata(text)
        parsed = Parser.parse(text)
        states = _states(parsed)
        if any(isinstance(node, ast.ElvisExpr | ast.CoalesceExpr) for node in _nodes(parsed)) or _times(parsed) > 1:
            raise _Beyond  # not in the language, or the same moment is needed several times
        whole = parsed.value if isinstance(parsed, ast.VariableBinding) else parsed
        tree = _tree(whole)
        return Jsonata(text, None if depth(tree) > _DEEPEST else tree, states)
    except (_Beyond, RecursionError):
        return _for_the_engine(text, parsed)
    except JsonataError as error:
        return Jsonata(text, problem=f"{error.error_code or 'S0201'}: {error.message}")


def _for_the_engine(text: str, parsed: ast.AstNode) -> Jsonata:
    try:
        read_query(text)
    except ExpressionError as error:
        return Jsonata(text, problem=error.message)
    return Jsonata(text, states=_states(parsed))


def _nodes(node: object) -> Iterator[ast.AstNode]:
    """A node of the engine's tree and all nodes in it."""
    if isinstance(node, list):
        for part in node:
            yield from _nodes(part)
    elif is_dataclass(node):
        if isinstance(node, ast.AstNode):
            yield node
        for field in fields(node):
            yield from _nodes(getattr(node, field.name))


def _times(parsed: ast.AstNode) -> int:
    """How often an expression asks for the time, which does not go on during its evaluation."""
    return sum(isinstance(node, ast.FunctionCall) and node.name in ("now", "millis") for node in _nodes(parsed))


def _states(parsed: ast.AstNode) -> tuple[str, ...] | None:
    """The members of ``$states`` that are read by name; None where it is also read as a whole."""
    named, whole = dict[str, None](), 0
    for node in _nodes(parsed):
        match node:
            case ast.PathExpr(steps=[ast.VariableRef(name="states"), ast.FieldRef(name=name), *_]):
                named[name] = None
                whole -= 1
            case ast.PathExpr(steps=[ast.VariableRef(name="states"), ast.ArraySubscript(source=ast.FieldRef()), *_]):
                named[cast(Any, node).steps[1].source.name] = None
                whole -= 1
            case ast.VariableRef(name="states"):
                whole += 1
    return None if whole > 0 else tuple(named)


def _tree(node: ast.AstNode) -> Tree:
    match node:
        case ast.StringLiteral(value=value) | ast.BooleanLiteral(value=value):
            return Value(value)
        case ast.NumberLiteral(value=number):
            return Value(int(number) if number.is_integer() and abs(number) < 2**53 else number)
        case ast.NullLiteral():
            return Value(None)
        case ast.VariableRef(name=name) if name not in FUNCTIONS:
            return Name(name)
        case ast.ContextRef():
            return Focus()
        case ast.Parenthesized(inner=inner):
            return _tree(inner)
        case ast.Block(expressions=expressions):
            return _block(expressions)
        case ast.FieldRef() | ast.ArraySubscript() | ast.PredicateExpr() | ast.PathExpr():
            return _path(node)
        case ast.BinaryOp(op=op, left=left, right=right) if op in _OPERATORS:
            return Operation(cast(Operator, op), _tree(left), _tree(right))
        case ast.RangeExpr(from_=first, to=last):
            return Operation("..", _tree(first), _tree(last))
        case ast.UnaryMinus(operand=operand):
            return Minus(_tree(operand))
        case ast.ConditionalExpr(condition=condition, then=then, otherwise=other):
            return If(_tree(condition), _tree(then), None if other is None else _tree(other))
        case _:
            return _made(node)


def _made(node: ast.AstNode) -> Tree:
    """Constructors, functions and their calls."""
    match node:
        case ast.ArrayConstructor(elements=elements):
            return Listed(tuple(map(_tree, elements)))
        case ast.ObjectConstructor(pairs=pairs):
            keys = [pair.key.value for pair in pairs if isinstance(pair.key, ast.StringLiteral)]
            if len(set(keys)) != len(pairs):
                raise _Beyond
            return Record(tuple((key, _tree(pair.value)) for key, pair in zip(keys, pairs, strict=True)))
        case ast.FunctionCall(name=name, args=args, is_variable=True):
            return Apply(name, tuple(map(_tree, args)))
        case ast.Lambda(params=params, body=body, signature=None):
            return Function(tuple(params), _tree(body))
        case ast.ForceArray(source=ast.FieldRef() | ast.PathExpr() | ast.VariableRef() as source, on_sequence=True):
            return Apply("[]", (_tree(source),))
        case ast.ChainExpr(steps=[first, *rest]):
            return _chain(_tree(first), rest)
        case _:
            raise _Beyond


def _chain(value: Tree, functions: list[ast.AstNode]) -> Tree:
    """``value ~> $f(a)`` is ``$f(value, a)``."""
    for function in functions:
        match function:
            case ast.VariableRef(name=name):
                value = Apply(name, (value,))
            case ast.FunctionCall(name=name, args=args, is_variable=True):
                value = Apply(name, (value, *map(_tree, args)))
            case _:
                raise _Beyond
    return value


def _block(expressions: list[ast.AstNode]) -> Tree:
    """``($x := a; b)`` as ``b`` with ``a`` in the place of ``$x``, where that is the same."""
    *bindings, last = expressions or [ast.ContextRef()]
    if not expressions or not all(isinstance(binding, ast.VariableBinding) for binding in bindings):
        raise _Beyond
    pairs = [(binding.name, _tree(binding.value)) for binding in bindings if isinstance(binding, ast.VariableBinding)]
    tree = without_bindings(pairs, _tree(last))
    if tree is None:
        raise _Beyond
    return tree


def _path(node: ast.AstNode) -> Tree:
    head: Tree = Focus()
    steps: list[Step]
    match node:
        case ast.PathExpr(steps=[ast.ForceArray(), *_]):
            raise _Beyond  # the array is kept to the end of the path
        case ast.ArraySubscript(source=ast.ForceArray()) | ast.PredicateExpr(source=ast.ForceArray()):
            raise _Beyond
        case ast.PathExpr(steps=[first, *rest]):
            head, steps = _tree(first), [step for part in rest for step in _steps(part)]
        case ast.ArraySubscript(source=source, index=index):
            head, steps = _tree(source), [Nth(_position(index))]
        case ast.PredicateExpr(source=source, predicate=predicate):
            head, steps = _tree(source), [Where(_tree(predicate))]
        case _:
            steps = _steps(node)
    in_parentheses = isinstance(getattr(node, "source", None), ast.Parenthesized)
    if isinstance(head, Steps) and not in_parentheses:
        return Steps(head.head, (*head.steps, *steps))
    return Steps(head, tuple(steps))


def _position(index: ast.AstNode) -> int:
    if isinstance(index, ast.NumberLiteral) and index.value.is_integer() and abs(index.value) < 2**31:
        return int(index.value)
    raise _Beyond


def _steps(node: ast.AstNode) -> list[Step]:
    """A part of a path behind its head."""
    match node:
        case ast.FieldRef(name=name):
            return [Member(name)]
        case ast.ArraySubscript(source=ast.FieldRef() | ast.ArraySubscript() as source, index=index):
            return [*_steps(source), Nth(_position(index))]
        case ast.PredicateExpr(source=ast.FieldRef() as source, predicate=predicate):
            return [*_steps(source), Where(_tree(predicate))]
        case ast.Parenthesized(inner=inner) if not isinstance(inner, ast.Block):
            return [Each(_tree(inner))]
        case ast.FunctionCall() | ast.ObjectConstructor():
            return [Each(_tree(node))]
        case _:
            raise _Beyond
