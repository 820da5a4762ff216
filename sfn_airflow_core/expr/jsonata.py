"""JSONata as Step Functions has it: language version 2.0.6 without ``$eval``, with AWS's own functions.

The only module that evaluates with the engine (jsonata2py). The engine implements the 2.1 language, so the operators
``?:`` and ``??`` are refused here; its built-in ``$random``, ``$now`` and ``$millis`` cannot be replaced by bindings,
so these names are renamed, token by token, to functions of ours that are repeatable (AWS's ``$random`` takes a seed;
the clock is given).
"""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import Any, Final, TypeAlias

import jsonata2py
from jsonata2py.errors import JsonataError
from jsonata2py.parser.lexer import Lexer
from jsonata2py.parser.tokens import Token, TokenType

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.errors import ExpressionError

_OURS: Final = {"random": "aws_random", "now": "aws_now", "millis": "aws_millis"}
_TIME_LIMIT_MS: Final = 10_000
_RANGE_LIMIT: Final = 1_000_000
_ALGORITHMS: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_TEXTS: Final = {"T1006": "Attempted to invoke a non-function"}


class Undefined:
    """The type of ``UNDEFINED``, the value of an expression that has none; null is a value."""

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined()
Result: TypeAlias = "Json | Undefined"


class QueryError(Exception):
    """An expression failed: ``code`` is JSONata's (``T2002``), empty where there is none."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}" if code else message)
        self.code, self.message = code, message


class UnsupportedResult(Exception):
    """An expression is worth something that is not JSON, such as a function."""


class Library:
    """The functions an expression can call beyond the language's: AWS's, and those that depend on time and chance.

    ``now`` gives the present moment; within one evaluation the functions of time do not change.
    """

    def __init__(self, random: Random, now: Callable[[], datetime]):
        self._random, self._now = random, now
        own: dict[str, Callable[..., Any]] = {
            "partition": _partition,
            "range": _range,
            "hash": _hash,
            "parse": _parse,
            "uuid": lambda *_: str(uuid.UUID(int=random.getrandbits(128), version=4)),
            "aws_random": self._draw,
            "aws_millis": lambda *_: self.millis,
            "aws_now": self._date,
        }
        self.functions: dict[str, Callable[..., Any] | jsonata2py.JsonataBoundFunction] = {
            name: jsonata2py.bound_function()(function) for name, function in own.items()
        }
        self.millis = 0

    def begin(self) -> None:
        """Fix the moment for one evaluation."""
        self.millis = int(self._now().timestamp() * 1000)

    def _draw(self, seed: Any = None, *_: Any) -> float:
        if seed is None or seed is jsonata2py.MISSING:
            return self._random.random()
        if isinstance(seed, bool) or not isinstance(seed, int | float):
            raise QueryError("T0410", 'Argument 1 of function "random" does not match function signature')
        return Random(seed).random()

    def _date(self, *arguments: Any) -> Any:
        # As the language defines it: $now(picture, zone) is $fromMillis of the moment.
        bindings = jsonata2py.JsonataBindings().bind_value("t", self.millis)
        names = ["p", "z"][: len(arguments)]
        for name, argument in zip(names, arguments, strict=False):
            bindings.bind_value(name, argument)
        call = f"$fromMillis({', '.join(['$t', *(f'${name}' for name in names)])})"
        return jsonata2py.compile(call).evaluate(jsonata2py.MISSING, bindings)


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled expression; ``text`` is how it was written."""

    text: str
    compiled: jsonata2py.CompiledExpression

    def evaluate(self, variables: Mapping[str, Json], library: Library, input: Any = jsonata2py.MISSING) -> Result:
        """The value of the expression, ``UNDEFINED`` where it has none.

        Raises QueryError for an error of the language, UnsupportedResult for a function or a pattern.
        """
        bindings = jsonata2py.JsonataBindings().bind_functions(library.functions)
        for name, value in variables.items():
            bindings.bind_value(_OURS.get(name, name), value)
        library.begin()
        try:
            result = self.compiled.evaluate(input, bindings)
            return UNDEFINED if result is jsonata2py.MISSING else _plain(result)
        except JsonataError as error:
            cause: BaseException | None = error
            while cause is not None and not isinstance(cause, QueryError):
                cause = cause.__cause__
            if isinstance(cause, QueryError):
                raise cause from error
            code = error.error_code or ""
            raise QueryError(code, _TEXTS.get(code, error.message)) from error
        except RecursionError as error:
            raise QueryError("U1001", "the value is nested too deeply") from error


