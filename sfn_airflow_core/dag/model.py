"""An Airflow DAG as values: the tasks and groups that stand for the states of a machine, and how they are wired.

``translate`` makes it from a machine, ``write`` makes Python of it. Names here are Airflow's (``task_id``); what a task
computes is kept as expressions (``sfn_airflow_core.expr``), not as text. A variable of the generated file and the task
id are the same word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sfn_airflow_core.asl.model import Amount, Pointer, Retrier
from sfn_airflow_core.expr.model import Expr

Assign: TypeAlias = tuple[tuple[str, Expr], ...]
"""Names of variables and what is assigned to them."""


@dataclass(frozen=True, slots=True)
class Shaping:
    """The JSONPath data flow around the work of a state.

    ``input_path`` and ``output_path``: ``None`` is the identity, otherwise an expression over the value that arrives
    there. ``parameters`` and ``selector`` are templates; ``result_path`` says where the result is put into the state's
    raw input: ``$`` replaces it, ``None`` drops the result. ``assign`` are variables over the unshaped result.

    With ``query``, the data flow of a JSONata state: ``parameters`` are its Arguments, ``output`` its Output, and the
    other fields are not there.
    """

    input_path: Expr | None = None
    parameters: Expr | None = None
    selector: Expr | None = None
    result_path: str | None = "$"
    output_path: Expr | None = None
    assign: Assign = ()
    output: Expr | None = None
    query: bool = False


@dataclass(frozen=True, slots=True)
class CallWork:
    """A request to an AWS service by ASL's name of the action, such as ``dynamodb:updateItem``."""

    action: str


@dataclass(frozen=True, slots=True)
class FunctionWork:
    """A Lambda function called by its ARN with the effective input; the result is what the function returns."""

    function: Expr


@dataclass(frozen=True, slots=True)
class PassWork:
    """No work: the result is the effective input, or ``result``."""

    result: Expr | None = None


@dataclass(frozen=True, slots=True)
class FailWork:
    """Ends with an error; ``None`` where the state names none."""

    error: Expr | None = None
    cause: Expr | None = None


@dataclass(frozen=True, slots=True)
class Stub:
    """What cannot be expressed: fails when run, with the code of the finding that explains why."""

    code: str
    reason: str


Work: TypeAlias = "CallWork | FunctionWork | PassWork | FailWork | Stub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every task and group has.

    ``given`` says that the document comes from the Map's item instead of an upstream task. ``notes`` are the findings
    to show in place, as ``CODE: message``, ``fields`` what Airflow has no place for, as ``Field JSON``. ``timeout`` in
    seconds becomes ``execution_timeout`` (or a limit read from the document).
    """

    task_id: str
    display_name: str
    at: Pointer = ""
    comment: str = ""
    notes: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    given: bool = False
    timeout: Amount | None = None
    retry: tuple[Retrier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTask(Node):
    """A state whose meaning is a Python function from document to document; ``role`` is the ARN of a role to assume."""

    work: Work
    shaping: Shaping = Shaping()
    role: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTask(Node):
    """A service job: ``service`` is the row that says how it is started, awaited and described.

    ``role`` is the ARN of a role to assume.
    """

    service: object
    shaping: Shaping = Shaping()
    role: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTask(Node):
    """A Task that waits for its token: a request that hands it out, or, with ``activity``, work for a worker's poll.

    ``outcomes`` are the options of a person who is asked in Airflow, each with the result that it stands for.
    ``work`` is the request; ``activity`` the ARN of an activity, whose work is the effective input. ``heartbeat`` is
    the longest time between two signs of life, in seconds; ``role`` the ARN of a role to assume for the request.
    """

    work: CallWork | None = None
    activity: Expr | None = None
    shaping: Shaping = Shaping()
    heartbeat: Amount | None = None
    role: Expr | None = None
    outcomes: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a choice: where the document goes (a task id) if the condition holds, or ``output`` instead of it."""

    condition: Expr
    target: str
    assign: Assign = ()
    output: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceTask(Node):
    """A Choice: hands its document to the target of the first rule that holds, or to ``default``."""

    rules: tuple[Rule, ...]
    default: str | None
    shaping: Shaping = Shaping()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTask(Node):
    """A Wait: ``seconds`` or ``timestamp`` is set."""

    seconds: Expr | None = None
    timestamp: Expr | None = None
    shaping: Shaping = Shaping()


@dataclass(frozen=True, slots=True)
class Flow:
    """Tasks in execution order, the edges between them, and the tasks at which the flow ends."""

    nodes: tuple[AnyNode, ...]
    edges: tuple[Edge, ...]
    catches: tuple[CatchTask, ...]
    start: str
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelGroup(Node):
    """A Parallel: a task group with the flows of its branches; its task ``output`` is the state."""

    branches: tuple[Flow, ...]
    shaping: Shaping = Shaping()


