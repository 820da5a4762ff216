"""Where states find statuses, XComs and facts about the run: variables, and a record of everything that is read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from airflow2sfn.emission.drafts import Names, Region, Scope
from airflow2sfn.emission.facts import Facts
from airflow2sfn.expressions.text import Untranslatable, field, quoted
from airflow2sfn.expressions.values import Values, expression
from airflow2sfn.jinja.pieces import UNKNOWN, Piece, kind_of, sure
from airflow2sfn.packaging.outputs import sure_keys
from airflow2sfn.rules.control import OpenValue
from airflow2sfn.rules.data import PrintedAsJson, PrintedByKind
from airflow2sfn.source import Dag, Entries, Known, Symbolic, Value
from airflow2sfn.structure import EMPTY, Plan
from airflow2sfn.trigger_rules import SUCCESS, Env, Statuses, statuses
from airflow2sfn.work import Note, place

_LIKE: Mapping[str, Any] = {
    "str": "text", "int": 1, "float": 1.5, "bool": True, "dict": {}, "list": [], "list[str]": ["text"],
    "list[int]": [1],
}  # fmt: skip
"""Values of the same kind by the annotation of what a function returns."""
_FAILURE = ("Error", "Cause", "Task")
"""Members of a failure."""
RETURNED = "return_value"
"""The key of the XCom that a task returns."""
_ASKED = re.compile(r"[\w.]+[(\[]\s*(?:key\s*=\s*)?[\"'][^()\[\]]*[)\]]|[\w ]+ of [^()]*")
"""How a value is asked for, as opposed to what is made of it."""
_ORDER = ("success", "failed", "skipped", "upstream_failed")


class Reads:
    """What is read where. ``needs`` holds ``("value" | "status", task, scope)``: the scope is where the variable is.

    ``unsure`` are tasks and regions of which something is read where they may not have run.
    """

    def __init__(self, plan: Plan, names: Names):
        self.plan, self.names = plan, names
        self.home: dict[str, Scope] = {}
        self.chosen: dict[str, tuple[str, str]] = {}
        self.needs: set[tuple[str, str, Scope]] = set()
        self.regions: set[Region] = set()
        self.unsure: set[str] = set()
        self.failures: set[Scope] = set()
        self.facts = Facts(plan.dag, names)
        self.item: dict[tuple[str, str], Scope] = {}
        self._items: dict[tuple[str, str], str] = {}
        self._variables: dict[tuple[str, object], str] = {}
        self._opened: dict[str, str] = {}

    def variable(self, kind: str, task: str) -> str:
        """The variable of a task's value or status, in the scope of the task itself."""
        wish = task if kind == "value" else f"{task}_{kind}"
        return self._variables.get((kind, task)) or self._take((kind, task), wish)

    def _take(self, key: tuple[str, object], wish: str) -> str:
        self._variables[key] = self.names.variable(wish)
        return self._variables[key]

    def key(self, kind: str, task: str) -> str:
        """The member of a region's variable that holds a task's value or status."""
        name = task.rpartition(".")[2]
        if name in _FAILURE or sum(t.rpartition(".")[2] == name for t in self.plan.tasks) > 1:
            name = task.replace(".", "_") + ("_" if name in _FAILURE else "")
        name = re.sub(r"\W", "_", name)
        return name if kind == "value" else f"{name}_{kind}"

    def opened(self, wish: str, what: str) -> str:
        """The name of the parameter for a value that is given when deploying, another one for what is made of it."""
        name, number = wish, 1
        while self._opened.setdefault(name, what) != what:
            number += 1
            name = f"{wish}{number}"
        return name

    def failure_variable(self, scope: Scope) -> str:
        """The variable of the first failure in a scope."""
        return self._variables.get(("failure", scope)) or self._take(("failure", scope), "failure")

    def failure(self, text: str, scope: Scope) -> str:
        """Notes that a failure is read by this expression; gives it back."""
        for other in scope.chain():
            if text == f"${self._variables.get(('failure', other))}":
                self.failures.add(other)
            for region in other.regions:
                if text == f"${region.variable}":
                    self.regions.add(region)
        return text

    def where(self, task: str, scope: Scope) -> tuple[Scope, Region | None]:
        """The innermost scope around both a task and a reader, and the region in it that holds the task."""
        around = list(scope.chain())
        here, region = self.home[task], None
        while here not in around:
            region = here.region
            assert region is not None
            here = region.scope
        return here, region

    def region_of(self, task: str, scope: Scope) -> Region | None:
        """The region that holds a task, as seen from a scope; nothing for a task or pseudo task beside the reader."""
        return self.where(task, scope)[1] if task in self.home else None

    def find(self, kind: str, task: str, scope: Scope, env: Env) -> tuple[str, Region | None]:
        """Notes that a value or status is read where ``env`` is known; gives its expression."""
        here, region = self.where(task, scope)
        if region is not None and SUCCESS not in (statuses(env, region.ran), statuses(env, task)):
            self.unsure.add(region.ran)
        if kind == "value" and statuses(env, task) != SUCCESS:
            self.unsure.add(task)
        self.needs.add((kind, task, here))
        if region is None:
            return f"${self.variable(kind, task)}", None
        self.regions.add(region)
        return field(f"${region.variable}", self.key(kind, task)), region

    def item_variable(self, group_id: str, name: str) -> str | None:
        """The variable of an argument of an item, kept from where the item starts; nothing for other arguments."""
        scope = self.item.get((group_id, name))
        if scope is None:
            return None
        if (group_id, name) not in self._items:
            variable = self._items[(group_id, name)] = self.names.variable(name)
            scope.start.outs[0].assign[variable] = f"{{% {field('$states.input', name)} %}}"
        return f"${self._items[(group_id, name)]}"

    def status_test(self, task: str, wanted: Statuses, env: Env, scope: Scope) -> str:
        """The condition that a task has become one of some statuses."""
        if task in self.chosen:
            return self._left_out(task, scope, env)
        possible = env[task]
        text, _ = self.find("status", task, scope, env)
        inside = [status for status in _ORDER if status in possible & wanted]
        outside = [status for status in _ORDER if status in possible - wanted]
        if len(inside) == 1:
            return f"{text} = {quoted(inside[0])}"
        if len(outside) == 1:
            return f"{text} != {quoted(outside[0])}"
        return f"{text} in [{', '.join(quoted(status) for status in inside)}]"

    def _left_out(self, choice: str, scope: Scope, env: Env) -> str:
        """The condition that a branch callable has not chosen a task, nor one that leads to it."""
        branch, task = self.chosen[choice]
        value, _ = self.find("value", branch, scope, env)
        named = [task] + [
            other for other, ups in self.plan.upstream.items() if branch in ups and task in self.plan.below[other]
        ]
        left_out = f"$not({' or '.join(f'{quoted(name)} in {value}' for name in named)})"
        if env[branch] == SUCCESS:
            return left_out
        return f"{self.status_test(branch, SUCCESS, env, scope)} and {left_out}"


