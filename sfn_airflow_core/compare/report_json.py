"""Comparisons as JSON, with ``schema_version``."""

from __future__ import annotations

import json
from typing import Any, Final

from sfn_airflow_core.compare.comparison import Comparison, Cost
from sfn_airflow_core.compare.estate import Estate
from sfn_airflow_core.compare.limits import Limit
from sfn_airflow_core.compare.quote import Quote
from sfn_airflow_core.compare.structure import Structure
from sfn_airflow_core.compare.usage import Usage

SCHEMA_VERSION: Final = 1


def render_json(parts: tuple[Comparison, ...], estate: Estate | None) -> str:
    """The report on one or several workflows; amounts are dollars a month, not rounded."""
    first = parts[0].terms
    value = {
        "schema_version": SCHEMA_VERSION,
        "currency": "USD",
        "region": first.region,
        "prices_as_of": first.as_of,
        "prices": [
            {
                "item": row.item,
                "price": format(row.price, "f"),
                "unit": row.unit,
                "basis": row.basis,
                "source": row.source,
                "as_of": row.as_of.isoformat(),
            }
            for row in first.prices.values()
        ],
        "workflows": [_workflow(part) for part in parts],
    }
    if estate is not None:
        value["total"] = {
            "runs_per_month": estate.terms.runs,
            "usage": _usage(estate.usage),
            "cost": _cost(estate.cost),
            "sfn_mixed": _quote(estate.mixed),
        }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _workflow(part: Comparison) -> dict[str, Any]:
    return {
        "name": part.workflow.name,
        "runs_per_month": part.terms.runs,
        "origin": part.workflow.origin,
        "runs_from": part.terms.reason,
        "assumed": list(part.workflow.assumed),
        "notes": list(part.workflow.notes),
        "polls": [
            {
                "wait": poll.wait,
                "seconds": poll.seconds,
                "total_seconds": poll.total,
                "given": poll.given,
                "rounds": poll.rounds,
            }
            for poll in part.workflow.polls
        ],
        "starts_others": list(part.workflow.started),
        "dag": part.workflow.side.name if part.workflow.side else None,
        "runs": [
            {"id": run.id, "weight": run.weight, "status": run.status, "seconds": run.seconds, "problem": run.problem}
            for run in part.workflow.runs
        ],
        "usage": _usage(part.usage),
        "cost": _cost(part.cost),
        "limits": [_limit(limit) for limit in part.limits],
        "latency": {
            "run": part.latency.run,
            "path": list(part.latency.path),
            "task_path": list(part.latency.task_path),
            "transitions": part.latency.transitions,
            "tasks": part.latency.tasks,
            "work_seconds": part.latency.work,
            "seconds": part.latency.seconds,
        },
        "architecture": [
            {
                "dimension": row.name,
                "step_functions": row.step_functions,
                "airflow": row.airflow,
                "workflow": row.here,
                "to_match": row.match,
            }
            for row in part.architecture
        ],
        "structure": _structure(part.structure),
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "transitions": usage.transitions,
        "child_transitions": usage.child_transitions,
        "express_children": usage.requests,
        "retries": usage.retries,
        "seconds": usage.seconds,
        "express_gb_seconds": usage.express_gb_seconds,
        "express_memory_mb": usage.memory_mb,
        "tasks": usage.tasks,
        "skipped_tasks": usage.skipped,
        "slot_seconds": usage.slot_seconds,
        "deferred_seconds": usage.deferred_seconds,
        "serverless_seconds": usage.serverless_seconds,
        "peak_tasks": usage.peak,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "option": quote.option,
        "title": quote.title,
        "amount": quote.amount,
        "possible": quote.fits,
        "excluded": list(quote.excluded),
        "notes": list(quote.notes),
        "items": [
            {"label": item.label, "amount": item.amount, "formula": item.formula(), "numbers": dict(item.numbers)}
            for item in quote.items
        ],
    }


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "options": [_quote(quote) for quote in cost.quotes],
        "mwaa_class": cost.chosen,
        "break_even": [
            {
                "first": c.first,
                "second": c.second,
                "runs_per_month": c.runs,
                "cheaper_then": c.then or None,
                "amounts": None if c.runs is None else [_finite(amount) for amount in c.at],
            }
            for c in cost.crossings
        ],
        "standard_costs_more_from": cost.by_class,
        "sensitivity": {
            name: {label: _finite(amount) for label, amount in zip(("x0.1", "x1", "x10"), amounts, strict=True)}
            for name, amounts in cost.sensitivity.items()
        },
        "verdict": cost.verdict,
    }


def _finite(amount: float) -> float | None:
    return None if amount == float("inf") else amount


def _limit(limit: Limit) -> dict[str, Any]:
    return {
        "side": limit.side,
        "what": limit.what,
        "value": limit.value,
        "limit": limit.limit,
        "unit": limit.unit,
        "margin": limit.margin,
        "status": limit.status,
        "of": limit.about,
        "source": limit.source,
    }


def _structure(structure: Structure | None) -> dict[str, Any] | None:
    if structure is None:
        return None
    return {
        "dag_id": structure.dag.dag_id,
        "source": structure.dag.source,
        "matches": [
            {
                "state": match.state,
                "task": match.task,
                "sure": match.sure,
                "evidence": list(match.evidence),
                "differences": list(match.differences),
            }
            for match in structure.matches
        ],
        "part_of_matched_states": list(structure.around),
        "only_in_state_machine": list(structure.only_machine),
        "only_in_dag": list(structure.only_dag),
        "order": list(structure.edges),
        "behaviour": list(structure.behaviour),
    }
