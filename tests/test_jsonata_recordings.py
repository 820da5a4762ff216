"""Executions of JSONata and mixed machines recorded on AWS, through the generated DAGs on a real Airflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recordings import lines

from benchmarks.recordings import replay
from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources

RECORDINGS = [record for record in lines("aws-recordings.jsonl") if record["query_language"] != "JSONPath"]
DIFFERENCES: dict[str, str] = {}
"""Recordings that do not come out equal, by the end of their ids, and why."""


def reason(record: dict[str, Any]) -> str | None:
    """Why a recording does not come out equal."""
    name = record["id"].partition("|")[0]
    return next((why for part, why in DIFFERENCES.items() if name.endswith(part)), None)


COMPARABLE = [record for record in RECORDINGS if not record["needs_external_data"]]
TRANSLATIONS = [
    translate_text(json.dumps(record["definition"]), f"r{number}.asl.json", Options(dag_id=f"r{number}"))
    for number, record in enumerate(COMPARABLE)
]
SOURCES = format_sources([translation.text or "" for translation in TRANSLATIONS])


@pytest.mark.parametrize(
    ("record", "translation", "source"),
    [*zip(COMPARABLE, TRANSLATIONS, SOURCES, strict=True)],
    ids=[record["id"].split("::")[-1].partition("|")[0] for record in COMPARABLE],
)
def test_a_recorded_execution(
    record: dict[str, Any], translation: Any, source: str, airflow: Any, with_runtime: Path
) -> None:
    row = replay(airflow, with_runtime, record, translation, iter([source]))
    assert (row["verdict"] == "equal") is (reason(record) is None), row


def test_at_least_95_of_100_are_equal() -> None:
    different = [record for record in RECORDINGS if reason(record) or record["needs_external_data"]]
    assert len(RECORDINGS) == 113
    assert len(different) <= 0.05 * len(RECORDINGS)
    assert sum(reason(record) is not None for record in RECORDINGS) == len(DIFFERENCES)
