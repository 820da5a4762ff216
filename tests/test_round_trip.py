"""DAG, machine, DAG: the second DAG does what the machine does, which does what the first one did.

For what the machine does, ``tests/test_airflow2sfn_verify.py`` has run the first DAG. Here every golden is run in one
of its scenarios; ``make test-round-trips`` runs all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

pytest.importorskip("airflow", reason="needs the extra 'airflow'")

from dag_cases import CASES
from round_trips import differences, subjects

from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.compare import Difference
from sfn_airflow_core.verify.verification import Subject

NAMES = [case.name for case in CASES]


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowSession]:
    with AirflowSession() as session:
        yield session


@pytest.fixture(scope="module")
def goldens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Subject]:
    return {subject.name: subject for subject in subjects(tmp_path_factory.mktemp("dags"))}


def one_of(subject: Subject, number: int) -> Subject:
    """A golden with one scenario; not everywhere the first."""
    return replace(subject, scenarios=(subject.scenarios[number % len(subject.scenarios)],))


@pytest.mark.parametrize("name", NAMES)
def test_the_second_dag_does_the_same(name: str, goldens: dict[str, Subject], airflow: AirflowSession) -> None:
    check(differences(airflow, one_of(goldens[name], NAMES.index(name))))


@pytest.mark.round_trips
@pytest.mark.parametrize("name", NAMES)
def test_in_every_scenario(name: str, goldens: dict[str, Subject], airflow: AirflowSession) -> None:
    check(differences(airflow, goldens[name]))


def check(found: dict[str, tuple[Difference, ...]]) -> None:
    assert found
    for scenario, different in found.items():
        shown = [f"{one.at}: {one.expected!r}, {one.actual!r}" for one in different]
        assert not different, (scenario, shown)


def test_the_goldens_are_there(goldens: dict[str, Subject]) -> None:
    assert len(goldens) >= 35
