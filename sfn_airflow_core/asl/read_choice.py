"""The rules of a Choice state (States Language specification, Choice State)."""

from __future__ import annotations

from typing import Final

from sfn_airflow_core.asl.model import (
    And,
    Comparison,
    Condition,
    Given,
    Json,
    Not,
    Or,
    PathRef,
    PathRule,
    Placeholder,
    Query,
    QueryRule,
)
from sfn_airflow_core.asl.read_fields import Fields, as_text, is_open
from sfn_airflow_core.asl.read_values import (
    ONE_NAME,
    assign,
    is_timestamp,
    looks_like_path,
    path,
    query,
    template,
    warn_no_path,
)

_ORDER = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_TESTS = ("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")
OPERATORS: Final[dict[str, str]] = {
    **{f"String{order}": "string" for order in _ORDER},
    **{f"Numeric{order}": "number" for order in _ORDER},
    **{f"Timestamp{order}": "timestamp" for order in _ORDER},
    "BooleanEquals": "boolean",
    "StringMatches": "pattern",
    **dict.fromkeys(_TESTS, "test"),
}
"""The kind of operand by operator; those of kind ``pattern`` and ``test`` have no ``…Path`` variant."""

_LOGIC: Final = ("And", "Or", "Not")
_FIELDS: Final[dict[str, tuple[str, bool]]] = {
    **{name: (name, False) for name in OPERATORS},
    **{f"{name}Path": (name, True) for name, kind in OPERATORS.items() if kind not in ("pattern", "test")},
}


def rules(fields: Fields) -> tuple[PathRule | QueryRule, ...]:
    """The entries of ``Choices``."""
    if fields.require("Choices") and fields.value["Choices"] == []:
        fields.error("Choices", f"Value cannot be empty at {fields.where('Choices')}")
    return tuple(
        _query_rule(entry) if fields.language == "JSONata" else _path_rule(entry)
        for entry in fields.elements("Choices")
    )


def _query_rule(entry: Fields) -> QueryRule:
    entry.forbid(("Variable", *_LOGIC, *_FIELDS), "with the query language JSONata; use 'Condition'")
    entry.require("Condition", "Next")
    value = entry.take("Condition")
    condition: bool | Query | Placeholder = False
    found_query = query(entry, "Condition", value) if isinstance(value, str) else None
    if isinstance(value, bool | Placeholder):
        condition = value
    elif found_query is not None:
        condition = found_query
    elif isinstance(value, str) and (whole := ONE_NAME.match(value)):
        condition = Placeholder(whole[1])
    elif "Condition" in entry:
        entry.error("Condition", "The field 'Condition' must be a boolean or a JSONata expression in '{% %}'")
    next_, output, variables = entry.text("Next") or "", template(entry, "Output"), assign(entry)
    found = QueryRule(condition, next_, output, variables, entry.text("Comment"), entry.at)
    entry.close()
    return found


def _path_rule(entry: Fields) -> PathRule:
    entry.forbid(("Condition", "Output"), "with the query language JSONPath")
    entry.require("Next")
    next_, variables, comment = entry.text("Next") or "", assign(entry), entry.text("Comment")
    found = PathRule(condition(entry), next_, variables, comment, entry.at)
    entry.close(("Variable", *_LOGIC, *_FIELDS))
    return found


_NEVER = Comparison("$", "IsPresent", Given(False))


def condition(entry: Fields) -> Condition:
    """A data test or a combination of them; exactly one operator to a rule."""
    logic = [name for name in _LOGIC if name in entry]
    tests = [name for name in entry.value if name in _FIELDS]
    for name in (*logic, *tests):
        entry.taken.add(name)
    if len(logic) + len(tests) != 1:
        found = ", ".join([*logic, *tests]) or "none"
        entry.notes.error(entry.at, f"A choice rule must have exactly one comparison operator; found: {found}")
        entry.taken.add("Variable")
        return _NEVER
    if not logic:
        return _comparison(entry, tests[0])
    entry.forbid(["Variable"], f"beside '{logic[0]}'")
    if logic[0] == "Not":
        inner = entry.members("Not")
        return Not(_inner(inner), entry.at) if inner is not None else _NEVER
    nested = entry.elements(logic[0])
    if entry.value[logic[0]] == []:
        entry.error(logic[0], f"Value cannot be empty at {entry.where(logic[0])}")
    conditions = tuple(_inner(inner) for inner in nested)
    return And(conditions, entry.at) if logic[0] == "And" else Or(conditions, entry.at)


def _inner(entry: Fields) -> Condition:
    entry.forbid(("Next", "Assign", "Output", "Condition"), "in a nested rule")
    entry.take("Comment")
    found = condition(entry)
    entry.close(("Variable", *_LOGIC, *_FIELDS))
    return found


def _comparison(entry: Fields, name: str) -> Comparison:
    operator, dynamic = _FIELDS[name]
    variable = path(entry, "Variable", reference=True) if entry.require("Variable") else None
    if dynamic:
        operand: Given | PathRef = path(entry, name) or PathRef("$")
    else:
        value = entry.take(name)
        operand = Given(value)
        wanted = _wrong(OPERATORS[operator], value)
        if wanted:
            entry.error(name, f"The field '{name}' must be {wanted}")
        elif OPERATORS[operator] == "string" and looks_like_path(value):
            warn_no_path(entry, name)
    return Comparison(variable.path if variable is not None else "$", operator, operand, entry.at)


def _wrong(kind: str, value: Json) -> str:
    """What the operand should have been; empty if it is."""
    text = as_text(value)
    if isinstance(text, str) and is_open(text):
        return ""
    match kind:
        case "string" | "pattern":
            return "" if isinstance(value, str) else "a string"
        case "number":
            return "" if isinstance(value, int | float) and not isinstance(value, bool) else "a number"
        case "timestamp":
            return "" if isinstance(value, str) and is_timestamp(value) else "an RFC3339 timestamp"
        case _:
            return "" if isinstance(value, bool) else "a boolean"
