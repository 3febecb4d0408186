"""In which order rows are asked, where a run may end before all are: mixed, and always alike.

The data stand hazard by hazard, so a limit on requests would spend all of them on the first. The
order is no setting of a run: each start may take another, and asks what is missing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset


def shuffled(rows: Dataset, seed: int, *, of: int = 1) -> Dataset:
    """The same rows in the order of a hash of the seed and their ids.

    It depends on nothing else, such as what an earlier start has asked. Each of several shards
    keeps its rows, so that one may be begun in one order and ended in another.

    Args:
        rows: with an `id`.
        seed: another one gives another order.
        of: how many shards there are; see `Recorder.todo`.
    """
    ids = rows.select_columns(["id"])[:]["id"]
    keys = [hashlib.sha256(f"{seed} {id}".encode("utf-8", "surrogatepass")).digest() for id in ids]
    order = list(range(len(ids)))
    for shard in range(of):
        order[shard::of] = sorted(order[shard::of], key=keys.__getitem__)
    return rows.select(order)
