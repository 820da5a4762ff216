"""The process that verifies DAG files, started by ``verifying``: running a DAG executes its author's code.

Reads a job as JSON from standard input and writes lines of JSON to the descriptor that the job names. Every file is
verified in a process of its own without network, with limits of time and memory, forked from this one after Airflow has
run a DAG of ours, so that no file pays for starting it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow2sfn.connections import connections
from airflow2sfn.importing.child import close_network, end_with_parent
from airflow2sfn.read import Settings
from airflow2sfn.verifying.absent import inside
from airflow2sfn.verifying.airflow_2 import airflow_2
from airflow2sfn.verifying.imports import user_imports
from airflow2sfn.verifying.scenarios import generator_for
from airflow2sfn.verifying.subject import Prepared, prepare, read
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.verify.airflow_process import AirflowUnavailable, leave_opened
from sfn_airflow_core.verify.airflow_runner import AirflowSession, DagImportError
from sfn_airflow_core.verify.dag_answers import answers
from sfn_airflow_core.verify.dag_side import run_dag
from sfn_airflow_core.verify.dag_time import sleepless
from sfn_airflow_core.verify.dag_verification import MOMENT, DagBench, verify_dag
from sfn_airflow_core.verify.result import Outcome
from sfn_airflow_core.verify.result_document import outcome_document, to_document
from sfn_airflow_core.verify.scenario import Scenario, as_json, read_scenarios

Tell = Callable[[dict[str, Any]], None]
_LONGEST_REASON = 500
_CALLED = frozenset(
    {"python_callable", "on_success_callback", "on_failure_callback", "on_retry_callback", "on_execute_callback"}
)
"""Arguments that are only called in a run."""
_WAITING = 10
"""How many times longer than it may work a process may take."""
_THREAD_ENDS = 5.0
"""Seconds within which the threads of Airflow's runner end when their task is done."""
_WARM_UP = """
from airflow.sdk import DAG, task

with DAG("warm_up", schedule=None):

    @task
    def nothing() -> None: ...

    nothing()
"""


def verify_file(path: Path, job: dict[str, Any], tell: Tell) -> None:
    """Verifies the DAGs of a file; tells of every outcome, and of every DAG when it is done."""
    own = None if job["scenarios"] is None else read_scenarios(job["scenarios"], "scenarios")
    settings = Settings(job["environment"], job["variables"])
    roots = [Path(root) for root in job["roots"]]
    former = any(dag.airflow == "2" for dag in read(path, roots, settings))
    with (
        user_imports([path.parent, *roots, Path(job["home"])]) as absence,
        airflow_2() if former else nullcontext(),
        AirflowSession() as session,
        sleepless(Path(job["home"]) / "commands"),
    ):
        try:
            dags = session.dags(path)
        except DagImportError as error:
            absent = f" (not installed: {', '.join(sorted(absence.modules))})" if absence.modules else ""
            raise ValueError(f"Airflow cannot import the file: {_last_line(error)}{absent}") from None
        absence.importing = False
        for task in (task for dag in dags.values() for task in dag.tasks):
            given = task.partial_kwargs if task.is_mapped else getattr(task, "_BaseOperator__init_kwargs", {})
            if name := inside({key: value for key, value in given.items() if key not in _CALLED}):
                raise ValueError(
                    f"{task.task_id} is given {name}, which is not installed (--root adds a folder of modules)"
                )
        if absence.modules:
            tell({"absent": sorted(absence.modules)})
        machine = None if job["machine"] is None else job["machine"].encode()
        folder = Path(job["home"]) / "functions"
        folder.mkdir(exist_ok=True)
        for one in prepare(
            path, dags, folder, roots=roots, settings=settings, machine=machine,
            known=connections(job["connections"]),
        ):  # fmt: skip
            if job["dag_id"] in ("", one.dag.dag_id):
                _verify_one(one, own, job, tell)


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1][:_LONGEST_REASON] if lines else type(error).__name__


