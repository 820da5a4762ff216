"""What operators and sensors of services do, by the rows of the catalogue: a call, and looking until it is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from airflow2sfn.expressions.text import Untranslatable, quoted
from airflow2sfn.expressions.values import Values, constant, to_json
from airflow2sfn.rules.retries import SensorRetries, StartRetried
from airflow2sfn.source import Known, Task, Value
from airflow2sfn.tasks.calls import SENSOR_LATE, Call, Chain, Look, Step, Work, place, tries
from airflow2sfn.tasks.retries import retries, seconds, timeout
from airflow2sfn.tasks.service_values import own, parsed, split_url
from airflow2sfn.tasks.site import RESOURCE, Site
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue import lens
from sfn_airflow_core.catalogue.forms import Inexpressible
from sfn_airflow_core.catalogue.model import Describe, Operator, Row, Sensor
from sfn_airflow_core.catalogue.spelling import as_sdk, at, error_name, operation, request, spelt
from sfn_airflow_core.catalogue.table import CLASSES, ROWS

_WEEK = 7 * 86_400
_STARTED = re.compile(r"\$start\.([\w.]+)")


def by_row(site: Site, given: dict[str, Value]) -> Work:
    """The work of an operator or sensor that a row of the catalogue describes. Raises Untranslatable."""
    task = site.task
    row, one = choose(task, given)
    site.refuse(given, *sorted(one.refused))
    for keyword in ("query", "sql"):
        text = given.get(keyword)
        if isinstance(text, Known) and isinstance(text.value, str) and text.value.strip().endswith(".sql"):
            raise Untranslatable("its SQL is in a file that is not beside the DAG")
    dropped(site, given, one)
    try:
        values = keyword_values(one, given, site.values)
        arguments = lens.arguments(row, one, values)
        if isinstance(one, Sensor):
            return _sensor(site, row, one, arguments)
        known = {name: value for name, value in values.items() if name != one.rest or isinstance(value, dict)}
        return _operator(site, row, one, arguments, lens.arguments(row, one, known))
    except Inexpressible as reason:
        raise Untranslatable(str(reason)) from None


def row_call(site: Site, given: dict[str, Value], *, sync: bool = False) -> Call:
    """The call of an operator's row alone, with or without waiting. Raises Untranslatable."""
    row, one = choose(site.task, given)
    assert isinstance(one, Operator), "sensors look, they do not call"
    site.refuse(given, *sorted(one.refused))
    dropped(site, given, one)
    try:
        arguments = lens.arguments(row, one, keyword_values(one, given, site.values))
    except Inexpressible as reason:
        raise Untranslatable(str(reason)) from None
    return site.call(f"{row.action}{'.sync' if sync else ''}", arguments, one.waited if sync else one.result)


def merged(site: Site, action: str, arguments: dict[str, Json], more: Value | None) -> Json:
    """Arguments of an optimised integration with a dictionary of further ones, spelt as it does."""
    if more is None:
        return arguments
    row = next(row for row in ROWS if row.action == action)
    shape, spell = request(action, row)
    value = site.json(more)
    if isinstance(value, dict):
        return {**arguments, **{spell(name): spelt(item, at(shape, name), spell) for name, item in value.items()}}
    return f"{{% $merge([{constant(arguments)}, {constant(value)}]) %}}"


def choose(task: Task, given: Mapping[str, Value]) -> tuple[Row, Operator | Sensor]:
    """The row of a task's class that its arguments ask for. Raises Untranslatable."""
    for row, one in CLASSES[task.operator]:
        if one.when is None:
            return row, one
        keyword, wanted = one.when
        value = given.get(keyword)
        if (value is None and one.unsaid) or (isinstance(value, Known) and str(value.value) == wanted):
            return row, one
    raise Untranslatable(f"its argument {one.when[0] if one.when else ''} is not one that has a counterpart")


