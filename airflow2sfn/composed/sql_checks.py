"""Checks of common.sql: the query that the operator makes, and what its rows have to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow2sfn.composed.sql import KNOWN, connection, steps
from airflow2sfn.expressions.text import Untranslatable, field, quoted
from airflow2sfn.expressions.values import constant
from airflow2sfn.source import Concat, Entries, Known, Template, Value
from airflow2sfn.tasks.callables import followed
from airflow2sfn.tasks.calls import Branching, Chain, Look, Missing, Step, Verdict, Work
from airflow2sfn.tasks.site import Site

_IN = "$states.input"
_LATER = "\0table\0"
"""Stands in a query for a table whose name is not known yet."""
_YES, _NO = ("y", "yes", "t", "true", "on", "1"), ("n", "no", "f", "false", "off", "0")
_COLUMN = """
        SELECT '{column}' AS col_name, '{check}' AS check_type, {column}_{check} AS check_result
        FROM (SELECT {statement} AS {column}_{check} FROM {table} {where}) AS sq
    """
_STATEMENTS: Mapping[str, str] = {
    "null_check": "SUM(CASE WHEN {column} IS NULL THEN 1 ELSE 0 END)",
    "distinct_check": "COUNT(DISTINCT({column}))",
    "unique_check": "COUNT({column}) - COUNT(DISTINCT({column}))",
    "min": "MIN({column})",
    "max": "MAX({column})",
}
_TABLE = """
    SELECT '{check}' AS check_name, MIN({check}) AS check_result
    FROM (SELECT CASE WHEN {statement} THEN 1 ELSE 0 END AS {check}
          FROM {table} {where}) AS sq
    """
_SIGNS: Mapping[str, str] = {"geq_to": ">=", "greater_than": ">", "leq_to": "<=", "less_than": "<"}
_RATIOS: Mapping[str, str] = {
    "max_over_min": "$max([$now, $then]) / $min([$now, $then])",
    "relative_diff": "$abs($now - $then) / $then",
}


def check(site: Site, given: dict[str, Value]) -> Work | None:
    """The first row has to be there, and no value of it may be false, zero or empty."""
    site.dropped(given, *KNOWN)
    return _of_first_row(site, given, f"$count({_IN}[$not($boolean($))]) = 0")


def value_check(site: Site, given: dict[str, Value]) -> Work | None:
    """Every value of the first row has to be the one that is asked for, or close to it."""
    site.dropped(given, *KNOWN, "pass_value", "tolerance")
    wanted, tolerance = given.get("pass_value"), given.get("tolerance", Known(None))
    if not isinstance(wanted, Known) or not isinstance(tolerance, Known):
        raise Untranslatable("which value it has to be is not known")
    number = _number(wanted.value)
    if number is None:
        return _of_first_row(site, given, f"$count({_IN}[$string($) != {constant(str(wanted.value))}]) = 0")
    margin = abs(number) * (_number(tolerance.value) or 0.0)
    low, high = _plain(number - margin), _plain(number + margin)
    wrong = f"$number($) != {low}" if low == high else f"$number($) < {low} or $number($) > {high}"
    return _of_first_row(site, given, f"$count({_IN}[$type($) = 'null' ? true : {wrong}]) = 0")


def threshold_check(site: Site, given: dict[str, Value]) -> Work | None:
    """The first value of the first row has to be between two numbers."""
    site.dropped(given, *KNOWN, "min_threshold", "max_threshold")
    low, high = (_number(site.task.known(name)) for name in ("min_threshold", "max_threshold"))
    if low is None or high is None:
        raise Untranslatable("its thresholds are queries themselves, or not known")
    value = f"$number({_IN}[0])"
    between = f"{value} >= {_plain(low)} and {value} <= {_plain(high)}"
    return _of_first_row(site, given, f"($type({_IN}[0]) = 'null' ? false : {between})")


def column_check(site: Site, given: dict[str, Value]) -> Work | None:
    """Every column has to have the numbers of nulls and of different values, the least and the greatest that it may."""
    site.dropped(given, *KNOWN, "table", "column_mapping", "partition_clause", "accept_none")
    accept_none = bool(site.task.known("accept_none", True))
    parts, conditions = [], []
    for column, checks in _known_checks(site, "column_mapping").items():
        for name, wanted in checks.items():
            if name not in _STATEMENTS:
                raise Untranslatable(f"{name} is no check of a column")
            names = {"column": column, "check": name, "statement": _STATEMENTS[name].format(column=column)}
            parts.append(_COLUMN.format(**names, table=_word(site, "table"), where=_where(site, wanted)))
            conditions.append(_within(_member(f"{column} {name}"), wanted, accept_none))
    sql = f"SELECT col_name, check_type, check_result FROM ({'UNION ALL'.join(parts)}) AS check_columns"
    value = "$row[2] = null ? 0 : $number($row[2])" if accept_none else "$row[2]"
    return _of_rows(site, given, sql, f"{{$row[0] & ' ' & $row[1]: {value}}}", conditions)


def table_check(site: Site, given: dict[str, Value]) -> Work | None:
    """Every statement about the table has to be true, in each of its rows or as a whole."""
    site.dropped(given, *KNOWN, "table", "checks", "partition_clause", "accept_none")
    parts, conditions = [], []
    for name, wanted in _known_checks(site, "checks").items():
        statement = wanted.get("check_statement")
        if not isinstance(statement, str):
            raise Untranslatable(f"what {name} checks is not known")
        where = _where(site, wanted)
        parts.append(_TABLE.format(check=name, statement=statement, table=_word(site, "table"), where=where))
        conditions.append(f"{_member(name)} = 1")
    sql = f"SELECT check_name, check_result FROM ({'UNION ALL'.join(parts)}) AS check_table"
    return _of_rows(site, given, sql, "{$row[0]: $row[1]}", conditions)


def interval_check(site: Site, given: dict[str, Value]) -> Work | None:
    """Numbers of a day are compared with those of some days before: the ratio has to be below a threshold."""
    names = ("table", "metrics_thresholds", "date_filter_column", "days_back", "ratio_formula", "ignore_zero")
    site.dropped(given, *KNOWN, *names)
    thresholds = site.task.known("metrics_thresholds")
    days, formula = site.task.known("days_back", -7), _RATIOS.get(site.task.known("ratio_formula", "max_over_min"))
    if not isinstance(thresholds, dict) or not thresholds or not isinstance(days, int) or formula is None:
        raise Untranslatable("what it compares is not known")
    if any(_number(limit) is None for limit in thresholds.values()):
        raise Untranslatable("a threshold of it is no number")
    metrics = sorted(map(str, thresholds))
    column = site.task.known("date_filter_column", "ds")
    head = f"SELECT {', '.join(metrics)} FROM {_word(site, 'table')} WHERE {column}="
    found = connection(site, given)
    if isinstance(found, Missing):
        return found
    reference = _sql(site, f"{head}'{{{{ macros.ds_add(ds, {-abs(days)}) }}}}'")
    *before, past = (_past(one) for one in steps(site, found, {**given, "sql": reference}, "first"))
    assert isinstance(past, Step), "rows are the result of a call"
    then = site.local("past")
    row = f"($row := {_first_row(past.call.result)}; $exists($row) ? $row : [])"
    past = replace(past, assign={**past.assign, then: row})
    *after, last = steps(site, found, {**given, "sql": _sql(site, f"{head}'{{{{ ds }}}}'")}, "first")
    assert isinstance(last, Step), "rows are the result of a call"
    ratio = f"function($now, $then) {{ $now = 0 or $then = 0 ? null : {formula} }}"
    pairs = ", ".join(f"{quoted(name)}: $ratio($row[{n}], ${then}[{n}])" for n, name in enumerate(metrics))
    output = (
        f"($row := {_first_row(last.call.result)}; $ratio := {ratio};"
        f" $exists($row) and $exists(${then}[0]) ? {{{pairs}}} : $error('The query has given no row'))"
    )
    ignored = "true" if site.task.known("ignore_zero", True) else "false"
    good = " and ".join(
        f"({_member(name)} = null ? {ignored} : {_member(name)} < {_plain(float(thresholds[name]))})"
        for name in metrics
    )
    verdict = Verdict(last.call, output, good, f"'The ratios are ' & $string({_IN})", name=last.name)
    return Chain((*before, past, *after, verdict))


def branch(site: Site, given: dict[str, Value]) -> Work | None:
    """The first value of the first row says, as yes or no, which tasks run next."""
    ways = ("follow_task_ids_if_true", "follow_task_ids_if_false")
    site.dropped(given, *KNOWN, *ways)
    ids = []
    for name in ways:
        chosen = followed(site.plan, site.task.task_id, given.get(name, Known(())))
        if chosen is None:
            raise Untranslatable("which tasks it is followed by is not known")
        ids.append(tuple(chosen))
    found = connection(site, given)
    if isinstance(found, Missing):
        return found
    *before, last = steps(site, found, given, "first")
    assert isinstance(last, Step), "rows are the result of a call"
    text = f"$lowercase($string({_IN}))"
    conditions = (
        f"$type({_IN}) = 'number' ? {_IN} {sign} 0 : {text} in {constant(list(words))}"
        for sign, words in (("!=", _YES), ("=", _NO))
    )
    value = f"($row := {_first_row(last.call.result)}; $exists($row[0]) ? $row[0] : null)"
    cause = f"'The query says neither yes nor no: ' & $string({_IN})"
    return Chain((*before, Branching(last.call, value, tuple(zip(conditions, ids, strict=True)), cause, last.name)))


def _of_first_row(site: Site, given: dict[str, Value], good: str) -> Work:
    """The query, and the question about its first row."""
    return _verdict(
        site, given, ("[(", ")[0]]"), f"$count({_IN}) > 0 and {good}", f"'The first row is ' & $string({_IN})"
    )


def _of_rows(site: Site, given: dict[str, Value], sql: str, entry: str, conditions: list[str]) -> Work:
    """The query, whose rows are the values of checks by their names, and the questions about them."""
    if not conditions:
        raise Untranslatable("it checks nothing")
    kept = ("$reduce(", f", function($all, $row) {{ $merge([$all, {entry}]) }}, {{}})")
    good = " and ".join(conditions if len(conditions) > 1 else (f"$boolean({_IN})", *conditions))
    cause = f"'The checks have given ' & $string({_IN})"
    return _verdict(site, {**given, "sql": _sql(site, sql)}, kept, good, cause)


def _verdict(site: Site, given: dict[str, Value], kept: tuple[str, str], good: str, cause: str) -> Work:
    """The query, and the question about what is kept of its rows: what stands around them."""
    found = connection(site, given)
    if isinstance(found, Missing):
        return found
    *before, last = steps(site, found, given, "first")
    assert isinstance(last, Step), "rows are the result of a call"
    return Chain((*before, Verdict(last.call, last.call.result.join(kept), good, cause, name=last.name)))


def _first_row(rows: str) -> str:
    return f"({rows})[0]"


def _past(part: Step | Look) -> Step | Look:
    """A part of the query about the day before, under a name of its own."""
    return replace(part, name=f"past {part.name}".rstrip())


def _known_checks(site: Site, name: str) -> dict[str, dict[str, Any]]:
    """What is to be checked, by names; raises Untranslatable where that is not known."""
    found = _raw(site.task.get(name))
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise Untranslatable(f"its {name} is not known")
    if any("`" in one or '"' in one for one in found):
        raise Untranslatable("the name of a check has a quotation mark")
    return found


def _raw(value: Value | None) -> Any:
    """A value as it stands in the DAG file, its templates not rendered; raises Untranslatable."""
    match value:
        case Known(known):
            return known
        case Template(text):
            return text
        case Entries(pairs):
            return {str(_raw(key)): _raw(item) for key, item in pairs}
        case _:
            raise Untranslatable("what it checks is not known")


def _where(site: Site, wanted: Mapping[str, Any]) -> str:
    """The part of a query that says which rows are checked."""
    own = _raw(site.task.get("partition_clause") or Known(None))
    clauses = [clause for clause in (own, wanted.get("partition_clause")) if clause]
    return f"WHERE {' AND '.join(map(str, clauses))}" if clauses else ""


def _word(site: Site, name: str) -> str:
    """An argument as a part of a query; one that is not known yet gets its place there by ``_sql``."""
    value = site.task.get(name)
    if isinstance(value, Known | Template):
        return str(_raw(value))
    return _LATER


def _sql(site: Site, text: str) -> Value:
    """A query, with the table's name in its places where it is only known when Airflow reads the file."""
    made = [Template(part) if "{{" in part or "{%" in part else Known(part) for part in text.split(_LATER)]
    table = site.task.get("table")
    if len(made) == 1 or table is None:
        return made[0]
    return Concat((made[0], *(one for part in made[1:] for one in (table, part))))


