"""The functions of the runtime for JSONPath states, as JSONata that gives the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from airflow2sfn.expressions.text import field, quoted
from airflow2sfn.generated.values import Read, Scope, Unreadable, Word, bare, grouped, key_of, numbers, path, text_of

_KINDS: Mapping[str, str] = {"str": "string", "bool": "boolean", "dict": "object", "list": "array"}


def is_timestamp(text: str) -> str:
    """Whether a value is a timestamp: a condition without parentheses."""
    pattern = r"/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d{1,9})?(Z|[+-]\d\d:\d\d)$/"
    return f"$type({text}) = 'string' and $contains({text}, {pattern})"


def rounded(text: str) -> str:
    """A number as the mathematical functions take it, halves upwards; one that is whole as it stands stays."""
    return text if re.fullmatch(r"-?\d+", text) else f"$floor({bare(text)} + 0.5)"


def _same(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """A function that checks a kind: what it takes is what it gives."""
    base, *keys = arguments
    return path(base, keys, scope, read) if keys else read(base, scope)


def _named(function: str) -> Word:
    """A function that JSONata has, too."""

    def word(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
        return f"{function}({', '.join(bare(read(one, scope)) for one in arguments)})"

    return word


def _fixed(text: str) -> Word:
    def word(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
        del scope, read
        if arguments:
            raise ValueError(arguments)
        return text

    return word


def _isinstance(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    only, kind = arguments
    if not isinstance(kind, ast.Name) or kind.id not in _KINDS:
        raise Unreadable("a test of a type", kind)
    return grouped(f"$type({bare(read(only, scope))}) = {quoted(_KINDS[kind.id])}")


def _is_number(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    (only,) = arguments
    return grouped(f"$type({bare(read(only, scope))}) = 'number'")


def _is_timestamp(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    (only,) = arguments
    return grouped(is_timestamp(read(only, scope)))


def _like(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    r"""``StringMatches``: ``*`` is any run of characters, ``\*`` a star, ``\\`` a backslash."""
    only, pattern = arguments
    pieces = re.findall(r"\*|\\[*\\]|[^*\\]+", key_of(pattern))
    if "".join(pieces) != key_of(pattern):
        raise Unreadable("a pattern", pattern)
    inner = "".join(".*" if piece == "*" else re.escape(piece[piece[0] == "\\" :]) for piece in pieces)
    found, slashed = read(only, scope), inner.replace("/", r"\/")
    return grouped(f"$type({bare(found)}) = 'string' and $contains({bare(found)}, /^{slashed}$/)")


def _present(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """Whether a path leads to something; a place in what is no list leads nowhere, which JSONata sees otherwise."""
    base, *keys = arguments
    found = path(base, keys, scope, read)
    lists = [
        f"$type({path(base, keys[:number], scope, read)}) = 'array'"
        for number, key in enumerate(keys)
        if isinstance(key, ast.Constant) and isinstance(key.value, int)
    ]
    return grouped(" and ".join([*lists, f"$exists({found})"])) if lists else f"$exists({found})"


def _format_text(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``States.Format`` with a template that is known."""
    template, *values = arguments
    texts = re.split(r"\{\}|(\\[{}'\\])", key_of(template))
    pieces, rest = [""], iter(values)
    for number, piece in enumerate(texts):  # every second is an escape, or nothing where a value stands
        if number % 2 and piece is None:
            pieces += [read(next(rest), scope), ""]
        else:
            pieces[-1] += piece[number % 2 :]
    parts = [piece if number % 2 else quoted(piece) for number, piece in enumerate(pieces) if piece]
    return grouped(" & ".join(parts))


