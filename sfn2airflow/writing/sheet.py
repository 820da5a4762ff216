"""What a generated file needs besides its tasks: imports, module-level functions, and the names of constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from sfn2airflow.expressions.compile import Code, Scope, write_python
from sfn2airflow.phrases import name
from sfn2airflow.statements import function
from sfn_airflow_core.asl.model import Retrier
from sfn_airflow_core.dag.names import Names
from sfn_airflow_core.expr.jsonata_model import has_query
from sfn_airflow_core.expr.model import Expr


@dataclass(slots=True)
class Sheet:
    """Grows while one file is written; ``constants`` maps open placeholders to the names of their constants.

    ``retriers`` are those that are constants of the file.

    ``children`` are the child DAGs of the file, those that others run first.
    """

    constants: Mapping[str, str]
    names: Names
    runtime: set[str] = field(default_factory=set)
    imports: dict[str, set[str]] = field(default_factory=dict)
    helpers: dict[str, cst.FunctionDef] = field(default_factory=dict)
    known: dict[tuple[object, ...], str] = field(default_factory=dict)
    retriers: dict[Retrier, str] = field(default_factory=dict)
    children: list[cst.SimpleStatementLine | cst.BaseCompoundStatement] = field(default_factory=list)
    waits: bool = False
    variables: bool = False
    queries: bool = False
    retried: bool = True
    """Whether the state that is written may have a Retry."""

    def parameters(self, *words: str) -> list[str]:
        """The parameters of a data function: with ``variables`` where workflow variables travel along."""
        return [*words, *(["variables"] if self.variables else [])]

    def use(self, word: str) -> cst.Name:
        """A name of the runtime, imported from it."""
        self.runtime.add(word)
        return name(word)

    def take(self, module: str, word: str) -> cst.Name:
        """A name of another module, imported from there."""
        self.imports.setdefault(module, set()).add(word)
        return name(word)

    def airflow(self, word: str) -> cst.Name:
        """A name of Airflow's authoring interface."""
        return self.take("airflow.sdk", word)

    def code(
        self,
        expr: Expr,
        data: str = "data",
        *,
        item: str | None = None,
        index: str | None = None,
        key: str | None = None,
        place: str | None = None,
        result: str | None = None,
        error: str | None = None,
    ) -> cst.BaseExpression:
        """An expression in Python, reading its document from the variable ``data``; the others as in ``Scope``."""
        self.queries = self.queries or has_query(expr)
        scope = Scope(data, item=item, index=index, key=key, place=place, result=result, error=error)
        scope = replace(
            scope, constants=self.constants, has_variables=self.variables, retried=self.retried, lists=data == "outputs"
        )
        return self.node(write_python(expr, scope))

    def marks(self) -> list[cst.BaseExpression]:
        """``@jsonata`` for a function whose body has JSONata in it; called once for each, when its body is written."""
        marked, self.queries = self.queries, False
        return [self.use("jsonata")] if marked else []

    def node(self, code: Code) -> cst.BaseExpression:
        """Compiled code, its needs noted."""
        self.runtime |= code.needs
        return code.node

    def helper(
        self,
        wanted: str,
        key: tuple[object, ...],
        parameters: Sequence[str],
        body: Sequence[cst.BaseStatement],
        doc: str,
    ) -> cst.Name:
        """A module-level function, written once for each ``key``."""
        if (found := self.known.get(key)) is None:
            found = self.known[key] = self.names.take(wanted, suffix="document")
            self.helpers[found] = function(found, self.parameters(*parameters), body, self.marks(), doc=doc)
        self.queries = False
        return name(found)
