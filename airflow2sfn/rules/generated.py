"""A2S2xx: DAGs that sfn2airflow has written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


def _written(body: str) -> str:
    return (
        "from airflow.sdk import chain, dag\nfrom asl_runtime import aws, state\n\n\n"
        '@dag(dag_id="example", schedule=None)\ndef example():\n    # ASL: #/States/Work\n    @state("Work")\n'
        f"    def work(data):\n{body}\n    return work.output\n\n\nexample()\n"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack(Finding):
    """A DAG that sfn2airflow has written is read back as the state machine that it was; what has been changed in it
    since, and JSONPath has no words for, is in JSONata.

    Why it matters: in such a state, what is wrong with data is States.QueryEvaluationError, whatever it was called
    before, and Catch and Retry may name it. A value that is missing counts as false in a condition, and as nothing in a
    text, in which lists and objects are JSON. A variable that is called like a function of JSONata gets another name.

    Remedy: nothing; or keep to what JSONPath can say, such as objects for ResultPath.
    """

    code: ClassVar[str] = "A2S215"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/transforming-data.html"
    example: ClassVar[Example] = Example(_written('        return {**data, "b": len(data["a"])}'), "14:1")
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(): pass\na()"))

    states: int
    translated: int

    def message(self) -> str:
        return f"written by sfn2airflow, read back: {self.states} states, of which {self.translated} go over to JSONata"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReadBack(Finding):
    """A state of a DAG that sfn2airflow has written is not read back, and one that fails stands for it; so does one for
    all states where it is not known how they follow each other.

    Why it matters: an execution that comes there fails.

    Remedy: use the state machine that the DAG was made from.
    """

    code: ClassVar[str] = "A2S216"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = f"{_GUIDE}/transforming-data.html"
    example: ClassVar[Example] = Example(_written("        return sorted(data)"), "10:1")
    near_miss: ClassVar[Example] = Example(_written('        return data["a"]'))

    what: str

    def message(self) -> str:
        return f"written by sfn2airflow, not read back: {self.what}"


RULES: tuple[type[Finding], ...] = (ReadBack, NotReadBack)
