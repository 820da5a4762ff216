"""The tasks of a generated DAG that are functions, as states."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from airflow2sfn.generated.language import Body
from airflow2sfn.generated.settings import settings
from airflow2sfn.generated.values import Unreadable
from airflow2sfn.generated.world import Function, World, function_of
from sfn_airflow_core.asl import model as asl


@dataclass(slots=True)
class Drafted:
    """A state under construction.

    ``variable`` is its task's, ``pointer`` where it stood in the machine, ``kind`` the word of the runtime that makes
    the task, and ``call`` that word with its arguments; ``function`` is what it does, where that is a function.
    ``catchers`` are what ``catch`` has been told of it, ``fields`` what comments say of it.
    """

    variable: str
    name: str
    pointer: str
    kind: str
    call: ast.Call
    function: Function | None = None
    next: str | None = None
    catch: tuple[asl.Catcher, ...] = ()
    catchers: tuple[ast.expr, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Function:
        """The function of a kind that has one."""
        assert self.function is not None, self.kind
        return self.function

    @property
    def comment(self) -> str | None:
        """What the state's Comment was."""
        return None if self.function is None else ast.get_docstring(self.function)


def function_state(draft: Drafted, world: World, *also: str) -> asl.State:
    """A state that calls a service, shapes data or fails; raises Unreadable."""
    found = world.language.body(draft.body, world)
    if found.failure is not None:
        if found.resource is not None:
            raise Unreadable("a call, and then a failure", draft.body)
        error, cause = found.failure
        return asl.Fail(name=draft.name, comment=draft.comment, flow=world.language.nothing(), error=error, cause=cause)
    if found.resource is None:
        settings(draft.call.keywords, world).untimed(draft.call, *also)
        return asl.Pass(name=draft.name, comment=draft.comment, flow=found.flow, result=found.result, next=draft.next)
    return task(draft, found, world, *also)


def task(draft: Drafted, found: Body, world: World, *also: str) -> asl.Task:
    """A Task that asks what a body asks; ``also`` are settings of its kind."""
    said = settings(draft.call.keywords, world)
    said.only(*also)
    assert found.resource is not None, "a body that asks"
    return asl.Task(
        name=draft.name, comment=draft.comment, resource=found.resource,
        timeout_seconds=said.timeout if found.timeout is None else found.timeout,
        credentials=found.role, retry=said.retry, catch=draft.catch, next=draft.next, flow=found.flow,
    )  # fmt: skip


def choice(draft: Drafted, world: World) -> asl.Choice:
    """A Choice; raises Unreadable."""
    return world.language.choice(draft, world)


def targets(function: Function) -> set[str]:
    """The tasks that the function of a choice can name."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Return(value=ast.Call(func=ast.Name(id="assigned"), args=[made])) | ast.Return(value=made):
                made = made.elts[0] if isinstance(made, ast.Tuple) else made
                found |= {made.value} if isinstance(made, ast.Constant) and isinstance(made.value, str) else set()
    return found


def wait(draft: Drafted, world: World) -> asl.Wait:
    """A Wait; raises Unreadable."""
    said = settings(draft.call.keywords, world).untimed(draft.call, "document")
    document = function_of(said["document"], world) if "document" in said else None
    flow = world.language.onward(document, world, draft.body)
    made = asl.Wait(name=draft.name, comment=draft.comment, flow=flow, next=draft.next)
    before = world.language.prepared(draft.body, world)
    match draft.body.body[-1]:
        case ast.Return(value=ast.Call(func=ast.Name(id="seconds"), args=[only])):
            return replace(made, seconds=world.language.amount(only, before.names))
        case ast.Return(value=ast.Call(func=ast.Name(id="until"), args=[only])):
            return replace(made, timestamp=world.language.moment(only, before.names))
        case _:
            raise Unreadable("what a wait waits for", draft.body)
