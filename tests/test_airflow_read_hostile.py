"""DAG files that would hurt whoever runs them: nothing is run, and every reading ends soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow2sfn.read import read_text
from airflow2sfn.reading.project import Project

HEAD = "from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.empty import EmptyOperator\n"

HOSTILE = {
    "power": "x = 9 ** 9 ** 9",
    "shift": "x = 1 << 10 ** 10",
    "text": "x = 'a' * 10 ** 10",
    "width": "x = f'{1:999999999}'",
    "percent": "x = '%999999999d' % 1",
    "doubling": "x = [1]\nfor i in range(100):\n    x = x + x",
    "nesting": "x = [1]\nfor i in range(100):\n    x = [x, x]\ny = str(x)",
    "comparing": "x = []\ny = []\nfor i in range(60):\n    x = [x, x]\n    y = [y, y]\nz = x == y",
    "itself": "x = []\nx.append(x)\ny = f'{x}'",
    "endless": "while True:\n    pass",
    "range": "for i in range(10 ** 12):\n    x = i",
    "recursion": "def f(n):\n    return f(n + 1)\nf(0)",
    "branching": "def f(n):\n    return f(n + 1) + f(n + 1)\nf(0)",
    "deep expression": "x = " + "-" * 5000 + "1",
    "long expression": "x = " + "+".join("1" for _ in range(20_000)),
    "deep brackets": "x = " + "(" * 150 + "1" + ")" * 150,
    "attributes": "x = ''.__class__.__mro__[1].__subclasses__()",
    "format attributes": "x = '{0.__class__.__init__}'.format('')",
    "product": "import itertools\nx = list(itertools.product(range(1000), repeat=9))",
    "replace": "x = ('a' * 99_999).replace('a', 'b' * 99_999)",
    "join": "x = ('b' * 99_999).join('a' * 99_999)",
    "tasks": "with DAG('d') as dag:\n    for i in range(10 ** 6):\n        EmptyOperator(task_id=f't{i}')",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_reading_ends_soon(text: str) -> None:
    start = time.perf_counter()
    read_text(HEAD + text, "hostile.py")
    assert time.perf_counter() - start < 8


def test_nothing_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "helper.py").write_text(f"open({str(mark)!r}, 'w').write('x')\nNAME = 'n'\n")
    text = f"""
import os, pathlib, subprocess
from helper import NAME
os.system("touch {mark}")
subprocess.run(["touch", "{mark}"])
open("{mark}", "w").write("x")
pathlib.Path("{mark}").write_text("x")
eval("open('{mark}', 'w')")
exec("open('{mark}', 'w')")
__import__("os").system("touch {mark}")
with DAG(NAME):
    pass
"""
    result = read_text(HEAD + text, "d.py", Project((tmp_path,)))
    assert [dag.dag_id for dag in result.dags] == ["n"]
    assert not mark.exists()


def test_imports_do_not_leave_the_project(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("NAME = 'secret'\n")
    inner = tmp_path / "dags"
    inner.mkdir()
    (inner / "link.py").symlink_to(tmp_path / "secret.py")
    text = HEAD + "import link\nfrom .. import secret\nwith DAG('d', description=link.NAME):\n    pass\n"
    result = read_text(text, "d.py", Project((inner,)))
    assert "secret'" not in repr(result.dags[0].arguments)


def test_findings_after_an_error_go_on() -> None:
    text = (
        HEAD
        + "x = {}['k']\nwith DAG('a'):\n    raise ValueError('no')\nwith DAG('b'):\n    EmptyOperator(task_id='t')\n"
    )
    result = read_text(text, "d.py")
    assert [(dag.dag_id, len(dag.tasks)) for dag in result.dags] == [("a", 0), ("b", 1)]
    assert [located.finding.code for located in result.findings] == ["A2S107", "A2S107"]


ATOMS = st.sampled_from(["x", "1", "'a'", "[]", "{}", "dag", "f(1)", "x.y", "x[0]", "lambda: 1", "None", "a >> b"])


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Small programs of statements that may or may not make sense."""
    lines = ["with DAG('d') as dag:", "    a = EmptyOperator(task_id='a')", "    b = EmptyOperator(task_id='b')"]
    for _ in range(draw(st.integers(1, 6))):
        one, other = draw(ATOMS), draw(ATOMS)
        lines.append(
            draw(
                st.sampled_from(
                    [
                        f"    x = {one}",
                        f"    {one} >> {other}",
                        f"    for x in {one}: {other}",
                        f"    if {one}: x = {other}",
                        f"    x = [{other} for x in {one}]",
                        f"    x, y = {one}, {other}",
                        f"    def f(n={one}): return {other}",
                        f"    x = ({one}) + ({other})",
                        f"    try: {one}\n    except Exception as e: {other}",
                        f"    with {one} as y: {other}",
                        f"    EmptyOperator(task_id={one}, x={other})",
                    ]
                )
            )
        )
    return HEAD + "\n".join(lines) + "\n"


@settings(max_examples=150, derandomize=True, deadline=None)
@given(programs())
def test_any_program_is_answered(text: str) -> None:
    result = read_text(text, "random.py")
    assert result.dags or result.problems
