"""What stands for modules that are not installed here, so that a DAG file can be imported without them.

Its operators are those of providers, which are stood in for as a whole anyway. Everything else may be named, inherited
from and called while the file is imported, and fails like the import itself when a function calls it in a run.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Absence:
    """What is known of all that is not here: the modules, and whether files are still being imported."""

    modules: set[str] = field(default_factory=set)
    importing: bool = True


class Absent:
    """Something of a module that is not installed; ``find`` gives its members by their full names."""

    __slots__ = ("_absence", "_find", "_name")

    def __init__(self, name: str, absence: Absence, find: Callable[[str], Any]) -> None:
        self._name, self._absence, self._find = name, absence, find

    def __getattr__(self, member: str) -> Any:
        if member.startswith("__") and member.endswith("__"):
            raise AttributeError(member)
        return self._find(f"{self._name}.{member}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._absence.importing and sys._getframe(1).f_code.co_name != "<module>":
            top = self._name.partition(".")[0]
            raise ModuleNotFoundError(f"No module named {top!r}", name=top)
        return Absent(self._name, self._absence, self._find)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return ()

    def __or__(self, other: Any) -> Absent:  # in annotations
        return self

    __ror__ = __getitem__ = __or__

    def __repr__(self) -> str:
        return f"<{self._name}, which is not installed>"


def inside(value: Any, depth: int = 8) -> str:
    """The name of something absent in a value; empty if there is none."""
    match value:
        case Absent():
            return value._name
        case dict():
            parts = [*value.values()]
        case list() | tuple() | set():
            parts = [*value]
        case _:
            return ""
    return next((name for part in parts if depth and (name := inside(part, depth - 1))), "")


def operator(name: str) -> type:
    """An operator or sensor of a provider that is not installed: it takes any arguments and does nothing.

    Args:
        name: its full name.
    """
    from airflow.sdk import BaseOperator, BaseSensorOperator

    module, _, member = name.rpartition(".")
    base: Any = BaseSensorOperator if member.endswith("Sensor") else BaseOperator
    known = {parameter for kind in base.__mro__ if "__init__" in vars(kind) for parameter in _parameters(kind)}

    def take(self: Any, **given: Any) -> None:
        for argument in given.keys() - known:
            setattr(self, argument, given[argument])
        base.__init__(self, **{argument: value for argument, value in given.items() if argument in known})

    def nothing(self: Any, context: Any) -> Any:
        return True

    work = {"execute": nothing, "poke": nothing}
    made: type = type(base)(member, (base,), {"__module__": module, "__qualname__": member, "__init__": take, **work})
    return made


def _parameters(kind: type) -> list[str]:
    signature = inspect.signature(vars(kind)["__init__"])
    return [name for name, one in signature.parameters.items() if one.kind is not one.VAR_KEYWORD]
