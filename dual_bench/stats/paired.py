"""Two runs on the same rows: are they different, and by more than chance would do?

Exact McNemar takes rows as independent and looks only at those on which the runs differ. The
cluster permutation test keeps the rows of a cluster together. Holm adjusts the p-values of a
family of tests (the twelve hazards, say). All p-values are two-sided.

Only rows that both runs have a score for can be compared; leaving out the others is the
caller's work, and their number belongs beside the p-value.
"""

from __future__ import annotations

from math import exp, lgamma, log
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dual_bench.stats.intervals import Floats
from dual_bench.stats.resampling import blocks, cluster_sums, generator


class Permutation(NamedTuple):
    """A paired permutation test: the mean difference per row, and its two-sided p-value."""

    difference: float
    p_value: float


def discordant(first: ArrayLike, second: ArrayLike) -> tuple[int, int]:
    """Rows with a 1 in the first run only, and in the second run only (b, c).

    Args:
        first: (N,), 0 and 1 or booleans.
        second: (N,), the same rows.

    Raises:
        ValueError: the shapes differ, or a value is neither 0 nor 1.

    >>> discordant([1, 1, 0, 1], [1, 0, 1, 0])
    (2, 1)
    """
    one, two = _rows(first, second)
    if not np.isin([one, two], [0, 1]).all():
        raise ValueError("outcomes must be 0 or 1")
    return int(np.sum(one > two)), int(np.sum(two > one))


def mcnemar_exact(b: ArrayLike, c: ArrayLike) -> Floats:
    """Exact McNemar test: under no difference, b of b + c discordant rows is binomial(1/2).

        p = min(1, 2 P(X <= min(b, c))),  X ~ Binomial(b + c, 1/2)

    Args:
        b: rows that only the first run has right, a whole number 0 or more.
        c: rows that only the second run has right; broadcast against b.

    Returns:
        p of the broadcast shape; b + c = 0 gives 1. The relative error is below 1e-11 up to
        10,000 discordant rows and below 1e-8 up to a million.

    Raises:
        ValueError: a count is negative or not whole.

    Source: Q. McNemar (1947), Psychometrika 12:153-157; exact form: F. Mosteller (1952),
        Biometrics 8:220-226.

    >>> round(float(mcnemar_exact(1, 9)), 9)
    0.021484375
    """
    pairs = np.broadcast(np.asarray(b), np.asarray(c))
    return np.array([_mcnemar(*pair) for pair in pairs], dtype=np.float64).reshape(pairs.shape)


def paired_permutation(
    first: ArrayLike,
    second: ArrayLike,
    clusters: ArrayLike,
    *,
    resamples: int = 10_000,
    seed: int,
) -> Permutation:
    """Paired permutation test over clusters: flip the sign of whole clusters at random.

    With d_c the sum of second - first over the rows of cluster c, and signs s_c of -1 or 1,

        p = (1 + #{b : |sum_c s_bc d_c| >= |sum_c d_c|}) / (1 + B)

    It is exact if, with no difference, the two runs could be swapped cluster by cluster. The
    smallest p is 1/(1 + B), and with K clusters that differ it is not far below 2^(1 - K).

    Args:
        first: (N,), finite: 0 and 1, or any score.
        second: (N,), the same rows.
        clusters: (N,) codes.
        resamples: B, 1 or more.
        seed: a whole number, 0 or more.

    Returns:
        The mean of second - first, and p. If no cluster differs p is 1; with no rows the
        difference is nan as well.

    Raises:
        ValueError: shapes, values, `resamples` or `seed` are not legal.
        TypeError: `seed` is no whole number.

    Source: B. Phipson & G. K. Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9:39 (the + 1).

    >>> paired_permutation([0, 0, 0, 1], [1, 1, 1, 1], [0, 1, 2, 3], resamples=9, seed=1).difference
    0.75
    """
    one, two = _rows(first, second)
    rng = generator(seed)
    sums = cluster_sums(two - one, clusters)[:, 0]
    moved = sums[sums != 0]  # flipping a 0 changes nothing
    total = float(moved.sum())
    # Sums of fractions in another order differ in their last bits; a tie must stay a tie.
    reach = abs(total) - 1e-9 * float(np.abs(moved).sum())
    hits = 0
    for start, stop in blocks(resamples, len(moved)):
        kept = rng.integers(0, 2, size=(stop - start, len(moved)), dtype=np.int8)
        flipped = 2 * (kept @ moved) - total
        hits += int(np.sum(np.abs(flipped) >= reach))
    difference = total / len(one) if len(one) else float("nan")
    return Permutation(difference, (1 + hits) / (1 + resamples))


def holm(p_values: ArrayLike) -> Floats:
    """Holm's step-down adjusted p-values for a family of tests.

    With the p sorted, p_(1) <= ... <= p_(m): adj_(i) = max_{j <= i} min(1, (m - j + 1) p_(j)).
    Rejecting where adj <= alpha keeps the chance of any false rejection in the family at
    alpha or below, whatever the dependence between the tests.

    Args:
        p_values: (m,), each in [0, 1]; nan is not legal, because whether a test that could not
            be made belongs to the family is the caller's decision.

    Returns:
        (m,), in the order given.

    Raises:
        ValueError: not one-dimensional, or a value outside [0, 1].

    Source: S. Holm (1979), Scand. J. Stat. 6:65-70.

    >>> holm([0.01, 0.04, 0.03, 0.005]).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise ValueError("p_values must be a list of numbers in [0, 1]")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def _rows(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    """Both as (N,) floats."""
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 1 or one.shape != two.shape:
        raise ValueError(f"two lists of one length are needed, got {one.shape} and {two.shape}")
    return one, two


def _mcnemar(b: float, c: float) -> float:
    """The exact two-sided p-value of one table."""
    if not (b >= 0 and c >= 0 and b == int(b) and c == int(c)):
        raise ValueError(f"discordant counts must be whole and 0 or more, got {b!r} and {c!r}")
    n, k = int(b) + int(c), int(min(b, c))
    # P(X = k), then P(X = k - 1)/P(X = k) = k/(n - k + 1) and so on down, all positive terms.
    top = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2))
    down = np.arange(k, 0, -1)
    return min(1.0, 2 * top * (1 + float(np.cumprod(down / (n + 1 - down)).sum())))
