"""Logs of Inspect into a run folder, with nothing changed and nothing lost in silence.

    from dual_bench.bridges.inspect.convert import convert
    convert("logs", "run")  # a folder, or "logs/....eval", or several
    dual_bench.score("run")

A sample that failed, or that people marked as invalid, becomes an error; one that no log has is
missing. A sample that a scorer failed on has its reply: it is judged again here. What Inspect's
scorers said is not taken over. Which logs belong together says `logs`, and what becomes of a row
that several of them have says `join`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dual_bench.bridges.converted import Asked, Converted, asked_rows, few, note, write_converted
from dual_bench.bridges.inspect.join import AFTER, Said, joined_replies, joined_rows
from dual_bench.bridges.inspect.log import Entry, Log
from dual_bench.bridges.inspect.logs import Chosen, choose
from dual_bench.bridges.inspect.reply import answer, asked, response
from dual_bench.bridges.inspect.settings import generation, written_by
from dual_bench.errors import ResponsesError
from dual_bench.recording import Answer
from dual_bench.responses import Response

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample


def convert(
    log: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    epoch: int | None = None,
    model: str | None = None,
) -> Converted:
    """Write the replies of one run into a new run folder.

    Args:
        log: an `.eval` or `.json` file, a folder of them, or several of these in any order.
        out: the run folder; made if it is missing, and refused if it holds replies.
        data: folder of the build that was asked. Then every row is checked against it, and tasks
            of your own that used its ids and prompts can be read too (name the file of the log).
        epoch: which one, of logs with several; from 1 on.
        model: only logs of this one, as Inspect names it.

    Raises:
        ResponsesError: a log cannot be read, has several epochs and none was named, has samples
            that are no rows of ours, or was made with another build than `data`; or the logs are
            of several runs.
        UnknownNameError: no log is of that model.
        DependencyError: there is no inspect_ai.
        OutputError: the folder holds replies or cannot be written.
    """
    several = [log] if isinstance(log, str | os.PathLike) else log
    chosen = choose([Path(path) for path in several], model=model, checked=data is not None)
    wanted = {
        one: _one_epoch(one.entries(), one.header.eval.config.epochs or 1, epoch, one.path)
        for one in chosen.logs
    }
    noted = joined_rows({one.path: entries for one, entries in wanted.items()})
    nameless = [id for id, row in noted.items() if row is None]
    if nameless and data is None:
        raise ResponsesError(
            f"{chosen.where}: {few(nameless)} is no row of a task dual_bench/...; if a task of "
            f"your own asked the rows of a build, name the build with data"
        )
    planned = [str(id) for one in chosen.logs for id in one.header.eval.dataset.sample_ids or ()]
    rows = asked_rows(chosen.where, noted, data=data, planned=planned)
    return write_converted(
        out,
        rows,
        _replies(wanted, rows),
        model=chosen.logs[0].header.eval.model,
        generation=generation(chosen.logs[0].header),
        by=", ".join(dict.fromkeys(written_by(one.header) for one in chosen.logs)),
        notes=[*chosen.notes, *_unwell(chosen)],
    )


def _replies(wanted: Mapping[Log, Sequence[Entry]], rows: Asked) -> list[Response]:
    said = {
        log.path: [_said_by(log, sample, rows) for sample in log.samples(entries)]
        for log, entries in wanted.items()
    }
    return joined_replies(said)


def _said_by(log: Log, sample: EvalSample, rows: Asked) -> Said:
    response = _response(sample, log.header.eval.model, rows)
    return Said(response, sample.uuid, sample.invalidation is not None)


def _unwell(chosen: Chosen) -> list[str]:
    """Notes about evaluations that did not end as they should."""
    ends = {log.path.name: log.header.status for log in chosen.logs}
    ill = {name: status for name, status in ends.items() if status != "success"}
    if len(ends) == 1:
        return [f"the evaluation did not end well: {status}" for status in ill.values()]
    listed = [f"{name} ({status})" for name, status in ill.items()]
    return note("evaluations did not end well", listed)


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
        meta[AFTER] = sample.error.message
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
