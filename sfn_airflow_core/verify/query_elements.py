"""The elements of lists that JSONata computes: so many of them, over values that are not known yet."""

from __future__ import annotations

from sfn_airflow_core.expr.jsonata_model import Apply, Each, Function, If, Member, Step, Steps, Tree, Where
from sfn_airflow_core.verify.queries import Names, conditions, value_in
from sfn_airflow_core.verify.symbols import Const, Lst, Sym, Value, member
from sfn_airflow_core.verify.wishes import Wishes


def elements(tree: Tree, count: int, names: Names, wishes: Wishes) -> tuple[list[Value] | None, Wishes]:
    """So many elements of the list that an expression makes; ``None`` where they are not to be chosen.

    Of a conditional, the elements of its first way that has them; of a list that is filtered and projected, those of
    elements that pass. Raises Impossible.
    """
    match tree:
        case If(condition, then, otherwise):
            for wanted, way in ((True, then), (False, otherwise)):
                if way is None:
                    continue
                for so_far in conditions(condition, wanted, names, wishes):
                    listed, after = elements(way, count, names, so_far)
                    if listed is not None:
                        return listed, after
            return None, wishes
        case Apply("[]", (inner,)):
            return elements(inner, count, names, wishes)
        case Apply("map", (inner, Function(parameters, body))):
            return _projected(inner, count, names, wishes, parameters, body)
        case Steps(head, steps) if any(isinstance(step, Where | Each) for step in steps):
            at = next(number for number, step in enumerate(steps) if isinstance(step, Where | Each))
            return _filtered(Steps(head, steps[:at]), steps[at:], count, names, wishes)
        case _:
            value, wishes = value_in(tree, names, wishes)
            return _counted(value, count, wishes)


def _counted(value: Value, count: int, wishes: Wishes) -> tuple[list[Value] | None, Wishes]:
    match value:
        case Sym():
            listed = [member(value, number) for number in range(count)]
            wishes = wishes.be(value, "array").long(value, count)
            for element in listed:
                wishes = wishes.need(element)
            return listed, wishes
        case Lst():
            return list(value.items), wishes
        case Const(list() as known):
            return [Const(element) for element in known], wishes
        case _:
            return None, wishes


def _filtered(
    base: Tree, steps: tuple[Step, ...], count: int, names: Names, wishes: Wishes
) -> tuple[list[Value] | None, Wishes]:
    """Elements that pass what filters them, as what is made of them."""
    listed, wishes = elements(base, count, names, wishes)
    if listed is None:
        return None, wishes
    made: list[Value] = []
    for element in listed:
        value = element
        for step in steps:
            match step:
                case Where(predicate):
                    wishes = next(conditions(predicate, True, Names(names.names, value), wishes), wishes)
                case Each(inner):
                    value, wishes = value_in(inner, Names(names.names, value), wishes)
                case Member(name):
                    value = member(value, name)
                case _:
                    return None, wishes
        made.append(value)
    return made, wishes


def _projected(
    inner: Tree, count: int, names: Names, wishes: Wishes, parameters: tuple[str, ...], body: Tree
) -> tuple[list[Value] | None, Wishes]:
    """``$map(items, function($item, $index) {…})``."""
    listed, wishes = elements(inner, count, names, wishes)
    made: list[Value] = []
    for number, element in enumerate(listed or ()):
        given = dict(zip(parameters, (element, Const(number)), strict=False))
        value, wishes = value_in(body, names.bound(**given), wishes)
        made.append(value)
    return (None if listed is None else made), wishes
