"""Tables and text for a terminal: the one place that prints for all commands.

Whatever is printed goes through `clean`, so that no text of a model, a judge or a file can move
the cursor, change colours or hide itself. Rich lays out; no markup is interpreted.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from dual_bench.console import visible

WIDTH = 100  # where the terminal does not say
WIDEST = 10_000
NARROWEST = 24  # what a column of words is left with before a table outgrows the terminal
CONTINUED = ", continued"
LONG_HEAD = 8  # a longer head is set on several lines


def number(value: float, digits: int = 3) -> str:
    """A rate for reading; a dash where there is none."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def span(low: float, high: float) -> str:
    """Two ends for reading; a dash where there are none."""
    return "-" if math.isnan(low) or math.isnan(high) else f"[{low:.3f}, {high:.3f}]"


class Grid(NamedTuple):
    """A table: a title, the columns' heads, and rows of text.

    A head that begins with "<" is of a column of words, set to the left; others hold numbers.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def text(*parts: str | Grid, width: int | None = None) -> str:
    """Lay parts out as plain text, one under the other.

    Args:
        parts: lines of text, and tables. Lines and columns of words are folded to the width;
            columns of numbers never are: a table with too many goes on under itself.
        width: of a line; None is `COLUMNS`, or that of the terminal, or WIDTH where there is none.
    """
    if width is None:
        screen = _console()  # it knows both
        told = os.environ.get("COLUMNS", "").isdigit()
        width = screen.width if told or screen.is_terminal else WIDTH
    return "\n".join(_lines(parts, width))


def _lines(parts: Iterable[str | Grid], width: int) -> Iterator[str]:
    last = ""
    for part in parts:
        for piece in [part] if isinstance(part, str) else _fitting(part, width):
            lines = _printed(piece, width)
            if isinstance(piece, Grid) and last:
                yield ""
            yield from lines
            last = lines[-1]


def _printed(piece: str | Grid, width: int) -> list[str]:
    out = io.StringIO()
    least = 0 if isinstance(piece, str) else _least(piece)
    console = _console(file=out, width=max(width, least), color_system=None, legacy_windows=False)
    if isinstance(piece, str):
        console.print(Text(visible(piece)))
    else:
        if piece.title:  # not as the table's own, which would be folded to the table's width
            console.print(Text(visible(piece.title)))
        console.print(_table(piece))
    return [line.rstrip() for line in out.getvalue().split("\n")[:-1]]


def _least(grid: Grid) -> int:
    """The narrowest that a table can be without a broken number."""
    return _console(width=WIDEST).measure(_table(grid)).minimum


def _console(**how: Any) -> Console:
    """Rich's, which in a notebook would show what it is given in place of writing it."""
    return Console(force_jupyter=False, **how)


def _fitting(grid: Grid, width: int) -> Iterator[Grid]:
    """The table, in as many parts as fit the width; each begins with the columns of words."""
    title = grid.title.removesuffix(CONTINUED) + CONTINUED
    words = next((i for i, h in enumerate(grid.heads) if not h.startswith("<")), len(grid.heads))
    last = len(grid.heads)
    while last > words + 1 and _least(_columns(grid, [*range(last)])) > width:
        last -= 1
    yield _columns(grid, [*range(last)])
    if last < len(grid.heads):
        rest = [*range(words), *range(last, len(grid.heads))]
        yield from _fitting(_columns(grid, rest)._replace(title=title), width)


def _columns(grid: Grid, chosen: list[int]) -> Grid:
    rows = [[row[i] for i in chosen] for row in grid.rows]
    return Grid(grid.title, [grid.heads[i] for i in chosen], rows)


def _table(grid: Grid) -> RichTable:
    table = RichTable(
        box=box.SIMPLE_HEAD,
        show_header=any(head.removeprefix("<") for head in grid.heads),
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    titles = [_title(head) for head in grid.heads]
    tallest = max(title.count("\n") for title in titles)
    for i, (head, title) in enumerate(zip(grid.heads, titles, strict=True)):
        words = head.startswith("<")
        cells = [visible(row[i]) for row in grid.rows]
        longest = max(cell_len(line) for line in [*title.split("\n"), *cells])
        table.add_column(
            Text("\n" * (tallest - title.count("\n")) + title),  # heads end on one line
            justify="left" if words else "right",
            overflow="fold",
            min_width=min(longest, NARROWEST) if words else longest,
            no_wrap=not words,
        )
    for row in grid.rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table


def _title(head: str) -> str:
    """A head, a long one of a column of numbers on several lines."""
    title = visible(head.removeprefix("<"))
    if head.startswith("<") or len(title) <= LONG_HEAD:
        return title
    return title.replace("_", "\n").replace(" ", "\n")
