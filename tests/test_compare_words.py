"""The words of generated DAGs that comparisons know are those of the runtime, and all that tasks are written with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from goldens import CASES

from sfn2airflow import runtime
from sfn_airflow_core.compare.dag_file import read_dag_file
from sfn_airflow_core.compare.read_predicates import LOOKING
from sfn_airflow_core.compare.runtime_words import GROUP, RUNTIME, STATE_CALLS, STATE_DECORATORS

COMMENT = re.compile(r"^\s*# ASL: #(/\S.*?)\s*$", re.MULTILINE)
FOLDER = Path(runtime.__file__).parent
OF_PYTHON = ("float",)


def functions() -> Iterator[tuple[str, str]]:
    """The public functions of the runtime's modules, with what they say that they give."""
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.returns is not None:
                yield node.name, ast.unparse(node.returns)


def test_the_words_that_make_tasks_are_all_that_the_runtime_has():
    given = dict(functions())
    decorators = {name for name, what in given.items() if re.search(r"\bCallable\[.*, \w*Operator\]$", what)}
    calls = {name for name, what in given.items() if re.fullmatch(r"\w*Operator", what)}
    groups = {name for name, what in given.items() if re.search(r"\bCallable\[.*, TaskGroup\]$", what)}
    assert (decorators, calls, groups) == (set(STATE_DECORATORS), set(STATE_CALLS), {GROUP})


@pytest.mark.parametrize("word", ["Retrier", "retry", "aws", "present", *sorted({*LOOKING} - {*OF_PYTHON})])
def test_any_other_word_that_is_read_is_one_of_the_runtime(word: str):
    assert callable(getattr(runtime, word))
    assert word not in RUNTIME


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_state_that_a_dag_names_is_read_as_a_task(case: Path):
    text = (case / "dag.py").read_text(encoding="utf-8")
    dag = read_dag_file(text.encode(), "dag.py")
    assert {task.origin for task in dag.tasks.values()} - {""} == set(COMMENT.findall(text))
