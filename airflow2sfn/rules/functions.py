"""A2S61x, A2S62x: Python callables as Lambda functions; what they and the state machine need, and may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airflow2sfn.rules.example import Example, inside
from sfn_airflow_core.findings import Fidelity, Finding

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotForLambda(Finding):
    """A callable cannot run as a Lambda function; a state that fails stands in its place.

    Why it matters: the execution fails there, and what needs the task does not run.

    Remedy: pass what it needs of Airflow as an argument, and read connections by boto3.
    """

    code: ClassVar[str] = "A2S610"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = f"{_LAMBDA}/gettingstarted-limits.html"
    example: ClassVar[Example] = Example(inside("@task\ndef a(ti=None): print(ti.start_date)\na()"), "8:5")
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(ti=None): print(ti.task_id)\na()"))

    task: str
    reasons: tuple[str, ...]

    def message(self) -> str:
        return f"{self.task} is no Lambda function: {'; '.join(self.reasons)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallableElsewhere(Finding):
    """A callable is not in the project, so that nothing can be packaged; a state that fails stands in its place.

    Why it matters: the execution fails there, and what needs the task does not run.

    Remedy: give the folder that the import starts from by --root, or call it in a function of the DAG file.
    """

    code: ClassVar[str] = "A2S616"
    fidelity: ClassVar[Fidelity] = Fidelity.UNSUPPORTED
    source: ClassVar[str] = f"{_LAMBDA}/python-package.html"
    example: ClassVar[Example] = Example(
        inside(
            'PythonOperator(task_id="a", python_callable=load)',
            "from airflow.providers.standard.operators.python import PythonOperator\nfrom common.steps import load",
        ),
        "7:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside("@task\ndef a(): return load()\na()", "from common.steps import load")
    )

    task: str
    name: str
    known: bool

    def message(self) -> str:
        if not self.known:
            return f"{self.task}: which function it calls is not known ({self.name})"
        return f"{self.task}: its callable {self.name} is not found below the folders of the project"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementsOpen(Finding):
    """The imports of a function say which distributions it needs, not in which version.

    Why it matters: every build takes the newest; a distribution may also be called otherwise than what it installs.

    Remedy: write the versions that Airflow has into requirements.txt.
    """

    code: ClassVar[str] = "A2S611"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_LAMBDA}/python-package.html"
    example: ClassVar[Example] = Example(inside("@task\ndef a(): import pandas\na()"), "8:5")
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(): import json\na()"))

    function: str
    names: tuple[str, ...]

    def message(self) -> str:
        return f"functions/{self.function}/requirements.txt names {', '.join(self.names)} without a version"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentNeeded(Finding):
    """A function reads environment variables, whose values the template asks for.

    Why it matters: the function fails without them.

    Remedy: give the values when deploying; secrets are better read from Secrets Manager.
    """

    code: ClassVar[str] = "A2S612"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_LAMBDA}/configuration-envvars.html"
    example: ClassVar[Example] = Example(inside('@task\ndef a(): return os.environ["STAGE"]\na()', "import os"), "8:5")
    near_miss: ClassVar[Example] = Example(inside('@task\ndef a(): return os.environ["AWS_REGION"]\na()', "import os"))

    function: str
    names: tuple[str, ...]

    def message(self) -> str:
        return f"functions/{self.function} reads {', '.join(self.names)} from its environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableNeeded(Finding):
    """A function reads Airflow Variables when it runs; it looks for them in Systems Manager.

    Why it matters: the function fails where it reads one that is not there and has no default.

    Remedy: create a parameter /airflow/variables/NAME for each, as Airflow's own backend does.
    """

    code: ClassVar[str] = "A2S613"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = (
        "https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/secrets-backends/"
        "aws-ssm-parameter-store.html"
    )
    example: ClassVar[Example] = Example(
        inside('@task\ndef a(): return Variable.get("x")\na()', "from airflow.sdk import Variable"), "8:5"
    )
    near_miss: ClassVar[Example] = Example(inside("@task\ndef a(): return 1\na()"))

    function: str

    def message(self) -> str:
        return f"functions/{self.function} reads Variables from Systems Manager, below /airflow/variables"


@dataclass(frozen=True, slots=True, kw_only=True)
class BashInLambda(Finding):
    """A Bash command runs in a Lambda function, not on Airflow's workers.

    Why it matters: the function has bash and the usual small programs, /tmp to write to, and no files of the workers.

    Remedy: check that the command needs no more; otherwise give the function an image, or start a container.
    """

    code: ClassVar[str] = "A2S614"
    fidelity: ClassVar[Fidelity] = Fidelity.APPROXIMATE
    source: ClassVar[str] = f"{_LAMBDA}/lambda-runtimes.html"
    example: ClassVar[Example] = Example(inside('BashOperator(task_id="a", bash_command="echo 1")'), "6:5")
    near_miss: ClassVar[Example] = Example(inside('BashOperator(task_id="a", bash_command="aws s3 ls")'))

    task: str

    def message(self) -> str:
        return f"{self.task}: its command runs in a Lambda function, with what that has"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsInContainer(Finding):
    """A callable or command that Lambda cannot run is run in a container on AWS Fargate, which tells what came of it.

    Why it matters: the template starts an image that has to be there, in subnets from which AWS can be reached. What
    the task is given has to fit into the 8,192 characters that overrides of a container may have. A container that is
    lost is noticed after ten minutes without a word from it.

    Remedy: build the folder (docker build), push the image, give its URI as the parameter …ImageUri, and subnets as
    ContainerSubnets. Set ContainerPublicIp=ENABLED where the subnets are public.
    """

    code: ClassVar[str] = "A2S615"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html"
    example: ClassVar[Example] = Example(
        inside("@task(execution_timeout=timedelta(hours=1))\ndef a(): pass\na()", "from datetime import timedelta"),
        "8:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside("@task(execution_timeout=timedelta(minutes=5))\ndef a(): pass\na()", "from datetime import timedelta")
    )

    task: str
    folder: str
    reason: str

    def message(self) -> str:
        return f"{self.task} runs in a container, built from functions/{self.folder}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionWide(Finding):
    """The role allows actions on every resource, since what they are about is only known during an execution.

    Why it matters: it allows more than is needed.

    Remedy: put the ARNs that are meant into the policy.
    """

    code: ClassVar[str] = "A2S620"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = (
        "https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html"
    )
    example: ClassVar[Example] = Example(
        inside(
            "@task\ndef a(bucket): return boto3.client('s3').get_object(Bucket=bucket, Key='k')\na('x')", "import boto3"
        ),
        "8:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside("@task\ndef a(): return boto3.client('s3').get_object(Bucket='b', Key='k')\na()", "import boto3")
    )

    name: str
    actions: tuple[str, ...]

    def message(self) -> str:
        return f"{self.name} may call {', '.join(self.actions)} on everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionUnknown(Finding):
    """A role may lack something: how AWS is used is not understood.

    Why it matters: calls are refused.

    Remedy: add what is needed to the role's policies in the template.
    """

    code: ClassVar[str] = "A2S621"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = f"{_LAMBDA}/lambda-intro-execution-role.html"
    example: ClassVar[Example] = Example(
        inside("@task\ndef a(): boto3.resource('ec2').instances.all()\na()", "import boto3"), "8:5"
    )
    near_miss: ClassVar[Example] = Example(
        inside("@task\ndef a(): boto3.client('s3').list_objects_v2(Bucket='b')\na()", "import boto3")
    )

    name: str
    reasons: tuple[str, ...]

    def message(self) -> str:
        return f"the role for {self.name} may lack something: {'; '.join(self.reasons)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPermission(Finding):
    """A query reads data whose place is only known to the catalogue.

    Why it matters: Athena reads with the rights of the state machine's role, and is refused.

    Remedy: grant the role s3:GetObject and s3:ListBucket on the data behind the tables.
    """

    code: ClassVar[str] = "A2S622"
    fidelity: ClassVar[Fidelity] = Fidelity.MANUAL
    source: ClassVar[str] = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-athena.html"
    example: ClassVar[Example] = Example(
        inside(
            'AthenaOperator(task_id="a", query="SELECT 1", database="d", output_location="s3://b/r/")',
            "from airflow.providers.amazon.aws.operators.athena import AthenaOperator",
        ),
        "6:5",
    )
    near_miss: ClassVar[Example] = Example(
        inside(
            'GlueJobOperator(task_id="a", job_name="j")',
            "from airflow.providers.amazon.aws.operators.glue import GlueJobOperator",
        )
    )

    task: str
    database: str

    def message(self) -> str:
        return f"{self.task}: the role has to read the data behind the tables of database {self.database!r}"


RULES: tuple[type[Finding], ...] = (
    NotForLambda,
    CallableElsewhere,
    RequirementsOpen,
    EnvironmentNeeded,
    VariableNeeded,
    BashInLambda,
    RunsInContainer,
    PermissionWide,
    PermissionUnknown,
    DataPermission,
)
