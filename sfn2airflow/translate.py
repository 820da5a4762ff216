"""From the text of a state machine to the text of a DAG file, and the report of what changes on the way.

``translate_text`` is the chain of all stages: read, translate, write. The text it returns is not formatted yet:
``sfn2airflow.writing.layout`` formats a whole batch in one call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath

from sfn2airflow.expressions.scope import QUERY_NAMES
from sfn2airflow.options import Options
from sfn2airflow.rules.callbacks import ExpressMachine
from sfn2airflow.rules.document import DefinitionWarning, MachineTimeout, OpenNumber, OpenPlaceholder, UnknownField
from sfn2airflow.translation.approvals import approvals
from sfn2airflow.translation.flows import translate_machine
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.translation.openings import still_open, unreadable_expressions
from sfn2airflow.translation.queries import uses_queries
from sfn2airflow.translation.reads import params
from sfn2airflow.translation.shaping import uses_variables
from sfn2airflow.writing.dag import RESERVED, write
from sfn_airflow_core.asl.model import Machine, Placeholder
from sfn_airflow_core.asl.read import Reading, read_text
from sfn_airflow_core.dag.model import Dag, FailWork, Flow, StateTask, Stub
from sfn_airflow_core.dag.names import Names, slug
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.findings import Fidelity, Finding, Located, Problem, SourceReport, UnreadableInput
from sfn_airflow_core.text import join, parts

DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Translation:
    """What became of one state machine: ``text`` is Python (not formatted), or ``None`` if the input was rejected."""

    source: str
    dag_id: str
    text: str | None
    report: SourceReport
    needs_runtime: bool = True


def translate_text(data: bytes | str, source: str, options: Options = DEFAULTS) -> Translation:
    """Translates the text of one definition (JSON or YAML); never raises for anything the text may contain."""
    dag_id = _dag_id(source, options)
    try:
        reading = read_text(data, source, substitutions=options.substitutions, machine_type=options.type)
    except UnreadableInput as error:
        return Translation(source, dag_id, None, SourceReport(source, dag_id, "rejected", problems=error.problems))
    if reading.machine is None:
        return Translation(source, dag_id, None, SourceReport(source, dag_id, "rejected", problems=_problems(reading)))
    if problems := still_open(reading):
        return Translation(source, dag_id, None, SourceReport(source, dag_id, "rejected", problems=problems))
    reserved = RESERVED | (QUERY_NAMES if uses_queries(reading.machine) else frozenset())
    ledger = Ledger(Names((*reserved, dag_id)))
    ledger.approvals, ledger.human_approval = approvals(reading.machine), options.human_approval
    ledger.note(*_reader_findings(reading))
    if options.type == "EXPRESS":
        ledger.note(ExpressMachine(at="/StartAt"))
    try:
        dag = translate(reading.machine, dag_id, PurePath(source).name, ledger)
        text = write(dag, options, ledger.constants)
    except ExpressionError as error:
        problems = unreadable_expressions(reading, error)
        return Translation(source, dag_id, None, SourceReport(source, dag_id, "rejected", problems=problems))
    return Translation(source, dag_id, text, _report(reading, dag_id, ledger))


def translate(machine: Machine, dag_id: str, source: str, ledger: Ledger) -> Dag:
    """A machine as a DAG; findings go to the ledger."""
    ledger.dag_id = dag_id
    flow = translate_machine(machine, ledger)
    ledger.placeholders(machine.timeout_seconds, "/TimeoutSeconds")
    constants = ledger.name_constants()
    for constant in constants:
        ledger.note(OpenPlaceholder(at=constant.uses[0], name=constant.placeholder, uses=constant.uses))
    if isinstance(machine.timeout_seconds, Placeholder):
        name = machine.timeout_seconds.name
        ledger.note(OpenNumber(at="/TimeoutSeconds", field="TimeoutSeconds", name=name))
    elif machine.timeout_seconds is not None:
        ledger.note(MachineTimeout(at="/TimeoutSeconds", seconds=machine.timeout_seconds))
    return Dag(
        dag_id=dag_id,
        source=source,
        comment=machine.comment or "",
        flow=flow,
        result=_result(flow),
        states=len(list(machine.walk())),
        timeout=machine.timeout_seconds if isinstance(machine.timeout_seconds, int) else None,
        variables=uses_variables(machine),
        constants=constants,
        params=params(machine),
        permissions=tuple(sorted(ledger.permissions)),
        findings=len(ledger.findings),
    )


def _result(flow: Flow) -> tuple[str, ...]:
    """The ends whose document is the output of the execution: those that can be reached without failing."""
    failing = {
        node.task_id for node in flow.nodes if isinstance(node, StateTask) and isinstance(node.work, FailWork | Stub)
    }
    return tuple(end for end in flow.ends if end not in failing)


def _dag_id(source: str, options: Options) -> str:
    """The id asked for, or one made from the file's name that nobody else has."""
    if options.dag_id:
        return options.dag_id
    inside = re.sub(r"^.*\.(json|ya?ml|template)#", "", source, flags=re.IGNORECASE | re.DOTALL)  # of a template
    stem = re.sub(r"\.(asl\.)?(json|ya?ml)$", "", PurePath(inside).name, flags=re.IGNORECASE)
    return Names(options.taken_dag_ids).take(slug(stem, "machine"), suffix="machine")


def _reader_findings(reading: Reading) -> Iterable[Finding]:
    """Warnings and unknown fields of the reader, as findings."""
    for unknown in reading.unknown:
        yield UnknownField(at=unknown.at, name=unknown.name, suggestion=unknown.suggestion or "")
    for problem in reading.problems:
        yield DefinitionWarning(at=problem.at, warning=problem.code, text=problem.message)


def _problems(reading: Reading) -> tuple[Problem, ...]:
    """The problems of a rejected definition in the order of the text; an unknown field may be the cause of another."""
    unknown = [
        Problem(
            "UNKNOWN_FIELD", UnknownField(name=u.name, suggestion=u.suggestion or "").message(), u.at, None, "WARNING"
        )
        for u in reading.unknown
    ]
    placed = [replace(problem, span=reading.document.source_map.key(problem.at)) for problem in unknown]
    return tuple(sorted([*reading.problems, *placed], key=lambda p: (p.span is None, p.span, p.code)))


def _report(reading: Reading, dag_id: str, ledger: Ledger) -> SourceReport:
    """The report of a translated machine, findings in the order of the text."""
    spans = reading.document.source_map
    located = [Located(finding, spans.value(finding.at)) for finding in dict.fromkeys(ledger.findings)]
    located.sort(
        key=lambda place: (place.span.line, place.span.column, place.finding.code) if place.span else (0, 0, "")
    )
    dispositions = dict(ledger.dispositions)
    for finding in ledger.findings:
        if (at := _state_of(finding.at, dispositions)) is not None:
            dispositions[at] = max(dispositions[at], finding.fidelity)
    return SourceReport(
        source=reading.document.source,
        name=dag_id,
        status="translated",
        outputs=(f"{dag_id}.py",),
        dispositions=dispositions,
        findings=tuple(located),
    )


def _state_of(at: str, states: dict[str, Fidelity]) -> str | None:
    """The innermost state that a pointer lies in."""
    tokens = parts(at)
    prefixes = (join("", *tokens[:count]) for count in range(len(tokens), 0, -1))
    return next((prefix for prefix in prefixes if prefix in states), None)
