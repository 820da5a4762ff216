"""The partial evaluator's frame: values, scopes, one run, and the tables that say how each kind of node is done.

It goes through a DAG file as Python would and computes what can be computed from the file and the project alone. It
never runs, imports or compiles anything of it: every construct is interpreted here, and everything else is unknown.
Work, recursion and the size of values are bounded, so that any input ends soon.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias, TypeVar

from airflow2sfn.reading.graph import DagMade, GroupMade
from airflow2sfn.reading.project import Project, SourceFile
from airflow2sfn.source import Reason, Symbolic, Value
from sfn_airflow_core.findings import Finding, Located
from sfn_airflow_core.text import Span

MOST_STEPS = 400_000
MOST_CALLS = 40
MOST_ITEMS = 100_000
MOST_TEXT = 1_000_000
MOST_TASKS = 5_000


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class TooMuch(Exception):
    """The file asks for more work or larger values than a DAG needs; the reading of it ends."""


@dataclass(slots=True, eq=False)
class Raised(Exception):
    """The file raises an exception: ``name`` is its class, ``span`` where."""

    name: str
    text: str = ""
    span: Span | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.text}" if self.text else self.name


@dataclass(slots=True, eq=False)
class Unknown:
    """A value that is not known; ``assumed`` is what it is in a plain environment, where that can be told."""

    value: Value
    assumed: Any = MISSING


@dataclass(frozen=True, slots=True)
class External:
    """Something imported from outside of the project, by its canonical name; ``written`` is the one in the file."""

    name: str
    written: str = field(default="", compare=False)

    def below(self, name: str) -> str:
        """What the file calls a member."""
        return f"{self.written or self.name}.{name}"


@dataclass(slots=True, eq=False)
class Instance:
    """What calling an external class gives."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    span: Span | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """Names and what they stand for; ``parent`` is where Python looks next (builtins aside)."""

    names: dict[str, Any]
    file: SourceFile
    parent: Scope | None = None
    is_class: bool = False
    elsewhere: dict[str, Scope] = field(default_factory=dict)

    def module(self) -> Scope:
        """The scope of the module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def look_up(self, name: str) -> Any:
        """The value of a name, or MISSING."""
        if name in self.elsewhere:
            return self.elsewhere[name].names.get(name, MISSING)
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (scope is self or not scope.is_class):
                return scope.names[name]
            scope = scope.parent
        return MISSING

    def bind(self, name: str, value: Any) -> None:
        """Gives a name a value."""
        self.elsewhere.get(name, self).names[name] = value


