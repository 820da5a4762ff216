"""S2A5xx: answers from outside: task tokens, activities, HTTP endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sfn2airflow.options import Options
from sfn2airflow.rules.example import Example, lambda_task, machine
from sfn_airflow_core.findings import Fidelity, Finding

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskToken(Finding):
    """A Task that waits until somebody returns its task token: the token is Airflow's, and so is its return.

    Why it matters: a callee that calls SendTaskSuccess, SendTaskFailure or SendTaskHeartbeat with this token is
    refused by Step Functions, and the task waits until its timeout.

    Remedy: let the callee call Airflow's REST API instead; docs/callbacks.md has the request, a function for Lambda,
    and the command ``sfn2airflow answer``.
    """

    code: ClassVar[str] = "S2A501"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/connect-to-resource.html"
    example: ClassVar[Example] = Example(
        machine(lambda_task(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken")), "/States/Work/Resource"
    )
    near_miss: ClassVar[Example] = Example(machine(lambda_task()))

    def message(self) -> str:
        return "the token is returned through Airflow's REST API, no longer with SendTaskSuccess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity(Finding):
    """A Task whose work is done by the workers of an activity: they find it in Airflow, and answer there.

    Why it matters: a worker that calls GetActivityTask gets nothing, and the task waits until its timeout.

    Remedy: let the workers poll Airflow's REST API (docs/callbacks.md), or do their work in the task itself.
    """

    code: ClassVar[str] = "S2A502"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/concepts-activities.html"
    example: ClassVar[Example] = Example(
        machine({"Type": "Task", "Resource": "arn:aws:states:eu-west-1:111122223333:activity:approve"}),
        "/States/Work/Resource",
    )
    near_miss: ClassVar[Example] = Example(
        machine({"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:approve"})
    )

    activity: str

    def message(self) -> str:
        return f"the workers of the activity {self.activity} fetch their work from Airflow's REST API"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTask(Finding):
    """A Task that calls an HTTPS API: its credentials are those of an Airflow connection.

    Why it matters: credentials cannot be taken out of an EventBridge connection; without the Airflow connection the
    task fails.

    Remedy: create an Airflow connection of that id: login and password for Basic authentication, ``headers`` and
    ``query`` in its extra for API keys, ``oauth`` for client credentials (docs/callbacks.md).
    """

    code: ClassVar[str] = "S2A503"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/call-https-apis.html"
    example: ClassVar[Example] = Example(
        machine(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::http:invoke",
                "Parameters": {
                    "ApiEndpoint": "https://example.com",
                    "Method": "GET",
                    "Authentication": {"ConnectionArn": "arn:aws:events:eu-west-1:111122223333:connection/shop/1"},
                },
            }
        ),
        "/States/Work/Resource",
    )
    near_miss: ClassVar[Example] = Example(machine(lambda_task()))

    connection: str
    """Its id; empty where the ARN is only known when the state runs."""

    def message(self) -> str:
        if not self.connection:
            return "needs an Airflow connection with the name and the credentials of the EventBridge connection"
        return f"needs an Airflow connection {self.connection!r}, with the credentials of EventBridge's of that name"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignToken(Finding):
    """A Task that answers a task token, or fetches an activity's work, at Step Functions.

    Why it matters: the call is made as before, but the state that waits for it may have moved to Airflow as well;
    Step Functions does not know the token of an Airflow task, and refuses it.

    Remedy: where the waiting state machine moves too, answer it through Airflow's REST API (docs/callbacks.md).
    """

    code: ClassVar[str] = "S2A509"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_GUIDE}/connect-to-resource.html"
    example: ClassVar[Example] = Example(
        machine(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
                "Parameters": {"TaskToken.$": "$.token", "Output": "{}"},
            }
        ),
        "/States/Work/Resource",
    )
    near_miss: ClassVar[Example] = Example(
        machine(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sfn:stopExecution",
                "Parameters": {"ExecutionArn.$": "$.arn"},
            }
        )
    )

    action: str

    def message(self) -> str:
        return f"{self.action} reaches states that wait in Step Functions, not tasks that wait in Airflow"


_ASK = {
    "StartAt": "Work",
    "States": {
        "Work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish.waitForTaskToken",
            "Parameters": {"TopicArn": "managers", "Message.$": "$$.Task.Token"},
            "Next": "Decided",
        },
        "Decided": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.approved", "BooleanEquals": True, "Next": "Done"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CouldBeAsked(Finding):
    """A callback that tells a person, and a Choice with two ways behind it: Airflow can ask the person itself.

    Why it matters: with a token, somebody must build the page on which the person decides.

    Remedy: ``--human-approval`` puts the two options under Required Actions in Airflow's interface.
    """

    code: ClassVar[str] = "S2A510"
    fidelity: ClassVar[Fidelity] = Fidelity.NOTE
    source: ClassVar[str] = f"{_GUIDE}/connect-to-resource.html"
    example: ClassVar[Example] = Example(_ASK, "/States/Work/Resource")
    near_miss: ClassVar[Example] = Example(
        machine(lambda_task(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken"))
    )

    def message(self) -> str:
        return "a person could decide in Airflow's interface: --human-approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedInAirflow(Finding):
    """A callback that tells a person, who decides in Airflow's interface (``--human-approval``).

    Why it matters: the result of the state has the decision and nothing else, and the token in the message is of no
    use; HeartbeatSeconds does not count.

    Remedy: point the message to Airflow's page of Required Actions; translate without the option where the answer
    carries more than the decision.
    """

    code: ClassVar[str] = "S2A511"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/connect-to-resource.html"
    example: ClassVar[Example] = Example(_ASK, "/States/Work/Resource", Options(human_approval=True))
    near_miss: ClassVar[Example] = Example(_ASK)

    options: str

    def message(self) -> str:
        return f"a person chooses between {self.options} in Airflow; the result of the state has just the decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressMachine(Finding):
    """An Express state machine (``--type EXPRESS``) as a DAG run: slower, longer, and once.

    Why it matters: a DAG run takes about a second for each state, nobody ends it after five minutes, it runs once
    where an asynchronous Express execution may run twice, and its caller does not get the result in the same request.

    Remedy: keep what is called thousands of times a minute, or what a caller waits for, on Step Functions; a caller can
    start a run and wait for its result with Airflow's REST API (``dagRuns/{id}/wait``).
    """

    code: ClassVar[str] = "S2A601"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_GUIDE}/choosing-workflow-type.html"
    example: ClassVar[Example] = Example(machine(lambda_task()), "/StartAt", Options(type="EXPRESS"))
    near_miss: ClassVar[Example] = Example(machine(lambda_task()))

    def message(self) -> str:
        return "an Express machine as DAG runs: about a second for each state, once, without the limit of five minutes"


RULES: tuple[type[Finding], ...] = (
    TaskToken,
    Activity,
    HttpTask,
    ForeignToken,
    CouldBeAsked,
    AskedInAirflow,
    ExpressMachine,
)
