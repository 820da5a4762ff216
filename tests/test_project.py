"""What holds for the project as a whole: pinned versions, documented dependencies, short modules."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def dependencies(root: Path) -> set[str]:
    """Names of all packages that the project asks for."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + [line for lines in project["optional-dependencies"].values() for line in lines]
    return {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in wanted}  # type: ignore[index]


def test_every_dependency_is_pinned_by_name_and_version_only(root: Path, dependencies: set[str]):
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9][a-z0-9.+]*", pin)] == []
    names = [pin.partition("==")[0] for pin in pins]
    assert names == sorted(set(names))
    assert dependencies <= set(names)


def test_every_dependency_has_its_reason(root: Path, dependencies: set[str]):
    text = (root / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    assert [name for name in sorted(dependencies) if name not in text] == []


def test_no_module_is_longer_than_400_lines(root: Path):
    packages = ("sfn_airflow_core", "sfn2airflow", "airflow2sfn")
    modules = [path for package in packages for path in (root / package).rglob("*.py")]
    assert modules
    long = [path.name for path in modules if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    assert long == []


def test_the_makefile_has_the_documented_targets(root: Path):
    targets = set(re.findall(r"^([a-z]+):.*##", (root / "Makefile").read_text(encoding="utf-8"), re.M))
    assert {"demo", "test", "check", "bench", "docs", "goldens"} <= targets
