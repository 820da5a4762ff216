"""S2A1xx: the document and its control flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sfn2airflow.rules.example import Example, lambda_task, machine
from sfn_airflow_core.findings import Fidelity, Finding

_LANGUAGE = "https://states-language.net/spec.html"
_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownField(Finding):
    """A field that the Amazon States Language does not have here is left out.

    Why it matters: it may be a misspelt field, and then the machine never did what it seems to say.

    Remedy: correct the name, or remove the field.
    """

    code: ClassVar[str] = "S2A101"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = _LANGUAGE
    example: ClassVar[Example] = Example(machine({"Type": "Pass", "ResultPaht": "$.x"}), "/States/Work/ResultPaht")
    near_miss: ClassVar[Example] = Example(machine({"Type": "Pass", "ResultPath": "$.x"}))

    name: str
    suggestion: str = ""

    def message(self) -> str:
        hint = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        return f"the field {self.name} is not part of the language here and is left out{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachableState(Finding):
    """A state that nothing leads to is left out of the DAG.

    Why it matters: in Airflow a task without upstream tasks would run at once; in the state machine it never runs.

    Remedy: remove the state, or add the transition that is missing.
    """

    code: ClassVar[str] = "S2A102"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_LANGUAGE}#transitions"
    example: ClassVar[Example] = Example(
        {"StartAt": "Work", "States": {"Work": {"Type": "Succeed"}, "Lost": {"Type": "Succeed"}}}, "/States/Lost"
    )
    near_miss: ClassVar[Example] = Example(
        {"StartAt": "Work", "States": {"Work": {"Type": "Pass", "Next": "Lost"}, "Lost": {"Type": "Succeed"}}}
    )

    name: str

    def message(self) -> str:
        return f"no transition leads to {self.name}, so it is left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionWarning(Finding):
    """The definition has something that AWS warns about when it validates a state machine.

    Why it matters: it behaves the same on both sides, which may not be what was meant.

    Remedy: see the message; ``NO_DOLLAR`` means that the key needs a ``.$`` to be read as a path.
    """

    code: ClassVar[str] = "S2A104"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = (
        "https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html"
    )
    example: ClassVar[Example] = Example(
        machine({"Type": "Pass", "Parameters": {"id": "$.order.id"}}), "/States/Work/Parameters/id"
    )
    near_miss: ClassVar[Example] = Example(machine({"Type": "Pass", "Parameters": {"id.$": "$.order.id"}}))

    warning: str
    text: str

    def message(self) -> str:
        return f"{self.warning}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlaceholder(Finding):
    """A ``${Name}`` that the deployment would fill in is read from an Airflow Variable when the DAG runs.

    Why it matters: a task that needs the value fails until the Variable exists.

    Remedy: set the Airflow Variable of that name, or translate again with ``--substitute NAME=VALUE``.
    """

    code: ClassVar[str] = "S2A105"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html"
    )
    example: ClassVar[Example] = Example(
        machine(lambda_task(Parameters={"FunctionName": "${Function}"})), "/States/Work/Parameters/FunctionName"
    )
    near_miss: ClassVar[Example] = Example(machine(lambda_task(Parameters={"FunctionName": "function"})))

    name: str
    uses: tuple[str, ...]

    def message(self) -> str:
        more = f" and {len(self.uses) - 1} more place{'s' * (len(self.uses) > 2)}" if len(self.uses) > 1 else ""
        return f"${{{self.name}}} is open here{more}; it is read from the Airflow Variable {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNumber(Finding):
    """A number that Airflow needs when it reads the DAG file is still an open placeholder.

    Why it matters: a limit of the whole run or of a Map cannot come from an Airflow Variable; it is left out.

    Remedy: translate again with ``--substitute NAME=VALUE``.
    """

    code: ClassVar[str] = "S2A106"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html"
    )
    example: ClassVar[Example] = Example(
        '{"StartAt": "Work", "TimeoutSeconds": ${Limit}, "States": {"Work": {"Type": "Succeed"}}}', "/TimeoutSeconds"
    )
    near_miss: ClassVar[Example] = Example(
        {"StartAt": "Work", "TimeoutSeconds": 60, "States": {"Work": {"Type": "Succeed"}}}
    )

    field: str
    name: str

    def message(self) -> str:
        return f"{self.field} is the open placeholder ${{{self.name}}} and is left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTimeout(Finding):
    """The machine's TimeoutSeconds becomes the DAG's ``dagrun_timeout``.

    Why it matters: Airflow marks the run failed and stops its tasks when the scheduler notices, a few seconds later,
    and records no ``States.Timeout``; the time runs from the start of the run, queueing of tasks included.

    Remedy: nothing, unless something depends on the moment or on the status TIMED_OUT.
    """

    code: ClassVar[str] = "S2A107"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/statemachine-structure.html"
    example: ClassVar[Example] = Example(machine({"Type": "Pass"}, TimeoutSeconds=60), "/TimeoutSeconds")
    near_miss: ClassVar[Example] = Example(machine(lambda_task(TimeoutSeconds=60)))

    seconds: int

    def message(self) -> str:
        return f"TimeoutSeconds {self.seconds} becomes the run's dagrun_timeout"


RULES: tuple[type[Finding], ...] = (
    UnknownField,
    UnreachableState,
    DefinitionWarning,
    OpenPlaceholder,
    OpenNumber,
    MachineTimeout,
)
