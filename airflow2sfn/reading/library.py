"""Functions of the standard library (and pendulum) that only compute, and those that ask the environment."""

from __future__ import annotations

import copy
import datetime as dt
import json
import posixpath
import textwrap
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airflow2sfn.reading.evaluate import (
    CONSTANTS,
    EXTERNALS,
    MISSING,
    Args,
    Bound,
    External,
    Instance,
    Kwargs,
    Object,
    Run,
    Scope,
    TooMuch,
    Unknown,
    attributes,
    calls,
    derive,
    external,
    file_name,
    plain,
    unknown,
)
from airflow2sfn.reading.graph import NODES, DagMade, ItemMade
from airflow2sfn.reading.limits import attempt, is_plain
from airflow2sfn.reading.methods import asks_files
from airflow2sfn.reading.names import canonical
from airflow2sfn.rules.reading import HiddenWork
from airflow2sfn.source import Reason

CONSTANTS.update(
    {
        "datetime.timezone.utc": dt.UTC,
        "datetime.UTC": dt.UTC,
        "pendulum.UTC": ZoneInfo("UTC"),
        "airflow.sdk.timezone.utc": dt.UTC,
        "airflow.utils.timezone.utc": dt.UTC,
        "typing.TYPE_CHECKING": False,
        "os.sep": "/",
        "os.linesep": "\n",
        "string.ascii_lowercase": "abcdefghijklmnopqrstuvwxyz",
        "string.ascii_uppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "string.digits": "0123456789",
    }
)


def _zone(name: Any = "UTC") -> dt.tzinfo:
    if isinstance(name, dt.tzinfo):
        return name
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {name!r}") from error


def _pendulum(*parts: Any, tz: Any = "UTC", **named: Any) -> dt.datetime:
    zone = named.pop("tzinfo", tz)
    return dt.datetime(*parts, **named).replace(tzinfo=None if zone is None else _zone(zone))


def _duration(years: float = 0, months: float = 0, **named: Any) -> dt.timedelta:
    return dt.timedelta(days=years * 365 + months * 30 + named.pop("days", 0), **named)


def _parse(text: str, tz: Any = "UTC", **_: Any) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=_zone(tz))


def _dumps(value: Any, **named: Any) -> str:
    named = {key: named[key] for key in ("indent", "sort_keys", "ensure_ascii", "separators") if key in named}
    if isinstance(named.get("indent"), int) and named["indent"] > 100:
        raise TooMuch("an indentation that is too deep")
    return json.dumps(value, **named)


def _path(*parts: Any) -> PurePosixPath:
    return PurePosixPath(*(str(part) for part in parts))


_COMPUTING: dict[str, Callable[..., Any]] = {
    "datetime.datetime": dt.datetime,
    "datetime.date": dt.date,
    "datetime.time": dt.time,
    "datetime.timedelta": dt.timedelta,
    "datetime.timezone": dt.timezone,
    "datetime.datetime.strptime": dt.datetime.strptime,
    "datetime.datetime.fromisoformat": dt.datetime.fromisoformat,
    "datetime.datetime.combine": dt.datetime.combine,
    "datetime.date.fromisoformat": dt.date.fromisoformat,
    "zoneinfo.ZoneInfo": _zone,
    "pytz.timezone": _zone,
    "pendulum.datetime": _pendulum,
    "pendulum.timezone": _zone,
    "pendulum.tz.timezone": _zone,
    "pendulum.Timezone": _zone,
    "pendulum.duration": _duration,
    "pendulum.Duration": _duration,
    "pendulum.parse": _parse,
    "airflow.utils.timezone.datetime": _pendulum,
    "airflow.sdk.timezone.datetime": _pendulum,
    "airflow.utils.timezone.parse": _parse,
    "json.dumps": _dumps,
    "textwrap.dedent": textwrap.dedent,
    "inspect.cleandoc": textwrap.dedent,
    "os.path.join": posixpath.join,
    "os.path.basename": posixpath.basename,
    "os.path.dirname": posixpath.dirname,
    "os.path.splitext": posixpath.splitext,
    "os.path.abspath": lambda path: path,
    "os.path.realpath": lambda path: path,
    "os.fspath": str,
    "pathlib.Path": _path,
    "pathlib.PurePath": _path,
    "pathlib.PurePosixPath": _path,
    "typing.cast": lambda kind, value: value,
}


