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
from pathlib import Path

from sfn2airflow.options import Options
from sfn2airflow.rules.services import UnknownService
from sfn2airflow.translate import Translation, translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.findings import Fidelity

ROOT = Path(os.environ.get("CORPUS", Path(__file__).parents[2] / "shared" / "corpus")) / "state-machines"
PUBLIC = "step-functions-workflows-collection"


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


def main() -> int:
    """Prints the figures; exit code 1 for an exception, an import error, or something unsupported that could be."""
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
    ours = unsupported(translations)
    return max(bool(failed), ours, imported(out, translations) if arguments.imports else 0)


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


def unsupported(translations: list[Translation]) -> bool:
    """Counts states by their dispositions, and names those that cannot run; whether one of them is the translator's."""
    states: collections.Counter[str] = collections.Counter()
    codes: collections.Counter[str] = collections.Counter()
    ended: collections.Counter[str] = collections.Counter()
    ours = []
    for translation in translations:
        states.update(disposition.name.lower() for disposition in translation.report.dispositions.values())
        for found in (located.finding for located in translation.report.findings):
            codes[found.code] += 1
            if isinstance(found, UnknownService) and "ended the service" in found.reason:
                ended[found.resource] += 1
            elif found.fidelity is Fidelity.UNSUPPORTED:
                ours.append(f"{translation.dag_id} {found.at}: {found.code} {found.message()}")
    print(f"states: {dict(states)} of {states.total()}")
    print(f"unsupported because AWS has ended the service: {dict(ended)}; for any other reason: {len(ours)}")
    for line in ours:
        print(f"  {line}")
    print("findings:", dict(sorted(codes.items())))
    return bool(ours)


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
