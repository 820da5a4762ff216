"""The work of ``convert`` and ``check``: read, translate, write if that is asked for, report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import click

from airflow2sfn.commands.files import TOOL, Files
from airflow2sfn.commands.reporting import Reporting, source_report
from airflow2sfn.connections import Connection
from airflow2sfn.deploy.deployment import deploy
from airflow2sfn.read import Reading
from airflow2sfn.source import Dag
from airflow2sfn.structure import Cyclic
from airflow2sfn.translate import translate
from sfn_airflow_core.findings import Finding, Located, Problem, Report, SourceReport
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.folder import Refused, write_files
from sfn_airflow_core.text import Span

MANIFEST = ".airflow2sfn.json"


@dataclass(slots=True, kw_only=True)
class Convert:
    """One run over some inputs that translates them, and writes definitions into a folder where there is one."""

    files: Files
    reporting: Reporting
    folder: Path | None = None
    durations: dict[str, float] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    force: bool = False
    names: set[str] = field(default_factory=set)

    def run(self, arguments: Sequence[str]) -> int:
        """Reads, translates, writes and reports; gives the exit code."""
        readings = self.files.readings(arguments)
        self.reporting.show(self.report(readings), readings, self.files)
        return max(self.files.codes)

    def report(self, readings: Sequence[Reading]) -> Report:
        """Translates and writes; the report is about both reading and translating."""
        files: dict[PurePosixPath, bytes] = {}
        sources: list[SourceReport] = []
        for reading in readings:
            made, source = self.translated(reading)
            files |= made
            sources.append(source)
        if not files or self.folder is None or not self.write(files, self.folder):
            sources = [replace(source, outputs=()) for source in sources]
        return Report(TOOL, tuple(sources))

    def translated(self, reading: Reading) -> tuple[dict[PurePosixPath, bytes], SourceReport]:
        """The files of a file's DAGs, a folder for each, and the report of the file."""
        files: dict[PurePosixPath, bytes] = {}
        findings: list[Finding] = []
        problems: list[Problem] = []
        for dag in reading.dags:
            times = {
                task: self.durations[key] for task in _ids(dag) for key in _keys(dag, task) if key in self.durations
            }
            name = self.name(dag)
            project = self.files.project(reading.source)
            try:
                result = translate(dag, durations=times, project=project, connections=self.connections)
                deployment = deploy(dag, result, name, project)
            except Cyclic as error:
                problems.append(Problem("CYCLE", f"{dag.dag_id}: tasks depend on themselves: {error}", span=dag.span))
                continue
            except Exception as error:  # a translation never raises: whatever comes is a bug, and the others go on
                self.files.bug(error, reading.source)
                continue
            findings.extend((*result.findings, *deployment.findings))
            files |= {PurePosixPath(name, path): text.encode() for path, text in deployment.files.items()}
        located = [*reading.findings, *(Located(finding, _span(finding.at)) for finding in findings)]
        located.sort(key=lambda one: (one.span or _span(""), one.finding.code))
        merged = replace(reading, findings=tuple(located), problems=(*reading.problems, *problems))
        self.files.complain([replace(merged, problems=tuple(problems))], set())
        return files, replace(source_report(merged), outputs=tuple(str(name) for name in files))

    def name(self, dag: Dag) -> str:
        """The folder of a DAG, and its definition: named like the DAG, and never twice."""
        stem = re.sub(r"[^A-Za-z0-9_.-]", "_", dag.dag_id).lstrip(".")[:200] or "dag"
        name, number = stem, 1
        while name.lower() in self.names:
            number += 1
            name = f"{stem}_{number}"
        self.names.add(name.lower())
        return name

    def write(self, files: dict[PurePosixPath, bytes], folder: Path) -> bool:
        """Writes the files, all or none."""
        try:
            changed = write_files(folder, files, MANIFEST, self.force)
        except Refused as refusal:
            for name, reason in refusal.reasons:
                self.files.error(name, reason)
            click.echo("nothing was written", err=True)
            return False
        except OSError as error:
            self.files.error(str(error.filename or folder), error.strerror or str(error))
            return False
        if not self.files.quiet:
            machines = sum(name.name.endswith(".asl.json") for name in files)
            count = f"{machines} state machine{'s' * (machines != 1)}"
            state = f"{len(changed)} files written" if changed else "all files were up to date"
            click.echo(visible(f"{count} in {folder}: {state}."), err=True)
        return True


def _ids(dag: Dag) -> list[str]:
    return [task.task_id for task in dag.tasks]


def _keys(dag: Dag, task: str) -> tuple[str, str]:
    """Under which names the duration of a task may be given; the later one wins."""
    return task, f"{dag.dag_id}.{task}"


def _span(at: str) -> Span:
    line, _, column = at.partition(":")
    row, place = (int(line), int(column)) if line.isdigit() and column.isdigit() else (1, 1)
    return Span(row, place, row, place)
