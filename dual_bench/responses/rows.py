"""From a source to plain dicts, each with its line or row number. No value is interpreted.

JSON Lines are split at the newline only, so that other line separators inside a string stay as
they are. CSV and Parquet go through `csv` and `pyarrow` and never through pandas, which would turn
"N/A" and "" into missing values. Only the columns asked for are read, so no picture is decoded.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from dual_bench.errors import ResponsesError
from dual_bench.journal import read_journal

Row = tuple[int, Any]
RESPONSES = "responses.jsonl"  # in a run folder
REQUIRED = 2  # of the wanted columns, the first two (id and reply) must be there

_FIELD_LIMIT = 2**31 - 1  # the largest that csv takes everywhere; its default is 128 KiB
_BATCH = 256  # rows of Parquet at once: replies may be a megabyte each


def json_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The objects of a JSON Lines file; blank lines are passed over."""
    offset = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            if line.strip():
                yield number, _json_object(line, f"{path}, line {number}", offset)
            offset += len(raw)


def _json_object(line: bytes, where: str, offset: int) -> Any:
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as err:
        if not line.endswith(b"\n"):
            raise ResponsesError(
                f"{where}: the last line has no newline and is no whole JSON object: it was cut "
                f"off when the run that wrote it was stopped. Delete this line; its row will "
                f"count as missing until it is run again"
            ) from err
        if isinstance(err, UnicodeDecodeError):
            at = offset + err.start
            raise ResponsesError(f"{where}, byte {at} of the file: {_NOT_UTF8}") from err
        _not_an_object(where, str(err), line)
    if not isinstance(value, dict):
        _not_an_object(where, f"got a JSON {type(value).__name__}", line)
    return value


_NOT_UTF8 = "this is not UTF-8; save the file as UTF-8"


def _not_an_object(where: str, why: str, line: bytes) -> NoReturn:
    hint = ""
    if line.lstrip().startswith(b"["):
        hint = ". If the file is one long JSON list, write each of its objects on a line of its own"
    raise ResponsesError(f'{where}: expected a JSON object such as {{"id": ...}}: {why}{hint}')


def folder_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The replies of a run folder; an unfinished last line was never acknowledged, and is none."""
    file = path / RESPONSES
    if not file.is_file():
        raise ResponsesError(f"{path}: no run folder; it has no {RESPONSES}")
    yield from enumerate(read_journal(file), start=1)


def csv_rows(path: Path, columns: Sequence[str], delimiter: str = ",") -> Iterator[Row]:
    """The records below the header, as dicts of strings. An empty cell is ""."""
    # The limit is the whole process's; it is never lowered, since another reader may need it.
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_LIMIT))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            # strict: an unclosed quote is an error, and not one cell with the rest of the file
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            yield from _records(reader, path, columns)
    except UnicodeDecodeError as err:
        raise ResponsesError(f"{path}, {_place(path)}: {_NOT_UTF8}") from err


def _records(reader: Any, path: Path, columns: Sequence[str]) -> Iterator[Row]:
    header: list[str] | None = None
    start = 1
    try:
        for cells in reader:
            if cells and header is None:
                header = cells
                picks = _picks(path, header, columns)
            elif cells and header is not None:
                if len(cells) != len(header):
                    raise ResponsesError(
                        f"{path}, line {start}: expected {len(header)} cells as in the header, "
                        f"got {len(cells)}; a cell with the delimiter in it must stand in quotes"
                    )
                yield start, {name: cells[i] for name, i in picks.items()}
            start = reader.line_num + 1
    except csv.Error as err:
        raise ResponsesError(f"{path}, line {start}: not a legal record: {err}") from err


def _picks(path: Path, header: Sequence[str], columns: Sequence[str]) -> dict[str, int]:
    """Position of each wanted column that is there."""
    wanted = present(header, columns, str(path))
    for name in wanted:
        if header.count(name) > 1:
            raise ResponsesError(f"{path}: {header.count(name)} columns are called {name!r}")
    return {name: header.index(name) for name in wanted}


def _place(path: Path) -> str:
    """Line and byte of the first bytes that are not UTF-8."""
    offset = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError as err:
                return f"line {number}, byte {offset + err.start} of the file"
            offset += len(raw)
    return "at the end of the file"


def parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a Parquet file, of the wanted columns only."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            wanted = present(file.schema_arrow.names, columns, str(path))
            for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except UnicodeDecodeError as err:
        raise ResponsesError(f"{path}, after row {number}: {_NOT_UTF8}") from err
    except pa.ArrowException as err:
        raise ResponsesError(f"{path}: not a readable Parquet file: {err}") from err


def table_rows(table: Any, columns: Sequence[str], name: str) -> Iterator[Row]:
    """The rows of a `datasets.Dataset`, a pyarrow table, or what else has `column_names`."""
    names = table.column_names
    if names is None:  # a stream that does not know its columns before it is read
        yield from enumerate(table, start=1)
        return
    wanted = present(list(names), columns, name)
    if hasattr(table, "with_format"):
        table = table.with_format(None)  # plain values, whatever the user had set
    if hasattr(table, "select_columns"):
        yield from enumerate(table.select_columns(wanted), start=1)
    elif hasattr(table, "to_pylist"):
        yield from enumerate(table.select(wanted).to_pylist(), start=1)
    else:
        for number, row in enumerate(table, start=1):
            yield number, {column: row[column] for column in wanted}


def plain_rows(rows: Iterable[Any]) -> Iterator[Row]:
    """The members of a list or of another iterable."""
    yield from enumerate(rows, start=1)


def present(names: Sequence[str], columns: Sequence[str], where: str) -> list[str]:
    """The wanted columns that are there, each once.

    Raises:
        ResponsesError: one that is required is not; names those that are there.
    """
    for name in columns[:REQUIRED]:
        if name not in names:
            raise ResponsesError(
                f"{where}: there is no column {name!r}; there are: {', '.join(names) or 'none'}. "
                f"Name yours with id_column=... and response_column=..."
            )
    return [name for name in dict.fromkeys(columns) if name in names]


READERS: Mapping[str, Callable[[Path, Sequence[str]], Iterator[Row]]] = {
    ".jsonl": json_rows,
    ".ndjson": json_rows,
    ".json": json_rows,
    ".csv": csv_rows,
    ".tsv": lambda path, columns: csv_rows(path, columns, "\t"),
    ".parquet": parquet_rows,
}
