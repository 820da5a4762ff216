"""Which AWS calls the code of a function makes, as far as its text says: boto3 clients and resources."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from airflow2sfn.deploy.arns import Arguments

_TRANSFERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "upload_file": ("PutObject", ("Filename", "Bucket", "Key")),
    "upload_fileobj": ("PutObject", ("Fileobj", "Bucket", "Key")),
    "download_file": ("GetObject", ("Bucket", "Key", "Filename")),
    "download_fileobj": ("GetObject", ("Bucket", "Key", "Fileobj")),
}
"""Methods of S3 clients that are no operations, and their parameters."""
_TABLE = {"batch_writer": "BatchWriteItem"}
_OBJECT = {"get": "GetObject", "put": "PutObject", "delete": "DeleteObject", "load": "HeadObject"}
_BY_OTHERS = frozenset(
    {"awswrangler", "s3fs", "aioboto3", "aiobotocore", "smart-open", "pyathena", "redshift-connector", "sagemaker"}
)
"""Distributions that call AWS themselves."""


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call: boto3's name of the client, botocore's of the operation, and what is known of the arguments."""

    client: str
    operation: str
    arguments: Arguments


@dataclass(slots=True)
class Calls:
    """The calls of a function; ``open`` are places where it uses AWS in a way that is not understood."""

    calls: list[AwsCall] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    """Names of Airflow Variables that it reads; ``*`` where one is computed."""


@dataclass(frozen=True, slots=True)
class _Handle:
    """A client or resource: ``kind`` is ``client``, ``resource``, or what a resource made (``Table``)."""

    service: str
    kind: str
    given: Mapping[str, Any] = field(default_factory=dict)


def calls(code: str, requirements: Iterable[str] = ()) -> Calls:
    """The AWS calls of a function.

    Args:
        code: all its text.
        requirements: the distributions that it needs.
    """
    found = Calls()
    found.open += [f"it uses {name}" for name in requirements if name.lower() in _BY_OTHERS]
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return Calls(open=["its text does not parse"])
    reader = _Reader(found)
    reader.learn(tree)
    reader.visit(tree)
    return found


