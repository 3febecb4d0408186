"""Rows of a build as samples of Inspect: the picture first, then the prompt.

A sample's metadata holds all that scoring needs, so that a log can be scored again on a machine
without the build: the row's facts, its text, every wording of its picture, and a digest of what
the row was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText

from dual_bench.bridges.askable import check_askable
from dual_bench.bridges.inspect.pictures import addresses
from dual_bench.errors import ResponsesError
from dual_bench.load import find_build, load
from dual_bench.metrics.table import EXPECTED_OF_SIDE
from dual_bench.recording import row_digest
from dual_bench.recording.identity import SEEN
from dual_bench.rows import Row, Rows, rows_for
from dual_bench.schema import SIDES, read_manifest


def dataset(
    config: str,
    *,
    data: str | os.PathLike[str] | None = None,
    hazards: Iterable[str] | None = None,
    variants: Iterable[str] | None = None,
) -> MemoryDataset:
    """The samples of a config, or of a part of it, in the order of the build.

    Args:
        config: name of a config whose rows have a side; of imported data its own.
        data: folder of a build; None finds it as `dual_bench.load` does.
        hazards: only these.
        variants: only these.

    Raises:
        DualBenchError: one of its kinds, for whatever the user can mend.
    """
    folder = find_build(data)
    configs = read_manifest(folder).configs
    check_askable(config, configs)
    found = cast(
        Any, load(config, path=folder, hazards=hazards, variants=variants, decode=False)
    ).with_format(None)
    columns = found.select_columns(list(SEEN)).to_dict()
    seen = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    rows = rows_for(folder, [seen[0]["id"]])  # the whole config: wordings may be in other variants
    by_id = {row.id: row for row in rows.rows}
    samples = [
        _sample(by_id[one["id"]], rows, one, address)
        for one, address in zip(seen, addresses(found), strict=True)
    ]
    return MemoryDataset(samples, name=f"dual-bench/{config}", location=str(Path(folder)))


def _sample(row: Row, rows: Rows, seen: Mapping[str, Any], address: str) -> Sample:
    message = ChatMessageUser(content=row.prompt)
    if seen["pixel_sha256"] is not None:
        message = ChatMessageUser(
            content=[ContentImage(image=address), ContentText(text=row.prompt)]
        )
    metadata = {
        **row.facts,
        "prompt": row.prompt,
        "text": row.text,
        "wordings": sorted(rows.wordings.get((row.pair_id, row.side), ())),
        "row": row_digest(seen),
    }
    return Sample(input=[message], target=row.expected, id=row.id, metadata=metadata)


def row_of(id: str | int, metadata: Mapping[str, Any]) -> Row:
    """The row that a sample's metadata describes; the way back from `_sample`.

    Raises:
        ResponsesError: the sample is none of ours.
    """
    side = metadata.get("side")
    if side not in SIDES:
        raise ResponsesError(
            f"sample {id}: its metadata has no side ({' or '.join(SIDES)}), so it is no row of "
            f"this dataset; our scorers are for the tasks dual_bench/..."
        )
    known = {name: metadata.get(name) for name in Row._fields}
    text = known["text"]
    return Row(
        id=str(id),
        pair_id=str(known["pair_id"] or id),
        cluster_id=str(known["cluster_id"] or known["pair_id"] or id),
        hazard=str(known["hazard"] or "unknown"),
        side=side,
        variant=str(known["variant"] or "original"),
        prompt=str(known["prompt"] or ""),
        text=None if text is None else str(text),
        expected=str(known["expected"] or EXPECTED_OF_SIDE[side]),
        task=str(known["task"] or "describe"),
    )
