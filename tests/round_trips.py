"""DAG, machine, DAG: the goldens of airflow2sfn as the DAGs that sfn2airflow makes of their state machines.

The machine runs in the reference interpreter, the second DAG on a real Airflow, both with the replies of the scenario.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dag_cases import CASES

import sfn2airflow
from sfn2airflow.options import Options
from sfn2airflow.services.endings import endings
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.asl.model import Machine, Task
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.compare import Difference
from sfn_airflow_core.verify.scenario import Scenario
from sfn_airflow_core.verify.verification import Subject, verify

Json = Any
ENDS = endings()
DESCRIBED: dict[str, dict[str, Json]] = {
    "ecs:runTask": {"Containers": [], "TaskArn": "arn:aws:ecs:eu-west-1:111122223333:task/1"},
    "batch:submitJob": {"JobId": "job-1"},
}
"""What descriptions of jobs always have, by which an operator knows them."""


def subjects(folder: Path) -> Iterator[Subject]:
    """The goldens with all of their scenarios; their second DAGs are written to ``folder``, with the runtime."""
    runtime = Path(sfn2airflow.__file__).parent / "runtime"
    shutil.copytree(runtime, folder / "asl_runtime", ignore=shutil.ignore_patterns("__pycache__"))
    texts = {case: (case / "machine.asl.json").read_text(encoding="utf-8") for case in CASES}
    made = [translate_text(text.encode(), case.name, Options(dag_id=case.name)).text for case, text in texts.items()]
    assert None not in made, "every machine of airflow2sfn can be translated"
    for (case, text), dag in zip(texts.items(), format_sources([one or "" for one in made]), strict=True):
        (folder / f"{case.name}.py").write_text(dag, encoding="utf-8")
        yield Subject(case.name, case.name, text, folder / f"{case.name}.py", tuple(_scenarios(case, text)))


def _scenarios(case: Path, text: str) -> Iterator[Scenario]:
    found = json.loads((case / "scenarios.json").read_text(encoding="utf-8"))
    machine = read_text(text, case.name).machine
    assert machine is not None
    values = {name: _value(name, text) for name in re.findall(r"\$\{([^}]*)\}", text)}
    for one in found["scenarios"]:
        replies = _answered(found["replies"] | one.get("replies", {}), machine)
        yield Scenario(one["id"], one.get("input", {}), replies, values)


def _value(name: str, text: str) -> Json:
    """A value for an open substitution."""
    if name.endswith("FunctionArn"):
        return f"arn:aws:lambda:eu-west-1:111122223333:function:{name}"
    return f"value-{name}" if f'"${{{name}}}"' in text or f"${{{name}}}" not in text else ["subnet-1"]


def _answered(replies: dict[str, Json], machine: Machine) -> dict[str, Json]:
    """Replies that say of a job that it has ended, as its description does, and answer a service as it would."""
    found = dict(replies)
    for state in machine.walk():
        if not isinstance(state, Task):
            continue
        for name in [state.name, *(name for name in replies if name.startswith(f"{state.name}#"))]:
            if (reply := replies.get(name, replies.get("*"))) is not None:
                found[name] = _reply(reply, state)
    return found


def _reply(reply: Json, state: Task) -> Json:
    if isinstance(reply, list):
        return [_reply(one, state) for one in reply]
    if all(key.isdigit() for key in reply):
        return {key: _reply(one, state) for key, one in reply.items()}
    action, _, waits = state.resource.rpartition(":::")[2].partition(".sync")
    if "payload" in reply and not action.startswith("lambda") and not state.resource.startswith("${"):
        return {"result": {}}
    if action == "http:invoke" and "result" in reply:
        return {"result": {"Headers": {"Content-Type": ["application/json"]}, "StatusText": "OK", **reply["result"]}}
    if ".sync" not in state.resource or not isinstance(reply.get("result"), dict):
        return reply
    result: dict[str, Json] = json.loads(json.dumps(reply["result"]))
    result = {**DESCRIBED.get(action, {}), **result}
    path, end = ENDS[action]
    *above, last = path.split(".")
    inner = result
    for key in above:
        inner = inner.setdefault(key, {})
    inner.setdefault(last, end)
    if waits == ":2":
        result.setdefault("Output", {})
    return {**reply, "result": result}


def differences(session: AirflowSession, subject: Subject) -> dict[str, tuple[Difference, ...]]:
    """What differs in the scenarios of a golden, by their names; nothing in those that were compared and are equal."""
    found = {}
    for scenario in subject.scenarios:
        name = f"{subject.name}: {scenario.id}"
        verified = verify(session, replace(subject, scenarios=(scenario,)))
        assert not verified.failure, verified.failure
        (outcome,) = verified.outcomes
        assert outcome.comparable, outcome.reason
        found[name] = outcome.differences
    return found