@dataclass(frozen=True, slots=True, kw_only=True)
class MapGroup(Node):
    """An inline Map: a task ``items``, a mapped group ``each``, and a task ``output`` that is the state.

    ``keeps``: states inside read an item that ItemSelector has replaced.
    """

    processor: Flow
    items: Expr
    selector: Expr | None = None
    keeps: bool = False
    limit: Amount | None = None
    shaping: Shaping = Shaping()


@dataclass(frozen=True, slots=True)
class ChildDag:
    """A part of a machine as a DAG of its own in the same file; ``name`` is its function there, ``name_dag`` the DAG.

    ``result`` are the ends whose document is its result.
    """

    dag_id: str
    name: str
    title: str
    flow: Flow
    result: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildTask(Node):
    """A state that is done by a run of a child DAG; ``reads_item``: the child reads the item of the Map around."""

    child: ChildDag
    reads_item: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopTask(Node):
    """A loop: runs of a child DAG, one for each round, until one leaves the loop.

    ``exits`` are the tasks that then get the document; ``ends``: the machine may also end inside. ``entries`` are, for
    a loop that is entered at several states, the tasks in front of it and the start in the child that each stands for.
    ``reads_item`` as in ``ChildTask``.
    """

    child: ChildDag
    exits: tuple[str, ...]
    ends: bool = False
    reads_item: bool = False
    entries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterTask(Node):
    """The first task of a round that may begin at several states: hands its document to one of ``starts``."""

    starts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveTask(Node):
    """The last task of a round: ``again`` is the start of the next one, otherwise the loop is left.

    ``to`` is the task behind the loop that gets the document; ``None`` where the machine ends.
    """

    again: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollTask(Node):
    """A loop that only asks, decides and waits, as one task; ``waits_first`` if it is entered at the Wait."""

    call: StateTask
    decision: ChoiceTask
    pause: WaitTask
    exits: tuple[str, ...]
    waits_first: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """Where a distributed Map reads its items: S3's action, its arguments, and the options of the runtime's reader."""

    action: str
    arguments: Expr
    options: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedMap(Node):
    """A distributed Map: a group of the tasks ``items``, ``runs`` (mapped, a bounded number) and ``output``.

    ``child`` is the child execution; ``in_process``: its tasks are run as functions. ``reader`` gives the items, or
    ``items``. ``batch``, ``options`` (concurrency and tolerance) and ``how`` (the ResultWriter's form) are arguments of
    the runtime; ``export`` says where the results are written; ``place`` is ``$$.Map.Item.Source``, ``members`` whether
    the items may be members of an object.
    """

    child: ChildDag
    in_process: bool
    items: Expr
    place: Expr
    reader: Reader | None = None
    selector: Expr | None = None
    members: bool = True
    batch: tuple[tuple[str, Expr], ...] | None = None
    options: tuple[tuple[str, Expr], ...] = ()
    export: Expr | None = None
    how: tuple[tuple[str, str], ...] = ()
    shaping: Shaping = Shaping()


AnyNode: TypeAlias = (
    "StateTask | JobTask | CallbackTask | ChoiceTask | WaitTask | ParallelGroup | MapGroup | ChildTask | "
    "LoopTask | EnterTask | LeaveTask | PollTask | DistributedMap"
)


@dataclass(frozen=True, slots=True)
class Edge:
    """The document of ``source`` may go to ``target``; ``label`` is the phrase of the rule, empty for a plain edge."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Handler:
    """One catcher: the error names, the task id that gets the document, and where in it the Error Output is put.

    With ``query``, a catcher of a JSONata state: ``output`` is what it hands on, ``None`` the Error Output.
    """

    errors: tuple[str, ...]
    target: str
    result_path: str | None = "$"
    assign: Assign = ()
    output: Expr | None = None
    query: bool = False


@dataclass(frozen=True, slots=True)
class CatchTask:
    """The router behind a guarded task or group; ``onward`` is the next task where that is a handler as well."""

    task_id: str
    guarded: str
    handlers: tuple[Handler, ...]
    onward: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """An open placeholder as a named constant at the top of the file; ``uses`` are the places that need it."""

    name: str
    placeholder: str
    uses: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True)
class Param:
    """A top-level member of the execution's input that the machine reads."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Dag:
    """A whole DAG file.

    ``permissions`` are IAM actions, ``states`` the number of states of the machine, ``timeout`` seconds for the whole
    run, ``variables`` whether a state assigns workflow variables, ``result`` the ends whose document is the execution's
    output.
    """

    dag_id: str
    source: str
    comment: str
    flow: Flow
    result: tuple[str, ...]
    states: int = 0
    timeout: Amount | None = None
    variables: bool = False
    constants: tuple[Constant, ...] = ()
    params: tuple[Param, ...] = ()
    permissions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    findings: int = 0
