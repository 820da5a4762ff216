"""From the text of a generated DAG to its state machine."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace

from airflow2sfn.generated.in_jsonata import Jsonata
from airflow2sfn.generated.languages import is_jsonata
from airflow2sfn.generated.machines import Machines
from airflow2sfn.generated.paths.language import JsonPath
from airflow2sfn.generated.values import Unreadable
from airflow2sfn.generated.world import amount_of_time, dag_call, find_dag, keyword, world_of
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import QueryFlow
from sfn_airflow_core.findings import Fidelity


@dataclass(frozen=True, slots=True)
class Back:
    """A state machine that a DAG was made from.

    ``unread`` are by name the states that are not read back, which fail; ``translated`` those that were in JSONPath and
    say what only JSONata has words for, in which they may do otherwise.
    """

    machine: asl.Machine
    unread: Mapping[str, Unreadable]
    translated: frozenset[str]


def read_back(text: str, dag_id: str) -> Back:
    """The state machine that a generated DAG was made from; raises Unreadable where it is no such DAG."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable(f"the file: {error}") from None
    dag = find_dag(tree, dag_id)
    jsonata = is_jsonata(tree)
    machines = Machines(text.splitlines(), world_of(tree, Jsonata() if jsonata else JsonPath()), jsonata)
    try:
        machine = machines.machine(dag.body, "")
    except RecursionError:
        raise Unreadable("the file: it is nested too deeply", dag) from None
    call = dag_call(dag)
    limit = keyword(call.keywords, "dagrun_timeout") if call else None
    machine = replace(
        machine,
        query_language="JSONata" if all(isinstance(one.flow, QueryFlow) for one in machine.walk()) else None,
        comment=(ast.get_docstring(tree) or "").partition("\n")[0] or None,
        timeout_seconds=None if limit is None else int(amount_of_time(limit)),
    )
    return Back(machine, machines.unread, frozenset(machines.translated))


def states_of(text: str, dag_id: str) -> Mapping[str, Fidelity]:
    """How the states of a generated DAG come back, by their names; nothing of one that is no such DAG."""
    try:
        back = read_back(text, dag_id)
    except Unreadable:
        return {}
    return {state.name: _fidelity(state.name, back) for state in back.machine.walk()}


def _fidelity(name: str, back: Back) -> Fidelity:
    if name in back.unread:
        return Fidelity.UNSUPPORTED
    return Fidelity.APPROXIMATE if name in back.translated else Fidelity.EXACT
