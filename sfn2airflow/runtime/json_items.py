"""Reads the elements of a JSON array one after the other, with no more of the file in memory than it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .errors import Json, StateError
from .iterations import entries

_CHUNK = 1 << 16
_BLANK = " \t\n\r"


def json_items(file: Any, pointer: str = "") -> Iterator[Json]:
    """The elements of the array in a JSON file, or of the array or object at a JSON pointer in it.

    Members of an object are ``{"Key": …, "Value": …}``. Raises StateError (States.ItemReaderFailed) where there is
    nothing to iterate over, JSONDecodeError for what is no JSON.
    """
    if pointer:
        return _elements(_at(json.load(file), pointer))
    return _streamed(file)


def _at(value: Json, pointer: str) -> Json:
    for token in pointer.lstrip("/").split("/"):
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise StateError("States.ItemReaderFailed", f"The file has nothing at {pointer}.")
    return value


def _elements(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        return entries(value)
    if isinstance(value, list):
        return iter(value)
    raise _not_iterable()


def _not_iterable() -> StateError:
    return StateError("States.ItemReaderFailed", "Attempting to map over non-iterable node.")


def _streamed(file: Any) -> Iterator[Json]:
    text = _Window(file)
    if text.peek() != "[":
        json.loads(text.rest())  # no JSON at all is another error
        raise _not_iterable()
    text.skip()
    if text.peek() == "]":
        text.end()
        return
    while True:
        yield text.value()
        if (mark := text.peek()) == "]":
            text.end()
            return
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text.text[:20], 0)
        text.skip()


class _Window:
    """The part of a file that is looked at; it grows until a value fits in, and is cut off behind what was read."""

    def __init__(self, file: Any):
        self.file, self.text, self.decoder = file, "", json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        self.text = self.text.lstrip(_BLANK)
        while not self.text and (more := self.file.read(_CHUNK)):
            self.text = more.lstrip(_BLANK)
        return self.text[:1]

    def skip(self) -> None:
        """Leave the next character out."""
        self.text = self.text[1:]

    def value(self) -> Json:
        """The next value, which ends with a mark, so that no number is cut in two."""
        self.peek()
        size = _CHUNK
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text)
                if self.text[end:].strip(_BLANK):
                    self.text = self.text[end:]
                    return value
            except json.JSONDecodeError:
                pass
            more = self.file.read(size)
            if not more:
                value, end = self.decoder.raw_decode(self.text)
                self.text = self.text[end:]
                return value
            self.text += more
            size *= 2  # a long value is looked at a few times only

    def rest(self) -> str:
        """All that is left."""
        return self.text + str(self.file.read())

    def end(self) -> None:
        """Nothing may stand behind the array."""
        self.skip()
        if self.peek():
            raise json.JSONDecodeError("Extra data", self.text[:20], 0)
