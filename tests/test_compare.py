"""The command ``compare`` as a user runs it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from command import CLEAN, Run, put
from test_compare_parts import POLLING

from sfn_airflow_core.compare.breakeven import SHORT

FIXTURES = Path(__file__).parent.parent / "fixtures"
COMPARE = FIXTURES / "compare"
WORKFLOWS = ("hourly_etl", "express_api", "nightly_fan_out", "approval")


def arguments(name: str) -> list[str]:
    found = [str(COMPARE / f"{name}.asl.json"), "--scenarios", str(COMPARE / f"{name}.scenarios.json")]
    durations = COMPARE / f"{name}.durations.json"
    return [*found, "--durations", str(durations)] if durations.exists() else found


def compared(call: Run, *args: str) -> Any:
    code, out, err = call("compare", *args, "--format", "json")
    assert code == 0, err
    return json.loads(out)


def one(call: Run, *args: str) -> Any:
    return compared(call, *args)["workflows"][0]


def amounts(report: Any) -> dict[str, float]:
    return {quote["option"]: quote["amount"] for quote in report["cost"]["options"]}


def test_the_worked_example_of_the_documentation_is_right_to_the_cent(call: Run, root: Path):
    report = one(call, *arguments("hourly_etl"), "--runs-per-month", "7300")
    by_hand = {
        "sfn-standard": (7300 * (0.75 * 6 + 0.25 * 3) - 4000) * 0.000025,
        "sfn-express": 7300 * 0.000001 + 7300 * (0.75 * 303.3 + 0.25 * 2.0) * 64 / 1024 * 0.00001667,
        "mwaa-small": 730 * 0.49 + 10 * 0.10,
        "mwaa-small-marginal": 0.0,
        "mwaa-serverless": 7300 * (0.75 * (60 + 60 + 241 + 60 + 60) + 0.25 * (60 + 60 + 60)) / 3600 * 0.08,
    }
    text = (root / "docs" / "compare.md").read_text(encoding="utf-8")
    for option, amount in by_hand.items():
        assert round(amounts(report)[option], 2) == round(amount, 2), option
        assert f"${amount:,.2f}" in text, option
    assert report["usage"]["transitions"] == 5.25


def test_every_item_of_a_bill_adds_up_and_shows_its_numbers(call: Run):
    report = one(call, *arguments("nightly_fan_out"), "--runs-per-month", "30.4")
    for quote in report["cost"]["options"]:
        assert quote["amount"] == pytest.approx(sum(item["amount"] for item in quote["items"]))
        assert all("{" not in item["formula"] and item["formula"] for item in quote["items"])


def test_explain_shows_formulas_and_the_share_of_every_state(call: Run):
    code, out, _ = call("compare", *arguments("hourly_etl"), "--runs-per-month", "7300", "--explain")
    assert code == 0
    assert "max(0, 7,300 runs × 5.25 transitions − 4,000 free) × $0.000025" in out
    assert re.search(r"^Clean +0\.75 +1\.5 ", out, re.M)
    assert re.search(r"^sum +4\.5 +5\.25 ", out, re.M)
    # 730 × 0.29 + 10 × 0.10 = 212.70 = (runs × 5.25 − 4000) × 0.000025
    runs = int((212.70 / 0.000025 + 4000) / 5.25) + 1
    dear = f"{(runs * 5.25 - 4000) * 0.000025:,.6f}"
    assert re.search(rf"^ *{runs:,} runs +Standard \${dear} +new MWAA \$212\.700000$", out, re.M)


def test_tasks_one_after_the_other_hold_one_slot(call: Run):
    assert one(call, *arguments("hourly_etl"))["usage"]["peak_tasks"] == 1
    assert one(call, *arguments("nightly_fan_out"))["usage"]["peak_tasks"] == 40


def test_retries_are_billed(call: Run):
    assert one(call, *arguments("hourly_etl"))["usage"]["retries"] == 0.75


def test_every_iteration_of_a_map_is_billed_and_2000_items_exceed_what_airflow_maps(call: Run):
    report = one(call, *arguments("nightly_fan_out"), "--runs-per-month", "30")
    assert report["usage"]["transitions"] == 1 + 1 + 2000 * 2 + 1
    over = [limit["what"] for limit in report["limits"] if limit["status"] == "over"]
    assert over == ["items of a mapped task, max_map_length"]
    history = next(limit for limit in report["limits"] if limit["what"] == "history")
    assert 15_000 < history["value"] < 25_000
    assert history["margin"] == pytest.approx(1 - history["value"] / 25_000)


def test_three_million_requests_are_cheapest_on_express(call: Run):
    report = one(call, *arguments("express_api"), "--runs-per-month", "3000000")
    costs = amounts(report)
    tenths = 0.9 * 0.1 + 0.1 * 0.5  # 20 ms, and 450 ms, each rounded up to 100 ms
    assert costs["sfn-express"] == pytest.approx(3.0 + 3e6 * tenths / 16 * 0.00001667)
    assert costs["sfn-express"] < 10 < 200 < costs["sfn-standard"]
    assert "Cost decides" in report["cost"]["verdict"]
    assert "Express" in report["cost"]["verdict"]


def test_an_approval_waits_without_cost_on_either_side_and_cannot_be_express(call: Run):
    report = one(call, *arguments("approval"))
    express = next(quote for quote in report["cost"]["options"] if quote["option"] == "sfn-express")
    assert not express["possible"]
    assert "Ask" in express["excluded"][0]
    assert report["usage"]["slot_seconds"] < 10 < 36_000 < report["usage"]["seconds"]
    rows = {row["dimension"]: row["workflow"] for row in report["architecture"]}
    assert rows["human approval and callbacks"] == "1 callback: Ask"
    assert rows["loops"] == "1 back transition: Remind → Ask"


def test_deferred_tasks_are_held_by_the_triggerers_of_a_class(call: Run):
    report = one(call, *arguments("approval"), "--runs-per-month", "1e6")
    found = next(limit for limit in report["limits"] if limit["what"].startswith("deferred tasks"))
    assert (found["what"], found["of"]) == ("deferred tasks, small", "on average; micro is not published")
    assert found["value"] == pytest.approx(1e6 * report["usage"]["deferred_seconds"] / (730 * 3600))
    assert (found["status"], found["limit"]) == ("queues", 120)
    serverless = next(limit for limit in report["limits"] if limit["what"] == "runs at once")
    assert (serverless["status"], serverless["limit"]) == ("queues", 20)
    assert serverless["value"] == pytest.approx(1e6 * report["usage"]["seconds"] / (730 * 3600))


def test_the_break_even_is_where_both_cost_the_same(call: Run):
    report = one(call, *arguments("express_api"))
    pairs = {(row["first"], row["second"]): row for row in report["cost"]["break_even"]}
    row = pairs["sfn-standard", "mwaa"]
    for runs, dearer in ((row["runs_per_month"] - 1, False), (row["runs_per_month"], True)):
        again = one(call, *arguments("express_api"), "--runs-per-month", str(runs))
        environment = amounts(again)[f"mwaa-{again['cost']['mwaa_class']}"]
        if dearer:
            assert row["amounts"] == pytest.approx([amounts(again)["sfn-standard"], environment])
        assert (amounts(again)["sfn-standard"] > environment + 1e-6) is dearer
    assert len(pairs) == 10


def test_a_class_breaks_even_before_it_is_too_small(call: Run):
    report = one(call, *arguments("nightly_fan_out"))
    # by hand: 730 × 0.29 + 10 × 0.10 = 212.70 = (runs × 4003 − 4000) × 0.000025; a micro environment carries 2,661 runs
    assert report["cost"]["standard_costs_more_from"]["micro"] == int((212.70 / 0.000025 + 4000) / 4003) + 1 == 2127
    pairs = {(row["first"], row["second"]): row for row in report["cost"]["break_even"]}
    assert pairs["sfn-standard", "mwaa"]["runs_per_month"] == 2127
    assert pairs["mwaa", "mwaa-marginal"] == {
        "first": "mwaa", "second": "mwaa-marginal", "runs_per_month": None, "cheaper_then": "mwaa-marginal",
        "amounts": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "runs", "by_hand"),
    [
        # mwaa-cost-iam.md, B4: 1 M × 2 s × 64 MB, five transitions
        ("five", 1e6, {"sfn-express": 3.08, "sfn-standard": 124.90}),
        # ten tasks of a minute at least, once an hour: 730 × 600 / 3600 × 0.08; 730 × 10 − 4,000 transitions
        ("ten", 730, {"mwaa-serverless": 9.73, "sfn-standard": 0.08, "mwaa-micro": 212.70, "mwaa-2xlarge": 2891.80}),
    ],
)
def test_published_figures_come_out(call: Run, name: str, runs: float, by_hand: dict[str, float]):
    wait = {"Type": "Wait", "Seconds": 2, "Next": "1"}
    count = {"five": 5, "ten": 10}[name]
    states: dict[str, Any] = {str(n): {"Type": "Pass", "Next": str(n + 1)} for n in range(count - 1)}
    states |= {"0": wait if name == "five" else states["0"], str(count - 1): {"Type": "Pass", "End": True}}
    put("m.json", {"StartAt": "0", "States": states})
    found = amounts(one(call, "m.json", "--runs-per-month", str(runs)))
    assert {option: round(found[option], 2) for option in by_hand} == by_hand


def test_more_runs_than_any_environment_carries_are_said_so(call: Run):
    report = one(call, *arguments("nightly_fan_out"), "--runs-per-month", "1e9")
    assert report["cost"]["mwaa_class"] is None
    assert report["cost"]["verdict"] == "No MWAA environment carries so many runs; Step Functions Express does."


def test_sensitivity_is_the_cost_of_a_tenth_and_ten_times_the_runs(call: Run):
    report = one(call, *arguments("hourly_etl"), "--runs-per-month", "7300")
    for factor, runs in (("x0.1", "730"), ("x1", "7300"), ("x10", "73000")):
        again = one(call, *arguments("hourly_etl"), "--runs-per-month", runs)
        assert report["cost"]["sensitivity"]["sfn-standard"][factor] == pytest.approx(amounts(again)["sfn-standard"])


@pytest.mark.parametrize("name", WORKFLOWS)
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_part_is_in_every_format(call: Run, name: str, form: str):
    code, out, err = call("compare", *arguments(name), "--format", form)
    assert (code, err) == (0, "")
    if form == "json":
        report = json.loads(out)
        assert report["schema_version"] == 1
        assert {"cost", "limits", "latency", "architecture"} <= report["workflows"][0].keys()
        assert len(report["workflows"][0]["architecture"]) >= 24
    else:
        assert all(title in out for title in ("Cost per month", "Limits", "Latency", "Architecture"))
        assert "Cost" in out
        assert max(map(len, out.splitlines())) <= 120 or form == "markdown"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_report_begins_with_the_answer(call: Run, name: str):
    code, out, _ = call("compare", *arguments(name))
    assert code == 0
    title, verdict = out.splitlines()[:2]
    assert (title, verdict.partition(" ")[0]) == (name, "Cost")
    assert re.search(r"^(No limit of .* is near\.|(Over|Near) a limit: .*; see Limits\.)$", out, re.M)


def test_every_dimension_says_something_of_this_workflow(call: Run):
    put("m.json", CLEAN)
    one_state = {row["dimension"]: row["workflow"] for row in one(call, "m.json")["architecture"]}
    approval = {row["dimension"]: row["workflow"] for row in one(call, *arguments("approval"))["architecture"]}
    assert len(one_state) >= 24
    assert one_state["loops"] == "nothing here: no state leads back"
    for name, text in one_state.items():
        assert re.search(r"[a-z]", text.removeprefix("nothing here")), name
    assert sum(one_state[name] != approval[name] for name in one_state) >= 18


def test_every_pair_and_every_limit_is_in_the_text(call: Run):
    code, out, _ = call("compare", *arguments("hourly_etl"))
    assert code == 0
    told, report = " ".join(out.split()), one(call, *arguments("hourly_etl"))
    for limit in report["limits"]:
        assert limit["what"] in told
    pairs = out.split("break-even")[1].split("Limits")[0]
    turning = [row for row in report["cost"]["break_even"] if row["runs_per_month"]]
    assert len(re.findall(r"^\S.* / .* [\d,]+ ", pairs, re.M)) == len(turning)
    for winner in {row["cheaper_then"] for row in report["cost"]["break_even"] if not row["runs_per_month"]} - {None}:
        assert f"At any number of runs {SHORT[winner]} is cheaper than" in pairs


def test_latency_follows_the_critical_path(call: Run):
    args = [*arguments("hourly_etl"), "--overhead", "step-functions=0.1", "--overhead", "mwaa=4"]
    latency = one(call, *args)["latency"]
    assert latency["path"] == ["List Files", "Any Files?", "Clean", "Report", "Done"]
    assert (latency["transitions"], latency["tasks"]) == (6, 6)
    assert latency["seconds"]["step-functions"] == pytest.approx(303.25 + 6 * 0.1)
    assert latency["seconds"]["mwaa"] == pytest.approx(303.25 + 6 * 4)


def test_several_machines_share_one_environment(call: Run):
    for number in range(3):
        put(f"flows/{number}.asl.json", CLEAN)
    put("runs.json", {"0": 1_000_000, "2.asl.json": 10})
    report = compared(call, "flows", "--runs", "runs.json", "--runs-per-month", "100")
    assert [part["runs_per_month"] for part in report["workflows"]] == [1_000_000, 100, 10]
    total = report["total"]
    assert total["runs_per_month"] == 1_000_110
    assert amounts(total)["sfn-standard"] == pytest.approx((1_000_110 - 4000) * 0.000025)
    assert amounts(total)["mwaa-small"] == amounts(report["workflows"][1])["mwaa-small"]
    code, out, _ = call("compare", "flows")
    assert code == 0
    assert re.search(r"^total +2,190 ", out, re.M)


def test_a_hundred_dags_need_a_class_that_holds_them(call: Run):
    for number in range(60):
        put(f"flows/{number}.asl.json", CLEAN)
    assert compared(call, "flows")["total"]["cost"]["mwaa_class"] == "medium"


def test_without_scenarios_ordinary_ways_are_taken_and_said_so(call: Run):
    report = one(call, str(COMPARE / "express_api.asl.json"))
    assert report["origin"] == "scenarios generated"
    assert any("takes 1 s (Compute)" in text for text in report["assumed"])
    assert not any(run["problem"] for run in report["runs"])
    fan_out = one(call, str(COMPARE / "nightly_fan_out.asl.json"), "--items", "500")
    assert fan_out["origin"] == "walk through the graph"
    assert fan_out["usage"]["transitions"] == 3 + 500 * 2


def test_a_bound_that_is_reached_is_said_and_paths_are_walked(call: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfn_airflow_core.shell.comparing.MOST_STEPS", 50)
    code, out, err = call("compare", str(COMPARE / "express_api.asl.json"))
    assert (code, err) == (0, "")
    told = " ".join(out.split())
    assert "The search for scenarios ended at its bound of 50 steps, before every state was come to" in told
    assert "walk through the graph" in told


def test_a_loop_that_nobody_knows_turns_once_and_that_is_said(call: Run):
    more = {"Variable": "$.n", "NumericLessThan": 30_000, "Next": "A"}
    states = {
        "A": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "B"},
        "B": {"Type": "Choice", "Choices": [more], "Default": "C"},
        "C": {"Type": "Wait", "Seconds": 1, "Next": "D"},
        "D": {"Type": "Choice", "Choices": [{**more, "Next": "C"}], "Default": "E"},
        "E": {"Type": "Succeed"},
    }
    put("m.json", {"StartAt": "A", "States": states})
    assert "a loop turns once (A, B, C and 1 more)" in one(call, "m.json")["assumed"]


def test_the_rounds_of_a_polling_loop_can_be_traced(call: Run):
    put("m.json", POLLING)
    put("d.json", {"Pause": 600})
    code, out, err = call("compare", "m.json", "--durations", "d.json", "--explain")
    assert (code, err) == (0, "")
    assert "The loop around Pause polls for 600 s (given) / 30 s a round = 20 rounds." in " ".join(out.split())
    assert re.search(r"^Look +20 +20 +1 ", out, re.M)
    assert "Start → 20 × (Pause → Look → Ready?) → Done" in " ".join(out.split())
    code, out, err = call("compare", "m.json", "--explain")
    assert "polls for 300 s (assumed; --durations with this name tells it) / 30 s" in " ".join(out.split())
    report = one(call, "m.json")
    assert "a polling loop takes 300 s (Pause)" in report["assumed"]


BAD: dict[str, tuple[list[str], str]] = {
    "negative runs": (["m.json", "--runs-per-month", "-5"], "must be more than 0"),
    "no runs": (["m.json", "--runs-per-month", "0"], "must be more than 0"),
    "runs are not a number": (["m.json", "--runs-per-month", "nan"], "must be more than 0"),
    "unknown region": (["m.json", "--region", "mars-1"], "no prices for region 'mars-1'"),
    "region with gaps": (["m.json", "--region", "ap-northeast-1"], "no row for"),
    "price file without a row": (["m.json", "--prices", "short.json"], "no row for mwaa.serverless.task-hour"),
    "price file is not there": (["m.json", "--prices", "none.json"], "No such file"),
    "price file is no table": (["m.json", "--prices", "m.json"], "must be an object with"),
    "negative price": (["m.json", "--prices", "negative.json"], "not negative"),
    "bad duration": (["m.json", "--durations", "bad_durations.json"], "'A': seconds"),
    "bad scenario": (["m.json", "--scenarios", "list.json"], "scenario 0: must be an object"),
    "bad weight": (["m.json", "--scenarios", "weight.json"], "'weight' must be a positive number"),
    "no history": (["m.json", "--history", "m.json"], "no history"),
    "history of another machine": (["m.json", "--history", "other_history.json"], "enters 'B'"),
    "overhead": (["m.json", "--overhead", "mars=1"], "there are step-functions"),
    "overhead without a number": (["m.json", "--overhead", "mwaa=soon"], "seconds between"),
    "dag that is none": (["m.json", "empty.py"], "no task of an Airflow DAG"),
    "dag that is not Python": (["m.json", "broken.py"], "broken.py:1: not Python"),
    "two machines and scenarios": (["m.json", "n.json", "--scenarios", "list.json"], "belongs to one workflow"),
    "no machine": (["empty.py"], "Name a state machine"),
    "items": (["m.json", "--items", "0"], "--items 0"),
    "verify without scenarios": (["m.json", "empty.py", "--verify"], "--verify needs"),
}


@pytest.mark.parametrize(("args", "message"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_clear_message(call: Run, args: list[str], message: str):
    put("m.json", CLEAN)
    put("n.json", CLEAN)
    rows = json.loads((Path(__file__).parent.parent / "sfn_airflow_core/compare/prices.json").read_text())["rows"]
    mine = [row for row in rows if row["region"] == "us-east-1"]
    put("short.json", {"schema_version": 1, "rows": [row for row in mine if "serverless" not in row["item"]]})
    put("negative.json", {"schema_version": 1, "rows": [{**mine[0], "price": "-1"}]})
    put("bad_durations.json", {"A": -1})
    put("list.json", [3])
    put("weight.json", {"input": {}, "weight": 0})
    event = {"id": 1, "type": "PassStateEntered", "timestamp": 0, "stateEnteredEventDetails": {"name": "B"}}
    put("other_history.json", {"events": [event]})
    put("empty.py", "x = 1\n")
    put("broken.py", "def (\n")
    code, out, err = call("compare", *args)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_a_broken_machine_is_named_and_the_others_are_compared(call: Run):
    put("flows/good.asl.json", CLEAN)
    put("flows/bad.asl.json", {"StartAt": "A", "States": {}})
    code, out, err = call("compare", "flows")
    assert code == 2
    assert "bad.asl.json:" in err
    assert out.startswith("good\n")


def test_a_name_that_no_run_meets_is_pointed_out(call: Run):
    put("m.json", CLEAN)
    put("durations.json", {"Nowhere": 3})
    code, _, err = call("compare", "m.json", "--durations", "durations.json")
    assert code == 0
    assert "no run comes to a state, task or resource 'Nowhere'" in err


def test_replies_that_nobody_asks_for_are_pointed_out(call: Run):
    put("m.json", POLLING)
    asked = ("Look", "Look#3", "aws-sdk:glue:startJobRun", "Extract", "*")
    put("s.json", {"input": {}, "replies": {name: {"result": {"State": "SUCCEEDED"}} for name in asked}})
    code, _, err = call("compare", "m.json", "--scenarios", "s.json")
    assert code == 0
    assert err.splitlines() == ["warning: s.json: no state asks for replies of 'Extract'"]


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_names_are_data(call: Run, form: str):
    name = "<b>|*x*|\x1b[31m{runs}`"
    put("m.json", {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}})
    code, out, _ = call("compare", "m.json", "--explain", "--format", form)
    assert code == 0
    assert "\x1b" not in out
    assert form == "text" or "<b>" not in out


def test_the_public_collection_is_compared_in_15_seconds(call: Run, corpus: Path):
    started = time.process_time()  # the machine may be busy with other things
    report = compared(call, str(corpus / "state-machines" / "step-functions-workflows-collection"))
    assert time.process_time() - started < 15
    assert len(report["workflows"]) == 157
    assert all(part["usage"]["transitions"] >= 1 for part in report["workflows"])
