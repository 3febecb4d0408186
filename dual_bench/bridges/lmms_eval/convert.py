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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.bridges.lmms_eval.failures import answer_of
from dual_bench.bridges.lmms_eval.log import Log, Sample, open_log, read_samples
from dual_bench.bridges.lmms_eval.settings import expected_samples, run_settings
from dual_bench.errors import DataVersionError, ResponsesError, UnknownNameError
from dual_bench.load import find_build, read_rows
from dual_bench.outcomes import Reason
from dual_bench.recording.answer import Answer
from dual_bench.recording.identity import SEEN, row_digest
from dual_bench.recording.written import write_run
from dual_bench.responses import Response
from dual_bench.schema import read_manifest

_SHOWN = 3
_NONE = "None"  # what the harness makes of a reply without content
_NONE_IS_UNCLEAR = (
    "None: lmms-eval writes this for a reply without content and for the word, and this log does "
    "not say which"
)


class Converted(NamedTuple):
    """What a conversion found.

    Attributes:
        replies: rows with a reply.
        failed: rows with a reason in place of one.
        missing: rows that were to be asked and have no sample.
        unsure: ids of empty replies that could be failed calls: adapters that log "" for one and
            count no words.
        others: files of other benchmarks' tasks that were left alone.
        model: whose replies they are.
    """

    replies: int
    failed: int
    missing: int
    unsure: tuple[str, ...]
    others: tuple[str, ...]
    model: str


def convert(
    log: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    model: str | None = None,
    partial: bool = False,
) -> Converted:
    """Write the replies of a log as a run folder.

    Args:
        log: a samples file, a results file, or a folder that holds those of one run.
        out: the new folder; one that holds replies is refused.
        data: the build that was asked; with it, each sample is checked to be of this build, and
            rows without a sample are counted. None believes the log.
        model: the model's name, where the log's does not suit or its results file is lost.
        partial: take what there is of a log that lost samples.

    Raises:
        ResponsesError: the log cannot be read, has lost samples, or says two things of one row.
        DataVersionError: the samples are of another build than `data`.
        OutputError: the folder holds replies, or cannot be written.
    """
    found = open_log(Path(log))
    there = _looked_at(found)
    lost = {task: n for task in found.samples if (n := _lost(found, task, there.counts[task]))}
    if lost and not partial:
        raise ResponsesError(_gap(found, lost))
    digests = there.digests
    asked = digests if data is None else _of_build(data, digests)
    settings = run_settings(found, asked, by=there.by, model=model)
    tally = _Tally()
    write_run(out, settings, tally.of(_responses(found, settings.model)))
    missing = sum(lost.values()) if data is None else len(set(asked) - set(digests))
    return Converted(
        tally.replies,
        tally.failed,
        missing,
        tuple(tally.unsure),
        found.others,
        settings.model,
    )


def _samples(log: Log) -> Iterator[Sample]:
    for task, path in log.samples.items():
        yield from read_samples(task, path)


class _There(NamedTuple):
    """What a first look at all samples shows: id -> digest, task -> samples, and the harness."""

    digests: dict[str, str]
    counts: Counter[str]
    by: str


def _looked_at(log: Log) -> _There:
    """Read everything once, so that nothing is written of a log that cannot be taken whole.

    Raises:
        ResponsesError: two samples of one row, as of two filters, or of a log written twice.
    """
    digests: dict[str, str] = {}
    counts: Counter[str] = Counter()
    by = "lmms_eval"
    for sample in _samples(log):
        if sample.id in digests:
            raise ResponsesError(
                f"{log.samples[sample.task]}: holds two samples of {sample.id}; keep the log of "
                f"one run with one filter"
            )
        digests[sample.id] = sample.row
        counts[sample.task] += 1
        by = sample.by
    return _There(digests, counts, by)


def _lost(log: Log, task: str, there: int) -> int:
    """How many samples the harness meant to log for a task and did not."""
    expected = expected_samples(log, task)
    if expected is None:
        expected = 0 if there else 1  # of an empty file all is lost, whatever it was to hold
    return max(0, expected - there)


def _gap(log: Log, lost: Mapping[str, int]) -> str:
    names = ", ".join(f"{n:,} of {task}" for task, n in lost.items())
    return (
        f"{log.where.parent}: samples are missing that lmms-eval asked for: {names}. It stops "
        f"writing at a reply that is no UTF-8 and says so only on the screen; to take what there "
        f"is, say partial, and let a recorder ask for the rest"
    )


def _of_build(data: str | os.PathLike[str], digests: Mapping[str, str]) -> dict[str, str]:
    """Id -> digest of all rows of the configs that the samples name.

    Raises:
        UnknownNameError: the build has no such rows.
        DataVersionError: they are other rows than those that were asked.
    """
    build = find_build(data)
    configs = read_manifest(build).configs
    named = {id.split("/")[0] for id in digests}
    if strange := sorted(named - set(configs)):
        raise UnknownNameError(f"config of {build}", strange[0], configs)
    rows: dict[str, str] = {}
    for config in (name for name in configs if name in named):
        rows |= {row["id"]: row_digest(row) for row in read_rows(build, config, SEEN)}
    other = [id for id, digest in digests.items() if rows.get(id) != digest]
    if other:
        raise DataVersionError(
            f"{build}: {len(other):,} of {len(digests):,} rows had another prompt or picture when "
            f"they were asked, or are not in this build, such as {', '.join(other[:_SHOWN])}; name "
            f"the build whose tasks were exported"
        )
    return rows


def _responses(log: Log, model: str) -> Iterator[tuple[Response, Sample]]:
    for sample in _samples(log):
        answer = _answer(sample)
        meta: dict[str, Any] = {**answer.meta, "row": sample.row, "task": sample.task}
        if sample.words is not None:
            meta["output_tokens"] = sample.words
        response = Response(
            sample.id, answer.response, model, answer.finish_reason, answer.error, meta
        )
        yield response, sample


def _answer(sample: Sample) -> Answer:
    if sample.text is None:
        return Answer(None, error="the harness logged no reply")
    if sample.text == _NONE and sample.empty is None:
        return Answer(None, error=_NONE_IS_UNCLEAR)
    if sample.text == _NONE and sample.empty:
        return Answer(None)  # the task was given nothing, so that it was not the word
    return answer_of(sample.text, words=sample.words)


@dataclass
class _Tally:
    """Counts replies on their way to disk."""

    replies: int = 0
    failed: int = 0
    unsure: list[str] = field(default_factory=list)

    def of(self, responses: Iterator[tuple[Response, Sample]]) -> Iterator[Response]:
        for response, sample in responses:
            reason = response.reason
            self.replies += reason is None
            self.failed += reason is not None
            if reason is Reason.EMPTY and response.response is not None and sample.words is None:
                self.unsure.append(response.id)
            yield response
