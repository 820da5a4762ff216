"""From the text of a generated DAG to its state machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from airflow2sfn.expressions.values import query
from airflow2sfn.generated.states import Drafted, World, applied, handed_on, settings, state
from airflow2sfn.generated.values import ERROR, INPUT, RESULT, Unreadable, expression, value
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import CatchQuery, Given, Json, QueryFlow
from sfn_airflow_core.text import parts

_AT = re.compile(r"^\s*# ASL: #(/.*)$")
_DECORATORS = ("state", "choice", "wait", "group")


def read_back(text: str, dag_id: str) -> asl.Machine:
    """The state machine that a generated DAG was made from, in JSONata; raises Unreadable."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable(f"the file: {error}") from None
    dag = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and _is_dag(node, dag_id)), None)
    if dag is None:
        raise Unreadable(f"the DAG {dag_id}")
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef) and node is not dag}
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    machine = _Reader(text.splitlines(), World(functions, constants, {})).machine(dag.body, "")
    title = (ast.get_docstring(tree) or "").partition("\n")[0]
    return replace(machine, query_language="JSONata", comment=title or None)


def _is_dag(node: ast.FunctionDef, dag_id: str) -> bool:
    for decorator in node.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name(id="dag"), keywords=keywords):
                named = next((keyword.value for keyword in keywords if keyword.arg == "dag_id"), None)
                return isinstance(named, ast.Constant) and named.value == dag_id
    return False


