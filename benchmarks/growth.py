"""How the time of a translation grows with the size of a definition, up to the service's limit of 1 MB.

    python -m benchmarks.growth

The ratio of the time per state of the largest machine to that of the smallest: 1 is linear.
"""

from __future__ import annotations

import json
import time
from typing import Any

from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources

SIZES = (100, 200, 400, 800, 1600, 2500)
"""Rounds of a Task and a Choice."""


def machine(rounds: int) -> str:
    """A long chain: in every round a Task with Retry, then a Choice that leaves or goes on."""
    states: dict[str, Any] = {"End": {"Type": "Succeed"}}
    for number in range(rounds):
        onward = f"Work {number + 1}" if number + 1 < rounds else "End"
        states[f"Work {number}"] = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "work", "Payload": {"id.$": "$.order.id", "number": number}},
            "ResultPath": f"$.result{number}",
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}],
            "Next": f"Check {number}",
        }
        states[f"Check {number}"] = {
            "Type": "Choice",
            "Choices": [{"Variable": f"$.result{number}.Payload", "StringEquals": "stop", "Next": "End"}],
            "Default": onward,
        }
    return json.dumps({"StartAt": "Work 0", "States": states})


def main() -> None:
    """Prints bytes, seconds and time per state for every size, and the ratio."""
    translate_text(machine(3), "warm.asl.json")
    each = []
    for rounds in SIZES:
        text = machine(rounds)
        started = time.process_time()
        translation = translate_text(text, "chain.asl.json")
        seconds = time.process_time() - started
        assert translation.text is not None
        began = time.perf_counter()
        format_sources([translation.text])
        states = 2 * rounds + 1
        each.append(seconds / states)
        print(
            f"{len(text):>9,} bytes  {states:>5} states  {seconds:6.2f} s  {1000 * seconds / states:.2f} ms a state  "
            f"formatter {time.perf_counter() - began:.2f} s"
        )
    print(f"time per state, largest to smallest: {each[-1] / each[0]:.2f} (1 is linear)")


if __name__ == "__main__":
    main()
