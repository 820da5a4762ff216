"""Verifies public DAG files: generated scenarios of every DAG, on Airflow and as its state machine.

    python -m benchmarks.dag_verification [--cache [DIR]] [--only NAME…] [--seconds N] [--all] [FILTER]

The files are the example DAGs of the installed packages and, with ``--cache``, the system tests that ``make corpus``
downloads. Every file is verified by itself, one after the other, at a low priority. Printed are the sums of each
corpus, and each scenario that differs or is not comparable, with its reason. Exit code 1 if what differs is not exactly
what is in ``KNOWN`` (of the DAGs that were verified), or if the finding that a row names is not one of the translation.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow2sfn.commands.files import holds_dag
from airflow2sfn.read import Settings, read_file
from airflow2sfn.reading.project import Project
from airflow2sfn.structure import Cyclic
from airflow2sfn.translate import translate
from airflow2sfn.verifying.folders import Verifying
from benchmarks.reading import CACHE, Corpus, downloaded, installed, with_helpers
from sfn_airflow_core.verify.result import Outcome, Verified, shown

Key = tuple[str, str]
"""The id of a DAG and of one of its scenarios."""

KNOWN: dict[Key, tuple[str, str]] = {}
"""The scenarios that differ: the code of the finding that says so, and the reason."""


@dataclass(slots=True)
class Sums:
    """What came of some files; ``different`` are the scenarios that differ with the files of their DAGs."""

    files: int = 0
    dags: int = 0
    equal: int = 0
    apart: collections.Counter[str] = field(default_factory=collections.Counter)
    failures: collections.Counter[str] = field(default_factory=collections.Counter)
    different: dict[Key, Path] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)
    states: int = 0
    reached: int = 0

    def count(self, result: Verified) -> None:
        """Counts the result of a DAG, or of a file that could not be verified, in."""
        if result.failure:
            self.failures[_brief(result.failure)] += 1
            return
        self.dags += 1
        self.verified.add(result.name)
        self.reached += result.coverage.states[0]
        self.states += result.coverage.states[1]
        for outcome in result.outcomes:
            if not outcome.comparable:
                self.apart[outcome.reason.partition(":")[0]] += 1
            elif outcome.equal:
                self.equal += 1
            else:
                self.different[result.name, outcome.id] = Path(result.source)

    def add(self, other: Sums) -> None:
        """Counts other files in."""
        self.files += other.files
        self.dags += other.dags
        self.equal += other.equal
        self.apart += other.apart
        self.failures += other.failures
        self.different |= other.different
        self.verified |= other.verified
        self.states += other.states
        self.reached += other.reached


def measure(corpus: Corpus, seconds: int, only: Iterable[str] = ()) -> Sums:
    """Verifies the files of a corpus, and prints what is not equal.

    Args:
        corpus: the files.
        seconds: the most work for one of them.
        only: the names of files to verify, all if it is empty.
    """
    files = [
        path for path in corpus.files if (not only or path.name in only) and holds_dag(path.name, path.read_bytes())
    ]
    sums = Sums(len(files))
    given: dict[str, Any] = {
        "connected": {}, "scenarios": None, "machine": None, "roots": [str(root) for root in corpus.roots], "only": "",
        "exitfirst": False, "dag_id": "", "seconds": seconds, "quiet": True, "fail_on": "none",
    }  # fmt: skip
    work = Verifying(given, Settings({}, {}))
    began = time.perf_counter()
    for result in work.verified([str(path) for path in files], work.job(), lambda _: None) if files else ():
        sums.count(result)
        _print(result)
        print(f"{result.source}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return sums


def _print(result: Verified) -> None:
    name = Path(result.source).name
    if result.failure:
        print(f"    {name}: not verified: {_brief(result.failure)}", flush=True)
    for outcome in result.outcomes:
        if not outcome.comparable:
            print(f"    {result.name}: {outcome.id}: not comparable: {outcome.reason}", flush=True)
        elif not outcome.equal:
            known = KNOWN.get((result.name, outcome.id), ("DIFFERENT", ""))
            print(f"    {result.name}: {outcome.id}: {' '.join(known)}", flush=True)
            for line in _differences(outcome):
                print(f"        {line}", flush=True)


def _differences(outcome: Outcome) -> Iterator[str]:
    for found in outcome.differences[:3]:
        sides = (json.dumps(shown(side), default=repr)[:200] for side in (found.expected, found.actual))
        yield f"{found.at}: {' | '.join(sides)}"


def _brief(reason: str) -> str:
    return " ".join(reason.split())[:150]


def unsaid(sums: Sums, roots: Iterable[Path]) -> Iterator[Key]:
    """The rows of ``KNOWN`` of which no finding of the translation tells the user."""
    for key in sums.different.keys() & KNOWN.keys():
        path = sums.different[key]
        dags = read_file(path, Project((path.parent, *roots)), source=path.name).dags
        (dag,) = (dag for dag in dags if dag.dag_id == key[0])
        try:
            codes = {finding.code for finding in translate(dag).findings}
        except Cyclic:
            codes = set()
        if KNOWN[key][0] not in codes:
            yield key


def main(argv: list[str] | None = None) -> int:
    """Verifies all and prints the sums; the exit code says whether only what is known differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="?", default="", help="only corpora whose name contains this")
    parser.add_argument("--cache", nargs="?", type=Path, const=CACHE, help="also what make corpus has downloaded")
    parser.add_argument("--only", nargs="*", default=[], help="only files of these names")
    parser.add_argument("--seconds", type=int, default=120, help="most work (CPU time) for one file")
    parser.add_argument("--all", action="store_true", help="also print why files are not verified, by number")
    given = parser.parse_args(argv)
    os.nice(10)
    total, silent = Sums(), set[Key]()
    corpora = [*installed(), *(downloaded(given.cache) if given.cache else ())]
    with tempfile.TemporaryDirectory(prefix="helpers-") as folder:
        for corpus in corpora:
            if given.filter in corpus.name:
                whole = with_helpers(corpus, Path(folder))
                sums = measure(whole, given.seconds, given.only)
                silent |= set(unsaid(sums, whole.roots))
                _sums(corpus.name, sums)
                total.add(sums)
    _sums("all", total)
    if given.all:
        for reason, number in total.failures.most_common():
            print(f"{number:7} {reason}")
    expected = {key for key in KNOWN if key[0] in total.verified}
    for key in sorted(total.different.keys() ^ expected):
        print(f"{'not known' if key in total.different else 'known, but equal'}: {key}")
    for key in sorted(silent):
        print(f"no finding says so: {key}")
    return int(total.different.keys() != expected or bool(silent))


def _sums(name: str, sums: Sums) -> None:
    compared = sums.equal + len(sums.different)
    share = f"{sums.equal / compared:.1%}" if compared else "-"
    print(
        f"{name}: {sums.files} files, {sums.dags} DAGs, {sum(sums.failures.values())} files not verified; "
        f"{compared} scenarios compared, {sums.equal} equal ({share}), {len(sums.different)} different; "
        f"{sums.apart.total()} not comparable; states {sums.reached} of {sums.states}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
