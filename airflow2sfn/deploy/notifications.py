"""Notifiers of a DAG as functions: the call of SNS or SQS that they make, when an execution has ended."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.packaging.context import Asked
from airflow2sfn.packaging.literals import literal
from airflow2sfn.packaging.names import FunctionName
from airflow2sfn.packaging.package import Function
from airflow2sfn.source import Known, Made, Template, Value

_CALLS = {
    "SnsNotifier": ("sns", "publish", {"target_arn": "TopicArn", "message": "Message", "subject": "Subject"}),
    "SqsNotifier": (
        "sqs",
        "send_message",
        {"queue_url": "QueueUrl", "message_body": "MessageBody", "message_group_id": "MessageGroupId",
         "delay_seconds": "DelaySeconds"},
    ),
}  # fmt: skip
_SAME = {"send_sns_notification": "SnsNotifier", "send_sqs_notification": "SqsNotifier"}
_LEFT = frozenset({"aws_conn_id", "region_name"})
_NAMES = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_RUN = frozenset({"run_id", "dag_run.run_id", "ti.run_id"})
_DAG = frozenset({"dag.dag_id", "dag_run.dag_id", "ti.dag_id"})


def notifier(made: Made, name: FunctionName, dag_id: str) -> Function:
    """The function of a notifier; raises Untranslatable.

    Args:
        made: the notifier, as the file makes it.
        name: of the function.
        dag_id: the DAG.
    """
    kind = made.name.rpartition(".")[2]
    kind = _SAME.get(kind, kind)
    if kind not in _CALLS:
        raise Untranslatable(f"{kind} has no counterpart for a DAG")
    client, method, places = _CALLS[kind]
    given = {key: value for key, value in made.kwargs if key not in _LEFT and value != Known(None)}
    if unknown := sorted(given.keys() - places.keys()):
        raise Untranslatable(f"its argument {unknown[0]} has no counterpart")
    arguments = "".join(f"        {places[key]}={_python(value, dag_id)},\n" for key, value in given.items())
    run = '    run_id = event["detail"]["name"]\n' if "run_id" in arguments else ""
    code = (
        f'"""{kind} of an Airflow DAG, as an AWS Lambda function."""\n\nimport boto3\n\n\n'
        'def handler(event, _context):\n    """Called by EventBridge when an execution has ended."""\n'
        f'{run}    boto3.client("{client}").{method}(\n{arguments}    )\n'
    )
    return Function(name=name, tasks=(), files={PurePosixPath("app.py"): code}, asked=Asked(), code=code)


def _python(value: Value, dag_id: str) -> str:
    """A value as Python, in which the run's id is ``run_id``; raises Untranslatable."""
    known = value.text if isinstance(value, Template) else value.value if isinstance(value, Known) else None
    if isinstance(known, int) and not isinstance(known, bool):
        return str(known)
    if not isinstance(known, str):
        raise Untranslatable("what it says is not known")
    parts: list[str] = []
    for number, piece in enumerate(_NAMES.split(known)):
        if number % 2 and piece in _RUN:
            parts.append("run_id")
        elif number % 2 and piece not in _DAG:
            raise Untranslatable(f"its template uses {piece}")
        elif number % 2 or piece:
            if not number % 2 and ("{{" in piece or "{%" in piece):
                raise Untranslatable("its template is no text with names in it")
            parts.append(literal(dag_id if number % 2 else piece)[0])
    return " + ".join(parts) or '""'
