"""Join the harmful and the benign side of each pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dual_bench.errors import DualBenchError, UnknownNameError

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

_T = TypeVar("_T")


def pairs(
    ds: Dataset | IterableDataset, *, whole_only: bool = False
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Join the two sides: yield (harmful, benign) rows of the same pair and variant.

    Args:
        ds: rows of a config with both sides, with the columns pair_id, side and variant. In the
            order of the harmful rows; a picture is decoded when its turn comes.
        whole_only: pass over rows without a partner, which imported data can have.

    Raises:
        UnknownNameError: a column that is needed was not loaded.
        DualBenchError: a row has no partner, for instance because one side was left out.
    """
    have = ds.column_names or []
    for column in ("pair_id", "side", "variant"):
        if column not in have:
            raise UnknownNameError("column", column, have)
    from datasets import IterableDataset

    stream = isinstance(ds, IterableDataset)
    if stream:
        yield from _pairs_in_stream(ds, whole_only)
    else:
        yield from _pairs_by_index(cast("Dataset", ds), whole_only)


def _pairs_by_index(
    ds: Dataset, whole_only: bool
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    light = ds.select_columns(["pair_id", "side", "variant"])
    table = {(r["pair_id"], r["variant"], r["side"]): i for i, r in enumerate(light)}
    whole = _matched(table, whole_only)
    for harmful, benign in whole:
        yield ds[harmful], ds[benign]


def _pairs_in_stream(
    rows: Iterable[dict[str, Any]], whole_only: bool
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    waiting: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        other = "benign" if row["side"] == "harmful" else "harmful"
        partner = waiting.pop((row["pair_id"], row["variant"], other), None)
        if partner is None:
            waiting[row["pair_id"], row["variant"], row["side"]] = row
        else:
            yield (row, partner) if other == "benign" else (partner, row)
    _matched(waiting, whole_only)


def _matched(table: dict[tuple[str, str, str], _T], whole_only: bool) -> list[tuple[_T, _T]]:
    """(harmful, benign) of every pair and variant; one that has one side only is an error.

    With `whole_only` it is passed over.
    """
    for pair_id, variant, side in table:
        other = "benign" if side == "harmful" else "harmful"
        if (pair_id, variant, other) not in table and not whole_only:
            raise DualBenchError(
                f"{pair_id} {variant}: has its {side} side and not the {other} one; "
                f"load both sides to make pairs, or pass over it with whole_only=True"
            )
    twins = {k: (k[0], k[1], "benign") for k in table if k[2] == "harmful"}
    return [(table[k], table[twin]) for k, twin in twins.items() if twin in table]
