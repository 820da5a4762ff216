"""Verification: a faithful DAG is equal, a broken one is found out, and nothing compared is an error."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command import Run
from running import chain, task
from verifying import both

from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.verify import calls
from sfn_airflow_core.verify.dag_answers import imagined
from sfn_airflow_core.verify.result import Verified, as_json
from sfn_airflow_core.verify.scenario import Scenario, read_scenarios
from sfn_airflow_core.verify.scenarios import generate
from sfn_airflow_core.verify.verification import Subject, verify

SOURCE = Path(__file__).parent / "data" / "mutations.asl.json"
TEXT = SOURCE.read_text(encoding="utf-8")

MUTATIONS: dict[str, tuple[str, str, str]] = {
    "a Catch dropped": (
        'look_up_catch = catch(look_up, Catcher("NotFound", to=apologise, document=keep_error))',
        'look_up_catch = catch(look_up, Catcher("Nothing", to=apologise, document=keep_error))',
        "status|error",
    ),
    "branches swapped": ('return "pause"\n        return "pack"', 'return "pack"\n        return "pause"', "#visited"),
    "a ResultPath lost": ('return {**data, "found": result}', "return result", "status|#output"),
    "one retry less": ("interval=3, attempts=2", "interval=3, attempts=1", "status|#retries|#call"),
    "one retry more": ("interval=3, attempts=2", "interval=3, attempts=3", "#call|#retries"),
    "another retry delay": ("interval=3, attempts=2", "interval=4, attempts=2", "#retries"),
    "a wrong argument": ('"kind": "full"', '"kind": "short"', "#call/Payload/kind"),
    "a wrong default": ('return "pause"\n        return "pack"', 'return "pause"\n        return "pause"', "#visited"),
    "an OutputPath dropped": ('return result["Payload"]', "return result", "output|#output"),
    "a wrong error name": ('StateError("OrderLost"', 'StateError("OrderGone"', "error"),
    "another item selector": ('"line": item', '"row": item', "#call|#output"),
    "a wait shortened": ("seconds(600)", "seconds(60)", "#waits"),
    "a result that is not discarded": (
        '        aws(\n            "sqs',
        '        data = aws(\n            "sqs',
        "output",
    ),
    "a comparison that is off by one": ("> 100:", "> 101:", "#visited"),
}


@pytest.fixture(scope="module")
def machine() -> Any:
    return read_text(TEXT, SOURCE.name).machine


@pytest.fixture(scope="module")
def scenarios(machine: Any) -> tuple[Scenario, ...]:
    return generate(machine).scenarios


@pytest.fixture(scope="module")
def write(with_runtime: Path) -> Any:
    def write(dag_id: str, old: str = "", new: str = "") -> Path:
        translation = translate_text(TEXT, SOURCE.name, Options(dag_id=dag_id))
        (text,) = format_sources([translation.text or ""])
        assert old in text
        path = with_runtime / f"{dag_id}.py"
        path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
        return path

    return write


def subject(dag_file: Path, scenarios: tuple[Scenario, ...]) -> Subject:
    return Subject("m", SOURCE.name, TEXT, dag_file, scenarios)


def test_a_faithful_dag_is_equal(airflow: Any, write: Any, scenarios: tuple[Scenario, ...]) -> None:
    result = verify(airflow, subject(write("faithful"), scenarios))
    assert (result.error, result.different, result.compared) == ("", 0, len(scenarios))
    assert result.coverage.states == (8, 8)
    assert result.coverage.edges == (7, 7)
    assert not result.coverage.missed


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_dag_is_found_out(airflow: Any, write: Any, scenarios: tuple[Scenario, ...], name: str) -> None:
    old, new, expected = MUTATIONS[name]
    dag_file = write("broken_" + "".join(c if c.isalnum() else "_" for c in name), old, new)
    result = verify(airflow, subject(dag_file, _likely(name, scenarios)), stop_early=True)
    found = [difference.at for outcome in result.outcomes for difference in outcome.differences]
    assert found, result.outcomes
    assert any(part in at for at in found for part in expected.split("|")), found


def _likely(name: str, scenarios: tuple[Scenario, ...]) -> tuple[Scenario, ...]:
    """All scenarios; those that are likely to show this change first, to keep the test short."""
    words = {"retry": "Busy", "Catch": "NotFound", "error name": "NotFound", "default": "success", "swap": "success"}
    word = next((scenario for part, scenario in words.items() if part in name), "rule 1")
    return tuple(sorted(scenarios, key=lambda scenario: word not in scenario.id))


def test_the_end_that_a_scenario_promises_is_compared(
    airflow: Any, write: Any, scenarios: tuple[Scenario, ...]
) -> None:
    promised = replace(scenarios[0], expected={"status": "FAILED", "error": "Other"})
    result = verify(airflow, subject(write("promised"), (promised,)))
    assert [difference.at for difference in result.outcomes[0].differences] == ["expected status", "expected error"]


def test_no_scenario_is_an_error(airflow: Any, write: Any) -> None:
    assert verify(airflow, subject(write("idle"), ())).error == "nothing was compared"


def test_incomparable_scenarios_are_no_verification(airflow: Any, write: Any) -> None:
    known = Scenario("known", not_comparable="it is known to differ")
    result = verify(airflow, subject(write("known"), (known,)))
    assert (result.error, result.compared, result.outcomes[0].reason) == (
        "nothing was compared", 0, "it is known to differ",
    )  # fmt: skip


def test_a_dag_that_cannot_be_imported_is_an_error(airflow: Any, with_runtime: Path) -> None:
    path = with_runtime / "no_dag.py"
    path.write_text("import nowhere_at_all\n", encoding="utf-8")
    assert "nowhere_at_all" in verify(airflow, subject(path, (Scenario("s"),))).error


def test_json_has_the_documented_members(airflow: Any, write: Any, scenarios: tuple[Scenario, ...]) -> None:
    value = as_json((verify(airflow, subject(write("shape", "> 100:", "> 101:"), scenarios[:3])),), "airflow")
    assert json.loads(json.dumps(value)) == value
    assert set(value) == {"schema_version", "engine", "scenarios", "coverage"}
    assert (value["schema_version"], value["engine"]) == (1, "airflow")
    members = {"id", "machine", "comparable", "reason", "equal", "expected", "actual", "differences"}
    for scenario in value["scenarios"]:
        assert set(scenario) == members
        assert set(scenario["expected"]) == set(scenario["actual"]) == {"status", "output", "error"}
        for difference in scenario["differences"]:
            assert set(difference) == {"at", "expected", "actual"}
    assert set(value["coverage"]) == {"states", "edges"}


def test_the_command_verifies_and_writes_what_it_was_asked_for(call: Run, airflow: Any) -> None:
    Path("m.asl.json").write_text(TEXT, encoding="utf-8")
    code, out, err = call(
        "verify", "m.asl.json", "--only", "success", "--write-scenarios", "s.json", "--write-test", "test_m.py",
        "--format", "markdown",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "| m.asl.json | 1 | 1 | 0 | 0 |" in out
    assert [scenario.id for scenario in read_scenarios(Path("s.json").read_text(), "s.json")] == ["success"]
    compile(Path("test_m.py").read_text(encoding="utf-8"), "test_m.py", "exec")


def test_a_written_test_runs_the_dag(call: Run, airflow: Any, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from sfn2airflow.testing import Bench

    Path("m.asl.json").write_text(TEXT, encoding="utf-8")
    scenario = generate(read_text(TEXT, "m").machine).scenarios[2]  # type: ignore[arg-type]
    with Bench({"m": Path("m.asl.json")}) as bench:
        assert bench.differences("m", scenario) == []
    with Bench({"m": Path("m.asl.json")}, write("edited", "seconds(600)", "seconds(60)")) as bench:
        assert "#waits" in bench.differences("m", scenario)[0]


def test_an_edited_dag_is_taken_and_its_difference_is_placed(call: Run, airflow: Any, write: Any) -> None:
    Path("m.asl.json").write_text(TEXT, encoding="utf-8")
    dag = write("placed", "seconds(600)", "seconds(60)")
    code, out, _ = call("verify", "m.asl.json", "--dag", str(dag), "--only", "rule 1")
    line = next(n for n, text in enumerate(TEXT.splitlines(), 1) if '"Pause": {' in text)
    assert code == 1
    assert f"/States/Pause#waits (m.asl.json:{line}:" in out
    assert "task pause)" in out
    assert "- [\n" in out
    assert call("verify", "m.asl.json", "--dag", str(dag), "--only", "rule 1", "--fail-on", "none")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param((), "Name a MACHINE", id="nothing"),
        pytest.param(("a.json", "b.json", "--dag", "d.py"), "go with one MACHINE", id="one DAG for two machines"),
        pytest.param(("missing.asl.json",), "No such file", id="no such file"),
        pytest.param(("m.asl.json", "--only", "never called so"), "nothing was compared", id="no scenario left"),
    ],
)
def test_unusable(call: Run, airflow: Any, arguments: tuple[str, ...], message: str) -> None:
    Path("m.asl.json").write_text(TEXT, encoding="utf-8")
    code, _, err = call("verify", *arguments)
    assert code == 2
    assert message in err


def test_results_render(airflow: Any, write: Any, scenarios: tuple[Scenario, ...]) -> None:
    from sfn_airflow_core.render.verification import render_junit, render_markdown, render_text

    result: Verified = verify(airflow, subject(write("rendered", "seconds(600)", "seconds(60)"), scenarios[:3]))
    junit = render_junit([result])
    assert 'tests="3" failures="1" errors="0" skipped="0"' in junit
    assert "/States/Pause#waits" in junit
    assert "/States/Pause\\#waits" in render_markdown([result])
    assert "1 difference" in render_text([result])


def test_items_of_maps_inside_maps_have_replies_of_their_own(airflow: Any, with_runtime: Path) -> None:
    inner = {"StartAt": "Work", "States": {"Work": task(End=True, Retry=[{"ErrorEquals": ["Busy"]}])}}
    row = {"StartAt": "Row", "States": {"Row": {"Type": "Map", "ItemProcessor": inner, "End": True}}}
    definition = chain({"Type": "Map", "ItemProcessor": row})
    replies = {"Work": {"0/1": [{"error": "Busy"}, {"result": "01"}], "1/0": [{"result": "10"}], "*": {"result": "?"}}}
    scenario = Scenario("nested", [[1, 2], [3, 4]], replies, expected={"output": [["?", "01"], ["10", "?"]]})
    result = both(airflow, with_runtime, "nested_replies", definition, scenario)
    assert (result.error, result.different) == ("", 0), result.outcomes


def test_retries_inside_the_task_of_a_distributed_map_are_compared(airflow: Any, with_runtime: Path) -> None:
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3}]
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    inner = {"ProcessorConfig": config, "StartAt": "Work", "States": {"Work": task(End=True, Retry=retry)}}
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": "b", "Key": "k"},
    }
    replies = {
        "A.ItemReader": {"result": "id\nx\ny\n"},
        "Work": {"1": [{"error": "Busy"}, {"result": 1}], "*": {"result": 0}},
    }
    scenario = Scenario("file", {}, replies, expected={"output": [0, 1]})
    definition = chain({"Type": "Map", "ItemReader": reader, "ItemProcessor": inner})
    result = both(airflow, with_runtime, "retried_items", definition, scenario)
    assert (result.error, result.different) == ("", 0), result.outcomes


def test_a_map_in_a_loop_is_no_poll(airflow: Any, with_runtime: Path) -> None:
    each = {"StartAt": "Look", "States": {"Look": {"Type": "Pass", "End": True}}}
    definition = {
        "StartAt": "Page",
        "States": {
            "Page": task(Next="Rows"),
            "Rows": {"Type": "Map", "ItemsPath": "$.rows", "ItemProcessor": each, "ResultPath": None, "Next": "More?"},
            "More?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.more", "BooleanEquals": True, "Next": "Page"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }
    pages = [{"result": {"rows": [1, 2], "more": True}}, {"result": {"rows": [3, 4], "more": False}}]
    result = both(airflow, with_runtime, "pages", definition, Scenario("two pages", {}, {"Page": pages}))
    assert (result.error, result.different) == ("", 0), result.outcomes


NINTH = "States.ArrayGetItem(States.StringSplit($$.Execution.Id, ':'), 8)"
EXPRESS = chain({"Type": "Pass", "Parameters": {"name.$": NINTH}})
"""Reads the ninth part of the execution's ARN, which only Express executions have."""


