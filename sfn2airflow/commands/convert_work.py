"""The work of ``convert`` and ``check``: read, translate, write, report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from sfn2airflow import __version__
from sfn2airflow.batch import Translated, machines, translate_all
from sfn2airflow.commands.options import Choices
from sfn2airflow.options import Options
from sfn2airflow.output import generated, with_outputs, write
from sfn_airflow_core.findings import Report
from sfn_airflow_core.render import FORMATS, render_text
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.folder import Refused
from sfn_airflow_core.shell.group import BUG, CLEAN, FOUND, UNUSABLE, report_bug
from sfn_airflow_core.shell.inputs import Input, usable
from sfn_airflow_core.shell.progress import tracked
from sfn_airflow_core.shell.terminal import colors, columns, put

TOOL = "sfn2airflow"


@dataclass(slots=True)
class Work:
    """One run over some inputs; ``codes`` collects what the exit code will be."""

    choices: Choices
    writes: bool = True
    codes: set[int] = field(default_factory=lambda: {CLEAN})

    def run(self, arguments: Iterable[str]) -> int:
        """Translates, writes and reports; gives the exit code."""
        inputs = list(self.readable(arguments))
        if self.choices.dag_id and len(inputs) > 1:
            raise click.UsageError(f"--dag-id names one DAG, and there are {len(inputs)} inputs.")
        options = Options(
            substitutions=self.choices.substitutions,
            dag_id=self.choices.dag_id,
            runtime=self.choices.runtime,
            type=self.choices.type,
            human_approval=self.choices.human_approval,
        )
        watched = tracked(inputs, quiet=self.choices.quiet)
        batch = list(translate_all(watched, options, self.bug))
        self.problems(batch)
        changed = self.write(batch) if self.writes else None
        report = Report(TOOL, tuple(with_outputs(done, changed is not None) for done in batch))
        self.show(report)
        if changed is not None and not self.choices.quiet and self.choices.format == "text":
            self.say_written(batch, changed)
        if self.choices.fail_on is not None and report.worst >= self.choices.fail_on:
            self.codes.add(FOUND)
        return max(self.codes)

    def readable(self, arguments: Iterable[str]) -> Iterator[Input]:
        """The inputs that could be read; says why others could not, and with ``-v`` what was passed over."""

        def passed_over(name: str) -> None:
            if self.choices.verbose:
                _err(f"{name}: skipped, not a state machine")

        nothing = "no state machine found in the given folders (-v says what was skipped)"
        return usable(machines(arguments), self.error, (TOOL, nothing), passed_over)

    def bug(self, error: Exception, source: str) -> None:
        """Reports an exception in the translation of one input."""
        report_bug(error, TOOL, __version__, self.choices.verbose, during=source, hint=BUG not in self.codes)
        self.codes.add(BUG)

    def error(self, name: str, message: str) -> None:
        """Reports an input or output that cannot be used."""
        _err(f"{name}: error: {message}")
        self.codes.add(UNUSABLE)

    def problems(self, batch: Iterable[Translated]) -> None:
        """Reports why inputs were rejected."""
        for done in batch:
            report = done.translation.report
            if report.status != "rejected":
                continue
            self.codes.add(UNUSABLE)
            for problem in report.problems:
                place = f"{report.source}:{problem.span or '1:1'}"
                _err(f"{place}: {problem.code} [{problem.severity.lower()}] {problem.message}")

    def write(self, batch: list[Translated]) -> list[str] | None:
        """Writes the files; gives the names of those that changed, ``None`` where nothing could be written."""
        assert self.choices.output is not None
        contents = generated(batch, copy_runtime=self.choices.runtime == "copied")
        if not contents:
            return None
        try:
            return write(self.choices.output, contents, self.choices.force)
        except Refused as refusal:
            for name, reason in refusal.reasons:
                self.error(name, reason)
            _err("nothing was written")
        except OSError as error:
            self.error(str(error.filename or self.choices.output), error.strerror or str(error))
        return None

    def show(self, report: Report) -> None:
        """Prints the report, or writes it to the file that was asked for."""
        choices = self.choices
        if choices.format == "text":
            color = choices.output_file is None and colors()
            text = render_text(
                report, color=color, width=columns(), remedies=choices.verbose, summary=not choices.quiet
            )
        else:
            text = FORMATS[choices.format](report)
        try:
            put(text, choices.output_file)
        except OSError as error:
            self.error(str(choices.output_file), error.strerror or str(error))

    def say_written(self, batch: list[Translated], changed: list[str]) -> None:
        """Says how many files are new or different, on standard error."""
        folder = visible(str(self.choices.output))
        dags = sum(done.translation.text is not None for done in batch)
        state = f"{len(changed)} files written" if changed else "all files were up to date"
        _err(f"{dags} DAG{'s' * (dags != 1)} in {folder}: {state}.")
        if self.choices.verbose:
            for name in changed:
                _err(f"  wrote {Path(folder, name)}")


def _err(line: str) -> None:
    click.echo(visible(line), err=True)
