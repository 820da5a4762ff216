"""Series-parallel decomposition: what was ordered stays ordered, and only what is reported is added."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.series_parallel import Shape, measure, shapes
from sfn_airflow_core.flow.series_parallel import (
    Cyclic,
    Decomposition,
    Fork,
    Sequence,
    Step,
    Tree,
    decompose,
    makespan,
    names,
    ordered,
    reduce_edges,
)
from sfn_airflow_core.flow.series_parallel_order import members, order_of

Edges = list[tuple[str, str]]


def tree(text: str) -> tuple[Tree[str], Decomposition[str]]:
    """Decomposes ``a>b,c>d e>d``."""
    edges: Edges = []
    for chain in text.split():
        for left, right in itertools.pairwise(chain.split(">")):
            edges += itertools.product(left.split(","), right.split(","))
    done = decompose(dict.fromkeys(task for edge in edges for task in edge), edges)
    return done.tree, done


def shown(tree: Tree[str]) -> str:
    match tree:
        case Step(name):
            return name
        case Sequence(parts):
            return " ".join(shown(part) for part in parts)
        case Fork(branches):
            return f"({' | '.join(shown(branch) for branch in branches)})"


def closure(tasks: list[str], edges: Edges) -> set[tuple[str, str]]:
    order = order_of(tasks, edges)
    return {(order.names[before], name) for i, name in enumerate(order.names) for before in members(order.before[i])}


@st.composite
def dags(draw: st.DrawFn) -> tuple[list[str], Edges]:
    count = draw(st.integers(1, 11))
    tasks = draw(st.permutations([f"t{n}" for n in range(count)]))
    pairs = list(itertools.combinations(tasks, 2))
    kept = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3 * count)) if pairs else []
    return sorted(tasks), kept


def check(tasks: list[str], edges: Edges, done: Decomposition[str]) -> None:
    original = closure(tasks, edges)
    final = closure(tasks, list(ordered(done.tree)))
    reported = {pair for added in done.added for pair in added.pairs}
    assert sorted(names(done.tree)) == sorted(tasks), "every task once"
    assert original <= final, "every constraint is kept"
    assert final - original == reported, "what is added is reported, and nothing else"
    direct = [pair for added in done.added for pair in added.direct]
    assert closure(tasks, edges + direct) == final, "the direct pairs say it all"
    assert all(added.price >= -1e-9 for added in done.added)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a>b>c", "a b c"),
        ("a>b,c>d", "a (b | c) d"),
        ("a,b>c,d", "(a | b) (c | d)"),
        ("a>b>c a>c", "a b c"),
        ("a>b c>d", "(a b | c d)"),
        ("s>a>b>e s>c,d>e", "s (a b | c | d) e"),
    ],
)
def test_series_parallel_orders_need_nothing(text: str, expected: str) -> None:
    found, done = tree(text)
    assert shown(found) == expected
    assert done.added == ()


def test_one_task_alone() -> None:
    assert decompose(["a"], []).tree == Step("a")


def test_nothing_is_no_tree() -> None:
    with pytest.raises(ValueError, match="no task"):
        decompose([], [])


def test_the_n_gets_one_constraint_and_its_price() -> None:
    found, done = tree("a>c a>d b>d")
    assert shown(found) in {"(a | b) (c | d)", "a (c | b d)", "(a c | b) d"}
    (added,) = done.added
    assert len(added.pairs) == 1
    assert 0 < added.price < 0.2


def test_known_durations_choose_the_cut() -> None:
    edges = [("a", "c"), ("a", "d"), ("b", "d")]
    late = decompose("abcd", edges, durations={"a": 1, "b": 9, "c": 9, "d": 1})
    assert shown(late.tree) == "a (b d | c)" or shown(late.tree) == "a (c | b d)"
    assert late.added[0].price == pytest.approx(1 / 10)


def test_waiting_goes_next_to_what_waits() -> None:
    edges = [("a", "b"), ("b", "c"), ("gate", "b"), ("a", "x"), ("x", "c")]
    done = decompose(["a", "b", "c", "x", "gate"], edges, waiting=["gate"])
    assert shown(done.tree) in {"a (gate b | x) c", "a (x | gate b) c"}
    assert done.added[0].price == 0


def test_a_cycle_is_refused_by_name() -> None:
    with pytest.raises(Cyclic) as caught:
        decompose("abc", [("a", "b"), ("b", "c"), ("c", "b")])
    assert caught.value.names == ("b", "c")


def test_reduction_keeps_what_no_longer_way_replaces() -> None:
    edges = [("a", "b"), ("a", "c"), ("b", "c"), ("a", "d"), ("c", "d")]
    assert reduce_edges("abcd", edges) == [("a", "b"), ("b", "c"), ("c", "d")]


@given(dags())
@settings(derandomize=True, max_examples=150, deadline=None)
def test_laws_on_random_orders(dag: tuple[list[str], Edges]) -> None:
    tasks, edges = dag
    done = decompose(tasks, edges)
    check(tasks, edges, done)
    assert done == decompose(tasks, list(reversed(edges))), "the order of edges does not matter"


@given(dags(), st.data())
@settings(derandomize=True, max_examples=60, deadline=None)
def test_prices_add_up_with_known_durations(dag: tuple[list[str], Edges], data: st.DataObject) -> None:
    tasks, edges = dag
    durations = {task: data.draw(st.integers(1, 20)) for task in tasks}
    done = decompose(tasks, edges, durations=durations)
    order, ends = order_of(tasks, edges), dict[str, float]()
    for element, name in enumerate(order.names):
        ends[name] = durations[name] + max((ends[order.names[b]] for b in members(order.before[element])), default=0)
    grown = max(ends.values())
    for added in done.added:
        grown *= 1 + added.price
    assert makespan(done.tree, durations.__getitem__) == pytest.approx(grown)


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.name)
def test_laws_on_shapes(shape: Shape) -> None:
    done = shape.decompose()
    check(list(shape.tasks), list(shape.edges), done)
    assert done.added, "the fixture holds shapes that are not series-parallel"


def test_critical_paths_grow_by_five_percent_at_most() -> None:
    means = measure(seed=7)
    assert means["cuts"] <= 1.05
    assert means["levels"] > means["cuts"] + 0.05, "level synchronisation is the thing to beat"


def test_hundreds_of_tasks_in_a_row_and_side_by_side() -> None:
    row = [f"r{n}" for n in range(300)]
    side = [f"s{n}" for n in range(300)]
    done = decompose(row + side, [*itertools.pairwise(row), *((row[-1], name) for name in side)])
    assert isinstance(done.tree, Sequence)
    assert len(done.tree.parts) == 301
