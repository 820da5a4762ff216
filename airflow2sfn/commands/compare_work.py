"""The work of ``compare``: DAGs, each with the state machine of its translation or with one that is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from airflow2sfn import __version__
from airflow2sfn.commands.files import TOOL, holds_dag
from airflow2sfn.commands.given import environment, variables
from airflow2sfn.dag_facts import facts, readable
from airflow2sfn.generated import Unreadable, read_back
from airflow2sfn.read import Settings, module_name, read_text
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag
from airflow2sfn.structure import Cyclic
from airflow2sfn.translate import Translated, translate
from sfn_airflow_core.asl.model import Machine, Pointer
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.compare.comparison import Comparison
from sfn_airflow_core.compare.dag_file import DagFile, DagFileError, is_generated, listed, read_dag_file
from sfn_airflow_core.compare.steps import Plan, plan
from sfn_airflow_core.compare.structure import match
from sfn_airflow_core.compare.translated import translated_shapes
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.shell.comparing import Request, guarded, read_machines, workflow_names
from sfn_airflow_core.shell.group import BUG, UNUSABLE, report_bug
from sfn_airflow_core.shell.inputs import ENDINGS, STDIN, Input, gather, shown
from sfn_airflow_core.shell.progress import tracked
from sfn_airflow_core.shell.values import substitutions


def run(given: Mapping[str, Any]) -> int:
    """Compares, reports, and gives the exit code. Raises click.UsageError for anything unusable."""
    settings = Settings(environment(given["env"]), variables(given["variables"]))
    return guarded(lambda: Work(given, Request.read(given), settings).run())


@dataclass(slots=True)
class Work:
    """One run of the command; ``given`` are its options as click gives them."""

    given: Mapping[str, Any]
    request: Request
    settings: Settings

    def run(self) -> int:
        """Compares and reports; gives the exit code."""
        machines = [name for name in self.given["inputs"] if name.lower().endswith(ENDINGS)]
        files = list(self.files([name for name in self.given["inputs"] if name not in machines]))
        if len(machines) > 1:
            raise click.UsageError(f"Name one state machine, not {len(machines)}.")
        if self.given["verifies"] and not (machines and self.given["scenarios"]):
            raise click.UsageError("--verify needs a state machine and --scenarios FILE.")
        parts = list(self.pair(files, machines[0]) if machines else self.translations(files))
        return self.request.finish(parts) if parts else max(self.request.code, UNUSABLE)

    def files(self, names: Sequence[str]) -> Iterator[Input]:
        """The DAG files that could be read; says why others could not."""
        if not names:
            raise click.UsageError("Name a DAG: a Python file, a folder, or - for standard input.")
        found = [each for each in gather(names, holds_dag, (".py",)) if isinstance(each, Input)]
        if not found:
            self.request.error(f"{TOOL}: error: no DAG file found in the given folders")
        for each in found:
            if each.error:
                self.request.error(f"{each.name}: error: {each.error}")
            else:
                yield each

    def pair(self, files: Sequence[Input], machine: str) -> Iterator[Comparison]:
        """A DAG and a state machine, each written by anybody."""
        if len(files) > 1:
            raise click.UsageError(f"A state machine is compared with one DAG file, not {len(files)}.")
        inputs = [each for each in gather([machine], lambda *_: True) if isinstance(each, Input)]
        read = list(read_machines(self.request, inputs, substitutions(self.given)))
        for (found, definition), file in zip(read, files, strict=False):
            self.request.expect(1, [file.name])
            yield self.compared(file, found, definition)

    def compared(self, file: Input, found: Input, machine: Machine) -> Comparison:
        """One pair compared."""
        dag = self.dag(file)
        own = plan(machine, len(found.data))
        structure = match(own, dag)
        if self.given["verifies"]:
            from sfn_airflow_core.shell.compare_verify import behaviour

            scenarios = Path(self.given["scenarios"])
            structure = replace(structure, behaviour=behaviour(found, own, structure, Path(file.name), scenarios))
        shapes = translated_shapes(machine, dag.dag_id, found.name) if dag.generated else {}
        return self.request.compared((*workflow_names(file.name), dag.dag_id), own, shapes, dag, structure)

    def dag(self, file: Input) -> DagFile:
        """The DAG of a file, whoever wrote it."""
        wanted = self.given["dag_id"] or ""
        if is_generated(file.data):
            return read_dag_file(file.data, file.name, wanted)
        return facts(self.one(self.dags(file), file.name), file.name)

    def dags(self, file: Input) -> list[Dag]:
        """The DAGs of a file, or the one that was asked for."""
        name = file.name
        own = () if name == STDIN else (Path(name).parent,)
        project = Project((*own, *map(Path, self.given["roots"])))
        module = "dag" if name == STDIN else module_name(Path(name), project)
        found = readable(read_text(file.data, name, project, self.settings, module))
        wanted = self.given["dag_id"]
        chosen = [dag for dag in found if wanted in (None, dag.dag_id)]
        if not chosen:
            raise DagFileError(f"{name}: there is no DAG {wanted!r}, only {listed(dag.dag_id for dag in found)}")
        return chosen

    def one(self, dags: Sequence[Dag], name: str) -> Dag:
        """The only DAG there is."""
        if len(dags) > 1:
            ids = listed(dag.dag_id for dag in dags)
            raise DagFileError(f"{name}: holds {len(dags)} DAGs ({ids}): say which with --dag-id")
        return dags[0]

    def translations(self, files: Sequence[Input]) -> Iterator[Comparison]:
        """DAGs, each with the state machine that it becomes."""
        found: list[tuple[Input, Dag | None]] = []  # none: a file that sfn2airflow wrote
        explicit = {STDIN, *(shown(Path(name)) for name in self.given["inputs"])}
        for file in files:
            try:
                found += [(file, None)] if is_generated(file.data) else [(file, dag) for dag in self.dags(file)]
            except DagFileError:
                if file.name in explicit:
                    raise
        self.request.expect(len(found), [])
        for file, dag in tracked(found):
            if dag is None:
                yield self.read_back(file)
                continue
            try:
                result = translate(dag)
            except Cyclic as error:
                self.request.error(f"{file.name}: {dag.dag_id}: tasks depend on themselves: {error}")
                continue
            except Exception as error:  # a translation never raises: whatever comes is a bug, and the others go on
                report_bug(error, TOOL, __version__, False, during=file.name, hint=self.request.code != BUG)
                self.request.code = BUG
                continue
            yield self.translation(file, dag, result)

    def read_back(self, file: Input) -> Comparison:
        """A DAG that sfn2airflow wrote, compared with the state machine that it was made from."""
        known = read_dag_file(file.data, file.name, self.given["dag_id"] or "")
        try:
            back = read_back(file.data.decode("utf-8-sig"), known.dag_id)
        except Unreadable as reason:
            raise DagFileError(f"{file.name}:{reason.line}: cannot be read back: {reason}") from None
        own, machine = _planned(back.machine, file.name)
        notes = [f"The state machine is what {file.name} was made from, read back from it."]
        if unread := [str(reason) for reason in back.unread]:
            notes.append(f"Not read back, and counted as states that fail: {'; '.join(unread[:3])}")
        names = (*workflow_names(file.name), known.dag_id)
        shapes = translated_shapes(machine, known.dag_id, file.name)
        return self.request.compared(names, own, shapes, known, match(own, known), notes=notes)

    def translation(self, file: Input, dag: Dag, result: Translated) -> Comparison:
        """A DAG compared with what it becomes."""
        own, known = _planned(result.machine, file.name)[0], facts(dag, file.name)
        lost = [f.message() for f in result.findings if f.fidelity is Fidelity.UNSUPPORTED]
        notes = [f"Not translated, and counted as a function that does the work: {'; '.join(lost[:3])}"] if lost else []
        notes = [f"{note} and {len(lost) - 3} more" if len(lost) > 3 else note for note in notes]
        return self.request.compared(
            (*workflow_names(file.name), dag.dag_id),
            own,
            {},
            known,
            match(own, known),
            translated=True,
            unlikely=_unlikely(own, known),
            notes=notes,
        )


def _planned(made: Machine, name: str) -> tuple[Plan, Machine]:
    """A machine as it is deployed, with the places of its states."""
    text = write(made).encode()
    machine = read_machine(text, name).machine
    assert machine is not None, "what was written can be read"
    return plan(machine, len(text)), machine


def _unlikely(own: Plan, dag: DagFile) -> frozenset[Pointer]:
    """States that an ordinary run does not come to: notes that a task did not run, tasks for errors."""
    for_errors = {task.id for task in dag.tasks.values() if task.trigger_rule in ("one_failed", "all_failed")}
    found = set()
    for at, state in own.states.items():
        task = next((state.name.removesuffix(end) for end in _NOT_RUN if state.name.endswith(end)), None)
        if state.name in for_errors or (task is not None and task not in for_errors):
            found.add(at)
    return frozenset(found)


_NOT_RUN = (" did not run", " did not succeed", " failed")
"""Ends of the names of states that stand where a task is left out."""
