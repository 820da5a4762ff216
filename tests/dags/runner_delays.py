"""A delay that passes while another task is at work."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

from airflow.sdk import dag, get_current_context, task


@dag(dag_id="runner_delays", schedule=None)
def runner_delays():
    @task(retries=1, retry_delay=timedelta(seconds=0.1))
    def again():
        if get_current_context()["ti"].try_number == 1:
            raise ValueError("once")

    @task
    def busy():
        Event().wait(0.3)

    again()
    busy()


runner_delays()
