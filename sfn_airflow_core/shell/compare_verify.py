"""``compare --verify``: runs a machine and any DAG file over scenarios, and says whether they behave the same."""

from __future__ import annotations

from pathlib import Path

from sfn_airflow_core.compare.scenarios import ScenarioError
from sfn_airflow_core.shell.comparing import workflow_names
from sfn_airflow_core.shell.inputs import Input
from sfn_airflow_core.verify.airflow_process import AirflowUnavailable
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.result import Verified
from sfn_airflow_core.verify.scenario import BadScenarios, load_scenarios
from sfn_airflow_core.verify.verification import Subject, verify


def behaviour(found: Input, dag: Path, dag_id: str, scenarios: Path) -> tuple[str, ...]:
    """Sentences on what running both sides found. Raises ScenarioError where that is not possible."""
    try:
        wanted = load_scenarios(scenarios)
        name = workflow_names(found.name)[-1]
        subject = Subject(name, found.name, found.data, dag, tuple(wanted), dag_id=dag_id or None)
        with AirflowSession() as session:
            return _sentences(verify(session, subject))
    except BadScenarios as error:
        raise ScenarioError(str(error)) from None
    except AirflowUnavailable as error:
        raise ScenarioError(f"--verify needs Airflow: {error}") from None


def _sentences(verified: Verified) -> tuple[str, ...]:
    if verified.failure:
        return (f"Not verified: {verified.failure}",)
    total, different = verified.compared, verified.different
    lines = [f"Run with the same replies: {total - different} of {total} scenarios behave the same."]
    for outcome in verified.outcomes:
        if not outcome.comparable:
            lines.append(f"{outcome.id}: not comparable: {outcome.reason}")
        elif not outcome.equal:
            first = outcome.differences[0]
            lines.append(
                f"{outcome.id}: {first.at}: expected {first.expected!r:.80}, and the DAG gave {first.actual!r:.80}"
            )
    return tuple(lines)
