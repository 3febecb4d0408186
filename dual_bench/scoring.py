"""From replies to a result: match replies with rows, judge what needs judging, count.

    result = dual_bench.score("responses.jsonl")           # offline, no model
    result = dual_bench.score(replies, judge=my_function)  # replies: dicts with id and response
    print(result)

With `out`, every verdict is on disk before the next one is asked for, and a second call judges
only what is missing or has failed. Which thread answers first changes the order of the lines in
that file, and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from math import isnan
from pathlib import Path
from typing import Any

from dual_bench.asking import Case, Progress, judge_all
from dual_bench.errors import ResponsesError
from dual_bench.judges import Spec, make_judge
from dual_bench.outcomes import Verdict
from dual_bench.protocols import DEFAULT, Protocol
from dual_bench.protocols import protocol as protocol_named
from dual_bench.recall import best_recall
from dual_bench.recording import read_settings
from dual_bench.responses import CUT_OFF, Response, Responses, read_responses
from dual_bench.result import Replies, Result
from dual_bench.rows import Rows, Source, rows_for
from dual_bench.verdicts import open_verdicts


def score(
    responses: str | os.PathLike[str] | Responses | Iterable[Mapping[str, Any]],
    dataset: Source = None,
    judge: Spec = "rules",
    protocol: str | Protocol = DEFAULT,
    *,
    hazards: Iterable[str] = (),
    variants: Iterable[str] = (),
    configs: Iterable[str] = (),
    asked_only: bool = False,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Result:
    """Score a model's replies.

    Args:
        responses: a run folder, a file (JSON Lines, CSV, TSV, Parquet), a `datasets.Dataset` or
            dicts, with `id` and `response`, and perhaps `finish_reason` and `error`.
        dataset: the rows that were asked: a `datasets.Dataset`, dicts, or the folder of a build.
            None finds the build as `dual_bench.load` does, and takes the configs that the ids
            name, whole: rows of these without a reply are `missing`, unless `hazards` or
            `variants` leave them out.
        judge: see `dual_bench.judges.make_judge`.
        protocol: `calibrated`, `dual_bench`, `vscbench`, or one of your own.
        hazards: score only rows of these; for a run over a part of the data.
        variants: the same.
        configs: the same, where the replies are to several; their rows are pooled otherwise.
        asked_only: score only rows that the replies have a line for, so that none is `missing`;
            for a trial over some rows. The result says so.
        out: folder for verdicts, settings and metrics; None keeps them in memory.
        progress: called with (judged so far, to be judged, unscored so far).
        options: of the judge (`min_valid`, `workers`, `prompts`, ...).

    Raises:
        DualBenchError: one of its kinds, for whatever the user can mend.
    """
    how = protocol_named(protocol)
    who = make_judge(judge, how, **options)
    read = responses if isinstance(responses, Responses) else read_responses(responses)
    rows = rows_for(dataset, (r.id for r in read)).only(hazards, variants, configs)
    rows = rows.among({r.id for r in read}) if asked_only else rows
    replies = _replies(read, rows)
    data = {"fingerprint": rows.fingerprint, "rows": len(rows.rows), "asked_only": asked_only}

    def result(verdicts: Iterable[Verdict] = ()) -> Result:
        about = {"name": who.name, **who.describe()}
        return Result(tuple(verdicts), how, judge=about, data=data, replies=replies)

    with open_verdicts(out, who.name, how.id) as (journal, old):
        if out is not None:
            result().save_settings(out)
        found = judge_all(_cases(read, rows, old), who, how, journal, progress)
        scored = result(found[row.id] for row in rows.rows)
        if out is not None:
            scored.save(out)
    return scored


def _replies(read: Responses, rows: Rows) -> Replies:
    """What came back, counted against what was asked.

    Raises:
        ResponsesError: not one reply belongs to a row.
    """
    asked = {row.id for row in rows.rows}
    answered = {r.id for r in read}
    unknown = sorted(answered - asked)
    if not answered & asked:
        raise ResponsesError(
            f"{read.source}: none of its {len(answered)} ids is a row of the dataset, such as "
            f"{rows.rows[0].id if rows.rows else 'none'!r}; the first is {read.items[0].id!r}"
        )
    missing = [row.id for row in rows.rows if row.id not in answered]
    models = sorted({r.model for r in read if r.model})
    settings = read_settings(read.folder) if read.folder else None
    return Replies(
        source=Path(read.source).name,
        n=len(read),
        superseded=read.superseded,
        unknown=tuple(unknown),
        missing=tuple(missing),
        cut_off=sum(r.finish_reason in CUT_OFF for r in read),
        models=tuple(models),
        generation=settings.generation if settings else {},
        other_data=sum(_is_other(r, rows.digests) for r in read),
    )


def _is_other(response: Response, digests: Mapping[str, str]) -> bool:
    """Whether it was recorded on another prompt or picture than the row has here."""
    noted, here = response.meta.get("row"), digests.get(response.id)
    return noted is not None and here is not None and noted != here


def _cases(read: Responses, rows: Rows, old: Mapping[str, Verdict]) -> list[Case]:
    by_id = read.by_id()
    cases = []
    for row in rows.rows:
        response = by_id.get(row.id)
        recall = None
        if response is not None and response.reason is None:
            wordings = rows.wordings.get((row.pair_id, row.side), ())
            share = best_recall(wordings, response.response or "")
            recall = None if isnan(share) else share  # nan: the picture shows no words
        cases.append(Case(row, response, recall, old.get(row.id)))
    return cases
