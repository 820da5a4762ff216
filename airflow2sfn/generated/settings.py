"""The arguments of a generated DAG's tasks that every kind of them takes: time limits, retries, catchers."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from airflow2sfn.generated.bodies import amount
from airflow2sfn.generated.values import Scope, Unreadable, key_of
from airflow2sfn.generated.world import World, amount_of_time, function_of
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Retrier


@dataclass(frozen=True, slots=True)
class Settings:
    """What the arguments of a task say: ``rest`` are those that only its kind knows."""

    timeout: asl.Amount | None = None
    retry: tuple[Retrier, ...] = ()
    rest: dict[str, ast.expr] = field(default_factory=dict)

    def only(self, *names: str) -> dict[str, ast.expr]:
        """The other arguments, which must be some of these; raises Unreadable."""
        for name, node in self.rest.items():
            if name not in names:
                raise Unreadable(f"the setting {name}", node)
        return self.rest

    def untimed(self, node: ast.AST, *names: str) -> dict[str, ast.expr]:
        """The same for a state that has neither a time limit nor retries; raises Unreadable."""
        if self.timeout is not None or self.retry:
            raise Unreadable("a time limit or retries of a state that asks nobody", node)
        return self.only(*names)


def settings(keywords: Sequence[ast.keyword], world: World) -> Settings:
    """TimeoutSeconds and Retry of a task's arguments, and the others; raises Unreadable."""
    timeout: asl.Amount | None = None
    retry: tuple[Retrier, ...] = ()
    rest: dict[str, ast.expr] = {}
    for one in keywords:
        match one:
            case ast.keyword(arg="execution_timeout", value=limit):
                timeout = amount_of_time(limit)
            case ast.keyword(arg=None, value=ast.Call(func=ast.Name(id="retry"), args=entries)):
                retry = tuple(_retrier(entry, world) for entry in entries)
            case ast.keyword(arg=str(name), value=given):
                rest[name] = given
            case _:
                raise Unreadable("the setting **", one.value)
    return Settings(timeout, retry, rest)


_TIMING = {
    "interval": "interval_seconds", "attempts": "max_attempts", "backoff": "backoff_rate",
    "max_delay": "max_delay_seconds",
}  # fmt: skip


def _retrier(node: ast.expr, world: World) -> Retrier:
    if isinstance(node, ast.Name) and node.id in world.constants:
        node = world.constants[node.id]
    match node:
        case ast.Call(func=ast.Name(id="Retrier"), args=errors, keywords=keywords):
            found = Retrier(tuple(map(key_of, errors)))
        case _:
            raise Unreadable("a Retrier", node)
    for one in keywords:
        match one:
            case ast.keyword(arg="jitter", value=ast.Constant(value=True)):
                found = replace(found, jitter_strategy="FULL")
            case ast.keyword(arg=str(name), value=given) if name in _TIMING:
                number = amount(given, Scope({}, world.settings))
                if isinstance(number, asl.PathRef | asl.Query):
                    raise Unreadable(f"{name} of a Retrier", given)
                found = replace(found, **{_TIMING[name]: number})  # type: ignore[arg-type]
            case _:
                raise Unreadable(f"{one.arg} of a Retrier", node)
    return found


def catcher(node: ast.expr, world: World) -> asl.Catcher:
    """``Catcher("Busy", to=rest, document=keep_error)``; raises Unreadable."""
    match node:
        case ast.Call(func=ast.Name(id="Catcher"), args=errors, keywords=keywords):
            given = {one.arg: one.value for one in keywords}
            target, document = given.pop("to", None), given.pop("document", None)
        case _:
            raise Unreadable("a Catcher", node)
    if given or not isinstance(target, ast.Name):
        raise Unreadable("a Catcher", node)
    names = tuple(map(key_of, errors))
    next_ = world.target(target.id, node)
    flow, assign = world.language.caught(None if document is None else function_of(document, world), world)
    return asl.Catcher(names, next_, flow, assign)
