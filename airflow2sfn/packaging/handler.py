"""The handler of a function: from the event to the callable's arguments, and from its result to the state's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from airflow2sfn.packaging.context import OBJECTS, TIMES, Asked, Path, roots
from airflow2sfn.source import Parameter

NAME = "handler"
RETURN = "return_value"
"""The member of a function's result that holds what the callable returned, where it pushes XComs besides."""

_TASK_INSTANCE = '''\
class TaskInstance(SimpleNamespace):
    """What the task reads of Airflow's task instance, from the event."""
'''
_PULL = """\

    def xcom_pull(self, task_ids, key="return_value"):
        return self.xcoms[task_ids][key]
"""
_PUSH = """\

    def xcom_push(self, key, value):
        self.pushed[key] = value
"""
CURRENT_CONTEXT = '''\
CONTEXT = {}


def get_current_context():
    """What the event says of the run."""
    return CONTEXT
'''


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler, the definitions it needs, and its imports."""

    text: str
    imports: frozenset[str]
    definitions: tuple[str, ...] = ()


def handler(
    callable_: str,
    parameters: Sequence[Parameter],
    asked: Asked,
    *,
    kind: str,
    is_async: bool,
    choices: Sequence[str] = (),
    outputs: bool = False,
    name: str = NAME,
) -> Handler:
    """The handler of a function.

    Args:
        callable_: what it calls.
        parameters: of the callable.
        asked: what the callable asks of Airflow's context.
        kind: ``work``, ``branch``, ``short_circuit`` or ``sensor``.
        is_async: whether the callable is a coroutine function.
        choices: the tasks that a branch may go on with, where its text does not say it.
        outputs: whether the task fails where the callable returns anything but a dictionary.
        name: of the handler itself.
    """
    imports: set[str] = set()
    definitions: list[str] = []
    lines = _context(asked.paths, "event", imports, definitions, asked.pushes)
    if asked.current:
        definitions.append(CURRENT_CONTEXT)
        lines.append('context = event.pop("context")')
        lines += _context(asked.current, "context", imports, definitions, asked.pushes)
        lines.append("CONTEXT.update(context)")
    names = {path[1] for path in (*asked.paths, *asked.current) if len(path) > 1}
    if {"xcom_pull", "xcom_push"} & names:
        methods = (_PULL if "xcom_pull" in names else "") + (_PUSH if "xcom_push" in names else "")
        definitions.insert(0, _TASK_INSTANCE + methods)
    call = _call(callable_, parameters)
    if is_async:
        imports.add("import asyncio")
        call = f"asyncio.run({call})"
    doc, ending = _ending(call, kind, asked, choices, outputs)
    body = [f'"""{doc}"""'] if doc else []
    text = f"def {name}(event, _context):\n" + "".join(f"    {line}\n" for line in [*body, *lines, *ending])
    return Handler(text, frozenset(imports), tuple(definitions))


_EXCEPTION = """\
def exception_of(failure):
    \"\"\"What the task has failed with: an exception of the same name and text.\"\"\"
    text = failure.get("Cause", "")
    try:
        text = json.loads(text)["errorMessage"]
    except (ValueError, TypeError, KeyError):
        pass  # it is no error of a Lambda function
    return type(failure.get("Error", "Exception"), (Exception,), {})(text)
