"""Arranges the edges of a flow as paths that read like the picture: the main way first, then the others."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_airflow_core.dag.model import Edge, Flow


def chains(flow: Flow, *, first: str | None = None) -> Iterator[tuple[str, ...]]:
    """Paths that together use every edge once, as task ids with the edges' labels between them.

    A label is told from a task id by its leading ``"#"``. ``first`` is a task in front of the start.
    """
    ways: dict[str, list[Edge]] = {}
    for edge in flow.edges:
        ways.setdefault(edge.source, []).append(edge)
    starts = [flow.start, *(node.task_id for node in flow.nodes), *(catch.task_id for catch in flow.catches)]
    for start in dict.fromkeys(starts):
        while ways.get(start):
            path = [first] if first and start == flow.start else []
            first = first if not path else None
            yield (*path, *_follow(start, ways))
    if first:
        yield (first, flow.start)


def _follow(start: str, ways: dict[str, list[Edge]]) -> list[str]:
    """From ``start`` along unused edges for as long as there is one; a task that chooses starts paths of its own."""
    path = [start]
    while ways.get(path[-1]) and (len(path) == 1 or not any(edge.label for edge in ways[path[-1]])):
        edge = ways[path[-1]].pop(0)
        path += [f"#{edge.label}", edge.target] if edge.label else [edge.target]
    return path
