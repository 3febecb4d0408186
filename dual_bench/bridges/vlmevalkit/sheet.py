"""The XML of an .xlsx file: its table of strings, and the cells of a sheet.

Read here and not with openpyxl, which takes `x005F_` out of texts and leaves `_x0001_` in them,
both of which change replies. Excel's rules are few:

    a string        in a table of strings, by number, or in the cell itself
    _x000D_         a character that XML cannot hold, by its number; `_x005F_` is a `_` before such
    a formula       what begins with "=", unless the writer is told not to (older VLMEvalKit: not)
    32,767          characters at most; a longer text was cut there
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from xml.sax.handler import ContentHandler

from dual_bench.errors import ResponsesError

LONGEST = 32_767
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_MOST_COLUMNS = 1_000


class Cell(NamedTuple):
    """Text of a cell, and why it may not be what was written."""

    text: str
    doubt: str = ""


def unescaped(text: str) -> str:
    """Excel's escapes as characters, of those that need one; no writer escapes a letter.

    >>> unescaped("a_x005F_x0041_b_x0041_")
    'a_x0041_b_x0041_'
    """
    return _ESCAPED.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    needed = code < 0x20 or code == ord("_") or 0xD800 <= code < 0xE000 or code >= 0xFFFE
    return chr(code) if needed else match[0]


class Texts(ContentHandler):
    """Takes the text of `<t>` elements; what stands in `<rPh>` says how to speak it."""

    def __init__(self) -> None:
        super().__init__()
        self._text: list[str] = []
        self._open = False
        self._spoken = False

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        """A start tag."""
        tag = name.rpartition(":")[2]
        if tag == "rPh":
            self._spoken = True
        self._open = tag in ("t", "v", "f") and not self._spoken
        self.start(tag, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802
        """An end tag."""
        tag = name.rpartition(":")[2]
        self._open = False
        if tag == "rPh":
            self._spoken = False
        self.end(tag)

    def characters(self, content: str) -> None:
        """Some of the text of an element."""
        if self._open:
            self._text.append(content)

    def taken(self) -> str:
        """The text since the last call."""
        text = "".join(self._text)
        self._text.clear()
        return text

    def start(self, tag: str, attrs: Mapping[str, str]) -> None:
        """What a reader does at a start tag."""

    def end(self, tag: str) -> None:
        """What a reader does at an end tag."""


class Strings(Texts):
    """The table of strings."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def end(self, tag: str) -> None:
        """A string ends with `si`."""
        if tag == "si":
            self.found.append(unescaped(self.taken()))


class Sheet(Texts):
    """The cells of a sheet, row by row: row number -> column number -> cell."""

    def __init__(self, where: str, strings: list[str]) -> None:
        super().__init__()
        self.rows: dict[int, dict[int, Cell]] = {}
        self._where, self._strings = where, strings
        self._row = self._column = 0
        self._type, self._formula, self._value = "n", "", ""
        self._starts: dict[str, Callable[[Mapping[str, str]], None]] = {
            "row": self._start_row,
            "c": self._start_cell,
            "hyperlink": self._link,
        }

    def start(self, tag: str, attrs: Mapping[str, str]) -> None:
        """Rows, cells and links begin."""
        if tag in self._starts:
            self._starts[tag](attrs)

    def end(self, tag: str) -> None:
        """A value or formula is whole, or a cell is."""
        if tag == "f":
            self._formula = self.taken() or "?"
        elif tag == "v":
            self._value = self.taken()
        elif tag == "is":
            self._value = unescaped(self.taken())
        elif tag == "c":
            self._end_cell()

    def _start_row(self, attrs: Mapping[str, str]) -> None:
        row = int(attrs["r"]) if attrs.get("r", "").isdecimal() else self._row + 1
        if row <= self._row:
            raise self._error(f"row {row} after row {self._row}")
        self._row, self._column = row, 0

    def _start_cell(self, attrs: Mapping[str, str]) -> None:
        row, column = self._row, self._column + 1
        if "r" in attrs:
            row, column = self._place(attrs["r"])
        if row != self._row or not self._column < column <= _MOST_COLUMNS:
            raise self._error(f"the cell {attrs.get('r')!r} in row {self._row} is out of order")
        self._column = column
        self._type, self._formula, self._value = attrs.get("t", "n"), "", ""

    def _end_cell(self) -> None:
        cell = self._cell()
        if cell.text:
            self.rows.setdefault(self._row, {})[self._column] = cell

    def _cell(self) -> Cell:
        value, kind = self._value, self._type
        if self._formula:
            return Cell(
                f"={unescaped(self._formula)}",
                "was written as a formula; what is read is its text, which may lack signs",
            )
        if kind == "s":
            return self._string(value)
        if kind in ("inlineStr", "str"):
            return self._text_cell(value)
        if kind == "b":
            return Cell("True" if value == "1" else "False", "a truth value and not text")
        if kind == "e":
            return Cell(value, "an error of the spreadsheet and not text")
        return Cell(value, "a number and not text; it may have been written otherwise")

    def _string(self, value: str) -> Cell:
        if not value.isdecimal() or int(value) >= len(self._strings):
            raise self._error(f"row {self._row} names string {value!r}, which is not there")
        return self._text_cell(self._strings[int(value)])

    def _text_cell(self, text: str) -> Cell:
        cut = max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2) >= LONGEST
        return Cell(text, f"has {LONGEST:,} characters and was probably cut there" if cut else "")

    def _link(self, attrs: Mapping[str, str]) -> None:
        """Links come after all rows; xlsxwriter makes one of a text that begins as an address."""
        place = _PLACE.fullmatch(attrs.get("ref", ""))
        row, column = self._place(place[0]) if place else (0, 0)
        cell = self.rows.get(row, {}).get(column)
        if cell is not None:
            why = "was written as a link: `mailto:`, `internal:` or `external:` may be lost"
            self.rows[row][column] = Cell(cell.text, why)

    def _place(self, ref: str) -> tuple[int, int]:
        match = _PLACE.fullmatch(ref)
        if match is None:
            raise self._error(f"{ref!r:.20} is no place of a cell")
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - ord("A") + 1
        return int(match[2]), column

    def _error(self, why: str) -> ResponsesError:
        return ResponsesError(f"{self._where}: not a sheet that can be read: {why}")
