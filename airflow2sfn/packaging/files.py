"""The files of a function as text: imports in groups, stand-ins, what is taken, the callable and its handler."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable
from pathlib import PurePosixPath

from airflow2sfn.packaging.extract import Extract, File
from airflow2sfn.packaging.handler import Handler
from airflow2sfn.packaging.parts import Import
from airflow2sfn.packaging.stand_ins import written

STAND_INS = "airflow_stand_ins"
"""The module of stand-ins where several files need them."""


def files(
    title: str, dag_id: str, made: Extract, wrapper: Handler, where: str = "as an AWS Lambda function"
) -> dict[PurePosixPath, str]:
    """The files of a function below its folder.

    Args:
        title: what it does.
        dag_id: the DAG.
        made: the callable with what it uses.
        wrapper: its handler.
        where: it runs.
    """
    shared = any(file.stand_ins for file in made.modules.values())
    doc = _plain(f"{title} of the Airflow DAG {dag_id}, {where}.")
    local = frozenset({STAND_INS, *(name.partition(".")[0] for name in made.modules)})
    found = {made.own.path: _text(made.own, doc, shared, local, wrapper, made.text)}
    for file in made.modules.values():
        found[file.path] = _text(file, "", shared, local)
    if shared:
        names = {name for file in made.files for name in file.stand_ins.values()}
        texts, imports = written(names)
        lines = [f"import {module}" for module in imports]
        found[PurePosixPath(f"{STAND_INS}.py")] = _assembled(
            "What stands in for names of Airflow.", _imports((), lines), texts
        )
    return found


def _plain(text: str) -> str:
    """A text that can stand in a docstring."""
    return "".join(letter if letter.isprintable() and letter not in '"\\' else "_" for letter in text)


def _text(
    file: File, doc: str, shared: bool, local: frozenset[str], wrapper: Handler | None = None, callable_: str = ""
) -> str:
    """One file: imports, stand-ins, parts, then the callable and its handler."""
    lines: list[str] = list(wrapper.imports) if wrapper else []
    blocks: list[str] = []
    if file.stand_ins and not shared:
        texts, modules = written(file.stand_ins.values())
        lines += [f"import {module}" for module in modules]
        blocks += texts
        blocks += [f"{bound} = {name}\n" for bound, name in sorted(file.stand_ins.items()) if bound != name]
    imports = set(file.imports)
    if file.stand_ins and shared:
        imports |= {Import(bound, STAND_INS, name) for bound, name in file.stand_ins.items()}
    blocks += wrapper.definitions if wrapper else ()
    blocks += [part.text for part in file.texts()]
    if wrapper:
        blocks += [callable_, wrapper.text]
    if file.module.lazy_annotations and _named_annotation(blocks):
        imports.add(Import("annotations", "__future__", "annotations"))
    return _assembled(doc, _imports(imports, lines, local), blocks)


def _named_annotation(blocks: Iterable[str]) -> bool:
    """Whether an annotation names anything but builtin types, so that it may have to stay unevaluated."""
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
            if isinstance(annotation, ast.expr) and any(
                isinstance(name, ast.Name) and not hasattr(builtins, name.id) for name in ast.walk(annotation)
            ):
                return True
    return False


def _imports(imports: Iterable[Import], lines: Iterable[str], local: frozenset[str] = frozenset()) -> str:
    """Imports in groups: __future__, the standard library, packages, the project."""
    groups: dict[int, set[str]] = {}
    joined: dict[tuple[int, str], set[str]] = {}
    for each in imports:
        number = _group(each.module, local)
        if each.name:
            renamed = "" if each.binding == each.name else f" as {each.binding}"
            joined.setdefault((number, each.module), set()).add(f"{each.name}{renamed}")
        else:
            groups.setdefault(number, set()).add(each.statement())
    for line in lines:
        groups.setdefault(_group(line.split()[1], local), set()).add(line)
    for (number, module), names in joined.items():
        groups.setdefault(number, set()).add(f"from {module} import {', '.join(sorted(names, key=_by_case))}")
    shown = [
        sorted(groups[number], key=lambda line: (line.startswith("from"), line.lower())) for number in sorted(groups)
    ]
    return "\n".join("".join(f"{line}\n" for line in group) for group in shown)


def _by_case(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name.lower())


def _group(module: str, local: frozenset[str]) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    return 1 if top in sys.stdlib_module_names else 3 if top in local else 2


def _assembled(doc: str, imports: str, blocks: Iterable[str]) -> str:
    """A file: two blank lines around definitions, none between constants."""
    text = f'"""{doc}"""\n' if doc else ""
    if imports:
        text += ("\n" if text else "") + imports
    before = ""
    for block in blocks:
        definition = block.lstrip().startswith(("def ", "class ", "@", "async ")) or _comment_before(block)
        gap = "\n\n" if definition or before == "definition" else "" if before == "line" else "\n"
        text += (gap if text else "") + block
        before = "definition" if definition else "line"
    return text


def _comment_before(block: str) -> bool:
    lines = [line for line in block.splitlines() if not line.startswith("#")]
    return bool(lines) and lines[0].startswith(("def ", "class ", "@", "async "))
