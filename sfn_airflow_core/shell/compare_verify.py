"""``compare --verify``: runs a machine and any DAG file over scenarios, and says whether they behave the same.

A generated DAG is held to everything that ``verify`` compares. A DAG that somebody else wrote hands other values from
task to task, so that only what can be seen from outside is compared: how the run ends, which tasks run, and which
services are called with what; replies reach a task under the name of the state that it was matched with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sfn_airflow_core.compare.scenarios import ScenarioError
from sfn_airflow_core.compare.steps import Plan
from sfn_airflow_core.compare.structure import Structure
from sfn_airflow_core.shell.comparing import workflow_names
from sfn_airflow_core.shell.inputs import Input
from sfn_airflow_core.text import parts
from sfn_airflow_core.verify.airflow_process import AirflowUnavailable
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.around import MISSING
from sfn_airflow_core.verify.compare import Difference
from sfn_airflow_core.verify.result import Outcome, Verified
from sfn_airflow_core.verify.scenario import BadScenarios, load_scenarios
from sfn_airflow_core.verify.verification import Subject, verify

_PATIENCE = 300.0
"""Seconds for one run of a DAG."""
_MOST = 3
"""Differences of a scenario that are shown."""


def behaviour(found: Input, plan: Plan, structure: Structure, dag: Path, scenarios: Path) -> tuple[str, ...]:
    """Sentences on what running both sides found. Raises ScenarioError where that is not possible."""
    try:
        wanted = load_scenarios(scenarios)
        name = workflow_names(found.name)[-1]
        dag_id = structure.dag.dag_id or None
        subject = Subject(name, found.name, found.data, dag, tuple(wanted), dag_id=dag_id, timeout=_PATIENCE)
        with AirflowSession() as session:
            if structure.dag.generated:
                return tuple(_sentences(verify(session, subject), written=False))
            states = {task: plan.state(at).name for at, task in structure.tasks.items()}
            session.show_as(dag, structure.dag.dag_id, states)
            return tuple(_sentences(verify(session, subject), written=True))
    except BadScenarios as error:
        raise ScenarioError(str(error)) from None
    except AirflowUnavailable as error:
        raise ScenarioError(f"--verify needs Airflow: {error}") from None


def _sentences(verified: Verified, written: bool) -> Iterator[str]:
    """``written``: the DAG is somebody's own, of which only the outside is compared."""
    if verified.failure:
        yield f"Not verified: {verified.failure}"
        return
    compared = [outcome for outcome in verified.outcomes if outcome.comparable]
    told = {outcome.id: list(_told(outcome, written)) for outcome in compared}
    same = sum(not differences for differences in told.values())
    what = "end the same, run the same tasks and make the same calls" if written else "behave the same"
    yield f"Run with the same replies: {same} of {len(compared)} scenarios {what}."
    for outcome in verified.outcomes:
        if not outcome.comparable:
            yield f"{outcome.id}: not comparable: {outcome.reason}"
    for name, differences in told.items():
        for difference in differences[:_MOST]:
            yield f"{name}: {_place(difference)}: expected {_said(difference.expected)}, got {_said(difference.actual)}"
        if len(differences) > _MOST:
            yield f"{name}: {len(differences) - _MOST} more differences"


def _place(difference: Difference) -> str:
    """Where a difference is, in words: a state, and what of it."""
    pointer, _, inside = difference.at.partition("#")
    what = inside.replace("call/arguments", "call").replace("visited", "run").replace("/", " ").strip()
    return f"{parts(pointer)[-1]} ({what})" if inside and pointer else what or difference.at


def _said(value: object) -> str:
    return "nothing" if value is MISSING else f"{value!r:.80}"


def _told(outcome: Outcome, written: bool) -> Iterator[Difference]:
    for difference in outcome.differences:
        outside = difference.at == "status" or "#visited" in difference.at or "#call" in difference.at
        if outside or not written:
            yield difference
