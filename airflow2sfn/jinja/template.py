"""From jinja2's syntax tree to JSONata: texts, conditions, loops over lists, and the expressions in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import jinja2
from jinja2 import nodes

from airflow2sfn.expressions.text import Data, Untranslatable, quoted
from airflow2sfn.jinja import functions, names
from airflow2sfn.jinja.pieces import (
    ATOM,
    CONDITION,
    SUM,
    Kind,
    Piece,
    added,
    both,
    call,
    chosen,
    compared,
    either,
    element,
    item,
    joined,
    kind_of,
    negated,
    product,
    subtracted,
    sure,
    text,
)

_ENVIRONMENT = jinja2.Environment(autoescape=False)
_DATES = {"ds": "ds", "ds_nodash": "ds_nodash"}
Scope = Mapping[str, Piece]


def template(source: str, data: Data) -> str:
    """A template as an expression; raises Untranslatable.

    It gives a text, unless the DAG renders to native objects and the template is one expression.
    """
    try:
        tree = _ENVIRONMENT.parse(source)
    except (jinja2.TemplateError, RecursionError) as error:
        raise Untranslatable(f"the template does not parse: {error}") from None
    writer = _Writer(data)
    if data.native and (only := _only(tree.body)) is not None:
        return writer.value(only, {}).code
    return joined(writer.body(tree.body, {})).code


def _only(body: list[nodes.Node]) -> nodes.Node | None:
    match body:
        case [nodes.Output(nodes=[only])] if not isinstance(only, nodes.TemplateData):
            return only
        case _:
            return None


class _Writer:
    def __init__(self, data: Data):
        self.data = data

    def body(self, statements: list[nodes.Node], scope: Scope) -> list[Piece]:
        """Statements as texts to join."""
        pieces: list[Piece] = []
        for index, statement in enumerate(statements):
            match statement:
                case nodes.Output(nodes=parts):
                    pieces += [self._printed(part, scope) for part in parts]
                case nodes.If():
                    pieces.append(self._if(statement, scope))
                case nodes.For():
                    pieces.append(self._for(statement, scope))
                case nodes.Assign(target=nodes.Name(name=name)):
                    value = self.expression(statement.node, scope)
                    inner = {**scope, name: replace(value, code=f"${name}", level=ATOM, literal=None)}
                    rest = joined(self.body(statements[index + 1 :], inner))
                    pieces.append(Piece(f"(${name} := {value.code}; {rest.code})", "text"))
                    return pieces
                case _:
                    raise Untranslatable(f"the template uses a {type(statement).__name__.lower()} statement")
        return pieces

    def _if(self, node: nodes.If, scope: Scope) -> Piece:
        otherwise = joined(self.body(node.else_, scope))
        for case in reversed([node, *node.elif_]):
            condition = self._asked(case.test, scope)
            otherwise = chosen(condition, joined(self.body(case.body, scope)), otherwise)
        return otherwise

    def _for(self, node: nodes.For, scope: Scope) -> Piece:
        items = self.value(node.iter, scope)
        if not isinstance(node.target, nodes.Name) or node.recursive or node.else_:
            raise Untranslatable("the template loops in a way that has no counterpart")
        word = node.target.name
        like = element(items)
        inner = {**scope, word: Piece(f"${word}", kind_of(like), like=like), "loop": Piece("$index")}
        if node.test is not None:
            condition = self._asked(node.test, inner)
            items = Piece(f"$filter({items.code}, function(${word}) {{ {condition.code} }})", "list")
        inner["loop"] = Piece(f"loop {items.code}")
        body = joined(self.body(node.body, inner)).code
        index = ", $index" if "$index" in body else ""
        return Piece(f"($join($map({items.code}, function(${word}{index}) {{ {body} }})) & '')", "text")

    def value(self, node: nodes.Node, scope: Scope) -> Piece:
        """An expression whose value is used, so that it is an error if there is none; raises Untranslatable."""
        piece = self.expression(node, scope)
        if piece.code == (conf := self.data.run("conf")):  # an execution may be started without
            return Piece(f"$merge([{conf}])", "dict")
        return piece if self.data.lenient else sure(piece, _label(node))

    def _asked(self, node: nodes.Node, scope: Scope) -> Piece:
        """An expression that is compared or asked whether it is true, where None is as good as nothing."""
        piece = self.expression(node, scope)
        there = self.data.lenient or piece.none == "nothing" or piece.code == self.data.run("conf")
        return piece if there else sure(piece, _label(node))

    def _printed(self, node: nodes.Node, scope: Scope) -> Piece:
        piece = self.expression(node, scope)
        piece = piece if piece.none == "nothing" else self.value(node, scope)
        self.data.prints(piece)
        return piece

    def expression(self, node: nodes.Node, scope: Scope) -> Piece:
        """An expression, which may give nothing where a value is missing; raises Untranslatable."""
        match node:
            case nodes.Const(value=value):
                return names.constant(value)
            case nodes.TemplateData(data=value):
                return text(value)
            case nodes.Name(name=name):
                return scope[name] if name in scope else names.name(name, self.data)
            case nodes.Getattr(node=base, attr=name) | nodes.Getitem(node=base, arg=nodes.Const(value=str(name))):
                return self._member(base, name, scope)
            case nodes.Getitem(node=base, arg=argument):
                return self._item(self.value(base, scope), argument, scope)
            case nodes.Call():
                return self._call(node, scope)
            case nodes.Filter(name=name, node=nodes.Expr() as base):
                return self._filter(node, name, base, scope)
            case nodes.Test(name=name, node=base, args=arguments):
                given = [self.value(argument, scope) for argument in arguments]
                read = self.expression if name in ("defined", "undefined") else self._asked
                return functions.tested(name, read(base, scope), given)
            case nodes.CondExpr(test=test, expr1=yes, expr2=no):
                other = text("") if no is None else self.value(no, scope)
                return chosen(self._asked(test, scope), self.value(yes, scope), other)
            case nodes.Compare(expr=left, ops=operands):
                return self._compare(self._asked(left, scope), operands, scope)
            case nodes.List(items=items) | nodes.Tuple(items=items):
                found = [self.value(one, scope) for one in items]
                like = [names.constant_of(one) for one in items]
                return Piece("[" + ", ".join(one.code for one in found) + "]", "list", like=like)
            case nodes.Dict(items=pairs):
                parts = (f"{self._key(p.key)}: {self.value(p.value, scope).code}" for p in pairs)
                return Piece("{" + ", ".join(parts) + "}", "dict")
            case nodes.Concat(nodes=parts):
                return joined([self._printed(part, scope) for part in parts])
            case nodes.Not(node=inner):
                return negated(self._asked(inner, scope))
            case nodes.UnaryExpr(node=inner):
                return self._unary(node, self.value(inner, scope))
            case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
                return self._logical(node, left, right, scope)
            case nodes.BinExpr(left=left, right=right):
                return self._binary(node, self.value(left, scope), right, scope)
            case _:
                raise Untranslatable(f"the template holds a {type(node).__name__.lower()} expression")

    def _key(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            return quoted(node.value)
        raise Untranslatable("a key of a dictionary is not a constant text")

    def _unary(self, node: nodes.UnaryExpr, inner: Piece) -> Piece:
        if isinstance(node, nodes.Neg):
            return Piece(f"-{inner.at(ATOM)}", "number", SUM + 1, decimal=inner.decimal)
        return inner

    def _logical(self, node: nodes.BinExpr, left: nodes.Node, right: nodes.Node, scope: Scope) -> Piece:
        """``and`` and ``or``: one of the two values."""
        condition, first, second = self._asked(left, scope), self.expression(left, scope), self.value(right, scope)
        if first.kind == second.kind == "bool":
            return both(condition, second) if isinstance(node, nodes.And) else either(condition, second)
        first = replace(first, maybe=False)
        if isinstance(node, nodes.And):
            return chosen(condition, second, sure(first, ""))
        return chosen(condition, replace(first, none=""), second)

    def _binary(self, node: nodes.BinExpr, left: Piece, other: nodes.Node, scope: Scope) -> Piece:
        if isinstance(node, nodes.Mod) and left.literal is not None:
            values = other.items if isinstance(other, nodes.Tuple) else [other]
            return functions.percent(left.literal, [self._printed(value, scope) for value in values])
        right = self.value(other, scope)
        match node:
            case nodes.Add():
                return added(left, right)
            case nodes.Sub():
                return subtracted(left, right)
            case _:
                signs = {nodes.Mul: "*", nodes.Div: "/", nodes.Mod: "%", nodes.FloorDiv: "//", nodes.Pow: "**"}
                return product(signs[type(node)], left, right)

    def _compare(self, left: Piece, operands: list[nodes.Operand], scope: Scope) -> Piece:
        result: Piece | None = None
        for operand in operands:
            right = self._asked(operand.expr, scope)
            one = compared(operand.op, left, right)
            result, left = one if result is None else both(result, one), right
        assert result is not None
        return result

    def _member(self, base: nodes.Node, name: str, scope: Scope) -> Piece:
        dotted = _dotted(base)
        if dotted is not None and dotted[0] not in scope:
            found = names.path([*dotted, name], self.data)
            if found is not None:
                return found
        elif dotted == ["loop"]:
            return _loop(scope["loop"].code.removeprefix("loop "), name)
        return functions.attribute(self.expression(base, scope), name)

    def _item(self, base: Piece, argument: nodes.Node, scope: Scope) -> Piece:
        match argument:
            case nodes.Const(value=int(index)):
                return item(base, index)
            case nodes.Neg(node=nodes.Const(value=int(index))):
                return item(base, -index)
            case nodes.Slice(start=start, stop=stop, step=None):
                return _slice(base, _integer(start), _integer(stop))
        key = self.value(argument, scope)
        if key.kind == "number":
            return Piece(f"{base.at(ATOM)}[{key.code}]", maybe=True)
        return replace(call("$lookup", base, key), maybe=True)

    def _call(self, node: nodes.Call, scope: Scope) -> Piece:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise Untranslatable("the template calls something with arguments that are not known")
        path = _dotted(node.node)
        match path:
            case ["ti" | "task_instance", "xcom_pull"]:
                return self._xcom_pull(node)
            case ["var", ("value" | "json") as how, "get"] if node.args:
                return self._variable(node, how, scope)
            case ["range"]:
                return _range([self.value(argument, scope).at(SUM) for argument in node.args])
        arguments = [self.value(argument, scope) for argument in node.args]
        given = {keyword.key: self.value(keyword.value, scope) for keyword in node.kwargs}
        if path is not None and path[0] == "macros":
            return names.macro(path[1:], arguments, given)
        if isinstance(node.node, nodes.Getattr):
            base, name = node.node.node, node.node.attr
            if self._is_day(base, name, arguments):
                return Piece(self.data.run("ds"), "text")
            if path is not None and name == "get" and path[0] in ("params", "dag_run") and arguments[:1]:
                return functions.got(self._member(base, arguments[0].literal or "", scope), arguments[1:])
            return functions.method(self.value(base, scope), name, arguments, given)
        raise Untranslatable("the template calls a function that has no counterpart")

    def _is_day(self, base: nodes.Node, name: str, arguments: list[Piece]) -> bool:
        """Whether it formats the logical date as the day, for which there is a variable."""
        plain = name in ("date", "to_date_string") and not arguments
        formats = name == "strftime" and [one.literal for one in arguments] == ["%Y-%m-%d"]
        return (plain or formats) and isinstance(base, nodes.Name) and base.name in names.LOGICAL

    def _filter(self, node: nodes.Filter, name: str, base: nodes.Expr, scope: Scope) -> Piece:
        if name in _DATES and isinstance(base, nodes.Name) and base.name in names.LOGICAL:
            return names.name(name, self.data)
        arguments = [self.value(argument, scope) for argument in node.args]
        given = {str(keyword.key): self.value(keyword.value, scope) for keyword in node.kwargs}
        read = self.expression if name in ("default", "d") else self.value
        return functions.filtered(name, read(base, scope), arguments, given)

    def _variable(self, node: nodes.Call, how: str, scope: Scope) -> Piece:
        key, *rest = [self.value(argument, scope) for argument in node.args]
        rest += [self.value(keyword.value, scope) for keyword in node.kwargs]
        if key.literal is None:
            raise Untranslatable("the template asks for a Variable that it does not name")
        code = self.data.variable(key.literal, not rest)
        kind: Kind = "text" if how == "value" else "json"
        value = Piece(code, kind) if how == "value" else call("$parse", code)
        if not rest:
            return value
        same: Kind = kind if rest[0].kind == kind else "json"
        return Piece(f"$exists({code}) ? {value.code} : {rest[0].at(CONDITION)}", same, CONDITION)

    def _xcom_pull(self, node: nodes.Call) -> Piece:
        given = dict(zip(("task_ids", "dag_id", "key"), node.args, strict=False))
        given |= {keyword.key: keyword.value for keyword in node.kwargs}
        ids, key = given.pop("task_ids", None), given.pop("key", nodes.Const("return_value"))
        dag_id = given.pop("dag_id", nodes.Const(None))
        if not isinstance(dag_id, nodes.Const) or dag_id.value not in (None, self.data.dag_id):
            raise Untranslatable("xcom_pull asks another DAG")
        if given or not (isinstance(key, nodes.Const) and isinstance(key.value, str)):
            raise Untranslatable("xcom_pull asks for more than task_ids and key")
        match ids:
            case nodes.Const(value=str(task_id)):
                return self.data.pulled(task_id, key.value)
            case nodes.List(items=items) if all(isinstance(one, nodes.Const) for one in items):
                found = (self.data.xcom(one.value, key.value) for one in items if isinstance(one, nodes.Const))
                return Piece("[" + ", ".join(found) + "]", "list")
            case _:
                raise Untranslatable("xcom_pull asks for tasks that the file does not name")


def _dotted(node: nodes.Node) -> list[str] | None:
    match node:
        case nodes.Name(name=name):
            return [name]
        case nodes.Getattr(node=base, attr=name) | nodes.Getitem(node=base, arg=nodes.Const(value=str(name))):
            path = _dotted(base)
            return None if path is None else [*path, name]
        case _:
            return None


def _label(node: nodes.Node) -> str:
    """What the error of a missing value calls it."""
    match node:
        case nodes.Name(name=name):
            return name
        case nodes.Getattr(node=base, attr=name) | nodes.Getitem(node=base, arg=nodes.Const(value=name)):
            return f"{_label(base)}.{name}"
        case (
            nodes.Call(args=[nodes.Const(value=str(task)), *_])
            | nodes.Call(kwargs=[nodes.Keyword(value=nodes.Const(value=str(task))), *_])
        ):
            return task
        case nodes.Filter(node=nodes.Expr() as base):
            return _label(base)
        case _:
            return "a value"


def _integer(node: nodes.Node | None) -> int | None:
    match node:
        case None:
            return None
        case nodes.Const(value=int(value)):
            return value
        case nodes.Neg(node=nodes.Const(value=int(value))):
            return -value
        case _:
            raise Untranslatable("a slice has an end that is not a number")


def _slice(base: Piece, start: int | None, stop: int | None) -> Piece:
    first = start or 0
    if stop is not None and (stop < 0 or first < 0):
        raise Untranslatable("a slice ends before the end")
    cut = f"$substring({base.code}, {first}" + (")" if stop is None else f", {stop - first})")
    if base.kind == "text":
        return Piece(cut, "text")
    last = f"$count({base.code}) - 1" if stop is None else str(stop - 1)
    part = f"{base.at(ATOM)}[[{first}..{last}]]"
    if base.kind == "list":
        return Piece(part, "list")
    return Piece(f"($type({base.code}) = 'string' ? {cut} : {part})")


def _range(bounds: list[str]) -> Piece:
    match bounds:
        case [stop]:
            return Piece(f"[0..{stop} - 1]", "list")
        case [start, stop]:
            return Piece(f"[{start}..{stop} - 1]", "list")
        case _:
            raise Untranslatable("the template counts in steps")


def _loop(items: str, name: str) -> Piece:
    match name:
        case "index":
            return Piece("$index + 1", "number", SUM)
        case "index0":
            return Piece("$index", "number")
        case "first":
            return Piece("$index = 0", "bool", 5)
        case "last":
            return Piece(f"$index = $count({items}) - 1", "bool", 5)
        case "length":
            return Piece(f"$count({items})", "number")
        case _:
            raise Untranslatable(f"the template uses loop.{name}")
