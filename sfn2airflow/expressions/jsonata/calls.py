"""Calls of JSONata's functions: a table of what each is called in the runtime, and those with a form of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import libcst as cst

from sfn2airflow import phrases
from sfn2airflow.expressions.jsonata.compile import made, needed, truth
from sfn2airflow.expressions.jsonata.scope import EngineNeeded, Made, Query, comprehension
from sfn_airflow_core.expr.jsonata_model import Apply, Function, Kind, Listed, Tree, Value


@dataclass(frozen=True, slots=True)
class Row:
    """A function: its name in ``runtime.functions``, how many arguments it takes, and what it gives.

    ``missing``: ``never``; ``first`` where the first argument is missing; ``any`` where an argument is; ``maybe`` where
    the data decide.
    """

    function: str
    least: int
    most: int
    kind: Kind = "any"
    missing: str = "first"


_ROWS: dict[str, Row] = {
    "string": Row("text", 1, 1, "string"),
    "length": Row("length", 1, 1, "number"),
    "uppercase": Row("uppercase", 1, 1, "string"),
    "lowercase": Row("lowercase", 1, 1, "string"),
    "trim": Row("trim", 1, 1, "string"),
    "substring": Row("substring", 2, 3, "string"),
    "substringBefore": Row("substring_before", 2, 2, "string", "any"),
    "substringAfter": Row("substring_after", 2, 2, "string", "any"),
    "pad": Row("pad", 2, 3, "string", "any"),
    "contains": Row("contains", 2, 2, "boolean", "any"),
    "split": Row("split", 2, 3, "array"),
    "join": Row("join", 1, 2, "string"),
    "replace": Row("replace", 3, 4, "string", "any"),
    "base64encode": Row("base64encode", 1, 1, "string"),
    "base64decode": Row("base64decode", 1, 1, "string"),
    "encodeUrl": Row("encode_url", 1, 1, "string"),
    "encodeUrlComponent": Row("encode_url_component", 1, 1, "string"),
    "decodeUrl": Row("decode_url", 1, 1, "string"),
    "decodeUrlComponent": Row("decode_url_component", 1, 1, "string"),
    "number": Row("number", 1, 1, "number"),
    "abs": Row("absolute", 1, 1, "number"),
    "floor": Row("floor", 1, 1, "number"),
    "ceil": Row("ceil", 1, 1, "number"),
    "round": Row("rounded", 1, 2, "number"),
    "power": Row("power", 2, 2, "number"),
    "sqrt": Row("square_root", 1, 1, "number"),
    "sum": Row("total", 1, 1, "number"),
    "max": Row("largest", 1, 1, "number", "maybe"),
    "min": Row("smallest", 1, 1, "number", "maybe"),
    "average": Row("average", 1, 1, "number", "maybe"),
    "boolean": Row("boolean", 1, 1, "boolean"),
    "count": Row("count", 1, 1, "number", "never"),
    "append": Row("append", 2, 2, "any", "maybe"),
    "reverse": Row("reverse", 1, 1, "array"),
    "distinct": Row("distinct", 1, 1, "any", "maybe"),
    "sort": Row("sort", 1, 1, "array"),
    "zip": Row("zipped", 1, 9, "array", "never"),
    "keys": Row("keys", 1, 1, "any", "maybe"),
    "lookup": Row("lookup", 2, 2, "any", "maybe"),
    "merge": Row("merge", 1, 1, "object"),
    "spread": Row("spread", 1, 1, "any", "maybe"),
    "type": Row("type_of", 1, 1, "string"),
    "partition": Row("partition", 2, 2, "array"),
    "range": Row("steps", 3, 3, "any", "maybe"),
    "hash": Row("hash_of", 2, 2, "string"),
    "parse": Row("parse", 1, 1, "any", "first"),
    "random": Row("random_number", 0, 1, "number", "never"),
    "uuid": Row("uuid", 0, 0, "string", "never"),
    "millis": Row("millis", 0, 0, "number", "never"),
    "now": Row("now", 0, 0, "string", "never"),
}


def write_apply(call: Apply, query: Query, *, is_needed: bool = False) -> Made:
    """The value of a call; arguments without which there is none have to be there where it has to.

    Raises EngineNeeded for a function that only the engine has, or a use of one that it has not."""
    if call.function in query.names:
        raise EngineNeeded  # a function in a variable
    special = _SPECIAL.get(call.function)
    if call.function in ("map", "filter") and is_needed:
        return (_map if call.function == "map" else _filter)(call.arguments, query, is_needed=True)
    if call.function == "not" and is_needed and len(call.arguments) == 1:
        return _opposite(_truth_of_needed(call.arguments[0], query))
    if special and not (is_needed and call.function in ("number", "string")):
        return special(call.arguments, query)
    row = _ROWS.get(call.function)
    if row is None or not row.least <= len(call.arguments) <= row.most:
        raise EngineNeeded  # where fewer are given, the first may be the context
    vital = {"first": 1, "any": len(call.arguments)}.get(row.missing, 0) if is_needed else 0
    values = [Made(needed(argument, query)) for argument in call.arguments[:vital]]
    values += [made(argument, query) for argument in call.arguments[vital:]]
    missing = {
        "never": False,
        "maybe": True,
        "first": any(value.missing for value in values[:1]),
        "any": any(value.missing for value in values),
    }[row.missing]
    return Made(query.function(row.function, *(value.node for value in values)), row.kind, missing)


def _exists(arguments: tuple[Tree, ...], query: Query) -> Made:
    (argument,) = _exactly(1, arguments)
    return Made(query.call("is_there", made(argument, query).node), "boolean")


def _not(arguments: tuple[Tree, ...], query: Query) -> Made:
    """``not …``, where there is something to negate."""
    (argument,) = _exactly(1, arguments)
    value = made(argument, query)
    if value.missing:
        return Made(query.function("negation", value.node), "boolean", True)
    return _opposite(truth(argument, query))


def _opposite(condition: cst.BaseExpression) -> Made:
    return Made(phrases.opposite(condition) or phrases.negation(condition), "boolean")


def _truth_of_needed(tree: Tree, query: Query) -> cst.BaseExpression:
    """Whether a value that has to be there is true."""
    value = made(tree, query)
    return truth(tree, query) if not value.missing else query.call("holds", needed(tree, query))


def _kept(arguments: tuple[Tree, ...], query: Query) -> Made:
    """``x[]``: an array, also of one."""
    return Made(query.function("kept", made(arguments[0], query).node), "array", True)


def _map(arguments: tuple[Tree, ...], query: Query, *, is_needed: bool = False) -> Made:
    values, parameters, body = _over(arguments)
    element, items, inner = _loop(parameters, values, query, is_needed=is_needed)
    result = made(body, inner)
    query.leave(inner)
    return Made(query.call("sequence", comprehension(result.node, element, items)), "any", True)


def _filter(arguments: tuple[Tree, ...], query: Query, *, is_needed: bool = False) -> Made:
    values, parameters, body = _over(arguments)
    element, items, inner = _loop(parameters, values, query, is_needed=is_needed)
    kept = phrases.name(inner.names[parameters[0]])
    condition = truth(body, inner)
    query.leave(inner)
    return Made(query.call("sequence", comprehension(kept, element, items, condition)), "any", True)


def _over(arguments: tuple[Tree, ...]) -> tuple[Tree, tuple[str, ...], Tree]:
    """The values, and the parameters and body of the function that goes over them."""
    match arguments:
        case (values, Function((_,) | (_, _) as parameters, body)):
            return values, parameters, body
        case _:
            raise EngineNeeded


def _loop(
    parameters: tuple[str, ...], values: Tree, query: Query, *, is_needed: bool
) -> tuple[str, cst.BaseExpression, Query]:
    """The loop over values, with their numbers for a second parameter: its target, what it goes over, the inside."""
    items = query.call("all_of", needed(values, query) if is_needed else made(values, query).node)
    chosen, inner = query.within(*parameters)
    if len(chosen) == 1:
        return chosen[0], items, inner
    return f"{chosen[1]}, {chosen[0]}", phrases.call("enumerate", items), inner


def _members(function: str) -> Callable[[tuple[Tree, ...], Query], Made]:
    """``$each`` and ``$sift``: a function of value and key, over the members of an object."""

    def write(arguments: tuple[Tree, ...], query: Query) -> Made:
        values, parameters, body = _over(arguments)
        items = query.function("members", made(values, query).node)
        chosen, inner = query.within(*parameters)
        value = chosen[0]
        key = chosen[1] if len(chosen) > 1 else ("key" if function == "sift" else "_")
        if function == "sift" and len(chosen) < 2:
            key = query.writing.name_for("key")
        result = truth(body, inner) if function == "sift" else made(body, inner).node
        query.leave(inner)
        if function == "each":
            return Made(query.call("sequence", comprehension(result, f"{key}, {value}", items)), "any", True)
        pair = cst.Tuple(elements=(cst.Element(phrases.name(key)), cst.Element(phrases.name(value))))
        return Made(query.function("sifted", comprehension(pair, f"{key}, {value}", items, result)), "object", True)

    return write


def _reduce(arguments: tuple[Tree, ...], query: Query) -> Made:
    match arguments:
        case (values, Function((_, _) as parameters, body), *rest) if len(rest) <= 1:
            items = made(values, query).node
            start = [made(value, query).node for value in rest]
            chosen, inner = query.within(*parameters)
            result = made(body, inner).node
            query.leave(inner)
            names = cst.Parameters(params=tuple(cst.Param(cst.Name(word)) for word in chosen))
            return Made(query.function("folded", cst.Lambda(names, result), items, *start), "any", True)
        case _:
            raise EngineNeeded


def _count(arguments: tuple[Tree, ...], query: Query) -> Made:
    (argument,) = _exactly(1, arguments)
    value = made(argument, query)
    if isinstance(argument, Listed):
        return Made(phrases.call("len", value.node), "number")
    return Made(query.function("count", value.node), "number")


def _number(arguments: tuple[Tree, ...], query: Query) -> Made:
    """``$number``; of a number, the number."""
    (argument,) = _exactly(1, arguments)
    value = made(argument, query)
    if value.kind == "number" and not value.missing and not isinstance(argument, Value):
        return value
    return Made(query.function("number", value.node), "number", value.missing)


def _string(arguments: tuple[Tree, ...], query: Query) -> Made:
    """``$string``; of a string, the string."""
    (argument,) = _exactly(1, arguments)
    value = made(argument, query)
    if value.kind == "string":
        return value
    if not value.missing:
        return Made(query.call("shown", value.node), "string")
    return Made(query.function("text", value.node), "string", True)


def _exactly(count: int, arguments: tuple[Tree, ...]) -> tuple[Tree, ...]:
    if len(arguments) != count:
        raise EngineNeeded
    return arguments


_SPECIAL: dict[str, Callable[[tuple[Tree, ...], Query], Made]] = {
    "[]": _kept,
    "exists": _exists,
    "not": _not,
    "map": _map,
    "filter": _filter,
    "each": _members("each"),
    "sift": _members("sift"),
    "reduce": _reduce,
    "count": _count,
    "number": _number,
    "string": _string,
}
