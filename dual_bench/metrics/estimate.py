"""From counts to values: each with its interval, n, and what the unscored could have made of it.

Which interval: for a rate Wilson's, plain where every cluster holds at most one unit of it, and
otherwise the one that allows for clusters; it covers where resampling does not, at small rates
and with few clusters (`python -m tests.benchmarks.coverage`). For sums and differences of rates
whole clusters are resampled (percentile bootstrap; all lines of a call share the draws). Where all
units agree no resample differs, and the interval is put together from those of the rates (MOVER).
A difference within pairs is the rate of 1 minus the rate of -1, and never a proportion, whatever
values it happens to have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dual_bench.metrics.shares import Floats, Group, Sums
from dual_bench.stats import bounds, cluster_wilson, percentile_interval, resampled_sums, wilson

RESAMPLES = 10_000
SEED = 20_251_010  # fixed, so that the same verdicts give the same intervals
LEVEL = 0.95
ROUNDING = 1e-12  # resamples of fractions that are all equal still differ in their last bits


class Line(NamedTuple):
    """A value that is wanted: a weighted sum of shares over different units, in one group.

    `given` tells kinds of value with the same metric apart: empty, `twin_read` or
    `minus_original`.
    """

    metric: str
    group: Group
    terms: tuple[tuple[float, Sums], ...]
    given: str = ""


class Estimate(NamedTuple):
    """A value and how far to trust it.

    Attributes:
        metric: key, such as `SCR`.
        kind, name: the group: overall, a hazard or a variant.
        given: empty; `twin_read`, over harmful rows whose benign twin was read; or
            `minus_original`, the difference to the originals of the same pairs.
        value: nan where there is no scored unit.
        low, high: ends of the confidence interval.
        n, n_unscored: units with a score, and without.
        lowest, highest: the value had all unscored been against it, or all for it.
        method: `wilson`, `cluster_wilson`, `bootstrap`, `mover`, or `none` where there is none.
    """

    metric: str
    kind: str
    name: str
    given: str
    value: float
    low: float
    high: float
    n: int
    n_unscored: int
    lowest: float
    highest: float
    method: str


def estimates(
    lines: Sequence[Line],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> list[Estimate]:
    """Values and intervals of all lines, from one set of draws.

    Args:
        lines: their sums are over the same C clusters.
        resamples: B, 1 or more; 0 leaves out the intervals.
        seed: a whole number.
        level: of the intervals, strictly between 0 and 1.
    """
    columns: dict[int, int] = {}  # Sums are told apart by identity: lines share them
    shares: list[Sums] = []
    for line in lines:
        for _, part in () if _is_rate(line) else line.terms:
            if id(part) not in columns:
                columns[id(part)] = len(shares)
                shares.append(part)
    drawn = _draws(shares, resamples, seed) if resamples and shares else None
    out = []
    for line in lines:
        draws = None
        if drawn is not None and not _is_rate(line):
            parts = (weight * drawn[:, columns[id(part)]] for weight, part in line.terms)
            draws = np.asarray(sum(parts))
        out.append(_estimate(line, draws, level if resamples else None))
    return out


def _is_rate(line: Line) -> bool:
    """One share of 0s and 1s or of fractions: there is a formula for its interval."""
    return len(line.terms) == 1 and line.terms[0][0] == 1 and not line.terms[0][1].signed


def _draws(shares: Sequence[Sums], resamples: int, seed: int) -> Floats:
    """(B, S) every share in every resample."""
    both = np.column_stack([s.hit for s in shares] + [s.base for s in shares])  # (C, 2 S)
    drawn = resampled_sums(both, np.arange(len(both)), resamples=resamples, seed=seed)
    return _ratio(drawn.reshape(resamples, 2, len(shares)).swapaxes(0, 1))


def _ratio(both: Floats) -> Floats:
    """both[0] / both[1], nan where the denominator is 0."""
    return np.asarray(both[0] / np.where(both[1] > 0, both[1], np.nan))


def _estimate(line: Line, draws: Floats | None, level: float | None) -> Estimate:
    value = sum(weight * _value(part) for weight, part in line.terms)
    low, high, method = np.nan, np.nan, "none"
    if not np.isnan(value) and level is not None:
        low, high, method = _interval(line, value, draws, level)
    ends = [_bounds(weight, part) for weight, part in line.terms]
    return Estimate(
        line.metric,
        *line.group,
        line.given,
        value,
        low,
        high,
        sum(int(part.base.sum()) for _, part in line.terms),
        sum(part.unscored for _, part in line.terms),
        sum(end[0] for end in ends),
        sum(end[1] for end in ends),
        method,
    )


def _value(part: Sums) -> float:
    n = float(part.base.sum())
    return float(part.hit.sum()) / n if n else np.nan


def _interval(
    line: Line, value: float, draws: Floats | None, level: float
) -> tuple[float, float, str]:
    if draws is None:
        own = _wilson(line.terms[0][1], level)
        return (own.lower, own.upper, own.method) if own else (np.nan, np.nan, "none")
    if all(np.count_nonzero(part.base) >= 2 for _, part in line.terms):
        _, low, high = (float(end) for end in percentile_interval(value, draws, level))
        if high - low > ROUNDING:
            return low, high, "bootstrap"
    return _mover(line, value, level)


class Own(NamedTuple):
    """Interval of a single rate, and which."""

    lower: float
    upper: float
    method: str


def _wilson(part: Sums, level: float) -> Own | None:
    """Wilson's interval for rows or for clusters of rows; None for one cluster of several."""
    n = float(part.base.sum())
    if part.base.max() <= 1 and np.all(part.hit == np.floor(part.hit)):
        ends = wilson(part.hit.sum(), n, level)
        return Own(float(ends.lower), float(ends.upper), "wilson")
    if np.count_nonzero(part.base) >= 2:
        ends = cluster_wilson(np.minimum(part.hit, part.base), part.base, level)
        return Own(float(ends.lower), float(ends.upper), "cluster_wilson")
    return None