@external(*_COMPUTING)
def _compute(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    names, span = list(kwargs), run.span(node, scope)
    if callee.name == "typing.cast":
        return args[1] if len(args) == 2 else unknown(run, node, scope)
    if callee.name == "os.path.basename" and args and (own := file_name(args[0])):
        return own.name

    def work(*given: Any) -> Any:
        if not is_plain(given):
            return unknown(run, node, scope, "call", callee.name)
        named = dict(zip(names, given[len(args) :], strict=True))
        return attempt(_COMPUTING[callee.name], *given[: len(args)], span=span, **named)

    return derive(run, node, scope, work, *args, *kwargs.values())


@external("os.getenv", "os.environ.get", "os.getenv!")
def _environment(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    key = plain(args[0]) if args else plain(kwargs.get("key"))
    if isinstance(key, str) and key in run.environment:
        return run.environment[key]
    default: Any = MISSING if callee.name.endswith("!") else plain(args[1] if len(args) > 1 else kwargs.get("default"))
    if isinstance(default, Unknown):
        default = MISSING
    return unknown(run, node, scope, "environment", key if isinstance(key, str) else "", default)


_ASKS: dict[str, Reason] = {
    "datetime.datetime.now": "time",
    "datetime.datetime.today": "time",
    "datetime.datetime.utcnow": "time",
    "datetime.date.today": "time",
    "pendulum.now": "time",
    "pendulum.today": "time",
    "pendulum.yesterday": "time",
    "pendulum.tomorrow": "time",
    "time.time": "time",
    "airflow.utils.dates.days_ago": "time",
    "airflow.utils.timezone.utcnow": "time",
    "airflow.sdk.timezone.utcnow": "time",
    "airflow.sdk.BaseHook.get_connection": "connection",
    "airflow.sdk.Connection.get": "connection",
    "airflow.sdk.conf.get": "configuration",
    "airflow.sdk.conf.getboolean": "configuration",
    "airflow.sdk.conf.getint": "configuration",
}


@external(*_ASKS)
def _ask(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    key = plain(args[0]) if args and _ASKS[callee.name] != "time" else ""
    return unknown(run, node, scope, _ASKS[callee.name], key if isinstance(key, str) else "")


@external("functools.partial")
def _partial(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return Bound(args[0], args[1:], kwargs) if args else unknown(run, node, scope)


@external("copy.copy", "copy.deepcopy")
def _copy(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if args and isinstance(args[0], list | dict | set) and callee.name == "copy.copy":
        return copy.copy(args[0])
    return _deep_copy(args[0], {}) if args else unknown(run, node, scope)


def _deep_copy(value: Any, done: dict[int, Any]) -> Any:
    """A copy of containers only; what they hold is not changed by anybody."""
    if id(value) in done:
        return done[id(value)]
    if isinstance(value, list):
        done[id(value)] = made = []
        made += [_deep_copy(item, done) for item in value]
        return made
    if isinstance(value, dict):
        done[id(value)] = entries = dict[Any, Any]()
        entries.update({key: _deep_copy(item, done) for key, item in value.items()})
        return entries
    return value


@external("collections.defaultdict")
def _default(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return unknown(run, node, scope)


@external("dataclasses.field", "attr.ib", "attrs.field", "operator.itemgetter")
def _field(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return Instance(callee.name, args, kwargs)


@attributes(External)
def _attribute(run: Run, value: External, name: str, node: Any, scope: Scope) -> Any:
    if name in ("__name__", "__qualname__"):
        return value.name.rpartition(".")[2]
    full = canonical(f"{value.name}.{name}")
    written = value.below(name)
    if scope.file is run.file and written.startswith("airflow"):
        run.imports.append((written, run.span(node, scope)))
    return CONSTANTS.get(full, External(full, written))


@attributes(Instance)
def _instance_attribute(run: Run, value: Instance, name: str, node: Any, scope: Scope) -> Any:
    if name in value.kwargs:
        return value.kwargs[name]
    return unknown(run, node, scope, "call", value.name)


EXTERNAL_CALLS: list[Callable[[Run, External, tuple[Any, ...], dict[str, Any], Any, Scope], Any]] = []
"""What knows calls of external things by a pattern of their names; MISSING where it does not."""


@calls(External)
def _call(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if (known := EXTERNALS.get(callee.name)) is not None:
        return known(run, callee, args, kwargs, node, scope)
    for pattern in EXTERNAL_CALLS:
        if (made := pattern(run, callee, args, kwargs, node, scope)) is not MISSING:
            return made
    name = callee.name.rpartition(".")[2]
    if callee.name.endswith(".__init__") and args and isinstance(args[0], Object):
        args[0].attributes["<init>"] = kwargs
        return None
    if any(isinstance(value, (*NODES, DagMade, ItemMade)) for value in (*args, *kwargs.values())):
        run.report(HiddenWork(name=callee.name), run.span(node, scope))
    if name[:1].isupper() or ".notifications." in callee.name:  # send_sns_notification is another name of a class
        return Instance(callee.name, args, kwargs, run.span(node, scope))
    return unknown(run, node, scope, "call", callee.name)


@calls(Unknown)
def _call_unknown(run: Run, callee: Unknown, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if any(isinstance(value, (*NODES, DagMade, ItemMade)) for value in (*args, *kwargs.values())):
        run.report(HiddenWork(name=scope.file.segment(node.func, 60)), run.span(node, scope))
    from airflow2sfn.reading.evaluate import alike
    from airflow2sfn.reading.expressions import call

    if asks_files(callee.assumed):
        return call(run, callee.assumed, args, kwargs, node, scope)
    if callee.assumed is not MISSING:
        return derive(run, node, scope, lambda c: call(run, c, args, kwargs, node, scope), callee)
    return alike(run, node, scope, callee)