def _lenient(dag: Dag) -> bool:
    """Whether templates of a DAG may use what is missing: it has another class for that than the strict one."""
    given = dag.get("template_undefined")
    return given is not None and "Strict" not in str(given)


class Reader(Values):
    """Where one task finds its values."""

    def __init__(self, reads: Reads, plan: Plan, task: str, env: Env, scope: Scope, note: Note):
        self.reads, self.plan, self.env, self.scope, self.note = reads, plan, env, scope, note
        self.dag_id, self.task_id = plan.dag.dag_id, task
        native = plan.dag.get("render_template_as_native_obj")
        self.native = isinstance(native, Known) and native.value is True
        self.lenient = _lenient(plan.dag)
        self.direct = False

    def xcom(self, task_id: str, key: str) -> str:
        found = self.pulled(task_id, key)
        if key == RETURNED and task_id in self.plan.tasks and self.plan.tasks[task_id].expansion is not None:
            nothing = "[]"  # a mapped task that is left out is a list without results
            if found.none == "nothing":
                return f"($exists({found.code}) ? {found.code} : {nothing})"
            return nothing if found.kind == "none" else found.code
        return sure(found, task_id).code

    def pulled(self, task_id: str, key: str) -> Piece:
        if task_id not in self.env and (found := self._of_group(task_id, key)) is not None:
            return Piece(found, "list")
        if task_id not in self.env:
            raise Untranslatable(f"it reads the XCom of {task_id}, which does not have to be done before it")
        if "success" not in self.env[task_id] or self.plan.tasks[task_id].operator in EMPTY:
            return Piece("null", "none")
        text, region = self.reads.find("value", task_id, self.scope, self.env)
        certain = self.env[task_id] == SUCCESS
        inside = key != RETURNED or self._pushes(task_id)
        text = field(text, key) if inside else text
        nothing = (not certain and (region is not None or inside)) or not self._surely_has(task_id, key)
        none: Literal["", "null", "nothing"]
        like, none = self._annotated(task_id, key)
        keys = sure_keys(self.plan.tasks[task_id].callable) if certain and key == RETURNED else frozenset()
        none = "nothing" if nothing else none if certain else "null"
        return Piece(text, kind_of(like), none=none, maybe=nothing, like=like, keys=keys)

    def _pushes(self, task_id: str) -> bool:
        function = self.plan.functions.get(task_id)
        return function is not None and bool(function.asked.pushes)

    def _surely_has(self, task_id: str, key: str) -> bool:
        """Whether a task that has succeeded surely has an XCom of this key, if only a null one."""
        return key == RETURNED or self._pushes(task_id) or key in sure_keys(self.plan.tasks[task_id].callable)

    def _annotated(self, task_id: str, key: str) -> tuple[Any, Literal["", "null"]]:
        """A value like those that a task's function is annotated to return, and whether that may be None."""
        task = self.plan.tasks.get(task_id)
        if task is None or key != RETURNED or task.expansion is not None:
            return UNKNOWN, ""
        if task.operator.rpartition(".")[2] in ("BashOperator", "bash"):
            return "text", ""
        if task.callable is None:
            return UNKNOWN, ""
        whole, none = re.subn(r"\|\s*None\b|\bNone\s*\|", "", task.callable.returns)
        whole = whole.strip()
        like = _LIKE.get(whole, _LIKE.get(whole.partition("[")[0], UNKNOWN))
        return UNKNOWN if "|" in whole.partition("[")[0] else like, "null" if none else ""

    def kind(self, task_id: str, key: str) -> Any:
        like, none = self._annotated(task_id, key)
        return "json" if none or self.env.get(task_id) != SUCCESS else kind_of(like)

    def _of_group(self, task_id: str, key: str) -> str | None:
        """The XComs of a task in a mapped group, as they are read outside of it: a list."""
        if task_id not in self.reads.home:
            return None
        _, region = self.reads.where(task_id, self.scope)
        if region is None or not region.mapped or self.env.get(region.name) != SUCCESS or key != "return_value":
            return None
        self.reads.needs.add(("value", task_id, region.scope))
        self.reads.regions.add(region)
        inner = self.reads.key("value", task_id)
        function = self.plan.tasks[task_id].callable
        if function is not None and function.returns in ("int", "str", "float", "bool", "dict"):
            return f"[{field(f'${region.variable}', inner)}]"
        each = f"$map(${region.variable}, function($item) {{ $string({field('$item', inner)}) }})"
        return f"$parse('[' & $join({each}, ',') & ']')"  # a path would flatten lists

    def item(self, group_id: str, name: str) -> str:
        if self.direct:
            return field("$states.input", name)
        if (found := self.reads.item_variable(group_id, name)) is not None:
            return found
        for group in self.plan.dag.groups:
            if group.group_id == group_id and name in group.parameters:
                return expression(group.parameters[name], self)
        raise Untranslatable(f"it uses {name} of {group_id} in a way that has no counterpart")

    def run(self, name: str) -> str:
        return self.reads.facts.run(name, self)

    def param(self, name: str) -> tuple[Any, bool]:
        return self.reads.facts.param(name)

    def literal(self, name: str) -> str | None:
        root, _, attribute = name.partition(".")
        if attribute == "dag_id":
            return self.dag_id
        if attribute == "task_id" and root in ("task", "ti"):
            return self.task_id
        given = self.plan.tasks[self.task_id].known(attribute) if root == "task" else None
        return given if isinstance(given, str) else None

    def variable(self, name: str, needed: bool) -> str:
        return self.reads.facts.variable(name, needed)

    def connection(self, conn_id: str, path: list[str]) -> str:
        if path[0] not in ("host", "schema", "login", "port", "conn_type", "extra_dejson"):
            raise Untranslatable(f"it uses {path[0]} of the Connection {conn_id}, which must not get into the input")
        words = " ".join([conn_id, *path])
        return quoted(f"${{{self._open(words, f'{path[-1]} of the Connection {conn_id}')}}}")

    def prints(self, piece: Piece) -> None:
        at = place(self.plan.tasks[self.task_id])
        if piece.kind in ("list", "dict"):
            self.note(PrintedAsJson(at=at, task=self.task_id))
        elif piece.kind == "json":
            self.note(PrintedByKind(at=at, task=self.task_id, floats=False))
        elif piece.decimal or isinstance(piece.like, float):
            self.note(PrintedByKind(at=at, task=self.task_id, floats=True))

    def macro(self, name: str) -> Any:
        given = self.plan.dag.get("user_defined_macros")
        value = given.get(name) if isinstance(given, Entries) else None
        if isinstance(given, Known) and isinstance(given.value, dict):
            return given.value.get(name)
        return value.value if isinstance(value, Known) else None

    def parameter(self, value: Symbolic) -> str:
        return self._open(value.key or value.text, value.text, value.default)

    def local(self, wish: str) -> str:
        return self.reads.names.variable(f"{self.task_id}_{wish}")

    def _open(self, wish: str, text: str, default: Value | None = None) -> str:
        words = "".join(c if c.isalnum() and c.isascii() else " " for c in wish).split()
        name = "".join(
            word[:1].upper() + word[1:].lower() if word.isupper() else word[:1].upper() + word[1:] for word in words
        )
        name = self.reads.opened(name or "Value", wish if _ASKED.fullmatch(text) else text)
        self.note(OpenValue(at=place(self.plan.tasks[self.task_id]), name=name, text=text, default=_given(default)))
        return name


def _given(default: Value | None) -> str | None:
    """A default as what is given when deploying: a text, numbers and truth as JSON has them, a list by commas."""
    match default:
        case Known(str() as text):
            return text
        case Known(bool() | int() | float() as known):
            return json.dumps(known)
        case Known(list() | tuple() as parts) if parts and all(isinstance(part, str) for part in parts):
            return ",".join(parts)
        case _:
            return None
