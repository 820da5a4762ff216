"""The part of the work that is about inputs: find DAG files, read them, have Airflow import them, say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from airflow2sfn import __version__
from airflow2sfn.read import Reading, Settings, module_name, read_text
from airflow2sfn.reading.project import Project
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.group import BUG, CLEAN, UNUSABLE, report_bug
from sfn_airflow_core.shell.inputs import STDIN, Input, gather, usable
from sfn_airflow_core.shell.progress import tracked

TOOL = "airflow2sfn"


def holds_dag(name: str, data: bytes) -> bool:
    """Whether a Python file in a folder may define DAGs: as Airflow's safe mode has it, by two words in the text."""
    lower = data.lower()
    return b"airflow" in lower and (b"dag" in lower or b"asset" in lower)


@dataclass(slots=True, kw_only=True)
class Files:
    """The DAG files of one run; ``codes`` collects what the exit code will be."""

    roots: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    imports: bool = False
    quiet: bool = False
    verbose: bool = False
    codes: set[int] = field(default_factory=lambda: {CLEAN})

    def readings(self, arguments: Sequence[str]) -> list[Reading]:
        """What is read of the inputs, without the files of folders in which there is nothing to say."""
        folders = [Path(argument) for argument in arguments if argument != "-" and Path(argument).is_dir()]
        self.roots = [*self.roots, *map(str, folders)]
        inputs = list(self.readable(arguments))
        readings = [self.read(each) for each in tracked(inputs, quiet=self.quiet, doing="Reading")]
        done = [reading for reading in readings if reading is not None]
        if self.imports:
            done = self.imported(done)
        explicit = set(arguments)
        shown = [r for r in done if r.dags or r.problems or r.findings or r.source in explicit]
        self.complain(shown, explicit)
        return shown

    def readable(self, arguments: Iterable[str]) -> Iterator[Input]:
        """The inputs that could be read; says why others could not."""

        def passed_over(name: str) -> None:
            if self.verbose:
                _err(f"{name}: skipped, not a DAG file")

        nothing = "no DAG file found in the given folders (-v says what was skipped)"
        return usable(gather(arguments, holds_dag, (".py",)), self.error, (TOOL, nothing), passed_over)

    def project(self, name: str) -> Project:
        """Where the imports of a file are looked up: its folder, the folders given, ``--root``."""
        own = () if name == STDIN else (Path(name).parent,)
        return Project((*own, *(Path(root) for root in self.roots)))

    def read(self, given: Input) -> Reading | None:
        """One file; ``None`` where the reader itself fails."""
        project = self.project(given.name)
        module = "dag" if given.name == STDIN else module_name(Path(given.name), project)
        try:
            return read_text(given.data, given.name, project, Settings(self.environment, self.variables), module)
        except Exception as error:  # reading never raises: whatever comes is a bug, and the other files go on
            self.bug(error, given.name)
            return None

    def bug(self, error: Exception, source: str) -> None:
        """Reports an exception that should not happen, and goes on."""
        report_bug(error, TOOL, __version__, self.verbose, during=source, hint=BUG not in self.codes)
        self.codes.add(BUG)

    def imported(self, readings: list[Reading]) -> list[Reading]:
        """The readings, merged with what Airflow makes of the files."""
        from airflow2sfn.importing.parent import import_files, merge

        files = [Path(r.source) for r in readings if r.source != STDIN and not r.problems]
        settings = Settings(self.environment, self.variables)
        results = dict(import_files(files, [Path(root) for root in self.roots], settings))
        return [merge(r, results[Path(r.source)]) if Path(r.source) in results else r for r in readings]

    def complain(self, readings: Iterable[Reading], explicit: set[str]) -> None:
        """Reports files that cannot be read, and files without a DAG that were named."""
        for reading in readings:
            for problem in reading.problems:
                self.codes.add(UNUSABLE)
                _err(f"{reading.source}:{problem.span or '1:1'}: {problem.code} [error] {problem.message}")
            if not reading.dags and not reading.problems and reading.source in explicit:
                self.error(reading.source, "no DAG found in this file")

    def error(self, name: str, message: str) -> None:
        """Reports an input or output that cannot be used."""
        _err(f"{name}: error: {message}")
        self.codes.add(UNUSABLE)


def _err(line: str) -> None:
    click.echo(visible(line), err=True)
