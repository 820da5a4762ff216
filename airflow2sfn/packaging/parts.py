"""A module of the project in parts that can be taken one by one: imports, constants, functions, classes.

libcst takes it apart, so that what is taken keeps its text and comments; the compiler's own symbol table says which
names a part uses from outside of it.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from airflow2sfn.packaging.text import code, dedented, names_any, without_airflow, without_annotations
from airflow2sfn.reading.names import canonical

Path = tuple[str, ...]
_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
_COMPOUND = (cst.If, cst.Try, cst.For, cst.While, cst.With)


@dataclass(frozen=True, slots=True)
class Import:
    """One name that an import binds: ``module`` itself where ``name`` is empty."""

    binding: str
    module: str
    name: str = ""

    def qualified(self) -> str:
        """What is bound, with Airflow's names as Airflow 3 has them."""
        return canonical(f"{self.module}.{self.name}" if self.name else self.module)

    def statement(self) -> str:
        """The import that binds this name only."""
        if self.name:
            renamed = "" if self.binding == self.name else f" as {self.binding}"
            return f"from {self.module} import {self.name}{renamed}"
        renamed = "" if self.binding == self.module.partition(".")[0] else f" as {self.binding}"
        return f"import {self.module}{renamed}"


@dataclass(frozen=True, slots=True)
class Part:
    """A statement of a module: what it binds or changes, its text at the left margin, and what it uses.

    ``uses`` are dotted paths: ``("helpers", "s3", "read")`` for ``helpers.s3.read(…)``. ``closed`` says why it cannot
    be taken. ``imports`` are bound by it; one that consists of nothing else has no ``text``. ``inner`` are imports in
    the bodies of functions.
    """

    names: tuple[str, ...]
    text: str = ""
    uses: frozenset[Path] = frozenset()
    imports: tuple[Import, ...] = ()
    line: int = 0
    defines: bool = False
    closed: str = ""
    inner: tuple[Import, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a module, or of the body of a function."""

    all: tuple[Part, ...]
    by_name: dict[str, tuple[Part, ...]] = field(compare=False)
    stars: tuple[str, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Part], stars: Iterable[str] = ()) -> Parts:
        """The index of some parts."""
        every = tuple(parts)
        table: dict[str, list[Part]] = {}
        for part in every:
            for name in part.names:
                table.setdefault(name, []).append(part)
        return cls(every, {name: tuple(found) for name, found in table.items()}, tuple(stars))


@dataclass(frozen=True, slots=True)
class Function:
    """A function in its module: the node, and the bodies of the functions around it, innermost first."""

    node: cst.FunctionDef | cst.Lambda
    around: tuple[cst.FunctionDef, ...]


@dataclass(frozen=True, slots=True)
class ModuleParts:
    """A module taken apart; ``functions`` by the place where their definition starts."""

    name: str
    parts: Parts
    functions: dict[tuple[int, int], Function] = field(compare=False)
    lazy_annotations: bool = False
    _around: dict[int, Parts] = field(default_factory=dict, compare=False)
    is_package: bool = False
    lines: dict[cst.CSTNode, int] = field(default_factory=dict, compare=False, repr=False)

    def inside(self, function: cst.FunctionDef) -> Parts:
        """What the body of a function binds."""
        key = id(function)
        if key not in self._around:
            taker = self._taker()
            body = function.body.body if isinstance(function.body, cst.IndentedBlock) else ()
            self._around[key] = Parts.of(taker.statements(body), taker.stars)
        return self._around[key]

    def definition(self, node: cst.FunctionDef, line: int) -> Part:
        """A function as it can be taken."""
        return self._taker().definition(node, line)

    def _taker(self) -> _Taker:
        return _Taker(self.name, self.is_package, self.lines, _hidden(self.parts.all))


def _hidden(parts: Iterable[Part]) -> frozenset[str]:
    """Names that annotations cannot keep: Airflow's, and those that only type checkers import."""
    return frozenset(
        each.binding for part in parts for each in part.imports if part.closed or each.module.split(".")[0] == "airflow"
    )


@lru_cache(maxsize=128)
def take_apart(text: str, name: str, is_package: bool = False) -> ModuleParts:
    """The parts of a module. Raises libcst.ParserSyntaxError.

    Args:
        text: of the file.
        name: dotted name, for relative imports.
        is_package: whether it is an ``__init__.py``.
    """
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    places = wrapper.resolve(PositionProvider)
    lines = {node: place.start.line for node, place in places.items()}
    finder = _Finder({node: (place.start.line, place.start.column + 1) for node, place in places.items()})
    wrapper.module.visit(finder)
    imports = _Taker(name, is_package, lines, frozenset()).bindings(wrapper.module.body)
    taker = _Taker(name, is_package, lines, _hidden(imports))
    parts = Parts.of(taker.statements(wrapper.module.body), taker.stars)
    lazy = any(
        each.module == "__future__" and each.name == "annotations" for part in parts.all for each in part.imports
    )
    return ModuleParts(name, parts, finder.found, lazy, is_package=is_package, lines=lines)


class _Finder(cst.CSTVisitor):
    """Finds every function, with the functions around it."""

    def __init__(self, places: dict[cst.CSTNode, tuple[int, int]]):
        super().__init__()
        self.places = places
        self.around: list[cst.FunctionDef] = []
        self.found: dict[tuple[int, int], Function] = {}

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        first = node.decorators[0] if node.decorators else node
        self.found.setdefault(self.places[first], Function(node, tuple(reversed(self.around))))
        self.around.append(node)

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.around.pop()

    def visit_Lambda(self, node: cst.Lambda) -> None:
        self.found.setdefault(self.places[node], Function(node, tuple(reversed(self.around))))


class _Taker:
    """Takes statements apart; ``stars`` are the modules of ``from … import *``."""

    def __init__(self, module: str, is_package: bool, lines: dict[cst.CSTNode, int], hidden: frozenset[str]):
        self.module, self.is_package, self.lines, self.hidden = module, is_package, lines, hidden
        self.stars: list[str] = []

    def statements(self, body: Sequence[cst.CSTNode]) -> list[Part]:
        return [part for statement in body for part in self._statement(statement)]

    def bindings(self, body: Sequence[cst.CSTNode]) -> Iterator[Part]:
        """The imports among statements, without taking anything else apart."""
        for node in body:
            match node:
                case cst.With() if _opens_dag(node):
                    yield from self.bindings(node.body.body)
                case cst.SimpleStatementLine():
                    for small in node.body:
                        if isinstance(small, cst.Import | cst.ImportFrom):
                            yield Part((), imports=tuple(self._imports(small)))
                case cst.If() if _for_type_checkers(node):
                    for part in self.bindings(node.body.body):
                        yield Part((), imports=part.imports, closed="only type checkers see it")
                case _ if isinstance(node, _COMPOUND):
                    yield Part((), imports=self._inside(node))

    def _inside(self, node: cst.CSTNode, deep: bool = False) -> tuple[Import, ...]:
        finder = _Imports(deep)
        node.visit(finder)
        return tuple(each for found in finder.found for each in self._imports(found))

    def _statement(self, node: cst.CSTNode) -> Iterator[Part]:
        match node:
            case cst.SimpleStatementLine():
                for small in node.body:
                    yield from self._small(small, node)
            case cst.FunctionDef() | cst.ClassDef():
                yield self.definition(node, self.lines[node])
            case cst.With() if _opens_dag(node):
                targets = [item.asname.name for item in node.items if item.asname]
                for target in targets:
                    if isinstance(target, cst.Name):
                        yield Part((target.value,), line=self.lines[node], closed="stands for the DAG or a task group")
                yield from self.statements(node.body.body)
            case cst.If() if _for_type_checkers(node):
                for part in self.statements(node.body.body):
                    yield Part(part.names, imports=part.imports, line=part.line, closed="only type checkers see it")
            case _ if isinstance(node, _COMPOUND):
                yield from self._compound(node)

    def definition(self, node: cst.FunctionDef | cst.ClassDef, line: int) -> Part:
        """A function or class."""
        whole = code(node)
        inner = self._inside(node, deep=True) if "import" in whole else ()  # visiting takes long
        kept = without_airflow(node) if inner else node
        text = dedented(without_annotations(kept, self.hidden) if names_any(whole, self.hidden) else kept)
        return Part((node.name.value,), text, uses(text), line=line, defines=True, inner=inner)

    def _compound(self, node: cst.BaseStatement) -> Iterator[Part]:
        """A loop or condition is taken as a whole, or not at all."""
        text = dedented(node)
        yield Part(_bound(text), text, uses(text), self._inside(node), self.lines[node])

    def _small(self, small: cst.BaseSmallStatement, line: cst.SimpleStatementLine) -> Iterator[Part]:
        if isinstance(small, cst.Import | cst.ImportFrom):
            for each in self._imports(small):
                yield Part((each.binding,), imports=(each,), line=self.lines[line])
            return
        changed = tuple(_changed(small))
        if changed:
            text = dedented(line.with_changes(body=[small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]))
            yield Part(changed, text, uses(text), line=self.lines[line])

    def _imports(self, node: cst.Import | cst.ImportFrom) -> Iterator[Import]:
        if isinstance(node, cst.Import):
            for alias in node.names:
                dotted = _dotted(alias.name)
                renamed = alias.evaluated_alias
                yield Import(renamed or dotted.partition(".")[0], dotted)
            return
        module = self._absolute(node)
        if isinstance(node.names, cst.ImportStar):
            self.stars.append(module)
            return
        for alias in node.names:
            yield Import(alias.evaluated_alias or alias.evaluated_name, module, alias.evaluated_name)

    def _absolute(self, node: cst.ImportFrom) -> str:
        own = _dotted(node.module) if node.module else ""
        if not node.relative:
            return own
        parts = self.module.split(".")
        base = parts[: len(parts) - len(node.relative) + (1 if self.is_package else 0)]
        return ".".join([*base, *([own] if own else [])])


class _Imports(cst.CSTVisitor):
    """The imports in a statement; ``deep`` looks into functions as well."""

    def __init__(self, deep: bool = False) -> None:
        super().__init__()
        self.deep = deep
        self.found: list[cst.Import | cst.ImportFrom] = []

    def visit_Import(self, node: cst.Import) -> None:
        self.found.append(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self.found.append(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return self.deep


def _dotted(node: cst.BaseExpression) -> str:
    return code(node).replace(" ", "")


def _for_type_checkers(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.If) and "TYPE_CHECKING" in code(node.test)


def _opens_dag(node: cst.With) -> bool:
    callees = [item.item.func for item in node.items if isinstance(item.item, cst.Call)]
    return any(_dotted(callee).rpartition(".")[2] in ("DAG", "TaskGroup") for callee in callees)


def _changed(small: cst.BaseSmallStatement) -> Iterator[str]:
    """The names that a simple statement binds, or whose object it changes."""
    match small:
        case cst.Assign():
            for target in small.targets:
                yield from _targets(target.target)
        case cst.AnnAssign(target=target, value=value) if value is not None:
            yield from _targets(target)
        case cst.AugAssign(target=target):
            yield from _targets(target)
        case cst.Expr(value=cst.Call(func=cst.Attribute() as callee)):
            yield from _targets(callee)


def _targets(target: cst.BaseExpression) -> Iterator[str]:
    match target:
        case cst.Name(value=name):
            yield name
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            for element in elements:
                yield from _targets(element.value)
        case cst.Subscript(value=value) | cst.Attribute(value=value):
            yield from _targets(value)


def _bound(text: str) -> tuple[str, ...]:
    """The names that a piece of module text binds."""
    try:
        table = symtable.symtable(text, "<part>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported())


def uses(text: str) -> frozenset[Path]:
    """The names that a piece of module text uses from outside of it, with the attributes that follow."""
    try:
        table, tree = symtable.symtable(text, "<part>", "exec"), ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    own = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    outer = {s.get_name() for s in table.get_symbols() if s.is_referenced()} | set(_globals(table))
    compound = not isinstance(tree.body[0] if tree.body else None, ast.FunctionDef | ast.ClassDef)
    wanted = {name for name in outer if name not in own or compound} - _BUILTINS
    found: set[Path] = set()
    _paths(tree, wanted, found)
    return frozenset(found)


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    for child in table.get_children():
        yield from (s.get_name() for s in child.get_symbols() if s.is_global())
        yield from _globals(child)


def _paths(node: ast.AST, wanted: set[str], found: set[Path]) -> None:
    path: list[str] = []
    inner: ast.AST = node
    while isinstance(inner, ast.Attribute):
        path.append(inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name):
        if inner.id in wanted and isinstance(inner.ctx, ast.Load):
            found.add((inner.id, *reversed(path)))
        return
    if isinstance(inner, ast.Global):
        found.update((name,) for name in inner.names if name in wanted)
    for child in ast.iter_child_nodes(inner):
        _paths(child, wanted, found)
