"""The rows of a prediction file, whatever its format, with what each format may have done to them.

Nothing goes through pandas, which VLMEvalKit itself reads them with: it turns "N/A" and "" into
missing values, and "1.0" into a number.

.tsv, .csv      exact; an empty cell is the reply "", because the format cannot tell it from none
.json, .jsonl   exact
.xlsx           see `workbook`: what cannot be exact is said in `Line.doubts`
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dual_bench.bridges.vlmevalkit.names import ID, PREDICTION, ROW, THINKING
from dual_bench.errors import ResponsesError
from dual_bench.responses.rows import csv_rows, json_rows

REQUIRED = (ID, PREDICTION, ROW)
WANTED = (*REQUIRED, THINKING)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a prediction file.

    Attributes:
        where: place in the file, for messages.
        values: of those of `WANTED` that are there.
        doubts: column -> why its value may not be what was written.
    """

    where: str
    values: Mapping[str, Any]
    doubts: Mapping[str, str] = field(default_factory=dict)


def read_lines(path: Path) -> Iterator[Line]:
    """The rows of a file with one of the endings of `names.READ`.

    Raises:
        ResponsesError: it cannot be read, or lacks a column.
        DependencyError: it is an .xlsx file, and defusedxml is missing.
    """
    reader = {".xlsx": _xlsx, ".json": _json, ".jsonl": _jsonl}.get(path.suffix.lower(), _csv)
    try:
        yield from reader(path)
    except OSError as err:
        raise ResponsesError(f"{path}: cannot be read: {err.strerror or err}") from err


def check_columns(path: Path, names: list[str]) -> None:
    """See that the columns are there.

    Raises:
        ResponsesError: names those that are not.
    """
    lacking = [name for name in REQUIRED if name not in names]
    if not lacking:
        return
    shown = ", ".join(names[:12]) or "none"
    if PREDICTION in lacking:
        raise ResponsesError(
            f"{path}: no prediction file of VLMEvalKit: there is no column {PREDICTION!r}; there "
            f"are: {shown}"
        )
    raise ResponsesError(
        f"{path}: not a run on an export of dual-bench: there is no column {lacking[0]!r}; there "
        f"are: {shown}. Write the TSV with `dual-bench export vlmevalkit` and run that"
    )


def _csv(path: Path) -> Iterator[Line]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        check_columns(path, next(csv.reader(file, delimiter=delimiter), []))
    for number, values in csv_rows(path, WANTED, delimiter):
        yield Line(f"{path}, line {number}", values)


def _jsonl(path: Path) -> Iterator[Line]:
    for number, values in json_rows(path, WANTED):
        check_columns(path, list(values))
        yield Line(f"{path}, line {number}", values)


def _json(path: Path) -> Iterator[Line]:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as err:
        raise ResponsesError(f"{path}: not whole JSON in UTF-8: {err}") from err
    if not isinstance(found, list):
        raise ResponsesError(
            f"{path}: expected a JSON list of rows, as VLMEvalKit writes with PRED_FORMAT=json, "
            f"got a JSON {type(found).__name__}"
        )
    for number, values in enumerate(found, start=1):
        if not isinstance(values, dict):
            raise ResponsesError(f"{path}, row {number}: expected an object, got {values!r:.80}")
        check_columns(path, list(values))
        yield Line(f"{path}, row {number}", values)


def _xlsx(path: Path) -> Iterator[Line]:
    from dual_bench.bridges.vlmevalkit.workbook import read_cells

    names: list[str] | None = None
    for number, cells in read_cells(path):
        if names is None:
            width = max(cells, default=0)
            names = [cells[n].text if n in cells else "" for n in range(1, width + 1)]
            check_columns(path, names)
            places = {name: names.index(name) + 1 for name in WANTED if name in names}
            continue
        there = {name: cells.get(place) for name, place in places.items()}
        yield Line(
            f"{path}, row {number}",
            {name: cell.text if cell else "" for name, cell in there.items()},
            {name: cell.doubt if cell else _EMPTY for name, cell in there.items()},
        )
    if names is None:
        check_columns(path, [])


# Known as issue 1689 of VLMEvalKit, where it was mended in 2026.
_EMPTY = (
    "an empty cell: an empty reply, or one that began with an address and was longer than 2,079 "
    "characters, which was not written"
)
