"""The last stage: ruff's formatter over a whole batch of generated sources in one call."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ruff import find_ruff_bin  # type: ignore[import-untyped]

LINE_LENGTH = 120
"""Of generated files, as in the exemplars; a team's own formatter may choose otherwise."""


def format_sources(sources: Sequence[str]) -> list[str]:
    """The sources, formatted; the order is kept.

    Raises RuntimeError where the formatter rejects a source: generated code is wrong then, not the input.
    """
    if not sources:
        return []
    with tempfile.TemporaryDirectory(prefix="sfn2airflow-") as folder:
        paths = [Path(folder, f"source_{number}.py") for number in range(len(sources))]
        for path, source in zip(paths, sources, strict=True):
            path.write_text(source, encoding="utf-8", newline="\n")
        command = [find_ruff_bin(), "format", "--isolated", "--no-cache", "--quiet"]
        options = ["--line-length", str(LINE_LENGTH), "--target-version", "py311", folder]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the formatter rejects generated code: {done.stderr.strip()}")
        return [path.read_text(encoding="utf-8") for path in paths]
