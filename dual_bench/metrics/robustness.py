"""The same picture under perturbations: does the outcome stay?

Everything here is over the same pairs: a row is set against the original of its own pair and
side, and a row whose partner has no score counts nowhere but among the unscored. Variants are
taken singly; a `variant` that lacks a row for some pair compares only the pairs that it has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dual_bench.metrics.shares import Share, Units
from dual_bench.metrics.table import Bools, Codes, Ints, Table
from dual_bench.protocols import Protocol, Rate
from dual_bench.schema.columns import ORIGINAL

ABSENT = -1


class Grid(NamedTuple):
    """Rows by pair and side: `rows[k, v]` is the row of thing k under variant v, or ABSENT.

    `variants` names the columns; the original is the first.
    """

    rows: Ints
    variants: tuple[str, ...]


def grid(table: Table) -> Grid:
    """Lay the rows out by (pair, side) and variant; only things that have an original.

    Configs with several rows a pair, side and variant have no single original; of such rows the
    first is taken, as no config has both several rows and perturbations.
    """
    if ORIGINAL not in table.variant.values:
        return Grid(np.empty((0, 1), dtype=np.int64), (ORIGINAL,))
    names = (ORIGINAL, *(v for v in table.variant.values if v != ORIGINAL))
    column = np.array([names.index(v) for v in table.variant.values])[table.variant.codes]
    thing = table.pair.codes * len(table.side.values) + table.side.codes
    _, line = np.unique(thing, return_inverse=True)
    rows = np.full((line.max(initial=-1) + 1, len(names)), ABSENT, dtype=np.int64)
    backwards = np.arange(len(table))[::-1]  # so that the first row of a cell is written last
    rows[line[backwards], column[backwards]] = backwards
    return Grid(rows[rows[:, 0] != ABSENT], names)


def variant_units(table: Table, laid: Grid, variant: str) -> tuple[Units, Ints, Ints]:
    """Things that have this variant: their units, and the rows of the variant and original."""
    rows = laid.rows[:, laid.variants.index(variant)]
    there = rows != ABSENT
    changed, original = rows[there], laid.rows[there, 0]
    hazards = Codes(table.hazard.values, table.hazard.codes[original])
    return Units(table.cluster.codes[original], hazards, None), changed, original


def difference(table: Table, rate: Rate, changed: Ints, original: Ints) -> Share:
    """Rate under the variant minus rate of the originals, over the same pairs."""
    inside = table.has(rate.labels).astype(np.float64)
    scored = table.scored
    return Share.of(
        inside[changed] - inside[original],
        scored[changed] & scored[original],
        table.side.is_(rate.side)[original],
        signed=True,
    )


def flips(
    table: Table, protocol: Protocol, changed: Ints, original: Ints, side: str
) -> list[Share]:
    """Shares of rows that go from right to wrong, and from wrong to right."""
    right, scored = table.right(protocol), table.scored
    known = scored[changed] & scored[original]
    about = table.side.is_(side)[original]
    lost = right[original] & ~right[changed]
    won = ~right[original] & right[changed]
    return [Share.of(lost, known, about), Share.of(won, known, about)]


def consistency(table: Table, laid: Grid, side: str) -> tuple[Units, Share]:
    """Share of pairs with one and the same label under every variant.

    Over things that have all variants. A thing with an unscored variant is unscored, even where
    two of its other variants differ already: to count only those would bias the share.
    """
    whole = laid.rows[(laid.rows != ABSENT).all(axis=1)]
    labels = table.label[whole]  # (K, V)
    same = (labels == labels[:, :1]).all(axis=1)
    scored = (labels >= 0).all(axis=1)
    first = whole[:, 0]
    units = Units(
        table.cluster.codes[first], Codes(table.hazard.values, table.hazard.codes[first]), None
    )
    about: Bools = table.side.is_(side)[first]
    return units, Share.of(same, scored, about)
