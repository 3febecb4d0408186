"""A prediction file of VLMEvalKit into a run folder.

A failure is an error and never a reply (`failures`); a reply is what the file holds, unchanged. In
what way a file may not hold what the model said is in `meta.doubt` of the reply, and nothing is
repaired. SPLIT_THINK=True makes VLMEvalKit cut the reply at `</think>` and strip it; what came
before is in `meta.thinking`. Its files do not say with which settings a model was run, or what was
put around the prompt.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dual_bench.bridges.converted import DOUBT, Converted, asked_rows, note, write_converted
from dual_bench.bridges.vlmevalkit.failures import doubt, is_failure
from dual_bench.bridges.vlmevalkit.names import (
    ID,
    PREDICTION,
    ROW,
    ROW_PREFIX,
    THINKING,
    Named,
    commit_of,
    prediction_files,
    read_name,
)
from dual_bench.bridges.vlmevalkit.tables import Line, read_lines
from dual_bench.errors import ResponsesError
from dual_bench.files import read_object
from dual_bench.recording import data_digest
from dual_bench.responses import Response

_DIGEST = re.compile(rf"{ROW_PREFIX}([0-9a-f]{{16}})")
_STATUS = "status.json"


def convert(
    log: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    model: str | None = None,
    generation: Mapping[str, Any] | None = None,
    partial: bool = False,
) -> Converted:
    """Write the replies of a prediction file into a new run folder.

    Args:
        log: a prediction file (.xlsx, .tsv, .csv, .json, .jsonl), or the folder of a run with one
            or more of them.
        out: the run folder; made if it is missing, and refused if it holds replies.
        data: folder of the build that was exported. Then every row is checked against it, and rows
            without a prediction are named.
        model: its name; None takes it from the name of the file.
        generation: the settings that you used; VLMEvalKit does not write them down.
        partial: take a file that lacks rows of its export.

    Raises:
        ResponsesError: a file cannot be read, is not whole, says two things about one row, or was
            made with another build than `data`.
        DependencyError: it is an .xlsx file, and defusedxml is missing.
        OutputError: the folder holds replies, or cannot be written.
    """
    path = Path(log)
    files = {file: read_name(file) for file in prediction_files(path)}
    name = model or _model(path, list(files.values()))
    replies: dict[str, Response] = {}
    for file, named in files.items():
        mine = _read(file, name, replies)
        _check_whole(file, named, mine, partial)
        replies |= mine
    unnamed = [file.name for file, named in files.items() if not named.digest]
    return write_converted(
        out,
        asked_rows(path, _digests(replies), data=data),
        replies.values(),
        model=name,
        generation=generation or {},
        by=f"vlmevalkit {_commit(next(iter(files)).parent)}".strip(),
        notes=note("files do not say which export they are of; they may not be whole", unnamed),
    )


def _model(log: Path, names: Sequence[Named]) -> str:
    found = sorted({named.model for named in names})
    if found == [""]:
        raise ResponsesError(
            f"{log}: its name does not say which model it is of, as names that VLMEvalKit "
            f"gives do; say it with model=..."
        )
    if len(found) != 1:
        raise ResponsesError(
            f"{log}: holds predictions of {len(found)} models: {', '.join(found)}; "
            f"a run folder is of one, so convert the files singly"
        )
    return found[0]


def _read(file: Path, model: str, others: Mapping[str, Response]) -> dict[str, Response]:
    """The replies of a file; those of others must be to other rows."""
    mine: dict[str, Response] = {}
    for line in read_lines(file):
        response = _response(line, model)
        if response.id in mine or response.id in others:
            raise ResponsesError(
                f"{line.where}: a second prediction on {response.id}; give one file of each "
                f"export, and do not join files"
            )
        mine[response.id] = response
    if not mine:
        raise ResponsesError(f"{file}: holds no prediction")
    return mine


def _check_whole(file: Path, named: Named, replies: Mapping[str, Response], partial: bool) -> None:
    """The name of an export ends in a digest of all its rows."""
    if partial or data_digest(_digests(replies)).startswith(named.digest):
        return
    raise ResponsesError(
        f"{file}: its {len(replies):,} rows are not those of the export that it is named after; "
        f"rows are missing, or it was renamed. To take what there is, say partial"
    )


def _digests(replies: Mapping[str, Response]) -> dict[str, str]:
    return {id: str(response.meta["row"]) for id, response in replies.items()}


def _response(line: Line, model: str) -> Response:
    id, digest = line.values[ID], _DIGEST.fullmatch(str(line.values[ROW]))
    if not isinstance(id, str) or not id or digest is None:
        raise ResponsesError(
            f"{line.where}: expected our id and {ROW_PREFIX}<16 digits>, got {id!r:.80} and "
            f"{line.values[ROW]!r:.40}; the columns of the export must stay as they are"
        )
    meta = {"row": digest[1]}
    text = _prediction(line)
    if text is not None and is_failure(text):
        return Response(id, None, model, error=text, meta=meta)
    if why := line.doubts.get(PREDICTION) or (text and doubt(text)):
        meta[DOUBT] = why
    if isinstance(thinking := line.values.get(THINKING), str) and thinking:
        meta["thinking"] = thinking
    return Response(id, text, model, meta=meta)


def _prediction(line: Line) -> str | None:
    value = line.values[PREDICTION]
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    raise ResponsesError(
        f"{line.where}: {PREDICTION!r} must be text, got a JSON {type(value).__name__}; records of "
        f"agents and of several turns are not read"
    )


def _commit(folder: Path) -> str:
    """Of VLMEvalKit: from the status that newer versions write, or from the folder's name."""
    found: Any = None
    with suppress(ResponsesError):
        found = read_object(folder / _STATUS, ResponsesError).get("commit")
    return found if isinstance(found, str) else commit_of(folder)
