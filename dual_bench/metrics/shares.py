"""What can be counted: shares of rows or pairs, by group, as sums over each cluster.

A share is a numerator and a denominator for each row or pair; everything else (rates of the
protocols, pair accuracy, consistency, differences to the original) is a weighted sum of shares.
This module counts; `estimate` turns the counts into values and intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dual_bench.metrics.table import Bools, Codes, Ints, Table
from dual_bench.protocols import Rate

Floats = NDArray[np.float64]


class Group(NamedTuple):
    """Which rows a value is about: `kind` is overall, hazard or variant."""

    kind: str
    name: str


OVERALL = Group("overall", "")


@dataclass(frozen=True, slots=True)
class Units:
    """U things that are counted (rows or pairs), and where they belong.

    Attributes:
        cluster: (U,) codes into the table's clusters.
        hazard, variant: (U,) names as codes; None where units have no single one.
    """

    cluster: Ints
    hazard: Codes | None
    variant: Codes | None

    def groups(self) -> Iterator[tuple[str, Codes]]:
        """Every kind of group that these units can be split into."""
        for kind, codes in (("hazard", self.hazard), ("variant", self.variant)):
            if codes is not None:
                yield kind, codes


@dataclass(frozen=True, slots=True)
class Share:
    """Sum of `hit` over sum of `base`.

    Attributes:
        hit: (U,) 0 or 1; for a difference -1, 0 or 1. 0 where base is 0.
        base: (U,) 0 or 1: scored units that the share is about.
        open: (U,) 0 or 1: units that it is about and that have no score.
        signed: whether it is a difference; one that happens to have no -1 cannot tell by itself.
    """

    hit: Floats
    base: Floats
    open: Floats
    signed: bool = False

    @classmethod
    def of(cls, hit: Bools | Floats, scored: Bools, about: Bools, *, signed: bool = False) -> Share:
        """From what is true of all units, which are scored, and which the share is about."""
        base = scored & about
        return cls(
            np.where(base, hit, 0).astype(np.float64),
            base.astype(np.float64),
            (about & ~scored).astype(np.float64),
            signed,
        )


class Sums(NamedTuple):
    """A share in one group: sums over each of C clusters, and how many units are unscored."""

    hit: Floats
    base: Floats
    unscored: int
    signed: bool = False


def sums(share: Share, units: Units, n_clusters: int) -> dict[Group, Sums]:
    """Sums over clusters for all units together and for every group.

    One pass over the units for each kind of group, whatever the number of groups.
    """
    out = {OVERALL: _split(share, units.cluster, None, 1, n_clusters)[0]}
    for kind, codes in units.groups():
        parts = _split(share, units.cluster, codes.codes, len(codes.values), n_clusters)
        out |= {Group(kind, name): part for name, part in zip(codes.values, parts, strict=True)}
    return out


def _split(
    share: Share, cluster: Ints, group: Ints | None, n_groups: int, n_clusters: int
) -> list[Sums]:
    cell = cluster if group is None else group * n_clusters + cluster
    size = n_groups * n_clusters
    hit, base = (
        np.bincount(cell, weights=values, minlength=size).reshape(n_groups, n_clusters)
        for values in (share.hit, share.base)
    )  # (G, C) each
    where = np.zeros(len(cluster), dtype=np.int64) if group is None else group
    unscored = np.bincount(where, weights=share.open, minlength=n_groups)
    return [Sums(hit[g], base[g], int(unscored[g]), share.signed) for g in range(n_groups)]


def row_units(table: Table) -> Units:
    """Every row is a unit."""
    return Units(table.cluster.codes, table.hazard, table.variant)


def rate_share(table: Table, rate: Rate, where: Bools | None = None) -> Share:
    """A protocol's rate: labels in a set, over one side, perhaps only some of its rows."""
    about = table.side.is_(rate.side)
    if where is not None:
        about = about & where
    return Share.of(table.has(rate.labels), table.scored, about)
