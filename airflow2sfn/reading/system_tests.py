"""Helpers of Airflow's own system tests that its repository has and no distribution: what they do, as text.

Sources: ``watcher.py`` and ``system_tests.py`` in ``devel-common/src/tests_common/test_utils/`` of apache/airflow;
before Airflow 3 in ``tests/system/utils/``.
"""

from __future__ import annotations

from collections.abc import Mapping

_WATCHER = '''"""Watches tasks for failures, so that the run fails although its last tasks clean up."""

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowException


@task(trigger_rule="one_failed", retries=0)
def watcher():
    """Raises an exception where anything has failed."""
    raise AirflowException("Failing task because one or more upstream tasks failed.")
'''
_RUN = '''"""What makes a test of a DAG, which changes nothing of the DAG."""

import os


def get_test_run(dag, **kwargs):
    return None


def get_test_env_id(env_var_name="SYSTEM_TESTS_ENV_ID"):
    return os.environ[env_var_name]
'''

MODULES: Mapping[str, str] = {
    "tests_common.test_utils.watcher": _WATCHER,
    "tests_common.test_utils.system_tests": _RUN,
    "tests.system.utils.watcher": _WATCHER,
    "tests.system.utils": _RUN,
}
"""Modules by their names, for projects that have none of the name."""
