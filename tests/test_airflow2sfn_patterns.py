"""Patterns of S3KeySensor: the keys that a state machine finds are those that Python's fnmatch and re find."""

from __future__ import annotations

import fnmatch
import re
from textwrap import dedent
from typing import Any

import pytest

from airflow2sfn.read import read_text
from airflow2sfn.translate import Translated, translate
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute

KEYS = [
    "in/2026-03-05/a.csv", "in/2026-03-05/b.csv.gz", "in/2026-03-05/", "in/2026-03-05/sub/c.csv", "in/2026-03-05.csv",
    "in/2026-03-06/a.csv", "in/x-2026-03-05.csv", "in/x-2026-03-05", "in/2026-03-05-2026-03-05", "a1.csv", "ab.csv",
    "in/2026-03-05/part-0.csv", "in/2026-03-05/part-10.csv", "in/2026-03-05.", "aab.csv", "b.csv",
]  # fmt: skip


def of(given: str) -> Translated:
    text = dedent(f"""
    from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
    from airflow.sdk import DAG
    with DAG("d", schedule=None):
        S3KeySensor(task_id="a", bucket_name="b", timeout=1, {given})
    """)
    (dag,) = read_text(text, "d.py").dags
    return translate(dag)


class Bucket:
    """A bucket with one key."""

    def __init__(self, key: str):
        self.key = key

    def answer(self, call: ServiceCall) -> Reply:
        given: Any = call.arguments
        there = [{"Key": self.key}] if self.key.startswith(given["Prefix"]) else []
        return Reply("result", {"Prefix": given["Prefix"], **({"Contents": there} if there else {})})


def found(made: Translated) -> set[str]:
    """The keys that the sensor waits for, each alone in the bucket."""
    given = {"logical_date": "2026-03-05T00:00:00Z"}
    return {key for key in KEYS if execute(made.machine, given, Bucket(key)).status == "SUCCEEDED"}


@pytest.mark.parametrize(
    "pattern",
    [
        "in/{{ ds }}/*.csv", "in/{{ ds }}/*", "in/{{ ds }}*", "in/{{ ds }}/part-?.csv", "in/{{ ds }}/[ab]*.csv",
        "in/{{ ds }}/[!a]*", "in/*{{ ds }}", "in/*{{ ds }}.csv", "in/{{ ds }}*{{ ds }}", "in/{{ ds }}.csv",
        "*/{{ ds }}/", "in/*/a.csv", "a[1b].csv", "in/{{ ds }}/part-*[0-9].csv",
    ],
)  # fmt: skip
def test_wildcards(pattern: str) -> None:
    whole = pattern.replace("{{ ds }}", "2026-03-05")
    assert found(of(f"bucket_key={pattern!r}, wildcard_match=True")) == {
        key for key in KEYS if fnmatch.fnmatchcase(key, whole)
    }


@pytest.mark.parametrize(
    "pattern", [r"in/\d{4}-\d\d-05/", r"a\d\.csv", "in/x-|a1", "aa?b", r"[ab]+\.csv$", r"in/2026-03-0[56]/a\.csv"]
)
def test_regular_expressions(pattern: str) -> None:
    made = of(f"bucket_key={pattern!r}, use_regex=True")
    assert found(made) == {key for key in KEYS if re.match(pattern, key)}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('bucket_key="in/*{{ ds }}/*.csv", wildcard_match=True', "wildcards after what is only known in the run"),
        ('bucket_key="in/?{{ ds }}", wildcard_match=True', "wildcards after what is only known in the run"),
        (r'bucket_key="in/(?P<a>x)", use_regex=True', "no counterpart"),
        (r'bucket_key="in/(", use_regex=True', "its regular expression is none"),
        ('bucket_key="in/{{ ds }}", use_regex=True', "only known in the run"),
    ],
)
def test_what_is_refused(given: str, message: str) -> None:
    assert any(message in finding.message() for finding in of(given).findings if finding.code == "A2S204")


@pytest.mark.parametrize(
    "given", ['bucket_key="in/*.csv", wildcard_match=True', r'bucket_key="in/.*\.csv", use_regex=True']
)
@pytest.mark.parametrize(
    ("contents", "status"), [([{"Key": "in/a.csv"}], "SUCCEEDED"), ([{"Key": "in/a.txt"}], "FAILED")]
)
def test_a_list_that_goes_on_is_no_reason_to_wait(given: str, contents: list[dict[str, str]], status: str) -> None:
    class Page:
        def answer(self, call: ServiceCall) -> Reply:
            return Reply("result", {"Prefix": "in/", "Contents": contents, "IsTruncated": True})

    execution = execute(of(given).machine, {}, Page())
    assert execution.status == status
    assert status == "SUCCEEDED" or "More than 1,000 keys" in (execution.cause or "")
