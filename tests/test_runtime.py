"""The runtime, proved by DAG runs in process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from sfn_airflow_core.verify.airflow_runner import AirflowSession, DagExecution

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")

DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="session")
def airflow() -> Iterator[AirflowSession]:
    with AirflowSession() as session:
        yield session


def flow(airflow: AirflowSession, dag_id: str, input: object) -> DagExecution:
    return airflow.run(DAGS / "flows.py", input, {}, dag_id=dag_id)


DOCUMENTS = {
    "null": None,
    "true": True,
    "false": False,
    "empty object": {},
    "list": [1, [2, None]],
    "empty list": [],
    "string": "text",
    "number": 1.5,
    "large integer": 10**30,
    "least beyond 64 bits": -(2**63) - 1,
    "non-ASCII": "Grüße 🎉 \u2028",
    "template": {"a": "{{ ti.task_id }}", "b": "{% raw %}", "c": "{# #}"},
    "serialised object": {"__classname__": "builtins.tuple", "__version__": 1, "__data__": [1]},
    "class name alone": [{"a": {"__classname__": "x"}}],
    "old serialised object": {"__type": "tuple", "__var": [1, 2]},
    "old serialised dict": {"x": {"__type": "dict", "__var": {"a": 1}}},
    "own protection": {"$json": "{}"},
    "conf key": {"$": 1},
    "conf keys": {"$": 1, "$$": {"Execution": {}}},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_documents_come_back_equal(airflow: AirflowSession, document: object) -> None:
    run = flow(airflow, "echo", document)
    assert (run.status, run.error) == ("SUCCEEDED", None)
    assert run.output == document
    assert type(run.output) is type(document)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("left", {"picked": "left", "left": True, "right": True}),
        ("both", {"picked": "both", "both": [1, None]}),
        ("end", {"picked": "end"}),
    ],
)
def test_a_choice_hands_its_document_to_one_target(airflow: AirflowSession, to: str, expected: object) -> None:
    run = flow(airflow, "choose", {"to": to})
    assert (run.status, run.output) == ("SUCCEEDED", expected)


@pytest.mark.parametrize(
    ("input", "error"),
    [({"to": "fail"}, "Broken"), ({"to": "nowhere"}, "States.Runtime"), ({}, "States.Runtime"), ([], "States.Runtime")],
    ids=["Fail state", "no match", "missing field", "wrong type"],
)
def test_a_choice_fails_as_the_execution_would(airflow: AirflowSession, input: object, error: str) -> None:
    run = flow(airflow, "choose", input)
    assert (run.status, run.output, run.error) == ("FAILED", None, error)


@pytest.mark.parametrize(
    ("input", "output"),
    [
        ({}, {"outputs": ["long", [["A"], ["B"]]], "input": {}}),
        ({"short": 1}, {"outputs": [{"short": 1}, [["A"], ["B"]]], "input": {"short": 1}}),
        ({"fail": {"B": "Soft"}}, {"outputs": ["long", {"soft": "Soft"}], "input": {"fail": {"B": "Soft"}}}),
        (
            {"fail": {"B": "Hard"}},
            {"rescued": {"fail": {"B": "Hard"}, "error": {"Error": "Hard", "Cause": "cause of B"}}},
        ),
    ],
    ids=["both", "choice ends the branch", "caught inside", "caught outside"],
)
def test_parallel_in_parallel(airflow: AirflowSession, input: object, output: object) -> None:
    run = flow(airflow, "nested_parallel", input)
    assert (run.status, run.output) == ("SUCCEEDED", output)


def test_an_error_that_no_catch_covers_fails_the_execution(airflow: AirflowSession) -> None:
    run = flow(airflow, "nested_parallel", {"fail": {"A": "States.Timeout"}})
    assert (run.status, run.error, run.cause) == ("FAILED", "States.Timeout", "cause of A")


ITEMS = {
    "none": ([], []),
    "no objects": ([None, 0, "", [], "a"], [None, 0, "", [], "a"]),
    "all paths": (
        [
            {"n": 0},
            {"n": 1, "fail": {"Work": "Small"}},
            {"n": 2, "both": True},
            {"n": 3, "both": True, "fail": {"Right": "Any"}},
            {"n": 4, "both": True, "fail": {"Left 1": "Any"}},
            7,
        ],
        [
            {"n": 0, "path": ["Work", "After work"]},
            {"handled": "Small", "n": 1},
            {"n": 2, "both": ["Left 2", "Right"]},
            {"handled": "Any", "n": 3},
            {"handled": "Any", "n": 4},
            7,
        ],
    ),
    "reserved keys": (
        [{"n": 1, "__classname__": "x"}],
        [{"n": 1, "__classname__": "x", "path": ["Work", "After work"]}],
    ),
}


@pytest.mark.parametrize(("items", "outputs"), ITEMS.values(), ids=ITEMS.keys())
def test_map_items_take_their_own_paths(airflow: AirflowSession, items: object, outputs: object) -> None:
    run = flow(airflow, "map_everything", {"items": items, "note": "n"})
    assert (run.status, run.error) == ("SUCCEEDED", None)
    assert run.output == {"outputs": outputs, "input": "n"}


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({"n": 0, "fail": {"Work": "Big"}}, "Big"),
        ({"n": 0, "fail": {"After work": "Late"}}, "Late"),
        ({"both": True, "fail": {"Left 2": "Any"}}, None),
    ],
    ids=["first state", "after a catch", "handler fails on data"],
)
def test_a_failing_item_fails_the_map(airflow: AirflowSession, item: object, error: str | None) -> None:
    run = flow(airflow, "map_everything", {"items": [{"n": 9}, item]})
    if error:
        assert run.output == {"rescued": error, "cause": f"cause of {next(iter(item['fail']))}"}  # type: ignore[index]
    else:
        assert (run.status, run.error) == ("FAILED", "States.Runtime")


def test_map_in_parallel(airflow: AirflowSession) -> None:
    assert flow(airflow, "map_in_parallel", {"items": [1, 2]}).output == [[2, 4], "other"]
    assert flow(airflow, "map_in_parallel", {"items": []}).output == [[], "other"]


CATCHES = {
    "nothing fails": ({}, ["A", "B", "C"], {}),
    "handler is the next state": ({"A": "Same"}, ["B", "C"], {"error": {"Error": "Same", "Cause": "cause of A"}}),
    "first of two catchers to one handler": ({"A": "One"}, ["Shared", "C"], {"one": "One"}),
    "second of two catchers to one handler": ({"A": "Two"}, ["Shared", "C"], {"two": "Two"}),
    "later state, handler rejoins": (
        {"B": "Any"},
        ["A", "Shared", "C"],
        {"error": {"Error": "Any", "Cause": "cause of B"}},
    ),
}


@pytest.mark.parametrize(("fail", "path", "more"), CATCHES.values(), ids=CATCHES.keys())
def test_catch(airflow: AirflowSession, fail: dict[str, str], path: list[str], more: dict[str, object]) -> None:
    run = flow(airflow, "catches", {"fail": fail})
    assert (run.status, run.output) == ("SUCCEEDED", {"fail": fail, "path": path, **more})


@pytest.mark.parametrize(
    ("fail", "error"),
    [
        ({"A": "Other"}, "Other"),
        ({"A": "One", "Shared": "Worse"}, "Worse"),
        ({"B": "States.Runtime"}, "States.Runtime"),
        ({"B": "Any", "Shared": "Worse"}, "Worse"),
        ({"C": "Last"}, "Last"),
    ],
    ids=["not covered", "handler fails", "States.Runtime", "handler of a later state fails", "no catch"],
)
def test_uncaught_errors(airflow: AirflowSession, fail: dict[str, str], error: str) -> None:
    run = flow(airflow, "catches", {"fail": fail})
    assert (run.status, run.error) == ("FAILED", error)


@pytest.mark.parametrize(("error", "output"), [(None, {"path": ["Only"]}), ("One", "first"), ("Two", "second")])
def test_a_catch_as_the_last_state(airflow: AirflowSession, error: str | None, output: object) -> None:
    run = flow(airflow, "last_is_catch", {"fail": {"Only": error}} if error else {})
    assert (run.status, run.output) == ("SUCCEEDED", output)


def timing(airflow: AirflowSession, dag_id: str, input: object, replies: object = None) -> DagExecution:
    return airflow.run(DAGS / "timing.py", input, replies or {}, dag_id=dag_id)  # type: ignore[arg-type]


@pytest.fixture
def variables(airflow: AirflowSession) -> Iterator[None]:
    from airflow.models import Variable

    names = {"Table": "orders", "Attempts": "2", "Waited": '{"n": [1]}'}
    for name, value in names.items():
        Variable.set(name, value)
    yield
    for name in names:
        Variable.delete(name)


def errors(*names: str) -> list[dict[str, object]]:
    return [*({"error": name, "cause": "c"} for name in names), {"payload": "done"}]


RETRIES = {
    "two retriers count apart": (["A", "C", "B"], "done", [1, 5, 2]),
    "a retrier is exhausted": (["A", "B", "C", "B"], {"Error": "B", "Cause": "c"}, [1, 2, 5]),
    "no attempts": (["Never"], {"Error": "Never", "Cause": "c"}, []),
    "capped delay": (["Capped"] * 3, "done", [3, 4, 4]),
    "attempts from a Variable": (["Open"] * 3, {"Error": "Open", "Cause": "c"}, [7, 7]),
    "everything else": (["X", "X"], {"Error": "X", "Cause": "c"}, [9]),
    "a timeout": (["States.Timeout"], "done", [9]),
    "too much data (recorded: States.ALL covers it)": (["States.DataLimitExceeded"], "done", [9]),
}


@pytest.mark.parametrize(("failing", "result", "delays"), RETRIES.values(), ids=RETRIES.keys())
def test_retry(
    airflow: AirflowSession, variables: None, failing: list[str], result: object, delays: list[float]
) -> None:
    run = timing(airflow, "retries", {}, {"Work": errors(*failing)})
    assert run.output == (result if result == "done" else {"handled": result})
    assert run.retry_delays.get("Work", ()) == tuple(delays)
    assert len(run.calls) == len(delays) + 1


def test_full_jitter_is_below_the_delay(airflow: AirflowSession, variables: None) -> None:
    run = timing(airflow, "retries", {}, {"Work": errors("Jitter", "Jitter")})
    first, second = run.retry_delays["Work"]
    assert 0 <= first <= 100
    assert 0 <= second <= 200


def test_no_wildcard_covers_a_runtime_error(airflow: AirflowSession, variables: None) -> None:
    run = timing(airflow, "retries", {}, {"Work": errors("States.Runtime")})
    assert (run.status, run.error, run.retry_delays) == ("FAILED", "States.Runtime", {})


def test_a_call_that_takes_too_long(airflow: AirflowSession, variables: None) -> None:
    run = timing(airflow, "retries", {}, {"Work": [{"timeout": True}]})
    assert run.output["handled"]["Error"] == "States.Timeout"
    assert run.retry_delays["Work"] == (9,)


def test_waits_are_skipped_and_recorded(airflow: AirflowSession) -> None:
    run = timing(airflow, "waits", {"seconds": 90, "until": "2001-01-01T00:00:00.123456789+01:00"})
    assert run.output["items"] == [2, 4]
    assert run.output["waited"] is True
    assert run.waits["Hold"] == pytest.approx((90,), abs=2)
    assert "Until" not in run.waits
    assert run.waits["Item"] == pytest.approx((1, 2), abs=1)


@pytest.mark.parametrize("seconds", [-1, 1.5, True, "1", None, 100_000_000], ids=repr)
def test_bad_seconds(airflow: AirflowSession, seconds: object) -> None:
    run = timing(airflow, "waits", {"seconds": seconds, "until": "2001-01-01T00:00:00Z"})
    assert (run.status, run.error, run.waits) == ("FAILED", "States.Runtime", {})


@pytest.mark.parametrize(
    "text",
    [
        "2001-01-01t00:00:00Z",
        "2001-01-01T00:00:00z",
        "2001-01-01 00:00:00Z",
        "2001-01-01T00:00:00",
        "2001-13-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
        5,
    ],
)
def test_bad_timestamps(airflow: AirflowSession, text: object) -> None:
    run = timing(airflow, "waits", {"seconds": 0, "until": text})
    assert (run.status, run.error, run.waits) == ("FAILED", "States.Runtime", {})


@pytest.mark.parametrize(
    ("limit", "sleep", "output"), [(2, 0, "in time"), (1, 3, "States.Timeout")], ids=["in time", "late"]
)
def test_time_limit(airflow: AirflowSession, limit: int, sleep: int, output: str) -> None:
    assert timing(airflow, "limits", {"limit": limit, "sleep": sleep}).output == output


@pytest.mark.parametrize("limit", [0, -1, 1.5, "1", None, True], ids=repr)
def test_a_limit_must_be_a_positive_whole_number(airflow: AirflowSession, limit: object) -> None:
    assert timing(airflow, "limits", {"limit": limit, "sleep": 0}).error == "States.Runtime"


def test_execution_timeout_is_a_timeout(airflow: AirflowSession) -> None:
    assert timing(airflow, "static_limit", {}).error == "States.Timeout"


def test_settings_are_read_when_run(airflow: AirflowSession, variables: None) -> None:
    run = timing(airflow, "settings", {})
    assert run.output == {"text": "orders/orders", "json": {"n": [1]}, "region": "eu-west-1"}


def test_a_missing_variable_is_named(airflow: AirflowSession) -> None:
    run = timing(airflow, "settings", {})
    assert (run.status, run.error) == ("FAILED", "States.Runtime")
    assert "'Table'" in str(run.cause)


def test_context_object(airflow: AirflowSession) -> None:
    found = timing(airflow, "context", [1]).output
    assert found["Execution"]["Input"] == [1]
    assert found["State"] == {"Name": "Look", "RetryCount": 0, "EnteredTime": found["State"]["EnteredTime"]}
    assert found["StateMachine"] == {"Id": "context", "Name": "context"}
    for time in (found["Execution"]["StartTime"], found["State"]["EnteredTime"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("echo '{{ ti.task_id }}'", {"printed": "{{ ti.task_id }}", "literal": "{{ ti.task_id }}"}),
        ("exit 3", "States.TaskFailed"),
    ],
    ids=["nothing is rendered", "its failure"],
)
def test_operators_as_states(airflow: AirflowSession, command: str, output: object) -> None:
    assert timing(airflow, "operators", {"command": command}).output == output


@pytest.mark.parametrize(
    ("how", "output"),
    [
        ("fail exception", {"caught": {"Error": "States.TaskFailed", "Cause": "no more"}}),
        ("unknown", {"caught": {"Error": "States.TaskFailed", "Cause": "disk"}}),
        ("no name", {"caught": {"Error": None, "Cause": None}}),
        ("tuple", [1, {"2": "two"}]),
        ("surrogate", "\ud83d"),
        ("null", None),
    ],
)
def test_what_a_state_may_do(airflow: AirflowSession, how: str, output: object) -> None:
    run = timing(airflow, "failures", {"how": how})
    assert (run.status, run.output) == ("SUCCEEDED", output)


@pytest.mark.parametrize("how", ["nan", "set", "bytes", "key"])
def test_what_is_no_json_is_a_runtime_error(airflow: AirflowSession, how: str) -> None:
    run = timing(airflow, "failures", {"how": how})
    assert (run.status, run.error) == ("FAILED", "States.Runtime")


def test_a_parallel_is_retried_as_a_whole(airflow: AirflowSession) -> None:
    replies = {"Left": errors("Busy"), "Right": [{"result": {"MessageId": "m-1"}}, {"result": {"MessageId": "m-2"}}]}
    run = timing(airflow, "retried_parallel", {"n": 1}, replies)
    assert run.output == {"input": {"n": 1}, "outputs": ["done", "m-2"], "state": "Both"}
    assert run.retry_delays == {"Both": (4,)}
    names = {call.arguments["MessageBody"] for call in run.calls if call.state == "Right"}
    assert len(names) == 1, "both tries belong to one execution"


@pytest.mark.parametrize(
    ("failing", "delays"), [(["Busy"] * 3, (4, 8)), (["Broken"], ())], ids=["exhausted", "not retried"]
)
def test_the_error_of_a_child_is_caught(airflow: AirflowSession, failing: list[str], delays: tuple[float]) -> None:
    run = timing(airflow, "retried_parallel", [], {"Left": errors(*failing)})
    assert run.output == {"handled": {"Error": failing[0], "Cause": "c"}}
    assert run.retry_delays.get("Both", ()) == delays


def test_map_in_map(airflow: AirflowSession) -> None:
    run = timing(airflow, "nested_map", {"rows": [[1, 2], [], [3, -4], [5]]})
    assert run.output == [[10, 20], [], "Negative", [50]]


def test_a_lost_worker_is_a_failed_task(airflow: AirflowSession, monkeypatch: pytest.MonkeyPatch) -> None:
    task = airflow.dags(DAGS / "timing.py")["failures"].get_task("fail")
    monkeypatch.setattr(task, "on_failure_callback", [])
    run = timing(airflow, "failures", {"how": "unknown"})
    assert run.output == {"caught": {"Error": "States.TaskFailed", "Cause": "The worker was lost."}}
