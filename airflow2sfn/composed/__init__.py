"""Operators whose work is more than one call, or a call that no row can write: a function for each.

A function gets the task and its arguments, and gives the work, or ``None`` where a row of the catalogue says it all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from airflow2sfn.composed.clusters import CLUSTERS
from airflow2sfn.composed.data import DATA
from airflow2sfn.composed.kubernetes import KUBERNETES
from airflow2sfn.composed.learning import LEARNING
from airflow2sfn.composed.messages import MESSAGES
from airflow2sfn.composed.others import OTHERS
from airflow2sfn.composed.storage import STORAGE
from airflow2sfn.source import Value
from airflow2sfn.tasks.calls import Work
from airflow2sfn.tasks.site import Site

COMPOSED: Mapping[str, Callable[[Site, dict[str, Value]], Work | None]] = {
    f"airflow.providers.amazon.aws.{name}": function
    for table in (CLUSTERS, DATA, KUBERNETES, LEARNING, MESSAGES, STORAGE)
    for name, function in table.items()
} | OTHERS
"""By the full name of the operator or sensor."""

SENSORS = frozenset(name for name in COMPOSED if ".sensors." in name)
"""Those among them that wait for something."""