@lru_cache(maxsize=1024)
def read_query(text: str) -> Query:
    """Compile an expression, without the ``{% %}`` around it; raises ExpressionError with JSONata's code in the
    message.
    """
    try:
        source = _translated(text, Lexer.tokenize(text))
        compiled = jsonata2py.compile(source)
    except JsonataError as error:
        position = getattr(error.__cause__ or error, "position", -1)
        code = f"{error.error_code}: " if error.error_code else ""
        raise ExpressionError(f"{code}{error.message}", text, max(position, 0)) from error
    compiled.set_timeout(_TIME_LIMIT_MS)
    return Query(text.strip(), compiled)


def _translated(text: str, tokens: list[Token]) -> str:
    """The text with our names for functions of time and chance; refuses what AWS does not have."""
    pieces, end = [], 0
    for token in tokens:
        if token.type in (TokenType.QUESTION_COLON, TokenType.QUESTION_QUESTION):
            raise ExpressionError("S0211: The operator ?: or ?? is not part of JSONata 2.0.6", text, token.position)
        if token.type is not TokenType.VARIABLE:
            continue
        name = token.value.removeprefix("$")
        if name == "eval":
            raise ExpressionError("Step Functions does not support the function $eval", text, token.position)
        if name in _OURS and text.startswith(f"${name}", token.position):
            pieces += [text[end : token.position], f"${_OURS[name]}"]
            end = token.position + len(name) + 1
    return "".join([*pieces, text[end:]])


def _plain(value: Any) -> Json:
    """An engine's value as JSON: whole numbers as integers, no engine classes."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            if not math.isfinite(value):
                raise QueryError("D1001", f"Number out of range: {value}")
            return int(value) if value.is_integer() and abs(value) < 1e21 else value
        case dict():
            return {key: _plain(item) for key, item in value.items() if item is not jsonata2py.MISSING}
        case list() | tuple():
            return [_plain(item) for item in value if item is not jsonata2py.MISSING]
        case _:
            raise UnsupportedResult(type(value).__name__)


def _whole(value: Any, position: int, function: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise QueryError("T0410", f'Argument {position} of function "{function}" does not match function signature')
    return math.floor(value + 0.5)


def _partition(array: Any = None, size: Any = None, *_: Any) -> Any:
    if array is jsonata2py.MISSING:
        return jsonata2py.MISSING
    items, step = array if isinstance(array, list) else [array], _whole(size, 2, "partition")
    if step < 1:
        raise QueryError("D3137", "the chunk size of $partition must be positive")
    return [items[start : start + step] for start in range(0, len(items), step)]


def _range(start: Any = None, end: Any = None, step: Any = None, *_: Any) -> Any:
    first, last, by = (_whole(value, at + 1, "range") for at, value in enumerate((start, end, step)))
    if by == 0:
        raise QueryError("D3137", "the step of $range must not be 0")
    numbers = range(first, last + (1 if by > 0 else -1), by)
    if len(numbers) > _RANGE_LIMIT:
        raise QueryError("D2014", f"$range makes more than {_RANGE_LIMIT} numbers")
    # Recorded: $range(1, 9, 9) is 1. The result is a sequence, so one number stands for itself and none is undefined.
    return numbers[0] if len(numbers) == 1 else list(numbers) or jsonata2py.MISSING


def _hash(value: Any = None, algorithm: Any = None, *_: Any) -> Any:
    if value is jsonata2py.MISSING:
        return value
    name = _ALGORITHMS.get(algorithm) if isinstance(algorithm, str) else None
    if name is None:
        raise QueryError("T0410", 'Argument 2 of function "hash" does not match function signature')
    text = value if isinstance(value, str) else json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)
    return hashlib.new(name, text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _parse(text: Any = None, *_: Any) -> Any:
    if text is jsonata2py.MISSING:
        return text
    if not isinstance(text, str):
        raise QueryError("T0410", 'Argument 1 of function "parse" does not match function signature')
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise QueryError("D3137", f"$parse: {error}") from error
