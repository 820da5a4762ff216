"""Writing state machines: the canonical text, and the law that reading gives the same machine back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from test_asl_read import EVERYTHING

from sfn_airflow_core.asl import model as m
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.asl.write import to_value, write

ARN = "arn:aws:states:::lambda:invoke"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="$"), min_size=1, max_size=6)
NAMES = st.sampled_from(["Function", "AWS::Region", "Table.Arn"]).map(m.Placeholder)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    SCALARS | TEXT | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
).filter(lambda value: not _is_function(value))
PATHS = st.sampled_from(["$", "$.a", "$.a[0].b", "$$.Execution.Id", "$v.x", "$['a b']"])
REFERENCES = st.sampled_from(["$.a", "$.a[0].b"])
SECONDS = st.integers(1, 1000)
GIVEN = st.none() | st.builds(m.Given, JSON)
QUERIES = st.sampled_from([" 1 ", "$states.input.a", "\n$x\n"]).map(m.Query)
ASSIGN = st.none() | st.dictionaries(st.sampled_from(["v", "w"]), JSON, max_size=2)
COMMENT = st.none() | TEXT
TARGETS = st.sampled_from(["End", "Stop"])


def _is_function(value: Any) -> bool:
    """Whether CloudFormation's names make an object mean something else (``Ref`` cannot come up by chance)."""
    return isinstance(value, dict) and bool({"Ref", "Fn::Sub"} & value.keys())


def amounts(jsonata: bool) -> st.SearchStrategy[Any]:
    return st.none() | SECONDS | NAMES | (QUERIES if jsonata else st.builds(m.PathRef, REFERENCES))


def retriers() -> st.SearchStrategy[tuple[m.Retrier, ...]]:
    errors = st.lists(st.sampled_from(["A", "States.Timeout", "${E}"]), min_size=1, max_size=2).map(tuple)
    one = st.builds(
        m.Retrier,
        error_equals=errors,
        interval_seconds=SECONDS | NAMES,
        max_attempts=st.integers(0, 9) | NAMES,
        backoff_rate=st.floats(1, 9) | NAMES,
        max_delay_seconds=st.none() | SECONDS | NAMES,
        jitter_strategy=st.sampled_from(["FULL", "NONE"]),
        comment=COMMENT,
        at=st.just(""),
    )
    return st.lists(one, max_size=2).map(tuple)


def catchers(jsonata: bool) -> st.SearchStrategy[tuple[m.Catcher, ...]]:
    flow: st.SearchStrategy[Any] = (
        st.builds(m.CatchQuery, GIVEN) if jsonata else st.builds(m.CatchPath, st.none() | REFERENCES | st.just("$"))
    )
    one = st.builds(m.Catcher, st.just(("A",)), TARGETS, flow, ASSIGN, COMMENT, st.just(""))
    return st.lists(one, max_size=2).map(tuple)


def flows(jsonata: bool, kind: str) -> st.SearchStrategy[Any]:
    works, assigns = kind in ("Task", "Parallel"), kind not in ("Succeed", "Fail")
    nothing: st.SearchStrategy[Any] = st.none()
    if jsonata:
        output = GIVEN if kind != "Fail" else nothing
        return st.builds(m.QueryFlow, GIVEN if works else nothing, output, ASSIGN if assigns else nothing)
    if kind == "Fail":
        return st.just(m.PathFlow())
    default: st.SearchStrategy[Any] = st.just("$")
    results = kind in ("Task", "Parallel", "Map", "Pass")
    return st.builds(
        m.PathFlow,
        st.none() | PATHS,
        GIVEN if works or kind == "Pass" else nothing,
        GIVEN if works or kind == "Map" else nothing,
        st.none() | REFERENCES | default if results else default,
        st.none() | PATHS,
        ASSIGN if assigns else nothing,
    )


