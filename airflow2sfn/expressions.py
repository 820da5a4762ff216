"""Jinja templates as JSONata: parsed by jinja2's own parser, never rendered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Protocol

import jinja2
from jinja2 import nodes

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENVIRONMENT = jinja2.Environment(autoescape=False)


class Untranslatable(Exception):
    """A value that a state machine cannot compute; the message says which, in half a sentence."""


class Data(Protocol):
    """Where values of a run are found in the state machine, as JSONata expressions."""

    def xcom(self, task_id: str, key: str) -> str:
        """The XCom of a task."""

    def run(self, name: str) -> str:
        """Something about the run: ``ds``, ``logical_date``, ``params``, ``conf``, ``run_id``."""

    def text_param(self, name: str) -> bool:
        """Whether a param is a text."""

    def literal(self, name: str) -> str | None:
        """Something that the DAG file says: ``dag.dag_id``, ``task.task_id``."""

    def variable(self, name: str) -> str:
        """An Airflow Variable."""


def quoted(text: str) -> str:
    """A JSONata string literal.

    >>> print(quoted("it's"), quoted("a"))
    "it's" 'a'
    """
    inner = json.dumps(text, ensure_ascii=False)[1:-1]
    if "'" in text:
        return f'"{inner}"'
    return "'" + inner.replace('\\"', '"') + "'"


def field(base: str, name: str) -> str:
    """A member of an object."""
    return f"{base}.{name}" if _NAME.fullmatch(name) else f"{base}.`{name}`"


def template(text: str, data: Data) -> str:
    """A template as an expression that gives a text; raises Untranslatable."""
    try:
        tree = _ENVIRONMENT.parse(text)
    except jinja2.TemplateError as error:
        raise Untranslatable(f"the template does not parse: {error}") from None
    parts: list[tuple[str, bool]] = []
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            raise Untranslatable(f"the template uses a {type(node).__name__.lower()} statement")
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                parts.append((quoted(part.data), True))
            else:
                parts.append((_expression(part, data), _is_text(part, data)))
    if not parts:
        return "''"
    if len(parts) == 1:
        only, is_text = parts[0]
        return only if is_text else f"$string({only})"
    return " & ".join(f"({part})" if " ? " in part or " & " in part else part for part, _ in parts)


def _is_text(node: nodes.Node, data: Data) -> bool:
    """Whether an expression surely gives a text, so that it need not be made one."""
    match node:
        case nodes.Name(name=name):
            return name in _RUN_NAMES
        case nodes.Const(value=str()) | nodes.Concat():
            return True
        case nodes.Filter(name=name):
            return name in ("lower", "upper", "replace", "string", "trim", "join", "ds", "ds_nodash")
        case nodes.Getattr(node=nodes.Name(name="params"), attr=name):
            return data.text_param(name)
        case nodes.Getattr(node=nodes.Name(name="dag"), attr="dag_id"):
            return True
        case _:
            return False


_RUN_NAMES: Mapping[str, Callable[[Data], str]] = {
    "ds": lambda data: data.run("ds"),
    "ds_nodash": lambda data: f"$replace({data.run('ds')}, '-', '')",
    "ts": lambda data: data.run("logical_date"),
    "run_id": lambda data: data.run("run_id"),
    "dag_run_id": lambda data: data.run("run_id"),
}

_FILTERS: Mapping[str, str] = {
    "lower": "$lowercase",
    "upper": "$uppercase",
    "trim": "$trim",
    "length": "$count",
    "int": "$number",
    "float": "$number",
    "string": "$string",
    "tojson": "$string",
    "sum": "$sum",
    "max": "$max",
    "min": "$min",
}
_OPERATORS: Mapping[str, str] = {"eq": "=", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in"}
_ARITHMETIC: Mapping[type[nodes.BinExpr], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.Mod: "%",
    nodes.And: "and",
    nodes.Or: "or",
}


def _expression(node: nodes.Node, data: Data) -> str:
    match node:
        case nodes.Const(value=value):
            return quoted(value) if isinstance(value, str) else json.dumps(value)
        case nodes.Name(name=name):
            return _name(name, data)
        case nodes.Getattr(node=base, attr=name) | nodes.Getitem(node=base, arg=nodes.Const(value=str(name))):
            return _member(base, name, data)
        case nodes.Getitem(node=base, arg=nodes.Const(value=int(index))):
            return f"{_expression(base, data)}[{index}]"
        case nodes.Call():
            return _call(node, data)
        case nodes.Filter(name=name, node=nodes.Expr() as base):
            return _filter(node, name, base, data)
        case nodes.CondExpr(test=test, expr1=yes, expr2=nodes.Expr() as no):
            return " ".join((_expression(test, data), "?", _expression(yes, data), ":", _expression(no, data)))
        case nodes.Compare(expr=left, ops=[nodes.Operand(op=operator, expr=right)]) if operator in _OPERATORS:
            return f"{_expression(left, data)} {_OPERATORS[operator]} {_expression(right, data)}"
        case nodes.Not(node=inner):
            return f"$not({_expression(inner, data)})"
        case nodes.Concat(nodes=parts):
            return " & ".join(_expression(part, data) for part in parts)
        case nodes.BinExpr(left=left, right=right) if type(node) in _ARITHMETIC:
            return f"({_expression(left, data)} {_ARITHMETIC[type(node)]} {_expression(right, data)})"
        case _:
            raise Untranslatable(f"the template holds a {type(node).__name__.lower()} expression")


def _name(name: str, data: Data) -> str:
    if name in _RUN_NAMES:
        return _RUN_NAMES[name](data)
    if name == "params":
        return data.run("params")
    raise Untranslatable(f"the template uses {name}")


def _member(base: nodes.Node, name: str, data: Data) -> str:
    if (path := _dotted(base)) is not None:
        match [*path, name]:
            case ["params", *rest]:
                return _path(data.run("params"), rest)
            case ["dag_run", "conf", *rest]:
                return _path(data.run("conf"), rest)
            case ["dag_run", "run_id"]:
                return data.run("run_id")
            case ["var", "value" | "json", variable, *rest]:
                return _path(data.variable(variable), rest)
            case [("dag" | "task" | "ti" | "task_instance" | "dag_run"), attribute]:
                literal = data.literal(f"{path[0]}.{attribute}")
                if literal is not None:
                    return quoted(literal)
                raise Untranslatable(f"the template uses {path[0]}.{attribute}")
            case [("conn" | "macros" | "var"), *_]:
                raise Untranslatable(f"the template uses {'.'.join([*path, name])}")
    return field(_expression(base, data), name)


def _path(base: str, names: list[str]) -> str:
    for name in names:
        base = field(base, name)
    return base


def _dotted(node: nodes.Node) -> list[str] | None:
    match node:
        case nodes.Name(name=name):
            return [name]
        case nodes.Getattr(node=base, attr=name) | nodes.Getitem(node=base, arg=nodes.Const(value=str(name))):
            path = _dotted(base)
            return None if path is None else [*path, name]
        case _:
            return None


def _call(node: nodes.Call, data: Data) -> str:
    match node.node:
        case nodes.Getattr(node=nodes.Name(name="ti" | "task_instance"), attr="xcom_pull"):
            return _xcom_pull(node, data)
        case nodes.Getattr(node=base, attr="get") if node.args and not node.kwargs:
            key = node.args[0]
            if isinstance(key, nodes.Const) and isinstance(key.value, str):
                found = _member(base, key.value, data)
                if len(node.args) == 1:
                    return found
                return f"($exists({found}) ? {found} : {_expression(node.args[1], data)})"
        case nodes.Getattr(node=base, attr="split") if len(node.args) == 1:
            return f"$split({_expression(base, data)}, {_expression(node.args[0], data)})"
        case nodes.Getattr(node=base, attr="upper" | "lower" as name) if not node.args:
            return f"${name}case({_expression(base, data)})"
    raise Untranslatable("the template calls a function that has no counterpart")


def _xcom_pull(node: nodes.Call, data: Data) -> str:
    given = dict(zip(("task_ids", "dag_id", "key"), node.args, strict=False))
    given |= {keyword.key: keyword.value for keyword in node.kwargs}
    ids, key = given.get("task_ids"), given.get("key", nodes.Const("return_value"))
    if set(given) - {"task_ids", "key"} or not isinstance(key, nodes.Const):
        raise Untranslatable("xcom_pull asks for more than task_ids and key")
    match ids:
        case nodes.Const(value=str(task_id)):
            return data.xcom(task_id, key.value)
        case nodes.List(items=items) if all(isinstance(i, nodes.Const) for i in items):
            return "[" + ", ".join(data.xcom(i.value, key.value) for i in items if isinstance(i, nodes.Const)) + "]"
        case _:
            raise Untranslatable("xcom_pull asks for tasks that the file does not name")


def _filter(node: nodes.Filter, name: str, base: nodes.Expr, data: Data) -> str:
    value = _expression(base, data)
    arguments = [_expression(argument, data) for argument in node.args]
    match name:
        case "default" | "d":
            return f"($exists({value}) ? {value} : {arguments[0] if arguments else quoted('')})"
        case "replace" if len(arguments) == 2:
            return f"$replace({value}, {arguments[0]}, {arguments[1]})"
        case "join":
            return f"$join({value}, {arguments[0] if arguments else quoted('')})"
        case "first":
            return f"{value}[0]"
        case "last":
            return f"{value}[-1]"
        case _ if name in _FILTERS and not arguments:
            return f"{_FILTERS[name]}({value})"
        case _:
            raise Untranslatable(f"the template uses the filter {name}")
