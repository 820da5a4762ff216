"""S2A3xx: expressions in JSONata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sfn2airflow.rules.example import Example, machine
from sfn_airflow_core.findings import Fidelity, Finding

ENGINE = "jsonata2py==0.1.3"
"""The package that evaluates what is not compiled, as a requirement."""

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


def _pass(output: str) -> dict[str, object]:
    return machine({"Type": "Pass", "QueryLanguage": "JSONata", "Output": output})


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineNeeded(Finding):
    """A JSONata expression that has no plain Python: the package ``jsonata2py`` evaluates it when the task runs.

    Why it matters: without the package in Airflow's environment the state fails when it is run.

    Remedy: add ``jsonata2py==0.1.3`` to the requirements of the environment, or write the expression more simply.
    """

    code: ClassVar[str] = "S2A302"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/transforming-data.html"
    example: ClassVar[Example] = Example(_pass("{% $match($states.input.name, /a+/) %}"), "/States/Work")
    near_miss: ClassVar[Example] = Example(_pass("{% $uppercase($states.input.name) %}"))

    query: str

    def message(self) -> str:
        return f"the environment needs the package {ENGINE}, for {self.query}"


RULES: tuple[type[Finding], ...] = (EngineNeeded,)
