"""Generated files: what they are called below the output folder, and what goes beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path, PurePosixPath

from sfn2airflow.batch import Translated
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.findings import SourceReport
from sfn_airflow_core.shell.folder import write_files

MANIFEST = ".sfn2airflow.json"
RUNTIME = "asl_runtime"


def name_of(done: Translated) -> PurePosixPath:
    """The file of a DAG: named like the DAG, in the folder in which its input was found."""
    return done.input.below / f"{done.translation.dag_id}.py"


def runtime_files() -> dict[PurePosixPath, bytes]:
    """The runtime as a package to put beside DAGs, with a list that keeps Airflow from reading it as DAG files.

    Names in ``.airflowignore`` mean the same whether Airflow reads them as globs or as regular expressions.
    """
    folder = files("sfn2airflow") / "runtime"  # never imported here: it imports Airflow
    sources = sorted(folder.iterdir(), key=lambda source: source.name)
    package = {
        PurePosixPath(RUNTIME, source.name): source.read_bytes() for source in sources if source.name.endswith(".py")
    }
    ignore = "".join(f"{path.name}\n" for path in package)
    return package | {PurePosixPath(RUNTIME, ".airflowignore"): ignore.encode()}


def generated(batch: Sequence[Translated], copy_runtime: bool) -> dict[PurePosixPath, bytes]:
    """Every file of a batch by name, formatted; rejected inputs have none."""
    written = [done for done in batch if done.translation.text is not None]
    texts = format_sources([done.translation.text or "" for done in written])
    result = {name_of(done): text.encode() for done, text in zip(written, texts, strict=True)}
    if copy_runtime and any(done.translation.needs_runtime for done in written):
        result |= runtime_files()
    return result


def write(root: Path, contents: Mapping[PurePosixPath, bytes], force: bool) -> list[str]:
    """Writes files below a folder, as ``sfn_airflow_core.shell.folder.write_files`` does; gives those that changed."""
    return write_files(root, contents, MANIFEST, force)


def with_outputs(done: Translated, wrote: bool) -> SourceReport:
    """The report of an input with the names of its files below the output folder; none where nothing was written."""
    if not wrote or done.translation.text is None:
        return replace(done.translation.report, outputs=())
    return replace(done.translation.report, outputs=(str(name_of(done)),))