class _Reader(ast.NodeVisitor):
    def __init__(self, found: Calls):
        self.found = found
        self.constants: dict[str, str] = {}
        self.handles: dict[str, _Handle] = {}
        self.done: set[ast.AST] = set()

    def learn(self, tree: ast.AST) -> None:
        """The constants of the module, and which names are clients."""
        assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and len(node.targets) == 1]
        counts: dict[str, int] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                counts[node.id] = counts.get(node.id, 0) + 1
            elif isinstance(node, ast.arg):
                counts[node.arg] = counts.get(node.arg, 0) + 2
        for node in assigned:
            target = node.targets[0]
            if not isinstance(target, ast.Name):
                continue
            if counts[target.id] == 1 and isinstance(text := self.value(node.value), str):
                self.constants[target.id] = text
            if (handle := self.handle(node.value)) is not None:
                self.handles[target.id] = handle

    def value(self, node: ast.expr) -> Any:
        """A value as arguments have it: known, or ``{% 'start' & … %}`` where only its beginning is."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in self.constants:
                return self.constants[name]
            case ast.List(elts=items):
                return [self.value(item) for item in items]
            case ast.Dict(keys=keys, values=values):
                return {
                    k.value: self.value(v) for k, v in zip(keys, values, strict=True) if isinstance(k, ast.Constant)
                }
            case ast.JoinedStr(values=parts):
                start = ""
                for part in parts:
                    text = self.value(part.value if isinstance(part, ast.FormattedValue) else part)
                    if not isinstance(text, str) or text.startswith("{%"):
                        return f"{{% {start!r} & $x %}}"
                    start += text
                return start
        return "{% $x %}"

    def handle(self, node: ast.expr) -> _Handle | None:
        """The client or resource that an expression is."""
        match node:
            case ast.Name(id=name):
                return self.handles.get(name)
            case ast.Call(
                func=ast.Attribute(attr="client" | "resource" as kind) as function, args=args, keywords=given
            ):
                named = next((k.value for k in given if k.arg == "service_name"), None)
                first = args[0] if args else named
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and _of_boto3(function.value):
                    return _Handle(first.value, kind)
            case ast.Call(func=ast.Attribute(value=base, attr=made), args=args) if made[:1].isupper():
                inner = self.handle(base)
                if inner is not None and inner.kind in ("resource", "Bucket"):
                    names = {"Bucket": ("Bucket",), "Object": ("Bucket", "Key"), "Table": ("TableName",)}.get(made, ())
                    values = [self.value(arg) for arg in args]
                    return _Handle(inner.service, made, {**inner.given, **dict(zip(names, values, strict=False))})
        return None

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            if node in self.done:
                pass
            elif (handle := self.handle(node.func.value)) is not None and self.handle(node) is None:
                self._call(handle, node.func.attr, node)
            elif node.func.attr == "paginate" and isinstance(node.func.value, ast.Call):
                self._paginate(node.func.value, node)
            elif isinstance(node.func.value, ast.Attribute):
                self._collection(node.func.value, node)
            self._variable(node)
        elif isinstance(node.func, ast.Name):
            handed = [name for arg in node.args if isinstance(arg, ast.Name) and (name := arg.id) in self.handles]
            self.found.open += [f"it hands {name} to {node.func.id}" for name in handed]
        self.generic_visit(node)

    def _call(self, handle: _Handle, method: str, node: ast.Call) -> None:
        given = {k.arg: self.value(k.value) for k in node.keywords if k.arg}
        if handle.kind == "client":
            if method == "get_paginator" and node.args:
                method = str(self.value(node.args[0]))
            waiter = str(self.value(node.args[0])) if method == "get_waiter" and node.args else ""
            if operation := _waiters(handle.service).get(waiter, "") if waiter else "":
                self._add(handle.service, operation, {})
                return
            if handle.service == "s3" and method in _TRANSFERS:
                operation, names = _TRANSFERS[method]
                given |= dict(zip(names, map(self.value, node.args), strict=False))
                self._add(handle.service, operation, given)
                return
            if operation := _operations(handle.service).get(method, ""):
                self._add(handle.service, operation, given)
                return
            if method == "exceptions":
                return
        elif handle.kind == "Table" and handle.service == "dynamodb":
            operation = _TABLE.get(method) or _operations("dynamodb").get(method, "")
            if operation:
                self._add("dynamodb", operation, {**given, **handle.given})
                return
        elif handle.kind == "Bucket" and method in (*_TRANSFERS, "put_object"):
            operation, names = _TRANSFERS.get(method, ("PutObject", ()))
            named = [name for name in names if name != "Bucket"]
            given |= dict(zip(named, map(self.value, node.args), strict=False))
            self._add("s3", operation, {**given, **handle.given})
            return
        elif handle.kind == "Object" and method in _OBJECT:
            self._add("s3", _OBJECT[method], {**given, **handle.given})
            return
        self.found.open.append(f"it calls {method} of {handle.service}")

    def _paginate(self, made: ast.Call, node: ast.Call) -> None:
        """``client.get_paginator(…).paginate(Bucket=…)``: the arguments stand here."""
        match made.func:
            case ast.Attribute(value=base, attr="get_paginator") if made.args:
                handle = self.handle(base)
                operation = _operations(handle.service).get(str(self.value(made.args[0])), "") if handle else ""
                if handle and operation:
                    self.done.add(made)
                    self._add(handle.service, operation, {k.arg: self.value(k.value) for k in node.keywords if k.arg})

    def _collection(self, made: ast.Attribute, node: ast.Call) -> None:
        """``bucket.objects.filter(Prefix=…)`` and other collections of a resource."""
        handle = self.handle(made.value)
        if handle is None or made.attr == "exceptions":
            return
        if handle.kind == "Bucket" and made.attr == "objects":
            given = {k.arg: self.value(k.value) for k in node.keywords if k.arg}
            self._add("s3", "ListObjectsV2", {**given, **handle.given})
        else:
            self.found.open.append(f"it uses {made.attr} of {handle.service}")

    def _variable(self, node: ast.Call) -> None:
        match node.func:
            case ast.Attribute(value=ast.Name(id="Variable"), attr="get") if node.args:
                name = self.value(node.args[0])
                self.found.variables.append(name if isinstance(name, str) and not name.startswith("{%") else "*")

    def _add(self, client: str, operation: str, given: Mapping[str, Any]) -> None:
        self.found.calls.append(AwsCall(client, operation, Arguments(dict(given))))


def _of_boto3(node: ast.expr) -> bool:
    """``boto3``, a session of it, or a name that looks like one."""
    match node:
        case ast.Name(id=name):
            return name == "boto3" or "session" in name.lower()
        case ast.Call(func=function):
            return _of_boto3(function)
        case ast.Attribute(value=base):
            return _of_boto3(base)
    return False


@cache
def _operations(client: str) -> dict[str, str]:
    """botocore's operations of a client by boto3's methods; nothing for a service that it does not know."""
    from botocore import xform_name
    from botocore.exceptions import UnknownServiceError

    from sfn_airflow_core.catalogue.aws_sdk import model

    try:
        names = model(client).operation_names
    except UnknownServiceError:
        return {}
    return {xform_name(str(name)): str(name) for name in names}


@cache
def _waiters(client: str) -> dict[str, str]:
    """What the waiters of a client call again and again, by their names in boto3."""
    from botocore import xform_name
    from botocore.exceptions import DataNotFoundError
    from botocore.loaders import Loader

    try:
        found = Loader().load_service_model(client, "waiters-2")["waiters"]
    except DataNotFoundError:
        return {}
    return {xform_name(name): str(waiter["operation"]) for name, waiter in found.items()}


def distinct(found: Iterable[AwsCall]) -> Iterator[AwsCall]:
    """Calls without those that say the same."""
    seen: set[str] = set()
    for call in found:
        if (key := repr(call)) not in seen:
            seen.add(key)
            yield call
