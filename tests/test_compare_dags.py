"""``airflow2sfn compare`` as a user runs it, and what both commands take from a DAG file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from choosing import CHOOSING, choice
from command import CLEAN, Run, put

from airflow2sfn.cli import cli
from sfn2airflow.task_shapes import shapes_of
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.compare.dag_file import DagFileError, read_dag_file
from sfn_airflow_core.compare.schedule import runs_a_month
from sfn_airflow_core.compare.translated import translated_shapes
from sfn_airflow_core.shell.group import run

COMPARE = Path(__file__).parent.parent / "fixtures" / "compare"


@pytest.fixture
def airflow2sfn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs airflow2sfn in an empty folder; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: (run(cli, "airflow2sfn", "0.0", [*args]), *capsys.readouterr())


PAIR, MACHINE = str(COMPARE / "sales_pair.py"), str(COMPARE / "sales_pair.asl.json")

FLOW = """
from datetime import timedelta
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, task

DEFAULTS = {"retries": 5, "retry_delay": timedelta(minutes=10), "pool": "warehouse"}

with DAG("nightly", schedule="0 3 * * *", max_active_runs=2, default_args=DEFAULTS, on_failure_callback=print):
    wait = S3KeySensor(task_id="wait_for_file", bucket_name="in", bucket_key="day.csv")

    @task.branch
    def how(rows=2000):
        if rows > 1000:
            return "big"
        return "small"

    big = GlueJobOperator(task_id="big", job_name="load-big", deferrable=True, outlets=[Asset("s3://out/day")])
    small = GlueJobOperator(task_id="small", job_name="load-small", deferrable=True)
    done = EmptyOperator(task_id="done", trigger_rule="none_failed_min_one_success")
    reports = [GlueJobOperator(task_id=f"report_{n}", job_name=f"report-{n}", deferrable=True) for n in range(2)]
    wait >> how() >> [big, small] >> done >> reports