"""


def callback_handler(callable_: str, asked: Asked, arguments: str, *, is_async: bool, name: str = NAME) -> Handler:
    """The handler of a task's callback.

    Args:
        callable_: what it calls.
        asked: what the callback asks of its context.
        arguments: what it is called with, where ``context`` is the context and ``event`` what is bound besides.
        is_async: whether the callback is a coroutine function.
        name: of the handler itself.
    """
    imports: set[str] = set()
    definitions: list[str] = []
    lines = ['context = event.pop("context", {})'] if "context" in arguments else []
    if "exception" in roots(asked.current):
        imports.add("import json")
        definitions.append(_EXCEPTION)
        lines.append('context["exception"] = exception_of(context["exception"]) if context["exception"] else None')
    lines += _context(asked.current, "context", imports, definitions)
    if ("ti", "xcom_pull") in {path[:2] for path in asked.current}:
        definitions.insert(0, _TASK_INSTANCE + _PULL)
    call = f"{callable_}({arguments})"
    if is_async:
        imports.add("import asyncio")
        call = f"asyncio.run({call})"
    doc = '"""Called when a task has ended; nothing depends on what it returns."""'
    text = f"def {name}(event, _context):\n" + "".join(f"    {line}\n" for line in [doc, *lines, call])
    return Handler(text, frozenset(imports), tuple(definitions))


def _context(
    paths: Iterable[Path], holder: str, imports: set[str], definitions: list[str], pushes: Sequence[str] = ()
) -> list[str]:
    """The lines that make objects of what the event says; an XCom that is not pushed is None, as in Airflow."""
    lines: list[str] = []
    for root, below in roots(paths).items():
        place = f'{holder}["{root}"]'
        if root in TIMES:
            imports.add("import pendulum")
            lines.append(f"{place} = pendulum.parse({place})")
            continue
        for name in sorted({path[0] for path in below} & TIMES) if root in OBJECTS or root == "task_instance" else ():
            imports.add("import pendulum")
            lines.append(f'{place}["{name}"] = pendulum.parse({place}["{name}"])')
        if root in ("ti", "task_instance") and {"xcom_pull", "xcom_push"} & {path[0] for path in below}:
            imports.add("from types import SimpleNamespace")
            keys = ", ".join(f"{json.dumps(key)}: None" for key in pushes)
            pushed = f", pushed={{{keys}}}" if ("xcom_push",) in below else ""
            lines.append(f"{place} = TaskInstance(**{place}{pushed})")
        elif root in OBJECTS or root == "task_instance":
            imports.add("from types import SimpleNamespace")
            lines.append(f"{place} = SimpleNamespace(**{place})")
    return lines


def _call(name: str, parameters: Sequence[Parameter]) -> str:
    """The call: by names, but for parameters that are only positional, and for those before ``*args``."""
    rest = next((p.name for p in parameters if p.kind == "args"), "")
    first = [p for p in parameters if p.kind == "positional" or (rest and p.kind == "any")]
    given = [
        f'event.pop("{p.name}")' if p.default is None else f'*([event.pop("{p.name}")] if "{p.name}" in event else [])'
        for p in first
    ]
    if rest:
        given.append(f'*event.pop("{rest}", [])')
    return f"{name}({', '.join([*given, '**event'])})"


_ONLY_DICTIONARIES = (
    "if result is not None and not isinstance(result, dict):",
    '    raise TypeError(f"multiple outputs need a dictionary, not a {type(result).__name__}")',
)


def _ending(call: str, kind: str, asked: Asked, choices: Sequence[str], outputs: bool = False) -> tuple[str, list[str]]:
    """What the handler says of itself, and its last lines."""
    match kind:
        case "short_circuit":
            return "True to go on, False to skip all that follows.", [f"return bool({call})"]
        case "sensor":
            return "True when there is nothing to wait for any more.", [f"return bool({call})"]
        case "branch" if choices:
            listed = ", ".join(f'"{choice}"' for choice in choices)
            return "The task to go on with, or a list of them.", [
                f"chosen = {call}",
                "names = [chosen] if isinstance(chosen, str) else list(chosen or [])",
                f"if unknown := set(names) - {{{listed}}}:",
                "    raise ValueError(f\"no task follows that is called {' or '.join(sorted(unknown))}\")",
                "return names",
            ]
        case "branch":
            return "The task to go on with.", [f"return {call}"]
        case _ if asked.pushes:
            pushed = next(
                f'{holder}["{root}"].pushed'
                for holder, paths in (("event", asked.paths), ("context", asked.current))
                for root in roots(paths)
                if root in ("ti", "task_instance")
            )
            return "What the task returns, and the XComs it pushes.", [
                f"pushed = {pushed}",
                f"result = {call}",
                *(_ONLY_DICTIONARIES if outputs else ()),
                f'return {{"{RETURN}": result, **pushed}}',
            ]
        case _ if outputs:
            return "What the task returns, of which every member is an XCom.", [
                f"result = {call}",
                *_ONLY_DICTIONARIES,
                "return result",
            ]
        case _:
            return "", [f"return {call}"]
