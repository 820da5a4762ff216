"""What deploys the DAGs in fixtures/airflow2sfn: as text, for cfn-lint, for moto, and how its parts agree."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from dag_cases import CASES, NAME, deployed, translated

from airflow2sfn.deploy.deployment import deploy
from airflow2sfn.deploy.template import placeholders
from airflow2sfn.read import read_text
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_case
def test_text(case: Path, request: pytest.FixtureRequest) -> None:
    made = {str(name): text for name, text in deployed(case).files.items() if name.name != f"{NAME}.asl.json"}
    if request.config.getoption("--update-goldens"):
        shutil.rmtree(case / "functions", ignore_errors=True)
        for name, text in made.items():
            (case / name).parent.mkdir(parents=True, exist_ok=True)
            (case / name).write_text(text, encoding="utf-8", newline="\n")
    there = [case / "template.yaml", case / "README.md", *(case / "functions").rglob("*")]
    kept = {path.relative_to(case).as_posix() for path in there if path.is_file() and path.suffix != ".pyc"}
    assert kept == set(made)
    assert {name: (case / name).read_text(encoding="utf-8") for name in kept} == made


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short function tags as pairs."""


Loader.add_multi_constructor("!", lambda loader, tag, node: (tag, node.value))


def template(case: Path) -> dict[str, Any]:
    return yaml.load((case / "template.yaml").read_text(encoding="utf-8"), Loader)


