"""A log of lmms-eval into a run folder, so that `dual-bench score` judges what its models said.

    lmms_eval ... --log_samples --output_path logs
    convert(Path("logs"), Path("run"))

The words are those before the harness's filters, unchanged. What the harness writes in place of a
reply becomes the error or finish reason that it is; `failures` says which of these can be told
from a reply, and which cannot. There is no finish reason for ordinary replies in such a log, so
that a run folder from here never says that a reply was cut off at the token limit.

A log that holds fewer samples than the harness asked for is refused: the harness stops writing
the file, with a line on the screen and status 0, at the first reply that UTF-8 cannot hold (half
of a surrogate pair), and loses all that come after it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.bridges.converted import DOUBT, Converted, asked_rows, note, write_converted
from dual_bench.bridges.lmms_eval.failures import answer_of
from dual_bench.bridges.lmms_eval.log import Log, Sample, open_log, read_samples
from dual_bench.bridges.lmms_eval.settings import expected_samples, generation, model_name
from dual_bench.errors import ResponsesError
from dual_bench.outcomes import Reason
from dual_bench.recording import Answer
from dual_bench.responses import Response

_NONE = "None"  # what the harness makes of a reply without content
_NONE_IS_UNCLEAR = (
    "None: lmms-eval writes this for a reply without content and for the word, and this log does "
    "not say which"
)
_EMPTY_IS_UNCLEAR = (
    "empty, and without a count of its words: adapters that count none log a failed call as this"
)


def convert(
    log: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    model: str | None = None,
    partial: bool = False,
) -> Converted:
    """Write the replies of a log into a new run folder.

    Args:
        log: a samples file, a results file, or a folder that holds those of one run.
        out: the run folder; made if it is missing, and refused if it holds replies.
        data: folder of the build that was asked. Then every row is checked against it, and rows
            without a sample are named.
        model: the model's name, where the log's does not suit or its results file is lost.
        partial: take what there is of a log that lost samples.

    Raises:
        ResponsesError: the log cannot be read, has lost samples, says two things of one row, or
            was made with another build than `data`.
        OutputError: the folder holds replies, or cannot be written.
    """
    found = open_log(Path(log))
    name = model or model_name(found)
    there = _read(found, name)
    lost = {task: n for task in found.samples if (n := _lost(found, task, there.counts[task]))}
    if lost and not partial:
        raise ResponsesError(_gap(found, lost))
    notes = note("files are of other benchmarks' tasks and were left alone", found.others)
    if lost and data is None:
        notes.append(f"samples are missing, and the log does not say which: {_listed(lost)}")
    noted = {response.id: str(response.meta["row"]) for response in there.responses}
    return write_converted(
        out,
        asked_rows(found.where.parent, noted, data=data),
        there.responses,
        model=name,
        generation=generation(found),
        by=there.by,
        lost=sum(lost.values()) if data is None else 0,
        notes=notes,
    )


class _There(NamedTuple):
    """What the samples files hold: replies, task -> samples, and the harness."""

    responses: list[Response]
    counts: Counter[str]
    by: str


def _read(log: Log, model: str) -> _There:
    """All replies.

    Raises:
        ResponsesError: two samples of one row, as of two filters, or of a log written twice.
    """
    found: dict[str, Response] = {}
    counts: Counter[str] = Counter()
    by = "lmms_eval"
    for task, path in log.samples.items():
        for sample in read_samples(task, path):
            if sample.id in found:
                raise ResponsesError(
                    f"{path}: holds two samples of {sample.id}; keep the log of one run with one "
                    f"filter"
                )
            found[sample.id] = _response(sample, model)
            counts[task] += 1
            by = sample.by
    return _There(list(found.values()), counts, by)


def _lost(log: Log, task: str, there: int) -> int:
    """How many samples the harness meant to log for a task and did not."""
    expected = expected_samples(log, task)
    if expected is None:
        expected = 0 if there else 1  # of an empty file all is lost, whatever it was to hold
    return max(0, expected - there)


def _gap(log: Log, lost: Mapping[str, int]) -> str:
    return (
        f"{log.where.parent}: samples are missing that lmms-eval asked for: {_listed(lost)}. It "
        f"stops writing at a reply that is no UTF-8 and says so only on the screen; to take what "
        f"there is, say partial, and let a recorder ask for the rest"
    )


def _listed(lost: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} of {task}" for task, n in lost.items())


def _response(sample: Sample, model: str) -> Response:
    answer = _answer(sample)
    meta: dict[str, Any] = {**answer.meta, "row": sample.row, "task": sample.task}
    if sample.words is not None:
        meta["output_tokens"] = sample.words
    found = Response(sample.id, answer.response, model, answer.finish_reason, answer.error, meta)
    if found.reason is Reason.EMPTY and found.response is not None and sample.words is None:
        return replace(found, meta={**meta, DOUBT: _EMPTY_IS_UNCLEAR})
    return found


def _answer(sample: Sample) -> Answer:
    if sample.text is None:
        return Answer(None, error="the harness logged no reply")
    if sample.text == _NONE and sample.empty is None:
        return Answer(None, error=_NONE_IS_UNCLEAR)
    if sample.text == _NONE and sample.empty:
        return Answer(None)  # the task was given nothing, so that it was not the word
    return answer_of(sample.text, words=sample.words)
