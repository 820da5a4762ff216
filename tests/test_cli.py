"""The command line as a user meets it: exit codes, streams, inputs, configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command import APPROXIMATE, CLEAN, MANUAL, UNSUPPORTED, Run, files, put

import airflow2sfn
import sfn2airflow
from airflow2sfn.cli import cli as airflow2sfn_cli
from sfn2airflow import batch
from sfn2airflow.cli import COMMANDS
from sfn2airflow.rules import RULES
from sfn_airflow_core.shell.group import run
from sfn_airflow_core.shell.progress import tracked


def test_convert_writes_a_dag_and_reports_it(call: Run):
    put("a.asl.json", CLEAN)
    code, out, err = call("convert", "a.asl.json", "-o", "dags")
    assert (code, "100 %" in out, "1 DAG in dags" in err) == (0, True, True)
    compile(Path("dags/a.py").read_text(encoding="utf-8"), "a.py", "exec")


def test_check_writes_nothing(call: Run):
    put("a.asl.json", CLEAN)
    assert call("check", "a.asl.json")[0] == 0
    assert os.listdir() == ["a.asl.json"]


@pytest.mark.parametrize("command", [("check",), ("convert", "-o", "dags")], ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("machine", "fails_on"),
    [
        pytest.param(CLEAN, set(), id="clean"),
        pytest.param(MANUAL, {"manual"}, id="manual"),
        pytest.param(APPROXIMATE, {"manual", "approximate"}, id="approximate"),
        pytest.param(UNSUPPORTED, {"manual", "approximate", "unsupported"}, id="unsupported"),
    ],
)
def test_fail_on(call: Run, machine: Any, fails_on: set[str], command: tuple[str, ...]):
    put("a.asl.json", machine)
    codes = {level: call(*command, "a.asl.json", "--fail-on", level)[0] for level in ("manual", "approximate", "none")}
    assert codes == {level: int(level in fails_on) for level in codes}
    assert call(*command, "a.asl.json")[0] == int("unsupported" in fails_on)


def test_a_finding_is_one_line_with_its_place_and_the_remedy_on_demand(call: Run):
    put("a.asl.json", UNSUPPORTED)
    _, out, _ = call("check", "a.asl.json")
    assert out.startswith("a.asl.json:6:19: S2A505 [unsupported] ")
    assert "0 of 1 state (0 %) behave the same" in out
    assert "check the spelling of the Resource" in call("check", "-v", "a.asl.json")[1]
    assert call("check", "-q", "a.asl.json")[1].count("\n") == 1


def test_a_rejected_input_does_not_stop_the_others(call: Run):
    put("good.asl.json", CLEAN)
    put("bad.asl.json", '{"StartAt": }')
    put("wrong.asl.json", {"StartAt": "B", "States": {"A": {"Type": "Oops"}}})
    code, out, err = call("convert", "bad.asl.json", "wrong.asl.json", "missing.json", "good.asl.json", "-o", "dags")
    assert (code, "good.py" in files("dags")) == (2, True)
    assert "bad.asl.json:1:" in err
    assert "wrong.asl.json:" in err
    assert "missing.json: error: No such file or directory" in err
    assert "2 of 3 inputs rejected" in out
    assert not any(name.startswith(("bad", "wrong")) for name in files("dags"))


@pytest.mark.parametrize("form", ["text", "json", "markdown", "sarif"])
def test_formats_and_output_file(call: Run, form: str):
    put("a.asl.json", UNSUPPORTED)
    _, out, _ = call("check", "a.asl.json", "--format", form)
    assert "S2A505" in out
    assert call("check", "a.asl.json", "--format", form, "--output-file", "report")[:2] == (1, "")
    assert Path("report").read_text(encoding="utf-8") == out


def test_json_names_the_files_that_were_written(call: Run):
    put("flows/team/a.asl.json", CLEAN)
    _, out, _ = call("convert", "flows", "-o", "dags", "--format", "json")
    assert json.loads(out)["sources"][0]["outputs"] == ["team/a.py"]
    _, out, _ = call("check", "flows", "--format", "json")
    assert json.loads(out)["sources"][0]["outputs"] == []


def test_a_bar_appears_on_a_terminal_when_it_takes_long(monkeypatch: pytest.MonkeyPatch, capsys: Any):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert list(tracked([1, 2, 3], patience=0)) == [1, 2, 3]
    assert "Translating" in capsys.readouterr().err
    assert list(tracked([1, 2, 3], patience=60)) == list(tracked([1, 2, 3], quiet=True, patience=0)) == [1, 2, 3]
    assert capsys.readouterr().err == ""


def test_the_same_input_gives_the_same_bytes(call: Run):
    put("a.asl.json", UNSUPPORTED)
    call("convert", "a.asl.json", "-o", "one")
    call("convert", "a.asl.json", "-o", "two")
    one, two = ({p.name: p.read_bytes() for p in Path(d).rglob("*") if p.is_file()} for d in ("one", "two"))
    assert one == two


def test_an_edited_dag_is_kept_unless_forced(call: Run):
    put("a.asl.json", CLEAN)
    call("convert", "a.asl.json", "-o", "dags")
    assert "up to date" in call("convert", "a.asl.json", "-o", "dags")[2]
    Path("dags/a.py").write_text("# mine\n", encoding="utf-8")
    code, _, err = call("convert", "a.asl.json", "-o", "dags")
    assert (code, "a.py: error: was edited" in err, "nothing was written" in err) == (2, True, True)
    assert Path("dags/a.py").read_text(encoding="utf-8") == "# mine\n"
    assert call("convert", "a.asl.json", "-o", "dags", "--force")[0] == 0
    assert "# mine" not in Path("dags/a.py").read_text(encoding="utf-8")


def test_the_runtime_is_beside_the_dags_only_where_it_is_wanted(call: Run):
    put("a.asl.json", UNSUPPORTED)
    call("convert", "a.asl.json", "-o", "copied")
    call("convert", "a.asl.json", "-o", "package", "--runtime", "package")
    assert files("package") == ["a.py"]
    runtime = [name for name in files("copied") if name.startswith("asl_runtime/")]
    ignored = Path("copied/asl_runtime/.airflowignore").read_text(encoding="utf-8").split()
    assert runtime == sorted(f"asl_runtime/{name}" for name in ignored)
    assert "sfn2airflow" not in "".join(
        line for line in Path("copied/a.py").read_text(encoding="utf-8").splitlines() if "import" in line
    )


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        pytest.param(["--substitute", "Name=Ann"], "Ann", id="single"),
        pytest.param(["--substitutions", "values.json"], "Bob", id="JSON"),
        pytest.param(["--substitutions", "values.yaml"], "Cid", id="YAML"),
        pytest.param(["--substitutions", "values.json", "--substitute", "Name=a=b"], "a=b", id="single one wins"),
    ],
)
def test_substitutions(call: Run, extra: list[str], expected: str):
    put("values.json", {"Name": "Bob"})
    put("values.yaml", "Name: Cid\n")
    put("a.asl.json", MANUAL)
    assert call("convert", "a.asl.json", "-o", "dags", "--fail-on", "manual", *extra)[0] == 0
    assert expected in Path("dags/a.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(["convert", "a.asl.json"], "-o DIR", id="no output folder"),
        pytest.param(["check"], "Missing argument", id="no input"),
        pytest.param(["chekc", "x"], "Did you mean 'check'?", id="command misspelt"),
        pytest.param(["check", "a.asl.json", "--formt", "json"], "--format", id="option misspelt"),
        pytest.param(["check", "a.asl.json", "--format", "xml"], "'xml' is not one of", id="no such format"),
        pytest.param(["check", "a.asl.json", "--substitute", "x"], "NAME=VALUE", id="substitution without a value"),
        pytest.param(["check", "a.asl.json", "--substitutions", "no"], "No such file", id="no such file"),
        pytest.param(["check", "a.asl.json", "--dag-id", "../x"], "letters, digits", id="a DAG id that is a path"),
        pytest.param(["check", "a.asl.json", "b.json", "--dag-id", "x"], "2 inputs", id="one DAG id for two"),
        pytest.param(["check", "a.asl.json", "--output-file", "no/such/file"], "No such file", id="no such folder"),
        pytest.param(["convert", "a.asl.json", "-o", "b.json"], "", id="a file as the output folder"),
        pytest.param(["explain", "S2A999"], "There is no finding", id="no such finding"),
    ],
)
def test_wrong_usage_is_explained_on_standard_error(call: Run, args: list[str], message: str):
    put("a.asl.json", CLEAN)
    put("b.json", CLEAN)
    code, _, err = call(*args)
    assert (code, message in err, "Traceback" in err) == (2, True, False)


def test_configuration_of_the_nearest_project_and_the_command_line_wins(
    call: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    put("a.asl.json", MANUAL)
    put(
        "pyproject.toml",
        '[tool.sfn2airflow]\noutput = "dags"\nfail-on = "manual"\nformat = "json"\n'
        '[tool.sfn2airflow.substitutions]\nOther = "x"\n',
    )
    code, out, _ = call("convert", "a.asl.json")
    assert (code, json.loads(out)["schema_version"], files("dags")[0]) == (1, 1, "a.py")
    assert call("convert", "a.asl.json", "--fail-on", "none")[0] == 0
    Path("below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    put("b.asl.json", CLEAN)
    assert call("convert", "b.asl.json")[0] == 0
    assert Path("../dags/b.py").exists()
    put("pyproject.toml", "[project]\n")
    assert call("convert", "b.asl.json")[0] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('[tool.sfn2airflow]\nfail_on = "none"', "Did you mean 'fail-on'?", id="key misspelt"),
        pytest.param('[tool.sfn2airflow]\nfail-on = "never"\nquiet = 1', "'never' is not usable", id="value unusable"),
        pytest.param('[tool.sfn2airflow]\nfail-on = "never"\nquiet = 1', "quiet: 1 is not", id="all are reported"),
        pytest.param("[tool", "cannot be read", id="not TOML"),
        pytest.param("[tool]\nsfn2airflow = 1", "must be a table", id="not a table"),
    ],
)
def test_a_wrong_configuration_is_an_error(call: Run, text: str, message: str):
    put("a.asl.json", CLEAN)
    put("pyproject.toml", text)
    code, _, err = call("check", "a.asl.json")
    assert (code, message in err) == (2, True)


def test_a_bug_is_reported_without_a_bare_traceback_and_the_others_go_on(call: Run, monkeypatch: pytest.MonkeyPatch):
    real = batch.translate_text

    def fail(data: bytes, source: str, options: Any) -> Any:
        if source == "a.asl.json":
            raise KeyError("boom\x1b[31m")
        return real(data, source, options)

    monkeypatch.setattr(batch, "translate_text", fail)
    put("a.asl.json", CLEAN)
    put("b.asl.json", CLEAN)
    code, _, err = call("convert", "a.asl.json", "b.asl.json", "-o", "dags")
    assert (code, "Please report" in err, "Traceback" in err, "\x1b" in err) == (3, True, False, False)
    assert "b.py" in files("dags")
    assert "Traceback" in call("check", "-v", "a.asl.json")[2]


def test_an_interrupt_is_quiet(call: Run, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "translate_text", interrupt)
    put("a.asl.json", CLEAN)
    code, out, err = call("check", "a.asl.json")
    assert (code, out.strip(), err.strip()) == (130, "", "")


def test_a_broken_pipe_is_quiet(tmp_path: Path):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "sfn2airflow", "rules", "--format", "json"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_no_color_and_colors_on_demand(call: Run, monkeypatch: pytest.MonkeyPatch):
    put("a.asl.json", UNSUPPORTED)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in call("check", "a.asl.json")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in call("check", "a.asl.json")[1]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_explain_shows_every_finding(call: Run, rule: Any):
    code, out, _ = call("explain", rule.code.lower())
    assert code == 0
    assert out.startswith(f"## {rule.code}: ")
    assert rule.source in out
    assert "*Remedy:*" in out
    assert "```json" in out


def test_rules_lists_every_finding(call: Run):
    assert [row["code"] for row in json.loads(call("rules", "--format", "json")[1])] == sorted(r.code for r in RULES)
    for form in ("text", "markdown"):
        out = call("rules", "--format", form)[1]
        assert all(rule.code in out for rule in RULES)


def test_every_command_of_the_table_exists(call: Run):
    for name, (_, line) in COMMANDS.items():
        code, out, _ = call(name, "--help")
        assert (code, line.split()[0] in out) == (0, True)
    assert all(name in call("--help")[1] for name in COMMANDS)


def test_the_other_command_has_the_same_version_and_says_what_it_cannot_do(capsys: pytest.CaptureFixture[str]):
    assert run(airflow2sfn_cli, "airflow2sfn", "0", ["--version"]) == 0
    assert airflow2sfn.__version__ in capsys.readouterr().out
    assert run(airflow2sfn_cli, "airflow2sfn", "0", ["compere", "x"]) == 2
    assert "compare" in capsys.readouterr().err


def test_versions_agree(root: Path):
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {project["version"]} == {sfn2airflow.__version__, airflow2sfn.__version__}


def test_start_up_imports_nothing_that_is_slow():
    code = "import sys, sfn2airflow.__main__; print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {"rich", "libcst", "yaml", "botocore", "boto3", "jsonpath_ng", "airflow", "importlib.metadata", "ruff"}
    assert not slow & set(done.stdout.replace("'", "").strip("[]\n").split(", "))


def test_start_up_takes_at_most_twice_as_long_as_click_alone():
    commands = {"click": ("-c", "import click"), "version": ("-m", "sfn2airflow", "--version")}
    fastest = dict.fromkeys(commands, float("inf"))
    for _ in range(12):  # in turns, so that other work on the machine slows both down
        for name, args in commands.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *args], stdout=subprocess.DEVNULL, check=True)
            fastest[name] = min(fastest[name], time.perf_counter() - started)
    assert fastest["version"] <= 2 * fastest["click"]
