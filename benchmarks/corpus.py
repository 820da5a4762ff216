"""Converts the corpus of state machines and prints what the translation reaches: figures, ratios, and every exception.

    python -m benchmarks.corpus [--out DIR] [--import]

Reads ``../shared/corpus/state-machines`` (or the folder in ``CORPUS``). ``--import`` also imports the DAG files of the
public collection into a real Airflow DagBag, and counts tasks per state.
"""

from __future__ import annotations

import argparse
import ast
import collections
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sfn2airflow.layout import format_sources
from sfn2airflow.options import Options
from sfn2airflow.translate import Translation, translate_text
from sfn_airflow_core.asl.model import Machine, Map, Task
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.flow.graph import graph

ROOT = Path(os.environ.get("CORPUS", Path(__file__).parents[2] / "shared" / "corpus")) / "state-machines"
PUBLIC = "step-functions-workflows-collection"
LATER = {"S2A301", "S2A302", "S2A501", "S2A502", "S2A503"}
"""Findings of what is not translated yet: cycles, JSONata, variables, distributed and nested Map, callbacks, HTTP."""


def files(folder: Path) -> list[Path]:
    """The definitions below a folder, in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in {".json", ".yaml", ".yml"})


def convert(paths: list[Path]) -> tuple[list[Translation], list[str], float]:
    """Translations, formatted texts of the translated ones, and the seconds it took."""
    started = time.perf_counter()
    taken: set[str] = set()
    done = []
    for path in paths:
        translation = translate_text(path.read_bytes(), path.name, Options(taken_dag_ids=frozenset(taken)))
        taken.add(translation.dag_id)
        done.append(translation)
    texts = format_sources([t.text for t in done if t.text is not None])
    return done, texts, time.perf_counter() - started


def plain(machine: Machine) -> bool:
    """Whether a machine is of the part of the language that is translated now."""

    def walk(inside: Machine, in_map: bool) -> Iterator[bool]:
        yield not graph(inside).back
        for state in inside.states.values():
            yield state.query_language == "JSONPath" and not (
                isinstance(state, Map) and (in_map or state.mode != "INLINE")
            )
            if isinstance(state, Task):
                yield "waitForTaskToken" not in state.resource and ":activity:" not in state.resource
                yield not state.resource.endswith("http:invoke") and "ActivityArn" not in state.resource
            for sub in getattr(state, "branches", ()):
                yield from walk(sub, in_map)
            if isinstance(state, Map):
                yield from walk(state.processor, True)

    return all(walk(machine, False))


def main() -> int:
    """Prints the figures; exit code 1 if an exception or an import error occurred."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=None)
    options.add_argument("--import", dest="imports", action="store_true")
    arguments = options.parse_args()
    if not ROOT.is_dir():
        print(f"no corpus at {ROOT}: nothing measured")
        return 2
    out = arguments.out or Path(tempfile.mkdtemp(prefix="corpus-"))
    out.mkdir(parents=True, exist_ok=True)
    public = files(ROOT / PUBLIC)
    convert(public[:3])  # start-up: imports, botocore's models
    failed = exceptions([*public, *(path for folder in folders() for path in files(folder))])
    translations, texts, seconds = convert(public)
    again = convert(public)[2]
    speeds = f"{len(public) / seconds:.0f} machines/s, again {len(public) / again:.0f}/s"
    print(f"{PUBLIC}: {len(texts)} of {len(public)} translated; {speeds}")
    everything = [path for path in files(ROOT) if path not in failed]
    whole = convert(everything)[2]
    print(f"whole corpus: {len(everything)} files, {len(everything) / whole:.0f} files/s; exceptions: {len(failed)}")
    for path, error in failed.items():
        print(f"  {path.relative_to(ROOT)}: {error}")
    quality(translations, texts, out)
    unsupported(public, translations)
    return max(bool(failed), imported(out, translations) if arguments.imports else 0)


def folders() -> list[Path]:
    """The other folders of the corpus."""
    return sorted(path for path in ROOT.iterdir() if path.is_dir() and path.name != PUBLIC)


def exceptions(paths: list[Path]) -> dict[Path, str]:
    """Inputs for which the translator raises: each is a bug."""
    found = {}
    for path in paths:
        try:
            translate_text(path.read_bytes(), path.name, Options())
        except Exception as error:
            found[path] = f"{type(error).__name__}: {error}"
    return found


def quality(translations: list[Translation], texts: list[str], out: Path) -> None:
    """Parses, lints and formats the generated files."""
    parsed = sum(isinstance(ast.parse(text), ast.Module) for text in texts)
    for translation, text in zip([t for t in translations if t.text is not None], texts, strict=True):
        (out / f"{translation.dag_id}.py").write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    lint = subprocess.run(
        [*ruff, "check", "--isolated", "--preview", "--select", "AIR,F,E9", "--output-format", "concise", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    unformatted = subprocess.run(
        [*ruff, "format", "--isolated", "--check", "--line-length", "120", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"parse: {parsed} of {len(texts)}; ruff AIR,F,E9: {'clean' if lint.returncode == 0 else lint.stdout[-3000:]}")
    print(f"formatter: {'unchanged' if unformatted.returncode == 0 else unformatted.stdout[-2000:]}")
    lines = sum(text.count("\n") for text in texts)
    print(f"lines of DAG files: {lines}")


def unsupported(paths: list[Path], translations: list[Translation]) -> None:
    """Counts states without an UNSUPPORTED finding, over the machines of the part that is translated now."""
    counts: collections.Counter[str] = collections.Counter()
    codes: collections.Counter[str] = collections.Counter()
    for path, translation in zip(paths, translations, strict=True):
        machine = read_text(path.read_bytes(), path.name).machine
        codes.update(located.finding.code for located in translation.report.findings)
        if machine is None:
            continue
        group = "plain" if plain(machine) else "later"
        bad = [f.finding for f in translation.report.findings if f.finding.fidelity is Fidelity.UNSUPPORTED]
        values = list(translation.report.dispositions.values())
        counts[f"{group} machines"] += 1
        counts[f"{group} states"] += len(values)
        counts[f"{group} unsupported"] += values.count(Fidelity.UNSUPPORTED)
        if group == "plain" and bad:
            print(f"  plain but unsupported: {path.name}: {[(f.code, f.at, f.message()) for f in bad]}")
    print(dict(sorted(counts.items())))
    print("findings:", dict(sorted(codes.items())))


def imported(out: Path, translations: list[Translation]) -> int:
    """Imports the DAG files with the real Airflow; counts tasks per state."""
    from sfn2airflow.output import runtime_files
    from sfn_airflow_core.verify.airflow_runner import AirflowSession  # needs the extra ``airflow``

    for name, data in runtime_files().items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    with AirflowSession() as session:
        errors = session.import_errors(out)
        dags = [dag for path in sorted(out.glob("*.py")) for dag in session.dags(path).values()] if not errors else []
    states = sum(len(t.report.dispositions) for t in translations)
    tasks = sum(len(dag.tasks) for dag in dags)
    print(f"imported: {len(dags)} DAGs, {len(errors)} import errors, {tasks} tasks for {states} states")
    print(f"tasks per state: {tasks / states:.3f}")
    for path, error in errors.items():
        print(f"  {path}: {error.strip().splitlines()[-1]}")
    return int(bool(errors))


if __name__ == "__main__":
    sys.exit(main())
