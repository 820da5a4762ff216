"""A pytest file that repeats a verification, for a team to keep beside its DAG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sfn2airflow.writing.layout import format_sources

_TEXT = '''"""Holds DAGs to the state machines they came from: the same replies must lead to the same results.

Written by ``sfn2airflow verify --write-test``; edit the scenarios, not this file.
"""

from pathlib import Path

import pytest

from sfn2airflow.testing import Bench, load_scenarios

HERE = Path(__file__).parent
DAG = {dag}
MACHINES = {machines}
SCENARIOS = [
    pytest.param(name, scenario, id=f"{{name}}-{{scenario.id}}")
    for scenario in load_scenarios(HERE / {scenarios})
    for name in MACHINES
    if scenario.machine in ("", name)
]


@pytest.fixture(scope="module")
def bench():
    with Bench({{name: HERE / path for name, path in MACHINES.items()}}, DAG) as bench:
        yield bench


@pytest.mark.parametrize(("name", "scenario"), SCENARIOS)
def test_dag_behaves_like_the_state_machine(bench, name, scenario):
    assert bench.differences(name, scenario) == []
'''


def write_test(test: Path, machines: Sequence[tuple[str, str]], dag: Path | None, scenarios: Path) -> str:
    """The text of the test file ``test``.

    Args:
        test: where it will stand; other paths are written relative to it.
        machines: file and name of each machine.
        dag: the DAG file, ``None`` to translate the machines again in every run.
        scenarios: the file of scenarios.

    Raises ValueError for a machine that is not a file.
    """
    if any(source.startswith("<") for source, _ in machines):
        raise ValueError("a test needs state machines in files")
    table = {name: _relative(Path(source), test) for source, name in machines}
    shown = "None" if dag is None else f"HERE / {_relative(dag, test)!r}"
    text = _TEXT.format(dag=shown, machines=repr(table), scenarios=repr(_relative(scenarios, test)))
    return format_sources([text])[0]


def _relative(path: Path, test: Path) -> str:
    return Path(os.path.relpath(path.resolve(), test.resolve().parent)).as_posix()
