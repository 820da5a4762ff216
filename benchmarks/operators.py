"""How many call sites of Amazon operators and sensors in public DAG files become more than a state that fails.

The files are those of ``benchmarks.reading``: example DAGs of installed packages, and the system tests in the source
distributions that ``make corpus`` downloads. Run it as ``python -m benchmarks.operators [FILTER]``.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from airflow2sfn.rules.control import NoCounterpart, NotComputable
from airflow2sfn.source import Dag
from airflow2sfn.translate import translate
from benchmarks.reading import CACHE, Result, downloaded, installed, read_all, with_helpers

AMAZON = "airflow.providers.amazon."
TARGET = 0.85


@dataclass(slots=True)
class Sites:
    """Call sites by operator: how many there are, and why some of them became a state that fails."""

    all: collections.Counter[str] = field(default_factory=collections.Counter)
    missing: collections.Counter[str] = field(default_factory=collections.Counter)
    reasons: dict[str, collections.Counter[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, dag: Dag, path: Path) -> None:
        """Counts the sites of one DAG; one site is one place in a file, however many tasks it makes."""
        try:
            found = translate(dag).findings
        except Exception as error:  # a DAG that stops the translation counts as missing, and is shown
            self.failed.append(f"{path.name}: {type(error).__name__}: {error}")
            found = ()
        why = {
            one.task: one.reason if isinstance(one, NotComputable) else "has no row"
            for one in found
            if isinstance(one, NoCounterpart | NotComputable)
        }
        for task in dag.tasks:
            site = (str(path), str(task.span), task.operator)
            if not task.operator.startswith(AMAZON) or site in self.seen:
                continue
            self.seen.add(site)
            name = task.operator.rpartition(".")[2]
            self.all[name] += 1
            if task.task_id in why or (not found and self.failed and self.failed[-1].startswith(f"{path.name}:")):
                self.missing[name] += 1
                self.reasons.setdefault(name, collections.Counter())[why.get(task.task_id, "translation failed")] += 1


def count(cache: Path, wanted: str = "") -> Sites:
    """The call sites of all corpora whose name contains a text."""
    sites = Sites()
    with tempfile.TemporaryDirectory(prefix="helpers-") as folder:
        for corpus in (*installed(), *downloaded(cache)):
            if wanted in corpus.name:
                for path, reading in read_all(with_helpers(corpus, Path(folder)), Result()).items():
                    for dag in reading.dags:
                        sites.add(dag, path)
    return sites


def main(argv: list[str] | None = None) -> int:
    """Prints the figure and the rest by operator; the exit code says whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filter", nargs="?", default="", help="only corpora whose name contains this")
    given = parser.parse_args(argv)
    sites = count(Path(os.environ.get("CORPUS_CACHE") or CACHE), given.filter)
    total, missing = sites.all.total(), sites.missing.total()
    if not total:
        print("no call sites: run make corpus first")
        return 2
    for failure in sites.failed:
        print(f"failed: {failure}")
    for name, number in sorted(sites.missing.items(), key=lambda item: (-item[1], item[0])):
        reasons = "; ".join(f"{reason} ({n})" for reason, n in sites.reasons[name].most_common())
        print(f"{number:4} of {sites.all[name]:3} {name}: {reasons}")
    share = (total - missing) / total
    print(f"{total - missing} of {total} call sites of {len(sites.all)} classes translated: {share:.1%}")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
