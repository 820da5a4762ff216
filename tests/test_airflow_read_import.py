"""What the real Airflow makes of DAG files: the fence around the import, the merge, and how well reading agrees."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow2sfn.importing.parent import Imported, import_files, merge
from airflow2sfn.read import read_file, read_text
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Known
from sfn_airflow_core.shell.group import run

pytest.importorskip("airflow", reason="files are imported by a real Airflow")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are those of Unix")

DAG = "from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.empty import EmptyOperator\n"


def imported(folder: Path, files: dict[str, str], seconds: int = 20, megabytes: int = 4096) -> dict[str, Imported]:
    paths = []
    for name, text in files.items():
        path = folder / name
        path.write_text(text)
        paths.append(path)
    return {path.name: found for path, found in import_files(paths, seconds=seconds, megabytes=megabytes)}


def test_the_fence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    found = imported(
        tmp_path,
        {
            "good.py": DAG
            + "with DAG('good', schedule=None):\n    EmptyOperator(task_id='a') >> EmptyOperator(task_id='b')\n",
            "network.py": "import socket\nsocket.create_connection(('127.0.0.1', 80), 1)\n",
            "lookup.py": "import socket\nsocket.getaddrinfo('localhost', 80)\n",
            "hidden.py": "import os\nassert not {'AWS_SECRET_ACCESS_KEY', 'HTTPS_PROXY'} & os.environ.keys()\n",
            "endless.py": "while True:\n    pass\n",
            "memory.py": "x = bytearray(8 << 30)\n",
            "exits.py": "import os\nos._exit(3)\n",
            "broken.py": "def f(:\n",
            "after.py": DAG + "with DAG('after', schedule=None):\n    pass\n",
        },
        seconds=8,
    )
    assert found["good.py"].error == ""
    assert found["good.py"].dags["good"]["edges"] == [["a", "b"]]
    assert "network is closed" in found["network.py"].error
    assert "network is closed" in found["lookup.py"].error
    assert found["hidden.py"].error == ""
    assert found["endless.py"].error == "the import took too long"
    assert "MemoryError" in found["memory.py"].error
    assert "without a result" in found["exits.py"].error
    assert "SyntaxError" in found["broken.py"].error
    assert "after" in found["after.py"].dags


def test_a_dag_file_may_be_called_like_a_library(tmp_path: Path) -> None:
    files = {
        "secrets.py": DAG + "with DAG('secrets', schedule=None):\n    EmptyOperator(task_id='a')\n",
        "shared.py": "NAME = 'b'\n",
        "uses.py": DAG + "import secrets\nfrom shared import NAME\nwith DAG('uses', schedule=None):\n"
        "    EmptyOperator(task_id=NAME if secrets.token_hex(4) else 'c')\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    found = dict(import_files([tmp_path / name for name in files], [tmp_path]))
    assert [one.error for one in found.values()] == ["", "", ""]
    assert list(found[tmp_path / "secrets.py"].dags["secrets"]["tasks"]) == ["a"]
    assert list(found[tmp_path / "uses.py"].dags["uses"]["tasks"]) == ["b"]
    static = read_file(tmp_path / "uses.py", Project((tmp_path,)))
    assert [located.finding.code for located in static.findings] == ["A2S103"]


def test_merging_adds_what_only_airflow_sees(tmp_path: Path) -> None:
    text = DAG + (
        "import csv, pathlib\n"
        "names = next(csv.reader(pathlib.Path(__file__).with_name('names.csv').open()))\n"
        "with DAG('d', schedule=None) as dag:\n"
        "    last = EmptyOperator(task_id='last', trigger_rule='all_done')\n"
        "    for name in names:\n"
        "        EmptyOperator(task_id=name, retries=2) >> last\n"
    )
    (tmp_path / "names.csv").write_text("x,y\n")
    found = imported(tmp_path, {"d.py": text})["d.py"]
    static = read_file(tmp_path / "d.py")
    assert [located.finding.code for located in static.findings] == ["A2S102", "A2S103"]
    merged = merge(static, found).dags[0]
    assert {task.task_id for task in merged.tasks} == {"last", "x", "y"}
    assert {(edge.up, edge.down) for edge in merged.edges} == {("x", "last"), ("y", "last")}
    assert merged.task("x").operator == "airflow.providers.standard.operators.empty.EmptyOperator"
    assert merged.task("x").arguments["retries"] == Known(2)
    assert merged.task("last").span is not None


def test_a_file_that_cannot_be_imported_keeps_what_was_read() -> None:
    reading = read_text(DAG + "with DAG('d', schedule=None):\n    EmptyOperator(task_id='a')\n", "d.py")
    merged = merge(reading, Imported(error="Traceback\nModuleNotFoundError: No module named 'x'"))
    assert merged.dags == reading.dags
    assert [located.finding.code for located in merged.findings] == ["A2S113"]


def test_installed_examples_are_read_as_airflow_sees_them() -> None:
    from benchmarks.reading import installed, measure

    results = [measure(corpus) for corpus in installed()]
    files, same = sum(r.imported for r in results), sum(r.equal for r in results)
    assert files > 50
    assert not [crash for r in results for crash in r.crashed]
    assert same / files >= 0.95, [different for r in results for different in r.different]


class TestCheck:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

    def call(self, capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
        from airflow2sfn.cli import cli

        code = run(cli, "airflow2sfn", "0.0", [*args])
        return code, *capsys.readouterr()

    def test_a_folder_is_read_file_by_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("good.py").write_text(DAG + "with DAG('good', schedule=None):\n    EmptyOperator(task_id='a')\n")
        Path("bad.py").write_text("import airflow\ndag = (\n")
        Path("helper.py").write_text("X = 1\n")
        code, out, err = self.call(capsys, "check", ".")
        assert code == 2
        assert "good.py:3:6: DAG good (Airflow 3): 1 task, 0 edges, 0 groups; every value known" in out
        assert "bad.py:2:7: SYNTAX_ERROR [error]" in err
        assert "helper" not in out + err

    def test_findings_and_their_limit(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = (
            DAG + "import x\nwith DAG('d', schedule=None):\n    for n in x.y():\n        EmptyOperator(task_id='a')\n"
        )
        Path("d.py").write_text(text)
        assert self.call(capsys, "check", "d.py")[0] == 1
        code, out, _ = self.call(capsys, "check", "d.py", "--fail-on", "none")
        assert code == 0
        assert "A2S102" in out

    def test_values_from_the_command_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = DAG + "import os\nfrom airflow.sdk import Variable\nwith DAG('d', schedule=Variable.get('when')):\n"
        Path("d.py").write_text(text + "    EmptyOperator(task_id='a', owner=os.environ['OWNER'])\n")
        Path("variables.json").write_text('{"when": "@daily"}')
        assert "2 values not known" in self.call(capsys, "check", "d.py")[1]
        given = ("--env", "OWNER=me", "--variables", "variables.json")
        assert "every value known" in self.call(capsys, "check", "d.py", *given)[1]

    def test_import(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("d.py").write_text(DAG + "with DAG('d', schedule=None):\n    EmptyOperator(task_id='a')\n")
        code, out, _ = self.call(capsys, "check", "d.py", "--import", "--format", "json")
        assert code == 0
        assert '"findings": []' in out


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends processes with their parents")
def test_nothing_goes_on_when_the_command_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    noted = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n"
    (tmp_path / "slow.py").write_text(f"{DAG}{noted}with DAG('d', schedule=None): EmptyOperator(task_id='a')\n")
    arguments = [sys.executable, "-m", "airflow2sfn", "check", "slow.py", "--import"]
    with subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.DEVNULL) as command:
        deadline = time.monotonic() + 60
        while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        command.kill()
    importing, ended = int(pid.read_text()), time.monotonic() + 10
    while Path(f"/proc/{importing}").exists() and time.monotonic() < ended:
        time.sleep(0.05)
    assert not Path(f"/proc/{importing}").exists()
