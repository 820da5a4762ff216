"""The functions of JSONPath states: ResultSelector, ResultPath, OutputPath and Assign, around what a state does."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from airflow2sfn.generated.language import Body, Text
from airflow2sfn.generated.paths.scope import CONTEXT, Scope, key, scope_of
from airflow2sfn.generated.paths.trees import tree
from airflow2sfn.generated.paths.values import amount, assigned, parameters, role, text, whole_path
from airflow2sfn.generated.requests import asks, requested
from airflow2sfn.generated.values import Unreadable
from airflow2sfn.generated.world import Function, World
from sfn_airflow_core.asl.model import Amount, Given, Json, PathFlow
from sfn_airflow_core.expr.model import Array, Call, Expr, Literal, Object, Path, Root
from sfn_airflow_core.expr.write_jsonpath import path_text, template

_VALUE = "value"
"""The member in which a value travels that is no object, from a template to OutputPath."""


@dataclass(slots=True)
class Flowing:
    """Reads a function from the document to what it hands on.

    ``result`` is the variable with the result of the state's work, once there is one; ``source`` the one with the
    effective input. ``made`` is what a Pass makes, ``combined`` what OutputPath is applied to, ``dropped`` what is
    evaluated and not used.
    """

    scope: Scope
    source: str = "data"
    result: str = ""
    flow: PathFlow = field(default_factory=PathFlow)
    resource: str | None = None
    fixed: Given | None = None
    timeout: Amount | None = None
    role: Json = None
    failure: tuple[Text, Text] | None = None
    made: ast.expr | None = None
    combined: ast.expr | None = None
    dropped: list[ast.expr] = field(default_factory=list)
    ended: bool = False

    def body(self) -> Body:
        """What has been read."""
        return Body(self.flow, self.resource, self.fixed, self.timeout, self.role, self.failure)

    def read(self, statements: Sequence[ast.stmt]) -> None:
        """Read statements; raises Unreadable."""
        for statement in statements:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case ast.With(items=items, body=inner):
                for item in items:
                    self._managed(item.context_expr)
                self.read(inner)
            case ast.Assign(targets=[ast.Name(id=name)], value=made) if (call := asks(made)) is not None:
                self._ask(call)
                self.result, self.scope = name, self.scope.only(name)
            case ast.Expr(value=made) if (call := asks(made)) is not None:
                self._ask(call)
                self.result = "result"
            case ast.Return(value=ast.expr() as made) if (call := asks(made)) is not None:
                self._ask(call)
                self.ended = True
            case ast.Assign(targets=[ast.Name(id=name)], value=made):
                self._assign(name, made)
            case ast.Expr(value=made):
                if _is_placing(made) or not isinstance(tree(made, self.scope), Literal):  # which has no effect
                    self.dropped.append(made)
            case ast.Return(value=ast.expr() as made):
                self._hand_on(made)
                self.ended = True
            case ast.Raise(exc=ast.Call(func=ast.Name(id="StateError"), args=given)):
                error, cause = ([text(one, self.scope) for one in given] + [None, None])[:2]
                self.failure = error, cause
            case _:
                raise Unreadable(f"a statement ({type(statement).__name__})", statement)

    def _assign(self, name: str, made: ast.expr) -> None:
        match name, made:
            case _, ast.Call(func=ast.Name(id="context_object"), args=[]):
                self.scope = self.scope.within(**{name: CONTEXT})
            case "data" | "effective", _ if not self.result and self.made is None and self.flow.input_path == "$":
                self.flow = replace(self.flow, input_path=whole_path(made, self.scope))
                self.source, self.scope = name, self.scope.only(name)
            case "result", _ if not self.result and self.made is None:
                self.made = made
            case "output", _ if self.combined is None:
                self.combined = made
            case _:
                raise Unreadable(f"the variable {name}", made)

    def _managed(self, node: ast.expr) -> None:
        match node:
            case ast.Call(func=ast.Name(id="time_limit"), args=[only]):
                self.timeout = amount(only, self.scope)
            case ast.Call(func=ast.Name(id="assumed_role"), args=[only]):
                self.role = role(only, self.scope)
            case _:
                raise Unreadable("a context", node)

    def _ask(self, call: ast.Call) -> None:
        if self.resource is not None or self.result:
            raise Unreadable("a second call of a service", call)
        self._drop()
        self.resource, given = requested(call, self.scope.settings)
        if isinstance(given, ast.expr):
            self.flow = replace(self.flow, parameters=parameters(given, self.source, self.scope))
        else:
            entries = tuple((name, tree(value, self.scope)) for name, value in given.items())
            self.flow = replace(self.flow, parameters=Given(template(Object(entries))))

    def _drop(self) -> None:
        """What was evaluated before the state's work: InputPath, which has to find something."""
        for node in self.dropped:
            self._only_read(node)
        self.dropped.clear()

    def _only_read(self, node: ast.expr) -> None:
        if self.flow.input_path != "$":
            raise Unreadable("a value that is only read", node)
        self.flow = replace(self.flow, input_path=whole_path(node, self.scope))
        self.source, self.scope = "", self.scope.only("")  # nothing is made of the effective input

    def _hand_on(self, node: ast.expr) -> None:
        match node:
            case ast.Call(func=ast.Name(id="assigned"), args=[document]):
                # in Assign, $ is the result of the state
                scope = self.scope if self.made is None else self.scope.only("result")
                self.flow = replace(self.flow, assign=assigned(node, scope))
                node = document
        if self.combined is None and self.dropped and _is_placing(self.dropped[-1]):
            self.combined = self.dropped.pop()
        if self.combined is not None:
            self._put_out(tree(node, self.scope.only("output")), node)
            node = self.combined
        made = self.result or self.dropped or self.made is not None or self.source != "data"
        match node:
            case _ if made and _root(node) == "data":
                self._unchanged(node)
                self._unused()
                self.flow = replace(self.flow, result_path=None)
                if not isinstance(node, ast.Name):
                    self._put_out(tree(node, self.scope.only("data")), node)
            case ast.Subscript() | ast.Call() if self.made is not None and _root(node) == "result":
                self._unused()
                self._put_out(tree(node, self.scope.only("result")), node)
            case ast.Dict(keys=[None, ast.expr() as place], values=[ast.Name(id="data"), value]):
                self._placed([place], value)
            case ast.Call(func=ast.Name(id="put"), args=[ast.Name(id="data"), value, *places]):
                self._placed(places, value)
            case ast.Name():
                self._valued(node)
            case _ if self.dropped or self.made is not None or (_is_empty(node) and self.flow.assign is not None):
                self._beside(node)
            case _:
                self._valued(node)
        if self.dropped or self.made is not None:
            raise Unreadable("a value that is only read", node)

    def _beside(self, node: ast.expr) -> None:
        """What is handed on beside something that is evaluated and not used."""
        paths = all(isinstance(tree(one, self.scope), Path) for one in self.dropped)
        if not self.result and self.made is None and paths and not _is_empty(node):  # only InputPath
            self._valued(node)
        else:
            self._unused()
            self._put_out(tree(node, self.scope.only("")), node)

    def _unchanged(self, node: ast.expr) -> None:
        """The document is the one that came, which InputPath has not narrowed."""
        if self.source == "data" and self.flow.input_path != "$":
            raise Unreadable("the document behind InputPath", node)

    def _put_out(self, path: Expr, node: ast.expr) -> None:
        match path:
            case Path():
                self.flow = replace(self.flow, output_path=path_text(path))
            case Literal({}):
                self.flow = replace(self.flow, output_path=None)
            case _:
                raise Unreadable("what is handed on", node)

    def _unused(self) -> None:
        """What is evaluated where the result is dropped: ResultSelector; of a Pass Parameters, or InputPath."""
        if self.made is not None:
            self._made(tree(self.made, self.scope), self.made)
            self.made = None
        for node in self.dropped:
            found = tree(node, self.scope)
            if self.result:
                self.flow = replace(self.flow, result_selector=Given(template(found)))
            elif isinstance(found, Path):
                self._only_read(node)
            else:
                self.flow = replace(self.flow, parameters=Given(template(found)))
        self.dropped.clear()

    def _placed(self, places: Sequence[ast.expr], value: ast.expr) -> None:
        """ResultPath."""
        self._unchanged(value)
        path = Path(Root("input"), tuple(key(place, self.scope) for place in places))
        self.flow = replace(self.flow, result_path=path_text(path))
        self._valued(value)

    def _valued(self, node: ast.expr) -> None:
        """What ResultPath places: the result, or the effective input, or what is made of it."""
        if self.result:
            self._selected(node)
            return
        self._drop()
        match node:
            case ast.Name(id="result") if self.made is not None:
                self._made(tree(self.made, self.scope), self.made)
                self.made = None
                return
            case ast.Name(id=name) if name == self.source:
                return
        match found := tree(node, self.scope):
            case Path() if self._narrows():
                self.flow = replace(self.flow, input_path=path_text(found))
            case Path() | Call():
                self._bare(found, node, "parameters")
            case _:
                self._made(found, node)

    def _made(self, found: Expr, node: ast.expr) -> None:
        """What a Pass makes: Result, or Parameters."""
        match found:
            case Literal(value):
                self.fixed = Given(value)
            case Object() | Array():
                self.flow = replace(self.flow, parameters=Given(template(found)))
            case _:
                raise Unreadable("a value that is no object", node)

    def _narrows(self) -> bool:
        """Whether a path that a Pass hands on, or places, can be InputPath, and cannot be OutputPath."""
        free = self.made is None and self.flow.assign is None and self.flow.input_path == "$"
        return free and (self.flow.result_path != "$" or self.combined is not None)

    def _selected(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name) and node.id == self.result:
            return
        match found := tree(node, self.scope):
            case Object():
                self.flow = replace(self.flow, result_selector=Given(template(found)))
            case Literal(dict() as value) if value or self.flow.result_path != "$":
                self.flow = replace(self.flow, result_selector=Given(value))
            case _:
                self._bare(found, node, "result_selector")

    def _bare(self, found: Expr, node: ast.expr, field_name: str) -> None:
        """A value that no template says by itself: OutputPath takes it out of one."""
        if self.flow.result_path != "$" or self.combined is not None:
            raise Unreadable("a value that is no object", node)
        match found:
            case Path():
                self.flow = replace(self.flow, output_path=path_text(found))
            case Literal({}):
                self.flow = replace(self.flow, output_path=None)
            case _:
                made = Given(template(Object(((_VALUE, found),))))
                self.flow = replace(self.flow, **{field_name: made}, output_path=f"$.{_VALUE}")  # type: ignore[arg-type]


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.Dict) and not node.keys


def _is_placing(node: ast.expr) -> bool:
    """Whether an expression is what ResultPath makes of the document."""
    match node:
        case ast.Dict(keys=[None, ast.expr()], values=[ast.Name(id="data"), _]):
            return True
        case ast.Call(func=ast.Name(id="put"), args=[ast.Name(id="data"), *_]):
            return True
        case _:
            return False


def _root(node: ast.expr) -> str:
    """The variable of which something is a member, or itself."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Subscript(value=base) | ast.Call(func=ast.Name(id="array" | "part"), args=[base, *_]):
            return _root(base)
        case _:
            return ""


def flowing(function: Function, world: World, *, ends: bool = True) -> Flowing:
    """A function of the document; one with a second parameter is given the result. Raises Unreadable."""
    scope = scope_of(function, world)
    parameters_ = [argument.arg for argument in function.args.args if argument.arg != "variables"]
    found = Flowing(scope, source=parameters_[0])
    if len(parameters_) > 1:
        found.result, found.scope = parameters_[1], scope.only(parameters_[1])
    found.read(function.body)
    if ends and not found.ended and found.failure is None:
        raise Unreadable(f"the function {function.name} without a return", function)
    return found
