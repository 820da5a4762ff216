"""What is asked of the query language of a state that is read back: JSONPath or JSONata."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Amount, Given, Json, PathRef, Query

if TYPE_CHECKING:
    from airflow2sfn.generated.states import Drafted
    from airflow2sfn.generated.world import Function, World

Text: TypeAlias = "str | PathRef | Query | None"
Names: TypeAlias = "Any"
"""What names mean in a function, of which each language has its own notion."""
Caught: TypeAlias = "tuple[asl.CatchPath | asl.CatchQuery, dict[str, Json] | None]"


@dataclass(frozen=True, slots=True)
class Body:
    """What the function of a state does.

    ``resource`` is what it asks, ``result`` what a Pass gives that is fixed, ``failure`` what it fails with.
    """

    flow: asl.Flow
    resource: str | None = None
    result: Given | None = None
    timeout: Amount | None = None
    role: Json = None
    failure: tuple[Text, Text] | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A function up to the statement that says what is wanted of it: what names mean there, and MaxConcurrency."""

    names: Names
    flow: asl.Flow
    limit: Amount | None = None
    others: Mapping[str, ast.expr] = field(default_factory=dict)
    """Variables that are looked at where they are used."""


class Language(Protocol):
    """Reads functions of documents; all of it raises Unreadable."""

    def nothing(self) -> asl.Flow:
        """The data flow of a state that hands on what it gets, or what it makes."""

    def body(self, function: Function, world: World, *, ends: bool = True) -> Body:
        """The function of a state; ``ends`` says that it must hand something on."""

    def asked(self, function: Function, world: World) -> asl.Flow:
        """A function that makes what a state asks with."""

    def argued(self, node: ast.expr | None, world: World) -> asl.Flow:
        """The arguments of a job: fixed, ``DOCUMENT`` or ``DOCUMENT >> function``."""

    def arguments(self, given: Mapping[str, ast.expr], rest: ast.expr | None, world: World) -> asl.Flow:
        """The arguments of an operator, each fixed or ``DOCUMENT >> function``; ``rest`` makes an object of others."""

    def handed(self, function: Function | None, world: World) -> asl.Flow:
        """A function of the document and the result, that makes what is handed on."""

    def together(self, asked: asl.Flow, handed: asl.Flow) -> asl.Flow:
        """What is asked with, and what is handed on, in one."""

    def role(self, node: ast.expr, world: World, flow: asl.Flow) -> Json:
        """Credentials of a state that asks so: fixed, or ``DOCUMENT >> function``."""

    def limit(self, node: ast.expr, world: World, flow: asl.Flow) -> Amount:
        """A number of a state that asks so: fixed, the name of a function, or ``DOCUMENT >> function``."""

    def choice(self, draft: Drafted, world: World) -> asl.Choice:
        """The function of a Choice."""

    def caught(self, function: Function | None, world: World) -> Caught:
        """A function of the document and the Error Output, that makes what a catcher hands on."""

    def onward(self, function: Function | None, world: World, own: Function) -> asl.Flow:
        """A function of the document, that makes what a Wait hands on; ``own`` says how long it waits."""

    def prepared(self, function: Function, world: World, *keep: str) -> Prepared:
        """A function up to its last statement; variables to ``keep`` are looked at later."""

    def amount(self, node: ast.expr, names: Names) -> Amount:
        """A number."""

    def moment(self, node: ast.expr, names: Names) -> Text:
        """A timestamp."""

    def items(self, node: ast.expr, names: Names) -> PathRef | Given | None:
        """The items of a Map; nothing where they are the input."""

    def template(self, node: ast.expr, names: Names) -> Json:
        """A value with expressions in it."""

    def around(self, names: Names, items: Mapping[str, str]) -> Names:
        """Names with those of a Map's item: what each is of ``$$.Map.Item``."""
