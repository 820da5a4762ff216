"""The README beside a template: how to deploy, what has to be there before, what differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from airflow2sfn.deploy.template import Parts
from sfn_airflow_core.findings import Fidelity, Finding
from sfn_airflow_core.render.escape import markdown, prose

_TITLES = {
    Fidelity.UNSUPPORTED: "Does not work",
    Fidelity.MANUAL: "Before the first execution",
    Fidelity.APPROXIMATE: "Differs from Airflow",
    Fidelity.NOTE: "Good to know",
}


def readme(parts: Parts, findings: Iterable[Finding]) -> str:
    """The README of a DAG's folder."""
    return "\n".join(_lines(parts, list(dict.fromkeys(findings)))) + "\n"


def _lines(parts: Parts, findings: list[Finding]) -> Iterator[str]:
    yield f"# {markdown(parts.dag_id)}"
    yield ""
    yield f"Translated from the Airflow DAG of the same name. `{parts.definition}` is the state machine,"
    yield "`template.yaml` what deploys it" + (", `functions/` its Python functions." if parts.functions else ".")
    yield ""
    yield "```sh"
    yield "sam build"
    yield "sam deploy --guided"
    yield "```"
    yield ""
    if parts.parameters:
        yield "| parameter | |"
        yield "|---|---|"
        for name, each in parts.parameters.items():
            default = "" if each.default is None else f" (default: {markdown(each.default)})"
            yield f"| {name} | {markdown(each.description)}{default} |"
        yield ""
    if parts.schedule.expressions:
        yield "The schedule is on as soon as it is deployed. While Airflow still runs the DAG, deploy with"
        yield "`--parameter-overrides ScheduleState=DISABLED`."
        yield ""
    example = json.dumps({parts.schedule.member: "2026-01-01T00:00:00Z", "conf": {}})
    yield "Executions can be started by hand, all members are optional:"
    yield ""
    yield "```json"
    yield example
    yield "```"
    for fidelity, title in _TITLES.items():
        # what several tasks need is done once
        chosen = {(f.code, f.message()): f for f in findings if f.fidelity == fidelity}
        if not chosen:
            continue
        yield ""
        yield f"## {title}"
        yield ""
        box = "[ ] " if fidelity in (Fidelity.MANUAL, Fidelity.UNSUPPORTED) else ""
        told: set[str] = set()
        for (_, message), finding in chosen.items():
            yield f"- {box}{prose(message)} ({finding.code})"
            if box and finding.code not in told:
                told.add(finding.code)
                yield f"  {prose(_sentence(finding.remedy()))}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
