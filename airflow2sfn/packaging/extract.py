"""A callable with exactly what it uses: the parts of its module, of the functions around it, and of project modules."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import libcst as cst

from airflow2sfn.packaging.defaults import with_loop_values
from airflow2sfn.packaging.literals import Unwritable, literal
from airflow2sfn.packaging.parts import Import, ModuleParts, Part, Parts, Path, take_apart, uses
from airflow2sfn.packaging.stand_ins import stand_in
from airflow2sfn.packaging.text import as_function, without_decorators
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Known, PythonCallable, Symbolic, Value

_STDLIB = sys.stdlib_module_names
CURRENT = "get_current_context"


@dataclass(slots=True)
class File:
    """What is taken of one module: its imports, and its parts in their order."""

    module: ModuleParts
    path: PurePosixPath
    imports: set[Import] = field(default_factory=set)
    parts: dict[tuple[int, int, str], Part] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)
    """Stand-ins by the name they are bound to."""

    def texts(self) -> list[Part]:
        """The parts in the order of the file, outer ones first."""
        return [part for _, part in sorted(self.parts.items()) if part.text]


@dataclass(slots=True)
class Extract:
    """A callable on its own: ``name`` is what the handler calls, ``files`` what it needs, its own first.

    ``problems`` say why it cannot run without Airflow. ``outside`` are modules that have to be installed.
    ``environment`` are variables with values that are only known when it is deployed, and their defaults.
    """

    name: str
    own: File
    text: str = ""
    modules: dict[str, File] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    environment: dict[str, str | None] = field(default_factory=dict)

    @property
    def files(self) -> tuple[File, ...]:
        """All files, the callable's own first."""
        return (self.own, *self.modules.values())

    def code(self) -> str:
        """All text that is taken."""
        return "\n".join([part.text for file in self.files for part in file.texts()] + [self.text])


def extract(function: PythonCallable, project: Project, name: str) -> Extract:
    """Takes a callable out of its module.

    Args:
        function: the callable.
        project: where imports are looked up.
        name: what a lambda is to be called.
    """
    own = function.module
    module = take_apart(own.text, own.name, own.path.endswith("__init__.py"))
    found = module.functions.get((function.span.line, function.span.column))
    made = Extract(function.name if function.name.isidentifier() else name, File(module, PurePosixPath("app.py")))
    if found is None:
        made.problems.append("its definition is not found in its file")
        return made
    collector = _Collector(made, project)
    layers = tuple(module.inside(outer) for outer in found.around)
    node, imports = with_loop_values(found, function, module)
    made.own.imports |= imports
    if isinstance(node, cst.Lambda):
        text = as_function(node, made.name)
        part = Part((made.name,), text, uses(text), defines=True)
    else:
        decorators = _kept_decorators(node, (*layers, module.parts), made)
        part = module.definition(without_decorators(node, decorators), function.span.line)
    made.text = part.text
    collector.main = part
    collector.follow(made.own, part, layers, dict(function.captured))
    return made


def _kept_decorators(node: cst.FunctionDef, layers: Iterable[Parts], made: Extract) -> list[cst.Decorator]:
    """The decorators of a callable that are not Airflow's."""
    kept: list[cst.Decorator] = []
    for decorator in node.decorators:
        text = cst.Module([]).code_for_node(decorator.decorator)
        root = text.partition("(")[0].partition(".")[0].strip()
        imported = [each for layer in layers for part in layer.by_name.get(root, ()) for each in part.imports]
        if any(each.module.partition(".")[0] == "airflow" for each in imported):
            if text.partition("(")[0].endswith((".run_if", ".skip_if")):
                made.problems.append(f"@{text.partition('(')[0]} decides whether it runs")
        else:
            kept.append(decorator)
    return kept


