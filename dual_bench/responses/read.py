"""Read the replies of a run from whatever holds them, one reply an id.

A run that was started again appends to its file, so an id may stand there more than once: a
reply that can be judged counts before a failed one, whichever came first, and of failed ones the
last counts. Two that can be judged are an error, because either could be the one that is meant.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.errors import ResponsesError
from dual_bench.outcomes import Reason
from dual_bench.responses.model import Response, Responses
from dual_bench.responses.rows import READERS, Row, folder_rows, plain_rows, table_rows

_OPTIONAL = ("model", "finish_reason", "error", "meta")
_EXAMPLES = 5  # conflicts that a message shows


class _Source(NamedTuple):
    rows: Iterator[Row]
    name: str
    unit: str
    folder: Path | None = None


def read_responses(
    source: str | os.PathLike[str] | Iterable[Any],
    *,
    id_column: str = "id",
    response_column: str = "response",
) -> Responses:
    """Read replies.

    Beside id and reply, the columns `model`, `finish_reason`, `error` and `meta` are read where
    they exist. No type is guessed. An empty cell of a CSV or TSV file is the reply "", because
    the format cannot tell it from none; both are empty to `Response.reason`.

    Args:
        source: a run folder, a file (.jsonl, .ndjson or .json with an object a line, .csv, .tsv,
            .parquet), dicts or `Response`s, or a `datasets.Dataset` or pyarrow table.
        id_column: what the source calls the id.
        response_column: what the source calls the reply.

    Raises:
        ResponsesError: the source cannot be read, holds no reply, or says two things about one
            row; names the line.
    """
    columns = (id_column, response_column, *_OPTIONAL)
    rows, name, unit, folder = _open(source, columns)
    merged = _Merged(name, unit)
    try:
        for number, row in rows:
            merged.add(_response(row, columns, f"{name}, {unit} {number}"), number)
    except OSError as err:
        raise ResponsesError(f"{name}: cannot be read: {err.strerror or err}") from err
    return replace(merged.finish(), folder=folder)


def _open(source: Any, columns: Sequence[str]) -> _Source:
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if path.is_dir():
            return _Source(folder_rows(path, columns), str(path), "line", path)
        reader = READERS.get(path.suffix.lower())
        if reader is None:
            raise ResponsesError(
                f"{path}: replies are read from files that end in {', '.join(READERS)}; "
                f"got {path.suffix or 'no ending'!r}"
            )
        unit = "row" if path.suffix.lower() == ".parquet" else "line"
        return _Source(reader(path, columns), str(path), unit)
    name = type(source).__name__
    if isinstance(source, Mapping):
        raise ResponsesError(
            f"{name}: expected rows, got a mapping; of several splits choose one, such as ['test']"
        )
    if hasattr(source, "column_names"):
        return _Source(table_rows(source, columns, name), name, "row")
    if isinstance(source, Iterable):
        return _Source(plain_rows(source), name, "row")
    raise ResponsesError(f"expected a file, rows or a Dataset, got {name}")


def _response(row: Any, columns: Sequence[str], where: str) -> Response:
    """Check the two values that matter; take the others as they come."""
    if isinstance(row, Response):
        return row
    if not isinstance(row, Mapping):
        raise ResponsesError(f"{where}: expected a dict, got {type(row).__name__}")
    id_column, response_column = columns[:2]
    response = Response(
        _id(row, id_column, where),
        _reply(row.get(response_column), response_column, where),
        model=_text(row.get("model")),
        finish_reason=_text(row.get("finish_reason")),
        error=_text(row.get("error")),
        meta=_meta(row.get("meta")),
    )
    # A recorder may leave the reply out where it notes why there is none; anywhere else a reply
    # that is not there is more likely to be a column of another name.
    if response_column not in row and response.reason in (None, Reason.EMPTY):
        raise ResponsesError(
            f"{where}: there is no {response_column!r}; there are: {', '.join(map(str, row))}. "
            f"Name yours with response_column=..."
        )
    return response


def _id(row: Mapping[str, Any], column: str, where: str) -> str:
    if column not in row:
        raise ResponsesError(
            f"{where}: there is no {column!r}; there are: {', '.join(map(str, row))}. "
            f"Name yours with id_column=..."
        )
    value = row[column]
    if not isinstance(value, str):
        raise ResponsesError(
            f"{where}: {column!r} must be a string, got {value!r} ({type(value).__name__}); "
            f"write the dataset's own ids, unchanged"
        )
    if not value:
        raise ResponsesError(f"{where}: {column!r} is empty; write the dataset's own id")
    return value


def _reply(value: Any, column: str, where: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ResponsesError(
        f"{where}: {column!r} must be a string or null, got {type(value).__name__}"
    )


def _text(value: Any) -> str | None:
    """A short field: "", nan and what is false are None; any other value is given as its JSON."""
    if isinstance(value, str):
        return value or None
    if not value or value != value:  # nan is what pandas makes of a value that is not there
        return None
    return json.dumps(value, default=str)


def _meta(value: Any) -> Mapping[str, Any]:
    """An object, or the JSON of one (as CSV and Parquet hold it); anything else under `meta`."""
    if isinstance(value, str) and value:
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            parsed = None
        value = parsed if isinstance(parsed, dict) else value
    if isinstance(value, Mapping):
        return dict(value)
    return {"meta": value} if value else {}


class _Merged:
    """Replies so far, one an id."""

    def __init__(self, name: str, unit: str) -> None:
        self.result = Responses([], name, [], unit=unit)
        self.superseded = 0
        self.index: dict[str, int] = {}
        self.conflicts: dict[str, list[int]] = {}

    def add(self, new: Response, line: int) -> None:
        """Take one reply in, by the rule of the module."""
        items, lines = self.result.items, self.result.lines
        at = self.index.setdefault(new.id, len(items))
        if at == len(items):
            items.append(new)
            lines.append(line)
            return
        if items[at].reason is None and new.reason is None:
            self.conflicts.setdefault(new.id, [lines[at]]).append(line)
            return
        self.superseded += 1
        if items[at].reason is not None:
            items[at], lines[at] = new, line

    def finish(self) -> Responses:
        """The result, if there is one to be had."""
        result = self.result
        if self.conflicts:
            shown = [
                f"{id!r} in {result.unit}s {', '.join(map(str, lines))}"
                for id, lines in list(self.conflicts.items())[:_EXAMPLES]
            ]
            more = ", ..." if len(self.conflicts) > _EXAMPLES else ""
            raise ResponsesError(
                f"{result.source}: {len(self.conflicts)} ids have more than one reply: "
                f"{'; '.join(shown)}{more}. Keep one of each; do not mix runs in one file"
            )
        if not result.items:
            raise ResponsesError(f"{result.source}: holds no reply (0 {result.unit}s)")
        return Responses(result.items, result.source, result.lines, self.superseded, result.unit)
