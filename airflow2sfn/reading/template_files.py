"""Values of template fields that are names of files: Airflow renders what is in the file.

Source: ``airflow/sdk/definitions/_internal/templater.py``: a text that ends with one of the operator's ``template_ext``
names a template in the folder of the DAG file, or in one of the DAG's ``template_searchpath``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from airflow2sfn.reading.project import MOST_BYTES, Project
from airflow2sfn.source import Dag, Entries, Items, Known, Task, Template, Value

_AMAZON = "airflow.providers.amazon.aws.operators"
_SQL = "airflow.providers.common.sql.operators.sql"
_LITERALS = (".json",)
FIELDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    f"{_AMAZON}.athena.AthenaOperator": ("query", (".sql",)),
    f"{_AMAZON}.emr.EmrAddStepsOperator": ("steps", _LITERALS),
    f"{_AMAZON}.emr.EmrCreateJobFlowOperator": ("job_flow_overrides", _LITERALS),
    f"{_AMAZON}.redshift_data.RedshiftDataOperator": ("sql", (".sql",)),
    **{
        f"{_SQL}.{name}": ("sql", (".sql",))
        for name in (
            "SQLExecuteQueryOperator",
            "SQLCheckOperator",
            "SQLValueCheckOperator",
            "SQLThresholdCheckOperator",
            "BranchSQLOperator",
        )
    },
    "airflow.providers.common.sql.sensors.sql.SqlSensor": ("sql", (".hql", ".sql")),
    "airflow.providers.standard.operators.bash.BashOperator": ("bash_command", (".sh", ".bash")),
}
"""The field of an operator that may name a file, and how such names end."""


def with_template_files(dag: Dag, project: Project) -> Dag:
    """The DAG with the contents of files in the places of their names, as far as the project has them."""
    folders = [root.resolve() for root in project.roots]
    given = dag.get("template_searchpath")
    path = given.value if isinstance(given, Known) else None
    named = (path,) if isinstance(path, str) else path if isinstance(path, list | tuple) else ()
    searched = [one for one in named if isinstance(one, str) and "\0" not in one]
    inside = [place for place in map(Path, searched) if any(place.resolve().is_relative_to(root) for root in folders)]
    places = [*folders, *inside]
    return replace(dag, tasks=tuple(_with_files(task, places) for task in dag.tasks)) if places else dag


def extensions(task: Task) -> tuple[str, ...]:
    """How the names of files end in a function's ``templates_dict``: its ``templates_exts``."""
    found = task.known("templates_exts", ())
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list | tuple) else ()


def names_file(value: Value, ends: tuple[str, ...]) -> bool:
    """Whether a value still has the name of a file in it, which the project does not have."""
    match value:
        case Known(str() as text):
            return bool(ends) and text.endswith(ends)
        case Known(list() as parts):
            return any(names_file(Known(part), ends) for part in parts)
        case Known(dict() as entries):
            return any(names_file(Known(part), ends) for part in entries.values())
        case Items(items):
            return any(names_file(part, ends) for part in items)
        case Entries(entries=pairs):
            return any(names_file(part, ends) for _, part in pairs)
        case _:
            return False


def _with_files(task: Task, places: list[Path]) -> Task:
    field, ends = FIELDS.get(task.operator, ("templates_dict", extensions(task)))
    if not ends or field not in task.arguments:
        return task
    return replace(task, arguments={**task.arguments, field: _filled(task.arguments[field], ends, places)})


def of_data(value: object) -> Value:
    """Plain data; texts with Jinja in them are templates."""
    match value:
        case dict():
            return Entries(tuple((Known(name), of_data(item)) for name, item in value.items()))
        case list():
            return Items(tuple(of_data(item) for item in value))
        case str() if "{{" in value or "{%" in value:
            return Template(value)
        case _:
            return Known(value)


def _literal(text: str) -> Value | None:
    """A text that the operator takes for a literal of Python; ``None`` where it is none."""
    try:
        return of_data(ast.literal_eval(text.strip()))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _filled(value: Value, ends: tuple[str, ...], places: list[Path]) -> Value:
    match value:
        case Known(str() as name) if name.endswith(ends):
            text = _read(name, places)
            if text is not None and ends == _LITERALS:
                return _literal(text) or value
            return value if text is None else of_data(text)
        case Known(list() as names):
            filled = [_filled(Known(name), ends, places) for name in names]
            return value if [Known(name) for name in names] == filled else Items(tuple(filled))
        case Known(dict() as entries):
            pairs = [(Known(key), _filled(Known(one), ends, places)) for key, one in entries.items()]
            return value if [part for _, part in pairs] == [*map(Known, entries.values())] else Entries(tuple(pairs))
        case Items(items):
            return replace(value, items=tuple(_filled(one, ends, places) for one in items))
        case Entries(entries=found):
            return replace(value, entries=tuple((key, _filled(one, ends, places)) for key, one in found))
        case _:
            return value


def _read(name: str, places: list[Path]) -> str | None:
    """The text of a template; ``None`` where none of the folders has it, or it is no text."""
    for folder in places:
        try:
            path = (folder / name.lstrip("/")).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file() and path.stat().st_size <= MOST_BYTES:
                return path.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, ValueError):
            continue
    return None
