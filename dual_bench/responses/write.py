"""Write replies as JSON Lines, CSV, TSV or Parquet: the whole file, or none.

JSON Lines hold every reply that Python can. CSV cannot tell None from "", and CSV and Parquet
cannot hold half of a surrogate pair, which some tokenisers leave behind; those are refused and
not repaired, because a repaired reply is another reply.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from dual_bench.errors import ResponsesError
from dual_bench.files import whole_file
from dual_bench.responses.model import Response

COLUMNS = ("id", "response", "model", "finish_reason", "error", "meta")
_BATCH = 256


def write_responses(path: str | os.PathLike[str], responses: Iterable[Response]) -> None:
    """Write replies to a file, in the format that its ending names.

    Args:
        path: ends in .jsonl, .ndjson, .json, .csv, .tsv or .parquet; its folder must exist. A
            file that is there is replaced, when all is written.
        responses: may be a generator; it is not held in memory.

    Raises:
        ResponsesError: the ending is none of these, or the format cannot hold a reply.
        OutputError: the file cannot be written.
    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ResponsesError(
            f"{path}: replies are written to files that end in {', '.join(_WRITERS)}; "
            f"got {path.suffix or 'no ending'!r}"
        )
    with whole_file(path) as part:
        writer(part, responses)


def _write_json(part: Path, responses: Iterable[Response]) -> None:
    with part.open("w", encoding="ascii", newline="\n") as file:
        for number, response in enumerate(responses, start=1):
            values = {name: getattr(response, name) for name in COLUMNS}
            row = {k: v for k, v in values.items() if v is not None or k == "response"}
            row["meta"] = dict(response.meta)
            if not row["meta"]:
                del row["meta"]
            file.write(_json(row, number, response) + "\n")


def _write_csv(part: Path, responses: Iterable[Response], delimiter: str = ",") -> None:
    with part.open("w", encoding="utf-8", newline="") as file:
        # Every cell in quotes: a bare "\r" in a cell would end the record for the reader.
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in _flat(responses):
            writer.writerow(row.values())


def _write_parquet(part: Path, responses: Iterable[Response]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    rows = _flat(responses)
    with pq.ParquetWriter(part, schema) as writer:
        while batch := list(islice(rows, _BATCH)):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema))


def _flat(responses: Iterable[Response]) -> Iterator[dict[str, str | None]]:
    """Rows of strings, `meta` as JSON, all of which can be written as UTF-8."""
    for number, response in enumerate(responses, start=1):
        row = {name: getattr(response, name) for name in COLUMNS}
        row["meta"] = _json(dict(response.meta), number, response) if response.meta else None
        for name, value in row.items():
            _check_utf8(value, f"row {number} (id {response.id!r}): {name!r}")
        yield row


def _check_utf8(value: str | None, where: str) -> None:
    try:
        (value or "").encode("utf-8")
    except UnicodeEncodeError as err:
        raise ResponsesError(
            f"{where} has half of a surrogate pair at character {err.start}, which CSV and "
            f"Parquet cannot hold; write .jsonl"
        ) from err


def _json(value: Any, number: int, response: Response) -> str:
    try:
        # ensure_ascii: half of a surrogate pair survives as an escape
        return json.dumps(value, ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as err:
        raise ResponsesError(
            f"row {number} (id {response.id!r}): 'meta' cannot be written as JSON: {err}"
        ) from err


_WRITERS: Mapping[str, Callable[[Path, Iterable[Response]], None]] = {
    ".jsonl": _write_json,
    ".ndjson": _write_json,
    ".json": _write_json,
    ".csv": _write_csv,
    ".tsv": lambda part, responses: _write_csv(part, responses, "\t"),
    ".parquet": _write_parquet,
}
