"""Runs DAG files on a real Airflow in this process, with the replies of a scenario in place of every service.

Airflow's own scheduling decisions, task runner, API and triggers' operators run; there is no scheduler process, no
worker and no network. Delays (retries, waits, reschedules) are skipped and written down; DAG runs that a task triggers
run at once.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final

from sfn_airflow_core.verify.airflow_process import BUNDLE, open_airflow
from sfn_airflow_core.verify.aws_answers import Services
from sfn_airflow_core.verify.dag_run import Drive
from sfn_airflow_core.verify.finished import Recorder
from sfn_airflow_core.verify.outside import Outside
from sfn_airflow_core.verify.replies import Json, Replies, Reply, ServiceCall

_COPIED_RUNTIME: Final = "asl_runtime"
_runtimes: dict[Path, dict[str, ModuleType]] = {}


class DagImportError(Exception):
    """A DAG file that Airflow cannot import, or that has not the DAG asked for."""


@dataclass(frozen=True, slots=True)
class ChildRun:
    """A DAG run that a task triggered: the id of its DAG, and its task instances as in ``DagExecution``."""

    dag_id: str
    task_states: Mapping[str, str]
    documents: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class DagExecution:
    """One run of a DAG, in the words of Step Functions.

    Task instances are called by their task id, in a Map with the index behind it (``ship.each.pack[2]``); states by
    their names, for delays and waits in the order in which they happened, in seconds.
    """

    status: str
    """``SUCCEEDED`` or ``FAILED``."""
    output: Json
    """The result of the DAG; ``None`` for a failed run."""
    error: str | None
    cause: Json
    task_states: Mapping[str, str]
    documents: Mapping[str, Json]
    """What each task instance handed on (its XCom ``return_value``)."""
    calls: tuple[ServiceCall, ...]
    retry_delays: Mapping[str, tuple[float, ...]]
    waits: Mapping[str, tuple[float, ...]]
    seconds: float
    children: tuple[ChildRun, ...] = ()
    """The DAG runs that tasks triggered, in the order in which they ended."""
    stopped: frozenset[str] = frozenset()
    """The task instances that ended because something else had failed."""


_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _let_begin(dag: Any) -> None:
    """Lets a DAG run at any time: a run of a scenario is none of its schedule's, and may lie before or after it."""
    for one in (dag, *dag.tasks):
        if one.start_date is not None:
            one.start_date = min(one.start_date, _BEGINNING)
        one.end_date = None


