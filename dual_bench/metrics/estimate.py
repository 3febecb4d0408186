"""From counts to values: each with its interval, n, and what the unscored could have made of it.

Which interval: where every cluster holds at most one unit of a rate, the rate is a plain
proportion and the interval is Wilson's. Otherwise whole clusters are resampled (percentile
bootstrap; all lines of a call share the draws). Where all units agree no resample differs, and
the interval is Wilson's over the clusters that carry the rate; for a difference of two such
rates it is put together from theirs (MOVER).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dual_bench.metrics.shares import Floats, Group, Sums
from dual_bench.stats import Interval, bounds, percentile_interval, resampled_sums, wilson

RESAMPLES = 10_000
SEED = 20_251_010  # fixed, so that the same verdicts give the same intervals
LEVEL = 0.95


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
        method: `wilson`, `bootstrap`, or `none` where there is no interval.
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
        for _, part in line.terms:
            if id(part) not in columns:
                columns[id(part)] = len(shares)
                shares.append(part)
    values = _ratio(np.array([[s.hit.sum(), s.base.sum()] for s in shares]).reshape(-1, 2).T)
    drawn = _draws(shares, resamples, seed) if resamples and shares else None
    out = []
    for line in lines:
        picks = [(weight, columns[id(part)]) for weight, part in line.terms]
        out.append(_estimate(line, picks, values, drawn, level))
    return out


def _draws(shares: Sequence[Sums], resamples: int, seed: int) -> Floats:
    """(B, S) every share in every resample."""
    both = np.column_stack([s.hit for s in shares] + [s.base for s in shares])  # (C, 2 S)
    drawn = resampled_sums(both, np.arange(len(both)), resamples=resamples, seed=seed)
    return _ratio(drawn.reshape(resamples, 2, len(shares)).swapaxes(0, 1))


def _ratio(both: Floats) -> Floats:
    """both[0] / both[1], nan where the denominator is 0."""
    return np.asarray(both[0] / np.where(both[1] > 0, both[1], np.nan))


def _estimate(
    line: Line,
    picks: list[tuple[float, int]],
    values: Floats,
    drawn: Floats | None,
    level: float,
) -> Estimate:
    value = float(sum(weight * values[s] for weight, s in picks))
    low, high, method = np.nan, np.nan, "none"
    if not np.isnan(value) and drawn is not None:
        low, high, method = _interval(line, picks, value, drawn, level)
    n = sum(int(part.base.sum()) for _, part in line.terms)
    ends = [_bounds(weight, part) for weight, part in line.terms]
    return Estimate(
        line.metric,
        *line.group,
        line.given,
        value,
        low,
        high,
        n,
        sum(part.unscored for _, part in line.terms),
        sum(end[0] for end in ends),
        sum(end[1] for end in ends),
        method,
    )


def _interval(
    line: Line, picks: list[tuple[float, int]], value: float, drawn: Floats, level: float
) -> tuple[float, float, str]:
    if len(line.terms) == 1 and line.terms[0][0] == 1 and (own := _wilson(line.terms[0][1], level)):
        return own.lower.item(), own.upper.item(), "wilson"
    if all(np.count_nonzero(part.base) >= 2 for _, part in line.terms):
        draws = np.asarray(sum(weight * drawn[:, s] for weight, s in picks))
        _, low, high = (float(end) for end in percentile_interval(value, draws, level))
        if high > low:
            return low, high, "bootstrap"
    return _mover(line, value, level)


def _wilson(part: Sums, level: float) -> Interval | None:
    """Wilson's interval where it is the right one, None where clusters must be resampled."""
    hit, n = float(part.hit.sum()), float(part.base.sum())
    proportion = bool(np.all((part.hit >= 0) & (part.hit == np.floor(part.hit))))
    if not proportion:
        return None
    if part.base.max() <= 1:
        return Interval(np.asarray(hit / n), *wilson(hit, n, level))
    carriers = float(np.count_nonzero(part.base))
    if hit in (0, n) and carriers >= 2:
        return Interval(np.asarray(hit / n), *wilson(carriers * hit / n, carriers, level))
    return None


def _mover(line: Line, value: float, level: float) -> tuple[float, float, str]:
    """Ends of a sum of independent rates from the ends of each.

        value -+ sqrt(sum over terms of (w (rate - its end on that side))^2)

    Source: G. Y. Zou & A. Donner (2008), Stat. Med. 27:1693-1702.
    """
    below = above = 0.0
    for weight, part in line.terms:
        own = _wilson(part, level)
        if own is None:
            return np.nan, np.nan, "none"
        down, up = float(own.estimate - own.lower), float(own.upper - own.estimate)
        if weight < 0:
            down, up = up, down
        below += (weight * down) ** 2
        above += (weight * up) ** 2
    return value - below**0.5, value + above**0.5, "wilson"


def _bounds(weight: float, part: Sums) -> tuple[float, float]:
    """Weighted ends of a share had its unscored units all gone one way."""
    hit, n = float(part.hit.sum()), float(part.base.sum())
    if n + part.unscored == 0:
        return np.nan, np.nan
    if part.hit.min(initial=0) < 0:  # a difference: an unscored unit adds -1 to 1
        ends = (hit - part.unscored, hit + part.unscored)
        low, high = (end / (n + part.unscored) for end in ends)
    else:
        low, high = (float(end) for end in bounds(hit, n, part.unscored))
    return (weight * low, weight * high) if weight >= 0 else (weight * high, weight * low)
