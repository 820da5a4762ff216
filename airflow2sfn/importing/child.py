"""The process that really imports DAG files, started by ``parent``; needs nothing of this project.

Reads a job as JSON from standard input and writes one line of JSON per file to the descriptor that the job names. Every
file is imported in a process of its own, forked from this one after Airflow has been imported.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_PARENT_ENDS = 1  # PR_SET_PDEATHSIG


def end_with_parent() -> None:
    """Ends this process when the one that started it is gone, where the system can do that; not those it forks."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PARENT_ENDS, signal.SIGKILL)


def close_network() -> None:
    """Takes the network away: a namespace without interfaces where the system allows it, and no connections at all."""
    if sys.platform == "linux" and not os.environ.get("AIRFLOW2SFN_NO_NAMESPACE"):
        ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK)

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError("the network is closed while a DAG file is imported")

    socket.socket.connect = socket.socket.connect_ex = refuse  # type: ignore[method-assign]
    socket.socket.sendto = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse
    socket.getaddrinfo = refuse


def limit(seconds: int, megabytes: int) -> None:
    """Limits time, memory and the size of files of this process."""
    signal.alarm(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 20, 16 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _simple(value: Any) -> Any:
    """A value as JSON, or ``{"?": type}``."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return {"?": type(value).__name__}


def _task(task: Any) -> dict[str, Any]:
    kind = getattr(task, "operator_class", None) or type(task)
    if isinstance(kind, dict):
        kind = type(task)
    group = getattr(task, "task_group", None)
    given = getattr(task, "_BaseOperator__init_kwargs", None) or getattr(task, "partial_kwargs", None) or {}
    skipped = ("task_id", "dag", "task_group", "default_args", "python_callable", "trigger_rule")
    return {
        "operator": f"{kind.__module__}.{kind.__qualname__}",
        "name": getattr(task, "task_type", kind.__name__),
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "group": getattr(group, "group_id", None) or "",
        "mapped": bool(getattr(task, "is_mapped", False)),
        "role": "teardown" if task.is_teardown else "setup" if task.is_setup else "work",
        "arguments": {str(name): _simple(value) for name, value in given.items() if name not in skipped},
    }


def _dag(dag: Any) -> dict[str, Any]:
    groups = dag.task_group.get_task_group_dict()
    return {
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
        "edges": sorted([task.task_id, down] for task in dag.tasks for down in task.downstream_task_ids),
        "groups": sorted(name for name in groups if name),
    }


def import_one(path: str) -> dict[str, Any]:
    """What Airflow makes of a file: ``{"dags": {…}, "error": text}``."""
    try:
        module = importlib.import_module("airflow.dag_processing.dagbag")
    except ImportError:  # Airflow 2
        module = importlib.import_module("airflow.models.dagbag")
    bag: Any = module.DagBag(dag_folder=os.devnull, collect_dags=False)
    bag.process_file(path, only_if_updated=False, safe_mode=False)
    errors = "\n".join(str(error) for error in bag.import_errors.values())
    return {"dags": {dag_id: _dag(dag) for dag_id, dag in bag.dags.items()}, "error": errors}


def _guarded(path: str, job: dict[str, Any]) -> dict[str, Any]:
    """``import_one`` in a process of its own."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        code = 1
        try:
            os.close(read)
            end_with_parent()
            limit(job["seconds"], job["megabytes"])
            close_network()
            try:
                result = import_one(path)
            except BaseException as error:
                result = {"dags": {}, "error": f"{type(error).__name__}: {error}"}
            with os.fdopen(write, "w") as stream:
                json.dump(result, stream)
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    if text:
        return dict(json.loads(text))
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        reason = "took too long" if name in ("SIGALRM", "SIGXCPU", "SIGKILL") else f"was ended by {name}"
        return {"dags": {}, "error": f"the import {reason}"}
    return {"dags": {}, "error": "the import ended without a result (it may need more memory)"}


def main() -> None:
    """Does the job on standard input."""
    end_with_parent()
    job = json.load(sys.stdin)
    sys.path += job["roots"]  # behind all others, as Airflow has it: a DAG file may be called like a library
    import airflow.settings

    try:
        import airflow.dag_processing.dagbag
        import airflow.sdk  # noqa: F401
    except ImportError:
        pass
    with os.fdopen(job["descriptor"], "w") as out:
        for path in job["files"]:
            sys.path.append(str(Path(path).parent))
            print(json.dumps({"file": path, **_guarded(path, job)}), file=out, flush=True)
            sys.path.pop()


if __name__ == "__main__":
    main()
