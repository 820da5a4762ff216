"""Compares compiled JSONata with jsonata-python on the same documents, in one run.

    python -m benchmarks.jsonata [--seconds 0.3]

jsonata-python parses each expression once and evaluates it as it does by default. Compiled code is run with the
document as a state has it (arrays as ``Many``). Prints evaluations per second, the ratios and their geometric mean.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import libcst as cst

from sfn2airflow.expressions import Scope, write_python
from sfn_airflow_core.expr.read_jsonata import read_jsonata

DOCUMENT = {
    "order": {"id": "o-17", "lines": [{"sku": f"s{n}", "price": n + 0.5, "quantity": n % 3} for n in range(5)]},
    "customer": {"name": "Ada", "country": "CH", "vip": True},
    "status": "OPEN",
    "retries": 2,
}
EXPRESSIONS = {
    "path": "$states.input.order.id",
    "deep path": "$states.input.customer.name",
    "equality": "$states.input.status = 'OPEN'",
    "comparison": "$states.input.retries < 3",
    "arithmetic": "$states.input.retries + 1",
    "condition": "$states.input.status = 'OPEN' ? $states.input.order.id : 'none'",
    "text": "'order ' & $states.input.order.id & ' of ' & $states.input.customer.name",
    "object": "{'id': $states.input.order.id, 'name': $uppercase($states.input.customer.name)}",
    "names over a list": "$states.input.order.lines.sku",
    "filter": "$states.input.order.lines[quantity > 1].sku",
    "sum of products": "$sum($states.input.order.lines.(price * quantity))",
}
Json = Any


def compiled(text: str) -> Callable[[], Json]:
    """The compiled expression, as a function of nothing."""
    runtime: dict[str, Any] = {"functions": import_module("sfn2airflow.runtime.functions")}
    for name in ("query_data", "query_values"):
        runtime |= vars(import_module(f"sfn2airflow.runtime.{name}"))
    code = write_python(read_jsonata(text), Scope())
    source = cst.Module(body=()).code_for_node(code.node)
    given = {need: runtime[need] for need in code.needs}
    data = runtime["queryable"](DOCUMENT)
    exec(compile(f"def evaluate(data):\n    return {source}", "compiled", "exec"), given)
    return lambda: given["evaluate"](data)


def by_jsonata_python(text: str) -> Callable[[], Json]:
    """The same by jsonata-python, parsed once."""
    from jsonata import Jsonata  # type: ignore[import-untyped]

    expression = Jsonata(text)
    frame = expression.create_frame()
    frame.bind("states", {"input": DOCUMENT})
    return lambda: expression.evaluate(None, frame)


def rate(function: Callable[[], Json], seconds: float) -> float:
    """Evaluations per second: the best of three turns."""
    best = 0.0
    for _ in range(3):
        count, began, turns = 0, time.perf_counter(), 1
        while (spent := time.perf_counter() - began) < seconds / 3:
            for _ in range(turns):
                function()
            count += turns
            turns = min(turns * 2, 1000)
        best = max(best, count / spent)
    return best


def main() -> int:
    """Prints the table; exit code 1 if the geometric mean of the ratios is below 50."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=0.3)
    seconds = options.parse_args().seconds
    ratios = []
    print(f"{'expression':20} {'compiled/s':>12} {'jsonata-python/s':>17} {'ratio':>7}")
    for name, text in EXPRESSIONS.items():
        ours, theirs = compiled(text), by_jsonata_python(text)
        assert ours() == theirs(), (name, ours(), theirs())
        fast, slow = rate(ours, seconds), rate(theirs, seconds)
        ratios.append(fast / slow)
        print(f"{name:20} {fast:12,.0f} {slow:17,.0f} {fast / slow:6.0f}x")
    mean = statistics.geometric_mean(ratios)
    print(f"geometric mean {mean:.0f}x, least {min(ratios):.0f}x, median {statistics.median(ratios):.0f}x")
    return int(mean < 50)


if __name__ == "__main__":
    sys.exit(main())
