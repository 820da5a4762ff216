"""Functions and classes of the project: definitions, calls, attributes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from airflow2sfn.reading.evaluate import (
    ATTRIBUTES,
    MISSING,
    MOST_CALLS,
    SETTERS,
    Args,
    Bound,
    Class,
    External,
    Frame,
    Function,
    Instance,
    Kwargs,
    Object,
    Raised,
    Run,
    Scope,
    Super,
    Unknown,
    attributes,
    calls,
    evaluate,
    execute,
    executes,
    unknown,
)
from airflow2sfn.reading.expressions import call, defaults_of

CONSTRUCTORS: list[Callable[[Run, Class, tuple[Any, ...], dict[str, Any], Any, Scope], Any]] = []
"""What makes instances of special classes of the project; MISSING where a class is none of theirs."""

_TRANSPARENT = frozenset(
    {"functools.lru_cache", "functools.cache", "functools.wraps", "typing.overload", "typing.final"}
)
_KINDS = {"builtins.staticmethod": "static", "builtins.classmethod": "class", "builtins.property": "property"}
_DATACLASSES = frozenset({"dataclasses.dataclass", "attr.s", "attrs.define", "attr.define", "attrs.frozen"})


class Return(Exception):
    """A ``return`` on its way out of a function."""

    def __init__(self, value: Any):
        self.value = value


@executes(ast.FunctionDef, ast.AsyncFunctionDef)
def _define(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
    made: Any = Function(node, scope, node.name, defaults_of(run, node.args, scope))
    for decorator in reversed(node.decorator_list):
        made = _decorated(run, made, decorator, scope)
    scope.bind(node.name, made)


def _decorated(run: Run, made: Any, decorator: ast.expr, scope: Scope) -> Any:
    value = evaluate(run, decorator, scope)
    name = value.name if isinstance(value, External | Instance) else ""
    if isinstance(made, Function) and name in _KINDS:
        made.kind = _KINDS[name]
        return made
    called = _named(run, decorator.func, scope) if isinstance(decorator, ast.Call) else ""
    if (
        called == "functools.wraps"
        and isinstance(decorator, ast.Call)
        and decorator.args
        and isinstance(made, Function)
    ):
        wrapped = evaluate(run, decorator.args[0], scope)
        made.wraps = wrapped if isinstance(wrapped, Function) and wrapped is not made else None
    if name in _TRANSPARENT or called in _TRANSPARENT:
        return made
    result = value if isinstance(value, Unknown | Instance) else call(run, value, (made,), {}, decorator, scope)
    if not isinstance(result, Unknown | Instance):
        return result
    if isinstance(made, Function):
        made.opaque = True  # what the decorator makes of it is not known; as a task's callable it stays what it is
    return made


def _named(run: Run, node: ast.expr, scope: Scope) -> str:
    value = evaluate(run, node, scope)
    return value.name if isinstance(value, External) else ""


@calls(Function)
def _call(run: Run, function: Function, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if function.opaque or isinstance(function.node, ast.AsyncFunctionDef) or len(run.calls) >= MOST_CALLS:
        return unknown(run, node, scope, "call", function.name)
    names = bind(run, function, args, kwargs, node, scope)
    inner = Scope(names, function.scope.file, function.scope)
    if function.owner is not None:
        names["__class__"] = function.owner
        names["<self>"] = args[0] if args else None
    run.calls.append(Frame(scope.file, node))
    try:
        if isinstance(function.node, ast.Lambda):
            return evaluate(run, function.node.body, inner)
        execute(run, function.node.body, inner)
        result = None
    except Return as done:
        result = done.value
    finally:
        run.calls.pop()
    if "<yielded>" in names:
        return names["<yielded>"]
    perhaps = names.get("<returned>", MISSING)
    return either(run, perhaps, result, node, scope)


def either(run: Run, one: Any, other: Any, node: Any, scope: Scope) -> Any:
    """One of two values, it is not known which: something of the graph is preferred, as it will be drawn on."""
    if one is MISSING or one is other:
        return other
    if other is MISSING or other is None:
        return one
    if isinstance(one, (str, int, float, tuple)) or one is None:
        if type(one) is type(other) and one == other:
            return one
        return other if one is None else unknown(run, node, scope)
    return one


def bind(run: Run, function: Function, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> dict[str, Any]:
    """The parameters of a function with the values of a call. Raises Raised where they do not fit."""
    parameters = function.node.args
    ordered = [p.arg for p in (*parameters.posonlyargs, *parameters.args)]
    names = dict(zip(ordered, args, strict=False))
    rest = dict(kwargs)
    open_end = rest.pop("**", None)
    only_positional = {p.arg for p in parameters.posonlyargs}
    for name in (*ordered, *(p.arg for p in parameters.kwonlyargs)):
        if name in rest and name not in only_positional:
            names[name] = rest.pop(name)
        elif name in names:
            continue
        elif open_end is not None or any(isinstance(a, Unknown) for a in args):
            names[name] = function.defaults.get(name, unknown(run, node, scope))
        elif name in function.defaults:
            names[name] = function.defaults[name]
        else:
            raise Raised("TypeError", f"{function.name}() needs {name}", run.span(node, scope))
    if parameters.vararg:
        names[parameters.vararg.arg] = tuple(args[len(ordered) :])
    elif len(args) > len(ordered):
        raise Raised("TypeError", f"{function.name}() takes {len(ordered)} arguments", run.span(node, scope))
    if parameters.kwarg:
        names[parameters.kwarg.arg] = rest | ({"**": open_end} if open_end is not None else {})
    elif rest:
        raise Raised("TypeError", f"{function.name}() does not take {', '.join(rest)}", run.span(node, scope))
    return names


@calls(Bound)
def _call_bound(run: Run, bound: Bound, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return call(run, bound.function, (*bound.args, *args), {**bound.kwargs, **kwargs}, node, scope)


@executes(ast.ClassDef)
def _class(run: Run, node: ast.ClassDef, scope: Scope) -> None:
    bases = tuple(evaluate(run, base, scope) for base in node.bases)
    inner = Scope({}, scope.file, scope, is_class=True)
    execute(run, node.body, inner)
    annotated = tuple(s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name))
    made = Class(node.name, bases, inner.names, scope.file, "", annotated)
    names = {base.name for base in made.line() if isinstance(base, External)}
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if _named(run, target, scope) in _DATACLASSES:
            made.form = "dataclass"
    if names & {"typing.NamedTuple", "pydantic.BaseModel"}:
        made.form = "dataclass"
    if any(name.startswith("enum.") for name in names):
        made.form = "enum"
    for name, value in inner.names.items():
        if isinstance(value, Function):
            value.owner = made
        elif made.form == "enum" and not name.startswith("_"):
            inner.names[name] = Object(made, {"value": value, "name": name})
    scope.bind(node.name, made)


@calls(Class)
def _instantiate(run: Run, cls: Class, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    for construct in CONSTRUCTORS:
        if (made := construct(run, cls, args, kwargs, node, scope)) is not MISSING:
            return made
    if cls.form == "enum":
        found = [m for m in cls.names.values() if isinstance(m, Object) and args and m.attributes["value"] == args[0]]
        return found[0] if found else unknown(run, node, scope)
    made = Object(cls)
    initialise(run, made, args, kwargs, node, scope)
    return made


def initialise(run: Run, made: Object, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> None:
    """Calls ``__init__`` of an object's class, or does what a dataclass's would."""
    cls = made.cls
    init = cls.find("__init__")
    if isinstance(init, Function):
        call(run, init, (made, *args), kwargs, node, scope)
        return
    if cls.form == "dataclass":
        fields = [f for c in reversed([c for c in cls.line() if isinstance(c, Class)]) for f in c.fields]
        given = dict(zip(dict.fromkeys(fields), args, strict=False)) | kwargs
        for name in fields:
            value = given.get(name, cls.find(name))
            if isinstance(value, Instance) and value.name in ("dataclasses.field", "attr.ib", "attrs.field"):
                factory = value.kwargs.get("default_factory", value.kwargs.get("factory"))
                default = value.kwargs.get("default", MISSING)
                value = call(run, factory, (), {}, node, scope) if factory is not None else default
            if value is not MISSING:
                made.attributes[name] = value
        if isinstance(after := cls.find("__post_init__"), Function):
            call(run, after, (made,), {}, node, scope)


@attributes(Object)
def _object_attribute(run: Run, value: Object, name: str, node: Any, scope: Scope) -> Any:
    if name in value.attributes:
        return value.attributes[name]
    if name == "__class__":
        return value.cls
    return _member(run, value.cls, value.cls.find(name), value, name, node, scope)


def _member(run: Run, cls: Class, found: Any, owner: Any, name: str, node: Any, scope: Scope) -> Any:
    if found is MISSING:
        outside = [base for base in cls.line() if not isinstance(base, Class)]
        return (
            Bound(External(f"{outside[0].name}.{name}"), (owner,))
            if (outside and isinstance(outside[0], External))
            else unknown(run, node, scope)
        )
    if not isinstance(found, Function) or found.kind == "static":
        return found
    if found.kind == "property":
        return call(run, found, (owner,), {}, node, scope)
    return Bound(found, (cls if found.kind == "class" else owner,))


@attributes(Class)
def _class_attribute(run: Run, value: Class, name: str, node: Any, scope: Scope) -> Any:
    if name in ("__name__", "__qualname__"):
        return value.name
    found = value.find(name)
    if isinstance(found, Function) and found.kind == "class":
        return Bound(found, (value,))
    if found is not MISSING:
        return found
    if (special := CLASS_ATTRIBUTES.get(name)) is not None:
        return special(run, value, node, scope)
    return unknown(run, node, scope)


CLASS_ATTRIBUTES: dict[str, Callable[[Run, Class, Any, Scope], Any]] = {}
"""Attributes that every class of some kind has (``partial`` of operators), by name."""


@attributes(Super)
def _super_attribute(run: Run, value: Super, name: str, node: Any, scope: Scope) -> Any:
    cls = value.object.cls if isinstance(value.object, Object) else value.owner
    line = list(cls.line())
    for base in line[line.index(value.owner) + 1 if value.owner in line else 0 :]:
        if isinstance(base, Class) and name in base.names:
            return _member(run, cls, base.names[name], value.object, name, node, scope)
        if isinstance(base, External):
            return Bound(External(f"{base.name}.{name}"), (value.object,))
    return unknown(run, node, scope)


@attributes(Function)
def _function_attribute(run: Run, value: Function, name: str, node: Any, scope: Scope) -> Any:
    if name in ("__name__", "__qualname__"):
        return value.name
    if name == "__doc__":
        return "" if isinstance(value.node, ast.Lambda) else ast.get_docstring(value.node, clean=False)
    return unknown(run, node, scope)


SETTERS[Object] = lambda owner, name, new, run: owner.attributes.__setitem__(name, new)
SETTERS[Class] = lambda owner, name, new, run: owner.names.__setitem__(name, new)
ATTRIBUTES[Unknown] = lambda run, value, name, node, scope: _unknown_attribute(run, value, name, node, scope)


def _unknown_attribute(run: Run, value: Unknown, name: str, node: Any, scope: Scope) -> Any:
    from airflow2sfn.reading.evaluate import derive, file_name
    from airflow2sfn.reading.expressions import attribute

    if isinstance(value.assumed, PurePosixPath) and name in ("name", "stem", "suffix") and (own := file_name(value)):
        return getattr(own, name)
    return derive(run, node, scope, lambda v: attribute(run, v, name, node, scope), value)
