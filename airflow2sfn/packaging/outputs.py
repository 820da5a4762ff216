"""Functions whose dictionary becomes several XComs: Airflow fails the task where they return anything else."""

from __future__ import annotations

import ast

from airflow2sfn.source import PythonCallable, Task

_MAPPINGS = frozenset({"dict", "Dict", "typing.Dict", "Mapping", "MutableMapping"})


def has_multiple(task: Task) -> bool:
    """Whether every member of what a task returns is an XCom: it says so, or TaskFlow has it from the annotation."""
    said = task.known("multiple_outputs")
    if said is not None or not task.operator.startswith("task") or task.callable is None:
        return said is True
    return task.callable.returns.partition("[")[0].strip() in _MAPPINGS and "|" not in task.callable.returns


def surely_dictionary(function: PythonCallable) -> bool:
    """Whether a function surely returns a dictionary or nothing, as far as its text says."""
    from airflow2sfn.tasks.callables import definition, own_nodes

    tree = definition(function)
    if isinstance(tree, ast.Lambda):
        return _is_dictionary(tree.body)
    returns = [node for node in own_nodes(tree) if isinstance(node, ast.Return)] if tree is not None else [None]
    return all(node is not None and (node.value is None or _is_dictionary(node.value)) for node in returns)


def sure_keys(function: PythonCallable | None) -> frozenset[str]:
    """The keys of every dictionary that a function may return, where its text says that it returns nothing else."""
    from airflow2sfn.tasks.callables import definition, own_nodes

    tree = definition(function)
    if isinstance(tree, ast.Lambda):
        return _keys(tree.body)
    returns = [node.value for node in own_nodes(tree) if isinstance(node, ast.Return)] if tree is not None else []
    if tree is None or not returns or not isinstance(tree.body[-1], ast.Return | ast.Raise):
        return frozenset()
    return frozenset.intersection(*map(_keys, returns))


def _keys(node: ast.expr | None) -> frozenset[str]:
    keys = node.keys if isinstance(node, ast.Dict) else ()
    return frozenset(one.value for one in keys if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _is_dictionary(node: ast.expr) -> bool:
    match node:
        case ast.Dict() | ast.DictComp() | ast.Constant(value=None) | ast.Call(func=ast.Name(id="dict")):
            return True
        case ast.IfExp(body=yes, orelse=no):
            return _is_dictionary(yes) and _is_dictionary(no)
        case _:
            return False
