"""Statements: how each kind is executed, also where it is not known whether it would be."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from typing import Any

from airflow2sfn.reading.assign import assign
from airflow2sfn.reading.evaluate import (
    CONTEXTS,
    MISSING,
    MOST_ITEMS,
    Class,
    External,
    Instance,
    Object,
    Raised,
    Run,
    Scope,
    Unknown,
    evaluate,
    execute,
    executes,
    plain,
    unknown,
)
from airflow2sfn.reading.expressions import binary, items, truth
from airflow2sfn.reading.functions import Return, either
from airflow2sfn.rules.reading import AssumedValue, UnknownCondition, UnknownLoop


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


@executes(ast.Expr)
def _expression(run: Run, node: ast.Expr, scope: Scope) -> None:
    if not isinstance(node.value, ast.Constant):
        evaluate(run, node.value, scope)


@executes(ast.Assign)
def _assign(run: Run, node: ast.Assign, scope: Scope) -> None:
    value = evaluate(run, node.value, scope)
    for target in node.targets:
        assign(run, target, value, scope)


@executes(ast.AnnAssign)
def _annotated(run: Run, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assign(run, node.target, evaluate(run, node.value, scope), scope)


@executes(ast.AugAssign)
def _augmented(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    load = ast.copy_location(_loaded(node.target), node.target)
    old, value = evaluate(run, load, scope), evaluate(run, node.value, scope)
    if isinstance(old, list) and isinstance(node.op, ast.Add) and (parts := items(run, value)) is not None:
        if len(old) + len(parts) > MOST_ITEMS:
            return
        old += parts
        return
    assign(run, node.target, binary(run, node, node.op, old, value, scope), scope)


def _loaded(target: ast.expr) -> ast.expr:
    match target:
        case ast.Attribute(value=value, attr=name):
            return ast.Attribute(value, name, ast.Load())
        case ast.Subscript(value=value, slice=index):
            return ast.Subscript(value, index, ast.Load())
        case _:
            return ast.Name(getattr(target, "id", ""), ast.Load())


@executes(ast.Pass)
def _nothing(run: Run, node: ast.Pass, scope: Scope) -> None:
    return None


@executes(ast.Return)
def _return(run: Run, node: ast.Return, scope: Scope) -> None:
    raise Return(evaluate(run, node.value, scope) if node.value else None)


@executes(ast.Break)
def _break(run: Run, node: ast.Break, scope: Scope) -> None:
    raise _Break


@executes(ast.Continue)
def _continue(run: Run, node: ast.Continue, scope: Scope) -> None:
    raise _Continue


@executes(ast.Delete)
def _delete(run: Run, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            scope.names.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            container, key = evaluate(run, target.value, scope), plain(evaluate(run, target.slice, scope))
            if isinstance(container, dict) and not isinstance(key, Unknown | list | dict | set):
                container.pop(key, None)


@executes(ast.Assert)
def _assert(run: Run, node: ast.Assert, scope: Scope) -> None:
    if truth(run, evaluate(run, node.test, scope)) is False:
        raise Raised("AssertionError", "", run.span(node, scope))


@executes(ast.Global, ast.Nonlocal)
def _elsewhere(run: Run, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    for name in node.names:
        home: Scope | None = scope.module() if isinstance(node, ast.Global) else scope.parent
        while isinstance(node, ast.Nonlocal) and home is not None and name not in home.names:
            home = home.parent
        scope.elsewhere[name] = home or scope.module()


@executes(ast.Raise)
def _raise(run: Run, node: ast.Raise, scope: Scope) -> None:
    value = evaluate(run, node.exc, scope) if node.exc else External("builtins.Exception")
    match value:
        case Instance(name, args):
            text = str(args[0]) if args and isinstance(args[0], str) else ""
        case Object(cls):
            name, text = cls.name, ""
        case Class(name) | External(name):
            text = ""
        case _:
            name, text = "Exception", ""
    raise Raised(name.rpartition(".")[2], text, run.span(node, scope))


def _size(run: Run) -> tuple[int, int]:
    return run.tasks, sum(len(dag.edges) for dag in run.dags)


@executes(ast.If)
def _if(run: Run, node: ast.If, scope: Scope) -> None:
    test = evaluate(run, node.test, scope)
    known = truth(run, test)
    before = _size(run)
    if known is None:
        doubtful(run, (node.body, node.orelse), node.test, scope)
        if _size(run) != before:
            run.report(UnknownCondition(condition=scope.file.segment(node.test, 80)), run.span(node.test, scope))
        return
    try:
        execute(run, node.body if known else node.orelse, scope)
    finally:
        if isinstance(test, Unknown) and _size(run) != before:
            run.report(AssumedValue(text=scope.file.segment(node.test, 80)), run.span(node.test, scope))


def doubtful(run: Run, branches: Sequence[list[ast.stmt]], node: Any, scope: Scope) -> None:
    """Executes each of some branches of which only one would be; names that differ after them are unknown."""
    start = dict(scope.names)
    ends: list[dict[str, Any]] = []
    run.doubt += 1
    try:
        for body in branches:
            scope.names.clear()
            scope.names.update(start)
            try:
                execute(run, body, scope)
            except Return as done:
                scope.names["<returned>"] = either(run, scope.names.get("<returned>", MISSING), done.value, node, scope)
            except (Raised, _Break, _Continue):
                continue
            ends.append(dict(scope.names))
    finally:
        run.doubt -= 1
    for end in ends:
        for name, value in end.items():
            known = scope.names.get(name, MISSING)
            if value is not known:
                scope.names[name] = either(run, value, known, node, scope)


@executes(ast.For, ast.AsyncFor)
def _for(run: Run, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
    over = evaluate(run, node.iter, scope)
    parts = items(run, over, run.span(node.iter, scope))
    before = _size(run)
    if parts is None:
        assign(run, node.target, unknown(run, node.target, scope), scope)
        doubtful(run, (node.body,), node.iter, scope)
        if _size(run) != before:
            run.report(UnknownLoop(over=scope.file.segment(node.iter, 80)), run.span(node.iter, scope))
        return
    try:
        for part in parts:
            run.step()
            assign(run, node.target, part, scope)
            try:
                execute(run, node.body, scope)
            except _Continue:
                continue
    except _Break:
        return
    finally:
        if isinstance(over, Unknown) and _size(run) != before:
            run.report(AssumedValue(text=scope.file.segment(node.iter, 80)), run.span(node.iter, scope))
    execute(run, node.orelse, scope)


@executes(ast.While)
def _while(run: Run, node: ast.While, scope: Scope) -> None:
    before = _size(run)
    try:
        while (known := truth(run, evaluate(run, node.test, scope))) is True:
            run.step()
            try:
                execute(run, node.body, scope)
            except _Continue:
                continue
    except _Break:
        return
    if known is None:
        doubtful(run, (node.body,), node.test, scope)
        if _size(run) != before:
            run.report(UnknownLoop(over=scope.file.segment(node.test, 80)), run.span(node.test, scope))
    execute(run, node.orelse, scope)


@executes(ast.With, ast.AsyncWith)
def _with(run: Run, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
    opened: list[Any] = []
    try:
        for item in node.items:
            value = evaluate(run, item.context_expr, scope)
            enter = CONTEXTS.get(type(value))
            entered = enter[0](run, value) if enter else unknown(run, item.context_expr, scope, "file")
            if enter:
                opened.append(value)
            if item.optional_vars is not None:
                assign(run, item.optional_vars, entered, scope)
        execute(run, node.body, scope)
    finally:
        for value in reversed(opened):
            CONTEXTS[type(value)][1](run, value)


@executes(ast.Try, *([ast.TryStar] if hasattr(ast, "TryStar") else []))
def _try(run: Run, node: ast.Try, scope: Scope) -> None:
    try:
        try:
            execute(run, node.body, scope)
        except Raised as error:
            handler = next((h for h in node.handlers if _handles(run, h, error, scope)), None)
            if handler is None:
                raise
            if handler.name:
                scope.bind(handler.name, unknown(run, handler, scope))
            execute(run, handler.body, scope)
        else:
            execute(run, node.orelse, scope)
    finally:
        execute(run, node.finalbody, scope)


def _handles(run: Run, handler: ast.ExceptHandler, error: Raised, scope: Scope) -> bool:
    if handler.type is None:
        return True
    caught = evaluate(run, handler.type, scope)
    kind = getattr(builtins, error.name, Exception)
    for one in caught if isinstance(caught, tuple) else (caught,):
        name = one.name.rpartition(".")[2] if isinstance(one, External | Class) else ""
        base = getattr(builtins, name, None)
        if name == error.name or (isinstance(base, type) and isinstance(kind, type) and issubclass(kind, base)):
            return True
    return False


@executes(ast.Match)
def _match(run: Run, node: ast.Match, scope: Scope) -> None:
    subject = plain(evaluate(run, node.subject, scope))
    if isinstance(subject, Unknown):
        return doubtful(run, [case.body for case in node.cases], node.subject, scope)
    for case in node.cases:
        matched = _matches(run, case.pattern, subject, scope)
        if matched is None:
            return doubtful(run, [c.body for c in node.cases], node.subject, scope)
        if matched and (case.guard is None or truth(run, evaluate(run, case.guard, scope))):
            return execute(run, case.body, scope)
    return None


def _matches(run: Run, pattern: ast.pattern, subject: Any, scope: Scope) -> bool | None:
    """Whether a simple pattern fits; ``None`` for patterns that look into the subject."""
    match pattern:
        case ast.MatchValue(value=value):
            return bool(plain(evaluate(run, value, scope)) == subject)
        case ast.MatchSingleton(value=single):
            return subject is single
        case ast.MatchOr(patterns=patterns):
            found = [_matches(run, inner, subject, scope) for inner in patterns]
            return True if True in found else None if None in found else False
        case ast.MatchAs(pattern=inner, name=name):
            matched = True if inner is None else _matches(run, inner, subject, scope)
            if matched and name:
                scope.bind(name, subject)
            return matched
        case _:
            return None