def _verify_one(one: Prepared, own: list[Scenario] | None, job: dict[str, Any], tell: Tell) -> None:
    bench = DagBench(one.subject(timeout=job["timeout"]))
    missed: dict[str, str] = {}
    if own is None:
        generator = generator_for(one, bench)
        scenarios = generator.scenarios()
        missed = {f"/tasks/{task}": reason for task, reason in generator.missed.items()}
    else:
        scenarios = tuple(s for s in own if s.machine in ("", one.dag.dag_id))
    scenarios = tuple(s for s in scenarios if job["only"] in s.id)

    def seen(outcome: Outcome) -> None:
        tell({"outcome": outcome_document(replace(outcome, differences=(), around=()))})

    result = verify_dag(bench, scenarios, seen, stop_early=job["exitfirst"])
    spans = {f"/tasks/{task.task_id}": task.span for task in one.dag.tasks if task.span is not None}
    coverage = replace(result.coverage, missed={**result.coverage.missed, **missed})
    told = replace(result, coverage=coverage, spans=spans)
    unsupported = [
        {"at": found.at, "code": found.code, "message": found.message()}
        for found in one.translated.findings
        if found.fidelity is Fidelity.UNSUPPORTED
    ]
    tell({"verified": to_document(told), "scenarios": as_json(scenarios), "unsupported": unsupported})


def warm_up(home: Path) -> None:
    """Opens an Airflow and runs a DAG of one task on it; waits until its threads have ended. Raises AirflowUnavailable.

    Args:
        home: a folder to write the DAG to.
    """
    file = home / "warm_up.py"
    file.write_text(_WARM_UP, encoding="utf-8")
    with AirflowSession() as session:
        (dag,) = session.dags(file).values()
        run_dag(dag, answers({}, [], {}), MOMENT, {})
    for thread in set(threading.enumerate()) - {threading.main_thread()}:
        thread.join(_THREAD_ENDS)


def _guarded(path: Path, job: dict[str, Any], out: Any) -> None:
    """``verify_file`` in a process of its own, which is ended when it takes too long."""

    def tell(message: dict[str, Any]) -> None:
        print(json.dumps({"file": str(path), **message}), file=out, flush=True)

    if (child := os.fork()) == 0:
        try:
            leave_opened()
            end_with_parent()
            _limit(job)
            close_network()
            sys.path += [str(path.parent), *job["roots"]]
            try:
                verify_file(path, job, tell)
            except (ValueError, AirflowUnavailable) as error:
                tell({"failure": str(error)})
            except BaseException as error:
                tell({"failure": f"it could not be run: {type(error).__name__}: {_last_line(Exception(error))}"})
        finally:
            os._exit(0)
    if (status := _ended(child, job["seconds"])) is None:
        tell({"failure": f"the verification took longer than {job['seconds']} s (--seconds)"})
    elif status != 0:
        tell({"failure": "the verification ended without a result (it may need more memory)"})
    tell({"done": True})


def _ended(child: int, seconds: float) -> int | None:
    """The status of a process when it has ended; nothing where it had worked for too long, or had to be ended.

    What it works is limited by itself, so that a loaded machine ends nothing; here, how long it may wait besides.
    """
    deadline = time.monotonic() + seconds * _WAITING
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
            return None if late else status
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _limit(job: dict[str, Any]) -> None:
    """Limits the work, the memory and the size of files of this process."""
    resource.setrlimit(resource.RLIMIT_CPU, (job["seconds"], job["seconds"] + 5))
    size = job["megabytes"] << 20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 20, 256 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Does the job on standard input."""
    end_with_parent()
    job = json.load(sys.stdin)
    with os.fdopen(job["descriptor"], "w") as out:
        try:
            warm_up(Path(job["home"]))
        except AirflowUnavailable as error:
            for path in job["files"]:
                print(json.dumps({"file": path, "failure": str(error)}), file=out, flush=True)
                print(json.dumps({"file": path, "done": True}), file=out, flush=True)
            return
        for path in job["files"]:
            _guarded(Path(path), job, out)


if __name__ == "__main__":
    main()