def _member(name: str) -> str:
    """A check's value among those that are kept."""
    return field(_IN, name)


def _within(member: str, wanted: Mapping[str, Any], accept_none: bool) -> str:
    """The condition that a check's value is what it has to be; raises Untranslatable."""
    limits = {
        name: _number(wanted[name]) for name in (*_SIGNS, "equal_to", "tolerance") if wanted.get(name) is not None
    }
    if None in limits.values():
        raise Untranslatable("a limit of it is no number")
    numbers = {name: limit for name, limit in limits.items() if limit is not None}
    share = numbers.pop("tolerance", None)
    conditions = []
    for name, limit in numbers.items():
        margin = abs(limit) * (share or 0.0)
        if name != "equal_to":
            sign = _SIGNS[name]
            conditions.append(f"{member} {sign} {_plain(limit - margin if '>' in sign else limit + margin)}")
        elif share is None:
            conditions.append(f"{member} = {_plain(limit)}")
        else:
            conditions += [f"{member} >= {_plain(limit - margin)}", f"{member} <= {_plain(limit + margin)}"]
    if not conditions:
        raise Untranslatable("what a check of it compares with is not known")
    good = " and ".join(conditions)
    return good if accept_none else f"($type({member}) = 'number' ? {good} : false)"


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(str(value))
    except ValueError:
        return None
