"""What all tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Run
from hypothesis import settings
from shared import CORPUS, ROOT

from sfn2airflow.cli import cli
from sfn_airflow_core.shell.group import run

settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the expected outputs of golden tests")


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of recorded behaviour and public state machines; tests that need it are skipped where it is absent."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not beside this checkout")
    return CORPUS


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-goldens"))


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs sfn2airflow in an empty folder; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(*args: str) -> tuple[int, str, str]:
        code = run(cli, "sfn2airflow", "0.0", [*args])
        return code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def airflow() -> Iterator[Any]:
    """A real Airflow in this process; one for each module, because it holds the environment while it is open."""
    pytest.importorskip("airflow", reason="scenarios run on a real Airflow")
    from sfn_airflow_core.verify.airflow_runner import AirflowSession

    with AirflowSession() as session:
        yield session


@pytest.fixture(scope="module")
def with_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for DAG files with the runtime beside them."""
    import sfn2airflow

    folder = tmp_path_factory.mktemp("dags")
    runtime = Path(sfn2airflow.__file__).parent / "runtime"
    shutil.copytree(runtime, folder / "asl_runtime", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def dags_folder(with_runtime: Path) -> Path:
    """A folder with the DAG files of all goldens."""
    from goldens import CASES

    for case in CASES:
        shutil.copy(case / "dag.py", with_runtime / f"{case.name}.py")
    return with_runtime
