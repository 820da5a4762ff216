"""``airflow2sfn convert`` on files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow2sfn.cli import cli
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import execute, read_replies
from sfn_airflow_core.shell.group import run

CASE = Path(__file__).parent.parent / "fixtures" / "airflow2sfn" / "crossing_ladder"


def convert(*arguments: str | Path) -> int:
    return run(cli, "airflow2sfn", "0", ["convert", *map(str, arguments)])


def test_writes_the_definition(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(CASE / "dag.py", "-o", tmp_path) == 0
    made = tmp_path / "crossing_ladder"
    assert (made / "crossing_ladder.asl.json").read_bytes() == (CASE / "machine.asl.json").read_bytes()
    assert {path.name for path in made.iterdir()} == {
        "crossing_ladder.asl.json",
        "template.yaml",
        "functions",
        "README.md",
    }
    assert (made / "functions" / "sales_fact" / "app.py").exists()
    assert "A2S201 [approximate]" in capsys.readouterr().out


def test_reports_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(CASE / "dag.py", "-o", tmp_path, "--format", "json", "-q") == 0
    (source,) = json.loads(capsys.readouterr().out)["sources"]
    assert source["outputs"][0] == "crossing_ladder/crossing_ladder.asl.json"
    assert {finding["code"] for finding in source["findings"]} == {"A2S201"}


def test_check_reports_the_same_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert convert(CASE / "dag.py", "-o", tmp_path / "out", "--format", "json", "-q") == 0
    converted = json.loads(capsys.readouterr().out)
    assert run(cli, "airflow2sfn", "0", ["check", str(CASE / "dag.py"), "--format", "json"]) == 0
    checked = json.loads(capsys.readouterr().out)
    assert checked["sources"][0].pop("outputs", []) == []
    del converted["sources"][0]["outputs"]
    assert checked == converted
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_edited_definition_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(CASE / "dag.py", "-o", tmp_path) == 0
    (tmp_path / "crossing_ladder" / "crossing_ladder.asl.json").write_text("{}")
    assert convert(CASE / "dag.py", "-o", tmp_path) == 2
    assert "was edited" in capsys.readouterr().err
    assert convert(CASE / "dag.py", "-o", tmp_path, "--force") == 0


def test_what_has_no_counterpart_fails(tmp_path: Path) -> None:
    dag = tmp_path / "a.py"
    dag.write_text(
        "from airflow.sdk import DAG\nfrom airflow.providers.docker.operators.docker import DockerOperator\n"
        'with DAG("../x", schedule=None):\n    DockerOperator(task_id="a", image="x")\n'
    )
    assert convert(dag, "-o", tmp_path / "out") == 1
    (written,) = (tmp_path / "out").glob("*/*.asl.json")
    machine = read_text(written.read_bytes(), written.name).machine
    assert machine is not None
    execution = execute(machine, {}, read_replies({}))
    assert (execution.status, execution.error) == ("FAILED", "NotTranslated")
    assert "a: DockerOperator has no counterpart" in (execution.cause or "")


def test_tasks_that_need_themselves_are_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dag = tmp_path / "a.py"
    dag.write_text(
        "from airflow.sdk import DAG, task\nwith DAG('a', schedule=None):\n    @task\n    def x(): pass\n    @task\n"
        "    def y(): pass\n    one, two = x(), y()\n    one >> two >> one\n"
    )
    assert convert(dag, "-o", tmp_path / "out") == 2
    assert "CYCLE" in capsys.readouterr().err


def test_known_durations_choose_the_order(tmp_path: Path) -> None:
    times = tmp_path / "times.json"
    times.write_text(json.dumps({"crossing_ladder": {"customers": 3600, "visits_fact": 3600}, "orders": 1}))
    assert convert(CASE / "dag.py", "-o", tmp_path / "out", "--durations", times) == 0
    times.write_text('{"orders": "long"}')
    assert convert(CASE / "dag.py", "-o", tmp_path / "out", "--durations", times) == 2


def test_needs_a_folder() -> None:
    assert convert(CASE / "dag.py") == 2
