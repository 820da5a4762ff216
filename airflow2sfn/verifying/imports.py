"""``import`` as files of a user need it: names that Airflow has given up, and modules that are not installed here."""

from __future__ import annotations

import builtins
import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from unittest import mock

from airflow2sfn.reading.former_names import ARGUMENTS
from airflow2sfn.reading.names import canonical
from airflow2sfn.verifying.absent import Absence, Absent, operator

_SQL: Final = MappingProxyType(
    {
        "airflow.providers.amazon.aws.operators.redshift_sql.RedshiftSQLOperator": "redshift_conn_id",
        "airflow.providers.mysql.operators.mysql.MySqlOperator": "mysql_conn_id",
        "airflow.providers.postgres.operators.postgres.PostgresOperator": "postgres_conn_id",
        "airflow.providers.snowflake.operators.snowflake.SnowflakeOperator": "snowflake_conn_id",
    }
)
"""Operators that have become SQLExecuteQueryOperator, and what they called its ``conn_id``."""


@contextmanager
def user_imports(folders: Sequence[Path]) -> Iterator[Absence]:
    """What files below these folders import is found where it is now, or stood in for; gives what is not installed."""
    absence = Absence()
    with ExitStack() as stack:
        finder = _Finder(tuple(folder.resolve() for folder in folders), absence, builtins.__import__, stack)
        stack.enter_context(mock.patch.object(builtins, "__import__", finder.load))
        yield absence


def renamed(init: Callable[..., None], names: Mapping[str, Any]) -> Callable[..., None]:
    """A constructor that takes arguments by their former names; those without a name of today are left out."""

    @functools.wraps(init)
    def take(self: Any, *args: Any, **given: Any) -> None:
        today = {name: names.get(name, name) for name in given}
        init(self, *args, **{called: given[name] for name, called in today.items() if called is not None})

    return take


class _Finder:
    """Looks for what a file imports."""

    def __init__(
        self, folders: tuple[Path, ...], absence: Absence, usual: Callable[..., Any], stack: ExitStack
    ) -> None:
        self.folders, self.absence, self.usual, self.stack = folders, absence, usual, stack
        self.renamed: set[type] = set()

    def load(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """``__import__``."""
        if level or not self._asks(globals):
            return self.usual(name, globals, locals, fromlist, level)
        try:
            module = self.usual(name, globals, locals, fromlist, level)
        except ModuleNotFoundError as error:
            if "*" in (fromlist or ()) or not f"{name}.".startswith(f"{error.name}."):
                raise
            module = self._stand_in(name, bool(fromlist))
        for member in fromlist or ():
            self._give(module, name, member)
        for gone, function in _GONE.items():
            if (home := sys.modules.get(gone.rpartition(".")[0])) is not None:
                setattr(home, gone.rpartition(".")[2], function)
        return module

    def _give(self, module: Any, name: str, member: str) -> None:
        """Gives a module what a file imports of it, if it has it no more."""
        full = f"{name}.{member}"
        if not hasattr(module, member):
            found = self._today(full)
            if found is None and _is_former(full) and self.absence.importing:
                found = Absent(full, self.absence, self.find)  # which may be a module
            if found is not None:
                setattr(module, member, found)
        self._seen(getattr(module, member, None))

    def _asks(self, globals: Mapping[str, Any] | None) -> bool:
        """Whether it is a file of the user that imports."""
        file = (globals or {}).get("__file__")
        return isinstance(file, str) and any(Path(file).is_relative_to(folder) for folder in self.folders)

    def _stand_in(self, name: str, whole: bool) -> Any:
        """What stands for a module; for ``import a.b`` what stands for ``a``, or ``a`` itself with a ``b``."""
        parts = name.split(".")
        there = next(n for n in range(len(parts), -1, -1) if n == 0 or ".".join(parts[:n]) in sys.modules)
        first = self.find(".".join(parts[: there + 1]))
        if there:
            setattr(sys.modules[".".join(parts[:there])], parts[there], first)
        if whole:
            return functools.reduce(getattr, parts[there + 1 :], first)
        return sys.modules[parts[0]] if there else first

    def find(self, name: str) -> Any:
        """What has this name, which no module that is installed has."""
        if (found := self._today(name)) is not None:
            return found
        if not _is_former(name):
            self.absence.modules.add(_module(name))
        return Absent(name, self.absence, self.find)

    def _today(self, name: str) -> Any:
        """What had this name in Airflow 2, or in a provider that is not installed; nothing where there is none."""
        if name in _GONE:
            return _GONE[name]
        today = canonical(name)
        module, _, member = today.rpartition(".")
        if today in _SQL:
            return _sql(member, _SQL[today])
        if today != name:
            try:
                return getattr(importlib.import_module(module), member)
            except (ModuleNotFoundError, AttributeError):
                pass  # a provider that is not installed, or a class that it has no more
        is_operator = today.startswith("airflow.providers.") and member.endswith(("Operator", "Sensor"))
        if not is_operator or _installed(module):
            return None
        self.absence.modules.add(_module(today))
        return operator(today)

    def _seen(self, value: object) -> None:
        """Lets a class take its former arguments, from when a file imports it."""
        names = ARGUMENTS.get(f"{value.__module__}.{value.__qualname__}") if isinstance(value, type) else None
        if names and isinstance(value, type) and value not in self.renamed:
            self.renamed.add(value)
            take = renamed(vars(value)["__init__"], names)
            self.stack.enter_context(mock.patch.object(value, "__init__", take))


def _is_former(name: str) -> bool:
    """Whether Airflow 2 had a module of this name, and Airflow 3 has not."""
    return name.startswith("airflow.") and not name.startswith("airflow.providers.")


def _module(name: str) -> str:
    """The module of a name, as far as people install modules."""
    return ".".join(name.split(".")[:3]) if name.startswith("airflow.") else name.partition(".")[0]


def _installed(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _sql(name: str, connection: str) -> type:
    """SQLExecuteQueryOperator as a former operator of one database."""
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    def take(self: Any, **given: Any) -> None:
        given = {"conn_id" if argument == connection else argument: value for argument, value in given.items()}
        SQLExecuteQueryOperator.__init__(self, **given)

    kind: Any = type(SQLExecuteQueryOperator)
    made: type = kind(name, (SQLExecuteQueryOperator,), {"__module__": __name__, "__init__": take})
    return made


def _days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    """``airflow.utils.dates.days_ago``: midnight, UTC, this many days ago."""
    from airflow.sdk.timezone import utcnow

    return utcnow().replace(hour=hour, minute=minute, second=second, microsecond=microsecond) - timedelta(days=n)


_GONE: Final = MappingProxyType({"airflow.utils.dates.days_ago": _days_ago})
"""Functions that Airflow 3 has no more."""