class _Reader:
    def __init__(self, lines: list[str], world: World):
        self.lines, self.world = lines, world

    def machine(self, body: list[ast.stmt], inside: str) -> asl.Machine:
        """The states of a function's body that stand in the machine at the pointer ``inside``."""
        drafts = {
            draft.variable: draft for draft in self._drafts(body) if draft.pointer.startswith(f"{inside}/States/")
        }
        world = replace(self.world, names={draft.variable: draft.name for draft in drafts.values()})
        entered = self._wire(body, drafts, world)
        states: dict[str, asl.State] = {}
        for draft in drafts.values():
            made = self._group(draft, world) if draft.kind == "group" else state(draft, world)
            if isinstance(made, asl.Choice):
                entered |= {rule.next for rule in made.choices} | {made.default or ""}
            states[draft.name] = made
        starts = [name for name in states if name not in entered]
        if len(starts) != 1:
            raise Unreadable("where the machine starts", body[0] if body else None)
        return asl.Machine(starts[0], states)

    def _drafts(self, body: list[ast.stmt]) -> Iterator[Drafted]:
        for node in body:
            match node:
                case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Name(id=kind)) as call]) if kind in _DECORATORS:
                    pointer = self._pointer(node)
                    if pointer:
                        # Names in comments are without line breaks and the like.
                        first = call.args[0] if call.args else None
                        name = first.value if isinstance(first, ast.Constant) else parts(pointer)[-1]
                        yield Drafted(node.name, str(name), pointer, node, kind, call.args[1:], call.keywords)
                case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Name(id="results")) as call]):
                    continue
                case ast.FunctionDef(decorator_list=[first, *_]):
                    raise Unreadable("a task of another kind", first)
                case ast.Assign(value=ast.Call(func=ast.Name(id=name))) if name not in ("catch", "outcome"):
                    raise Unreadable(f"a task made by {name}", node)
                case ast.Assign() | ast.Expr() | ast.Return():
                    continue
                case _:
                    raise Unreadable(f"a statement ({type(node).__name__})", node)

    def _pointer(self, node: ast.FunctionDef) -> str:
        """What the comment above a task says of where its state stands."""
        line = min(decorator.lineno for decorator in node.decorator_list) - 2
        while line >= 0 and self.lines[line].lstrip().startswith("#"):
            if found := _AT.match(self.lines[line]):
                return found[1]
            line -= 1
        return ""

    def _wire(self, body: list[ast.stmt], drafts: dict[str, Drafted], world: World) -> set[str]:
        """Sets what follows each state; gives the states that something leads to."""
        entered: set[str] = set()
        for node in body:
            match node:
                case ast.Assign(
                    value=ast.Call(func=ast.Name(id="catch"), args=[ast.Name(id=guarded), *catchers], keywords=more)
                ) if guarded in drafts:
                    drafts[guarded].catch = tuple(self._catcher(one, world) for one in catchers)
                    entered |= {catcher.next for catcher in drafts[guarded].catch}
                    for keyword in more:
                        if keyword.arg != "onward" or not isinstance(keyword.value, ast.Name):
                            raise Unreadable("a catch", node)
                        drafts[guarded].next = world.names[keyword.value.id]
                case ast.Expr(value=ast.Call(func=ast.Name(id="chain"), args=steps)):
                    entered |= self._chain(steps, drafts)
        return entered

    def _chain(self, steps: list[ast.expr], drafts: dict[str, Drafted]) -> set[str]:
        entered: set[str] = set()
        before: Drafted | None = None
        for step in steps:
            match step:
                case ast.Name(id=name) if name in drafts:
                    after = drafts[name]
                    if before is not None and before.kind != "choice":
                        if before.next not in (None, after.name):
                            raise Unreadable(f"two states after {before.name}", step)
                        before.next = after.name
                    if before is not None:
                        entered.add(after.name)
                    before = after
                case ast.Name() | ast.Call(func=ast.Name(id="Label")):
                    continue
                case _:
                    raise Unreadable("a step of a chain", step)
        return entered

    def _catcher(self, node: ast.expr, world: World) -> asl.Catcher:
        match node:
            case ast.Call(func=ast.Name(id="Catcher"), args=errors, keywords=keywords):
                given = {keyword.arg: keyword.value for keyword in keywords}
                target, document = given.pop("to", None), given.pop("document", None)
                if given or not isinstance(target, ast.Name) or target.id not in world.names:
                    raise Unreadable("a Catcher", node)
                output: Given | None = None
                if isinstance(document, ast.Name) and document.id in world.functions:
                    made = applied(world.functions[document.id], world, data=INPUT, error=ERROR)
                    output = None if made == query(ERROR) else Given(made)
                elif document is not None:
                    raise Unreadable("the document of a Catcher", node)
                names = tuple(str(error.value) for error in errors if isinstance(error, ast.Constant))
                return asl.Catcher(names, world.names[target.id], CatchQuery(output))
            case _:
                raise Unreadable("a Catcher", node)

    def _group(self, draft: Drafted, world: World) -> asl.State:
        """A Parallel, or a Map."""
        body = draft.node.body
        timeout, retry = settings(draft.keywords, world)
        if timeout is not None:
            raise Unreadable("a timeout of a group", draft.node)
        output = self._results(body, world)
        inside = [node for node in body if isinstance(node, ast.FunctionDef)]
        entry = next((node for node in inside if node.name == "entry" and not self._pointer(node)), None)
        arguments = None if entry is None else Given(handed_on(entry, world))
        each = next((node for node in inside if _name_of(node.decorator_list) == "task_group"), None)
        if each is not None:
            return self._map(draft, each, output, retry, world)
        within = re.compile(rf"{re.escape(draft.pointer)}/Branches/(\d+)/")
        numbers = sorted({int(found[1]) for one in self._drafts(body) if (found := within.match(one.pointer))})
        branches = tuple(self.machine(body, f"{draft.pointer}/Branches/{number}") for number in numbers)
        return asl.Parallel(
            name=draft.name, branches=branches, retry=retry, catch=draft.catch, next=draft.next,
            flow=QueryFlow(arguments, output),
        )  # fmt: skip

    def _results(self, body: list[ast.stmt], world: World) -> Given | None:
        for node in body:
            if isinstance(node, ast.FunctionDef) and _name_of(node.decorator_list) == "results":
                made = applied(node, world, data=INPUT, outputs=RESULT)
                return None if made == query(RESULT) else Given(made)
        raise Unreadable("a group without results", body[0])

    def _map(
        self, draft: Drafted, each: ast.FunctionDef, output: Given | None, retry: tuple[asl.Retrier, ...], world: World
    ) -> asl.State:
        items = next(n for n in draft.node.body if isinstance(n, ast.FunctionDef) and n.name == "items")
        limit = _limit(each.decorator_list[0])
        made = items.body[-1]
        if not isinstance(made, ast.Return) or made.value is None or len(items.body) > 1:
            raise Unreadable("the items of a Map", items)
        scope = world.scope(data=INPUT)
        selector: Json = None
        match made.value:
            case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=over, ifs=[])]):
                inner = {**scope}
                match target, over:
                    case (
                        ast.Tuple(elts=[ast.Name(id=index), ast.Name(id=item)]),
                        ast.Call(func=ast.Name(id="enumerate"), args=[listed]),
                    ):
                        inner |= {index: "$states.context.Map.Item.Index", item: "$states.context.Map.Item.Value"}
                    case ast.Name(id=item), listed:
                        inner |= {item: "$states.context.Map.Item.Value"}
                    case _:
                        raise Unreadable("the items of a Map", made)
                selector, source = value(element, inner), expression(listed, scope)
                if not isinstance(selector, dict):
                    raise Unreadable("an ItemSelector that is no object", made)
            case other:
                source = expression(other, scope)
        processor = self.machine(each.body, f"{draft.pointer}/ItemProcessor")
        return asl.Map(
            name=draft.name, items=Given(query(source)), item_selector=None if selector is None else Given(selector),
            processor=processor, max_concurrency=limit, retry=retry, catch=draft.catch, next=draft.next,
            flow=QueryFlow(output=output),
        )  # fmt: skip


def _name_of(decorators: list[ast.expr]) -> str:
    match decorators:
        case [ast.Name(id=name)] | [ast.Call(func=ast.Name(id=name))]:
            return name
        case _:
            return ""


def _limit(decorator: ast.expr) -> int | None:
    if isinstance(decorator, ast.Name):
        return None
    match decorator:
        case ast.Call(args=[], keywords=[ast.keyword(arg="default_args", value=ast.Dict(keys=[key], values=[limit]))]):
            pair = (getattr(key, "value", None), getattr(limit, "value", None))
            if pair[0] == "max_active_tis_per_dagrun" and isinstance(pair[1], int):
                return pair[1]
    raise Unreadable("a setting of a Map's items", decorator)
