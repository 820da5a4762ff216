"""What names mean in the functions of JSONPath states."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from airflow2sfn.generated.values import Scope as Texts
from airflow2sfn.generated.values import Unreadable
from airflow2sfn.generated.values import text_of as _text_of
from airflow2sfn.generated.world import Function, World
from sfn_airflow_core.expr.model import Field, Index, Path, Root

DOCUMENT = Path(Root("input"))
CONTEXT = Path(Root("context"))
ITEM: Mapping[str, Path] = {
    word: Path(Root("context"), (Field("Map"), Field("Item"), Field(word.title())))
    for word in ("index", "key", "source", "value")
}
"""What the context object says of an item."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names stand for: ``names`` are paths, ``settings`` open placeholders, ``constants`` those of the file.

    ``current`` is the element that a filter looks at.
    """

    names: Mapping[str, Path]
    settings: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, ast.expr] = field(default_factory=dict)
    current: str = ""

    def within(self, **names: Path) -> Scope:
        """The same with more names."""
        return replace(self, names={**self.names, **names})

    def only(self, name: str) -> Scope:
        """The same where this name is the document, and no other one."""
        kept = {known: path for known, path in self.names.items() if path.root.kind != "input"}
        return replace(self, names={**kept, name: DOCUMENT})


def outside(world: World) -> Scope:
    """The scope outside of functions, where there is no document."""
    return Scope({}, world.settings, world.constants)


def scope_of(function: Function, world: World) -> Scope:
    """The scope at the top of a function, whose first parameter is the document; raises Unreadable."""
    if not function.args.args:
        raise Unreadable(f"the function {function.name} without a document", function)
    return outside(world).within(**{function.args.args[0].arg: DOCUMENT})


def text_of(node: ast.expr, scope: Scope) -> str | None:
    """The text of an expression that has always the same, but for open placeholders."""
    return _text_of(node, Texts({}, scope.settings))


def key(node: ast.expr, scope: Scope) -> Field | Index:
    """A step of a path: the name of a member, or a position; raises Unreadable."""
    if (text := text_of(node, scope)) is not None:
        return Field(text)
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return Index(-number)
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return Index(number)
        case _:
            raise Unreadable("a path that is not constant", node)
