"""How fast the reference interpreter executes machines, beside moto's interpreter in the same run.

    python benchmarks/interpreter.py [--seconds 3]

Both execute the same definitions with the same inputs and no service calls: a five-state machine of Pass and Choice, a
loop of 1,000 rounds, and a Map over 100 items. The machine is read once; an execution includes everything else, the
history of events too. moto's interpreter is driven directly (no server, no thread); where it is not installed, it is
left out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import execute, prepare

FIVE_STATES = {
    "StartAt": "Order",
    "States": {
        "Order": {"Type": "Pass", "Result": {"currency": "EUR"}, "ResultPath": "$.meta", "Next": "Large?"},
        "Large?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.total", "NumericGreaterThan": 100, "Next": "Review"}],
            "Default": "Accept",
        },
        "Review": {"Type": "Pass", "Parameters": {"id.$": "$.id", "total.$": "$.total"}, "Next": "Label"},
        "Accept": {"Type": "Pass", "Next": "Label"},
        "Label": {"Type": "Pass", "Parameters": {"text.$": "States.Format('order {}', $.id)"}, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}
LOOP = {
    "StartAt": "Add",
    "States": {
        "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough?"},
        "Enough?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 1000, "Next": "Add"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}
MAP = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 1,
            "ItemProcessor": {
                "StartAt": "Shape",
                "States": {"Shape": {"Type": "Pass", "Parameters": {"value.$": "$"}, "End": True}},
            },
            "End": True,
        }
    },
}
MACHINES: dict[str, tuple[dict[str, Any], Any]] = {
    "five states": (FIVE_STATES, {"id": 7, "total": 250}),
    "loop of 1,000": (LOOP, {"n": 0}),
    "Map over 100": (MAP, {"items": list(range(100))}),
}


def ours(definition: dict[str, Any], value: Any) -> Callable[[], Any]:
    """One execution in the reference interpreter; returns its output."""
    machine = read_text(json.dumps(definition), "benchmark.json").machine
    assert machine is not None
    program = prepare(machine)

    def once() -> Any:
        execution = execute(program, value)
        assert execution.status == "SUCCEEDED", execution.cause
        return execution.output

    return once


def motos(definition: dict[str, Any], value: Any) -> Callable[[], Any]:
    """One execution in moto's interpreter; raises ImportError where moto is not installed, or has been rearranged."""
    from moto.stepfunctions.parser.asl.eval.environment import Environment
    from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails
    from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
    from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded
    from moto.stepfunctions.parser.asl.eval.states import ContextObjectData, ExecutionData, StateMachineData
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    program = AmazonStateLanguageParser.parse(json.dumps(definition))[0]
    account, role = "123456789012", "arn:aws:iam::123456789012:role/r"
    details = AWSExecutionDetails(account=account, region="us-east-1", role_arn=role)
    names = {"Id": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "Name": "m"}

    def once() -> Any:
        execution = ExecutionData(
            Id="arn:aws:states:us-east-1:123456789012:execution:m:e",
            Input=value,
            Name="e",
            RoleArn=role,
            StartTime="2026-01-01T00:00:00Z",
        )
        environment = Environment(
            aws_execution_details=details,
            execution_type="STANDARD",
            context=ContextObjectData(Execution=execution, StateMachine=StateMachineData(**names)),
            event_history_context=EventHistoryContext.of_program_start(),
            cloud_watch_logging_session=None,
            activity_store={},
        )
        program.eval(environment)
        assert isinstance(environment.program_state(), ProgramEnded), environment.program_state()
        return environment.states.get_input()

    return once


def rate(once: Callable[[], Any], seconds: float) -> float:
    """Executions a second, over at least ``seconds`` and three executions; the first one is not counted."""
    once()
    count, start = 0, time.perf_counter()
    while count < 3 or time.perf_counter() - start < seconds:
        once()
        count += 1
    return count / (time.perf_counter() - start)


def main() -> None:
    """Print a table of both interpreters and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="for each measurement (default 3)")
    seconds = parser.parse_args().seconds
    print(f"{'machine':<16}{'executions/s':>14}{'moto':>10}{'ratio':>9}")
    for name, (definition, value) in MACHINES.items():
        mine = ours(definition, value)
        measured = rate(mine, seconds)
        try:
            other = motos(definition, value)
            if other() != mine():
                raise AssertionError(f"moto's output differs: {other()}")
            theirs = rate(other, seconds)
            print(f"{name:<16}{measured:>14.1f}{theirs:>10.1f}{measured / theirs:>8.1f}x")
        except (ImportError, TypeError, AttributeError) as error:
            print(f"{name:<16}{measured:>14.1f}{'-':>10}   moto left out: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