def with_definition(definition: Any) -> str:
    """A template with the definition inside, which is the only place where cfn-lint checks one."""
    machine: dict[str, Any] = {"RoleArn": "arn:aws:iam::123456789012:role/machine", "Definition": definition}
    if names := placeholders(json.dumps(definition)):
        machine["DefinitionSubstitutions"] = dict.fromkeys(names, "arn:aws:lambda:eu-central-1:123456789012:function:f")
    return json.dumps({"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}}})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What cfn-lint says of all templates and definitions, in one run, and of two that are wrong."""
    folder = tmp_path_factory.mktemp("lint")
    texts = {f"{case.name}.yaml": (case / "template.yaml").read_text(encoding="utf-8") for case in CASES}
    texts |= {f"{case.name}.json": with_definition(json.loads(write(translated(case).machine))) for case in CASES}
    texts["wrong.yaml"] = texts[f"{CASES[0].name}.yaml"].replace("DefinitionUri", "DefinitionUrl")
    texts["wrong.json"] = with_definition(
        {"StartAt": "a", "States": {"a": {"Type": "Pass", "Heartbeat": 1, "End": True}}}
    )
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-c",
        "from cfnlint.runner import main; main()",
        "--format",
        "json",
        "--regions",
        "eu-central-1",
        "--template",
    ]
    done = subprocess.run([*command, *map(str, folder.iterdir())], capture_output=True, text=True, check=False)
    matches: dict[str, list[str]] = {name: [] for name in texts}
    for match in json.loads(done.stdout):
        matches[Path(match["Filename"]).name].append(f"{match['Rule']['Id']}: {match['Message']}")
    return matches


@every_case
def test_passes_cfn_lint(case: Path, found: dict[str, list[str]]) -> None:
    assert found[f"{case.name}.yaml"] == []
    assert found[f"{case.name}.json"] == []


def test_cfn_lint_finds_what_is_wrong(found: dict[str, list[str]]) -> None:
    assert "E3002" in str(found["wrong.yaml"])
    assert "E3601" in str(found["wrong.json"])


@every_case
def test_definition_passes_the_reader_and_moto(case: Path) -> None:
    text = write(translated(case).machine)
    reading = read_machine(text, case.name)
    assert (reading.problems, reading.unknown) == ((), ())
    from moto.stepfunctions.parser.asl.static_analyser.static_analyser import StaticAnalyser

    if "states:::http:invoke" not in text:  # which moto does not know
        StaticAnalyser().analyse(text)


@every_case
def test_parts_agree(case: Path) -> None:
    """Placeholders have substitutions, substitutions resources or parameters, functions a folder with a handler."""
    made = template(case)
    resources, parameters = made["Resources"], made.get("Parameters", {})
    machine = resources["StateMachine"]["Properties"]
    assert machine["DefinitionUri"] == f"{NAME}.asl.json"
    substitutions = machine.get("DefinitionSubstitutions", {})
    assert set(placeholders(write(translated(case).machine))) == set(substitutions)
    used: set[str] = set()
    called: set[str] = set()
    containers: set[str] = set()
    for value in substitutions.values():
        tag, name = value["Fn::Join"][1] if isinstance(value, dict) else value
        if tag == "GetAtt":
            called.add(name.removesuffix(".Arn"))
        elif name in resources:
            containers.add(name)
        else:
            used.add(name)
    invoked = {
        policy["LambdaInvokePolicy"]["FunctionName"][1]
        for policy in machine.get("Policies", [])
        if "LambdaInvokePolicy" in policy
    }
    functions = {
        name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::Serverless::Function"
    }
    assert containers == {name for name, one in resources.items() if one["Type"] == "AWS::ECS::TaskDefinition"}
    assert invoked == called
    assert called == {name for name, one in functions.items() if "Events" not in one}
    for properties in functions.values():
        module, _, handler = properties.get("Handler", "app.handler").rpartition(".")
        code = (case / properties["CodeUri"] / f"{module}.py").read_text(encoding="utf-8")
        assert f"def {handler}(event, _context):" in code
        used |= {name for tag, name in properties.get("Environment", {}).get("Variables", {}).values()}
    built: set[str] = set()
    for name in containers:
        (container,) = resources[name]["Properties"]["ContainerDefinitions"]
        used |= {container["Image"][1], *(one["Value"][1] for one in container.get("Environment", []))}
        built.add(container["LogConfiguration"]["Options"]["awslogs-stream-prefix"])
    for folder in built:
        names = {path.name for path in (case / "functions" / folder).iterdir()}
        assert {"app.py", "run.py", "requirements.txt", "Dockerfile"} <= names
    folders = {path.name for path in (case / "functions").glob("*") if any(path.rglob("*.py"))}
    assert folders == {properties["CodeUri"].removeprefix("functions/") for properties in functions.values()} | built
    text = (case / "template.yaml").read_text(encoding="utf-8")
    used |= set(re.findall(r"!Ref (Schedule\w+|AlarmTopicArn)", text))
    assert used == set(parameters)


@every_case
def test_code_is_sound(case: Path, tmp_path: Path) -> None:
    """No name is used that is not defined, no import is left over."""
    if not (case / "functions").exists():
        return
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E9", "--ignore", "F401"]
    done = subprocess.run([*command, str(case / "functions")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    command[-2:] = ["--per-file-ignores", "__init__.py:F401"]
    done = subprocess.run([*command, str(case / "functions")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_there_are_callables_of_every_kind() -> None:
    assert len([case for case in CASES if (case / "functions").exists()]) >= 16


def test_names_of_states_are_as_short_as_the_service_wants_them() -> None:
    """Two tasks of which only the beginnings of the ids differ, before and inside of a Parallel and a Map."""
    long = "of_the_yearly_statistics_about_everything_that_the_library_has_lent_and_got_back"
    text = f"""
from airflow.sdk import DAG, task
with DAG("d", schedule=None):
    @task(task_id="first_{long}")
    def first(): return [1, 2]
    @task(task_id="second_{long}", trigger_rule="all_done")
    def second(n): return n
    @task(task_id="third_{long}")
    def third(): return 3
    @task.branch(task_id="fourth_{long}")
    def fourth(): return "fifth_{long}"
    @task(task_id="fifth_{long}")
    def fifth(): return 5
    items = first()
    second.expand(n=items) >> fourth() >> fifth()
    items >> third()
"""
    (dag,) = read_text(text, "d.py").dags
    translated = translate(dag)
    files = deploy(dag, translated, "d").files
    reading = read_machine(files[PurePosixPath("d.asl.json")], "d.asl.json")
    assert reading.machine is not None
    assert reading.problems == ()
    states = list(reading.machine.walk())
    assert len({state.name for state in states}) == len(states) == len(list(translated.machine.walk()))
    assert max(len(state.name) for state in states) <= 80
    assert f"third_{long}" in {state.comment for state in states}
