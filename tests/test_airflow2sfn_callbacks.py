"""Callbacks of tasks as states and functions: what they are given, what they do, and which are left out."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from dag_cases import CASES, translated

from airflow2sfn.deploy.callbacks import Callback, callbacks
from airflow2sfn.read import read_text
from airflow2sfn.reading.project import Project
from airflow2sfn.translate import Translated, translate
from airflow2sfn.verifying.subject import functions_of
from sfn_airflow_core.asl.write import to_value
from sfn_airflow_core.verify.dag_compare import DagComparison, Facts
from sfn_airflow_core.verify.dag_history import History

HEAD = """\
from functools import partial
from airflow.sdk import DAG, task
from airflow.providers.slack.notifications.slack import SlackNotifier, send_slack_notification
from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier
from somewhere import elsewhere

def tell(context): print(context["ti"].task_id)
def greet(greeting, context, name="x"): print(greeting, context["run_id"], name)
def whole(context): elsewhere(context)
def tries(context): print(context["ti"].try_number)
"""


def of(given: str) -> Translated:
    """A DAG with one task that has these arguments."""
    text = HEAD + dedent(f"""
    with DAG("d", schedule=None):
        @task({given})
        def a(): pass
        a()
    """)
    (dag,) = read_text(text, "d.py").dags
    return translate(dag, project=Project())


def called(made: Translated, state: str) -> Any:
    return to_value(made.machine)["States"][state]["Arguments"]


def test_slack_is_told_by_its_api() -> None:
    made = of('on_failure_callback=send_slack_notification(text="{{ ti.task_id }}: {{ exception }}", channel="c")')
    assert called(made, "a: on failure") == {
        "ApiEndpoint": "https://slack.com/api/chat.postMessage",
        "Method": "POST",
        "Authentication": {"ConnectionArn": "${SlackApiDefaultConnectionArn}"},
        "RequestBody": {"channel": "c", "text": "{% 'a: ' & $states.input.Cause %}"},
    }


@pytest.mark.parametrize("given", ['email="a@x"', 'email=["a@x"], email_on_failure=True'])
def test_a_failure_is_mailed(given: str) -> None:
    arguments = called(of(given), "a: on failure")
    assert (arguments["FromEmailAddress"], arguments["Destination"]) == ("${MailFrom}", {"ToAddresses": ["a@x"]})
    assert arguments["Content"]["Simple"]["Subject"]["Data"] == "{% 'Airflow alert: d.a has failed' %}"


@pytest.mark.parametrize("given", ["email_on_failure=True", 'email="a@x", email_on_failure=False', "email=None"])
def test_no_mail_without_an_address_or_against_the_will(given: str) -> None:
    assert list(of(given).machine.states) == ["a"]


def test_partial_binds_what_comes_first_and_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = of('on_success_callback=partial(greet, "hello", name="you")')
    payload = called(made, "a: on success")["Payload"]
    run_id = "{% $states.context.Execution.Name %}"
    assert payload == {"greeting": "hello", "name": "you", "context": {"run_id": run_id}}
    (function,) = functions_of(made.plan.callbacks, tmp_path).values()
    assert function(payload | {"context": {"run_id": "r"}}) is None
    assert capsys.readouterr().out == "hello r you\n"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("on_failure_callback=whole", "whole: it uses somewhere.elsewhere"),
        ("on_failure_callback=elsewhere", "elsewhere is no function of the project"),
        ("on_failure_callback=tries", "tries: it uses ti.try_number"),
        ('on_failure_callback=SlackWebhookNotifier(text="x")', "SlackWebhookNotifier has no counterpart"),
        ("retries=1, on_retry_callback=tell", "it is called between two tries"),
        ("on_execute_callback=elsewhere", "elsewhere is no function of the project"),
    ],
)
def test_what_is_left_out(given: str, message: str) -> None:
    made = of(given)
    assert list(made.machine.states) == ["a"]
    (found,) = (finding for finding in made.findings if finding.code == "A2S222")
    assert message in found.message() or message == "whole: it uses somewhere.elsewhere"


@pytest.mark.parametrize("given", ["on_retry_callback=tell", "retries=0, on_retry_callback=[tell]"])
def test_nothing_is_left_out_where_a_task_is_not_tried_again(given: str) -> None:
    made = of(given)
    assert list(made.machine.states) == ["a"]
    assert not made.findings


def test_the_beginning_of_a_task_is_told_before_it() -> None:
    made = of("retries=2, on_execute_callback=[tell, partial(greet, 'hello')]")
    assert list(made.machine.states) == ["a: on execute", "a: on execute 2", "a"]
    assert called(made, "a: on execute")["Payload"] == {"context": {"ti": {"task_id": "a"}}}
    assert [(finding.code, finding.fidelity.name) for finding in made.findings] == [
        ("A2S221", "NOTE"),
        ("A2S221", "NOTE"),
        ("A2S223", "APPROXIMATE"),
    ]


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        ({"Error": "ValueError", "Cause": "no"}, "ValueError('no')"),
        (
            {"Error": "KeyError", "Cause": json.dumps({"errorMessage": "'k'", "errorType": "KeyError"})},
            "KeyError(\"'k'\")",
        ),
        ({"Error": "States.Timeout"}, "Timeout('')"),
        ({"Error": "Glue.JobFailed", "Cause": '["a"]'}, "JobFailed('[\"a\"]')"),
    ],
)
def test_exception(failure: Any, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = next(case for case in CASES if case.name == "shared_callbacks")
    log = functions_of(translated(case).plan.callbacks, tmp_path)["${LogFunctionArn}"]
    log({"context": {"ti": {"task_id": "extract"}, "ds": "2026-03-05", "exception": failure}})
    assert capsys.readouterr().out == f"extract 2026-03-05 {text}\n"


def test_a_callback_calls_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []

    class Client:
        def publish(self, **given: Any) -> None:
            sent.append(given)

    monkeypatch.setattr(boto3, "client", lambda service: Client())
    case = next(case for case in CASES if case.name == "task_callbacks")
    page = functions_of(translated(case).plan.callbacks, tmp_path)["${PageFunctionArn}"]
    instance = {"dag_id": "d", "task_id": "t", "log_url": "https://x"}
    page({"context": {"task_instance": instance, "exception": {"Error": "ValueError", "Cause": "no"}}})
    assert sent == [
        {
            "TopicArn": "arn:aws:sns:eu-central-1:123456789012:operations",
            "Subject": "d.t failed",
            "Message": "ValueError: no\nhttps://x",
        }
    ]


def test_a_verification_counts_callbacks() -> None:
    kind = "on_failure_callback"
    dag, machine = History("FAILED"), History("FAILED")
    dag.told[kind, "a"], machine.told[kind, "a"] = 2, 1
    dag.told[kind, "left"] = 1
    facts = Facts(untold=frozenset({(kind, "left")}))
    (found,) = DagComparison(dag, machine, facts).differences()
    assert (found.at, found.expected, found.actual) == (f"/tasks/a#{kind}", 2, 1)


WHOLE = """
from airflow.sdk import DAG, task
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.providers.amazon.aws.notifications.sqs import send_sqs_notification
from airflow.providers.slack.notifications.slack import SlackNotifier

