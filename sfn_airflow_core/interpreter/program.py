"""A machine prepared for running: every expression is read once, however often it is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from sfn_airflow_core.asl.model import Condition, Json, Machine
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.model import Expr, Path
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_intrinsic import read_value
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.expr.read_template import read_template
from sfn_airflow_core.interpreter.failures import EvaluationError
from sfn_airflow_core.interpreter.query import Computed, Shape, computed, shape_of

Source = TypeVar("Source")
Read = TypeVar("Read")


@lru_cache(maxsize=4096)
def _paths(text: str) -> Path:
    return read_path(text)


@lru_cache(maxsize=4096)
def _values(text: str) -> Expr:
    return read_value(text)


class Program:
    """A machine with its expressions read; may be executed any number of times.

    Templates are remembered by identity, which is safe because the program keeps them alive.
    """

    def __init__(self, machine: Machine):
        self.machine = machine
        self._templates: dict[int, tuple[object, Expr]] = {}
        self._conditions: dict[int, tuple[object, Expr]] = {}
        self._shapes: dict[int, tuple[object, Shape]] = {}
        self._queries: dict[str, Computed] = {}

    def path(self, text: str) -> Path:
        """The tree of a path; EvaluationError if it cannot be read."""
        return _reading(_paths, text)

    def value(self, text: str) -> Expr:
        """The tree of a path or an intrinsic call; EvaluationError if it cannot be read."""
        return _reading(_values, text)

    def template(self, value: Json) -> Expr:
        """The tree of a payload template; EvaluationError if it cannot be read."""
        return self._once(self._templates, value, read_template)

    def condition(self, condition: Condition) -> Expr:
        """The tree of a Choice rule; EvaluationError if it cannot be read."""
        return self._once(self._conditions, condition, read_condition)

    def query(self, text: str) -> Computed:
        """A JSONata expression by its text."""
        known = self._queries.get(text)
        if known is None:
            known = self._queries[text] = computed(text)
        return known

    def shape(self, value: Json) -> Shape:
        """A JSON value whose ``{% %}`` strings are found."""
        return self._once(self._shapes, value, shape_of)

    def _once(self, known: dict[int, tuple[object, Read]], source: Source, read: Callable[[Source], Read]) -> Read:
        entry = known.get(id(source))
        if entry is None:
            entry = known[id(source)] = (source, _reading(read, source))
        return entry[1]


def _reading(read: Callable[[Source], Read], source: Source) -> Read:
    try:
        return read(source)
    except ExpressionError as error:
        raise EvaluationError(error.message) from error


_PROGRAMS: dict[int, Program] = {}
_KEPT = 64


def prepare(machine: Machine | Program) -> Program:
    """The program of a machine; the most recently prepared machines are remembered."""
    if isinstance(machine, Program):
        return machine
    program = _PROGRAMS.get(id(machine))
    if program is None or program.machine is not machine:
        if len(_PROGRAMS) >= _KEPT:
            _PROGRAMS.pop(next(iter(_PROGRAMS)))
        program = _PROGRAMS[id(machine)] = Program(machine)
    return program
