"""Replays executions recorded on AWS through the generated DAG on a real Airflow in this process, and prints a table.

    python -m benchmarks.recordings [--language JSONPath|JSONata] [--only TEXT] [--show]

Reads ``../shared/corpus/aws-recordings.jsonl`` (or the folder in ``CORPUS``): machines of one query language without
external data (``JSONata``: all that have a JSONata state); the recorded task results are the replies. Compared: status,
output, error name. Recordings with redacted parts are compared around them.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sfn2airflow
from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.findings import Fidelity

CORPUS = Path(os.environ.get("CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
Json = Any
REDACTED = {"date", "generated-uuid", "snf_role_arn"}
"""What the recorder wrote in the place of values that change from run to run; a member may also have its own name."""


_NO_RESULTS = "the recording has no results of its tasks, so there is nothing to answer the calls with"
NOT_EQUAL: dict[str, str] = {
    "test_activities.py::TestActivities::test_activity_task_on_deleted|get_execution_history": _NO_RESULTS,
    "test_callback.py::TestCallback::test_sqs_wait_for_task_token_call_chain|get_execution_history": (
        "the address of the queue is redacted in two ways, in the input and in the output"
    ),
    "test_callback.py::TestCallback::test_sync_with_task_token|get_execution_history": (
        "the recorded result of the .sync job is the answer to the child's token, not the description of the job"
    ),
    "test_express_async.py::TestExpressAsync::test_catch|end_event": _NO_RESULTS,
    "test_express_async.py::TestExpressAsync::test_retry|end_event": _NO_RESULTS,
    "test_express_sync.py::TestExpressSync::test_catch|start_execution_sync_response": _NO_RESULTS,
    "test_express_sync.py::TestExpressSync::test_retry|start_execution_sync_response": _NO_RESULTS,
    "test_base_scenarios.py::TestBaseScenarios::test_lambda_service_invoke_sync_execution"
    "|start_execution_sync_response": _NO_RESULTS,
    "test_base_scenarios.py::TestBaseScenarios::test_map_state_lambda|get_execution_history": _NO_RESULTS,
    "test_base_scenarios.py::TestBaseScenarios::test_parallel_state_lambda|get_execution_history": (
        "the output is redacted as a whole"
    ),
    "test_base_scenarios.py::TestBaseScenarios::test_map_state_config_distributed_reentrant_lambda"
    "|get_execution_history": _NO_RESULTS,
    "test_base_scenarios.py::TestBaseScenarios::test_map_state_nested_config_distributed_no_max_max_concurrency"
    "|get_execution_history": _NO_RESULTS,
    "test_sfn_api.py::TestSnfApi::test_stop_execution|exec_hist_resp": (
        "the execution was stopped from outside while it waited"
    ),
    "test_timeouts.py::TestTimeouts::test_global_timeout|describe_execution": (
        "the limit of the whole machine is the scheduler's dagrun_timeout (S2A107), and waits are skipped here"
    ),
}
"""JSONPath recordings that the DAGs do not repeat, by the end of their id, each with its reason: exactly these."""


def reason(recording: str) -> str | None:
    """Why a recording is not expected to be equal."""
    return next((why for end, why in NOT_EQUAL.items() if recording.endswith(end)), None)


def recordings(language: str = "JSONPath") -> list[dict[str, Json]]:
    """The recorded executions of JSONPath machines, or of those with a JSONata state, that need no external data."""
    lines = (CORPUS / "aws-recordings.jsonl").read_text(encoding="utf-8").splitlines()
    found = map(json.loads, lines)
    return [
        r
        for r in found
        if (r["query_language"] == "JSONPath") == (language == "JSONPath") and not r["needs_external_data"]
    ]


def replies(recording: dict[str, Json]) -> dict[str, list[Json]]:
    """The recorded task results as replies, by state, in the order in which they came."""
    table: dict[str, list[Json]] = {}
    for result in recording["task_results"]:
        if result["ok"]:
            reply = {"result": result["output"]}
        elif result["error"] == "States.Timeout":
            reply = {"timeout": True}
        else:
            reply = {"error": result["error"], "cause": text(result.get("cause"))}
        table.setdefault(result["state"], []).append(reply)
    return table


def text(value: Json) -> Json:
    """The recorder parsed strings that hold an object; a cause is a string again."""
    return value if isinstance(value, str) or value is None else json.dumps(value)


def parsed(value: Json) -> Json:
    """What the recorder did: strings that hold an object are parsed, at any depth."""
    match value:
        case str() if value.startswith("{"):
            try:
                return parsed(json.loads(value))
            except ValueError:
                return value
        case list():
            return [parsed(element) for element in value]
        case dict():
            return {key: parsed(element) for key, element in value.items()}
        case _:
            return value


def same(expected: Json, actual: Json, redacted: bool) -> bool:
    """Equality as JSON; around redacted parts (``<…>``, dates and ids replaced by the recorder) where there are any."""
    match expected, actual:
        case dict(), dict():
            return expected.keys() == actual.keys() and all(
                (redacted and expected[k] == k) or same(expected[k], actual[k], redacted) for k in expected
            )
        case list(), list():
            return len(expected) == len(actual) and all(map(lambda e, a: same(e, a, redacted), expected, actual))
        case bool(), _:
            return expected is actual
        case str(), _ if (expected.startswith("<") and expected.endswith(">")) or expected in REDACTED:
            return isinstance(actual, str | int | float)
        case str(), _ if redacted and ("<" in expected or "arn" in expected or "date" in expected):
            return isinstance(actual, str | int | float)
        case _:
            return bool(expected == actual) and not isinstance(actual, bool)


def main() -> int:
    """Runs all, prints the table; exit code 1 if a recording is equal or different against ``NOT_EQUAL``."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--language", choices=("JSONPath", "JSONata"), default="JSONPath")
    options.add_argument("--only", default="")
    options.add_argument("--show", action="store_true")
    options.add_argument("--json", type=Path)
    arguments = options.parse_args()
    from sfn_airflow_core.verify.airflow_runner import AirflowSession  # needs the extra ``airflow``

    chosen = [r for r in recordings(arguments.language) if arguments.only in r["id"]]
    folder = Path(tempfile.mkdtemp(prefix="recordings-"))
    shutil.copytree(Path(sfn2airflow.__file__).parent / "runtime", folder / "asl_runtime")
    translations = [
        translate_text(json.dumps(r["definition"]), f"r{number}.asl.json", Options(dag_id=f"r{number}"))
        for number, r in enumerate(chosen)
    ]
    texts = iter(format_sources([t.text for t in translations if t.text is not None]))
    table: collections.Counter[str] = collections.Counter()
    rows, started = [], time.perf_counter()
    with AirflowSession() as session:
        for recording, translation in zip(chosen, translations, strict=True):
            row = {"id": recording["id"], **replay(session, folder, recording, translation, texts)}
            rows.append(row)
            table[f"{'redacted ' if recording['has_placeholders'] else ''}{row['verdict']}"] += 1
            if row["verdict"] != "equal" and row["verdict"] != "unsupported":
                why = reason(recording["id"]) or f"UNEXPECTED {row.get('why')}"
                print(row["verdict"], recording["id"], "\n   ", why[:600], flush=True)
                if arguments.show:
                    print(json.dumps(recording["definition"])[:3000], "\n", json.dumps(recording["input"])[:500])
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    total, equal = sum(table.values()), table["equal"] + table["redacted equal"]
    print(
        dict(table),
        f"{equal} of {total} equal = {100 * equal / max(total, 1):.1f} %, {time.perf_counter() - started:.0f} s",
    )
    surprises = [row["id"] for row in rows if (row["verdict"] == "equal") is not (reason(row["id"]) is None)]
    print(f"{len(surprises)} not as the table of reasons says: {surprises}")
    return int(bool(surprises) and arguments.language == "JSONPath")


