"""``verify --recordings``: recorded executions in the interpreter, or through their translation on Airflow."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast

import click

from sfn2airflow.options import Options
from sfn2airflow.output import runtime_files
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.interpreter import read_replies
from sfn_airflow_core.render import verification as render
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.shell.group import CLEAN, FOUND, UNUSABLE
from sfn_airflow_core.shell.terminal import colors, columns, put
from sfn_airflow_core.verify.airflow_process import AirflowUnavailable
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.dag_replies import DagReplies
from sfn_airflow_core.verify.places import homes
from sfn_airflow_core.verify.recordings import (
    NotComparable,
    Ran,
    compare,
    in_interpreter,
    read_recordings,
    replies_of,
)
from sfn_airflow_core.verify.result import Outcome, Verified, as_json

Json = Any
Record = Mapping[str, Json]


def replay(given: Mapping[str, Any]) -> int:
    """Replays the recordings, prints the table, gives the exit code."""
    source: Path = given["recordings"]
    engine = cast("Literal['airflow', 'interpreter']", given["engine"])
    try:
        records = list(read_recordings(source, given["only"]))
        with _engine(engine, records) as run:
            outcomes = tuple(_tracked(records, run, given["quiet"]))
    except (OSError, ValueError, AirflowUnavailable) as error:
        click.echo(visible(f"{source}: error: {error}"), err=True)
        return UNUSABLE
    result = Verified(source.name, source.name, outcomes)
    _show(result, engine, given)
    if result.error:
        click.echo(visible(f"{source}: error: {result.error}"), err=True)
        return UNUSABLE
    incomparable = given["fail_on"] in ("incomparable", "unreached") and result.compared < len(outcomes)
    return FOUND if given["fail_on"] != "none" and (result.different or incomparable) else CLEAN


def _show(result: Verified, engine: Literal["airflow", "interpreter"], given: Mapping[str, Any]) -> None:
    target: Path | None = given["output_file"]
    match given["form"]:
        case "json":
            text = json.dumps(as_json((result,), engine), ensure_ascii=False, indent=2) + "\n"
        case "junit":
            text = render.render_junit([result])
        case "markdown":
            text = render.render_markdown([result])
        case _:
            color = target is None and colors()
            text = render.render_text([result], color=color, width=columns(), verbose=given["verbose"])
    put(text, target)


def _tracked(records: Sequence[Record], run: Callable[[Record], Ran], quiet: bool) -> Iterator[Outcome]:
    from sfn_airflow_core.shell.progress import tracked

    for record in tracked(records, quiet, doing="Replaying"):
        yield compare(record, run)


@contextmanager
def _engine(name: str, records: list[dict[str, Json]]) -> Iterator[Callable[[Record], Ran]]:
    if name == "interpreter":
        yield in_interpreter
        return
    with tempfile.TemporaryDirectory(prefix="sfn2airflow-replay-") as folder, AirflowSession() as session:
        yield _OnAirflow(session, Path(folder), records)


class _OnAirflow:
    """Replays records through their translation; all definitions are translated and formatted at once."""

    def __init__(self, session: AirflowSession, folder: Path, records: list[dict[str, Json]]):
        self._session, self._folder = session, folder
        self._translations = {
            record["id"]: translate_text(
                json.dumps(record["definition"]), "recording.json", Options(dag_id=f"r{number}")
            )
            for number, record in enumerate(records)
        }
        written = [done for done in self._translations.values() if done.text is not None]
        texts = format_sources([done.text or "" for done in written])
        for done, text in zip(written, texts, strict=True):
            (folder / f"{done.dag_id}.py").write_text(text, encoding="utf-8")
        for file, content in runtime_files().items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_bytes(content)

    def __call__(self, record: Record) -> Ran:
        done = self._translations[record["id"]]
        if done.text is None:
            raise NotComparable(f"rejected: {done.report.problems[0].message}")
        findings = [located.finding for located in done.report.findings]
        if unsupported := [f.code for f in findings if f.fidelity is Fidelity.UNSUPPORTED]:
            raise NotComparable(f"not translated: {', '.join(sorted(set(unsupported)))}")
        machine = read_text(json.dumps(record["definition"]), "recording.json").machine
        assert machine is not None
        replies = DagReplies(answers=read_replies({"*": {"result": {}}, **replies_of(record)}), homes=homes(machine))
        try:
            ran = self._session.run(self._folder / f"{done.dag_id}.py", record["input"], replies)
        except Exception as error:  # whatever a DAG or an operator raises is a difference to be shown
            return Ran("NOT_RUN", None, f"{type(error).__name__}: {error}", {})
        if replies.made and not record.get("task_results"):
            raise NotComparable("the recording has no results of its tasks")
        return Ran(ran.status, ran.output, ran.error, {}, len(ran.calls))
