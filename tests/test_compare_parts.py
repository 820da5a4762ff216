"""Parts of a comparison: recorded histories, billing of child executions, and the match of states with tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from goldens import CASES
from running import chain, machine_of, task

from sfn2airflow.task_shapes import shapes_of
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.compare.cost import Terms, standard
from sfn_airflow_core.compare.dag_file import read_dag_file
from sfn_airflow_core.compare.durations import Durations
from sfn_airflow_core.compare.environments import environments, mwaa
from sfn_airflow_core.compare.generated import generated_runs
from sfn_airflow_core.compare.history import load_histories, missing_children, read_history
from sfn_airflow_core.compare.latency import critical
from sfn_airflow_core.compare.overheads import Overheads
from sfn_airflow_core.compare.prices import packaged
from sfn_airflow_core.compare.quote import figure
from sfn_airflow_core.compare.scenarios import Scenario, read_scenarios, run_scenarios
from sfn_airflow_core.compare.steps import Run, Step, Workflow, plan
from sfn_airflow_core.compare.structure import Structure, match
from sfn_airflow_core.compare.usage import measure
from sfn_airflow_core.compare.walk import turned_once, walk
from sfn_airflow_core.interpreter import Replies, execute, history, read_replies

COMPARE = Path(__file__).parent.parent / "fixtures" / "compare"
TERMS = Terms(packaged().region("us-east-1"), 1000)
DEFAULT = Overheads()
ETL = read_text((COMPARE / "hourly_etl.asl.json").read_bytes(), "hourly_etl.asl.json").machine
assert ETL is not None


def distributed(kind: str) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
    inner = chain(task(), {"Type": "Pass"}, names="XY")
    return chain({"Type": "Map", "ItemProcessor": {**processor, **inner}})


def workflow(definition: dict[str, Any], input: Any, seconds: float = 1.0) -> Workflow:
    own = plan(machine_of(definition), 500)
    durations = Durations({"work": seconds})
    runs = run_scenarios(own, [Scenario("one", input, Replies())], durations)
    return Workflow("w", own, tuple(runs), "scenarios given", {})


def test_standard_children_of_a_distributed_map_are_billed_by_transition():
    usage = measure(workflow(distributed("STANDARD"), [1, 2, 3]), DEFAULT)
    assert (usage.own, usage.child_transitions, usage.requests) == (1, 6, 0)


def test_express_children_of_a_distributed_map_are_billed_by_request_and_time():
    usage = measure(workflow(distributed("EXPRESS"), [1, 2, 3], 0.25), DEFAULT)
    assert (usage.own, usage.child_transitions, usage.requests) == (1, 0, 3)
    assert usage.request_gb_seconds == pytest.approx(3 * 0.3 * 64 / 1024)
    labels = [item.label for item in standard(usage, TERMS).items]
    assert labels == ["state transitions", "child executions: requests", "child executions: duration, price 1"]


def test_a_walk_counts_as_many_items_as_are_assumed():
    own = plan(machine_of(distributed("EXPRESS")), 500)
    runs = walk(own, Durations({"work": 0.25}), 1000)
    usage = measure(Workflow("w", own, tuple(runs), "walk through the graph", {}), DEFAULT)
    assert (usage.own, usage.requests) == (1, 1000)
    assert usage.request_gb_seconds == pytest.approx(1000 * 0.3 / 16)


def test_a_walk_takes_every_way_out_of_a_choice_and_a_cycle_once():
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "A"}], "Default": "C"}
    definition = chain({"Type": "Pass"}, choice, {"Type": "Succeed"})
    runs = walk(plan(machine_of(definition), 100), Durations())
    assert [[step.at.rpartition("/")[2] for step in run.steps] for run in runs] == [["A", "B", "A", "B", "C"]]
    assert turned_once(plan(machine_of(definition), 100), runs, ()) == ["A", "B"]


POLLING: dict[str, Any] = {
    "StartAt": "Start",
    "States": {
        "Start": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:startJobRun", "Next": "Pause"},
        "Pause": {"Type": "Wait", "Seconds": 30, "Next": "Look"},
        "Look": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:getJobRun", "Next": "Ready?"},
        "Ready?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.State", "StringEquals": "SUCCEEDED", "Next": "Done"}],
            "Default": "Pause",
        },
        "Done": {"Type": "Succeed"},
    },
}


@pytest.mark.parametrize(("given", "rounds"), [({}, 10), ({"Pause": 61.0}, 3), ({"Pause": 1e9}, 4166)])
def test_a_polling_loop_turns_as_often_as_its_wait_fits_into_what_it_waits_for(given: dict[str, float], rounds: int):
    own, durations = plan(machine_of(POLLING), 100), Durations(given)
    (run,) = walk(own, durations)
    names = [step.at.rpartition("/")[2] for step in run.steps]
    assert names == ["Start", *["Pause", "Look", "Ready?"] * rounds, "Done"]
    poll = durations.polls["Pause"]
    assert (poll.rounds, poll.total, poll.given) == (rounds, given.get("Pause", 300), bool(given))
    assert turned_once(own, [run], durations.polls.values()) == []
    assert poll.cut is (rounds == 4166)  # 12,500 steps: no history has room for more


@pytest.mark.parametrize("rounds", [1, 3, 10])
def test_a_polling_loop_is_counted_as_it_would_run(rounds: int):
    own = plan(machine_of(POLLING), 100)
    answers = [{"result": {"State": "RUNNING"}}] * (rounds - 1) + [{"result": {"State": "SUCCEEDED"}}]
    replies = read_replies({"Start": {"result": {}}, "Look": answers})
    (ran,) = run_scenarios(own, [Scenario("one", {}, replies)], Durations())
    (walked,) = walk(own, Durations({"Pause": rounds * 30.0}))
    assert [step.at for step in walked.steps] == [step.at for step in ran.steps]
    assert walked.seconds == pytest.approx(ran.seconds)


def test_a_polling_loop_is_one_task_on_airflow_and_serverless_bills_its_whole_time():
    own, durations = plan(machine_of(POLLING), 100), Durations({"Pause": 300})
    runs = tuple(walk(own, durations))
    usage = measure(Workflow("w", own, runs, "walk through the graph", shapes_of(own.machine, "w", "w.json")), DEFAULT)
    assert usage.transitions == 1 + 10 * 3 + 1
    assert usage.tasks == 3  # Start, the sensor, Done
    assert usage.serverless_seconds == pytest.approx(60 + 10 * (30 + 0.1) + 60)
    assert usage.deferred_seconds == pytest.approx(10 * (30 + 0.1))


@pytest.mark.parametrize(
    "change",
    [
        {"Look": {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Next": "Ready?"}},
        {"Look": {"Type": "Pass", "Next": "Ready?"}},
        {"Look": {"Type": "Parallel", "Branches": [chain(task(), names="P")], "Next": "Ready?"}},
    ],
    ids=["a job", "no call", "a Parallel"],
)
def test_what_waits_itself_or_asks_nothing_is_no_poll(change: dict[str, Any]):
    own, durations = plan(machine_of({**POLLING, "States": {**POLLING["States"], **change}}), 100), Durations()
    walk(own, durations)
    assert durations.polls == {}


def test_a_hard_machine_ends_the_search_for_scenarios_at_its_bound():
    states: dict[str, Any] = {"End": {"Type": "Succeed"}}
    for n in range(40):
        onward = f"C{n + 1}" if n < 39 else "End"
        rule = {"Variable": f"$.v{n}", "StringMatches": "a*b*c", "Next": f"A{n}"}
        states[f"C{n}"] = {"Type": "Choice", "Choices": [rule], "Default": onward}
        states[f"A{n}"] = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": onward}
    own = plan(machine_of({"StartAt": "C0", "States": states}), 100)
    few, again = generated_runs(own, Durations(), 20_000), generated_runs(own, Durations(), 20_000)
    assert few.exhausted
    assert few == again
    assert not generated_runs(plan(machine_of(chain(task())), 100), Durations()).exhausted


def test_a_walk_comes_to_every_state_behind_nested_choices():
    rule = {"Variable": "$.n", "NumericEquals": 1}
    states = {
        "A": {"Type": "Choice", "Choices": [{**rule, "Next": "B"}], "Default": "End"},
        "B": {"Type": "Choice", "Choices": [{**rule, "Next": "C"}, {**rule, "Next": "D"}], "Default": "Bad"},
        "C": {"Type": "Pass", "End": True},
        "D": {"Type": "Pass", "End": True},
        "Bad": {"Type": "Fail"},
        "End": {"Type": "Succeed"},
    }
    runs = walk(plan(machine_of({"StartAt": "A", "States": states}), 100), Durations())
    assert [[step.at.rpartition("/")[2] for step in run.steps] for run in runs] == [
        ["A", "B", "C"],
        ["A", "End"],
        ["A", "B", "D"],
    ]
    assert {run.status for run in runs} == {"SUCCEEDED"}


def test_workers_are_added_for_bursts_and_for_steady_load():
    own = plan(machine_of(chain(task())), 100)
    wide = Run("r", 1.0, (Step("/States/A", (), 0.0, 600.0, 600.0, times=30),), 600.0)
    usage = measure(Workflow("w", own, (wide,), "recorded history", {}), DEFAULT)
    held = 600.0
    small, medium = environments(usage, TERMS)["small"], environments(usage, TERMS)["medium"]
    assert small.burst == pytest.approx(5 * (held + 120))
    few = TERMS.with_runs(10)
    assert mwaa(small, few, True).amount == pytest.approx(10 * 5 * (held + 120) / 3600 * 0.055)
    # 2,190 runs: 30 slots for 600.24 s, 2,190 times in 730 h: 15 on average
    assert small.steady(2190) == 3
    assert not small.carries(8000)
    assert medium.carries(8000)


def test_a_second_price_starts_after_a_thousand_gb_hours():
    from sfn_airflow_core.compare.cost import express

    own = plan(machine_of(chain(task())), 100)
    run = Run("r", 1.0, (Step("/States/A", (), 0.0, 100.0, 100.0),), 100.0)
    usage = measure(Workflow("w", own, (run,), "recorded history", {}), DEFAULT)
    each = 100 / 16
    runs = 1_000_000  # 1,736 GB-hours
    amount = express(usage, TERMS.with_runs(runs), ()).amount
    first, second = 3_600_000, runs * each - 3_600_000
    assert amount == pytest.approx(1.0 + first * 0.00001667 + second * 0.00000833)


def test_the_critical_path_goes_through_the_slowest_branch_and_all_waves_of_a_map():
    fast, slow = chain({"Type": "Wait", "Seconds": 1}, names="F"), chain({"Type": "Wait", "Seconds": 9}, names="S")
    inner = {"ItemProcessor": chain({"Type": "Wait", "Seconds": 2}, names="W"), "MaxConcurrency": 2}
    definition = chain({"Type": "Parallel", "Branches": [fast, slow]}, {"Type": "Map", **inner, "ItemsPath": "$"})
    own = plan(machine_of(definition), 100)
    (run,) = run_scenarios(own, [Scenario("one", {}, Replies())], Durations())
    found, path = critical(own, run, lambda step: 1.0, 0.1)
    assert path == ["A", "S", "B", "W"]
    assert (found.hops, found.work) == (4, 11)
    many = [
        Step("/States/B", (), 0, 8, 8),
        *(Step("/States/B/ItemProcessor/States/W", (("B", n),), 2.0 * (n // 2), 2, 2) for n in range(7)),
    ]
    found, _ = critical(own, Run("r", 1.0, tuple(many), 8), lambda step: 1.0, 0.1)
    assert (found.hops, found.work) == (1 + 4, 8)


def test_a_history_tells_the_same_as_the_interpreter(tmp_path: Path):
    own = plan(ETL, 100)
    durations = Durations({"List Files": 2, "Report": 0.25})
    scenarios = read_scenarios(json.loads((COMPARE / "hourly_etl.scenarios.json").read_text()), "s")
    (files, _) = run_scenarios(own, scenarios, durations)
    replies = {
        "List Files": {"payload": {"count": 4}, "after": 2},
        "Clean": [
            {"error": "Glue.ConcurrentRunsExceededException", "after": 1},
            {"result": {"JobRunState": "SUCCEEDED"}, "after": 240},
        ],
        "Report": {"result": {}, "after": 0.25},
    }
    events = history(execute(ETL, {"hour": "x"}, read_replies(replies)))
    run = read_history(events, own, "h")
    told = [(step.at, step.place, round(step.seconds, 3), round(step.busy, 3), step.tries) for step in run.steps]
    known = [(step.at, step.place, round(step.seconds, 3), round(step.busy, 3), step.tries) for step in files.steps]
    assert told == known
    assert (run.status, run.events) == (files.status, files.events)
    file = tmp_path / "two.jsonl"
    file.write_text("\n".join(json.dumps({"events": events}) for _ in range(2)), encoding="utf-8")
    assert len(load_histories(file, own)) == 2


def test_a_history_without_the_children_of_a_distributed_map_says_so():
    own = plan(machine_of(distributed("STANDARD")), 100)
    states = {"type": "MapStateEntered", "timestamp": 0, "stateEnteredEventDetails": {"name": "A"}}
    events = [{"id": 1, **states}, {"id": 2, "previousEventId": 1, "type": "ExecutionSucceeded", "timestamp": 60}]
    assert missing_children([read_history(events, own, "h")], own) == ["A"]
    whole = workflow(distributed("STANDARD"), [1, 2])
    assert missing_children(whole.runs, whole.plan) == []


def test_a_history_knows_iterations_and_branches():
    definition = chain(
        {"Type": "Map", "ItemProcessor": chain(task(), names="W")},
        {"Type": "Parallel", "Branches": [chain(task(), names="L"), chain({"Type": "Pass"}, names="R")]},
    )
    own = plan(machine_of(definition), 100)
    replies = read_replies({"*": {"result": {}, "after": 1}})
    run = read_history(history(execute(own.machine, [1, 2], replies)), own, "h")
    places = {(step.at.rpartition("/")[2], step.place) for step in run.steps}
    assert {("W", (("A", 0),)), ("W", (("A", 1),)), ("L", (("B", 0),)), ("R", (("B", 1),)), ("A", ())} <= places


def pair() -> Structure:
    data = (COMPARE / "sales_pair.asl.json").read_bytes()
    machine = read_text(data, "m.json").machine
    assert machine is not None
    return match(plan(machine, len(data)), read_dag_file((COMPARE / "sales_pair.py").read_bytes(), "sales_pair.py"))


def test_a_pair_written_independently_is_matched_with_evidence():
    found = pair()
    matched = {m.state: m.task for m in found.matches}
    assert matched == {
        "ExtractSales": "pull_sales",
        "TransformSales": "transform",
        "RefreshPartitions": "repair_table",
        "TrainForecast": "forecast",
        "NotifyTeam": "tell_team",
    }
    assert {m.sure for m in found.matches} == {"likely"}
    assert all(m.evidence for m in found.matches)
    assert found.only_machine == (
        "WaitForSettle (Wait)",
        "In Parallel (Parallel; its branches stand side by side in the DAG, too)",
    )
    assert found.only_dag == ("validate_rows (PythonOperator)",)
    assert found.edges == ()


def test_differences_of_a_pair_are_named():
    differences = {m.state: " | ".join(m.differences) for m in pair().matches}
    assert "4 retries, and 2" in differences["ExtractSales"]
    assert "timeout 300 s, and 600 s" in differences["ExtractSales"]
    assert "WorkGroup primary, and analytics" in differences["RefreshPartitions"]
    assert differences["NotifyTeam"] == ""


def test_the_schedule_of_a_dag_is_read():
    assert pair().dag.settings == {"schedule": "15 2 * * *", "catchup": True, "max_active_runs": 1}


@pytest.mark.parametrize("case", [case for case in CASES if (case / "machine.asl.json").exists()], ids=lambda c: c.name)
def test_a_generated_dag_is_matched_by_its_comments(case: Path):
    data = (case / "machine.asl.json").read_bytes()
    machine = read_text(data, "machine.asl.json").machine
    if machine is None:
        pytest.skip("not a machine without substitutions")
    found = match(plan(machine, len(data)), read_dag_file((case / "dag.py").read_bytes(), "dag.py"))
    assert {m.sure for m in found.matches} <= {"certain"}
    assert [(m.state, m.differences) for m in found.matches if m.differences] == []
    assert (found.edges, found.only_dag) == ((), ())


TASKFLOW = """
from airflow.sdk import dag, task, task_group

