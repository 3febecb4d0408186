"""A log of Inspect into a run folder, with nothing changed and nothing lost in silence.

    from dual_bench.bridges.inspect.convert import convert
    convert("logs/....eval", "run")
    dual_bench.score("run")

A sample that failed, or that people marked as invalid, becomes an error; one that the log does
not have is missing. A sample that a scorer failed on has its reply: it is judged again here. What
Inspect's scorers said is not taken over.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dual_bench.bridges.converted import Asked, Converted, asked_rows, few, write_converted
from dual_bench.bridges.inspect.log import Entry, Log
from dual_bench.bridges.inspect.reply import answer, asked, response
from dual_bench.bridges.inspect.settings import generation, written_by
from dual_bench.errors import ResponsesError
from dual_bench.recording import Answer
from dual_bench.responses import Response

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample


def convert(
    log: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    epoch: int | None = None,
) -> Converted:
    """Write the replies of a log into a new run folder.

    Args:
        log: an `.eval` or `.json` file.
        out: the run folder; made if it is missing, and refused if it holds replies.
        data: folder of the build that was asked. Then every row is checked against it, and tasks
            of your own that used its ids and prompts can be read too.
        epoch: which one, of a log with several; from 1 on.

    Raises:
        ResponsesError: the log cannot be read, has several epochs and none was named, has samples
            that are no rows of ours, or was made with another build than `data`.
        DependencyError: there is no inspect_ai.
        OutputError: the folder holds replies or cannot be written.
    """
    read = Log(Path(log))
    spec = read.header.eval
    wanted = _one_epoch(read.entries(), spec.config.epochs or 1, epoch, read.path)
    noted = {str(entry.id): entry.row for entry in wanted}
    nameless = [id for id, row in noted.items() if row is None]
    if nameless and data is None:
        raise ResponsesError(
            f"{read.path}: {few(nameless)} is no row of a task dual_bench/...; if a task of your "
            f"own asked the rows of a build, name the build with data"
        )
    planned = map(str, spec.dataset.sample_ids or ())
    rows = asked_rows(read.path, noted, data=data, planned=planned)
    status = read.header.status
    return write_converted(
        out,
        rows,
        [_response(sample, spec.model, rows) for sample in read.samples(wanted)],
        model=spec.model,
        generation=generation(read.header),
        by=written_by(read.header),
        notes=[] if status == "success" else [f"the evaluation did not end well: {status}"],
    )


def _one_epoch(entries: list[Entry], epochs: int, epoch: int | None, where: Path) -> list[Entry]:
    """The samples of the epoch that is meant, each id once."""
    if epochs > 1 and epoch is None:
        raise ResponsesError(
            f"{where}: has {epochs} epochs, and a run folder holds one reply a row; say which "
            f"epoch, from 1 to {epochs}"
        )
    if epoch is not None and not 1 <= epoch <= epochs:
        raise ResponsesError(f"{where}: has no epoch {epoch}; it has 1 to {epochs}")
    kept = [entry for entry in entries if entry.epoch == (epoch or 1)]
    twice = [id for id, n in Counter(str(entry.id) for entry in kept).items() if n > 1]
    if twice:
        raise ResponsesError(f"{where}: has samples twice: {few(twice)}; which one is meant?")
    return kept


def _response(sample: EvalSample, model: str, rows: Asked) -> Response:
    id = str(sample.id)
    sent = asked(sample.messages) if sample.messages else None
    own = sample.metadata.get("prompt") or rows.rows.get(id, {}).get("prompt")
    meta: dict[str, Any] = {"row": rows.digests[id]}
    if sample.error_retries:
        meta["retries"] = len(sample.error_retries)
    if sample.error is not None and sample.output.choices:
        meta["failed_after"] = sample.error.message
    prompt = sent if own is None else str(own)
    return response(id, _said(sample), model=model, prompt=prompt or "", sent=sent, **meta)


def _said(sample: EvalSample) -> Answer:
    if sample.invalidation is not None:
        said = sample.invalidation.reason or "no reason given"
        return Answer(None, error=f"marked as invalid in the log: {said}")
    why: str | None = None
    if sample.error is not None:
        why = sample.error.message
    elif sample.limit is not None:
        why = f"limit: {sample.limit.type} {sample.limit.limit:g}"
    return answer(sample.output, why)
