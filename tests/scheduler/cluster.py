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

    def succeed(self, name: str) -> Any:
        """The result of the run of a machine, which must succeed."""
        return self.airflow.succeed(self.runs[name])
