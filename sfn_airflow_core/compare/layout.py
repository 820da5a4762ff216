"""What a report consists of, whatever its format: sections of text and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Style: TypeAlias = Literal["", "good", "warn", "bad", "dim", "strong"]
Cell: TypeAlias = "str | tuple[str, Style]"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings.

    ``right`` are the numbers of columns with figures, ``even`` columns are equally wide. ``records`` says that a row
    is better read line by line where the page is too narrow for the table; ``spare`` columns are then left out.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: tuple[int, ...] = ()
    even: bool = False
    records: bool = False
    spare: tuple[int, ...] = ()

    def narrow(self) -> Table:
        """The table without its spare columns."""
        kept = [n for n in range(len(self.head)) if n not in self.spare]
        return Table(
            tuple(self.head[n] for n in kept),
            tuple(tuple(row[n] for n in kept) for row in self.rows),
            tuple(place for place, n in enumerate(kept) if n in self.right),
            self.even,
            self.records,
        )


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: paragraphs and tables in order."""

    title: str
    parts: tuple[Cell | Table, ...]


def plural(number: int, word: str) -> str:
    """A number with its noun.

    >>> plural(1, "run"), plural(2, "branch"), plural(2, "task with assets")
    ('1 run', '2 branches', '2 tasks with assets')
    """
    noun, space, rest = word.partition(" with") if " with" in word else word.partition(" for")
    ending = "" if number == 1 else "es" if noun.endswith(("ch", "s", "x")) else "s"
    return f"{number:,} {noun}{ending}{space}{rest}"