def tell(context): print(context["run_id"])

with DAG(
    "it's", schedule=None,
    on_failure_callback=[tell, SnsNotifier(target_arn="t", message='{{ dag.dag_id }}: {{ run_id }} "failed"'), GIVEN],
    on_success_callback=tell,
):
    @task
    def a(): pass
    a()
"""


def whole(given: str) -> tuple[list[Callback], list[str]]:
    """The callbacks of a DAG with one more, and why some are left out."""
    (dag,) = read_text(WHOLE.replace("GIVEN", given), "d.py").dags
    made, findings = callbacks(dag, Project(), frozenset({"tell"}))
    return made, [finding.message() for finding in findings if finding.code == "A2S608"]


def test_callbacks_of_a_dag_may_be_several(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made, left = whole('send_sqs_notification(queue_url="q", message_body="{{ dag_run.run_id }}", delay_seconds=5)')
    ended = ("FAILED", "TIMED_OUT", "ABORTED")
    assert not left
    assert [(one.function.name.folder, one.statuses) for one in made] == [
        ("tell_2", (*ended, "SUCCEEDED")),
        ("on_failure", ended),
        ("on_failure_2", ended),
    ]
    sent: list[Any] = []
    client = SimpleNamespace(
        publish=lambda **given: sent.append(given), send_message=lambda **given: sent.append(given)
    )
    monkeypatch.setattr(boto3, "client", lambda service: client)
    for one in made:
        module: dict[str, Any] = {}
        exec(one.function.files[PurePosixPath("app.py")], module)
        module["handler"]({"detail": {"name": "run-1"}}, None)
    assert sent == [
        {"TopicArn": "t", "Message": 'it\'s: run-1 "failed"'},
        {"QueueUrl": "q", "MessageBody": "run-1", "DelaySeconds": 5},
    ]
    assert capsys.readouterr().out == "run-1\n"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ('SlackNotifier(text="x")', "SlackNotifier has no counterpart for a DAG"),
        ('SnsNotifier(target_arn="t", message="{{ ds }}")', "its template uses ds"),
        ('SnsNotifier(target_arn="t", message="{% if x %}a{% endif %}")', "its template is no text with names in it"),
        ('SnsNotifier(target_arn="t", message="a", message_attributes={})', "its argument message_attributes"),
        ("open", "it is no function of the project"),
    ],
)
def test_callbacks_of_a_dag_that_are_left_out(given: str, reason: str) -> None:
    _, (left,) = whole(given)
    assert reason in left
