"""The example DAGs that come with Airflow: all are answered, and every definition is valid."""

from __future__ import annotations

import pytest

from benchmarks.dags import Corpus, measure
from benchmarks.reading import installed

CORE = [corpus for corpus in installed() if corpus.name == "airflow core"]


@pytest.mark.skipif(not CORE, reason="Airflow is not installed")
@pytest.mark.parametrize("corpus", CORE, ids=lambda corpus: corpus.name)
def test_every_file_is_answered_by_valid_definitions(corpus: Corpus) -> None:
    result = measure(corpus)
    assert result.crashed == []
    assert result.invalid == []
    assert result.files >= 40
    assert result.tasks >= 200