def _mover(line: Line, value: float, level: float) -> tuple[float, float, str]:
    """Ends of a sum of independent rates from the ends of each.

        value -+ sqrt(sum over terms of (w (rate - its end on that side))^2)

    Source: G. Y. Zou & A. Donner (2008), Stat. Med. 27:1693-1702.
    """
    below = above = 0.0
    for weight, part in (pair for term in line.terms for pair in _unsigned(*term)):
        own = _wilson(part, level)
        if own is None:
            return np.nan, np.nan, "none"
        rate = _value(part)
        down, up = rate - own.lower, own.upper - rate
        if weight < 0:
            down, up = up, down
        below += (weight * down) ** 2
        above += (weight * up) ** 2
    return value - below**0.5, value + above**0.5, "mover"


def _unsigned(weight: float, part: Sums) -> list[tuple[float, Sums]]:
    """A difference as the rate of 1 minus the rate of -1; any other share as it is."""
    if not part.signed:
        return [(weight, part)]
    return [
        (weight * sign, part._replace(hit=np.maximum(sign * part.hit, 0), signed=False))
        for sign in (1, -1)
    ]


def _bounds(weight: float, part: Sums) -> tuple[float, float]:
    """Weighted ends of a share had its unscored units all gone one way."""
    hit, n = float(part.hit.sum()), float(part.base.sum())
    if n + part.unscored == 0:
        return np.nan, np.nan
    if part.signed:  # an unscored unit adds -1 to 1
        ends = (hit - part.unscored, hit + part.unscored)
        low, high = (end / (n + part.unscored) for end in ends)
    else:
        low, high = (float(end) for end in bounds(hit, n, part.unscored))
    return (weight * low, weight * high) if weight >= 0 else (weight * high, weight * low)
