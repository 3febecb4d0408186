"""Take a prediction file of VLMEvalKit to a run folder.

A failure is an error and never a reply (`failures`); a reply is what the file holds, unchanged. In
what way a file may not hold what the model said is in `Converted.doubts` and in `meta.doubt` of
the reply, and nothing is repaired. SPLIT_THINK=True makes VLMEvalKit cut the reply at `</think>`
and strip it; what came before is in `meta.thinking`. Its files do not say with which settings a
model was run, or what was put around the prompt.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

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
from dual_bench.load import find_build, read_rows
from dual_bench.recording import RunSettings, data_digest, row_digest, write_run
from dual_bench.responses import Response

_DIGEST = re.compile(rf"{ROW_PREFIX}([0-9a-f]{{16}})")
_STATUS = "status.json"
_SHOWN = 3


class Doubt(NamedTuple):
    """A prediction that may not be what the model said."""

    id: str
    why: str


class Converted(NamedTuple):
    """What was found.

    Attributes:
        settings: of the run folder.
        replies: rows with a reply that can be judged.
        failed: rows with an error, or an empty reply.
        doubts: predictions to look at.
        missing: rows of the build's configs that the files do not have; () without `data`.
        unnamed: files whose name does not say which export they are of, so that nobody knows
            whether they are whole.
    """

    settings: RunSettings
    replies: int
    failed: int
    doubts: tuple[Doubt, ...]
    missing: tuple[str, ...]
    unnamed: tuple[str, ...]


class _Run(NamedTuple):
    responses: list[Response]
    digests: dict[str, str]


def convert(
    log: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    model: str | None = None,
    generation: Mapping[str, Any] | None = None,
    partial: bool = False,
) -> Converted:
    """Read predictions and write a run folder.

    Args:
        log: a prediction file (.xlsx, .tsv, .csv, .json, .jsonl), or the folder of a run with one
            or more of them.
        out: the run folder; one that holds replies is refused.
        data: folder of the build that was exported; the rows are then compared with it.
        model: its name; None takes it from the name of the file.
        generation: the settings that you used; VLMEvalKit does not write them down.
        partial: take a file that lacks rows of its export.

    Raises:
        ResponsesError: a file cannot be read, is not whole, or says two things about one row.
        DependencyError: it is an .xlsx file, and defusedxml is missing.
        OutputError: `out` holds replies already, or cannot be written.
    """
    files = prediction_files(Path(log))
    names = [read_name(file) for file in files]
    settings_model = model or _model(files, names)
    run = _Run([], {})
    for file, named in zip(files, names, strict=True):
        _take(file, named, run, partial)
    missing = _compare(run.digests, Path(data)) if data is not None else ()
    settings = RunSettings(
        settings_model,
        generation or {},
        len(run.digests),
        data_digest(run.digests),
        f"vlmevalkit {_commit(files[0].parent)}".strip(),
    )
    responses = [replace(response, model=settings_model) for response in run.responses]
    write_run(out, settings, responses)
    judged = sum(r.reason is None for r in responses)
    return Converted(
        settings,
        judged,
        len(responses) - judged,
        tuple(Doubt(r.id, r.meta["doubt"]) for r in responses if "doubt" in r.meta),
        missing,
        tuple(file.name for file, named in zip(files, names, strict=True) if not named.digest),
    )


def _model(files: Sequence[Path], names: Sequence[Named]) -> str:
    found = sorted({named.model for named in names})
    if found == [""]:
        raise ResponsesError(
            f"{files[0]}: its name does not say which model it is of, as names that VLMEvalKit "
            f"gives do; say it with model=..."
        )
    if len(found) != 1:
        raise ResponsesError(
            f"{files[0].parent}: holds predictions of {len(found)} models: {', '.join(found)}; "
            f"a run folder is of one, so convert the files singly"
        )
    return found[0]


def _take(file: Path, named: Named, run: _Run, partial: bool) -> None:
    mine: dict[str, str] = {}
    for line in read_lines(file):
        response = _response(line)
        if response.id in mine or response.id in run.digests:
            raise ResponsesError(
                f"{line.where}: a second prediction on {response.id}; give one file of each "
                f"export, and do not join files"
            )
        mine[response.id] = response.meta["row"]
        run.responses.append(response)
    if not mine:
        raise ResponsesError(f"{file}: holds no prediction")
    if named.digest and not data_digest(mine).startswith(named.digest) and not partial:
        raise ResponsesError(
            f"{file}: its {len(mine):,} rows are not those of the export that it is named after; "
            f"rows are missing, or it was renamed. To take what there is, say partial"
        )
    run.digests.update(mine)


def _response(line: Line) -> Response:
    id, digest = line.values[ID], _DIGEST.fullmatch(str(line.values[ROW]))
    if not isinstance(id, str) or not id or digest is None:
        raise ResponsesError(
            f"{line.where}: expected our id and {ROW_PREFIX}<16 digits>, got {id!r:.80} and "
            f"{line.values[ROW]!r:.40}; the columns of the export must stay as they are"
        )
    meta = {"row": digest[1]}
    text = _prediction(line)
    if text is not None and is_failure(text):
        return Response(id, None, error=text, meta=meta)
    if why := line.doubts.get(PREDICTION) or (text and doubt(text)):
        meta["doubt"] = why
    if isinstance(thinking := line.values.get(THINKING), str) and thinking:
        meta["thinking"] = thinking
    return Response(id, text, meta=meta)


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


def _compare(digests: Mapping[str, str], data: Path) -> tuple[str, ...]:
    """Rows of the build that have no prediction; a prediction on other rows is an error."""
    folder = find_build(data)
    configs = dict.fromkeys(id.partition("/")[0] for id in digests)
    there: dict[str, str] = {}
    for config in configs:
        rows = read_rows(folder, config, ["id", "prompt", "pixel_sha256"])
        there.update((row["id"], row_digest(row)) for row in rows)
    other = [id for id, digest in digests.items() if there.get(id) != digest]
    if other:
        raise ResponsesError(
            f"{folder}: {len(other):,} of {len(digests):,} predictions are on other rows than this "
            f"build's, such as {', '.join(other[:_SHOWN])}; name the build that was exported"
        )
    return tuple(id for id in there if id not in digests)


def _commit(folder: Path) -> str:
    """Of VLMEvalKit: from the status that newer versions write, or from the folder's name."""
    try:
        status = json.loads((folder / _STATUS).read_bytes())
    except (OSError, ValueError, RecursionError):
        return commit_of(folder)
    found = status.get("commit") if isinstance(status, dict) else None
    return found if isinstance(found, str) else commit_of(folder)
