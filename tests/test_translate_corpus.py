"""The public collection of state machines: each is translated, or rejected with a located error; nothing crashes."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruff import find_ruff_bin
from shared import CORPUS

from sfn2airflow.options import Options
from sfn2airflow.translate import Translation, translate_text
from sfn2airflow.writing.layout import format_sources

MACHINES = CORPUS / "state-machines"
COLLECTION = "step-functions-workflows-collection"
SUFFIXES = (".json", ".yaml", ".yml")
# written to be rejected, or templates around definitions: here only a crash or an error without a place is wrong
OTHERS = sorted(folder.name for folder in MACHINES.glob("*") if folder.is_dir() and folder.name != COLLECTION)


def definitions(folder: str) -> list[Path]:
    return sorted(path for path in (MACHINES / folder).rglob("*") if path.suffix in SUFFIXES)


def translated(path: Path) -> Translation:
    translation = translate_text(path.read_bytes(), path.name)
    if translation.text is None:
        assert translation.report.status == "rejected"
        assert translation.report.problems
        for problem in translation.report.problems:
            assert problem.message
            assert problem.span is not None, (path.name, problem)
    else:
        assert translation.report.status == "translated"
        compile(translation.text, path.name, "exec", ast.PyCF_ONLY_AST)
        for located in translation.report.findings:
            assert located.span is not None, (path.name, located.finding)
    return translation


def test_the_collection_translates(corpus: Path) -> None:
    paths = definitions(COLLECTION)
    assert len(paths) >= 150
    rejected = {path.name: problems for path in paths if (problems := translated(path).report.problems)}
    assert [name for name, problems in rejected.items() if any(p.severity == "ERROR" for p in problems)] == []


@pytest.mark.parametrize("folder", OTHERS)
def test_other_collections_translate_or_say_why_not(corpus: Path, folder: str) -> None:
    paths = definitions(folder)
    assert paths
    for path in paths:
        translated(path)


def test_scores_differ(corpus: Path) -> None:
    """A score that cannot fall says nothing: there are machines of every fidelity."""
    worst = {translated(path).report.worst.name for path in definitions(COLLECTION)}
    assert {"EXACT", "MANUAL", "APPROXIMATE", "UNSUPPORTED"} <= worst


def test_the_collection_is_clean_and_imports(corpus: Path, airflow: Any, with_runtime: Path) -> None:
    paths = definitions(COLLECTION)
    made = [
        translate_text(path.read_bytes(), path.name, Options(dag_id=f"machine_{number}")).text or ""
        for number, path in enumerate(paths)
    ]
    files = [with_runtime / f"machine_{number}.py" for number in range(len(paths))]
    for file, source in zip(files, format_sources(made), strict=True):
        file.write_text(source, encoding="utf-8")
    command = [
        find_ruff_bin(),
        "check",
        "--isolated",
        "--no-cache",
        "--quiet",
        "--select",
        "AIR,F,E9",
        *map(str, files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    errors = airflow.import_errors(with_runtime)
    assert {path: error for path, error in errors.items() if "machine_" in path} == {}