def _split(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``States.StringSplit``: each character separates, empty parts are dropped."""
    found, separators = (read(one, scope) for one in arguments)
    characters = text_of(arguments[1], scope)
    if characters is None or "${" in characters:
        raise Unreadable("separators that are not constant", arguments[1])
    if not characters:
        return f"[{found}]"
    by = separators
    if len(characters) > 1:
        by = "/[" + re.escape(characters).replace("/", r"\/") + "]/"
    return f"[$split({bare(found)}, {by})[$ != '']]"


def _part(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``['a','b']``: the object of these members, as far as there are any."""
    base, *names = arguments
    listed = ", ".join(quoted(key_of(name)) for name in names)
    return f"$merge([{{}}, $sift({bare(read(base, scope))}, function($one, $name) {{ $name in [{listed}] }})])"


def _put(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``ResultPath``: a copy of the document with the value at the end of the path, objects made on the way."""
    document, given, *keys = arguments
    return _placed(read(document, scope), bare(read(given, scope)), keys, first=True)


def _placed(document: str, given: str, keys: Sequence[ast.expr], *, first: bool = False) -> str:
    match keys:
        case []:
            return given
        case [ast.Constant(value=str(name)), *rest]:
            inner = _placed(field(document, name), given, rest)
            around = document if first else f"$type({document}) = 'object' ? {document} : {{}}"
            return f"$merge([{around}, {{{quoted(name)}: {inner}}}])"
        case [ast.Constant(value=int(position)), *rest]:
            inner = _placed(f"{document}[{position}]", given, rest)
            there = f"$type({document}) = 'array' and $count({document}) > {position}"
            copy = f"[$map({document}, function($one, $at) {{ $at = {position} ? {inner} : $one }})]"
            return grouped(f"{there} ? {copy} : $error('there is no element {position}')")
        case _:
            raise Unreadable("a path that is not constant", keys[0])


def _item_at(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    found, position = (read(one, scope) for one in arguments)
    return f"{found}[{rounded(position)}]"


def _rounded(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    (only,) = arguments
    return rounded(read(only, scope))


def _contains(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    values, one = (read(argument, scope) for argument in arguments)
    return grouped(f"{one} in {values}")


def _json_text(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``States.JsonToString``: of a text, the text in quotes."""
    (only,) = arguments
    found = bare(read(only, scope))
    if isinstance(only, ast.Dict | ast.List):
        return f"$string({found})"
    return grouped(rf"$type({found}) = 'string' ? $replace($string([{found}]), /^\[|\]$/, '') : $string({found})")


def _json_value(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``States.StringToJson``: of a text with white space only, null."""
    (only,) = arguments
    found = bare(read(only, scope))
    fixed = text_of(only, scope)
    return f"$parse({found})" if fixed and fixed.strip() else grouped(f"$trim({found}) = '' ? null : $parse({found})")


def _partition(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    values, size = (read(one, scope) for one in arguments)
    return f"$partition({bare(values)}, {rounded(size)})"


def _range(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    first, last, step = (rounded(read(one, scope)) for one in arguments)
    return f"$range({first}, {last}, {step})"


def _list(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``list(range(1, 10, 4))``"""
    del read, scope
    match arguments:
        case [ast.Call(func=ast.Name(id="range"), args=bounds, keywords=[]) as call]:
            return repr([*numbers(bounds, call)])
        case _:
            raise ValueError(arguments)


def _random(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``States.MathRandom`` without a seed: from the first, to the last without it."""
    start, end = (rounded(read(one, scope)) for one in arguments)
    return grouped(f"{start} + $floor($random() * ({end} - {start}))")


def _path_function(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    name, given = key_of(arguments[0]), read(arguments[1], scope)
    of_list, of_object = f"$type({given}) = 'array'", f"$type({given}) = 'object'"
    match name:
        case "length" | "size":
            return grouped(f"{of_list} ? $count({given}) : {of_object} ? $count($keys({given})) : null")
        case "keys":
            return grouped(f"{of_object} ? [$keys({given})] : null")
        case "first" | "last":
            return f"{given}[{0 if name == 'first' else -1}]"
        case "min" | "max" | "sum" | "avg":
            function = {"avg": "average"}.get(name, name)
            return f"${function}($filter({given}, function($one) {{ $type($one) = 'number' }}))"
        case _:
            raise Unreadable(f"the function {name} of a path", arguments[0])


WORDS: Mapping[str, Word] = {
    **dict.fromkeys(("number", "array", "boolean", "string", "keep_items"), _same),
    **{
        word: _named(function)
        for word, function in {
            "text": "$string", "hash_text": "$hash", "len": "$count",
            "timestamp": "$toMillis", "unique": "$distinct", "base64_encode": "$base64encode",
            "base64_decode": "$base64decode",
        }.items()
    },
    "context_object": _fixed("$states.context"),
    "map_item": _fixed("$states.context.Map.Item"),
    "task_token": _fixed("$states.context.Task.Token"),
    "new_uuid": _fixed("$uuid()"),
    "isinstance": _isinstance,
    "is_number": _is_number,
    "is_timestamp": _is_timestamp,
    "json_text": _json_text,
    "json_value": _json_value,
    "like": _like,
    "present": _present,
    "format_text": _format_text,
    "split": _split,
    "part": _part,
    "put": _put,
    "item_at": _item_at,
    "rounded": _rounded,
    "contains": _contains,
    "partition": _partition,
    "number_range": _range,
    "list": _list,
    "math_random": _random,
    "path_function": _path_function,
}  # fmt: skip
"""By the word: what it gives."""
