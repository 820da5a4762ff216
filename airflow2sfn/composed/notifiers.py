"""Notifiers of providers, which callbacks of tasks are made of: the calls that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import Values
from airflow2sfn.source import Entries, Items, Known, Made, Symbolic, Task, Template, Value
from airflow2sfn.structure import Plan
from airflow2sfn.tasks.calls import Call, Note
from airflow2sfn.tasks.services import row_call
from airflow2sfn.tasks.site import Site
from sfn_airflow_core.asl.model import Json

_AMAZON = "airflow.providers.amazon.aws"
_SLACK = "https://slack.com/api/chat.postMessage"
_CONNECTION = ("aws_conn_id", "region_name")


def notification(made: Made, task_id: str, plan: Plan, values: Values, note: Note) -> Call:
    """The call of a notifier; raises Untranslatable.

    Args:
        made: the notifier, as the file makes it.
        task_id: the task that it is about.
        plan: the plan of the DAG.
        values: where its templates find their values.
        note: takes findings.
    """
    kind = made.name.rpartition(".")[2]
    write = _WRITERS.get(_CLASSES.get(kind, kind))
    if write is None:
        raise Untranslatable(f"{kind} has no counterpart")
    given = {name: templated(value) for name, value in made.kwargs if value != Known(None)}
    return write(Site(Task(task_id=task_id, operator=made.name, span=made.span), plan, values, note), given)


def templated(value: Value) -> Value:
    """A value whose texts may be templates, as those of notifiers are."""
    match value:
        case Known(str() as text) if "{{" in text or "{%" in text:
            return Template(text)
        case Known(list() | tuple() as items):
            return Items(tuple(templated(Known(item)) for item in items))
        case Known(dict() as known):
            return Entries(tuple((Known(key), templated(Known(item))) for key, item in known.items()))
        case Items(inner):
            return Items(tuple(map(templated, inner)))
        case Entries(entries):
            return Entries(tuple((key, templated(item)) for key, item in entries))
        case _:
            return value


def _as_operator(operator: str, names: Mapping[str, str]) -> Callable[[Site, dict[str, Value]], Call]:
    """A notifier that makes the call of an operator, with other names for its arguments."""

    def write(site: Site, given: dict[str, Value]) -> Call:
        arguments = {names.get(name, name): value for name, value in given.items() if name not in _CONNECTION}
        task = Task(task_id=site.task.task_id, operator=operator, arguments=arguments, span=site.task.span)
        return row_call(Site(task, site.plan, site.values, site.note), arguments)

    return write


def _mail(site: Site, given: dict[str, Value]) -> Call:
    sender = given.pop("from_email", Symbolic("the sender of mails", "configuration", key="MailFrom"))
    site.refuse(given, "template")
    if "subject" not in given or "html_content" not in given:
        raise Untranslatable("its subject and text come from templates of the provider")
    left = {name: value for name, value in given.items() if name not in ("smtp_conn_id", "auth_type")}
    return _ses(site, {**left, "mail_from": sender})


def _slack(site: Site, given: dict[str, Value]) -> Call:
    """Slack's API by an HTTP Task; an EventBridge connection holds the token."""
    connection = given.get("slack_conn_id", Known("slack_api_default"))
    if not isinstance(connection, Known):
        raise Untranslatable("its connection is not known")
    name = str(connection.value)
    known = site.plan.connections.get(name)
    secret: Value = Symbolic(f"an EventBridge connection for {name}", "connection", key=f"{name} connection arn")
    if known is not None and "connection_arn" in known.fields:
        secret = Known(known.fields["connection_arn"])
    site.dropped(given, "slack_conn_id", "text", "channel", "username", "icon_url", "attachments", "blocks",
                 "unfurl_links", "unfurl_media", "base_url", "proxy", "timeout", "retry_handlers")  # fmt: skip
    body: dict[str, Json] = {
        "channel": site.json(given.get("channel", Known("#general"))),
        "text": site.json(given.get("text", Known("This message has been sent"))),
    }
    body |= {
        each: site.json(given[each]) for each in ("username", "icon_url", "attachments", "blocks") if each in given
    }
    arguments: dict[str, Json] = {
        "ApiEndpoint": _SLACK,
        "Method": "POST",
        "Authentication": {"ConnectionArn": site.json(secret)},
        "RequestBody": body,
    }
    return site.call("http:invoke", arguments)


_ses = _as_operator(f"{_AMAZON}.operators.ses.SesEmailOperator", {})
_CLASSES: Mapping[str, str] = {
    "send_sns_notification": "SnsNotifier",
    "send_sqs_notification": "SqsNotifier",
    "send_ses_notification": "SesNotifier",
    "send_smtp_notification": "SmtpNotifier",
    "send_email": "SmtpNotifier",
    "send_slack_notification": "SlackNotifier",
}
_WRITERS: Mapping[str, Callable[[Site, dict[str, Value]], Call]] = {
    "SnsNotifier": _as_operator(f"{_AMAZON}.operators.sns.SnsPublishOperator", {}),
    "SqsNotifier": _as_operator(
        f"{_AMAZON}.operators.sqs.SqsPublishOperator", {"queue_url": "sqs_queue", "message_body": "message_content"}
    ),
    "SesNotifier": _ses,
    "SmtpNotifier": _mail,
    "SlackNotifier": _slack,
}