COMPARISONS = st.one_of(
    st.builds(m.Comparison, PATHS.filter(lambda p: p != "$['a b']"), st.just("StringEquals"), st.builds(m.Given, TEXT)),
    st.builds(m.Comparison, REFERENCES, st.just("NumericLessThan"), st.builds(m.Given, st.integers() | NAMES)),
    st.builds(m.Comparison, REFERENCES, st.just("TimestampEquals"), st.builds(m.PathRef, PATHS)),
    st.builds(m.Comparison, REFERENCES, st.just("IsPresent"), st.builds(m.Given, st.booleans())),
)
CONDITIONS: st.SearchStrategy[Any] = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds(m.And, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(m.Or, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(m.Not, inner)
    ),
    max_leaves=5,
)


@st.composite
def states(draw: st.DrawFn, name: str, inherited: bool, depth: int) -> m.State:
    jsonata = inherited or draw(st.booleans())
    kinds = ["Task", "Pass", "Choice", "Wait", "Fail", *(["Parallel", "Map"] if depth else [])]
    kind = draw(st.sampled_from(kinds))
    head: dict[str, Any] = {"name": name, "comment": draw(COMMENT), "flow": draw(flows(jsonata, kind))}
    goes: dict[str, Any] = {**head, "next": draw(st.none() | TARGETS)}
    errors: dict[str, Any] = {"retry": draw(retriers()), "catch": draw(catchers(jsonata))}
    texts = (
        st.none()
        | TEXT.filter(lambda t: not t.startswith("{%"))
        | (QUERIES if jsonata else st.builds(m.PathRef, st.sampled_from(["$.a", "States.UUID()"])))
    )
    match kind:
        case "Task":
            timeout = draw(amounts(jsonata))
            credentials = draw(st.none() | st.just({"RoleArn": "arn:r"}))
            resource = draw(st.sampled_from([ARN, "${Fn}"]))
            return m.Task(**goes, **errors, resource=resource, timeout_seconds=timeout, credentials=credentials)
        case "Pass":
            return m.Pass(**goes, result=None if jsonata else draw(GIVEN))
        case "Choice":
            comment = draw(COMMENT)
            rule: st.SearchStrategy[Any] = (
                st.builds(m.QueryRule, st.booleans() | QUERIES | NAMES, TARGETS, GIVEN, ASSIGN, COMMENT, st.just(""))
                if jsonata
                else st.builds(m.PathRule, CONDITIONS, TARGETS, ASSIGN, st.just(comment), st.just(""))
            )
            choices = tuple(draw(st.lists(rule, min_size=1, max_size=3)))
            return m.Choice(**head, choices=choices, default=draw(st.none() | TARGETS))
        case "Wait":
            if draw(st.booleans()):
                return m.Wait(**goes, seconds=draw(amounts(jsonata).filter(lambda a: a is not None)))
            return m.Wait(**goes, timestamp=draw(st.sampled_from(["2020-02-29T00:00:00Z", "${T}", m.Placeholder("T")])))
        case "Fail":
            return m.Fail(**head, error=draw(texts), cause=draw(texts))
        case "Parallel":
            branches = tuple(draw(machines(f"{name}.{index}", inherited, depth - 1)) for index in range(2))
            return m.Parallel(**goes, **errors, branches=branches)
        case _:
            items: st.SearchStrategy[Any] = (
                st.builds(m.Given, st.lists(JSON, max_size=2)) if jsonata else st.builds(m.PathRef, PATHS)
            )
            arguments = st.builds(m.ItemReader, st.just(ARN), GIVEN, st.none() | st.just("CSV"), at=st.just(""))
            return m.Map(
                **goes, **errors,
                processor=draw(machines(f"{name}.m", inherited, depth - 1)),
                mode=draw(st.sampled_from(["INLINE", "DISTRIBUTED"])),
                execution_type=draw(st.none() | st.just("EXPRESS")),
                items=draw(st.none() | items),
                item_selector=draw(GIVEN),
                max_concurrency=draw(amounts(jsonata)),
                item_reader=draw(st.none() | arguments),
                tolerated_failure_count=draw(amounts(jsonata)),
            )  # fmt: skip