def keyword_values(one: Operator | Sensor, given: dict[str, Value], values: Values) -> dict[str, Json]:
    """The keywords of a task that have a place in the call, as JSON."""
    given = dict(given)
    for key, bucket in one.urls:
        split_url(given, key, bucket)
    for place_ in one.places:
        if place_.form in ("json", "events") and place_.keyword in given:
            given[place_.keyword] = parsed(given[place_.keyword])
    if isinstance(one, Operator):
        for name, fallback in one.defaults.items():
            given.setdefault(name, Known(fallback))
        for loser, winner in one.yields:
            if winner in given:
                given.pop(loser, None)
    return {name: to_json(given[name], values) for name in keywords(one) if name in given}


def keywords(one: Operator | Sensor) -> list[str]:
    """The keywords that have a place in the call."""
    names = [place_.keyword for place_ in one.places] + ([one.rest] if one.rest else [])
    return list(dict.fromkeys([*names, *(name for text in one.composed.values() for name in lens.parts_of(text))]))


def dropped(site: Site, given: Mapping[str, Value], one: Operator | Sensor) -> None:
    """Notes the arguments that the row has no use for."""
    steering = {one.waits} if isinstance(one, Operator) else {one.targets, one.breaks}
    site.dropped(given, *keywords(one), *one.ignored, *one.refused, *steering, *(one.when or ())[:1])


def _operator(site: Site, row: Row, one: Operator, arguments: Json, known: Json) -> Work:
    task, sensor = site.task, site.plan.absorbed.get(site.task.task_id)
    waits = sensor is not None or waiting(task, one)
    accepted = tuple(error_name(row.action, code) for code in one.accepted) if row.sdk else ()
    comment, found = None, retries(task, airflow=site.plan.dag.airflow)
    if sensor is not None:
        found = retries(task, one.start_errors or ("States.ALL",), airflow=site.plan.dag.airflow)
        site.note(StartRetried(at=place(task), task=task.task_id, sensor=sensor))
        comment = f"Starts the job and waits for it ({task.task_id} and {sensor}); only starting it is retried"
    entries = tries(task, site.plan, site.note, found)
    sync = waits and "sync" in row.patterns
    result = one.waited or "null" if sync else one.result
    resource = f"{RESOURCE}{row.action}{'.sync' if sync else ''}"
    call = Call(resource, arguments, result, entries, timeout(task), comment, accepted=accepted)
    if not waits or sync or row.describe is None:
        return call
    return watched(site, call, row.describe, one, known)


def waiting(task: Task, one: Operator) -> bool:
    """Whether an operator waits for what it starts."""
    if one.waits in ("", "always"):
        return bool(one.waits)
    value = task.known(one.waits, one.waiting)
    return bool(value) or (task.known("deferrable") is True and task.get(one.waits) is None)


def watched(site: Site, call: Call, job: Describe, one: Operator, known: Json) -> Chain:
    """A call that starts something, and the loop that waits until it is done.

    ``known`` are the arguments of the call as far as their names are known when translating.
    """
    asked: dict[str, Json] = {}
    kept: dict[str, str] = {}
    for member, source in job.arguments:
        if source.startswith("'"):
            lens.put(asked, member, source.strip("'"))
            continue
        side, _, path = source.partition(".")
        listed, plain = member.startswith("["), member.strip("[]")
        if side == "result":
            variable = site.values.local(path.rpartition(".")[2].lower())
            several = at(operation(as_sdk(job.action)).input_shape, plain).type_name == "list" and not listed
            kept[variable] = f"[{jsonata(path)}]" if several else jsonata(path)
            value: Json = f"{{% ${variable} %}}"
        else:
            value = _requested(known, path)
        if value is not None:
            lens.put(asked, plain, [value] if listed else value)
    waited = one.waited
    for path in dict.fromkeys(_STARTED.findall(waited)):
        variable = site.values.local(path.rpartition(".")[2].lower())
        kept[variable] = jsonata(path)
        waited = waited.replace(f"$start.{path}", f"${variable}")
    for member, value in asked.items():
        waited = waited.replace(f"$job.{member}", constant(value[0] if isinstance(value, list) else value))
    interval, limit = site.pace(one.delay, one.attempts)
    look = Look(
        Call(f"{RESOURCE}{as_sdk(job.action)}", asked, retry=call.retry),
        jsonata(job.status),
        _among(job.succeeded),
        _among(job.failed),
        interval=interval,
        timeout=limit,
        name="status",
        result="null" if "$states.result" in waited else waited or "null",
        gone=tuple(dict.fromkeys(error_name(as_sdk(job.action), code) for code in job.gone)),
    )
    if "$states.result" in waited:
        look = described(look, waited)
    return Chain((Step(call, assign=kept), look))


