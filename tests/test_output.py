"""Writing files: only inside the folder, never over somebody else's work, never half."""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath

import pytest

from sfn_airflow_core.shell import folder
from sfn_airflow_core.shell.folder import Refused, write_files

MANIFEST = ".tool.json"


def put(root: Path, files: dict[str, str], force: bool = False) -> list[str]:
    return write_files(root, {PurePosixPath(name): text.encode() for name, text in files.items()}, MANIFEST, force)


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def reasons(refusal: pytest.ExceptionInfo[Refused]) -> str:
    return str(refusal.value)


def test_files_are_written_with_a_manifest_and_the_usual_mode(tmp_path: Path):
    root = tmp_path / "new" / "dags"
    assert put(root, {"a.py": "a", "sub/b.py": "b"}) == ["a.py", "sub/b.py"]
    assert set(tree(root)) == {"a.py", "sub/b.py", MANIFEST}
    mask = os.umask(0)
    os.umask(mask)
    assert (root / "a.py").stat().st_mode & 0o777 == 0o666 & ~mask
    assert list(json.loads((root / MANIFEST).read_text())["files"]) == ["a.py", "sub/b.py"]


def test_the_same_files_again_change_nothing(tmp_path: Path):
    put(tmp_path, {"a.py": "a"})
    before = tree(tmp_path), (tmp_path / MANIFEST).stat().st_mtime_ns
    assert put(tmp_path, {"a.py": "a"}) == []
    assert (tree(tmp_path), (tmp_path / MANIFEST).stat().st_mtime_ns) == before


def test_its_own_unchanged_files_are_replaced(tmp_path: Path):
    put(tmp_path, {"a.py": "old"})
    assert put(tmp_path, {"a.py": "new"}) == ["a.py"]
    assert (tmp_path / "a.py").read_text() == "new"


def test_a_later_batch_keeps_what_the_manifest_says_of_earlier_ones(tmp_path: Path):
    put(tmp_path, {"a.py": "a"})
    put(tmp_path, {"b.py": "b"})
    assert put(tmp_path, {"a.py": "a2"}) == ["a.py"]


@pytest.mark.parametrize("known", [True, False], ids=["edited since", "written by somebody else"])
def test_somebody_elses_work_is_refused_and_nothing_is_written(tmp_path: Path, known: bool):
    if known:
        put(tmp_path, {"a.py": "a"})
    (tmp_path / "a.py").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(Refused) as refusal:
        put(tmp_path, {"a.py": "new", "b.py": "b"})
    assert ("edited" if known else "not written by this tool") in reasons(refusal)
    assert tree(tmp_path) == before
    put(tmp_path, {"a.py": "new", "b.py": "b"}, force=True)
    assert (tmp_path / "a.py").read_text() == "new"


def test_a_file_that_has_the_content_already_is_taken_over(tmp_path: Path):
    (tmp_path / "a.py").write_text("a")
    assert put(tmp_path, {"a.py": "a"}) == []
    assert put(tmp_path, {"a.py": "b"}) == ["a.py"]


@pytest.mark.parametrize("force", [False, True], ids=["plain", "forced"])
@pytest.mark.parametrize("name", ["../a.py", "/tmp/a.py", "x/../../a.py", "..\\a.py", ""], ids=repr)
def test_no_name_leads_outside(tmp_path: Path, name: str, force: bool):
    with pytest.raises(Refused):
        put(tmp_path / "out", {name: "a"}, force)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("force", [False, True], ids=["plain", "forced"])
def test_no_linked_folder_leads_outside(tmp_path: Path, force: bool):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="symbolic link"):
        put(tmp_path / "out", {"sub/a.py": "a"}, force)
    assert tree(tmp_path / "elsewhere") == {}


def test_a_linked_file_is_never_written_through(tmp_path: Path):
    (tmp_path / "victim").write_text("keep")
    (tmp_path / "out").mkdir()
    link = tmp_path / "out" / "a.py"
    link.symlink_to(tmp_path / "victim")
    with pytest.raises(Refused, match="symbolic link"):
        put(tmp_path / "out", {"a.py": "a"})
    put(tmp_path / "out", {"a.py": "a"}, force=True)
    assert not link.is_symlink()
    assert (tmp_path / "victim").read_text() == "keep"


def test_an_output_folder_may_itself_be_a_link(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    assert put(tmp_path / "out", {"sub/a.py": "a"}) == ["sub/a.py"]


def test_a_folder_or_file_in_the_way_is_named(tmp_path: Path):
    (tmp_path / "a.py").mkdir()
    (tmp_path / "sub").write_text("")
    with pytest.raises(Refused) as refusal:
        put(tmp_path, {"a.py": "a", "sub/b.py": "b"}, force=True)
    assert "a.py: is a folder" in reasons(refusal)
    assert "sub/b.py: would need a folder where a file is" in reasons(refusal)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2, "files": {}}', '{"version": 1, "files": []}', "\xff", "[" * 100_000],
    ids=repr,
)
def test_a_damaged_manifest_is_not_believed(tmp_path: Path, text: str):
    (tmp_path / MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(Refused, match="manifest"):
        put(tmp_path, {"a.py": "a"})
    assert put(tmp_path, {"a.py": "a"}, force=True) == ["a.py"]


def test_an_interrupted_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    put(tmp_path, {"a.py": "old"})

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(folder.os, "replace", fail)
        with pytest.raises(OSError, match="disk full"):
            put(tmp_path, {"a.py": "new"})
    assert (tmp_path / "a.py").read_text() == "old"
    assert set(tree(tmp_path)) == {"a.py", MANIFEST}
    assert put(tmp_path, {"a.py": "new"}) == ["a.py"]


def test_a_batch_that_stopped_half_way_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    put(tmp_path, {"a.py": "1", "b.py": "1"})
    real = os.replace

    def fail_on_b(source: str, target: Path) -> None:
        if target.name == "b.py":
            raise OSError("disk full")
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(folder.os, "replace", fail_on_b)
        with pytest.raises(OSError, match="disk full"):
            put(tmp_path, {"a.py": "2", "b.py": "2"})
    assert put(tmp_path, {"a.py": "2", "b.py": "2"}) == ["b.py"]