@dataclass(slots=True, eq=False)
class Function:
    """A function or lambda of the project. An ``opaque`` one has a decorator that nobody can look into.

    ``wraps`` is the function that ``functools.wraps`` makes it look like.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    name: str
    defaults: dict[str, Any]
    opaque: bool = False
    owner: Class | None = None
    kind: str = ""
    wraps: Function | None = None

    def seen(self) -> Function:
        """The function that it looks like, which has its name and its parameters."""
        return self if self.wraps is None else self.wraps.seen()


@dataclass(slots=True, eq=False)
class Bound:
    """A function with arguments that come first: a method, or ``functools.partial``."""

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Class:
    """A class of the project; ``form`` is ``dataclass``, ``enum``, ``namedtuple`` or empty."""

    name: str
    bases: tuple[Any, ...]
    names: dict[str, Any]
    file: SourceFile
    form: str = ""
    fields: tuple[str, ...] = ()

    def line(self) -> Iterator[Any]:
        """This class and those it is made of, nearest first."""
        yield self
        for base in self.bases:
            if isinstance(base, Class):
                yield from base.line()
            else:
                yield base

    def find(self, name: str) -> Any:
        """A class attribute, or MISSING."""
        for base in self.line():
            if isinstance(base, Class) and name in base.names:
                return base.names[name]
        return MISSING


@dataclass(slots=True, eq=False)
class Object:
    """An instance of a class of the project."""

    cls: Class
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Super:
    """``super()`` inside a method of ``owner``."""

    owner: Class
    object: Any


@dataclass(slots=True)
class Frame:
    """Where the evaluator is."""

    file: SourceFile
    node: ast.AST


@dataclass(slots=True)
class Run:
    """The reading of one file."""

    project: Project
    file: SourceFile
    environment: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    findings: list[Located] = field(default_factory=list)
    dags: list[DagMade] = field(default_factory=list)
    open_dags: list[DagMade] = field(default_factory=list)
    open_groups: list[GroupMade] = field(default_factory=list)
    teardown: Any = None
    imports: list[tuple[str, Span]] = field(default_factory=list)
    loading: dict[str, Scope] = field(default_factory=dict)
    calls: list[Frame] = field(default_factory=list)
    steps: int = 0
    tasks: int = 0
    doubt: int = 0

    def span(self, node: Any, scope: Scope) -> Span:
        """The place to show for a node: in the DAG file itself, where something else is evaluated for it."""
        return self.file.span(node) if scope.file is self.file or not self.calls else self.caller()

    def caller(self) -> Span:
        """The innermost place in the DAG file that led here."""
        for frame in reversed(self.calls):
            if frame.file is self.file:
                return self.file.span(frame.node)
        return Span(1, 1, 1, 1)

    def report(self, finding: Finding, span: Span) -> None:
        """Keeps a finding; the same one at the same place only once."""
        located = Located(finding, span)
        if located not in self.findings:
            self.findings.append(located)

    def step(self, number: int = 1) -> None:
        """Counts work. Raises TooMuch."""
        self.steps += number
        if self.steps > MOST_STEPS:
            raise TooMuch(f"more than {MOST_STEPS} steps of evaluation")


Args: TypeAlias = tuple[Any, ...]
"""Positional arguments of a call."""

Kwargs: TypeAlias = dict[str, Any]
"""Keyword arguments of a call; ``**`` stands for those that are not known."""

Expression = Callable[[Run, Any, Scope], Any]
Call = Callable[[Run, Any, Args, Kwargs, Any, Scope], Any]
Attribute = Callable[[Run, Any, str, Any, Scope], Any]

EXPRESSIONS: dict[type[ast.AST], Expression] = {}
"""How an expression is evaluated, by the type of its node."""

STATEMENTS: dict[type[ast.AST], Callable[[Run, Any, Scope], None]] = {}
"""How a statement is executed, by the type of its node."""

CALLS: dict[type, Call] = {}
"""How a value is called (run, callee, args, kwargs, node, scope), by the type of the value."""

ATTRIBUTES: dict[type, Attribute] = {}
"""How an attribute of a value is read, by the type of the value."""

SETTERS: dict[type, Callable[[Any, str, Any, Run], None]] = {}
"""How an attribute of a value is set (value, name, new, run), by the type of the value."""

CONTEXTS: dict[type, tuple[Callable[[Run, Any], Any], Callable[[Run, Any], None]]] = {}
"""What entering and leaving ``with value`` does, by the type of the value."""

SUBSCRIPTS: dict[type, Callable[[Any, Any], Any]] = {}
"""How an item of a value is looked up (value, key), by the type of the value; MISSING where that is not known."""

EXTERNALS: dict[str, Call] = {}
"""What calling something external does, by its canonical name."""

CONSTANTS: dict[str, Any] = {}
"""Values of external names."""

_Entry = TypeVar("_Entry", bound=Callable[..., Any])


def evaluates(*types: type[ast.AST]) -> Callable[[_Entry], _Entry]:
    """Enters a function in EXPRESSIONS."""
    return _entering(EXPRESSIONS, types)


def executes(*types: type[ast.AST]) -> Callable[[_Entry], _Entry]:
    """Enters a function in STATEMENTS."""
    return _entering(STATEMENTS, types)


def calls(*types: type) -> Callable[[_Entry], _Entry]:
    """Enters a function in CALLS."""
    return _entering(CALLS, types)


def external(*names: str) -> Callable[[_Entry], _Entry]:
    """Enters a function in EXTERNALS."""
    return _entering(EXTERNALS, names)


def attributes(*types: type) -> Callable[[_Entry], _Entry]:
    """Enters a function in ATTRIBUTES."""
    return _entering(ATTRIBUTES, types)


def _entering(table: dict[Any, Any], keys: tuple[Any, ...]) -> Callable[[_Entry], _Entry]:
    def enter(function: _Entry) -> _Entry:
        table.update(dict.fromkeys(keys, function))
        return function

    return enter


def evaluate(run: Run, node: ast.expr, scope: Scope) -> Any:
    """The value of an expression. Raises Raised where the file would, TooMuch where it is too much."""
    run.step()
    found = EXPRESSIONS.get(type(node))  # a newer Python may have more kinds
    return found(run, node, scope) if found else unknown(run, node, scope)


def execute(run: Run, body: list[ast.stmt], scope: Scope) -> None:
    """Executes statements one after the other."""
    for statement in body:
        run.step()
        if (found := STATEMENTS.get(type(statement))) is not None:
            found(run, statement, scope)


def unknown(
    run: Run, node: Any, scope: Scope, reason: Reason = "unknown", key: str = "", assumed: Any = MISSING
) -> Unknown:
    """An unknown value that is described by the text of a node."""
    return Unknown(Symbolic(scope.file.segment(node), reason, run.span(node, scope), key), assumed)


def derive(run: Run, node: Any, scope: Scope, work: Callable[..., Any], *operands: Any) -> Any:
    """Applies a function to values; what is computed from an unknown one is unknown for the same reason.

    Where all that is unknown has an assumed value, the result has one as well.
    """
    found = [operand for operand in operands if isinstance(operand, Unknown)]
    if not found:
        return work(*operands)
    assumed: Any = MISSING
    if all(operand.assumed is not MISSING for operand in found):
        try:
            assumed = work(*(o.assumed if isinstance(o, Unknown) else o for o in operands))
        except Raised:
            assumed = MISSING
        if isinstance(assumed, Unknown):
            return assumed
    return alike(run, node, scope, found[0], assumed)


def alike(run: Run, node: Any, scope: Scope, source: Unknown, assumed: Any = MISSING) -> Unknown:
    """An unknown value computed from another."""
    reason: Reason = source.value.reason if isinstance(source.value, Symbolic) else "unknown"
    key = source.value.key if isinstance(source.value, Symbolic) else ""
    return unknown(run, node, scope, reason, key, assumed)


def file_name(value: Any) -> PurePosixPath | None:
    """The last part of a path below the folders of the project, which is known wherever those are; else ``None``."""
    if not isinstance(value, Unknown) or not isinstance(value.value, Symbolic) or value.value.reason != "file":
        return None
    path = PurePosixPath(value.assumed) if isinstance(value.assumed, (str, PurePosixPath)) else PurePosixPath()
    return PurePosixPath(path.name) if path.suffix == ".py" else None


def plain(value: Any) -> Any:
    """A value as it is in a plain environment; unknown values without an assumption stay as they are."""
    return value.assumed if isinstance(value, Unknown) and value.assumed is not MISSING else value
