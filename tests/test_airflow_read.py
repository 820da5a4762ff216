"""Reading DAG files: what becomes of every form, and what cannot be told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from reading import codes, edges, inside, one, read

from airflow2sfn.read import Settings, read_file, read_text
from airflow2sfn.reading.project import Project
from airflow2sfn.rules import reading as rules
from airflow2sfn.source import (
    Concat,
    ConcatenatedXCom,
    Dag,
    Entries,
    GroupArgument,
    Items,
    Known,
    Made,
    MappedXCom,
    PythonCallable,
    Symbolic,
    Template,
    XCom,
    ZippedXCom,
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a' + 'b' * 2", "abb"),
        ("f'{1 + 1:03d}-{\"x\"!r}'", "002-'x'"),
        ("'%s/%s' % ('a', 1)", "a/1"),
        ("'{}-{name}'.format(1, name='n')", "1-n"),
        ("','.join(sorted({'b', 'a'}))", "a,b"),
        ("[n * n for n in range(4) if n % 2]", [1, 9]),
        ("{k: v for k, v in zip('ab', [1, 2])}", {"a": 1, "b": 2}),
        ("{**{'a': 1}, 'b': [*(1, 2)]}", {"a": 1, "b": [1, 2]}),
        ("timedelta(hours=1) * 2", dt.timedelta(hours=2)),
        ("datetime(2024, 1, 2).strftime('%Y%m%d')", "20240102"),
        ("max([3, 1], key=None) if False else 5", 5),
        ("(lambda x, *a, k=1: x + k + len(a))(1, 2, 3, k=4)", 7),
        ("[*map(str.upper, 'ab')] if False else 'x'.upper()", "X"),
        ("sum(len(w) for w in 'a bc'.split())", 3),
        ("{'a': {'b': [0, 1]}}['a']['b'][-1]", 1),
        ("not None and (1 < 2 <= 2) and 'a' in 'abc'", True),
        ("'prod' if len('abc') == 3 else 'dev'", "prod"),
        ("list(enumerate('ab', start=1))[1:]", [(2, "b")]),
        ("os.path.join('a', 'b.sql')", "a/b.sql"),
        ("(y := 3) + y", 6),
    ],
)
def test_values(expression: str, expected: Any) -> None:
    task = inside(f"BashOperator(task_id='t', value={expression})").task("t")
    assert task.arguments["value"] == Known(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("os.environ['STAGE']", Symbolic("os.environ['STAGE']", "environment", key="STAGE")),
        (
            "os.environ.get('STAGE', 'dev')",
            Symbolic("os.environ.get('STAGE', 'dev')", "environment", key="STAGE", default=Known("dev")),
        ),
        ("Variable.get('bucket')", Symbolic("Variable.get('bucket')", "variable", key="bucket")),
        ("datetime.now()", Symbolic("datetime.now()", "time")),
        ("open('x.sql').read()", Symbolic("open('x.sql').read()", "file", key="x.sql")),
    ],
)
def test_symbolic_values(expression: str, expected: Symbolic) -> None:
    value = inside(f"BashOperator(task_id='t', value={expression})").task("t").arguments["value"]
    assert isinstance(value, Symbolic)
    assert value.span is not None
    assert (value.text, value.reason, value.key, value.default) == (
        expected.text,
        expected.reason,
        expected.key,
        expected.default,
    )


def test_values_in_part_known() -> None:
    found = inside(
        """
        bucket = Variable.get("bucket")
        BashOperator(task_id="t", path=f"s3://{bucket}/in", many=[1, bucket], named={"a": bucket}, day="{{ ds }}")
        """
    ).task("t")
    path, many, named = (found.arguments[name] for name in ("path", "many", "named"))
    assert isinstance(path, Concat)
    assert [getattr(part, "value", getattr(part, "key", None)) for part in path.parts] == ["s3://", "bucket", "/in"]
    assert isinstance(many, Items)
    assert many.items[0] == Known(1)
    assert isinstance(named, Entries)
    assert isinstance(named.get("a"), Symbolic)
    assert found.arguments["day"] == Template("{{ ds }}")


def test_settings_make_values_known() -> None:
    body = """
    with DAG("d", schedule=None):
        BashOperator(task_id=os.environ["ID"], value=Variable.get("v"))
    """
    found = one(body, Settings({"ID": "named"}, {"v": {"a": 1}}))
    assert found.task("named").arguments["value"] == Known({"a": 1})


def test_factory_with_project_modules(root: Path) -> None:
    folder = root / "fixtures" / "airflow2sfn_read"
    result = read_file(folder / "factory.py", Project((folder,)))
    assert [d.dag_id for d in result.dags] == ["load_eu", "load_us"]
    found = result.dags[1]
    assert found.get("schedule") == Known("0 3 * * *")
    assert found.airflow == "2"
    assert found.defaults["owner"] == Known("us")
    assert [task.task_id for task in found.tasks] == ["start", "load_01_orders", "load_02_customers", "report"]
    assert edges(found) == {
        ("start", "load_01_orders"),
        ("load_01_orders", "load_02_customers"),
        ("load_02_customers", "report"),
    }
    report = found.task("report")
    assert report.operator == "airflow.providers.standard.operators.bash.BashOperator"
    assert (report.known("bash_command"), report.known("retries")) == ("echo US", 0)
    assert found.task("start").known("retries") == 3
    assert found.task("load_01_orders").arguments["bash_command"] == Template("load.sh {{ ds }} orders")
    assert set(codes(result)) == {rules.Airflow2Import.code}


def test_ids_that_are_not_known_are_not_one_because_their_text_is() -> None:
    result = read(
        """
        from cleaning import clean

        def load(table):
            with TaskGroup(f"load_{clean(table)}") as group:
                first = BashOperator(task_id=f"get_{clean(table)}", bash_command="a")
                first >> BashOperator(task_id="put", bash_command="b")
            return group

        with DAG("d", schedule=None):
            load("x") >> load("y") >> BashOperator(task_id=clean("z"), bash_command="c") >> load("z")
        """
    )
    (found,) = result.dags
    assert set(codes(result)) == {rules.UnknownName.code}
    assert (len(found.tasks), len(found.groups), len(found.edges)) == (7, 3, 6)
    assert {edge.down for edge in found.edges if edge.up == "load_{clean(table)}.put"} == {
        "load_{clean(table)}__1.get_{clean(table)}"
    }


def test_the_name_of_a_file_is_known_and_its_folder_is_not(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(
        'import os\nHERE = os.path.dirname(os.path.abspath(__file__))\nNAME = "helped"\n'
    )
    (tmp_path / "daily_load.py").write_text(
        "import os\nfrom pathlib import Path\nfrom airflow.sdk import DAG\n"
        "from airflow.providers.standard.operators.bash import BashOperator\nimport helper\n"
        "with DAG(f\"{os.path.basename(__file__).replace('.py', '')}_1\", schedule=None):\n"
        "    BashOperator(task_id=Path(__file__).stem + '_' + helper.NAME, bash_command=f\"ls {helper.HERE}\")\n"
    )
    result = read_file(tmp_path / "daily_load.py", Project((tmp_path,)))
    assert codes(result) == []
    (found,) = result.dags
    assert found.dag_id == "daily_load_1"
    task = found.task("daily_load_helped")
    assert not isinstance(task.arguments["bash_command"], Known)


def test_an_import_that_both_versions_have_says_nothing_about_the_version() -> None:
    def airflow(imports: str) -> str:
        return read_text(f"{imports}\n@dag(schedule=None)\ndef d(): pass\nd()\n", "d.py").dags[0].airflow

    both = "from airflow.decorators import dag\nfrom airflow.exceptions import AirflowSkipException"
    assert airflow(both) == ""
    assert airflow(f"{both}\nfrom airflow.operators.python import PythonOperator") == "2"
    assert airflow("import airflow.decorators\ndag = airflow.decorators.dag\nimport airflow.operators.bash") == "2"
    assert airflow("from airflow.sdk import dag\nfrom airflow.operators.bash import BashOperator") == "3"


def test_an_import_of_names_is_reported_by_its_names() -> None:
    result = read_text("from airflow.operators.python import PythonOperator, BranchPythonOperator\n", "d.py")
    names = [
        str(located.finding.name) for located in result.findings if isinstance(located.finding, rules.Airflow2Import)
    ]
    assert [name.rpartition(".")[2] for name in names] == ["PythonOperator", "BranchPythonOperator"]


@pytest.fixture(scope="module")
def mapping(root_folder: Path) -> Dag:
    result = read_file(root_folder / "mapping.py")
    assert not result.findings
    return result.dags[0]


@pytest.fixture(scope="module")
def root_folder() -> Path:
    return Path(__file__).parent.parent / "fixtures" / "airflow2sfn_read"


class TestMapping:
    def test_map_zip_concat(self, mapping: Dag) -> None:
        expansion = mapping.task("add").expansion
        assert expansion is not None
        mapped = dict(expansion.values)["left"]
        assert isinstance(mapped, MappedXCom)
        assert mapped.source == XCom("numbers")
        assert isinstance(mapped.functions[0], PythonCallable)
        assert mapping.task("add").op_kwargs["right"] == Known(10)
        zipped = mapping.task("pairs").op_kwargs["values"]
        assert zipped == ZippedXCom((XCom("numbers"), XCom("letters")), Known(0))
        assert mapping.task("everything").op_kwargs["values"] == ConcatenatedXCom((XCom("numbers"), XCom("letters")))

    def test_expand_kwargs_and_operators(self, mapping: Dag) -> None:
        again = mapping.task("add__1").expansion
        assert again is not None
        assert again.over == Known([{"left": 1}, {"left": 2, "right": 3}])
        echo = mapping.task("echo").expansion
        assert echo is not None
        assert dict(echo.values) == {"bash_command": Known(["echo 1", "echo 2"])}

    def test_mapped_group(self, mapping: Dag) -> None:
        group = next(group for group in mapping.groups if group.group_id == "each")
        assert group.expansion is not None
        assert group.tooltip == "Works on one number."
        assert mapping.task("each.add").op_kwargs["left"] == GroupArgument("each", "number")
        assert ("numbers", "each.add") in edges(mapping)
        assert mapping.task("each.sum").op_kwargs["values"] == XCom("each.add")

    def test_setup_and_teardown(self, mapping: Dag) -> None:
        assert (mapping.task("cluster").role, mapping.task("drop").role) == ("setup", "teardown")
        assert mapping.task("drop").fails_run
        assert mapping.task("drop").trigger_rule == "all_done_setup_success"
        assert {("cluster", "first"), ("second", "drop"), ("cluster", "drop")} <= edges(mapping)
        assert ("first", "drop") not in edges(mapping)

    def test_groups_labels_and_chains(self, mapping: Dag) -> None:
        assert [g.group_id for g in mapping.groups if g.group_id.startswith("outer")] == ["outer", "outer.inner"]
        assert mapping.task("outer.inner.b").known("retries") == 7
        assert mapping.task("end").trigger_rule == "none_failed"
        expected = {("start", "outer.a"), ("outer.inner.b", "end"), ("outer.inner.c", "end"), ("outer.a", "end")}
        assert expected - edges(mapping) == {("outer.a", "end")}
        assert {("start", "x0"), ("start", "x1"), ("x0", "x2"), ("x1", "end")} <= edges(mapping)


def test_edges_to_what_a_dag_says_of_its_tasks() -> None:
    found = inside(
        """
        tasks = [EmptyOperator(task_id=f"t{n}") for n in range(3)]
        chain(*tasks)
        setup = EmptyOperator(task_id="make").as_setup()
        drop = EmptyOperator(task_id="drop").as_teardown(setups=setup)
        dag.get_task("t0") >> drop
        last, first = EmptyOperator(task_id="last"), EmptyOperator(task_id="first")
        [leaf for leaf in dag.leaves if leaf is not last and leaf is not first] >> last
        first >> [root for root in dag.roots if root.task_id != "first"]
        dag.task_dict["t2"] >> EmptyOperator(task_id="yes" if dag.has_task("t1") and not dag.has_task("no") else "no")
        """
    )
    chained = {("t0", "t1"), ("t1", "t2"), ("make", "drop"), ("t0", "drop"), ("t2", "yes")}
    assert edges(found) == chained | {("t2", "last"), ("drop", "last"), ("first", "t0"), ("first", "make")}


@pytest.mark.parametrize("home", ["tests_common.test_utils", "tests.system.utils"])
def test_a_watcher_of_a_system_test_follows_every_task(home: str) -> None:
    run = f"{home}.system_tests" if home == "tests_common.test_utils" else home
    result = read(
        f"""
        with DAG("d", schedule="@once") as dag:
            chain(EmptyOperator(task_id="a"), EmptyOperator(task_id="b", trigger_rule=TriggerRule.ALL_DONE))
            from {home}.watcher import watcher
            list(dag.tasks) >> watcher()
        from {run} import get_test_run
        test_run = get_test_run(dag)
        """
    )
    (found,) = result.dags
    assert not result.findings
    assert edges(found) == {("a", "b"), ("a", "watcher"), ("b", "watcher")}
    watcher = found.task("watcher")
    assert (watcher.trigger_rule, watcher.retries) == ("one_failed", Known(0))
    assert watcher.callable is not None
    assert "raise AirflowException" in watcher.callable.source()


def test_xcom_edges_and_keys() -> None:
    found = inside(
        """
        @task(multiple_outputs=True)
        def make(): return {"a": 1}
        made = make()
        b = BashOperator(task_id="b", bash_command=made["a"])
        BashOperator(task_id="c", bash_command=f"echo {b.output}", env={"X": b.output})
        BashOperator(task_id="d", bash_command="{{ ti.xcom_pull(task_ids='b') }}")
        """
    )
    assert found.task("b").arguments["bash_command"] == XCom("make", "a")
    assert edges(found) == {("make", "b"), ("b", "c")}
    assert all(edge.data for edge in found.edges)
    command = found.task("c").arguments["bash_command"]
    assert command == Template("echo {{ task_instance.xcom_pull(task_ids='b', dag_id='d', key='return_value') }}")


def test_xcom_in_an_argument_that_is_never_rendered_makes_no_edge() -> None:
    found = inside(
        """
        a = BashOperator(task_id="a", bash_command="true")
        BashOperator(task_id="b", bash_command="true", executor_config={"x": a.output})
        """
    )
    assert edges(found) == set()
    assert found.task("b").arguments["executor_config"] == Entries(((Known("x"), XCom("a")),))


def test_label_on_edges() -> None:
    found = inside(
        """
        a, b, c = (EmptyOperator(task_id=name) for name in "abc")
        a >> Label("yes") >> b
        a >> Label("no") >> c
        """
    )
    assert [(e.up, e.down, e.label) for e in found.edges] == [("a", "b", "yes"), ("a", "c", "no")]


def test_dag_decorator_and_its_parameters() -> None:
    found = one(
        '''
        @dag(schedule="@daily", start_date=datetime(2024, 1, 1), params={"n": Param(1, type="integer")})
        def pipeline(size: int = 3):
            """What it is for."""
            @task.branch(task_id="choose")
            def pick(size): return "left"
            pick(size) >> [EmptyOperator(task_id="left"), EmptyOperator(task_id="right")]
        pipeline()
        '''
    )
    assert found.dag_id == "pipeline"
    assert found.get("doc_md") == Known("What it is for.")
    task = found.task("choose")
    assert task.operator == "task.branch"
    assert task.op_kwargs["size"] == Made("airflow.sdk.DagParam", (Known("size"), Known(3)))
    params = found.get("params")
    assert isinstance(params, Entries)
    assert params.get("n") == Made("airflow.sdk.Param", (Known(1),), (("type", Known("integer")),))


def test_asset_decorator_makes_a_dag() -> None:
    found = one(
        """
        from airflow.sdk import asset
        @asset(schedule="@daily", uri="s3://b/x")
        def prices(): return 1
        """
    )
    assert (found.dag_id, found.tasks[0].task_id) == ("prices", "prices")
    assert found.tasks[0].arguments["outlets"] == Items(
        (Made("airflow.sdk.Asset", (Known("prices"),), (("uri", Known("s3://b/x")),)),)
    )