@st.composite
def machines(draw: st.DrawFn, prefix: str, inherited: bool | None = None, depth: int = 2) -> m.Machine:
    """A machine that ends; ``inherited`` is whether JSONata is the default, ``None`` at the top."""
    own = draw(st.sampled_from([None, "JSONPath", "JSONata"])) if inherited is None else None
    jsonata = own == "JSONata" if inherited is None else inherited
    names = [f"{prefix}S{index}" for index in range(draw(st.integers(1, 3)))]
    found: dict[str, m.State] = {name: _renamed(draw(states(name, jsonata, depth)), prefix) for name in names}
    for name in (f"{prefix}End", f"{prefix}Stop"):
        flow = m.QueryFlow() if jsonata else m.PathFlow()
        found[name] = m.Succeed(name=name, flow=flow)
    version = draw(st.none() | st.just("1.0"))
    return m.Machine(names[0], found, draw(COMMENT), own, version, draw(st.none() | SECONDS | NAMES))


def _renamed(state: Any, prefix: str) -> m.State:
    """The state with the targets of its own machine, as names are unique in the whole definition."""

    def go(name: str | None) -> str | None:
        return None if name is None else f"{prefix}{name}"

    changes: dict[str, Any] = {}
    if isinstance(state, m.Flowing):
        changes["next"] = go(state.next)
    if isinstance(state, m.Choice):
        changes["choices"] = tuple(replace(rule, next=go(rule.next)) for rule in state.choices)
        changes["default"] = go(state.default)
    if isinstance(state, m.Task | m.Parallel | m.Map):
        changes["catch"] = tuple(replace(catcher, next=go(catcher.next)) for catcher in state.catch)
    renamed: m.State = replace(state, **changes)
    return renamed


@given(machines(""))
@settings(derandomize=True, max_examples=50, deadline=None)
def test_reading_what_was_written_gives_the_same_machine(machine: m.Machine) -> None:
    text = write(machine)
    reading = read_text(text, "x.json")
    shadowing = [p for p in reading.problems if "outer scope" in p.message]
    errors = [p for p in reading.problems if p.severity == "ERROR" and p not in shadowing]
    assert errors == [], text
    assert reading.unknown == ()
    if not shadowing:
        assert reading.machine == machine, text
        assert write(reading.machine) == text


def test_the_canonical_text() -> None:
    text = """{
  "Comment": "c",
  "StartAt": "A",
  "States": {
    "A": {
      "Type": "Task",
      "Resource": "${Fn.Arn}",
      "InputPath": null,
      "Parameters": {
        "list": [
          1,
          ${Open}
        ],
        "empty": {}
      },
      "TimeoutSeconds": ${Limit},
      "ResultPath": "$.r",
      "Retry": [
        {
          "ErrorEquals": ["States.ALL"],
          "MaxAttempts": 1
        }
      ],
      "End": true
    }
  }
}
"""
    machine = read_text(text, "x.json").machine
    assert machine is not None
    assert write(machine) == text


def test_a_machine_with_every_field_comes_back() -> None:
    machine = read_text(EVERYTHING, "x.json").machine
    assert machine is not None
    assert read_text(write(machine), "y.json").machine == machine


def test_states_start_with_their_type_and_end_with_where_they_go() -> None:
    machine = read_text(EVERYTHING, "x.json").machine
    assert machine is not None
    value: Any = to_value(machine)
    assert list(value) == ["Comment", "Version", "QueryLanguage", "TimeoutSeconds", "StartAt", "States"]
    for state in value["States"].values():
        assert next(iter(state)) == "Type"
        assert list(state)[-1] in ("Next", "End") or state["Type"] in ("Choice", "Succeed", "Fail")
