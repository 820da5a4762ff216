"""Verifies the public collection: generated scenarios of every machine, in the interpreter and on Airflow.

    python -m benchmarks.verification [--only NAME…] [--part I/N]

Reads ``../shared/corpus/state-machines/step-functions-workflows-collection`` (or the folder in ``CORPUS``). A machine
with a finding that says UNSUPPORTED is passed over. Exit code 1 if a machine differs that is not in ``KNOWN``, or one
in ``KNOWN`` does not. Of those, the rest is passed over after the first difference.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sfn2airflow.options import Options
from sfn2airflow.output import runtime_files
from sfn2airflow.services.assumed import assumed_values
from sfn2airflow.services.endings import endings
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.around import MISSING
from sfn_airflow_core.verify.result import Coverage, Verified, shown
from sfn_airflow_core.verify.scenarios import generate_text
from sfn_airflow_core.verify.verification import Subject, verify

CORPUS = Path(os.environ.get("CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
COLLECTION = CORPUS / "state-machines" / "step-functions-workflows-collection"

KNOWN: dict[str, str] = {}
"""Machines of which a scenario differs, by name, with the reason: exactly these."""


def main() -> int:
    """Verifies all, prints a line for each machine that is not equal and complete, and the sums."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", nargs="*", default=[])
    options.add_argument("--part", default="0/1", help="I/N: every N-th machine, from the I-th on")
    arguments = options.parse_args()
    first, step = map(int, arguments.part.split("/"))
    paths = [p for p in sorted(COLLECTION.iterdir()) if p.suffix in (".json", ".yaml", ".yml")][first::step]
    paths = [p for p in paths if not arguments.only or p.name in arguments.only]
    total, different, scenarios, tasks, seconds, skipped = Coverage(), set[str](), 0, 0, 0.0, 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="verification-") as folder, AirflowSession() as session:
        for path in paths:
            subject = _subject(path, Path(folder))
            if subject is None:
                skipped += 1
                continue
            result = verify(session, subject, stop_early=path.name in KNOWN)
            _print(result)
            done = f"{path.name}: {len(result.outcomes)} scenarios, {time.perf_counter() - began:.0f} s"
            print(done, file=sys.stderr, flush=True)
            total += result.coverage
            scenarios += len(result.outcomes)
            tasks += sum(outcome.tasks for outcome in result.outcomes)
            seconds += sum(outcome.seconds for outcome in result.outcomes)
            if result.different or result.error:
                different.add(path.name)
    print(f"{len(paths) - skipped} machines verified, {skipped} with UNSUPPORTED passed over, {scenarios} scenarios")
    print(f"{len(different)} machines differ; states {total.states}, edges {total.edges}", end="; ")
    print(f"{1000 * seconds / max(tasks, 1):.0f} ms a task; {time.perf_counter() - began:.0f} s")
    names = {path.name for path in paths}
    return int(different != KNOWN.keys() & names)


def _subject(path: Path, folder: Path) -> Subject | None:
    dag_id = f"m{path.name.partition('.')[0]}"
    translation = translate_text(path.read_bytes(), path.name, Options(dag_id=dag_id))
    unsupported = [f for f in translation.report.findings if f.finding.fidelity is Fidelity.UNSUPPORTED]
    if translation.text is None or unsupported:
        return None
    dag_file = folder / f"{dag_id}.py"
    dag_file.write_text(format_sources([translation.text])[0], encoding="utf-8")
    for file, content in runtime_files().items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(content)
    made = generate_text(path.read_bytes(), path.name, {}, endings(), assumed_values)
    return Subject(path.name, path.name, path.read_bytes(), dag_file, made.scenarios, missed=made.missed, timeout=300)


def _print(result: Verified) -> None:
    if result.error:
        print(f"{result.name}: error: {result.error}"[:600], flush=True)
    for at, why in result.coverage.missed.items():
        print(f"{result.name}: not reached {at}: {why}"[:400], flush=True)
    for outcome in result.outcomes:
        if not outcome.comparable:
            print(f"{result.name}: {outcome.id}: not comparable: {outcome.reason}"[:400], flush=True)
        for found in outcome.differences[:2]:
            sides = f"{_short(found.expected)} | {_short(found.actual)}"
            print(f"{result.name}: {outcome.id}: DIFFERENT {found.at} {found.task}: {sides}", flush=True)


def _short(side: Any) -> str:
    return "nothing" if side is MISSING else json.dumps(shown(side), default=repr)[:300]


if __name__ == "__main__":
    sys.exit(main())
