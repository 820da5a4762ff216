"""Sections for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final

from sfn_airflow_core.compare.layout import Cell, Section, Style, Table
from sfn_airflow_core.render.escape import markdown, visible

_STYLES: Final[dict[Style, str]] = {
    "": "",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
    "dim": "dim",
    "strong": "bold",
}


def text_of(cell: Cell) -> str:
    """The text of a cell."""
    return cell if isinstance(cell, str) else cell[0]


def style_of(cell: Cell) -> Style:
    """The style of a cell."""
    return "" if isinstance(cell, str) else cell[1]


def render_text(sections: Iterable[Section], *, color: bool = False, width: int = 120) -> str:
    """Sections as lines of a terminal, tables fitted to its width."""
    from rich import box
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table as Grid
    from rich.text import Text

    out = StringIO()
    console = Console(
        file=out,
        width=max(width, 60),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )

    def styled(cell: Cell) -> Text:
        return Text(visible(text_of(cell)), style=_STYLES[style_of(cell)])

    def records(table: Table) -> Iterator[Grid | Text]:
        for row in table.rows:
            made = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
            made.add_column(style="dim", no_wrap=True)
            made.add_column(overflow="fold")
            for name, cell in zip(table.head[1:], row[1:], strict=True):
                if text_of(cell):
                    made.add_row(f"  {name}", styled(cell))
            yield styled((text_of(row[0]), style_of(row[0]) or "strong"))
            yield made

    def grid(table: Table) -> Grid:
        made = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
        wide = table.even
        for number, name in enumerate(table.head):
            right = number in table.right
            made.add_column(
                name, justify="right" if right else "left", no_wrap=right, overflow="fold", ratio=1 if wide else None
            )
        for row in table.rows:
            made.add_row(*map(styled, row))
        made.expand = wide
        return made

    for number, section in enumerate(sections):
        if number:
            console.print()
        console.print(Text(visible(section.title), style="bold cyan underline"))
        for part in section.parts:
            if isinstance(part, Table) and part.spare and not _fits(part, console.width):
                part = part.narrow()
            if isinstance(part, Table) and part.records and not _fits(part, console.width):
                console.print()
                for line in records(part):
                    console.print(line)
            elif isinstance(part, Table):
                console.print(Padding(grid(part), (1, 0, 0, 0)))
            else:
                console.print(styled(part))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _fits(table: Table, width: int) -> bool:
    """Whether a table can be read at a width: no word is broken, and columns of text have room for some words.

    An address may be broken where it has a slash.
    """
    cells = [table.head, *(tuple(map(text_of, row)) for row in table.rows)]
    columns = list(zip(*cells, strict=True))
    least = [max(len(word) for text in column for word in text.replace("/", " ").split() or [""]) for column in columns]
    roomy = [max(word, min(max(map(len, column)), _ROOM)) for word, column in zip(least, columns, strict=True)]
    return sum(roomy) + 2 * len(roomy) <= width


_ROOM: Final = 20
"""Characters that a column of text should have."""


def render_markdown(sections: Iterable[Section]) -> str:
    """Sections for a pull request or a wiki page."""
    return "\n".join(_lines(sections)).rstrip() + "\n"


def _lines(sections: Iterable[Section]) -> Iterator[str]:
    for number, section in enumerate(sections):
        yield f"{'#' if number == 0 else '##'} {markdown(section.title)}"
        yield ""
        for part in section.parts:
            if not isinstance(part, Table):
                text = markdown(text_of(part))
                yield f"**{text}**" if style_of(part) == "strong" else text
                yield ""
                continue
            yield f"| {' | '.join(markdown(name) for name in part.head)} |"
            yield f"|{'|'.join('---:' if n in part.right else '---' for n in range(len(part.head)))}|"
            for row in part.rows:
                yield f"| {' | '.join(_marked(cell) for cell in row)} |"
            yield ""


def _marked(cell: Cell) -> str:
    text = markdown(text_of(cell))
    return f"**{text}**" if style_of(cell) in ("strong", "bad", "good") and text else text
