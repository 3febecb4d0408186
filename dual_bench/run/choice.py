"""Which rows a run asks: one or more configs, in whole or in part, as one Dataset."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from dual_bench.errors import BadValueError, NoRowsError
from dual_bench.load import as_names, load

if TYPE_CHECKING:
    from datasets import Dataset

DEFAULT = ("dual_use",)
SENT = ("id", "prompt", "image", "pixel_sha256")


def rows_to_ask(
    configs: Iterable[str] = DEFAULT,
    *,
    data: str | os.PathLike[str] | None = None,
    hazards: Iterable[str] = (),
    sides: Iterable[str] = (),
    variants: Iterable[str] = (),
    pairs_per_hazard: int | None = None,
    limit: int | None = None,
    columns: Sequence[str] | None = None,
    decode: bool = True,
) -> Dataset:
    """The rows of these configs, one config after the other.

    Args:
        configs: names, as `dual_bench.load` takes them.
        data: folder of a build; None looks in the usual places.
        hazards: only these; empty is all. `sides` and `variants` are the same.
        sides: `harmful`, `benign`.
        variants: every config must have them.
        pairs_per_hazard: the first so many pairs of each hazard of each config, with all their
            variants: for a trial that a later run over everything continues.
        limit: the first so many rows of what is left.
        columns: only these; None is all. `SENT` is what a model and a recorder need.
        decode: False gives pictures as they are in the file.

    Raises:
        UnknownNameError: a name that does not exist.
        BadValueError: fewer than one pair.
        NoRowsError: nothing is left.
        DualBenchError: there is no usable build.
    """
    from datasets import concatenate_datasets

    names = as_names(configs)
    if pairs_per_hazard is not None and pairs_per_hazard < 1:
        raise BadValueError("number of pairs", pairs_per_hazard, "1 or more")
    parts = []
    for name in names:
        part = _load(
            name,
            path=data,
            hazards=_or_all(hazards),
            sides=_or_all(sides),
            variants=_or_all(variants),
            decode=decode,
        )
        if part is not None and pairs_per_hazard is not None:
            part = part.select(_first_pairs(part, pairs_per_hazard))
        parts += [] if part is None else [part]
    if not any(map(len, parts)):
        raise NoRowsError(f"{', '.join(names) or 'no config'}: no row is left to be asked")
    rows = parts[0] if len(parts) == 1 else concatenate_datasets(parts)
    if limit is not None:
        rows = rows.select(range(min(limit, len(rows))))
    return rows if columns is None else rows.select_columns(list(columns))


def _load(config: str, **which: Any) -> Dataset | None:
    """The rows of a config; None where none is left."""
    try:
        return cast("Dataset", load(config, **which))
    except NoRowsError:
        return None


def _or_all(names: Iterable[str]) -> list[str] | None:
    return as_names(names) or None


def _first_pairs(part: Dataset, count: int) -> Sequence[int]:
    """The numbers of the rows of the first `count` pairs of each hazard."""
    kept: dict[str, dict[str, None]] = defaultdict(dict)
    numbers = []
    light = part.select_columns(["hazard", "pair_id"])[:]
    for number, (hazard, pair) in enumerate(zip(light["hazard"], light["pair_id"], strict=True)):
        if pair in kept[hazard] or len(kept[hazard]) < count:
            kept[hazard][pair] = None
            numbers.append(number)
    return numbers