class AirflowSession:
    """An Airflow to run DAG files on: ``with AirflowSession() as session: session.run(...)``.

    Raises ``AirflowUnavailable`` when Airflow is not installed or was imported before with another configuration.
    """

    def __init__(self, *, quiet: bool = True) -> None:
        self._quiet = quiet
        self._stack = ExitStack()
        self._bags: dict[tuple[Path, int], Any] = {}

    def __enter__(self) -> AirflowSession:
        self._stack.enter_context(open_airflow(self._quiet))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def import_errors(self, folder: Path) -> dict[str, str]:
        """What goes wrong when Airflow imports the files of a folder: message by path inside the folder."""
        from airflow.dag_processing.dagbag import DagBag

        folder = folder.resolve()
        with _modules_of(folder):
            bag = DagBag(dag_folder=str(folder), bundle_path=folder, bundle_name=BUNDLE, safe_mode=False)
        return {str(path): str(message) for path, message in bag.import_errors.items()}

    def dags(self, dag_file: Path) -> Mapping[str, Any]:
        """The DAGs of a file by their ids, as Airflow imports them. Raises ``DagImportError``."""
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

        dag_file = dag_file.resolve()
        key = (dag_file, dag_file.stat().st_mtime_ns)
        if key not in self._bags:
            folder = dag_file.parent
            with _modules_of(folder):
                bag = DagBag(dag_folder=str(dag_file), bundle_path=folder, bundle_name=BUNDLE, safe_mode=False)
                if bag.import_errors:
                    raise DagImportError("\n".join(map(str, bag.import_errors.values())))
                for dag in bag.dags.values():
                    _let_begin(dag)
                sync_bag_to_db(bag, BUNDLE, None)
            self._bags[key] = bag
        return self._bags[key].dags  # type: ignore[no-any-return]

    def show_as(self, dag_file: Path, dag_id: str, names: Mapping[str, str]) -> None:
        """Gives tasks of a DAG display names, by which replies are given to them and their runs are compared.

        Raises ``DagImportError``.
        """
        dag = self.dags(dag_file).get(dag_id)
        for task in dag.tasks if dag is not None else ():
            if task.task_id in names and task.is_mapped:
                task.partial_kwargs["task_display_name"] = names[task.task_id]
            elif task.task_id in names:
                task._task_display_name = names[task.task_id]

    def run(
        self,
        dag_file: Path,
        input: Json,
        replies: Mapping[str, Reply | list[Reply]] | Replies | None = None,
        *,
        dag_id: str | None = None,
        timeout: float = 60,
    ) -> DagExecution:
        """Run the DAG of a file once.

        ``input`` is the execution's input (see ``as_conf``), ``replies`` a table as in ``replies.py`` or what gives
        them, ``timeout`` the seconds of this process's
        work after which ``TimeoutError`` is raised. Raises ``DagImportError``.
        """
        began = time.perf_counter()
        dags = self.dags(dag_file)
        if dag_id is None:
            dag_id = main_dag(dags)
        if dag_id not in dags:
            raise DagImportError(f"{dag_file.name} has no DAG {dag_id!r}")
        services = Services(replies if isinstance(replies, Replies) else Replies(replies or {}))
        recorder = Recorder()
        with _modules_of(dag_file.resolve().parent), services.answering():
            drive = Drive(dags, services, recorder, time.process_time() + timeout, Outside(services.replies))
            run = drive.start(dag_id, as_conf(input))
        return _execution(dags[dag_id], run, services, recorder, time.perf_counter() - began)


def main_dag(dags: Mapping[str, Any]) -> str:
    """The DAG of a file that none of its other DAGs runs."""
    tasks = [task for dag in dags.values() for task in dag.tasks]
    triggered = {getattr(task, "trigger_dag_id", None) for task in tasks}
    triggered |= {task.child.dag_id for task in tasks if getattr(task, "child", None) is not None}
    return next((id for id in dags if id not in triggered), "")


def as_conf(input: Json) -> dict[str, Json]:
    """``dag_run.conf`` for an input: an object without a key ``$``, else what has the input under ``$``."""
    return input if isinstance(input, dict) and "$" not in input else {"$": input}


@contextmanager
def _modules_of(folder: Path) -> Iterator[None]:
    """Imports find what lies beside a DAG file; each folder has the modules of its own copied runtime."""
    others = {name: sys.modules.pop(name) for name in _copied()}
    sys.modules.update(_runtimes.get(folder, {}))
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _runtimes[folder] = {name: sys.modules.pop(name) for name in _copied()}
        sys.modules.update(others)


def _copied() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == _COPIED_RUNTIME]


def _execution(dag: Any, run: Any, services: Services, recorder: Recorder, seconds: float) -> DagExecution:
    succeeded = run.state == "success"
    error = {} if succeeded else recorder.uncaught(dag, run) or {}
    return DagExecution(
        status="SUCCEEDED" if succeeded else "FAILED",
        output=run.result(dag) if succeeded else None,
        error=error.get("Error"),
        cause=error.get("Cause"),
        task_states=run.task_states(),
        documents=run.documents(),
        calls=tuple(services.replies.calls),
        retry_delays={state: tuple(delays) for state, delays in recorder.delays.items()},
        waits={state: tuple(waits) for state, waits in recorder.waits.items()},
        seconds=seconds,
        children=tuple(
            ChildRun(dag_id, child.task_states(), child.documents())
            for dag_id, child in recorder.runs
            if child.run_id != run.run_id
        ),
        stopped=recorder.stopped(run),
    )
