"""The laws of the catalogue, one test each over all rows: names, signatures, round trips, claims, waiting."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airflow2sfn.catalogue_page import PAGE, page
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue import lens
from sfn_airflow_core.catalogue.aws_sdk import pascal
from sfn_airflow_core.catalogue.forms import Inexpressible
from sfn_airflow_core.catalogue.model import Describe, Operator, Place, Row, Sensor
from sfn_airflow_core.catalogue.spelling import as_sdk, at, capital, operation, request
from sfn_airflow_core.catalogue.table import ROWS
from sfn_airflow_core.expr.read_jsonata import read_jsonata

AMAZON = "airflow.providers.amazon.aws"
CLASSES = [(row, one) for row in ROWS for one in row.classes]
DESCRIBED = [row for row in ROWS if row.describe and (row.sdk or row.sensors)]


def named(pair: object) -> str | None:
    return pair.action if isinstance(pair, Row) else pair.name if isinstance(pair, Operator | Sensor) else None


def shape_of(row: Row, one: Operator | Sensor) -> Any:
    return request(lens.action_of(row, one), row)[0]


def spelt_right(shape: Any, path: str, spell: Any) -> None:
    """Every step of a path is a member, spelt as Step Functions spells it."""
    for step in path.split("."):
        kind = shape.type_name
        if kind == "structure" and shape.members:
            names = {spell(name): member for name, member in shape.members.items()}
            assert step in names, f"{step} of {path} is none of {sorted(names)}"
            shape = names[step]
        elif kind == "list":
            assert step.isdigit(), f"{step} of {path} is no position"
            shape = shape.member
        else:
            return  # a map or a free document: its keys are data


@pytest.mark.parametrize(("row", "one"), CLASSES, ids=named)
def test_every_keyword_has_a_place_that_botocore_has(row: Row, one: Operator | Sensor) -> None:
    shape, spell = request(lens.action_of(row, one), row)
    paths = [*(place.path for place in one.places), *one.fixed, *one.composed]
    if shape is None:
        assert {path.partition(".")[0] for path in paths} <= set(row.arguments)
        return
    for path in paths:
        spelt_right(shape, path, spell)
    if isinstance(one, Operator) and one.rest is None:
        given = {path.partition(".")[0] for path in paths}
        tokens = {name for name, member in shape.members.items() if member.metadata.get("idempotencyToken")}
        assert {spell(name) for name in shape.required_members if name not in tokens} <= given | late(one)
    for place in one.places:
        if place.listed:
            assert at(shape, place.path).type_name == "list"


def late(one: Operator) -> set[str]:
    """Required members that the translation itself fills in."""
    return {"TableArn"} if one.name == "DynamoDBToS3Operator" else set()


@pytest.mark.parametrize(("row", "one"), CLASSES, ids=named)
def test_the_class_takes_every_keyword(row: Row, one: Operator | Sensor) -> None:
    known = parameters(one.module, one.name)
    steering = {one.waits} - {"always"} if isinstance(one, Operator) else {one.targets, one.breaks, one.link}
    defaults = set(one.defaults)
    asked = {place.keyword for place in one.places} | ({one.rest} if one.rest else set()) | one.ignored | one.refused
    composed = {name for template in one.composed.values() for name in lens.parts_of(template)}
    asked |= steering | defaults | composed | {name for pair in one.urls for name in pair} | {*(one.when or ())[:1]}
    assert asked - {""} <= known, f"{sorted(asked - known)} of {sorted(known)}"


@cache
def parameters(module: str, name: str) -> set[str]:
    if find_spec("airflow") is None:
        pytest.skip("needs the extra 'airflow'")
    from sfn_airflow_core.verify.airflow_process import open_airflow

    with open_airflow():
        try:
            made = getattr(import_module(module), name)
        except ModuleNotFoundError:  # the module also has operators of a provider that is not installed
            return written(module, name) | parameters(f"{AMAZON}.operators.base_aws", "AwsBaseOperator")
        return {known for base in made.__mro__ for known in inspect.signature(base.__init__).parameters}


def written(module: str, name: str) -> set[str]:
    """The parameters of a class as its file says."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    (made,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    functions = (node for node in made.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    return {one.arg for node in functions for one in (*node.args.args, *node.args.kwonlyargs)}


