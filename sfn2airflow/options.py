"""What a translation can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sfn_airflow_core.asl.model import Json


@dataclass(frozen=True, slots=True)
class Options:
    """Options of one translation.

    ``substitutions`` fill in ``${Name}`` placeholders. ``dag_id`` overrides the one made from the file's name; ids in
    ``taken_dag_ids`` are avoided. ``runtime`` says where generated code imports its runtime from: ``copied`` is the
    package ``asl_runtime`` beside the DAGs, ``package`` the installed distribution. ``type`` is that of the state
    machine, which its definition does not say. ``human_approval`` lets persons answer in Airflow's interface where a
    callback only tells them.
    """

    substitutions: Mapping[str, Json] = field(default_factory=dict)
    dag_id: str | None = None
    taken_dag_ids: frozenset[str] = frozenset()
    runtime: Literal["copied", "package"] = "copied"
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    human_approval: bool = False
