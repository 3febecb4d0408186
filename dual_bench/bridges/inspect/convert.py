"""A log of Inspect into a run folder, with nothing changed and nothing lost in silence.

    from dual_bench.bridges.inspect.convert import convert
    convert(Path("logs/....eval"), Path("run"))
    dual_bench.score("run")

A sample that failed, or that people marked as invalid, becomes an error; one that the log does
not have is missing. A sample that a scorer failed on has its reply: it is judged again here. What
Inspect's scorers said is not taken over.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dual_bench.bridges.inspect.log import Entry, Log
from dual_bench.bridges.inspect.reply import answer, asked, response
from dual_bench.bridges.inspect.settings import generation, written_by
from dual_bench.errors import ResponsesError, UnknownNameError
from dual_bench.load import find_build, read_rows
from dual_bench.recording import Answer, RunSettings, data_digest, row_digest, write_run
from dual_bench.recording.identity import SEEN
from dual_bench.responses import Response
from dual_bench.schema import parse_id, read_manifest

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample

_SHOWN = 3


class Converted(NamedTuple):
    """What a conversion found.

    Attributes:
        settings: of the run, as they stand in run.json.
        replies: rows with words of the model.
        failed: rows with an error, a filter or an empty reply.
        missing: rows that Inspect was to ask and that the log does not have.
        status: of the evaluation: `success`, `error`, `cancelled` or `started`.
    """

    settings: RunSettings
    replies: int
    failed: int
    missing: tuple[str, ...]
    status: str


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
    rows = _build_rows(Path(data), wanted) if data is not None else {}
    digests = {str(entry.id): _digest(entry, rows, read.path) for entry in wanted}
    planned = [str(id) for id in spec.dataset.sample_ids or digests]
    place = {id: number for number, id in enumerate(planned)}
    wanted.sort(key=lambda entry: place.get(str(entry.id), len(place)))
    missing = tuple(id for id in planned if id not in digests)
    known = {**digests, **{id: row_digest(rows[id]) for id in missing if id in rows}}
    settings = RunSettings(
        model=spec.model,
        generation=generation(read.header),
        rows=len(set(planned) | set(digests)),
        data="" if set(missing) - set(known) else data_digest(known),
        by=written_by(read.header),
    )
    count: Counter[bool] = Counter()

    def counted() -> Iterator[Response]:
        for sample in read.samples(wanted):
            found = _response(sample, spec.model, digests[str(sample.id)], rows)
            count[found.reason is None] += 1
            yield found

    write_run(out, settings, counted())
    return Converted(settings, count[True], count[False], missing, read.header.status)


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
    twice = [str(id) for id, n in Counter(entry.id for entry in kept).items() if n > 1]
    if twice:
        raise ResponsesError(f"{where}: has samples twice: {_shown(twice)}; which one is meant?")
    if not kept:
        raise ResponsesError(f"{where}: holds no sample")
    return kept


def _build_rows(folder: Path, wanted: Iterable[Entry]) -> dict[str, Mapping[str, Any]]:
    """Id -> what was shown, for the configs of a build that the ids name."""
    found = find_build(folder)
    configs = read_manifest(found).configs
    named: dict[str, None] = {}
    for entry in wanted:
        try:
            named[parse_id(str(entry.id), configs).config] = None
        except UnknownNameError:
            continue  # `_digest` says which
    return {row["id"]: row for name in named for row in read_rows(found, name, list(SEEN))}


def _digest(entry: Entry, rows: Mapping[str, Mapping[str, Any]], where: Path) -> str:
    """What the row was when it was asked."""
    row = rows.get(str(entry.id))
    if row is None and (rows or entry.row is None):
        raise ResponsesError(
            f"{where}: sample {entry.id!r} is no row of "
            + ("the build that data names" if rows else "a task dual_bench/...")
            + "; if it was made with another build or by a task of your own, name the build with "
            "data; a run folder holds rows of one build only"
        )
    if row is None:
        return str(entry.row)
    digest = row_digest(row)
    if entry.row not in (None, digest):
        raise ResponsesError(
            f"{where}: sample {entry.id!r} was another row when it was asked (its prompt or "
            f"picture differs from that of the build); name the build of that evaluation"
        )
    return digest


def _response(
    sample: EvalSample, model: str, digest: str, rows: Mapping[str, Mapping[str, Any]]
) -> Response:
    id = str(sample.id)
    sent = asked(sample.messages) if sample.messages else None
    own = sample.metadata.get("prompt") or rows.get(id, {}).get("prompt")
    meta: dict[str, Any] = {"row": digest}
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


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