def test_generated_scenarios_are_of_the_type_that_the_machine_is_said_to_be(call: Run, airflow: Any) -> None:
    Path("m.asl.json").write_text(json.dumps(EXPRESS), encoding="utf-8")
    _, out, _ = call("verify", "m.asl.json", "--format", "json")
    assert [s["expected"]["status"] for s in json.loads(out)["scenarios"]] == ["FAILED"]
    code, out, _ = call("verify", "m.asl.json", "--type", "EXPRESS", "--format", "json", "--write-scenarios", "s.json")
    (scenario,) = json.loads(out)["scenarios"]
    assert (code, scenario["expected"]["status"]) == (1, "SUCCEEDED")  # the DAG's id has no ninth part (S2A303)
    assert [kept["type"] for kept in json.loads(Path("s.json").read_text(encoding="utf-8"))] == ["EXPRESS"]
    _, out, _ = call("verify", "m.asl.json", "--scenarios", "s.json", "--format", "json")
    assert [s["expected"]["status"] for s in json.loads(out)["scenarios"]] == ["SUCCEEDED"]


def test_an_express_machine_cannot_wait_for_a_job(call: Run, airflow: Any) -> None:
    job = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"}}
    Path("m.asl.json").write_text(json.dumps(chain(job)), encoding="utf-8")
    code, _, err = call("verify", "m.asl.json", "--type", "EXPRESS")
    assert code == 2
    assert "Express state machine does not support '.sync' service integration" in err


def test_a_scenario_has_one_of_two_types() -> None:
    with pytest.raises(ValueError, match="STANDARD or EXPRESS"):
        read_scenarios('[{"id": "a", "type": "FAST"}]', "s.json")


def test_a_listing_without_a_prefix_has_the_same_objects_as_one_with_an_empty_one() -> None:
    resource = "arn:aws:states:::aws-sdk:s3:listObjectsV2"
    assert imagined(resource, {"Bucket": "b", "Prefix": ""}) == imagined(resource, {"Bucket": "b"})
    assert imagined(resource, {"Bucket": "b", "Prefix": "in/"}).value["Contents"][0]["Key"] == "in/"


def test_what_an_operator_writes_for_nothing_is_no_difference() -> None:
    given = {"Bucket": "b", "Prefix": "", "Delimiter": ""}
    assert calls.normal("s3:listObjectsV2", given) == {"Bucket": "b"}
    assert calls.normal("s3:listObjectsV2", {**given, "Prefix": "in/"}) == {"Bucket": "b", "Prefix": "in/"}
