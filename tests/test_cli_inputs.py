"""Which inputs a command line means: files, folders, pipes, standard input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import CLEAN, UNSUPPORTED, Run, files, put


def test_folders_are_searched_and_keep_their_structure(call: Run):
    put("flows/one.asl.json", CLEAN)
    put("flows/team/two.yaml", "StartAt: A\nStates:\n  A: {Type: Succeed}\n")
    put("flows/team/three.json", CLEAN)
    put("flows/package.json", {"name": "x"})
    put("flows/template.yaml", "Resources:\n  X:\n    StartAt: a\n    States: {}\n")
    put("flows/.hidden/four.asl.json", CLEAN)
    put("flows/node_modules/five.asl.json", CLEAN)
    code, out, err = call("convert", "flows", "-o", "dags")
    assert (code, "skipped" in err) == (0, False)
    assert [name for name in files("dags") if not name.startswith("asl_runtime")] == [
        "one.py",
        "team/three.py",
        "team/two.py",
    ]
    assert "flows/package.json: skipped" in call("check", "-v", "flows")[2]
    assert call("check", "flows/package.json")[0] == 2
    assert out.index("one.asl.json") < out.index("team/three.json") < out.index("team/two.yaml")


def test_a_broken_machine_in_a_folder_is_not_passed_over(call: Run):
    put("flows/a.json", '{"StartAt": "A", "States": {"A": }}')
    assert call("check", "flows")[0] == 2


def test_a_folder_without_machines_is_an_error(call: Run):
    put("flows/a.json", {})
    code, _, err = call("check", "flows")
    assert (code, "no state machine found" in err) == (2, True)


def test_inputs_of_one_name_do_not_overwrite_one_another(call: Run):
    for folder in ("x", "y", "z/deep"):
        put(f"{folder}/a.asl.json", CLEAN)
    put("x/A.json", CLEAN)
    assert call("convert", "x", "y", "z", "x/a.asl.json", "-o", "dags", "--format", "json")[0] == 0
    names = [Path(name).stem for name in files("dags") if not name.startswith("asl_runtime")]
    assert len(names) == len(set(names)) == 4
    assert "deep/" in str(files("dags"))


def test_standard_input(call: Run, monkeypatch: pytest.MonkeyPatch):
    import io

    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(CLEAN).encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert call("convert", "-", "-o", "dags", "--dag-id", "from_pipe")[0] == 0
    assert "from_pipe.py" in files("dags")


def test_endless_and_blocking_inputs(call: Run):
    code, _, err = call("check", "/dev/zero")
    assert (code, "larger than" in err) == (2, True)
    put("flows/a.asl.json", CLEAN)
    os.mkfifo("flows/pipe.json")
    assert call("check", "flows")[0] == 0


def test_a_pipe_may_be_named(call: Run):
    os.mkfifo("pipe.asl.json")
    with subprocess.Popen(["sh", "-c", "cat > pipe.asl.json"], stdin=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        writer.stdin.write(json.dumps(CLEAN).encode())
        writer.stdin.close()
        assert call("check", "pipe.asl.json")[0] == 0


def test_an_unreadable_folder_is_an_error(call: Run):
    put("flows/secret/a.asl.json", CLEAN)
    put("flows/b.asl.json", CLEAN)
    os.chmod("flows/secret", 0)
    try:
        if os.access("flows/secret", os.R_OK):
            pytest.skip("this user may read everything")
        code, _, err = call("check", "flows")
    finally:
        os.chmod("flows/secret", 0o755)
    assert (code, "Permission denied" in err) == (2, True)


def test_names_that_a_terminal_cannot_show(tmp_path: Path):
    name = os.fsdecode(b"\xff\x1b.asl.json")
    try:
        (tmp_path / name).write_text(json.dumps(UNSUPPORTED), encoding="utf-8")
    except OSError:
        pytest.skip("the file system takes only UTF-8 names")
    command = [sys.executable, "-m", "sfn2airflow", "check", name]
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr, "\x1b" in done.stdout) == (1, False, False)
