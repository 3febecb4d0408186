"""Wilson's interval for a rate whose rows come in clusters, from the sums of each cluster.

The rate is a ratio of sums; how much its clusters differ gives its variance, and that the number
of independent rows that would have had the same variance. Wilson's interval is then taken for
that number. It stays inside [0, 1], has a width where all rows agree, and needs no draws. With
few clusters or a small rate it covers where the percentile bootstrap of `resampling` does not
(`python -m tests.benchmarks.coverage` prints both).

It is for one rate with values between 0 and 1, not for differences. With no more than about
five clusters that have a success (or a failure), all of them alike inside, the clusters still
look more independent than they are, and the interval is too narrow.
"""

from __future__ import annotations

from functools import lru_cache
from math import atan, inf, pi, sin, sqrt, tan

import numpy as np
from numpy.typing import ArrayLike

from dual_bench.stats.intervals import Bounds, Floats, check_level


def cluster_wilson(tops: ArrayLike, bottoms: ArrayLike, level: float = 0.95) -> Bounds:
    """Wilson's interval for sum(tops) / sum(bottoms), allowing for clusters.

    With t_c and b_c the sums of cluster c, n = sum b_c, p = sum t_c / n, and C the number of
    clusters with b_c > 0, the variance of p by linearisation of the ratio is

        v = C/(C - 1) sum_c (t_c - p b_c)^2 / n^2

    and the effective number of rows m = min(n, p (1 - p) / v): n over the design effect, if
    that is above 1. The ends are Wilson's for p and m,

        (p + q^2/2m -+ q sqrt(p (1 - p)/m + q^2/4m^2)) / (1 + q^2/m)

    with q the quantile of (1 + level)/2 of Student's t with C - 1 degrees of freedom, because v
    is itself an estimate. With p = 0 or 1 nothing is known of how clusters differ. Then the
    least is assumed that clusters could be worth, m = n^2 / sum b_c^2, which is C for clusters
    of one size; the lower end for p = 0 is 0 exactly, the upper end for p = 1 is 1.

    Args:
        tops: (C,) or (C, M), successes by cluster; fractions are allowed.
        bottoms: the same shape, rows by cluster; tops lie between 0 and bottoms.
        level: confidence level, strictly between 0 and 1.

    Returns:
        Ends of shape () or (M,); nan where fewer than two clusters have a row.

    Raises:
        ValueError: the shapes differ, a value is out of range, or the level is.

    Source: after E. L. Korn & B. I. Graubard (1998), Surv. Methodol. 24:193-201 (effective
        rows, t) and C. Franco et al. (2019), J. Surv. Stat. Methodol. 7:334-364 (the same with
        Wilson's interval). The rule for p = 0 and p = 1 is this module's own.

    >>> [round(float(end), 4) for end in cluster_wilson([6, 5, 0, 6, 3], [6, 6, 6, 6, 6])]
    [0.2104, 0.9375]
    """
    check_level(level)
    top, bottom = _sums(tops, bottoms)
    n, k, carriers = bottom.sum(axis=0), top.sum(axis=0), (bottom > 0).sum(axis=0)
    known = carriers >= 2
    n, carriers = np.where(known, n, np.nan), np.where(known, carriers, 2)
    p = k / n
    v = carriers / (carriers - 1) * ((top - p * bottom) ** 2).sum(axis=0) / n**2
    alike = (k == 0) | (k == n)
    # Clusters that all have the same rate have v = 0: then m is n.
    rows = np.where(v > 0, np.minimum(n, p * (1 - p) / np.where(v > 0, v, 1)), n)
    m = np.where(alike, n**2 / np.where(known, (bottom**2).sum(axis=0), 1), rows)
    q = _quantiles(level, carriers - 1)
    centre, half = p + q**2 / (2 * m), q * np.sqrt(p * (1 - p) / m + q**2 / (4 * m**2))
    scale = 1 + q**2 / m
    lower = np.where(k == 0, np.where(known, 0.0, np.nan), (centre - half) / scale)
    upper = np.where(k == n, 1.0, (centre + half) / scale)
    return Bounds(lower, upper)


def _sums(tops: ArrayLike, bottoms: ArrayLike) -> tuple[Floats, Floats]:
    """Both as float tables of one shape, 0 <= tops <= bottoms < inf."""
    top, bottom = np.asarray(tops, dtype=np.float64), np.asarray(bottoms, dtype=np.float64)
    if top.shape != bottom.shape or top.ndim not in (1, 2):
        raise ValueError(
            "tops and bottoms must both have shape (C,) or (C, M), "
            f"got {top.shape} and {bottom.shape}"
        )
    if not np.all((top >= 0) & (top <= bottom) & np.isfinite(bottom)):  # false for nan too
        raise ValueError("sums must be finite with 0 <= tops <= bottoms in every cluster")
    return top, bottom


def _quantiles(level: float, freedom: Floats) -> Floats:
    """Student's two-sided quantiles for an array of degrees of freedom."""
    found, where = np.unique(freedom, return_inverse=True)
    values = np.array([_t_quantile(level, int(each)) for each in found], dtype=np.float64)
    return values[where].reshape(np.shape(freedom))


@lru_cache(maxsize=256)
def _t_quantile(level: float, freedom: int) -> float:
    """The t for which |T| < t has probability `level`, T with `freedom` degrees of freedom.

    With a = atan(t / sqrt(freedom)) that probability is a finite sum of powers of cos a; a is
    found by bisection.

    Source: M. Abramowitz & I. A. Stegun (1964), Handbook of Mathematical Functions, 26.7.3-4.
    """
    odd = freedom % 2
    j = np.arange(1, (freedom + 1 - odd) // 2 if freedom > 1 else 1, dtype=np.float64)
    ratios = 2 * j / (2 * j + 1) if odd else (2 * j - 1) / (2 * j)

    def inside(angle: float) -> float:
        square = float(np.cos(angle)) ** 2
        series = (1 + float(np.cumprod(ratios * square).sum())) * sin(angle)
        if not odd:
            return series
        return 2 / pi * (angle + (series * sqrt(square) if freedom > 1 else 0))

    low, high = 0.0, atan(inf)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if inside(middle) < level else (low, middle)
    return tan(high) * sqrt(freedom)
