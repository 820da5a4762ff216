"""By what a DAG file is known that sfn2airflow has written, and which of its DAGs are parts of others."""

from __future__ import annotations

import ast
import re

_RUNTIME = re.compile(r"^from (?:asl_runtime|sfn2airflow\.runtime) import", re.MULTILINE)


def is_generated(text: str) -> bool:
    """Whether sfn2airflow has written a DAG file that needs its runtime."""
    return _RUNTIME.search(text) is not None and "# ASL: #/" in text


def child_dags(tree: ast.Module) -> frozenset[str]:
    """The ids of the DAGs of such a file that another one of it runs: ``@dag(dag_id=…, **CHILD)``."""
    found: set[str] = set()
    for node in tree.body:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            match decorator:
                case ast.Call(func=ast.Name(id="dag"), keywords=keywords) if any(map(_is_child, keywords)):
                    ids = [one.value for one in keywords if one.arg == "dag_id"]
                    found |= {str(one.value) for one in ids if isinstance(one, ast.Constant)}
    return frozenset(found)


def _is_child(one: ast.keyword) -> bool:
    return one.arg is None and isinstance(one.value, ast.Name) and one.value.id == "CHILD"