"""


def compared(airflow2sfn: Run, *args: str) -> Any:
    code, out, err = airflow2sfn("compare", *args, "--format", "json")
    assert code == 0, err
    return json.loads(out)["workflows"]


def rows(part: Any) -> dict[str, str]:
    return {row["dimension"]: row["workflow"] for row in part["architecture"]}


def test_a_dag_alone_is_compared_with_its_translation(airflow2sfn: Run):
    put("nightly.py", FLOW)
    (part,) = compared(airflow2sfn, "nightly.py")
    assert (part["name"], part["structure"]) == ("nightly", None)
    assert part["runs_per_month"] == pytest.approx(365.25 / 12, rel=0.002)
    assert part["runs_from"] == "the DAG's schedule '0 3 * * *'"
    assert part["usage"]["transitions"] > 3
    # wait_for_file, how, one of two loads, and two reports in each run; what is empty or skipped does not run
    assert part["usage"]["tasks"] == 5
    assert part["usage"]["skipped_tasks"] == 0
    # the sensor becomes a call that answers at once, in a loop that waits 60 s a round
    assert "a polling loop takes 300 s (wait_for_file: not yet)" in part["assumed"]
    (poll,) = part["polls"]
    assert (poll["rounds"], poll["seconds"], poll["given"]) == (5, 60, False)
    serverless = next(quote for quote in part["cost"]["options"] if quote["option"] == "mwaa-serverless")
    told = " ".join(serverless["excluded"])
    assert "no branches: how" in told
    assert "trigger rules are ignored: done" in told
    assert "at most 3 retries" in told
    assert "pools are ignored" in told


def test_the_architecture_has_the_facts_of_the_dag(airflow2sfn: Run):
    put("nightly.py", FLOW)
    here = rows(compared(airflow2sfn, "nightly.py")[0])
    assert here["schedule"] == "the DAG's schedule: 0 3 * * *"
    assert "DAG: 1 sensor: wait_for_file" in here["longest run and waits"]
    assert "max_active_runs=2; pools: wait_for_file (warehouse)" in here["concurrency between runs"]
    assert here["data awareness"] == "DAG: 1 task with assets: big"
    assert "DAG: 1 branching task: how" in here["branches"]
    assert "trigger rules: done (none_failed_min_one_success)" in here["errors"]
    assert "on_failure_callback" in here["events and alerts of single steps"]


def test_a_sensor_that_pokes_holds_a_worker_and_a_deferred_job_does_not(airflow2sfn: Run):
    put("nightly.py", FLOW)
    put("seconds.json", {"wait_for_file": 600, "how": 0, "big": 3600, "small": 60, "report_0": 60, "report_1": 60})
    (part,) = compared(airflow2sfn, "nightly.py", "--durations", "seconds.json")
    assert 600 <= part["usage"]["slot_seconds"] < 605
    (poll,) = part["polls"]
    assert (poll["total_seconds"], poll["rounds"], poll["given"]) == (600, 10, True)
    put("nightly.py", FLOW.replace('bucket_key="day.csv"', 'bucket_key="day.csv", mode="reschedule"'))
    (part,) = compared(airflow2sfn, "nightly.py", "--durations", "seconds.json")
    assert part["usage"]["slot_seconds"] < 5


def test_both_commands_say_the_same_of_a_pair(call: Run, airflow2sfn: Run):
    code, out, err = call("compare", MACHINE, PAIR, "--format", "json")
    assert code == 0, err
    (ours,) = json.loads(out)["workflows"]
    (theirs,) = compared(airflow2sfn, PAIR, MACHINE)
    assert ours.pop("name") == "sales_pair"
    assert theirs.pop("name") == "daily_sales"
    assert ours == theirs


@pytest.mark.parametrize("name", ["approval", "hourly_etl", "nightly_fan_out"])
def test_a_generated_dag_counts_the_same_from_either_side(call: Run, airflow2sfn: Run, name: str):
    machine = str(COMPARE / f"{name}.asl.json")
    assert call("convert", machine, "-o", "dags", "-q")[0] == 0
    code, out, err = call("compare", machine, f"dags/{name}.py", "--format", "json")
    assert code == 0, err
    (ours,) = json.loads(out)["workflows"]
    (theirs,) = compared(airflow2sfn, f"dags/{name}.py", machine)
    assert {row["sure"] for row in theirs["structure"]["matches"]} == {"certain"}
    assert theirs == ours
    (alone,) = compared(airflow2sfn, f"dags/{name}.py")
    assert alone["usage"] == ours["usage"]
    assert alone["notes"] == [f"The state machine is what dags/{name}.py was made from, read back from it."]


def test_without_a_translation_states_are_counted_by_rule(monkeypatch: pytest.MonkeyPatch):
    machine = read_text((COMPARE / "approval.asl.json").read_bytes(), "m").machine
    assert machine is not None
    assert translated_shapes(machine, "m", "m") == shapes_of(machine, "m", "m")
    monkeypatch.setattr("sfn_airflow_core.compare.translated.entry_points", lambda group: ())
    assert translated_shapes(machine, "m", "m") == {}


def test_the_report_on_a_pair_begins_with_what_differs(call: Run):
    code, out, _ = call("compare", MACHINE, PAIR)
    assert code == 0
    assert (
        out.splitlines()[3] == "5 states have a task in the DAG, 4 with differences; 3 on one side only; see Structure."
    )


def test_the_airflow_side_of_a_pair_is_the_dag_itself(call: Run):
    code, out, _ = call("compare", MACHINE, PAIR, "--format", "json")
    assert code == 0
    (part,) = json.loads(out)["workflows"]
    # six tasks of the DAG, not the seven of a translation; jobs hold workers, because nothing says deferrable
    assert part["usage"]["tasks"] == 6
    assert part["usage"]["slot_seconds"] == pytest.approx(6 * 0.24 + 1 + 3 * 300 + 0.1 + 1)
    assert part["latency"]["task_path"] == ["pull_sales", "transform", "validate_rows", "repair_table", "tell_team"]
    assert part["latency"]["tasks"] == 5


def test_a_loop_and_a_factory_are_read_as_airflow_would(call: Run):
    put("made.py", FLOW)
    found = read_dag_file(FLOW.encode(), "made.py")
    assert {"report_0", "report_1"} <= found.tasks.keys()
    assert found.tasks["report_1"].arguments["job_name"] == "report-1"
    assert (found.tasks["big"].retries, found.tasks["big"].retry_delay) == (5, 600)
    assert found.tasks["how"].ways == [("big", "rows > 1000"), ("small", "")]


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("@hourly", 730),
        ("*/15 * * * *", 4 * 730),
        ("0 6 * * 1-5", 730 / 24 * 5 / 7),
        ("0 0 1 * *", 12 / 365.25 * 730 / 24),
        ("0 0 * * SUN,WED", 730 / 24 * 2 / 7),
        ("0 0 29 FEB *", 1 / 1461 * 730 / 24),
        (7200.0, 365),
    ],
)
def test_a_schedule_tells_how_often_a_dag_runs(schedule: Any, runs: float):
    assert runs_a_month(schedule) == pytest.approx(runs, rel=0.003)


@pytest.mark.parametrize(
    "schedule", [None, "@once", "@continuous", "0 0 L * *", "0 25 * * *", "x", ["s3://a"], True, 0]
)
def test_what_is_no_cron_expression_tells_nothing(schedule: Any):
    assert runs_a_month(schedule) is None


def test_several_dags_give_a_table_with_totals(airflow2sfn: Run):
    put("dags/a.py", FLOW)
    put("dags/b.py", CHOOSING)
    put("dags/helpers.py", "# of the airflow dags\nx = 1\n")
    code, out, err = airflow2sfn("compare", "dags")
    assert (code, err) == (0, "")
    assert out.startswith("2 workflows\n")
    assert "nightly" in out
    assert "Runs a month: assumed: once an hour (1), the DAG's schedule (1)." in out
    assert "total" in out


def test_names_that_are_the_same_are_told_apart_by_their_paths(call: Run):
    put("one/flow.asl.json", CLEAN)
    put("two/flow.asl.json", CLEAN)
    code, out, _ = call("compare", "one", "two", "--format", "json")
    assert code == 0
    assert [part["name"] for part in json.loads(out)["workflows"]] == ["one/flow.asl.json", "two/flow.asl.json"]


BAD = {
    "no dag": (["m.json"], "Name a DAG"),
    "not there": (["nowhere.py"], "nowhere.py: error: No such file"),
    "no dag in it": (["empty.py"], "no task of an Airflow DAG found"),
    "not Python": (["broken.py"], "broken.py:1: not Python"),
    "ours, with nothing in it": (["ours.py"], "no task of an Airflow DAG found"),
    "two machines": (["flow.py", "m.json", "n.json"], "Name one state machine, not 2"),
    "two dags and a machine": (["flow.py", "nightly.py", "m.json"], "compared with one DAG file, not 2"),
    "unknown dag": (["flow.py", "--dag-id", "x"], "there is no DAG 'x', only choosing"),
    "verify alone": (["flow.py", "--verify"], "--verify needs a state machine"),
    "negative runs": (["flow.py", "--runs-per-month", "-1"], "must be more than 0"),
    "unknown region": (["flow.py", "--region", "mars-1"], "no prices for region 'mars-1'"),
    "scenarios for two": (["flow.py", "nightly.py", "--scenarios", "s.json"], "belongs to one workflow"),
}


@pytest.mark.parametrize(("args", "message"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_clear_message(airflow2sfn: Run, args: list[str], message: str):
    put("m.json", CLEAN)
    put("n.json", CLEAN)
    put("s.json", [{"input": {}}])
    put("flow.py", CHOOSING)
    put("nightly.py", FLOW)
    put("empty.py", "x = 1\n")
    put("broken.py", "def (\n")
    put("ours.py", "# ASL: #/States/A\nx = 1\n")
    code, out, err = airflow2sfn("compare", *args)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_without_a_reader_of_dag_files_only_generated_ones_are_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfn_airflow_core.compare.dag_file.entry_points", lambda group: ())
    with pytest.raises(DagFileError, match="no reader of DAG files is installed"):
        read_dag_file(FLOW.encode(), "flow.py")


def test_two_dags_in_a_file_have_to_be_told_apart(call: Run):
    two = CHOOSING + CHOOSING.replace("choosing", "other")
    with pytest.raises(DagFileError, match=r"holds 2 DAGs \(choosing, other\): say which with --dag-id"):
        read_dag_file(two.encode(), "two.py")
    assert read_dag_file(two.encode(), "two.py", "other").dag_id == "other"
    put("two.py", two)
    put("m.json", choice(5))
    code, out, _ = call("compare", "m.json", "two.py", "--dag-id", "other")
    assert code == 0
    assert "two.py, DAG other: 3 states have a task" in out


def test_a_narrow_terminal_gets_lines_in_place_of_broken_words(call: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfn_airflow_core.shell.comparing.columns", lambda: 80)
    code, out, _ = call("compare", MACHINE, PAIR)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "  this workflow " in out
    assert "Retry and Catch by error name" in out


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_names_in_a_dag_are_data(call: Run, form: str):
    name = "<b>|*x*|\\x1b[31m{runs}`"
    put("m.json", choice(5))
    put("named.py", CHOOSING.replace("@task\n    def stop", f'@task(task_id="{name}")\n    def stop'))
    code, out, _ = call("compare", "m.json", "named.py", "--format", form)
    assert code == 0
    assert "\x1b" not in out
    assert form == "text" or "<b>" not in out
