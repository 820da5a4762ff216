"""What added order costs on shapes that are not series-parallel: critical paths of trees against the critical path.

    python -m benchmarks.series_parallel [--seed N]

The shapes in fixtures/series_parallel/shapes.json are rebuilt after kinds of DAGs that are in public use: side gates,
partial joins, cleanup that reads a part, crossing joins, shared steps, ladders. Durations are lognormal
(sigma 1) around 1; a task that only waits ends at such a time, however late it starts. The durations that score are
drawn apart from those that choose.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean

from sfn_airflow_core.flow.series_parallel import Decomposition, Tree, decompose, finish, levels
from sfn_airflow_core.flow.series_parallel_order import members, order_of

SHAPES = Path(__file__).parents[1] / "fixtures" / "series_parallel" / "shapes.json"
SCORED = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape; ``waiting`` are tasks that wait for something outside, whose delay is free."""

    name: str
    kind: str
    tasks: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    waiting: frozenset[str]

    def decompose(self) -> Decomposition[str]:
        """Its tree with unknown durations."""
        return decompose(self.tasks, self.edges, waiting=self.waiting)


def shapes() -> list[Shape]:
    """All shapes of the fixture."""
    result = []
    for entry in json.loads(SHAPES.read_text(encoding="utf-8")):
        edges = tuple((first, second) for first, second in entry["edges"])
        tasks = tuple(dict.fromkeys(task for edge in edges for task in edge))
        result.append(Shape(entry["name"], entry["kind"], tasks, edges, frozenset(entry["waiting"])))
    return result


def ratios(shape: Shape, trees: dict[str, Tree[str]], seed: int) -> dict[str, float]:
    """The mean ratio of each tree's time to the critical path of the shape."""
    random, order = Random(f"{seed} {shape.name}"), order_of(shape.tasks, shape.edges)
    found: dict[str, list[float]] = {name: [] for name in trees}
    for _ in range(SCORED):
        drawn = {task: math.exp(random.gauss(0, 1)) for task in shape.tasks}

        def end(name: str, start: float, drawn: dict[str, float] = drawn) -> float:
            return max(start, drawn[name]) if name in shape.waiting else start + drawn[name]

        ends: list[float] = []
        for element, name in enumerate(order.names):
            ends.append(end(name, max((ends[other] for other in members(order.before[element])), default=0.0)))
        for method, tree in trees.items():
            found[method].append(finish(tree, 0.0, end) / max(ends))
    return {method: fmean(values) for method, values in found.items()}


def measure(seed: int, show: Callable[[str], None] = lambda line: None) -> dict[str, float]:
    """The mean over all shapes of each method's ratio."""
    total: dict[str, list[float]] = {}
    for shape in shapes():
        started = time.perf_counter()
        done = shape.decompose()
        took = time.perf_counter() - started
        found = ratios(shape, {"levels": levels(shape.tasks, shape.edges), "cuts": done.tree}, seed)
        pairs = sum(len(added.pairs) for added in done.added)
        show(
            f"{len(shape.tasks):5} {found['levels']:7.3f} {found['cuts']:7.3f} {pairs:6} {took:6.2f}  "
            f"{shape.name} ({shape.kind})"
        )
        for method, value in found.items():
            total.setdefault(method, []).append(value)
    return {method: fmean(values) for method, values in total.items()}


def main() -> None:
    """Prints a line for each shape, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print("tasks  levels    cuts  pairs      s  shape")
    means = measure(arguments.seed, print)
    print(f" mean {means['levels']:7.3f} {means['cuts']:7.3f}")


if __name__ == "__main__":
    main()
