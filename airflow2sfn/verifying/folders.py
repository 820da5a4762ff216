"""The work of ``verify``: DAG files are run and compared in fenced processes; here, their results are gathered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from airflow2sfn.commands.files import holds_dag
from airflow2sfn.importing.parent import environment
from airflow2sfn.read import Settings
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.group import CLEAN, FOUND, UNUSABLE
from sfn_airflow_core.shell.inputs import STDIN, gather, usable
from sfn_airflow_core.shell.verified import Told, is_bad, progress, scenario_file, show
from sfn_airflow_core.verify.airflow_process import TEMPLATE_VARIABLE, AirflowUnavailable, template_database
from sfn_airflow_core.verify.result import Verified
from sfn_airflow_core.verify.result_document import from_document, outcome_from
from sfn_airflow_core.verify.scenario import Scenario, load_scenarios, read_scenarios

MEGABYTES = 4096


@dataclass(slots=True)
class Verifying:
    """One run of the command; ``codes`` collects what the exit code will be, ``unsupported`` what nothing does."""

    given: Mapping[str, Any]
    settings: Settings
    codes: set[int] = field(default_factory=lambda: {CLEAN})
    scenarios: list[tuple[str, list[Scenario]]] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)

    def run(self, arguments: Iterable[str]) -> int:
        """Verifies and reports; gives the exit code."""
        try:
            job = self.job()
        except (ValueError, OSError) as error:
            self.error("verify", str(error))
            return max(self.codes)
        files = list(self.readable(arguments))
        with progress(None, self.given["quiet"]) as told:
            results = tuple(self.verified(files, job, told)) if files else ()
        if results:
            self.report(results)
        return max(self.codes)

    def job(self) -> dict[str, Any]:
        """What all files have in common. Raises ValueError, OSError."""
        scenarios, machine = self.given["scenarios"], self.given["machine"]
        if scenarios is not None:
            load_scenarios(scenarios)
        return {
            "scenarios": None if scenarios is None else scenarios.read_text(encoding="utf-8"),
            "machine": None if machine is None else machine.read_text(encoding="utf-8"),
            "environment": dict(self.settings.environment),
            "variables": dict(self.settings.variables),
            "connections": self.given["connected"],
            "roots": [str(Path(root).resolve()) for root in self.given["roots"]],
            "megabytes": MEGABYTES,
            "timeout": min(60.0, float(self.given["seconds"])),
            **{name: self.given[name] for name in ("only", "exitfirst", "dag_id", "seconds")},
        }

    def readable(self, arguments: Iterable[str]) -> Iterator[str]:
        """The names of the files that may define DAGs."""
        for found in usable(gather(arguments, holds_dag, (".py",)), self.error, ("verify", "no DAG file found")):
            if found.name == STDIN:
                self.error(STDIN, "verify runs DAG files, so it needs the name of one")
            else:
                yield found.name

    def error(self, name: str, message: str) -> None:
        """Reports what cannot be used."""
        click.echo(visible(f"{name}: error: {message}"), err=True)
        self.codes.add(UNUSABLE)

    def verified(self, files: Sequence[str], job: dict[str, Any], told: Told) -> Iterator[Verified]:
        """Runs all files in another process."""
        names = {str(Path(name).resolve()): name for name in files}
        try:
            template = template_database()
        except AirflowUnavailable as error:
            self.error("verify", str(error))
            return
        with tempfile.TemporaryDirectory(prefix="airflow2sfn-verify-") as home:
            read, write = os.pipe()
            process = subprocess.Popen(
                [sys.executable, "-X", "utf8", "-m", "airflow2sfn.verifying.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("AIRFLOW2SFN_VERIFY_LOG") else subprocess.DEVNULL,
                cwd=home,
                env={**environment(home, self.settings), TEMPLATE_VARIABLE: str(template)},
                pass_fds=(write,),
            )
            os.close(write)
            try:
                assert process.stdin is not None
                task = {**job, "home": home, "files": list(names), "descriptor": write}
                process.stdin.write(json.dumps(task).encode())
                process.stdin.close()
                yield from self._results(read, names, told)
            finally:
                process.kill()
                process.wait()

    def _results(self, read: int, names: Mapping[str, str], told: Told) -> Iterator[Verified]:
        left = dict(names)
        with os.fdopen(read) as lines:
            for line in lines:
                message = json.loads(line)
                source = names[message["file"]]
                if "outcome" in message:
                    told(outcome_from(message["outcome"]))
                elif "verified" in message:
                    result = from_document(message["verified"], source)
                    kept = message["scenarios"]
                    self.scenarios.append((result.name, read_scenarios(json.dumps(kept), source) if kept else []))
                    self.unsupported += [
                        f"{source}:{one['at']}: {one['code']} [unsupported] {one['message']}"
                        for one in message["unsupported"]
                    ]
                    yield result
                elif "absent" in message:
                    absent = ", ".join(message["absent"])
                    self.unsupported.append(
                        f"{source}: not installed here: {absent}; functions that need it get values"
                    )
                elif "failure" in message:
                    yield Verified("", source, failure=message["failure"])
                else:
                    left.pop(message["file"], None)
        for name in left.values():
            yield Verified("", name, failure="Airflow could not be started")

    def report(self, results: Sequence[Verified]) -> None:
        """Writes what was asked for, prints the results, and judges them."""
        given = self.given
        try:
            if given["write_scenarios"] is not None:
                given["write_scenarios"].write_text(scenario_file(self.scenarios), encoding="utf-8")
            show(results, given["form"], given["output_file"], tool="airflow2sfn verify", verbose=given["verbose"])
            if given["form"] == "text" and given["output_file"] is None:  # equal scenarios are no word about these
                for line in self.unsupported:
                    click.echo(visible(line))
        except OSError as error:
            self.error(str(error.filename), error.strerror or str(error))
        for result in results:
            if result.error:
                self.error(result.source, result.error)
        if is_bad(results, given["fail_on"]):
            self.codes.add(FOUND)
