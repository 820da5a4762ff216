"""A DAG without the runtime: two tasks, one call, a retry."""

from __future__ import annotations

from datetime import timedelta

import boto3
from airflow.sdk import dag, get_current_context, task


@dag(dag_id="runner_plain", schedule=None)
def runner_plain():
    @task(task_display_name="Look up", retries=2, retry_delay=timedelta(seconds=7))
    def look_up():
        key = get_current_context()["dag_run"].conf["key"]
        return boto3.client("dynamodb").get_item(TableName="t", Key={"id": {"S": key}})["Item"]["n"]["N"]

    @task
    def double(n):
        return {"n": int(n) * 2}

    return double(look_up())


runner_plain()
