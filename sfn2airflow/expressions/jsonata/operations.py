"""Operators of JSONata in Python: text, arithmetic, comparison, equality, truth."""

from __future__ import annotations

import libcst as cst

from sfn2airflow import phrases
from sfn2airflow.expressions.jsonata.compile import made, truth
from sfn2airflow.expressions.jsonata.scope import Made, Query, atom, fits_f_string, in_lines
from sfn2airflow.phrases import Node
from sfn_airflow_core.expr.jsonata_model import Operation, Tree, Value


def write_operation(tree: Operation, query: Query) -> Made:
    """The value of an operation; NOTHING where JSONata has none."""
    match tree.operator:
        case "and" | "or":
            return Made(truth(tree, query), "boolean")
        case "&":
            return Made(_text(tree, query), "string")
        case "=" | "!=":
            return Made(_equality(tree, query), "boolean")
    left, right = made(tree.left, query), made(tree.right, query)
    missing = left.missing or right.missing
    match tree.operator:
        case "in":
            return Made(query.call("among", left.node, right.node), "boolean")
        case "..":
            return Made(query.call("whole_numbers", left.node, right.node), "array")
        case "<" | "<=" | ">" | ">=":
            if left.kind == right.kind and left.kind in ("number", "string") and not missing:
                return Made(phrases.compare(atom(left.node), tree.operator, atom(right.node)), "boolean")
            call = query.call("compared", left.node, query.writing.string(tree.operator), right.node)
            return Made(call, "boolean", missing)
        case _:
            call = query.call("calculated", left.node, query.writing.string(tree.operator), right.node)
            return Made(call, "number", missing)


def _equality(tree: Operation, query: Query) -> Node:
    """``a == "b"`` with a string, which equals nothing else in Python either; ``is`` with null and truth values."""
    left, right = made(tree.left, query), made(tree.right, query)
    both = not left.missing and not right.missing
    if tree.operator == "=" or both:
        equals, differs = ("==", "!="), ("is", "is not")
        kinds = {left.kind, right.kind}
        number = tree.operator == "!="
        if "string" in kinds or kinds == {"number"}:  # missing, a number is no number
            return phrases.compare(atom(left.node), equals[number], atom(right.node))
        if isinstance(tree.right, Value) and right.kind in ("null", "boolean"):
            return phrases.compare(atom(left.node), differs[number], right.node)
    return query.call("equal" if tree.operator == "=" else "unequal", left.node, right.node)


def _text(tree: Operation, query: Query) -> Node:
    """``a & b`` as an f-string, or as a sum where Python 3.11 cannot read the expressions inside one."""
    operands = _operands(tree)
    inner = query.quoted("'")
    parts = list[str | Node]()
    for operand in operands:
        if isinstance(operand, Value) and isinstance(operand.value, str):
            parts += query.writing.parts(operand.value)
        else:
            value = made(operand, inner)
            plain = value.kind == "string" and not value.missing
            parts.append(value.node if plain else query.call("shown", value.node))
    if query.writing.quote is None and all(isinstance(part, str) or fits_f_string(part) for part in parts):
        return in_lines(parts)
    nodes = [
        phrases.string(part, query.writing.quote) if isinstance(part, str) else _printed(part, query) for part in parts
    ]
    whole = nodes[0]
    for node in nodes[1:]:
        whole = phrases.plus(whole, atom(node))
    return whole


def _printed(part: Node, query: Query) -> Node:
    """The value of a constant, which prints itself only in an f-string."""
    if isinstance(part, cst.Name) and part.value in query.writing.scope.constants.values():
        return phrases.call(phrases.attribute(part, "get"))
    return part


def _operands(tree: Tree) -> list[Tree]:
    if isinstance(tree, Operation) and tree.operator == "&":
        return [*_operands(tree.left), *_operands(tree.right)]
    return [tree]
