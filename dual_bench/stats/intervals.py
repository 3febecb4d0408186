"""Intervals that need counts only: Wilson's for a proportion, and bounds for the unscored.

The Wilson interval takes the n outcomes as independent. Rows that share a cluster (both sides
of a pair, variants of one picture) are not: for those use `resampling`. The bounds are no
confidence interval at all; they say what the rate could have been had every row been scored.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Bounds(NamedTuple):
    """Two ends, each of the shape of the counts (0-d for plain numbers)."""

    lower: Floats
    upper: Floats


def check_level(level: float) -> None:
    """Refuse a confidence level that is not strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level!r}")


def wilson(k: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Wilson's score interval for k successes in n independent trials.

    With p = k/n and z the normal quantile of (1 + level)/2, the ends are

        (k + z^2/2 -+ z sqrt(n p (1 - p) + z^2/4)) / (n + z^2)

    It stays inside [0, 1], and k = 0 gives the lower end 0 exactly, k = n the upper end 1.
    There is no continuity correction.

    Args:
        k: successes, 0 <= k <= n.
        n: trials, finite; broadcast against k. n = 0 gives (nan, nan).
        level: confidence level, strictly between 0 and 1.

    Raises:
        ValueError: a count or the level is out of range.

    Source: E. B. Wilson (1927), J. Am. Stat. Assoc. 22:209-212.

    >>> [round(float(end), 4) for end in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    check_level(level)
    k, n = _counts(k, n)
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = k + z**2 / 2
    # max(n, 1) only keeps n = 0 from dividing by zero; its result is overwritten with nan.
    half = z * np.sqrt(k * (n - k) / np.maximum(n, 1) + z**2 / 4)
    lower = np.where(k == 0, 0.0, (centre - half) / (n + z**2))
    upper = np.where(k == n, 1.0, (centre + half) / (n + z**2))
    return Bounds(np.where(n == 0, np.nan, lower), np.where(n == 0, np.nan, upper))


def bounds(k: ArrayLike, n: ArrayLike, n_unscored: ArrayLike) -> Bounds:
    """Lowest and highest value of a rate, had the unscored all been 0 or all been 1.

        lower = k / (n + u),   upper = (k + u) / (n + u)

    These are for one rate. The bounds of a difference of two rates on the same rows are
    narrower than the difference of their bounds, because a row can count in both.

    Args:
        k: scored rows with a 1, 0 <= k <= n.
        n: scored rows, the unscored not among them.
        n_unscored: rows without a score (u), 0 or more. n + u = 0 gives (nan, nan).

    Raises:
        ValueError: a count is out of range.

    Source: C. F. Manski (1989), J. Human Resources 24:343-360 (worst-case bounds).

    >>> [float(end) for end in bounds(6, 8, 2)]
    [0.6, 0.8]
    """
    k, n = _counts(k, n)
    u = np.asarray(n_unscored, dtype=np.float64)
    if not np.all((u >= 0) & np.isfinite(u)):
        raise ValueError("n_unscored must be finite and 0 or more")
    total = n + u
    safe = np.where(total == 0, np.nan, total)
    return Bounds(k / safe, (k + u) / safe)


def _counts(k: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """Both as float arrays of one shape, 0 <= k <= n < inf."""
    k, n = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if not np.all((k >= 0) & (k <= n) & np.isfinite(n)):  # false for nan too
        raise ValueError("counts must be finite with 0 <= k <= n")
    return k, n