def sample(shape: Any, depth: int = 0) -> Json:
    """A value of a shape, in botocore's spelling."""
    match getattr(shape, "type_name", "string"):
        case "structure" if getattr(shape, "is_document_type", False):
            return {"free_Form": 1}
        case "structure":
            names = [*shape.required_members, *shape.members][:2] if depth < 4 else []
            return {name: sample(shape.members[name], depth + 1) for name in names}
        case "list":
            return [sample(shape.member, depth + 1)]
        case "map":
            return {"aKey": sample(shape.value, depth + 1)}
        case "integer" | "long":
            return 7
        case "float" | "double":
            return 0.5
        case "boolean":
            return True
        case _:
            return shape.enum[0] if getattr(shape, "enum", None) else f"a {shape.name if shape else 'text'}"


def value_of(place: Place, shape: Any) -> Json:
    inner = at(shape, place.path) if shape is not None else None
    match place.form:
        case "json":
            return '{"a": 1}'
        case "text":
            return {"a": 1}
        case "pairs" | "tags" | "attributes":
            return {"a": "b", "c": "d"}
        case "events":
            return [{"Source": "s", "Detail": '{"a": 1}'}]
        case "addresses":
            return "a@example.com, b@example.com"
        case "keys":
            return ["a", "b"]
        case _:
            return sample(getattr(inner, "member", None) if place.listed else inner)


def given_to(row: Row, one: Operator | Sensor) -> dict[str, Json]:
    shape = shape_of(row, one)
    given = {place.keyword: value_of(place, shape) for place in one.places if place.written}
    given |= {name: f"a-{name}" for template in one.composed.values() for name in lens.parts_of(template)}
    if one.rest and shape is not None:
        tops = {path.partition(".")[0] for path in [*(p.path for p in one.places), *one.fixed, *one.composed]}
        spell = pascal if lens.action_of(row, one).startswith("aws-sdk:") else capital
        left = [name for name in shape.members if spell(name) not in tops][:2]
        given |= {one.rest: {name: sample(shape.members[name]) for name in left}} if left else {}
    return given


def overlapping(one: Operator | Sensor) -> bool:
    paths = sorted([*(place.path for place in one.places if place.written), *one.fixed, *one.composed])
    return any(after.startswith(f"{before}.") or after == before for before, after in pairwise(paths))


@pytest.mark.parametrize(("row", "one"), CLASSES, ids=named)
def test_keywords_become_arguments_and_come_back(row: Row, one: Operator | Sensor) -> None:
    given = given_to(row, one)
    arguments = lens.arguments(row, one, given)
    assert isinstance(arguments, dict)
    back = lens.keywords(row, one, arguments)
    assert lens.arguments(row, one, back) == arguments
    if not overlapping(one):
        assert back == given


@pytest.mark.parametrize(("row", "one"), CLASSES, ids=named)
def test_a_shorthand_says_the_same_as_the_keyword_that_is_written(row: Row, one: Operator | Sensor) -> None:
    shape = shape_of(row, one)
    for place in (place for place in one.places if not place.written):
        given = {place.keyword: value_of(place, shape)}
        arguments = lens.arguments(row, one, given)
        assert isinstance(arguments, dict)
        assert lens.find(arguments, place.path) is not None
        try:
            back = lens.keywords(row, one, arguments)
        except Inexpressible:
            continue  # no other keyword can say it
        assert lens.arguments(row, one, back) == arguments


def test_the_page_of_the_catalogue_is_current(root: Path) -> None:
    assert (root / PAGE).read_text(encoding="utf-8") == page(), "run make docs"