def replay(session: Any, folder: Path, recording: dict[str, Json], translation: Any, texts: Any) -> dict[str, Json]:
    """Runs one recording; the verdict is ``equal``, ``different``, ``unsupported`` (says so itself) or ``crash``."""
    if translation.text is None:
        return {"verdict": "rejected", "why": [str(p) for p in translation.report.problems]}
    file = folder / f"{translation.dag_id}.py"
    file.write_text(next(texts), encoding="utf-8")
    unsupported = [f.finding.code for f in translation.report.findings if f.finding.fidelity is Fidelity.UNSUPPORTED]
    try:
        execution = session.run(file, recording["input"], replies(recording), timeout=30)
    except Exception as error:
        return {"verdict": "crash", "why": f"{type(error).__name__}: {error}"}
    redacted = recording["has_placeholders"]
    want = (recording["status"], recording["error"])
    status = "FAILED" if want[0] in ("TIMED_OUT", "ABORTED") else want[0]
    if not recording["task_results"] and execution.calls:
        return {"verdict": "not comparable", "why": "the recording has no results of its tasks"}
    if (status, want[1]) == (execution.status, execution.error) and same(
        parsed(recording["output"]), parsed(execution.output), redacted
    ):
        return {"verdict": "equal"}
    got = (execution.status, execution.error, execution.output, execution.cause)
    verdict = "unsupported" if unsupported else "different"
    return {
        "verdict": verdict,
        "why": f"wanted {(*want, recording['output'], recording['cause'])}\n    got    {got} {unsupported}",
    }


if __name__ == "__main__":
    sys.exit(main())
