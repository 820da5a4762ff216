"""Templates: what Airflow renders is what the expression gives, on the same values."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import jinja2
import pytest

from airflow2sfn.expressions.text import Untranslatable, field
from airflow2sfn.jinja import template
from airflow2sfn.jinja.pieces import UNKNOWN, Piece
from sfn_airflow_core.expr.jsonata import Library, QueryError, read_query

pendulum = pytest.importorskip("pendulum", reason="Airflow is not installed")
macros = pytest.importorskip("airflow.sdk.execution_time.macros", reason="Airflow is not installed")
templating = pytest.importorskip("airflow.sdk.definitions._internal.templater", reason="Airflow is not installed")

PARAMS: dict[str, Any] = {
    "region": "eu", "amount": 10, "rate": 0.5, "full": True, "off": False, "tables": ["a", "b"], "empty": "",
    "spec": {"k": "v", "n": {"m": 1}}, "padded": "  a  b ", "path": "s3://b/x/y.csv", "nothing": [], "unset": None,
}  # fmt: skip
CONF: dict[str, Any] = {"mode": "delta", "limit": 3, "keys": ["x", "y"]}
XCOMS: dict[str, Any] = {
    "extract": {"prefix": "raw/", "files": 3, "keys": ["k1", "k2"]}, "count": 7, "name": "orders", "numbers": [3, 1, 2],
    "rows": [{"id": "a", "ok": True}, {"id": "b", "ok": False}], "done": True, "total": 4,
}  # fmt: skip
KINDS = {"done": "bool", "name": "text", "total": "number"}
"""Kinds of XComs that the functions of tasks are annotated with."""
VARIABLES = {"bucket": "acme", "limits": '{"most": 5}'}


class Where:
    """Values under the names of variables."""

    dag_id, task_id, native, lenient = "sales", "load", False, False

    def xcom(self, task_id: str, key: str) -> str:
        return f"$x_{task_id}" if key == "return_value" else field(f"$x_{task_id}", key)

    def run(self, name: str) -> str:
        return {"conf": "$states.context.Execution.Input.conf"}.get(name, f"${name}")

    def param(self, name: str) -> tuple[Any, bool]:
        return (PARAMS[name], False) if name in PARAMS else (UNKNOWN, True)

    def kind(self, task_id: str, key: str) -> Any:
        return KINDS.get(task_id, "json") if key == "return_value" else "json"

    def pulled(self, task_id: str, key: str) -> Piece:
        return Piece(self.xcom(task_id, key), self.kind(task_id, key))

    def about(self, name: str) -> str | None:
        return None

    def literal(self, name: str) -> str | None:
        return {"dag.dag_id": "sales", "task.task_id": "load", "ti.task_id": "load"}.get(name)

    def variable(self, name: str, needed: bool) -> str:
        return field("$var", name)

    def connection(self, conn_id: str, path: list[str]) -> str:
        raise Untranslatable("it uses a Connection")

    def prints(self, piece: Piece) -> None:
        pass

    def macro(self, name: str) -> Any:
        return {"bucket_name": "acme"}.get(name)


class Instance:
    """Airflow's task instance, as far as templates use it."""

    task_id, dag_id, run_id, try_number = "load", "sales", "manual__1", 1

    def xcom_pull(self, task_ids: Any, dag_id: Any = None, key: str = "return_value") -> Any:
        if isinstance(task_ids, list):
            return [XCOMS[task_id] for task_id in task_ids]
        return XCOMS[task_ids] if key == "return_value" else XCOMS[task_ids][key]


class Variables:
    def __init__(self, parsed: bool):
        self.parsed = parsed

    def __getattr__(self, name: str) -> Any:
        return json.loads(VARIABLES[name]) if self.parsed else VARIABLES[name]

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name) if name in VARIABLES else default


DAY = "2026-03-09T05:30:00Z"


def rendered(text: str) -> str:
    """What Airflow renders."""
    when = pendulum.parse(DAY)
    instance = Instance()
    context = {
        "ds": "2026-03-09", "ds_nodash": "20260309", "ts": when.isoformat(), "ts_nodash": "20260309T053000",
        "ts_nodash_with_tz": "20260309T053000+0000", "logical_date": when, "execution_date": when, "params": PARAMS,
        "data_interval_start": when, "data_interval_end": when, "run_id": "manual__1", "ti": instance,
        "task_instance": instance, "macros": macros, "var": {"value": Variables(False), "json": Variables(True)},
        "dag_run": {"conf": CONF, "run_id": "manual__1"}, "dag": {"dag_id": "sales"}, "task": {"task_id": "load"},
        "tomorrow_ds": "2026-03-10", "yesterday_ds_nodash": "20260308", "bucket_name": "acme",
        "task_instance_key_str": "sales__load__20260309",
    }  # fmt: skip
    environment = templating.SandboxedEnvironment(cache_size=0, undefined=jinja2.StrictUndefined)
    return environment.from_string(text).render(context)


