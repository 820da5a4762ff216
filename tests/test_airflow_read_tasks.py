"""Reading DAG files: callables, conditions, own operators, defaults, and files that are broken."""

from __future__ import annotations

import sys
from typing import Any

import libcst
import pytest
from reading import one

from airflow2sfn.importing.parent import Imported, merge
from airflow2sfn.read import read_text
from airflow2sfn.rules import reading as rules
from airflow2sfn.source import (
    Entries,
    Items,
    Known,
    Made,
    XCom,
    walk,
)
from sfn_airflow_core.findings import Finding, section, summary


class TestCallables:
    BODY = """
    LIMIT = 3
    def helper(n): return n + LIMIT
    def work(n, *, scale: float = 2.0, **context):
        '''Does the work.'''
        import json
        return json.dumps(helper(n) * scale) + str(context)
    with DAG("d", schedule=None):
        PythonOperator(task_id="t", python_callable=work, op_args=[1], op_kwargs={"scale": 3})
        PythonOperator(task_id="u", python_callable=lambda: helper(2))
    """

    def test_facts(self) -> None:
        task = one(self.BODY).task("t")
        function = task.callable
        assert function is not None
        assert function.names == ("helper",)
        assert [(p.name, p.kind, p.annotation) for p in function.parameters] == [
            ("n", "any", ""),
            ("scale", "keyword", "float"),
            ("context", "kwargs", ""),
        ]
        assert function.doc == "Does the work."
        assert (task.op_args, task.op_kwargs["scale"]) == ((Known(1),), Known(3))
        assert "python_callable" not in task.arguments

    def test_syntax_tree_and_source(self) -> None:
        found = one(self.BODY)
        function, unnamed = found.task("t").callable, found.task("u").callable
        assert function is not None
        assert unnamed is not None
        node = function.node()
        assert isinstance(node, libcst.FunctionDef)
        assert node.name.value == "work"
        assert function.source().startswith("def work(n")
        assert isinstance(unnamed.node(), libcst.Lambda)
        assert unnamed.source() == "lambda: helper(2)"

    def test_captured_values(self) -> None:
        found = one(
            """
            def build(table):
                @task(task_id=f"load_{table}")
                def load(): return table
                return load()
            with DAG("d", schedule=None):
                for name in ["a", "b"]:
                    build(name)
            """
        )
        captured = [dict(task.callable.captured) for task in found.tasks if task.callable]
        assert captured == [{"table": Known("a")}, {"table": Known("b")}]


def test_conditions_and_compatibility_imports() -> None:
    found = one(
        """
        from typing import TYPE_CHECKING
        try:
            from airflow.sdk import BaseOperator
        except ImportError:
            from airflow.models import BaseOperator
        if TYPE_CHECKING:
            from nowhere import Nothing
        with DAG("d", schedule=None):
            if "x" == "y":
                EmptyOperator(task_id="no")
            else:
                EmptyOperator(task_id="yes")
        if __name__ == "__main__":
            EmptyOperator(task_id="main")
        """
    )
    assert [task.task_id for task in found.tasks] == ["yes"]


def test_own_operator_that_runs_itself_stays_what_it_is() -> None:
    found = one(
        """
        from airflow.sdk import BaseOperator
        class Loader(BaseOperator):
            template_fields = ("table",)
            def __init__(self, table, **kwargs):
                super().__init__(retries=4, **kwargs)
                self.table = table
            def execute(self, context): ...
        with DAG("d", schedule=None):
            Loader(task_id="load", table="x")
        """
    )
    task = found.task("load")
    assert task.operator == "example.Loader"
    assert task.bases == ("airflow.sdk.BaseOperator",)
    assert (task.known("table"), task.known("retries")) == ("x", 4)


def test_trigger_rules_and_defaults() -> None:
    found = one(
        """
        with DAG("d", schedule=None, default_args={"trigger_rule": "all_done", "retries": 1}):
            EmptyOperator(task_id="a")
            EmptyOperator(task_id="b", trigger_rule=TriggerRule.ONE_FAILED, retries=2)
        """
    )
    assert [(t.trigger_rule, t.retries) for t in found.tasks] == [("all_done", Known(1)), ("one_failed", Known(2))]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("def f(:\n  pass", "SYNTAX_ERROR", "1:7"),
        ("x = 1\nprint 'two'", "SYNTAX_ERROR", "2:1"),
        (b"\xff\xfe\x00", "NOT_TEXT", "1:1"),
        ("x = '\x00'", "SYNTAX_ERROR", "1:1"),
        ("#" * 2_000_001, "TOO_LARGE", "1:1"),
    ],
    ids=["syntax", "python 2", "not text", "null byte", "too large"],
)
def test_broken_files_have_a_located_answer(text: str | bytes, code: str, place: str) -> None:
    result = read_text(text, "broken.py")
    assert not result.dags
    assert [(p.code, str(p.span)) for p in result.problems] == [(code, place)]


def test_a_syntax_error_says_which_python_reads() -> None:
    """A file of Python 3.12 is none of 3.11: ``f"{row["a"]}"``."""
    (problem,) = read_text("x = (", "new.py").problems
    assert problem.message.endswith(f" (read as Python {sys.version_info.major}.{sys.version_info.minor})")


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: f"{rule.code}-{rule.__name__}")
class TestRule:
    def found(self, example: Any) -> list[tuple[str, str]]:
        result = read_text(example.text, "example.py")
        if example.imported:
            error = example.imported.get("error", "")
            result = merge(result, Imported({} if error else example.imported, error))
        return [(located.finding.code, located.finding.at) for located in result.findings]

    def test_is_documented(self, rule: type[Finding]) -> None:
        assert summary(rule).endswith(".")
        assert section(rule, "Why it matters")
        assert section(rule, "Remedy")

    def test_example_produces_it(self, rule: type[Finding]) -> None:
        assert (rule.code, rule.example.at) in self.found(rule.example)

    def test_near_miss_does_not(self, rule: type[Finding]) -> None:
        assert rule.code not in [code for code, _ in self.found(rule.near_miss)]


def test_values_can_be_walked() -> None:
    value = Made("f", (Items((Known(1), XCom("a"))),), (("k", Entries(((Known("x"), XCom("b")),))),))
    assert [part.task_id for part in walk(value) if isinstance(part, XCom)] == ["a", "b"]
