"""Lists that the functions of JSONPath states make, as the paths that select several values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from airflow2sfn.generated.paths.scope import Scope, key
from airflow2sfn.generated.values import Unreadable, key_of
from sfn_airflow_core.expr.model import (
    Descend,
    Expr,
    Field,
    Filter,
    Index,
    Indexes,
    Names,
    Path,
    PathFunction,
    Root,
    Slice,
    Step,
    Wildcard,
)

Read = Callable[[ast.expr, Scope], Expr]
SELECTIONS = frozenset(
    ("every", "elements", "chosen", "everything", "everywhere", "candidates", "members", "pluck", "peek")
)
"""The functions that select values."""


def selection(node: ast.expr, scope: Scope, read: Read) -> Path:
    """What selects several values, as a path; raises Unreadable."""
    match node:
        case ast.Call(func=ast.Name(id="pluck"), args=[values, name]):
            return _added(selection(values, scope, read), Field(key_of(name)))
        case ast.Call(func=ast.Name(id="everywhere"), args=[value, name]):
            return _added(looked_up(value, [], scope, read), Descend(), Field(key_of(name)))
        case ast.Call(func=ast.Name(id="peek"), args=[value, *keys]):
            return looked_up(value, keys, scope, read)
        case ast.ListComp(generators=loops, elt=element):
            return _Loops(scope, read).path(loops, element)
        case _:
            path, needs_filter = _source(node, scope, read)
            if needs_filter:
                raise Unreadable("candidates without a filter", node)
            return path


def _added(path: Path, *steps: Step) -> Path:
    return replace(path, steps=(*path.steps, *steps))


def looked_up(value: ast.expr, keys: Sequence[ast.expr], scope: Scope, read: Read) -> Path:
    """A value and keys that lead from it; raises Unreadable."""
    match value, keys:
        case ((ast.Name(id="variables") | ast.Dict(keys=[])), [first, *keys]):
            found: Expr = Path(Root("variable", key_of(first)))
        case _:
            found = read(value, scope)
    if not isinstance(found, Path):
        raise Unreadable("a selection of what is computed", value)
    return _added(found, *(key(one, scope) for one in keys))


def _source(node: ast.expr, scope: Scope, read: Read) -> tuple[Path, bool]:
    """What a loop goes through, as a path; whether a filter is still to follow."""
    match node:
        case ast.Call(func=ast.Name(id="every"), args=[value, *keys]):
            return _added(looked_up(value, keys, scope, read), Wildcard()), False
        case ast.Call(func=ast.Name(id="everything"), args=[value, *keys]):
            return _added(looked_up(value, keys, scope, read), Descend()), False
        case ast.Call(func=ast.Name(id="candidates"), args=[value, *keys]):
            return looked_up(value, keys, scope, read), True
        case ast.Call(func=ast.Name(id="members"), args=[value, *names]):
            return _added(looked_up(value, [], scope, read), Names(tuple(map(key_of, names)))), False
        case ast.Call(
            func=ast.Name(id="chosen"), args=[ast.Call(func=ast.Name(id="elements"), args=[value, *keys]), *places]
        ):
            found = [key(place, scope) for place in places]
            numbers = tuple(place.position for place in found if isinstance(place, Index))
            return _added(looked_up(value, keys, scope, read), Indexes(numbers)), False
        case ast.Subscript(
            value=ast.Call(func=ast.Name(id="elements"), args=[value, *keys]), slice=ast.Slice(lower=first, upper=last)
        ):
            start, end = (None if bound is None else _position(bound, scope) for bound in (first, last))
            return _added(looked_up(value, keys, scope, read), Slice(start, end)), False
        case _:
            raise Unreadable("what a loop goes through", node)


def _position(node: ast.expr, scope: Scope) -> int:
    match key(node, scope):
        case Index(position):
            return position
        case _:
            raise Unreadable("a slice that is not constant", node)


@dataclass(frozen=True, slots=True)
class _Loops:
    """Reads the loops of a comprehension, each of which is a step that selects several values."""

    scope: Scope
    read: Read

    def path(self, loops: Sequence[ast.comprehension], element: ast.expr) -> Path:
        """The path of the whole comprehension; raises Unreadable."""
        from airflow2sfn.generated.paths.conditions import condition  # filters are conditions over selections

        scope, name = self.scope, ""
        for number, loop in enumerate(loops):
            found, filtered = _source(loop.iter, scope, self.read)
            if not isinstance(loop.target, ast.Name) or (number and not self._goes_on(loop.iter, name)):
                raise Unreadable("what a comprehension goes through", loop.iter)
            name, tests = loop.target.id, list(loop.ifs)
            if filtered:
                if not tests:
                    raise Unreadable("candidates without a filter", loop.iter)
                inner = replace(self.scope, current=name)
                found = _added(found, Filter(condition(tests.pop(0), inner)))
            scope = scope.within(**{name: found})
            if tests and number < len(loops) - 1:
                raise Unreadable("a condition in a loop", tests[0])
        return self._end(element, name, tests, scope)

    def _goes_on(self, node: ast.expr, name: str) -> bool:
        """Whether a loop goes through something in the element of the one before."""
        match node:
            case ast.Call(args=[ast.Call(args=[ast.Name(id=base), *_]), *_]) | ast.Call(args=[ast.Name(id=base), *_]):
                return base == name
            case ast.Subscript(value=ast.Call(args=[ast.Name(id=base), *_])):
                return base == name
            case _:
                return False

    def _end(self, element: ast.expr, name: str, tests: list[ast.expr], scope: Scope) -> Path:
        """The path to what is made of each element, which the tests say is there."""
        after: list[Step] = []
        match element:
            case ast.Call(func=ast.Name(id="part"), args=[value, *names]):
                after.append(Names(tuple(map(key_of, names))))
            case ast.Call(func=ast.Name(id="path_function"), args=[called, value]):
                after.append(PathFunction(key_of(called)))
            case value:
                pass
        keys = self._keys(value, name)
        said = [f"present({', '.join([name, *map(ast.unparse, keys)])})"] if keys else []
        said += [f"isinstance({ast.unparse(value)}, dict)"] if after and isinstance(after[0], Names) else []
        if [ast.unparse(test) for test in tests] != said:
            raise Unreadable("a condition in a comprehension", element)
        return _added(scope.names[name], *(key(step, scope) for step in keys), *after)

    def _keys(self, node: ast.expr, name: str) -> list[ast.expr]:
        """The keys of subscripts of the element; raises Unreadable."""
        match node:
            case ast.Name(id=base) if base == name:
                return []
            case ast.Subscript(value=base, slice=place):
                return [*self._keys(base, name), place]
            case _:
                raise Unreadable("what a comprehension makes", node)
