"""Files that template fields name: what is in them takes the place of their names, and no other file is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow2sfn.read import read_file
from airflow2sfn.source import Items, Known, Template, Value
from airflow2sfn.translate import translate

DAG = """
from airflow.sdk import DAG, task
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
from airflow.providers.standard.operators.bash import BashOperator

with DAG("files", schedule=None{dag}):
    {task}
"""
ATHENA = 'AthenaOperator(task_id="a", query={}, database="d", output_location="s3://x/")'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dags = tmp_path / "dags"
    (dags / "sql").mkdir(parents=True)
    (dags / "sql" / "day.sql").write_text("select * from t where day = '{{ ds }}'\n")
    (dags / "sql" / "all.sql").write_text("select 1;\n\n")
    (dags / "run.sh").write_text("echo {{ ds }}\n")
    (tmp_path / "secret.sql").write_text("select secret")
    (dags / "link.sql").symlink_to(tmp_path / "secret.sql")
    return dags


def argument(folder: Path, task: str, name: str, dag: str = "") -> Value | None:
    (folder / "dag.py").write_text(DAG.replace("{dag}", dag).replace("{task}", task))
    (read,) = read_file(folder / "dag.py").dags
    return read.tasks[0].get(name)


def test_what_is_in_the_file_is_the_value(folder: Path) -> None:
    assert argument(folder, ATHENA.format('"sql/day.sql"'), "query") == Template(
        "select * from t where day = '{{ ds }}'"
    )
    assert argument(folder, ATHENA.format('"/sql/all.sql"'), "query") == Known("select 1;\n")
    assert argument(folder, 'BashOperator(task_id="a", bash_command="run.sh")', "bash_command") == Template(
        "echo {{ ds }}"
    )


def test_lists_and_dictionaries_are_looked_through(folder: Path) -> None:
    several = 'RedshiftDataOperator(task_id="a", sql=["sql/all.sql", "select 2"], database="d")'
    assert argument(folder, several, "sql") == Items((Known("select 1;\n"), Known("select 2")))
    task = (
        '@task(templates_dict={"q": "sql/all.sql", "n": 1}, templates_exts=[".sql"])\n'
        "    def f(templates_dict): ...\n    f()"
    )
    found: Any = argument(folder, task, "templates_dict")
    assert (found.get("q"), found.get("n")) == (Known("select 1;\n"), Known(1))


def test_a_folder_of_the_project_is_searched_too(folder: Path) -> None:
    (folder / "sql" / "deep").mkdir()
    (folder / "sql" / "deep" / "x.sql").write_text("select 3")
    where = f', template_searchpath="{folder}/sql/deep"'
    assert argument(folder, ATHENA.format('"x.sql"'), "query", where) == Known("select 3")


@pytest.mark.parametrize("name", ["../secret.sql", "link.sql", "sql/none.sql", "sql", "x\\x00.sql"])
def test_no_other_file_is_opened(folder: Path, name: str) -> None:
    assert argument(folder, ATHENA.format(f'"{name}"'), "query") == Known(name.encode().decode("unicode_escape"))


def test_a_search_path_outside_of_the_project_is_not_followed(folder: Path) -> None:
    where = f', template_searchpath=["{folder.parent}", 7, "x\\0"]'
    assert argument(folder, ATHENA.format('"secret.sql"'), "query", where) == Known("secret.sql")


@pytest.mark.parametrize(
    "task",
    [
        ATHENA.format('"none.sql"'),
        'BashOperator(task_id="a", bash_command="none.sh")',
        '@task(templates_dict={"q": "none.sql"}, templates_exts=[".sql"])\n'
        "    def f(templates_dict): return templates_dict\n    f()",
    ],
    ids=["query", "command", "templates_dict"],
)
def test_a_file_that_is_not_there_is_said(folder: Path, task: str) -> None:
    (folder / "dag.py").write_text(DAG.replace("{dag}", "").replace("{task}", task))
    (read,) = read_file(folder / "dag.py").dags
    assert any("not beside the DAG" in finding.message() for finding in translate(read).findings)
