"""Compares compiled expressions with jsonpath-ng and jsonata-python on the same documents, in one run.

    python -m benchmarks.expressions [--seconds 0.5]

Both libraries parse each expression once and evaluate it as they do by default. Compiled code is timed where it stands
in a generated task: an expression in a function whose local variable ``data`` is the document as a state has it (in
JSONata, arrays as ``Many``). Prints evaluations per second, the ratios and their geometric means,
and ends with 1 if one of these is below 50.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import timeit
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import libcst as cst

from sfn2airflow.expressions.compile import Scope, write_python
from sfn_airflow_core.expr.model import Expr
from sfn_airflow_core.expr.read_jsonata import read_jsonata
from sfn_airflow_core.expr.read_jsonpath import read_path

DOCUMENT = {
    "order": {"id": "o-17", "lines": [{"sku": f"s{n}", "price": n + 0.5, "quantity": n % 3} for n in range(5)]},
    "customer": {"name": "Ada", "country": "CH", "vip": True},
    "status": "OPEN",
    "retries": 2,
}
PATHS = {
    "name": "$.status",
    "path": "$.order.id",
    "element": "$.order.lines[2].sku",
    "slice": "$.order.lines[1:3]",
    "names over a list": "$.order.lines[*].sku",
    "filter": "$.order.lines[?(@.quantity > 1)]",
    "filter, then a name": "$.order.lines[?(@.quantity > 1)].sku",
    "everywhere": "$..sku",
}
QUERIES = {
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
_TURN = 0.002
Json = Any


@dataclass(frozen=True)
class Evaluation:
    """An expression of Python, timed where it stands: in a function, with ``data`` as its local variable."""

    source: str
    names: dict[str, Json]
    document: Json

    def value(self) -> Json:
        return eval(self.source, {**self.names, "data": self.document})  # our own source

    def rate(self, seconds: float) -> float:
        """Evaluations per second in the fastest of many short turns: others on the machine make the rest slower."""
        timer = timeit.Timer(self.source, "data = document", globals={**self.names, "document": self.document})
        count = 1
        while (spent := timer.timeit(count)) < _TURN / 2:
            count *= 2
        return count / min(timer.repeat(max(int(seconds / spent), 3), count))


def compiled(expr: Expr, *modules: str, document: Json) -> Evaluation:
    """The compiled expression, as it stands in a generated task."""
    runtime: dict[str, Any] = {"functions": import_module("sfn2airflow.runtime.functions")}
    for name in modules:
        runtime |= vars(import_module(f"sfn2airflow.runtime.{name}"))
    code = write_python(expr, Scope())
    source = cst.Module(body=()).code_for_node(code.node)
    return Evaluation(source, {need: runtime[need] for need in code.needs}, document)


def by_jsonpath_ng(text: str) -> Evaluation:
    """A path by jsonpath-ng, with its extensions, parsed once; one value of a definite path, otherwise a list."""
    from jsonpath_ng.ext import parse  # type: ignore[import-untyped]

    found = "path.find(data)[0].value" if read_path(text).definite else "[match.value for match in path.find(data)]"
    return Evaluation(found, {"path": parse(text)}, DOCUMENT)


def by_jsonata_python(text: str) -> Evaluation:
    """An expression by jsonata-python, parsed once."""
    from jsonata import Jsonata  # type: ignore[import-untyped]

    expression = Jsonata(text)
    frame = expression.create_frame()
    frame.bind("states", {"input": DOCUMENT})
    return Evaluation("expression.evaluate(None, frame)", {"expression": expression, "frame": frame}, DOCUMENT)


def compare(rival: str, pairs: dict[str, tuple[Evaluation, Evaluation]], seconds: float) -> float:
    """Prints a table of ours and theirs; gives the geometric mean of the ratios."""
    print(f"{'expression':20} {'compiled/s':>12} {rival + '/s':>17} {'ratio':>7}")
    ratios = []
    for name, (ours, theirs) in pairs.items():
        assert ours.value() == theirs.value(), (name, ours.value(), theirs.value())
        fast, slow = ours.rate(seconds), theirs.rate(seconds)
        ratios.append(fast / slow)
        print(f"{name:20} {fast:12,.0f} {slow:17,.0f} {fast / slow:6.0f}x")
    mean = statistics.geometric_mean(ratios)
    print(f"geometric mean {mean:.0f}x, least {min(ratios):.0f}x, median {statistics.median(ratios):.0f}x\n")
    return mean


def main() -> int:
    """Prints both tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=0.5)
    seconds = options.parse_args().seconds
    many = import_module("sfn2airflow.runtime.query_values").queryable(DOCUMENT)
    paths = {n: (compiled(read_path(t), "data", document=DOCUMENT), by_jsonpath_ng(t)) for n, t in PATHS.items()}
    modules = ("query_data", "query_values")
    queries = {
        n: (compiled(read_jsonata(t), *modules, document=many), by_jsonata_python(t)) for n, t in QUERIES.items()
    }
    means = [compare("jsonpath-ng", paths, seconds), compare("jsonata-python", queries, seconds)]
    return int(min(means) < 50)


if __name__ == "__main__":
    sys.exit(main())
