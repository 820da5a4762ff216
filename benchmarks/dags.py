"""What public DAG files become as state machines: every file answered, every definition valid, and what stays a stub.

The files are those of ``benchmarks.reading``. A definition is valid if the project's own reader takes it without a
problem or an unknown field (it parses every JSONata expression), and reads back what was written. Run it as
``python -m benchmarks.dags [--all] [--cache DIR] [FILTER]``.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from airflow2sfn.read import read_file
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag
from airflow2sfn.structure import Cyclic
from airflow2sfn.translate import translate
from benchmarks.reading import CACHE, Corpus, downloaded, installed, with_helpers
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.findings import Fidelity, Finding

STUBS = ("A2S203", "A2S204", "A2S511")


@dataclass(slots=True)
class Result:
    """What came of some files."""

    files: int = 0
    dags: int = 0
    tasks: int = 0
    states: int = 0
    stubs: int = 0
    crashed: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    findings: collections.Counter[str] = field(default_factory=collections.Counter)
    reasons: collections.Counter[str] = field(default_factory=collections.Counter)
    seconds: float = 0.0

    def add(self, other: Result) -> None:
        """Counts another result in."""
        self.files += other.files
        self.dags += other.dags
        self.tasks += other.tasks
        self.states += other.states
        self.stubs += other.stubs
        self.crashed += other.crashed
        self.invalid += other.invalid
        self.findings += other.findings
        self.reasons += other.reasons
        self.seconds += other.seconds


def faults(text: str, name: str) -> list[str]:
    """Everything that the reader has to say about a definition."""
    reading = read_machine(text, name)
    found = [f"{problem.at}: {problem.message}" for problem in reading.problems]
    found += [f"{unknown.at}: unknown field" for unknown in reading.unknown]
    if reading.machine is not None and write(reading.machine) != text:
        found.append("reads back as something else")
    return found


def convert(dag: Dag, source: str, result: Result) -> None:
    """Translates one DAG and checks what it becomes."""
    result.dags += 1
    result.tasks += len(dag.tasks)
    try:
        translated = translate(dag)
        text = write(translated.machine)
    except Cyclic:
        result.findings["cycle"] += 1
        return
    except Exception:
        result.crashed.append(f"{source} {dag.dag_id}: {traceback.format_exc(limit=-3)}")
        return
    result.states += len(list(translated.machine.walk()))
    result.invalid += [f"{source} {dag.dag_id}{fault}" for fault in faults(text, dag.dag_id)]
    for finding in translated.findings:
        result.findings[f"{finding.code} {type(finding).__name__}"] += 1
        if finding.fidelity is Fidelity.UNSUPPORTED:
            result.reasons[_reason(finding)] += 1
        result.stubs += finding.code in STUBS


def _reason(finding: Finding) -> str:
    operator, reason = getattr(finding, "operator", ""), getattr(finding, "reason", "")
    names = ", ".join(getattr(finding, "names", ()))
    return f"{finding.code} {operator.rpartition('.')[2] or reason or names}"


def measure(corpus: Corpus) -> Result:
    """Reads and translates the files of a corpus."""
    result = Result(files=len(corpus.files))
    start = time.perf_counter()
    for path in corpus.files:
        try:
            reading = read_file(path, Project((path.parent, *corpus.roots)), source=path.name)
        except Exception:
            result.crashed.append(f"{path.name}: {traceback.format_exc(limit=-3)}")
            continue
        for dag in reading.dags:
            convert(dag, path.name, result)
    result.seconds = time.perf_counter() - start
    return result


def main(argv: list[str] | None = None) -> int:
    """Prints the table; the exit code says whether every file is answered and every definition valid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filter", nargs="?", default="", help="only corpora whose name contains this")
    parser.add_argument("--all", action="store_true", help="also print the findings, and why tasks are stubs")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where make corpus has put the files")
    given = parser.parse_args(argv)
    total = Result()
    print(f"{'corpus':28}{'files':>7}{'DAGs':>7}{'tasks':>7}{'states':>8}{'stubs':>7}{'crashed':>9}{'invalid':>9}")
    with tempfile.TemporaryDirectory(prefix="helpers-") as folder:
        for corpus in (*installed(), *downloaded(given.cache)):
            if given.filter in corpus.name:
                result = measure(with_helpers(corpus, Path(folder)))
                _print(corpus.name, result)
                total.add(result)
    _print("all", total)
    for line in (*total.crashed, *total.invalid):
        print(f"    {line}")
    if given.all:
        for name, number in (*total.findings.most_common(), *total.reasons.most_common()):
            print(f"{number:7} {name}")
    print(f"{total.files / total.seconds if total.seconds else 0:.0f} files a second")
    return 1 if total.crashed or total.invalid else 0


def _print(name: str, result: Result) -> None:
    numbers = (result.files, result.dags, result.tasks)
    print(
        f"{name:28}" + "".join(f"{number:7}" for number in numbers) + f"{result.states:8}{result.stubs:7}"
        f"{len(result.crashed):9}{len(result.invalid):9}"
    )


if __name__ == "__main__":
    sys.exit(main())