def described(look: Look, result: str) -> Look:
    """A look whose XCom is part of the last description."""
    return replace(
        look,
        output=f"{{'Status': {look.output}, 'Result': {result}}}",
        done=look.done.replace("$states.input", "$states.input.Status"),
        failed=look.failed.replace("$states.input", "$states.input.Status"),
        result="$states.input.Result",
    )


def _requested(arguments: Json, path: str) -> Json:
    """A part of the arguments with which something was started."""
    if isinstance(arguments, str):
        raise Untranslatable("what it starts is only known in the run, and cannot be watched")
    return lens.find(arguments, path)


def _sensor(site: Site, row: Row, one: Sensor, arguments: Json) -> Work:
    task = site.task
    action = lens.action_of(row, one)
    entries = tries(task, site.plan, site.note)
    if entries:
        site.note(SensorRetries(at=place(task), task=task.task_id, retries=int(task.known("retries", 0))))
    call = Call(f"{RESOURCE}{action}", arguments, "null", entries)
    output, done, failed = one.found, "$states.input", ""
    good: tuple[str, ...] = ()
    if not one.found:
        assert row.describe is not None, "a sensor has a condition or a job"
        output = jsonata(row.describe.status)
        good = _targets(task, one.targets) or one.succeeded or row.describe.succeeded
        bad = _targets(task, one.breaks) or (row.describe.failed if one.broken is None else one.broken)
        done, failed = _among(good), _among(tuple(end for end in bad if end not in good))
    gone = one.gone or (row.describe.gone if row.describe else ())
    if one.vanished and one.vanished not in good:
        gone = ()
    return Chain(
        (
            Look(
                call,
                output,
                done,
                failed,
                interval=max(1, round(seconds(task.known("poke_interval")) or one.poke)),
                timeout=max(1, round(seconds(task.known("timeout")) or _WEEK)),
                gone=tuple(dict.fromkeys(error_name(action, code) for code in gone)),
                missing=tuple(dict.fromkeys(error_name(action, code) for code in one.missing)),
                soft_fail=bool(task.known("soft_fail", False)),
                late=SENSOR_LATE,
                result=one.result,
            ),
        )
    )


def _targets(task: Task, keyword: str) -> tuple[str, ...]:
    """The good ends that a task names itself."""
    value = own(task).get(keyword) if keyword else None
    if value is None:
        return ()
    if not isinstance(value, Known):
        raise Untranslatable(f"{keyword} is not known")
    values = value.value if isinstance(value.value, list | tuple | set | frozenset) else [value.value]
    return tuple(sorted(map(str, values)) if isinstance(value.value, set | frozenset) else map(str, values))


def jsonata(path: str) -> str:
    """A dotted path into a result as JSONata.

    >>> jsonata("Jobs.0.Status")
    '$states.result.Jobs[0].Status'
    """
    if path.startswith("("):
        return path
    steps = (f"[{step}]" if step.isdigit() else f".{step}" for step in path.split("."))
    return f"$states.result{''.join(steps)}"


def _among(ends: tuple[str, ...]) -> str:
    if not ends:
        return ""
    if len(ends) == 1:
        return f"$states.input = {quoted(ends[0])}"
    return f"$states.input in [{', '.join(map(quoted, ends))}]"


def pairs() -> Iterable[tuple[str, str, str]]:
    """Operators that only start something, the sensors that wait for it, and the sensor's argument that is the XCom."""
    for row in dict.fromkeys(row for rows in CLASSES.values() for row, _ in rows):
        if "sync" in row.patterns:
            for operator in row.operators:
                for sensor in row.sensors:
                    if sensor.link:
                        yield operator.qualified, sensor.qualified, sensor.link
