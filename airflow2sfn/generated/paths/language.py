"""The language JSONPath: its functions of documents are read as the fields of a state's data flow."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from airflow2sfn.generated.language import Body, Caught, Prepared, Text
from airflow2sfn.generated.paths.conditions import condition
from airflow2sfn.generated.paths.functions import flowing
from airflow2sfn.generated.paths.scope import DOCUMENT, ITEM, Scope, outside, scope_of
from airflow2sfn.generated.paths.trees import path_of, tree
from airflow2sfn.generated.paths.values import amount, amount_of, asked, assigned, entered, text, value_of
from airflow2sfn.generated.settings import settings
from airflow2sfn.generated.states import Drafted
from airflow2sfn.generated.values import Unreadable
from airflow2sfn.generated.world import Function, World, function_of
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Amount, Given, Json, PathFlow, PathRef
from sfn_airflow_core.expr.model import Expr, Literal, Object
from sfn_airflow_core.expr.write_jsonpath import path_text, rule, template

Made = tuple[Expr, "str | None"]
"""A value, and InputPath."""


class JsonPath:
    """Reads functions of JSONPath states; what JSONPath has no words for is Unreadable, or an ExpressionError."""

    def nothing(self) -> asl.Flow:
        return PathFlow()

    def body(self, function: Function, world: World, *, ends: bool = True) -> Body:
        return flowing(function, world, ends=ends).body()

    def asked(self, function: Function, world: World) -> asl.Flow:
        return asked(function, world)

    def argued(self, node: ast.expr | None, world: World) -> asl.Flow:
        match node:
            case None | ast.Name(id="DOCUMENT"):
                return PathFlow()
            case ast.BinOp():
                return asked(function_of(node.right, world), world)
            case _:
                return PathFlow(parameters=Given(template(tree(node, outside(world)))))

    def arguments(self, given: Mapping[str, ast.expr], rest: ast.expr | None, world: World) -> asl.Flow:
        made = {name: _made(node, world) for name, node in given.items()}
        if rest is not None:
            match _made(rest, world):
                case Literal(dict() as members), path:
                    made |= {name: (Literal(part), path) for name, part in members.items()}
                case Object(entries), path:
                    made |= {name: (part, path) for name, part in entries}
                case _:
                    raise Unreadable("the arguments of an operator", rest)
        read = {path for expr, path in made.values() if not isinstance(expr, Literal)}
        if len(read) > 1:
            raise Unreadable("arguments of several documents", next(iter(given.values())))
        entries = tuple((name, expr) for name, (expr, _) in made.items())
        return PathFlow(read.pop() if read else "$", Given(template(Object(entries))))

    def handed(self, function: Function | None, world: World) -> asl.Flow:
        return PathFlow() if function is None else flowing(function, world).flow

    def together(self, asked: asl.Flow, handed: asl.Flow) -> asl.Flow:
        assert isinstance(asked, PathFlow), "of this language"
        assert isinstance(handed, PathFlow), "of this language"
        return replace(handed, input_path=asked.input_path, parameters=asked.parameters)

    def role(self, node: ast.expr, world: World, flow: asl.Flow) -> Json:
        return template(Object((("RoleArn", _of_input(_made(node, world), flow, node)),)))

    def limit(self, node: ast.expr, world: World, flow: asl.Flow) -> Amount:
        match node:
            case ast.Name(id=name) if name in world.functions:
                made = value_of(world.functions[name], world)
            case _:
                made = _made(node, world)
        return amount_of(_of_input(made, flow, node), node)

    def choice(self, draft: Drafted, world: World) -> asl.Choice:
        said = settings(draft.call.keywords, world).untimed(draft.call, "document")
        flow = self.onward(function_of(said["document"], world) if "document" in said else None, world, draft.body)
        assert isinstance(flow, PathFlow), "of this language"
        scope, _ = _before(draft.body, world)
        rules: list[asl.PathRule] = []
        default = None
        for statement in _decided(draft.body):
            match statement:
                case ast.If(test=test, body=[ast.Return(value=ast.expr() as made)], orelse=[]):
                    target, variables = _chosen(made, scope)
                    rules.append(asl.PathRule(rule(condition(test, scope)), world.target(target, made), variables))
                case ast.Return(value=ast.expr() as made):
                    target, variables = _chosen(made, scope)
                    default, flow = world.target(target, made), replace(flow, assign=variables)
                case ast.Raise():
                    continue
                case _:
                    raise Unreadable(f"a statement of a choice ({type(statement).__name__})", statement)
        return asl.Choice(name=draft.name, comment=draft.comment, flow=flow, choices=tuple(rules), default=default)

    def caught(self, function: Function | None, world: World) -> Caught:
        if function is None:
            return asl.CatchPath(), None
        flow = flowing(function, world).flow
        if flow != PathFlow(result_path=flow.result_path, assign=flow.assign):
            raise Unreadable("what a catcher hands on", function)
        return asl.CatchPath(flow.result_path), flow.assign

    def onward(self, function: Function | None, world: World, own: Function) -> asl.Flow:
        path = _before(own, world)[1]
        if function is None:
            if path != "$":
                raise Unreadable("a document that is not handed on", own)
            return PathFlow()
        found = flowing(function, world)
        flow = found.flow
        if found.fixed is not None:
            flow = replace(flow, output_path=None)
        if (found.fixed or Given({})) != Given({}) or flow.parameters is not None or flow.result_path != "$":
            raise Unreadable("the document that is handed on", function)
        said = {one for one, by in ((path, own), (flow.input_path, function)) if one != "$" or _reads(by)}
        if len(said) > 1:
            raise Unreadable("a state of two documents", function)
        return replace(flow, input_path=said.pop() if said else "$")

    def prepared(self, function: Function, world: World, *keep: str) -> Prepared:
        limit: ast.expr | None = None
        before: list[ast.stmt] = []
        others: dict[str, ast.expr] = {}
        for statement in function.body[:-1]:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=made) if name in keep:
                    others[name] = made
                case ast.Expr(value=ast.Call(func=ast.Name(id="concurrency"), args=[only])):
                    limit = only
                case _:
                    before.append(statement)
        scope, path = entered(before, scope_of(function, world))
        if "source" in others:
            scope = scope.within(source=ITEM["source"])
        return Prepared(scope, PathFlow(input_path=path), None if limit is None else amount(limit, scope), others)

    def amount(self, node: ast.expr, names: Scope) -> Amount:
        return amount(node, names)

    def moment(self, node: ast.expr, names: Scope) -> Text:
        return text(node, names)

    def items(self, node: ast.expr, names: Scope) -> PathRef | None:
        found = path_of(node, names)
        return None if found == DOCUMENT else PathRef(path_text(found))

    def template(self, node: ast.expr, names: Scope) -> Json:
        return template(tree(node, names))

    def around(self, names: Scope, items: Mapping[str, str]) -> Scope:
        return names.within(**{name: ITEM[part.lower()] for name, part in items.items()})


def _made(node: ast.expr, world: World) -> Made:
    """An argument of an operator: as it stands, the document, or ``DOCUMENT >> function``; raises Unreadable."""
    match node:
        case ast.Name(id="DOCUMENT"):
            return DOCUMENT, "$"
        case ast.BinOp(left=ast.Name(id="DOCUMENT"), op=ast.RShift(), right=right):
            return value_of(function_of(right, world), world)
        case _:
            return tree(node, outside(world)), "$"


def _decided(function: Function) -> list[ast.stmt]:
    """The statements of a Choice, or a Wait, that say what it does with its input."""
    return [one for one in function.body if isinstance(one, ast.If | ast.Return | ast.Raise)]


def _before(function: Function, world: World) -> tuple[Scope, str | None]:
    """The scope of these statements, and InputPath; raises Unreadable."""
    return entered(function.body[: -len(_decided(function)) or None], scope_of(function, world))


def _reads(function: Function) -> bool:
    """Whether something is made of the effective input."""
    names = (node for one in _decided(function) for node in ast.walk(one) if isinstance(node, ast.Name))
    return any(node.id in ("data", "effective") for node in names)


def _of_input(made: Made, flow: asl.Flow, node: ast.expr) -> Expr:
    """A value of the effective input of a state with this data flow; raises Unreadable for one of another."""
    expr, path = made
    assert isinstance(flow, PathFlow), "of this language"
    if path != flow.input_path and not isinstance(expr, Literal):
        raise Unreadable("a value of another document", node)
    return expr


def _chosen(node: ast.expr, scope: Scope) -> tuple[str, dict[str, Json] | None]:
    """The task that a return of a choice names, and what is assigned; raises Unreadable."""
    match node:
        case ast.Constant(value=str(target)):
            return target, None
        case ast.Call(func=ast.Name(id="assigned"), args=[ast.Constant(value=str(target))]):
            return target, assigned(node, scope)
        case _:
            raise Unreadable("what a choice returns", node)