def evaluated(text: str) -> Any:
    """What the expression of the template gives."""
    variables: dict[str, Any] = {
        "ds": "2026-03-09", "logical_date": DAY, "data_interval_start": DAY, "data_interval_end": DAY, "params": PARAMS,
        "run_id": "manual__1", "var": VARIABLES, "states": {"context": {"Execution": {"Input": {"conf": CONF}}}},
        **{f"x_{name}": value for name, value in XCOMS.items()},
    }  # fmt: skip
    library = Library(random.Random(1), lambda: datetime(2026, 3, 9, tzinfo=UTC))
    return read_query(template(text, Where())).evaluate(variables, library)


SAME = """\
plain text
{{ ds }}
{{ ds_nodash }}
s3://b/{{ ds }}/{{ ts_nodash }}.csv
{{ ts }}
{{ ts_nodash_with_tz }}
{{ yesterday_ds_nodash }} {{ tomorrow_ds }}
{{ logical_date }}
{{ logical_date.strftime('%Y/%m/%d %H:%M:%S') }}
{{ logical_date.strftime('%d %B %y, %A %j %I %p') }}
{{ execution_date.strftime('%Y-%m-%d') }}
{{ data_interval_start.format('YYYY-MM-DD[T]HH') }}
{{ data_interval_end.to_date_string() }}
{{ (data_interval_end - macros.timedelta(days=1)).strftime('%Y%m%d') }}
{{ (logical_date + macros.timedelta(hours=2, days=1)).isoformat() }}
{{ logical_date.subtract(days=7).strftime('%Y-%m-%d') }}
{{ logical_date.add(hours=3) | ts }}
{{ logical_date | ds }} {{ logical_date | ds_nodash }}
{{ data_interval_start | ts_nodash }}
{{ logical_date.year }}-{{ logical_date.month }}-{{ logical_date.hour }}
{{ '%02d' | length }}
{{ macros.ds_add(ds, 5) }}
{{ macros.ds_add(ds, -5) }}
{{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%Y') }}
{{ macros.datetime.strptime(ds, '%Y-%m-%d').strftime('%Y/%m') }}
{{ ds[:4] }}/{{ ds[5:7] }}/{{ ds[8:] }}
{{ ds.split('-')[0] }}
{{ ds.replace('-', '/') }}
{{ params.region }}
{{ params['region'] | upper }}
{{ params.amount + 1 }} {{ params.amount * 2 - 3 }} {{ params.amount // 3 }} {{ params.amount % 3 }}
{{ params.amount - (3 - 1) }} {{ 2 * (params.amount + 1) }}
{{ params.rate }}
{{ params.full }} {{ params.off }}
{{ params.tables | join(', ') }}
{{ params.tables | length }} {{ params.region | length }}
{{ params.tables[0] }}{{ params.tables[-1] }}
{{ params.tables | first }}{{ params.tables | last }}
{{ params.spec.n.m }}
{{ params.padded | trim }}|{{ params.padded.strip() }}|{{ params.padded.lstrip() }}|{{ params.padded.rstrip() }}
{{ params.path.split('/')[-1] }}
{{ params.path.rstrip('v.sc') }}
{{ params.path.startswith('s3://') }} {{ params.path.endswith('.csv') }}
{{ params.missing | default('none') }}
{{ params.empty | default('x', true) }}
{{ params.get('region', 'us') }} {{ params.get('other', 'us') }}
{{ 'full' if params.full else 'delta' }}
{{ 'big' if params.amount > 5 and params.region == 'eu' else 'small' }}
{{ 'a' if not params.off else 'b' }}
{{ params.empty or 'fallback' }} {{ params.region or 'fallback' }}
{{ 'yes' if params.region in ['eu', 'us'] else 'no' }}
{{ 'yes' if 'e' in params.region else 'no' }} {{ 'yes' if 'b' in params.tables else 'no' }}
{{ 'yes' if 'z' not in params.tables else 'no' }}
{{ 'yes' if params.missing is defined else 'no' }} {{ 'yes' if params.region is defined else 'no' }}
{{ 1 < params.amount <= 10 }}
{{ params.region ~ '-' ~ params.amount }}
{{ params.region + '-' + 'x' }}
{{ '%s-%d' % (params.region, params.amount) }}
{{ '{}/{}'.format(params.region, ds) }} {{ '{0}{1}{0}'.format('a', 'b') }} {{ '{x}!'.format(x=params.region) }}
{{ dag_run.conf.mode }} {{ dag_run.conf['limit'] }} {{ dag_run.conf.get('mode', 'full') }}
{{ dag_run.conf.get('other', 'full') }}[{{ dag_run.conf.get('other') }}] {{ dag_run.conf.get('other') }}
{{ dag_run.conf.get('other') or params.region }} {{ dag_run.conf.get('mode') or params.region }}
{{ 'x' if dag_run.conf.get('other') else 'y' }} {{ dag_run.conf.get('other') is none }} {{ params.get('gone') == none }}
{{ dag_run.conf.get('mode') is none }} {{ dag_run.conf.get('other') != none }} {{ dag_run.conf.get('other') == 'a' }}
{{ dag_run.conf.get('other') | default('z') }} {{ dag_run.conf.get('other') | default('z', true) }}
{{ dag_run.conf['other'] if 'other' in dag_run.conf else 'none' }} {{ dag_run.conf.other is defined }}
{{ dag_run.conf.other | default('z') }} {{ dag_run.conf['mode'] or 'x' }} {{ 'mode' in dag_run.conf }}
{{ ti.xcom_pull('extract')['prefix'] }}
{{ ti.xcom_pull(task_ids='extract').files }} {{ ti.xcom_pull(task_ids='extract')['keys'][0] }}
{{ task_instance.xcom_pull(task_ids='count') }}
{{ ti.xcom_pull(task_ids='extract', key='prefix') }}
{{ ti.xcom_pull(task_ids='extract', dag_id='sales', key='return_value')['prefix'] }}
{{ ti.xcom_pull(task_ids=['count', 'name'])[1] }}
{{ ti.xcom_pull('numbers') | sum }} {{ ti.xcom_pull('numbers') | max }} {{ ti.xcom_pull('numbers') | length }}
{{ ti.xcom_pull('name') | upper }} {{ ti.xcom_pull('name')[:3] }}
{{ ti.xcom_pull('rows') | map(attribute='id') | join(',') }}
{{ ti.xcom_pull('rows') | selectattr('ok') | map(attribute='id') | first }}
{{ ti.xcom_pull('rows') | selectattr('id', 'equalto', 'b') | map(attribute='id') | join }}
{{ var.value.bucket }} {{ var.json.limits.most }}
{{ var.value.get('bucket', 'none') }} {{ var.value.get('other', 'none') }}
{{ dag.dag_id }} {{ task.task_id }} {{ ti.task_id }} {{ run_id }}
{{ task_instance_key_str }}
{{ bucket_name }}
{% if params.full %}full{% else %}delta{% endif %} load
{% if params.off %}a{% elif params.amount == 10 %}b{% else %}c{% endif %}
{% if params.off %}only{% endif %}
{% set day = ds %}{{ day }}/{{ day | replace('-', '') }}
{% for t in params.tables %}{{ t }};{% endfor %}
{% for t in params.tables %}{{ loop.index }}:{{ t }}{% if not loop.last %}, {% endif %}{% endfor %}
{% for t in ['x', 'y'] if t != 'x' %}{{ t }}{% endfor %}
{% for t in params.nothing %}{{ t }}{% endfor %}|
{% for n in range(3) %}{{ n }}{% endfor %}
SELECT * FROM t WHERE day = '{{ ds }}' AND "x" = {{ params.amount }}
{# nothing #}it's "quoted" \\ and {{ '{{' }}
{{ params.region | replace('e', 'o') }} {{ params.region.upper() }} {{ 'a,b'.split(',')[1] }}
{{ params.amount | string }} {{ '3' | int + 1 }} {{ '7'.zfill(3) }}
{{ none }} {{ params.tables | reverse | join('') if false else 'x' }}
{{ ti.xcom_pull('done') }} {{ 'yes' if ti.xcom_pull('done') else 'no' }} {{ not ti.xcom_pull('done') }}
{{ ti.xcom_pull('done') }}
{{ ti.xcom_pull('total') + 1 }} {{ ti.xcom_pull('name') }} {{ ti.xcom_pull('name') + '.csv' }}
{{ params.unset }} {{ params.unset or 'x' }} {{ 'none' if params.unset is none else 'some' }}
{{ params.unset }}
{{ 5 / 2 }} {{ -params.amount }} {{ 2 ** 3 }} {{ params.amount | abs }}
{{ 4 / 2 }} {{ params.amount / 5 }} {{ params.amount / 4 + 1 }} {{ params.amount * 1.0 }} {{ 2.0 }} {{ 1e20 }}
{{ params.amount | float }} {{ 2.6 | round }} {{ params.amount // 2.0 }} {{ '3' | float }} {{ 'a' ~ 3 / 3 }}
{{ none if params.off else 'x' }} {{ none if params.full else 'x' }}
{{ params.spec.k | upper }} {% for row in ti.xcom_pull('rows') %}{{ row.id }}{% endfor %}
""".splitlines()


