"""``--import``: the real Airflow imports DAG files, in processes without network, with limits and a clean environment.

Importing a file executes it. The processes here are a fence against accidents, not a prison for malice: the file system
is the user's. What Airflow makes of a file is then merged with what was read from its text.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from airflow2sfn.importing import child
from airflow2sfn.read import Reading, Settings
from airflow2sfn.reading.names import canonical
from airflow2sfn.rules.reading import ImportDiffers, ImportFails
from airflow2sfn.source import Dag, Edge, Expansion, Group, Known, Module, Symbolic, Task, Value
from sfn_airflow_core.findings import Finding, Located
from sfn_airflow_core.text import Span

SECONDS = 60
MEGABYTES = 4096
_START = Span(1, 1, 1, 1)
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Imported:
    """What Airflow made of a file: per DAG its tasks, edges and groups, or why it could not import it."""

    dags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    error: str = ""


def import_files(
    paths: Sequence[Path],
    roots: Sequence[Path] = (),
    settings: Settings | None = None,
    python: str = sys.executable,
    seconds: int = SECONDS,
    megabytes: int = MEGABYTES,
) -> Iterator[tuple[Path, Imported]]:
    """Has Airflow import files, each in a process of its own.

    Args:
        paths: of DAG files.
        roots: folders to put on the module search path, beside each file's own.
        settings: environment variables and Airflow Variables to provide.
        python: an interpreter that has Airflow (2.x or 3.x).
        seconds: the longest time for one file.
        megabytes: the largest address space for one file.
    """
    with tempfile.TemporaryDirectory(prefix="airflow2sfn-") as home:
        read, write = os.pipe()
        job = {
            "files": [str(path.resolve()) for path in paths],
            "roots": [str(root.resolve()) for root in roots],
            "descriptor": write,
            "seconds": seconds,
            "megabytes": megabytes,
        }
        process = subprocess.Popen(
            [python, "-P", "-X", "utf8", child.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env=environment(home, settings or Settings()),
            pass_fds=(write,),
        )
        os.close(write)
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(job).encode())
            process.stdin.close()
            yield from _results(read, paths)
        finally:
            process.kill()
            process.wait()


def _results(read: int, paths: Sequence[Path]) -> Iterator[tuple[Path, Imported]]:
    with os.fdopen(read) as lines:
        for path in paths:
            line = lines.readline()
            if not line:
                yield path, Imported(error="Airflow could not be started")
                continue
            found = json.loads(line)
            yield path, Imported(found["dags"], found["error"])


def environment(home: str, settings: Settings) -> dict[str, str]:
    """An environment without credentials, proxies and settings of Airflow."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    variables = {
        f"AIRFLOW_VAR_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.variables.items()
    }
    return (
        kept
        | dict(settings.environment)
        | variables
        | {
            "HOME": home,
            "TMPDIR": home,
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": f"{home}/logs",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )


def merge(reading: Reading, imported: Imported) -> Reading:
    """What was read, corrected by what Airflow made of the file; differences are findings."""
    if imported.error:
        last = imported.error.strip().splitlines()[-1] if imported.error.strip() else "no reason given"
        return _with(reading, reading.dags, [(ImportFails(error=last[:200]), _START)])
    static = {dag.dag_id: dag for dag in reading.dags}
    found: list[tuple[Finding, Span]] = []
    dags: list[Dag] = []
    module = next((dag.module for dag in reading.dags), Module("", reading.source, ""))
    for dag_id, seen in imported.dags.items():
        if (dag := static.pop(dag_id, None)) is None:
            found.append((ImportDiffers(text=f"the DAG {dag_id} is only seen by Airflow"), _START))
            dag = Dag(dag_id=dag_id, module=module)
        dags.append(_merged(dag, seen, found))
    found += [(ImportDiffers(text=f"Airflow has no DAG {d.dag_id}"), d.span or _START) for d in static.values()]
    return _with(reading, dags, found)


def _with(reading: Reading, dags: Sequence[Dag], found: Sequence[tuple[Finding, Span]]) -> Reading:
    located = [Located(replace(finding, at=str(span)), span) for finding, span in found]
    return replace(reading, dags=tuple(dags), findings=(*reading.findings, *located))


def _merged(dag: Dag, seen: Mapping[str, Any], found: list[tuple[Finding, Span]]) -> Dag:
    place = dag.span or _START
    own = {task.task_id: task for task in dag.tasks}
    tasks: list[Task] = []
    for task_id, facts in seen["tasks"].items():
        if (task := own.pop(task_id, None)) is None:
            found.append((ImportDiffers(text=f"the task {task_id} is only seen by Airflow"), place))
            task = _imported_task(task_id, facts)
        elif task.trigger_rule != facts.get("trigger_rule", task.trigger_rule):
            text = f"the trigger rule of {task_id} is {facts['trigger_rule']} in Airflow"
            found.append((ImportDiffers(text=text), task.span or place))
            task = replace(task, trigger_rule=facts["trigger_rule"])
        tasks.append(replace(task, certain=True, known_id=True))
    found += [(ImportDiffers(text=f"Airflow has no task {t.task_id}"), t.span or place) for t in own.values()]
    drawn = {(edge.up, edge.down): edge for edge in dag.edges}
    pairs = [(up, down) for up, down in seen["edges"]]
    for up, down in sorted(set(pairs) ^ drawn.keys()):
        if up in seen["tasks"] and down in seen["tasks"]:
            where = "only seen by Airflow" if (up, down) in pairs else "not there in Airflow"
            span = drawn[up, down].span if (up, down) in drawn else None
            found.append((ImportDiffers(text=f"the edge from {up} to {down} is {where}"), span or place))
    known = [pair for pair in drawn if pair in pairs] + [pair for pair in pairs if pair not in drawn]
    edges = tuple(drawn.get(pair, Edge(*pair)) for pair in known)
    names = {group.group_id for group in dag.groups}
    more = tuple(
        Group(group_id=name, parent=name.rpartition(".")[0]) for name in seen.get("groups", ()) if name not in names
    )
    return replace(dag, tasks=tuple(tasks), edges=edges, groups=(*dag.groups, *more))


def _imported_task(task_id: str, facts: Mapping[str, Any]) -> Task:
    arguments: dict[str, Value] = {}
    for name, value in facts.get("arguments", {}).items():
        hidden = isinstance(value, dict) and value.keys() == {"?"}
        arguments[name] = Symbolic(value["?"], "import") if hidden else Known(value)
    return Task(
        task_id=task_id,
        operator=canonical(facts["operator"]),
        arguments=arguments,
        trigger_rule=facts.get("trigger_rule", "all_success"),
        group=facts.get("group", ""),
        role=facts.get("role", "work"),
        expansion=Expansion("expand_kwargs", (), Symbolic("…", "import")) if facts.get("mapped") else None,
    )