def test_no_two_rows_claim_the_same_class() -> None:
    claims = Counter((one.qualified, one.when) for _, one in CLASSES)
    assert [claim for claim, n in claims.items() if n > 1] == []
    by_class: dict[str, list[tuple[str, str] | None]] = {}
    for _, one in CLASSES:
        by_class.setdefault(one.qualified, []).append(one.when)
    mixed = {name: whens for name, whens in by_class.items() if len(whens) > 1 and None in whens}
    assert mixed == {}
    assert {name: keys for name, whens in by_class.items() if len(keys := {w[0] for w in whens if w}) > 1} == {}


def test_no_two_operators_stand_for_the_same_job() -> None:
    assert [row.action for row in ROWS if sum(bool(operator.required) for operator in row.operators) > 1] == []
    optimised = Counter(row.action for row in ROWS if not row.sdk)
    assert [action for action, n in optimised.items() if n > 1] == []


@pytest.mark.parametrize(("row", "one"), CLASSES, ids=named)
def test_what_waits_can_be_watched(row: Row, one: Operator | Sensor) -> None:
    if isinstance(one, Sensor):
        assert one.found or row.describe
        assert not one.link or "sync" in row.patterns or row.describe
    elif one.waits:
        assert "sync" in row.patterns or row.describe


@pytest.mark.parametrize("row", DESCRIBED, ids=named)
def test_every_description_has_the_status_that_is_looked_at(row: Row) -> None:
    job = row.describe
    assert isinstance(job, Describe)
    called = operation(as_sdk(job.action))
    for member, source in job.arguments:
        spelt_right(called.input_shape, member.strip("[]"), pascal)
        side, _, path = source.partition(".")
        if row.sdk and side in ("request", "result"):
            started = operation(row.action)
            if side == "request":
                spelt_right(started.input_shape, path, pascal)
            else:
                answered(started.output_shape, path)
    if job.status.startswith("("):
        assert isinstance(read_jsonata(job.status), object)
        return
    spelt_right(called.output_shape, job.status, pascal)
    status = at(called.output_shape, job.status)
    known = set(getattr(status, "enum", None) or ())
    if known:
        told = {*job.succeeded, *job.failed} - ({*job.succeeded} if job.gone else set()) - {"DELETED"}
        assert told <= known, f"{sorted(told - known)} are none of {sorted(known)}"


@pytest.mark.parametrize(("row", "one"), CLASSES, ids=named)
def test_errors_are_those_of_the_service(row: Row, one: Operator | Sensor) -> None:
    codes = [*one.accepted, *()] if isinstance(one, Operator) else [*one.gone, *one.missing]
    if not codes:
        return
    service = operation(as_sdk(lens.action_of(row, one))).service_model
    known = {name for shape in service.error_shapes for name in (shape.name, shape.error_code)}
    assert set(codes) - {"ValidationError"} <= known, f"{codes} of {sorted(filter(None, known))}"


@pytest.mark.parametrize(("row", "one"), CLASSES, ids=named)
def test_results_are_expressions_over_what_the_service_answers(row: Row, one: Operator | Sensor) -> None:
    texts = [(one.result, lens.action_of(row, one))]
    if isinstance(one, Operator):
        described = row.describe and as_sdk(row.describe.action)
        texts += [(one.waited, described or "")] if "sync" not in row.patterns else []
    else:
        texts += [(one.found, lens.action_of(row, one))]
    for text, action in texts:
        read_jsonata(text or "null")
        if action.startswith("aws-sdk:"):
            for path in re.findall(r"\$states\.result\.([\w.\[\]]+)", text):
                answered(operation(action).output_shape, path)


def answered(shape: Any, path: str) -> None:
    """A JSONata path leads somewhere; positions in lists may be left out."""
    for step in re.split(r"[.\[\]]+", path.rstrip(".]")):
        if shape.type_name == "list":
            shape = shape.member
            if step.isdigit():
                continue
        if shape.type_name != "structure" or not shape.members:
            return
        names = {pascal(name): member for name, member in shape.members.items()}
        assert step in names, f"{step} of {path} is none of {sorted(names)}"
        shape = names[step]
