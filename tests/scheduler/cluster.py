"""What the tests have in front of them: a running Airflow, AWS beside it, and runs that are under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_client import Airflow, Run
from world import World

STARTED = ("refund_approval", "bucket_inventory", "restock", "sales_import", "checkout")
"""The machines of which one run each is under way when the first test begins."""


@dataclass(frozen=True)
class Cluster:
    """A running Airflow, the AWS that it calls, and a run of each machine in ``STARTED``."""

    airflow: Airflow
    world: World
    runs: dict[str, Run]

    def finished(self, name: str) -> tuple[str, Any]:
        """The state in which the run of a machine ended, and its result."""
        state = self.airflow.end(self.runs[name])
        return state, self.airflow.result(self.runs[name])
