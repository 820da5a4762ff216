"""How much of public DAG files is read without running them, against what the real Airflow makes of them.

The files are the example DAGs of the installed packages, and the system tests in the source distributions that
``make corpus`` downloads. Run it as ``python -m benchmarks.reading [--all] [--python PYTHON] [FILTER]``.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from airflow2sfn.importing.parent import Imported, import_files
from airflow2sfn.read import Reading, read_file
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sfn2airflow" / "airflow-corpus"
"""Where ``make corpus`` unpacks the source distributions."""

_COMMON = {
    "__init__.py": "",
    "test_utils/__init__.py": "",
    "test_utils/watcher.py": (
        "from airflow.sdk import task\n\n\n"
        '@task(trigger_rule="one_failed", retries=0)\ndef watcher():\n    raise RuntimeError("a task failed")\n'
    ),
    "test_utils/system_tests.py": (
        "def get_test_run(dag, **kwargs):\n    return None\n\n\ndef get_test_env_id(name=None):\n    return 'default'\n"
    ),
    "test_utils/version_compat.py": "".join(
        f"AIRFLOW_V_{version}_PLUS = True\n" for version in ("2_10", "2_11", "3_0", "3_0_1", "3_1", "3_2", "3_3")
    ),
    "test_utils/compat.py": "from airflow.providers.standard.operators.empty import EmptyOperator\n",
    "test_utils/api_client_helpers.py": "".join(
        f"def {name}(*args, **kwargs):\n    return None\n\n\n"
        for name in ("create_airflow_connection", "delete_airflow_connection", "make_authenticated_rest_api_request")
    ),
}
"""Stand-ins for the helpers that Airflow's own repository has for its system tests; both readers get them."""


@dataclass(slots=True)
class Corpus:
    """Files of one kind, and the folders in which their imports are found."""

    name: str
    files: list[Path]
    roots: tuple[Path, ...] = ()


@dataclass(slots=True)
class Result:
    """What came of one corpus."""

    files: int = 0
    crashed: list[str] = field(default_factory=list)
    imported: int = 0
    equal: int = 0
    different: list[tuple[str, str]] = field(default_factory=list)
    reasons: collections.Counter[str] = field(default_factory=collections.Counter)
    seconds: float = 0.0


def installed() -> Iterator[Corpus]:
    """The example DAGs of installed packages."""
    spec = find_spec("airflow")
    for place in spec.submodule_search_locations or () if spec else ():
        core = sorted(Path(place, "example_dags").glob("*.py"))
        yield Corpus("airflow core", [path for path in core if path.name != "__init__.py"])
        for folder in sorted(Path(place, "providers").rglob("example_dags")):
            files = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
            yield Corpus(f"installed {folder.parent.name}", files)


def downloaded(cache: Path = CACHE) -> Iterator[Corpus]:
    """The system tests of source distributions."""
    for folder in sorted(cache.glob("apache_airflow_providers_*")):
        files = sorted(folder.glob("tests/system/**/example_*.py")) + sorted(folder.glob("src/**/example_*.py"))
        if files:
            name = folder.name.removeprefix("apache_airflow_providers_").rpartition("-")[0]
            yield Corpus(name, files, (folder / "tests",))


def with_helpers(corpus: Corpus, folder: Path) -> Corpus:
    """A corpus whose imports also find the stand-ins, written to ``folder``."""
    for name, text in _COMMON.items():
        path = folder / "tests_common" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Corpus(corpus.name, corpus.files, (*corpus.roots, folder))


def shape(dag: Dag) -> tuple[set[str], set[tuple[str, str]]]:
    """Task ids and edges of a DAG."""
    return {task.task_id for task in dag.tasks}, {(edge.up, edge.down) for edge in dag.edges}


def difference(reading: Reading, imported: Imported) -> str:
    """What is different between the two readings, in a few words; empty if nothing is."""
    mine = {dag.dag_id: shape(dag) for dag in reading.dags}
    theirs: Mapping[str, Any] = imported.dags
    if mine.keys() != theirs.keys():
        return f"DAGs: only static {sorted(mine.keys() - theirs)}, only Airflow {sorted(theirs.keys() - mine.keys())}"
    for dag_id, (tasks, edges) in mine.items():
        real = set(theirs[dag_id]["tasks"])
        if tasks != real:
            return f"tasks of {dag_id}: only static {sorted(tasks - real)}, only Airflow {sorted(real - tasks)}"
        drawn = {tuple(edge) for edge in theirs[dag_id]["edges"]}
        if edges != drawn:
            return f"edges of {dag_id}: only static {sorted(edges - drawn)}, only Airflow {sorted(drawn - edges)}"
    return ""


def read_all(corpus: Corpus, result: Result) -> dict[Path, Reading]:
    """Reads the files of a corpus and takes the time."""
    readings: dict[Path, Reading] = {}
    start = time.perf_counter()
    for path in corpus.files:
        project = Project((path.parent, *corpus.roots))
        try:
            readings[path] = read_file(path, project, source=path.name)
        except Exception:
            result.crashed.append(f"{path.name}: {traceback.format_exc(limit=-2)}")
    result.seconds += time.perf_counter() - start
    result.files += len(corpus.files)
    return readings


def measure(corpus: Corpus, python: str = sys.executable) -> Result:
    """Compares both readings of every file; ``python`` is an interpreter that has Airflow and what the files import."""
    result = Result()
    readings = read_all(corpus, result)
    for path, imported in import_files(corpus.files, corpus.roots, python=python):
        if imported.error:
            result.reasons[imported.error.strip().splitlines()[-1][:110]] += 1
            continue
        result.imported += 1
        text = difference(readings[path], imported) if path in readings else "not read"
        if text:
            result.different.append((path.name, text))
        else:
            result.equal += 1
    return result


def main(argv: list[str] | None = None) -> int:
    """Prints the table; the exit code says whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filter", nargs="?", default="", help="only corpora whose name contains this")
    parser.add_argument("--all", action="store_true", help="also print why files are not imported here")
    parser.add_argument("--python", default=sys.executable, help="interpreter that imports, with more packages")
    given = parser.parse_args(argv)
    total = Result()
    with tempfile.TemporaryDirectory(prefix="helpers-") as folder:
        print(f"{'corpus':28}{'files':>7}{'imported':>10}{'equal':>7}{'crashed':>9}{'files/s':>9}")
        for corpus in (*installed(), *downloaded()):
            if given.filter not in corpus.name:
                continue
            result = measure(with_helpers(corpus, Path(folder)), given.python)
            _print(corpus.name, result, given.all)
            total.files += result.files
            total.imported += result.imported
            total.equal += result.equal
            total.crashed += result.crashed
            total.seconds += result.seconds
    _print("all", total, False)
    share = total.equal / total.imported if total.imported else 1.0
    speed = total.files / total.seconds if total.seconds else 0.0
    print(f"equal to Airflow: {share:.1%} of the files that import; {speed:.0f} files a second")
    return 0 if share >= 0.95 and not total.crashed and speed >= 20 else 1


def _print(name: str, result: Result, reasons: bool) -> None:
    speed = result.files / result.seconds if result.seconds else 0.0
    print(f"{name:28}{result.files:7}{result.imported:10}{result.equal:7}{len(result.crashed):9}{speed:9.0f}")
    for crash in result.crashed:
        print(f"    crashed: {crash}")
    for file, text in result.different:
        print(f"    {file}: {text}")
    if reasons:
        for reason, number in result.reasons.most_common():
            print(f"    not imported ({number}): {reason}")


if __name__ == "__main__":
    sys.exit(main())
