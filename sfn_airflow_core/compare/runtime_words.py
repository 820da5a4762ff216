"""The words of the runtime of generated DAGs that make tasks and groups; a test holds them to what the runtime has.

The runtime itself cannot be asked: it belongs to sfn2airflow, and needs Airflow.
"""

from __future__ import annotations

from typing import Final

STATE_DECORATORS: Final = (
    "state",
    "choice",
    "wait",
    "callback",
    "activity",
    "approval",
    "polling",
    "results",
    "item_source",
    "run_results",
)
"""What makes a task of a function."""
STATE_CALLS: Final = ("as_state", "catch", "job", "child_dag", "child_runs", "loop", "leave", "enter")
"""What gives a task where it is called."""
GROUP: Final = "group"
"""What makes a group of a function."""
RUNTIME: Final = (*STATE_DECORATORS, *STATE_CALLS)
"""All that makes tasks."""
