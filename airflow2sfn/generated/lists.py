"""Lists that the functions of a generated DAG make: comprehensions, and what they go through."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from airflow2sfn.expressions.text import field, quoted
from airflow2sfn.generated.values import Read, Scope, Unreadable, Word, bare, grouped, key_of, path

Comprehension = ast.ListComp | ast.GeneratorExp


def comprehension(node: Comprehension, scope: Scope, read: Read) -> str:
    """A comprehension as an array; in what was JSONata before, as a sequence. Raises Unreadable."""
    found = _loops(node.generators, node.elt, scope, read)
    return found if scope.query else f"[{found}]"


def _loops(loops: Sequence[ast.comprehension], element: ast.expr, scope: Scope, read: Read) -> str:
    loop, *more = loops
    names, items, pairs = _over(loop, scope, read)
    signature, inner = _parameters(names, [*loop.ifs, element, *(one.iter for one in more)], scope)
    conditions = [read(condition, inner) for condition in loop.ifs]
    if pairs:
        if conditions:
            raise Unreadable("a condition on members", loop.iter)
        return f"$each({items}, function({signature}) {{ {bare(read(element, inner))} }})"
    if conditions:
        both = len(names) > 1 and not more and read(element, inner) != inner.names[names[0]]
        if both or (more and len(names) > 1):
            raise Unreadable("positions and conditions in one comprehension", element)
        condition = bare(conditions[0]) if len(conditions) == 1 else " and ".join(conditions)
        items = f"$filter({items}, function({signature}) {{ {condition} }})"
    if more:
        each = f"[{_loops(more, element, inner, read)}]"
        return f"$reduce({items}, function($all, {signature}) {{ $append($all, {each}) }}, [])"
    made = read(element, inner)
    return items if made == inner.names[names[0]] else f"$map({items}, function({signature}) {{ {bare(made)} }})"


def _over(loop: ast.comprehension, scope: Scope, read: Read) -> tuple[list[str], str, bool]:
    """The names of value and position, or of value and key, of a loop; what it goes through; whether by keys."""
    match loop.target, loop.iter:
        case ast.Name(id=name), over:
            return [name], bare(read(over, scope)), False
        case (
            ast.Tuple(elts=[ast.Name(id=position), ast.Name(id=name)]),
            ast.Call(func=ast.Name(id="enumerate"), args=[over]),
        ):
            return [name, position], bare(read(over, scope)), False
        case (
            ast.Tuple(elts=[ast.Name(id=key), ast.Name(id=name)]),
            ast.Call(func=ast.Attribute(value=ast.Name(id="functions"), attr="members"), args=[over]),
        ):
            return [name, key], bare(read(over, scope)), True
        case _:
            raise Unreadable("what a comprehension goes through", loop.iter)


def _parameters(names: Sequence[str], parts: Sequence[ast.expr], scope: Scope) -> tuple[str, Scope]:
    """Names as parameters of a function, other than the variables that its body reads; and the scope inside."""
    read = {node.value for part in parts for node in ast.walk(part) if isinstance(node, ast.Constant)}
    chosen = {name: f"${name}{'_' if name in read or name == 'all' else ''}" for name in names}
    return ", ".join(one for name, one in chosen.items() if name != "_"), scope.within(**chosen)


def sifted(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``functions.sifted((key, value) for key, value in functions.members(x) if …)``"""
    match arguments:
        case [ast.ListComp(generators=[loop]) | ast.GeneratorExp(generators=[loop])] if len(loop.ifs) == 1:
            names, items, _ = _over(loop, scope, read)
            signature, inner = _parameters(names, loop.ifs, scope)
            return f"$sift({items}, function({signature}) {{ {bare(read(loop.ifs[0], inner))} }})"
        case _:
            raise ValueError(arguments)


def _elements(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """The elements of the array at the end of a path; none of anything else."""
    found = path(arguments[0], arguments[1:], scope, read)
    return grouped(f"$type({found}) = 'array' ? {found} : []")


def _every(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``[*]``: the elements of an array, the values of an object."""
    found = path(arguments[0], arguments[1:], scope, read)
    values = f"[$each({found}, function($one) {{ $one }})]"
    return grouped(f"$type({found}) = 'array' ? {found} : $type({found}) = 'object' ? {values} : []")


def _candidates(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``[?(…)]``: the elements of an array, or an object itself."""
    found = path(arguments[0], arguments[1:], scope, read)
    return grouped(f"$type({found}) = 'array' ? {found} : $type({found}) = 'object' ? [{found}] : []")


def _everything(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``..``: the value and all that are inside it; of arrays, which have no members, their elements."""
    found = path(arguments[0], arguments[1:], scope, read)
    return f"[$filter({found}.**, function($one) {{ $type($one) = 'object' }})]"


def _everywhere(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``..name``: the member of this name of the value and of all that are inside it."""
    value, name = arguments
    member = field("$one", key_of(name))
    there = f"$filter({bare(read(value, scope))}.**, function($one) {{ $type($one) = 'object' and $exists({member}) }})"
    return f"[$map({there}, function($one) {{ {member} }})]"


def _chosen(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``[0,2]``: the elements at these positions, as far as there are any."""
    values, *positions = arguments
    found = read(values, scope)
    return "[" + ", ".join(f"{found}[{read(position, scope)}]" for position in positions) + "]"


def _members(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``['a','b']`` on the way: the values of these members, as far as there are any."""
    base, *names = arguments
    found = read(base, scope)
    return "[" + ", ".join(field(found, key_of(name)) for name in names) + "]"


def _pluck(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """The member of this name of each value that has it."""
    values, name = arguments
    found, key = bare(read(values, scope)), key_of(name)
    there = f"$filter({found}, function($one) {{ $exists({field('$one', key)}) }})"
    return f"[$map({there}, function($one) {{ {field('$one', key)} }})]"


def _peek(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    return path(arguments[0], arguments[1:], scope, read)


def _compared(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """The operators of JSONPath filters that order: false of values of two kinds."""
    left, operator, right = arguments
    sides = [read(side, scope) for side in (left, right)]
    match key_of(operator):
        case "<" | "<=" | ">" | ">=" as sign:
            kinds = f"$type({bare(sides[0])}) = $type({bare(sides[1])}) and $type({bare(sides[0])}) in "
            return grouped(f"{kinds}['number', 'string'] and {sides[0]} {sign} {sides[1]}")
        case "in":
            return grouped(f"{sides[0]} in {sides[1]}")
        case "nin":
            return f"$not({sides[0]} in {sides[1]})"
        case sign:
            raise Unreadable(f"the operator {sign} of a filter", operator)


def _alike(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``==`` in a filter, by which a number equals the string that says it."""
    left, right = (read(side, scope) for side in arguments)
    scalar = f"$type({bare(left)}) in {_SCALARS} and $type({bare(right)}) in {_SCALARS}"
    return grouped(f"{left} = {right} or ({scalar} and $string({bare(left)}) = $string({bare(right)}))")


_SCALARS = "[" + ", ".join(map(quoted, ("number", "string"))) + "]"
LISTS: Mapping[str, Word] = {
    "elements": _elements,
    "every": _every,
    "candidates": _candidates,
    "everything": _everything,
    "everywhere": _everywhere,
    "chosen": _chosen,
    "members": _members,
    "pluck": _pluck,
    "peek": _peek,
    "compared": _compared,
    "alike": _alike,
}
"""By the word: what it gives."""