@task
def load(day): ...

@task(retries=5)
def clean(rows): ...

@dag(schedule=None)
def flow():
    rows = load("x")

    @task_group
    def each(row):
        clean(row)

    each.expand(row=rows) >> load.override(task_id="again")("y")

flow()
"""


def test_taskflow_groups_and_overrides_are_read():
    found = read_dag_file(TASKFLOW.encode(), "flow.py")
    assert set(found.tasks) == {"load", "each", "each.clean", "again"}
    assert found.tasks["each.clean"].retries == 5
    assert found.tasks["each"].mapped
    assert {("load", "each"), ("each", "again"), ("load", "each.clean"), ("each.clean", "again")} <= set(found.edges)


SHARED = """
LAMBDA_RETRY = Retrier("Lambda.ServiceException", interval=2, attempts=6)

@dag(schedule=None)
def flow():
    # ASL: #/States/Load
    @state("Load", **retry(Retrier("Never", attempts=0), LAMBDA_RETRY, Retrier("CardBusy")))
    def load(data):
        return data
"""


def test_a_retrier_that_tasks_share_is_read():
    load = read_dag_file(SHARED.encode(), "flow.py").tasks["load"]
    assert (load.retries, load.retry_delay) == (6, 2)
    general = SHARED.replace('"CardBusy"', '"States.ALL"')  # the one that a machine's retries are measured by, too
    assert read_dag_file(general.encode(), "flow.py").tasks["load"].retries == 3


def test_a_dag_file_is_never_run(tmp_path: Path):
    mark = tmp_path / "ran"
    source = f"""open({str(mark)!r}, "w")
from airflow.sdk import dag, task

@dag
def flow():
    @task
    def a(): open({str(mark)!r}, "w")
    a()

flow()
"""
    assert read_dag_file(source.encode(), "x.py").dag_id == "flow"
    assert not mark.exists()


@pytest.mark.parametrize(
    ("value", "text"), [(1234567.0, "1,234,567"), (0.00001667, "0.00001667"), (2.5, "2.5"), (0.1674277017, "0.16743")]
)
def test_figures_are_short_and_keep_prices_whole(value: float, text: str):
    assert figure(value) == text
