"""Files that a DAG file reads when it is loaded: those of the project are read as Python would, and no others."""

from __future__ import annotations

import datetime as dt
import time
from itertools import pairwise
from pathlib import Path

import pytest
from reading import codes

from airflow2sfn.read import Reading, read_file
from airflow2sfn.source import Entries, Items, Known, Template

HEAD = """
import glob, io, json, os, pathlib, tomllib, yaml
from pathlib import Path
from airflow.sdk import DAG, chain, task
from airflow.providers.standard.operators.empty import EmptyOperator
HERE = os.path.dirname(os.path.abspath(__file__))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dags = tmp_path / "dags"
    (dags / "conf" / "jobs").mkdir(parents=True)
    (dags / "conf" / "names.json").write_text('["a", "b"]')
    (dags / "conf" / "names.yaml").write_text("names: &n [a, b]\nagain: *n\nday: 2026-03-05\non: yes\n")
    (dags / "conf" / "names.toml").write_text('names = ["a", "b"]\n')
    (dags / "conf" / "names.txt").write_text("a\r\nb\n")
    for name in ("b", "a"):
        (dags / "conf" / "jobs" / f"{name}.json").write_text(f'{{"name": "{name}"}}')
    (tmp_path / "secret.json").write_text('["secret"]')
    (dags / "link.json").symlink_to(tmp_path / "secret.json")
    (dags / "conf" / "out").symlink_to(tmp_path)
    return dags


def read(folder: Path, body: str) -> Reading:
    (folder / "d.py").write_text(HEAD + body)
    return read_file(folder / "d.py")


def tasks(folder: Path, names: str) -> list[str]:
    """The tasks that are made of names, which an expression gives."""
    body = f"with DAG('d', schedule=None):\n    for name in {names}:\n        EmptyOperator(task_id=name)\n"
    result = read(folder, body)
    assert codes(result) == []
    return [task.task_id for task in result.dags[0].tasks]


@pytest.mark.parametrize(
    "names",
    [
        "json.load(open(os.path.join(HERE, 'conf', 'names.json')))",
        "json.load(open(HERE + '/conf/names.json', 'r', encoding='utf-8'))",
        "json.loads((Path(__file__).parent / 'conf' / 'names.json').read_text())",
        "json.loads(Path(__file__).resolve().parent.joinpath('conf/names.json').read_bytes())",
        "json.load(Path('/opt/airflow/dags/conf/names.json').open())",
        "json.load(io.open('/usr/local/airflow/dags/conf/names.json', mode='rb'))",
        "json.load(open('conf/names.json'))",
        "yaml.safe_load(open(HERE + '/conf/names.yaml'))['again']",
        "yaml.load(open(HERE + '/conf/names.yaml').read(), Loader=yaml.SafeLoader)['names']",
        "tomllib.load(open(HERE + '/conf/names.toml', 'rb'))['names']",
        "open(HERE + '/conf/names.txt').read().split()",
        "[line.strip() for line in open(HERE + '/conf/names.txt').readlines()]",
        "[path.stem for path in sorted(Path(HERE).glob('conf/jobs/*.json'))]",
        "[path.stem for path in Path(HERE, 'conf').rglob('jobs/*.json')]",
        "[json.loads(path.read_text())['name'] for path in Path(HERE, 'conf', 'jobs').iterdir()]",
        "[name.removesuffix('.json') for name in os.listdir(os.path.join(HERE, 'conf/jobs'))]",
        "[json.load(open(name))['name'] for name in glob.glob(f'{HERE}/conf/jobs/*.json')]",
        "['a', 'b'] if os.path.exists(HERE + '/conf/names.json') else ['no']",
        "['a', 'b'] if Path(HERE, 'conf').is_dir() and not Path(HERE, 'conf').is_file() else ['no']",
    ],
)
def test_files_beside_the_dag_are_read(folder: Path, names: str) -> None:
    assert tasks(folder, names) == ["a", "b"]


def test_a_file_in_a_with_statement_and_in_a_module_of_the_project(folder: Path) -> None:
    (folder / "helper.py").write_text(
        "import yaml\nfrom pathlib import Path\n"
        "with Path(__file__).with_name('conf').joinpath('names.yaml').open() as file:\n"
        "    CONF = yaml.safe_load(file)\n"
    )
    body = "with open(f'{HERE}/conf/names.json') as file:\n    FOUND = json.load(file)\n"
    body += "from helper import CONF\n"
    body += "with DAG('_'.join(FOUND), description=CONF['day'], tags=[CONF[True]]):\n    pass\n"
    (dag,) = read(folder, body).dags
    assert dag.dag_id == "a_b"
    assert dag.get("description") == Known(dt.date(2026, 3, 5))
    assert dag.get("tags") == Known([True])


@pytest.mark.parametrize(
    "names",
    [
        "json.load(open('/etc/names.json'))",
        "json.load(open(os.path.join(HERE, '..', 'secret.json')))",
        "json.load(open(HERE + '/link.json'))",
        "json.load(open(HERE + '/conf/out/secret.json'))",
        "json.loads((Path(__file__).parent.parent / 'secret.json').read_text())",
        "[json.loads(one.read_text())[0] for one in (Path(HERE) / 'conf').glob('out/*.json')]",
        "glob.glob(HERE + '/../*.json')",
        "os.listdir('/')",
        "json.load(open(HERE + '/conf/names.json', 'r+'))",
        "json.load(open(HERE + '/conf/names.json\\0'))",
        "json.load(open('no.json'))",
    ],
)
def test_nothing_outside_of_the_project_is_read(folder: Path, names: str) -> None:
    body = f"with DAG('d', schedule=None):\n    for name in {names}:\n        EmptyOperator(task_id=name)\n"
    result = read(folder, body)
    assert "secret" not in repr(result.dags)
    assert not [task for dag in result.dags for task in dag.tasks if task.known_id]


HOSTILE = {
    "aliases.yaml": "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{n}: &{n} [{', '.join(['*' + m] * 10)}]\n" for m, n in pairwise("abcdefghij")),
    "merges.yaml": "a: &a {x: 1}\n"
    + "".join(f"{n}: &{n} {{<<: [{', '.join(['*' + m] * 10)}]}}\n" for m, n in pairwise("abcdefghi")),
    "deep.yaml": "[" * 100_000,
    "dashes.yaml": "- " * 100_000,
    "deep.json": "[" * 100_000,
    "code.yaml": "!!python/object/apply:os.system ['touch mark']\n",
    "broken.yaml": "a: [",
    "broken.json": "{",
    "long.json": "[" + ",".join(["1"] * 400_000) + "]",
    "huge.json": '"' + "a" * 1_500_000 + '"',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_do_no_harm(folder: Path, name: str) -> None:
    (folder / name).write_text(HOSTILE[name])
    parse = "json.load" if name.endswith("json") else "yaml.load"
    start = time.perf_counter()
    result = read(folder, f"x = {parse}(open(HERE + '/{name}'))\nwith DAG('d', description=str(x)):\n    pass\n")
    assert time.perf_counter() - start < 8
    assert not result.problems
    assert not (folder / "mark").exists()
    assert len(repr(result.dags)) < 3_000_000


def test_a_broken_file_raises_as_in_python(folder: Path) -> None:
    (folder / "broken.json").write_text("{")
    body = (
        "try:\n    x = json.load(open(HERE + '/broken.json'))\nexcept ValueError:\n    x = 'broken'\n"
        "with DAG(x, schedule=None):\n    pass\n"
    )
    assert [dag.dag_id for dag in read(folder, body).dags] == ["broken"]


def test_json_files_of_emr_are_literals(folder: Path) -> None:
    (folder / "steps.json").write_text('[{"Name": "x {{ ds }}", "ActionOnFailure": "CONTINUE"}]\n')
    body = (
        "from airflow.providers.amazon.aws.operators.emr import EmrAddStepsOperator\n"
        "with DAG('d', schedule=None):\n    EmrAddStepsOperator(task_id='a', job_flow_id='j', steps='steps.json')\n"
    )
    (dag,) = read(folder, body).dags
    step = Entries(((Known("Name"), Template("x {{ ds }}")), (Known("ActionOnFailure"), Known("CONTINUE"))))
    assert dag.tasks[0].get("steps") == Items((step,))
