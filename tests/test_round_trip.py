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
from round_trips import KNOWN, WORDS, differences, subjects

from sfn_airflow_core.verify.airflow_runner import AirflowSession
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
    """A golden with one scenario, one that is not expected to differ if there is one; not everywhere the first."""
    equal = [one for one in subject.scenarios if f"{subject.name}: {one.id}" not in KNOWN] or [*subject.scenarios]
    return replace(subject, scenarios=(equal[number % len(equal)],))


@pytest.mark.parametrize("name", NAMES)
def test_the_second_dag_does_the_same(name: str, goldens: dict[str, Subject], airflow: AirflowSession) -> None:
    check(differences(airflow, one_of(goldens[name], NAMES.index(name))))


@pytest.mark.round_trips
@pytest.mark.parametrize("name", NAMES)
def test_in_every_scenario(name: str, goldens: dict[str, Subject], airflow: AirflowSession) -> None:
    check(differences(airflow, goldens[name]))


def check(found: dict[str, tuple[object, ...]]) -> None:
    for scenario, different in found.items():
        shown = [f"{one.at}: {one.expected!r}, {one.actual!r}" for one in different]  # type: ignore[attr-defined]
        assert bool(different) == (scenario in KNOWN), (scenario, shown)
        if KNOWN.get(scenario) == WORDS:
            assert all(line.partition(": ")[0].endswith("/Cause") for line in shown), shown


def test_what_differs_is_a_scenario(goldens: dict[str, Subject]) -> None:
    assert {*KNOWN} <= {f"{name}: {one.id}" for name, subject in goldens.items() for one in subject.scenarios}
    assert len(goldens) >= 35
