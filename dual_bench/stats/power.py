"""The smallest true difference that a comparison of proportions can be expected to find.

For planning, and for reading a "no significant difference": a difference below these may well
be there. Both formulas use the normal approximation, take rows as independent, and are for
two-sided tests. They do not say what difference matters. With clusters of m rows and
correlation r within them, divide n by the design effect 1 + (m - 1) r first.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dual_bench.stats.intervals import Floats


def detectable_paired_difference(
    n: ArrayLike, discordance: ArrayLike, alpha: float = 0.05, power: float = 0.8
) -> Floats:
    """Smallest |p10 - p01| that McNemar's test finds with this power, from n pairs.

    Connor's sample size for a discordance psi = p10 + p01 and difference d = |p10 - p01| is

        n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2

    with z_a, z_b the normal quantiles of 1 - alpha/2 and of the power. Solved for d:

        d = sqrt(psi) (z_a sqrt(n) + z_b sqrt(n + z_b^2 - z_a^2)) / (n + z_b^2)

    The exact test is a little less powerful than the approximation; with few discordant pairs
    it needs a somewhat larger difference than this.

    Args:
        n: pairs, above 0.
        discordance: psi, share of pairs on which the two runs differ, in [0, 1].
        alpha: level of the two-sided test, below 0.5.
        power: 0.5 <= power < 1.

    Returns:
        d, of the broadcast shape of n and psi. nan where d would exceed psi: with so few
        discordant pairs no difference can be found with this power.

    Raises:
        ValueError: an argument is out of range.

    Source: R. J. Connor (1987), Biometrics 43:207-211.

    >>> round(float(detectable_paired_difference(150, 0.2)), 4)
    0.1015
    """
    z_a, z_b = _quantiles(alpha, power)
    n, psi = np.asarray(n, dtype=np.float64), np.asarray(discordance, dtype=np.float64)
    _check_sizes(n)
    _check_shares(psi, "discordance")
    inner = n + z_b**2 - z_a**2
    root = np.sqrt(np.where(inner >= 0, inner, np.nan))
    d = np.sqrt(psi) * (z_a * np.sqrt(n) + z_b * root) / (n + z_b**2)
    return np.where((d <= psi) & (psi > 0), d, np.nan)


def detectable_difference(
    rate: ArrayLike,
    n_1: ArrayLike,
    n_2: ArrayLike,
    alpha: float = 0.05,
    power: float = 0.8,
) -> Floats:
    """Smallest d such that p and p + d are told apart, from two independent samples.

    d solves, with w = (n_1 p + n_2 (p + d)) / (n_1 + n_2) the pooled rate,

        d = z_a sqrt(w (1 - w) (1/n_1 + 1/n_2))
          + z_b sqrt(p (1 - p)/n_1 + (p + d)(1 - p - d)/n_2)

    with z_a, z_b the normal quantiles of 1 - alpha/2 and of the power. The right-hand side is
    concave in d, so there is one solution at most; it is found by bisection. Where p is close
    to 0 or 1 the true power is above the one asked for. For a fall instead of a rise give
    1 - p.

    Args:
        rate: p, the lower of the two rates, in [0, 1]; that of the first sample.
        n_1: rows of the first sample, above 0.
        n_2: rows of the second, above 0.
        alpha: level of the two-sided test, below 0.5.
        power: 0.5 <= power < 1.

    Returns:
        d, of the broadcast shape; nan where no rate up to 1 is far enough from p.

    Raises:
        ValueError: an argument is out of range.

    Source: J. L. Fleiss, B. Levin & M. C. Paik (2003), Statistical Methods for Rates and
        Proportions, 3rd ed., ch. 4, without the continuity correction.

    >>> round(float(detectable_difference(0.5, 150, 150)), 4)
    0.1591
    """
    z_a, z_b = _quantiles(alpha, power)
    p, first, second = np.broadcast_arrays(
        *(np.asarray(given, dtype=np.float64) for given in (rate, n_1, n_2))
    )
    _check_sizes(first, second)
    _check_shares(p, "rate")

    def too_small(d: Floats) -> NDArray[np.bool_]:
        pooled = (first * p + second * (p + d)) / (first + second)
        null = np.clip(pooled * (1 - pooled), 0, None) * (1 / first + 1 / second)
        apart = p * (1 - p) / first + np.clip((p + d) * (1 - p - d), 0, None) / second
        return np.asarray(d < z_a * np.sqrt(null) + z_b * np.sqrt(apart))

    low, high = np.zeros_like(p), 1 - p
    reachable = ~too_small(high) & (p < 1)
    for _ in range(60):  # halves an interval of at most 1 down to the precision of a float
        middle = (low + high) / 2
        short = too_small(middle)
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.where(reachable, high, np.nan)


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    """The normal quantiles of 1 - alpha/2 and of the power."""
    if not 0 < alpha < 0.5 <= power < 1:
        raise ValueError(f"0 < alpha < 0.5 <= power < 1 is needed, got {alpha!r} and {power!r}")
    return NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)


def _check_sizes(*sizes: Floats) -> None:
    for size in sizes:
        if not np.all((size > 0) & np.isfinite(size)):
            raise ValueError("sample sizes must be finite and above 0")


def _check_shares(share: Floats, name: str) -> None:
    if not np.all((share >= 0) & (share <= 1)):
        raise ValueError(f"{name} must lie in [0, 1]")
