"""State machines inside of templates: found, read at their places, and translated like files of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfn2airflow.cli import cli
from sfn_airflow_core.asl.embedded import embedded
from sfn_airflow_core.asl.model import Machine, Task
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.shell.group import run

SAM = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Conditions:
  Live: !Equals [!Ref Stage, prod]
Resources:
  Load:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: !If [Live, 512, 128]
  Orders:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: !Sub "orders-${Stage}"
      Definition:
        StartAt: Load  # the only one
        States:
          Load:
            Type: Task
            Resource: !GetAtt Load.Arn
            End: true
  Elsewhere:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.json
  Texts:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {
          "StartAt": "Say",
          "States": {
            "Say": {"Type": "Pass", "Result": "${Stage}", "End": true}
          }
        }
"""

SERVERLESS = """\
service: orders
provider: {name: aws, stage: "${opt:stage, 'dev'}"}
stepFunctions:
  stateMachines:
    nightly:
      name: nightly
      definition:
        StartAt: Load
        States:
          Load: {Type: Task, Resource: {Fn::GetAtt: [Load, Arn]}, Next: Tell}
          Tell: {Type: Task, Resource: "arn:aws:lambda:eu-west-1:#{AWS::AccountId}:function:tell", End: true}
    elsewhere:
      definition: ${file(machine.json)}
"""


def cdk() -> str:
    pieces = [
        '{"StartAt":"Load","States":{"Load":{"Type":"Task","Resource":"arn:',
        {"Ref": "AWS::Partition"},
        ':states:::lambda:invoke","Parameters":{"FunctionName":"',
        {"Fn::GetAtt": ["Load", "Arn"]},
        '","Payload.$":"$"},"End":true}}}',
    ]
    properties = {"DefinitionString": {"Fn::Join": ["", pieces]}}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    return json.dumps({"Resources": {"Flow1A2B": machine}}, indent=1)


def test_definitions_are_found_where_they_stand() -> None:
    found = {each.name: each.text for each in embedded(SAM.encode())}
    assert list(found) == ["Orders", "Texts"]
    lines = SAM.splitlines()
    for name, pointer, words in (
        ("Orders", "/States/Load/Resource", "!GetAtt Load.Arn"),
        ("Texts", "/States/Say/Result", '"${Stage}"'),
    ):
        reading = read_text(found[name], f"template.yaml#{name}")
        assert reading.machine is not None, reading.problems
        span = reading.span(pointer)
        assert lines[span.line - 1][span.column - 1 :].startswith(words)


def test_a_definition_in_pieces() -> None:
    ((name, text),) = [(each.name, each.text) for each in embedded(cdk().encode())]
    assert name == "Flow1A2B"
    parameters = json.loads(text)["States"]["Load"]["Parameters"]
    assert parameters["FunctionName"] == "${Load.Arn}"


def test_the_serverless_framework() -> None:
    (found,) = embedded(SERVERLESS.encode())
    reading = read_text(found.text, "serverless.yml#nightly")
    assert (found.name, reading.problems) == ("nightly", ())
    assert reading.span("/States/Load").line == 10
    assert isinstance(reading.machine, Machine)
    assert isinstance(tell := reading.machine.states["Tell"], Task)
    assert tell.resource == "arn:aws:lambda:eu-west-1:${AWS::AccountId}:function:tell"


@pytest.mark.parametrize(
    "text",
    [
        '{"StartAt": "A", "States": {}, "Comment": "AWS::StepFunctions::StateMachine"}',
        "Resources: {A: {Type: AWS::StepFunctions::StateMachine, Properties: {Definition: StartAt}}}",
        "Resources: {A: {Type: AWS::StepFunctions::StateMachine, Properties: StartAt}}",
        "Resources: [StartAt, AWS::StepFunctions::StateMachine]",
        "stepFunctions: {stateMachines: {a: StartAt}}",
        "stateMachines: {a: [StartAt",
        '{"stateMachines": "StartAt',
        "- stateMachines: StartAt",
        "stateMachines: " + "[" * 5000 + " StartAt",
    ],
)
def test_nothing_is_found_in_other_texts(text: str) -> None:
    assert embedded(text.encode()) == []
    assert embedded(text.encode("utf-16")) == []


def test_the_command_takes_a_template_as_its_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "template.yaml").write_text(SAM)
    (tmp_path / "cdk.template.json").write_text(cdk())
    code = run(cli, "sfn2airflow", "0", ["convert", str(tmp_path), "-o", str(tmp_path / "dags"), "--fail-on", "none"])
    assert code == 0, capsys.readouterr().err
    assert {path.name for path in (tmp_path / "dags").glob("*.py")} == {"flow_1a2_b.py", "orders.py", "texts.py"}
    assert "template.yaml#Orders:19:23: " in capsys.readouterr().out.replace(f"{tmp_path}/", "")
    assert run(cli, "sfn2airflow", "0", ["compare", str(tmp_path / "template.yaml")]) == 0
    assert {"orders", "texts"} <= set(capsys.readouterr().out.lower().replace("#", " ").split())


def test_a_template_without_definitions_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {A: {Type: AWS::SNS::Topic}}")
    assert run(cli, "sfn2airflow", "0", ["check", str(tmp_path / "template.yaml")]) == 2
    assert "no definition is found in it" in capsys.readouterr().err
