"""Seeded cluster bootstrap for ratios of sums (rates) and for any function of sums.

Rows of one cluster are not independent, so whole clusters are drawn. Every statistic that is
formed from sums over rows needs only the sums per cluster: they are taken once, and a resample
is then a row of draw counts times the table of sums. All columns share the same draws, so a
difference of two columns keeps the correlation between them:

>>> import numpy as np
>>> answered_b = np.array([1, 1, 0, 1, 1, 0])   # numerator and denominator of DAR_b ...
>>> benign     = np.array([1, 1, 1, 1, 1, 1])
>>> answered_h = np.array([0, 1, 0, 0, 1, 0])   # ... and of DAR_h
>>> harmful    = np.array([1, 1, 1, 1, 1, 0])   # the last row has no score: 0 in both
>>> columns = np.column_stack([answered_b, benign, answered_h, harmful])
>>> def delta_ir(sums):
...     return sums[..., 0] / sums[..., 1] - sums[..., 2] / sums[..., 3]
>>> cluster = np.array([0, 1, 2, 3, 4, 5])
>>> draws = resampled_sums(columns, cluster, resamples=2000, seed=7)
>>> interval = percentile_interval(delta_ir(columns.sum(axis=0)), delta_ir(draws))
>>> round(float(interval.estimate), 3)
0.267

Cost grows with clusters x resamples, and hardly with the number of rows. This module does no
bias correction: the percentile interval is too narrow below some 50 clusters, for rates below
0.05 also at 100, and has no width when every row agrees. For a single rate
`clustered.cluster_wilson` covers better there.

The same seed gives the same draws for the same number of clusters and resamples, on every
machine with the same numpy.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dual_bench.stats.intervals import Floats, check_level

BLOCK_CELLS = 3 << 20  # draws held at a time: two arrays of 8 bytes each, about 50 MB
TILE = 1024  # clusters, at least, in a run that is looked at for columns of nothing but 0


class Interval(NamedTuple):
    """An estimate and the two ends of its interval, arrays of one shape."""

    estimate: Floats
    lower: Floats
    upper: Floats


class _Tile(NamedTuple):
    """A run of clusters, the columns in which any of them has something, and these sums."""

    clusters: slice
    columns: NDArray[np.intp]
    sums: Floats


def generator(seed: int) -> np.random.Generator:
    """A generator of a named kind, from a whole number: no seed, no draws.

    Raises:
        TypeError: `seed` is None or another thing that is not a whole number.
    """
    return np.random.Generator(np.random.PCG64(index(seed)))


def blocks(resamples: int, n_clusters: int) -> Iterator[tuple[int, int]]:
    """Consecutive (start, stop) over the resamples, each of at most BLOCK_CELLS draws.

    A single resample of more clusters than that is a block of its own.

    Raises:
        ValueError: fewer than one resample.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be 1 or more, got {resamples!r}")
    step = max(1, BLOCK_CELLS // max(1, n_clusters))
    for start in range(0, resamples, step):
        yield start, min(start + step, resamples)


def cluster_sums(values: ArrayLike, clusters: ArrayLike) -> Floats:
    """Sums of the rows of each cluster, clusters in sorted order of their codes.

    Args:
        values: (N,) or (N, M), finite numbers; (N,) counts as one column.
        clusters: (N,) codes, whole numbers or strings; gaps between codes do not matter.

    Returns:
        (C, M) for the C codes that occur.

    Raises:
        ValueError: the shapes do not fit, a value is not finite, or the codes are floats.
    """
    table = _columns(values, "values")
    codes = np.asarray(clusters)
    if codes.shape != (len(table),):
        raise ValueError(f"clusters must have shape ({len(table)},), got {codes.shape}")
    if len(codes) and codes.dtype.kind == "f":  # nan would pass for a cluster
        raise ValueError("clusters must be whole numbers or strings, got floats")
    found, inverse = np.unique(codes, return_inverse=True)
    sums = np.empty((len(found), table.shape[1]))
    for column in range(table.shape[1]):
        sums[:, column] = np.bincount(inverse, weights=table[:, column], minlength=len(found))
    return sums


def resampled_sums(
    values: ArrayLike, clusters: ArrayLike, *, resamples: int = 10_000, seed: int
) -> Floats:
    """Column sums over resamples of whole clusters, drawn with replacement.

    In resample b cluster c is drawn w_bc times, the w_b being multinomial(C; 1/C, ..., 1/C);
    the result is sum_c w_bc s_c, with s_c the sums of cluster c. For whole-number values it is
    exact, so it depends on neither the order of the rows nor the linear algebra library.

    Args:
        values: (N,) or (N, M), finite; one column for each sum that is wanted.
        clusters: (N,) codes.
        resamples: B, 1 or more.
        seed: a whole number, 0 or more.

    Returns:
        (B, M). All nan with fewer than two clusters: one cluster says nothing about how
        clusters differ.

    Raises:
        ValueError: shapes, values, `resamples` or `seed` are not legal.
        TypeError: `seed` is no whole number.

    Source: A. C. Davison & D. V. Hinkley (1997), Bootstrap Methods and their Application,
        section 3.8 (strategy 1: whole clusters); Field & Welsh (2007), J. R. Stat. Soc. B 69.
    """
    sums = cluster_sums(values, clusters)
    n_clusters = len(sums)
    rng = generator(seed)
    tiles = _tiles(sums)
    out = np.full((resamples, sums.shape[1]), np.nan)
    for start, stop in blocks(resamples, n_clusters):
        if n_clusters >= 2:
            _add_up(_draw_counts(rng, stop - start, n_clusters), tiles, out[start:stop])
    return out


def cluster_bootstrap(
    numerators: ArrayLike,
    denominators: ArrayLike,
    clusters: ArrayLike,
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int,
) -> Interval:
    """Rates, sum(numerator) / sum(denominator), with percentile intervals over clusters.

    A row that does not belong to a rate (the other side of the pair, no score) has 0 in both
    its numerator and its denominator. Clusters whose denominator is 0 stay among those that
    are drawn, since how many of the clusters drawn carry the rate is itself left to chance.
    A resample whose denominator is 0 has no rate and is left out.

    Args:
        numerators: (N,) or (N, M), finite.
        denominators: (N,) or (N, M), finite and 0 or more; (N,) serves every column.
        clusters: (N,) codes.
        resamples: B, 1 or more.
        level: of the interval, strictly between 0 and 1.
        seed: a whole number, 0 or more.

    Returns:
        Three arrays (M,). The estimate is nan where the denominator sums to 0; the ends are
        nan where fewer than two clusters have a denominator above 0.

    Raises:
        ValueError: shapes, values, `resamples`, `level` or `seed` are not legal.
        TypeError: `seed` is no whole number.

    >>> rate = cluster_bootstrap([1, 0, 1, 1], [1, 1, 1, 1], [0, 0, 1, 1], seed=1)
    >>> [end.tolist() for end in rate]
    [[0.75], [0.5], [1.0]]
    """
    check_level(level)
    tops = _columns(numerators, "numerators")
    bottoms = _columns(denominators, "denominators")
    if len(tops) != len(bottoms) or bottoms.shape[1] not in (1, tops.shape[1]):
        raise ValueError(f"denominators {bottoms.shape} do not fit numerators {tops.shape}")
    if np.any(bottoms < 0):
        raise ValueError("denominators must be 0 or more")
    both = np.concatenate([tops, np.broadcast_to(bottoms, tops.shape)], axis=1)
    metrics = tops.shape[1]
    estimate = _ratio(both.sum(axis=0), metrics)
    draws = _ratio(resampled_sums(both, clusters, resamples=resamples, seed=seed), metrics)
    carriers = (cluster_sums(both[:, metrics:], clusters) > 0).sum(axis=0)
    draws[:, carriers < 2] = np.nan
    return percentile_interval(estimate, draws, level)


def percentile_interval(estimate: ArrayLike, draws: ArrayLike, level: float = 0.95) -> Interval:
    """The estimate, with the (1 - level)/2 and (1 + level)/2 quantiles of its resamples.

    Args:
        estimate: (...), from the data as they are.
        draws: (B, ...), the same statistic of each resample; a nan is left out.
        level: strictly between 0 and 1.

    Returns:
        Arrays of the shape of `estimate`; an end is nan where no resample has a value.

    Raises:
        ValueError: the shapes do not fit, or the level is out of range.

    Source: B. Efron (1981), Can. J. Stat. 9:139-172 (percentile method).
    """
    check_level(level)
    middle = np.asarray(estimate, dtype=np.float64)
    table = np.asarray(draws, dtype=np.float64)
    if table.shape[1:] != middle.shape or not len(table):
        raise ValueError(f"draws {table.shape} do not fit an estimate {middle.shape}")
    flat = table.reshape(len(table), -1)
    ends = np.full((2, flat.shape[1]), np.nan)
    gaps = np.isnan(flat)
    levels = [(1 - level) / 2, (1 + level) / 2]
    whole = ~gaps.any(axis=0)
    ends[:, whole] = np.quantile(flat[:, whole], levels, axis=0)
    some = ~whole & ~gaps.all(axis=0)  # numpy warns about a column of nothing but nan
    if some.any():  # slower: one column at a time
        ends[:, some] = np.nanquantile(flat[:, some], levels, axis=0)
    return Interval(middle, *ends.reshape(2, *middle.shape))


def _columns(values: ArrayLike, name: str) -> Floats:
    """A finite (N, M) table; (N,) becomes (N, 1)."""
    table = np.asarray(values, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, np.newaxis]
    if table.ndim != 2:
        raise ValueError(f"{name} must have shape (N,) or (N, M), got {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError(f"{name} must be finite; give an unscored row 0 instead")
    return table


def _draw_counts(rng: np.random.Generator, resamples: int, n_clusters: int) -> Floats:
    """How often each cluster is drawn in each resample, (resamples, C); a row sums to C.

    Counting C uniform draws is a multinomial draw, and ten times as fast as
    `Generator.multinomial`, which takes one binomial draw for each cluster. Row by row, the
    counters of one resample stay in the cache.
    """
    drawn: NDArray[np.int64] = rng.integers(0, n_clusters, size=(resamples, n_clusters))
    counts = np.empty((resamples, n_clusters))
    for row, picks in zip(counts, drawn, strict=True):
        row[:] = np.bincount(picks, minlength=n_clusters)
    return counts


def _tiles(sums: Floats) -> list[_Tile]:
    """The table cut into runs of clusters, without the columns that are 0 in all of a run.

    Tables of rates by hazard are mostly such zeros: a cluster has one hazard, and clusters of
    one hazard stand together when their codes begin with it. Where that saves less than half of
    the products the table stays whole.
    """
    step = max(TILE, -(-len(sums) // 64))
    tiles = []
    for start in range(0, len(sums), step):
        part = sums[start : start + step]
        used = np.flatnonzero(part.any(axis=0))
        tiles.append(_Tile(slice(start, start + step), used, part[:, used]))
    if 2 * sum(tile.sums.size for tile in tiles) > sums.size:
        return [_Tile(slice(None), np.arange(sums.shape[1]), sums)]
    return tiles


def _add_up(counts: Floats, tiles: list[_Tile], out: Floats) -> None:
    """Put counts @ (the table that was cut into tiles) into `out`."""
    out[:] = 0
    for tile in tiles:
        out[:, tile.columns] += counts[:, tile.clusters] @ tile.sums


def _ratio(sums: Floats, metrics: int) -> Floats:
    """The first `metrics` columns over the others; nan where the denominator is 0."""
    bottoms = sums[..., metrics:]
    return np.asarray(sums[..., :metrics] / np.where(bottoms > 0, bottoms, np.nan))