FAILS = """\
{{ params.missing }}
{{ params['missing'] }}/x
{{ params.missing or 'fallback' }}
{{ 'yes' if params.missing else 'no' }}
{{ 'yes' if not params.missing else 'no' }}
{{ 'yes' if params.missing != 'a' else 'no' }}
{{ params.missing == 'a' }}
{{ params.missing | upper }}
{{ params.missing.deeper }}
{{ params.spec.gone }}
{% if dag_run.conf.other %}a{% endif %}
{% for one in dag_run.conf.other %}{{ one }}{% endfor %}
s3://b/{{ dag_run.conf['other'] }}
{{ dag_run.conf.other ~ 'x' }}
{{ '%s' % dag_run.conf.other }}
{{ dag_run.conf['other'] or params.region }}
{{ ti.xcom_pull('extract')['gone'] }}
a{{ ti.xcom_pull('numbers')[9] }}
{% for row in ti.xcom_pull('rows') %}{{ row.gone }}{% endfor %}
""".splitlines()


@pytest.mark.parametrize("text", FAILS)
def test_what_is_missing_is_an_error_as_in_airflow(text: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        rendered(text)
    with pytest.raises(QueryError, match="is missing"):
        evaluated(text)


def test_what_is_missing_is_no_error_where_the_dag_says_so() -> None:
    class Lenient(Where):
        lenient = True

    assert template("a{{ params.missing }}", Lenient()) == "'a' & $params.missing"
    assert template("{{ 'a' if params.missing }}", Lenient()) == "$params.missing ? 'a' : ''"


@pytest.mark.parametrize("text", [line for line in SAME if line])
def test_gives_what_airflow_renders(text: str) -> None:
    assert evaluated(text) == rendered(text), template(text, Where())


@pytest.mark.parametrize(
    "text",
    [
        "{{ conn.db.password }}", "{{ unknown }}", "{{ ti.xcom_pull(task_ids=params.region) }}", "{% include 'x' %}",
        "{{ ds | wordcount }}", "{{ logical_date.strftime('%U') }}", "{{ macros.hive.max_partition('t') }}",
        "{{ logical_date.in_timezone('Europe/Berlin') }}", "{{ params | dictsort }}", "{{ open('x') }}",
        "{{ ti.xcom_pull('count') + ti.xcom_pull('count') }}", "{{ ''.__class__ }}{{ lipsum() }}",
        "{{ ti.xcom_pull('x', dag_id='other') }}", "{% macro m() %}{% endmacro %}", "{% if %}",
        "{{ '%5.2f' % params.rate }}",
    ],
)  # fmt: skip
def test_says_what_cannot_be_computed(text: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        template(text, Where())
    assert str(caught.value)
    assert "\n" not in str(caught.value)


def test_reads_as_if_written_by_hand() -> None:
    assert template("s3://b/{{ ds }}/{{ params.region | upper }}.csv", Where()) == (
        "'s3://b/' & $ds & '/' & $uppercase($params.region) & '.csv'"
    )
    assert template("{{ ti.xcom_pull('extract')['prefix'] }}x", Where()) == (
        "($exists($x_extract.prefix) ? $x_extract.prefix : $error('extract.prefix is missing')) & 'x'"
    )
    assert template("{{ dag_run.conf.get('mode') }}", Where()) == (
        "$exists($states.context.Execution.Input.conf.mode) and $states.context.Execution.Input.conf.mode != null"
        " ? $string($states.context.Execution.Input.conf.mode) : 'None'"
    )
    assert template("{{ 'full' if params.amount > 5 else 'delta' }}", Where()) == (
        "$params.amount > 5 ? 'full' : 'delta'"
    )


def test_native_objects_keep_their_kind() -> None:
    class Native(Where):
        native = True

    assert template("{{ params.tables }}", Native()) == "$params.tables"
    assert template("{{ params.amount }}x", Native()) == "$params.amount & 'x'"
