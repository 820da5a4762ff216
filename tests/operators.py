"""DAGs of a few operators: translated, and executed with replies."""

from __future__ import annotations

from textwrap import indent
from typing import Any

from airflow2sfn.read import read_text
from airflow2sfn.translate import Translated, translate
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute, read_replies

PROVIDER = "airflow.providers.amazon.aws"


def translated(operators: str, tasks: str) -> Translated:
    """A DAG with operators (``operators.s3.S3ListOperator``) in it."""
    imports = "".join(
        f"from {PROVIDER}.{name.rpartition('.')[0]} import {name.rpartition('.')[2]}\n" for name in operators.split()
    )
    text = f'from airflow.sdk import DAG, task\n{imports}\nwith DAG("d", schedule=None):\n{indent(tasks, "    ")}\n'
    reading = read_text(text, "dag.py")
    assert not reading.problems
    (dag,) = reading.dags
    return translate(dag)


class Recorded:
    """Replies, and what was called with which arguments."""

    def __init__(self, replies: dict[str, list[dict[str, Any]]]):
        self.replies = read_replies(replies)  # type: ignore[arg-type]
        self.calls: list[tuple[str, str, Any]] = []

    def answer(self, call: ServiceCall) -> Reply:
        self.calls.append((call.state, call.resource.rpartition(":::")[2], call.arguments))
        return self.replies.answer(call)


def run(done: Translated, replies: dict[str, list[dict[str, Any]]]) -> tuple[Any, Recorded]:
    machine = read_machine(write(done.machine), "d").machine
    assert machine is not None
    answers = Recorded(replies)
    return execute(machine, {"logical_date": "2026-01-01T00:00:00+00:00"}, answers), answers


def called(operators: str, tasks: str, replies: dict[str, list[dict[str, Any]]]) -> tuple[list[Any], str]:
    """What the states of such a DAG call, and how the machine ends."""
    execution, answers = run(translated(operators, tasks), replies)
    ended = execution.status if execution.status == "SUCCEEDED" else f"{execution.error}: {execution.cause}"
    return answers.calls, ended


def ok(*results: Any) -> list[dict[str, Any]]:
    return [{"result": result} for result in results]


def error(name: str) -> dict[str, Any]:
    return {"error": name, "cause": "told"}


TELL = (
    'tell = SnsPublishOperator(task_id="tell", target_arn="arn", message="{{ ti.xcom_pull(task_ids=\'a\') }}")\n'
    "a >> tell"
)
SNS = " operators.sns.SnsPublishOperator"
