"""The intrinsic functions of JSONPath states, as a table.

Source: States Language specification, "Intrinsic Functions" (appendix B); limits from the Step Functions Developer
Guide, "Intrinsic functions". AWS has said that it adds no further ones, so the table is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["any", "string", "number", "array", "object", "boolean"]

MAX_CALLS = 10
"""The most intrinsic functions that one field may hold, nested ones included."""

HASH_ALGORITHMS = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")


@dataclass(frozen=True, slots=True)
class Function:
    """One intrinsic function.

    ``arguments`` are the kinds that a literal argument may have, the last ``optional`` of which may be left out;
    ``rest`` is the kind of any number of further arguments, ``None`` where there are none.
    """

    name: str
    arguments: tuple[Kind, ...]
    optional: int = 0
    rest: Kind | None = None
    deterministic: bool = True
    note: str = ""

    @property
    def fewest(self) -> int:
        """How many arguments it needs."""
        return len(self.arguments) - self.optional

    @property
    def most(self) -> int | None:
        """How many arguments it takes; ``None`` is any number."""
        return None if self.rest else len(self.arguments)


FUNCTIONS: dict[str, Function] = {
    row.name: row
    for row in (
        Function("States.Format", ("string",), rest="any", note="objects and arrays print as Java prints its maps"),
        Function("States.StringToJson", ("string",), note="white space alone is null"),
        Function("States.JsonToString", ("any",), note="no white space"),
        Function("States.Array", (), rest="any"),
        Function("States.ArrayPartition", ("array", "number"), note="the last part may be shorter"),
        Function("States.ArrayContains", ("array", "any"), note="compares by value"),
        Function(
            "States.ArrayRange", ("number", "number", "number"), note="the end is included; at most 1000 elements"
        ),
        Function("States.ArrayGetItem", ("array", "number"), note="counts from 0"),
        Function("States.ArrayLength", ("array",)),
        Function("States.ArrayUnique", ("array",), note="AWS does not document the order; first occurrence here"),
        Function("States.Base64Encode", ("string",), note="at most 10,000 characters"),
        Function("States.Base64Decode", ("string",), note="at most 10,000 characters"),
        Function("States.Hash", ("any", "string"), note="at most 10,000 characters; lower-case hexadecimal"),
        Function("States.JsonMerge", ("object", "object", "boolean"), note="AWS only merges shallowly"),
        Function("States.MathRandom", ("number", "number", "number"), optional=1, deterministic=False),
        Function("States.MathAdd", ("number", "number"), note="rounds each operand, halves upwards, before adding"),
        Function("States.StringSplit", ("string", "string"), note="each character separates; empty parts are dropped"),
        Function("States.UUID", (), deterministic=False),
    )
}


def template_parts(template: str) -> tuple[str, ...]:
    r"""The text before, between and behind the ``{}`` of a ``States.Format`` template, its escapes resolved.

    Only ``{}`` takes an argument; ``\{``, ``\}``, ``\'`` and ``\\`` stand for the character behind the backslash, any
    other character for itself.

    >>> template_parts(r"a {} \{\} b")
    ('a ', ' {} b')
    """
    parts, part, at = [], "", 0
    while at < len(template):
        two = template[at : at + 2]
        if two == "{}":
            parts.append(part)
            part, at = "", at + 2
        elif len(two) == 2 and two[0] == "\\" and two[1] in "{}'\\":
            part, at = part + two[1], at + 2
        else:
            part, at = part + two[0], at + 1
    return (*parts, part)