class _Collector:
    """Follows names until nothing new is needed."""

    def __init__(self, made: Extract, project: Project):
        self.made, self.project = made, project
        self.seen: set[tuple[str, int, Path]] = set()
        self.main: Part | None = None

    def follow(self, file: File, part: Part, layers: tuple[Parts, ...], captured: dict[str, Value]) -> None:
        """Everything that a part of a file uses."""
        asking = {CURRENT} & ({each.name for each in part.inner} | {used[0] for used in part.uses})
        if asking and part is not self.main:
            self._problem(f"{part.names[0]}, which it uses, asks for the context")
        for each in part.inner:
            self._inner(file, each)
        inside = {each.binding for each in part.imports} | (set(part.names) if part.defines else set())
        for used in sorted(part.uses):
            if used[0] not in inside:
                self.need(file, used, layers, captured)

    def _inner(self, file: File, each: Import) -> None:
        """An import in the body of a function; it stays where it is, unless it is Airflow's."""
        if self._of_airflow(each):
            self._import(file, (each.binding,), each)
        elif self._is_project(each):
            self._project((each.binding,), each)
        else:
            self._outside(each)

    def need(self, file: File, path: Path, layers: tuple[Parts, ...], captured: dict[str, Value]) -> None:
        """One name, as a file uses it."""
        key = (file.module.name, len(layers), path)
        if key in self.seen:
            return
        self.seen.add(key)
        name = path[0]
        if name == CURRENT:
            return
        if name in file.stand_ins:
            self._standing_in(file.stand_ins[name], path)
            return
        for depth, layer in enumerate(layers):
            if name in layer.by_name or (name in captured and depth == len(layers) - 1):
                self._enclosed(file, path, layer, layers, captured, len(layers) - depth)
                return
        found = file.module.parts.by_name.get(name, ())
        if not found:
            self._star(file, path)
        for part in found:
            self._take(file, path, part, (), {}, 0)

    def _enclosed(
        self, file: File, path: Path, layer: Parts, layers: tuple[Parts, ...], captured: dict[str, Value], level: int
    ) -> None:
        """A name of a function around the callable: a definition, or the value that it had."""
        name = path[0]
        found = layer.by_name.get(name, ())
        if name in captured and not any(part.imports or part.defines for part in found):
            self._captured(file, name, captured[name], level, found[0].line if found else 0)
            return
        if len(found) != 1:
            self._problem(f"it uses {name} of the function around it")
            return
        self._take(file, path, found[0], layers, captured, level)

    def _captured(self, file: File, name: str, value: Value, level: int, line: int) -> None:
        match value:
            case Known(known):
                try:
                    text, imports = literal(known)
                except Unwritable as reason:
                    self._problem(f"{name}, which it uses, is {reason}")
                    return
                file.imports |= imports
                file.parts[level, line, name] = Part((name,), f"{name} = {text}\n", line=line)
            case Symbolic():
                file.imports.add(Import("os", "os"))
                variable = name.upper()
                default = value.default.value if isinstance(value.default, Known) else None
                self.made.environment[variable] = default if isinstance(default, str) else None
                file.parts[level, line, name] = Part((name,), f'{name} = os.environ["{variable}"]\n', line=line)
            case _:
                self._problem(f"it uses {name} of the function around it")

    def _take(
        self, file: File, path: Path, part: Part, layers: tuple[Parts, ...], captured: dict[str, Value], level: int
    ) -> None:
        if part.closed:
            self._problem(f"it uses {path[0]}, which {part.closed}")
            return
        bound = [each for each in part.imports if each.binding == path[0]]
        if bound and (not part.text or all(self._of_airflow(each) for each in bound)):
            self._import(file, path, bound[-1])
            return
        key = (level, part.line, "")
        if not part.text or key in file.parts:
            return
        file.parts[key] = part
        for each in part.imports:
            self._outside(each)
        self.follow(file, part, layers, captured)

    @staticmethod
    def _of_airflow(each: Import) -> bool:
        return each.module.partition(".")[0] == "airflow"

    def _import(self, file: File, path: Path, each: Import) -> None:
        if self._of_airflow(each):
            name = stand_in(each.qualified())
            if each.name == CURRENT:
                return
            if name:
                file.stand_ins[each.binding] = name
                self._standing_in(name, path)
            else:
                self._problem(f"it uses {each.qualified()}")
            return
        file.imports.add(each)
        if self._is_project(each):
            self._project(path, each)
        else:
            self._outside(each)

    def _is_project(self, each: Import) -> bool:
        return self._inside(each.module) or bool(each.name and self._inside(f"{each.module}.{each.name}"))

    def _standing_in(self, name: str, path: Path) -> None:
        if name == "Variable" and path[1:] not in ((), ("get",)):
            self._problem(f"it uses {'.'.join((name, *path[1:]))}")

    def _outside(self, each: Import) -> None:
        if each.module.partition(".")[0] not in (*_STDLIB, "__future__", "airflow"):
            self.made.outside.add(f"{each.module}.{each.name}" if each.name else each.module)

    def _inside(self, module: str) -> bool:
        return self.project.find(module) is not None or self.project.is_package(module)

    def _project(self, path: Path, each: Import) -> None:
        """What is used of a module of the project: names of it, or the whole of it."""
        base = each.module
        rest = path[1:]
        if each.name:
            if self._inside(f"{base}.{each.name}") and not self._defines(base, each.name):
                base = f"{base}.{each.name}"
            else:
                rest = (each.name, *rest)
        elif each.binding == base.partition(".")[0]:  # import a.b binds a
            rest, base = path[1:], each.binding
            self._packages(each.module)
        while rest and self._inside(f"{base}.{rest[0]}") and not self._defines(base, rest[0]):
            base, rest = f"{base}.{rest[0]}", rest[1:]
        file = self._file(base)
        if file is None:
            return
        if rest:
            self.need(file, rest, (), {})
        else:
            for part in file.module.parts.all:
                for name in part.names:
                    self.need(file, (name,), (), {})

    def _defines(self, module: str, name: str) -> bool:
        found = self.project.find(module)
        return found is not None and name in take_apart(found.module.text, module, found.is_package).parts.by_name

    def _packages(self, module: str) -> None:
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            self._file(".".join(parts[:end]))

    def _file(self, name: str) -> File | None:
        """The copy of a module of the project; empty packages need no file."""
        if name in self.made.modules:
            return self.made.modules[name]
        found = self.project.find(name)
        if found is None:
            return None
        for package in _above(name):
            self._file(package)
        relative = PurePosixPath(*name.split("."))
        path = relative / "__init__.py" if found.is_package else relative.with_suffix(".py")
        file = File(take_apart(found.module.text, name, found.is_package), path)
        self.made.modules[name] = file
        return file

    def _star(self, file: File, path: Path) -> None:
        for module in file.module.parts.stars:
            if self._inside(module):
                if self._defines(module, path[0]):
                    self._import(file, path, Import(path[0], module, path[0]))
                    return
            elif module.partition(".")[0] == "airflow" and stand_in(f"{module}.{path[0]}"):
                file.stand_ins[path[0]] = path[0]
                return
        outside = [module for module in file.module.parts.stars if not self._inside(module)]
        if outside:
            self._problem(f"{path[0]}, which it uses, may come from {outside[0]} by *")
        else:
            self._problem(f"{path[0]}, which it uses, is not defined in its file")

    def _problem(self, text: str) -> None:
        if text not in self.made.problems:
            self.made.problems.append(text)


def _above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]
