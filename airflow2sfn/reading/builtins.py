"""Python's builtin functions, as far as they only compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow2sfn.reading.assign import set_attribute
from airflow2sfn.reading.evaluate import (
    MISSING,
    MOST_ITEMS,
    Args,
    Bound,
    Class,
    External,
    Function,
    Instance,
    Kwargs,
    Object,
    Raised,
    Run,
    Scope,
    Super,
    TooMuch,
    Unknown,
    alike,
    derive,
    external,
    plain,
    unknown,
)
from airflow2sfn.reading.expressions import attribute, call, items, truth
from airflow2sfn.reading.limits import CONTAINERS, attempt, is_plain
from airflow2sfn.reading.methods import sort
from airflow2sfn.reading.text import formatted

_COMPUTING: dict[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (abs, bin, bool, bytes, chr, divmod, float, hex, int, oct, ord, round, complex)},
    **{f.__name__: f for f in (sum, min, max, any, all, hash)},
}


@external(*(f"builtins.{name}" for name in _COMPUTING))
def _compute(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    name = callee.name.partition(".")[2]
    span = run.span(node, scope)
    if name == "bytes" and args and isinstance(args[0], int):
        return unknown(run, node, scope)
    if name in ("any", "all") and args and (parts := items(run, args[0])) is not None:
        known = [truth(run, part) for part in parts]
        return unknown(run, node, scope) if None in known else (any if name == "any" else all)(known)

    def work(*given: Any) -> Any:
        if not is_plain(given) or kwargs:
            return unknown(run, node, scope)
        return attempt(_COMPUTING[name], *given, span=span)

    return derive(run, node, scope, work, *args)


@external("builtins.str", "builtins.repr")
def _str(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if not args:
        return ""
    conversion = ord("r") if callee.name.endswith("repr") else -1

    def work(value: Any) -> Any:
        text = formatted(value, conversion)
        return unknown(run, node, scope) if text is None else text

    return derive(run, node, scope, work, args[0])


@external("builtins.len")
def _len(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    parts = items(run, args[0], run.span(node, scope)) if args else None
    if parts is not None:
        return len(parts)
    return alike(run, node, scope, args[0]) if args and isinstance(args[0], Unknown) else unknown(run, node, scope)


@external("builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.iter", "collections.deque")
def _collect(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    kind: Any = {"tuple": tuple, "set": set, "frozenset": frozenset}.get(callee.name.partition(".")[2], list)
    parts = items(run, args[0], run.span(node, scope)) if args else []
    if parts is None:
        return alike(run, node, scope, args[0]) if isinstance(args[0], Unknown) else unknown(run, node, scope)
    return attempt(kind, parts, span=run.span(node, scope))


@external("builtins.dict", "collections.OrderedDict", "builtins.vars")
def _dict(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if callee.name == "builtins.vars" and args and isinstance(args[0], Object):
        return args[0].attributes
    given = plain(args[0]) if args else {}
    if isinstance(given, dict):
        return {**given, **kwargs}
    parts = items(run, given)
    if parts is None or not all(isinstance(part, tuple | list) and len(part) == 2 for part in parts):
        return unknown(run, node, scope)
    return attempt(dict, parts, span=run.span(node, scope)) | kwargs


@external("builtins.range")
def _range(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    span = run.span(node, scope)

    def work(*given: Any) -> Any:
        found = attempt(range, *given, span=span) if is_plain(given) else None
        return unknown(run, node, scope) if found is None else found

    return derive(run, node, scope, work, *args)


@external("builtins.enumerate", "builtins.zip", "builtins.reversed", "itertools.chain", "itertools.product")
def _combine(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    name = callee.name.rpartition(".")[2]
    given = args[:1] if name == "enumerate" else args
    parts = [items(run, argument, run.span(node, scope)) for argument in given]
    lists = [part for part in parts if part is not None]
    if len(lists) != len(parts) or not lists:
        return unknown(run, node, scope)
    match name:
        case "enumerate":
            start = plain(kwargs.get("start", args[1] if len(args) > 1 else 0))
            return list(enumerate(lists[0], start)) if isinstance(start, int) else unknown(run, node, scope)
        case "zip":
            return list(zip(*lists, strict=False))
        case "reversed":
            return lists[0][::-1]
        case "chain":
            return [part for each in lists for part in each]
    import itertools
    import math

    if math.prod(len(each) for each in lists) > MOST_ITEMS:
        raise TooMuch("a product that is too long")
    return list(itertools.product(*lists)) if not kwargs else unknown(run, node, scope)


@external("itertools.chain.from_iterable")
def _flatten(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    outer = items(run, args[0]) if args else None
    lists = [items(run, each) for each in outer] if outer is not None else [None]
    if None in lists:
        return unknown(run, node, scope)
    return [part for each in lists for part in each or ()]


@external("builtins.map", "builtins.filter")
def _map(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    lists = [items(run, argument) for argument in args[1:]]
    if len(args) < 2 or None in lists:
        return unknown(run, node, scope)
    rows = list(zip(*(each for each in lists if each is not None), strict=False))
    if callee.name.endswith("map"):
        return [call(run, args[0], row, {}, node, scope) for row in rows]
    kept = [(row[0], True if args[0] is None else truth(run, call(run, args[0], row, {}, node, scope))) for row in rows]
    return unknown(run, node, scope) if any(k is None for _, k in kept) else [value for value, keep in kept if keep]


@external("builtins.sorted")
def _sorted(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    parts = items(run, args[0], run.span(node, scope)) if args else None
    return unknown(run, node, scope) if parts is None else sort(run, parts, kwargs, node, scope)


@external("builtins.next")
def _next(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    parts = items(run, args[0]) if args else None
    if parts is None:
        return unknown(run, node, scope)
    if parts or len(args) > 1:
        return parts[0] if parts else args[1]
    raise Raised("StopIteration", "", run.span(node, scope))


@external("builtins.globals", "builtins.locals")
def _globals(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return scope.module().names if callee.name.endswith("globals") else scope.names


@external("builtins.getattr", "builtins.hasattr")
def _getattr(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if len(args) < 2 or not isinstance(args[1], str):
        return unknown(run, node, scope)
    owner, name = args[0], args[1]
    if isinstance(owner, Object):
        found: Any = owner.attributes.get(name, owner.cls.find(name))
        if callee.name.endswith("hasattr"):
            return found is not MISSING
        if found is MISSING and len(args) > 2:
            return args[2]
    elif callee.name.endswith("hasattr"):
        return unknown(run, node, scope)
    return attribute(run, owner, name, node, scope)


@external("builtins.setattr")
def _setattr(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if len(args) == 3 and isinstance(args[1], str):
        set_attribute(run, args[0], args[1], args[2])


@external("builtins.isinstance")
def _isinstance(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    value = plain(args[0]) if len(args) == 2 else unknown(run, node, scope)
    kinds = args[1] if len(args) == 2 and isinstance(args[1], tuple) else args[1:]
    if isinstance(value, Unknown | Instance) or not all(isinstance(kind, External | Class) for kind in kinds):
        return unknown(run, node, scope)
    if isinstance(value, Object):
        return any(kind in list(value.cls.line()) for kind in kinds)
    names = {base.__name__ for base in type(value).__mro__}
    return any(isinstance(kind, External) and kind.name.rpartition(".")[2] in names for kind in kinds)


@external("builtins.callable")
def _callable(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if args and isinstance(args[0], Function | Bound | Class):
        return True
    return False if args and isinstance(args[0], (*CONTAINERS, str)) else unknown(run, node, scope)


@external("builtins.super")
def _super(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    owner, made = scope.look_up("__class__"), scope.look_up("<self>")
    return Super(owner, made) if isinstance(owner, Class) else unknown(run, node, scope)


@external("builtins.print", "builtins.input", "builtins.exec", "builtins.eval", "builtins.__import__")
def _nothing(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return None if callee.name == "builtins.print" else unknown(run, node, scope, "call", callee.name)


@external("builtins.type")
def _type(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if len(args) == 1 and isinstance(args[0], Object):
        return args[0].cls
    return unknown(run, node, scope)
