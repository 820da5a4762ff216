"""JSONata as Python: plain where it says the same for every document, a small function of the runtime otherwise.

Where a value has to be there (``needed``), a path is plain subscripts, which fail where JSONata finds nothing. Where it
may be missing (``made``), it is ``find(data, …)``. What neither can say raises ``EngineNeeded``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

import libcst as cst

from sfn2airflow import phrases
from sfn2airflow.expressions.jsonata.paths import looked_up, split
from sfn2airflow.expressions.jsonata.scope import (
    EngineNeeded,
    Made,
    Query,
    atom,
    calculation,
    comprehension,
    in_lines,
)
from sfn2airflow.expressions.paths import whole_context
from sfn2airflow.expressions.scope import Scope, Writing
from sfn2airflow.phrases import Node
from sfn_airflow_core.expr.jsonata_model import (
    Apply,
    Each,
    Focus,
    Function,
    If,
    Jsonata,
    Kind,
    Listed,
    Member,
    Minus,
    Name,
    Nth,
    Operation,
    Record,
    Steps,
    Tree,
    Value,
    Where,
)

_SCALARS: tuple[Kind, ...] = ("string", "number", "boolean", "null")
_KINDS: dict[type, Kind] = {str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}


def write_jsonata(expr: Jsonata, writing: Writing) -> Node:
    """The value of an expression of a state; it is there, or evaluating it raises."""
    if expr.problem:
        return writing.call("unreadable", writing.string(expr.text), writing.string(expr.problem))
    outside = frozenset(writing.names), frozenset(writing.needs)
    if expr.tree is not None:
        try:
            node = needed(expr.tree, Query(writing))
            if expr.wanted == "any" or _kind_of(expr.tree, writing) == expr.wanted:
                return node
            return writing.call("typed", node, writing.string(expr.wanted))
        except EngineNeeded:
            writing.names.intersection_update(outside[0])
            writing.needs.intersection_update(outside[1])
    node = _by_engine(expr, writing)
    return node if expr.wanted == "any" else writing.call("typed", node, writing.string(expr.wanted))


def is_compiled(expr: Jsonata) -> bool:
    """Whether an expression that can be read needs no engine."""
    code = Writing(Scope(result="result", error="error"), lambda *_: phrases.name("_"))
    write_jsonata(expr, code)
    return "query" not in code.needs


def _kind_of(tree: Tree, writing: Writing) -> Kind:
    return made(tree, Query(replace(writing, needs=set(), names={*writing.names}))).kind


def _by_engine(expr: Jsonata, writing: Writing) -> Node:
    """``query("…", {"input": data})``"""
    scope = writing.scope
    wanted = expr.states if expr.states is not None else ("input", "result", "errorOutput", "context")
    roots = {"input": scope.input, "result": scope.result, "errorOutput": scope.error}
    given: list[tuple[Node | None, Node]] = [
        (writing.string(member), phrases.name(root)) for member, root in roots.items() if root and member in wanted
    ]
    if "context" in wanted:
        given.append((writing.string("context"), whole_context(writing)))
    arguments: list[Node] = [phrases.mapping(given)]
    if scope.has_variables:
        arguments.append(phrases.name(scope.variables))
    return writing.call("query", in_lines([expr.text]), *arguments)


def needed(tree: Tree, query: Query) -> Node:
    """A value that has to be there: evaluating the node raises where it is not."""
    match tree:
        case If(condition, then, otherwise) if otherwise is not None:
            return _conditional(needed(then, query), truth(condition, query), needed(otherwise, query))
        case Operation("<" | "<=" | ">" | ">=" as operator, left, right):
            if "number" in (_kind(left), _kind(right)):
                return phrases.compare(atom(_number(left, query)), operator, atom(_number(right, query)))
            operands = needed(left, query), query.writing.string(operator), needed(right, query)
            return query.call("compared", *operands)
        case Operation("+" | "-" | "*" as operator, left, right):
            return calculation(_number(left, query), operator, _number(right, query))
        case Operation("/" | "%" as operator, left, right):
            operands = needed(left, query), query.writing.string(operator), needed(right, query)
            return query.call("calculated", *operands)
        case Minus(operand):
            return cst.UnaryOperation(operator=cst.Minus(), expression=atom(_number(operand, query)))
        case Steps() | Name():
            found, rest = split(tree, query)
            if found is not None and not rest:
                return found.needed(query)
            value = _path(tree, query, is_needed=True)
            return query.call("known", value.node) if value.missing else value.node
        case Apply():
            value = _applied(tree, query, is_needed=True)
            return query.call("known", value.node) if value.missing else value.node
    value = made(tree, query)
    return query.call("known", value.node) if value.missing else value.node


def _kind(tree: Tree) -> Kind:
    """The kind that an operand certainly has, by its form."""
    match tree:
        case Value(value):
            return _KINDS[type(value)]
        case Operation("+" | "-" | "*" | "/" | "%") | Minus():
            return "number"
        case _:
            return "any"


def _number(tree: Tree, query: Query) -> Node:
    """A number that has to be there."""
    match tree:
        case Value(int() | float() as number) if not isinstance(number, bool):
            return phrases.literal(number)
        case Operation("+" | "-" | "*" | "/" | "%") | Minus():
            return needed(tree, query)
    value = _applied(tree, query, is_needed=True) if isinstance(tree, Apply) else made(tree, query)
    if value.kind == "number" and not value.missing:
        return value.node
    return query.call("numeric", needed(tree, query))


def _applied(tree: Apply, query: Query, *, is_needed: bool = False) -> Made:
    from sfn2airflow.expressions.jsonata.calls import write_apply  # calls are made of expressions

    return write_apply(tree, query, is_needed=is_needed)


def truth(tree: Tree, query: Query) -> Node:
    """Whether a value is true to JSONata, as a condition of Python; nothing is false."""
    match tree:
        case Operation("and" | "or" as operator, left, right):
            return phrases.logic(operator, [_bool(left, query), _bool(right, query)])
    value = made(tree, query)
    return value.node if value.kind == "boolean" else query.call("holds", value.node)


def _bool(tree: Tree, query: Query) -> Node:
    """The same, as true or false."""
    if isinstance(tree, Operation) and tree.operator in ("and", "or"):
        return truth(tree, query)
    value = made(tree, query)
    plain = value.kind == "boolean" and not value.missing
    return value.node if plain else query.call("holds", value.node)


def made(tree: Tree, query: Query) -> Made:
    """A value that may be missing: the node is then worth NOTHING."""
    match tree:
        case Value(constant):
            return Made(query.writing.literal(constant), _KINDS[type(constant)])
        case Name() | Steps() | Focus():
            return _path(tree, query)
        case Listed(elements):
            return _list(elements, query)
        case Record(entries):
            return _record(entries, query)
        case Operation():
            from sfn2airflow.expressions.jsonata.operations import write_operation  # operands are expressions

            return write_operation(tree, query)
        case Minus(operand):
            value = made(operand, query)
            if value.kind == "number" and not value.missing:
                return Made(cst.UnaryOperation(operator=cst.Minus(), expression=atom(value.node)), "number")
            return Made(query.call("negated", value.node), "number", value.missing)
        case If(condition, then, otherwise):
            first = made(then, query)
            second = Made(query.name("NOTHING"), first.kind, True) if otherwise is None else made(otherwise, query)
            kind: Kind = first.kind if first.kind == second.kind else "any"
            node = _conditional(first.node, truth(condition, query), second.node)
            return Made(node, kind, first.missing or second.missing)
        case Apply():
            return _applied(tree, query)
        case Function():
            raise EngineNeeded
        case _:
            assert_never(tree)


def _conditional(then: Node, condition: Node, otherwise: Node) -> Node:
    parts = [phrases.in_parentheses(part) if isinstance(part, cst.IfExp) else part for part in (then, condition)]
    return cst.IfExp(body=parts[0], test=parts[1], orelse=otherwise)


def _path(tree: Name | Steps | Focus, query: Query, *, is_needed: bool = False) -> Made:
    """A path, step by step: names in one ``find``, predicates and expressions as what they do for each context."""
    found, rest = split(tree, query)
    if found is None:
        assert isinstance(tree, Steps)
        value = made(tree.head, query)
    else:
        value = Made(found.needed(query)) if is_needed and rest else found.made(query)
    keys, word = list[str | int](), _word(tree, len(rest))
    for step in rest:
        match step:
            case Member(name):
                keys.append(name)
                word = name
            case Nth(position):
                keys.append(position)
            case Where() | Each():
                value = _for_each(step, looked_up(value, tuple(keys), query), word, query)
                keys.clear()
            case _:
                assert_never(step)
    return looked_up(value, tuple(keys), query)


def _for_each(step: Where | Each, source: Made, word: str, query: Query) -> Made:
    """A predicate over the elements of a value, or an expression worked out for each."""
    element, inner = query.focused(word)
    match step:
        case Where(predicate):
            if made(predicate, inner).kind != "boolean":
                raise EngineNeeded  # a number would be an index
            items = query.call("all_of", source.node)
            loop = comprehension(phrases.name(element), element, items, truth(predicate, inner))
            node = query.call("sequence", loop)
        case Each(part) if (value := made(part, inner)).kind in _SCALARS:
            node = query.call("sequence", comprehension(value.node, element, query.call("all_of", source.node)))
        case Each(part):
            parameters = cst.Parameters(params=(cst.Param(cst.Name(element)),))
            function = cst.Lambda(parameters, made(part, inner).node)
            node = query.call("mapped", source.node, function)
        case _:
            assert_never(step)
    query.leave(inner)
    return Made(node, missing=True)


def _word(tree: Tree, behind: int) -> str:
    """What the elements of a path's value may be called after: its last name before the steps ``behind``."""
    match tree:
        case Name(name):
            return name
        case Steps(head, steps):
            names = [step.name for step in steps[: len(steps) - behind] if isinstance(step, Member)]
            return names[-1] if names else _word(head, 0)
        case _:
            return ""


def _list(elements: tuple[Tree, ...], query: Query) -> Made:
    """``[a, b]``; an array among the elements stands for its elements, unless it is a constructor itself."""
    nodes, simple = list[Node](), True
    for element in elements:
        value = made(element, query)
        if isinstance(element, Listed):
            nodes.append(phrases.sequence([value.node]))
            continue
        nodes.append(value.node)
        simple = simple and value.kind not in ("any", "array") and not value.missing
    if simple:
        inner = [made(element, query).node for element in elements]
        return Made(phrases.sequence(inner), "array")
    return Made(query.call("listed", *nodes), "array")


def _record(entries: tuple[tuple[str, Tree], ...], query: Query) -> Made:
    values = [(key, made(part, query)) for key, part in entries]
    node = phrases.mapping((query.writing.string(key), value.node) for key, value in values)
    if any(value.missing for _, value in values):
        return Made(query.call("record", node), "object")
    return Made(node, "object")
