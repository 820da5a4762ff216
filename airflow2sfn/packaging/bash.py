"""Bash commands as a Lambda function: one function of a DAG runs the commands of all its BashOperators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from airflow2sfn.packaging.names import FunctionName
from airflow2sfn.source import Known, Task, Template

BASH = "airflow.providers.standard.operators.bash.BashOperator"

_APP = '''\
"""Runs Bash commands of the Airflow DAG {dag}."""

import os
import subprocess


class AirflowSkipException(Exception):
    """Skips the task: the state machine catches this name."""


class CommandFailed(Exception):
    """The command has ended with an error."""


def handler(event, _context):
    """The last line that the command writes, as Airflow takes it."""
    environment = dict(os.environ) if event.get("append_env", "env" not in event) else {{}}
    done = subprocess.run(
        ["bash", "-c", event["command"]],
        env=environment | event.get("env", {{}}),
        cwd=event.get("cwd", "/tmp"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout)
    if done.returncode in event.get("skip_on_exit_code", [99]):
        raise AirflowSkipException(f"Bash command returned exit code {{done.returncode}}")
    if done.returncode:
        raise CommandFailed(f"Bash command returned exit code {{done.returncode}}")
    lines = done.stdout.rstrip().splitlines()
    return lines[-1] if lines else ""
'''

_ELSEWHERE = frozenset(
    {
        "airflow", "aws", "az", "beeline", "dbt", "docker", "gcloud", "git", "gsutil", "hadoop", "hdfs", "helm", "hive",
        "java", "kubectl", "mysql", "node", "npm", "psql", "Rscript", "rsync", "scp", "spark-submit", "sqoop", "ssh",
        "sudo", "terraform",
    }
)  # fmt: skip
"""Programs that Lambda does not have."""
_COMMAND = re.compile(r"(?:^|[;&|(`]|\$\()\s*(?:\w+=\S*\s+)*([\w./-]+)", re.MULTILINE)


def app(dag_id: str) -> dict[PurePosixPath, str]:
    """The files of the function."""
    shown = "".join(letter if letter.isprintable() and letter not in '"\\{}' else "_" for letter in dag_id)
    return {PurePosixPath("app.py"): _APP.format(dag=shown)}


def unfit(task: Task) -> list[str]:
    """Why a command cannot run in a function, as far as its text says it."""
    found: list[str] = []
    value = task.get("bash_command")
    text = value.value if isinstance(value, Known) else value.text if isinstance(value, Template) else ""
    if isinstance(text, str):
        if text.strip().endswith((".sh", ".bash")):
            found.append("its command is in a file that is not beside the DAG")
        called = list(dict.fromkeys(_COMMAND.findall(text)))
        if names := [name for name in called if name in _ELSEWHERE]:
            found.append(f"it calls {', '.join(names)}, which Lambda does not have")
        elif scripts := [name for name in called if "/" in name and not name.startswith(("/bin/", "/usr/bin/"))]:
            found.append(f"it calls {scripts[0]}, which is on Airflow's workers")
    return found


def tasks_of(tasks: Sequence[Task]) -> list[Task]:
    """The tasks whose work is a Bash command."""
    return [task for task in tasks if task.operator == BASH]


def name(taken: set[str], wish: str = "bash") -> FunctionName:
    """What the function is called, beside these others."""
    made, number = FunctionName(wish), 1
    while made.folder in taken:
        number += 1
        made = FunctionName(f"{wish}_{number}")
    return made
