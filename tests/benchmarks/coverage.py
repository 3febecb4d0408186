"""How often do the 95% intervals contain the true rate? By simulation, in many regimes.

    python -m tests.benchmarks.coverage [--runs 4000]

Each run draws a data set: clusters with two halves of a few rows each, beta-binomial, the two
halves of a cluster correlated. For the rate of the first half it prints how many intervals out
of a hundred contain the true rate, and the mean width in per cent, of three intervals: the
percentile bootstrap of whole clusters, `cluster_wilson`, and Wilson's interval as if rows were
independent. For the difference of the two halves it has the bootstrap alone. A `*` marks what
lies outside 93 to 97. With the default the Monte-Carlo error (one standard error) is 0.35.
The functions here also serve `tests/test_stats_coverage.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from dual_bench.stats import percentile_interval, resampled_sums, wilson
from dual_bench.stats.clustered import cluster_wilson

Array = np.ndarray[Any, np.dtype[Any]]
RESAMPLES = 1000
CELLS = 1_000_000  # clusters x runs held at a time


class Regime(NamedTuple):
    """What the data are like.

    Attributes:
        clusters: in a data set.
        rows: of each half, in each cluster.
        correlation: of two rows of one half of a cluster, in [0, 1).
        first, second: the true rates of the two halves.
        scored: the chance that a row has a score.
    """

    clusters: int
    rows: int
    correlation: float
    first: float
    second: float
    scored: float = 1.0


class Coverage(NamedTuple):
    """Share of intervals that contain the truth, and their mean width."""

    share: float
    width: float


def halves(regime: Regime, runs: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Ones and scored rows, both of shape (2, clusters, runs).

    A beta variable is X/(X + Y) with gamma variables X and Y. The two halves of a cluster share
    a part of X and of Y (I. Olkin & R. Liu (2003), Stat. Probab. Lett. 62:407-412), here half of
    what the smaller has.
    """
    shape = (regime.clusters, runs)
    rates = np.array([regime.first, regime.second])
    rows = np.broadcast_to(np.int64(regime.rows), (2, *shape))
    if regime.scored < 1:
        rows = rng.binomial(rows, regime.scored)
    if not regime.correlation:
        return rng.binomial(rows, rates[:, np.newaxis, np.newaxis]), rows
    size = 1 / regime.correlation - 1
    ups, downs = rates * size, (1 - rates) * size
    up, down = (rng.gamma(own.min() / 2, size=shape) for own in (ups, downs))
    chances = []
    for more, less in zip(ups - ups.min() / 2, downs - downs.min() / 2, strict=True):
        x, y = up + rng.gamma(more, size=shape), down + rng.gamma(less, size=shape)
        chances.append(x / (x + y))
    return rng.binomial(rows, np.array(chances)), rows


def coverage(regime: Regime, *, runs: int, seed: int) -> dict[str, Coverage]:
    """Coverage of every interval: `bootstrap`, `cluster`, `rows` and `difference`."""
    rng = np.random.Generator(np.random.PCG64(seed))
    step = max(1, CELLS // max(regime.clusters, RESAMPLES))
    parts: dict[str, list[tuple[float, float, int]]] = {}
    for start in range(0, runs, step):
        some = min(step, runs - start)
        ones, rows = halves(regime, some, rng)
        for name, (share, width) in _measure(regime, ones, rows, seed + start).items():
            parts.setdefault(name, []).append((share * some, width * some, some))
    return {
        name: Coverage(*(sum(p[i] for p in found) / runs for i in (0, 1)))
        for name, found in parts.items()
    }


def _measure(regime: Regime, ones: Array, rows: Array, seed: int) -> dict[str, Coverage]:
    columns = np.concatenate([*ones, *rows], axis=1)  # (clusters, 4 runs)
    codes = np.arange(regime.clusters)
    draws = resampled_sums(columns, codes, resamples=RESAMPLES, seed=seed)
    bootstrap, apart = (
        percentile_interval(statistic(columns.sum(axis=0)), statistic(draws))
        for statistic in (_rate, _difference)  # the first as `cluster_bootstrap` does it
    )
    first = regime.first
    return {
        "bootstrap": _covered(bootstrap.lower, bootstrap.upper, first),
        "cluster": _covered(*cluster_wilson(ones[0], rows[0]), first),
        "rows": _covered(*wilson(ones[0].sum(axis=0), rows[0].sum(axis=0)), first),
        "difference": _covered(apart.lower, apart.upper, regime.second - first),
    }


def _rate(sums: Array) -> Array:
    """First rate."""
    one, _, below, _ = np.split(sums, 4, axis=-1)
    return np.asarray(one / below)


def _difference(sums: Array) -> Array:
    """Second rate minus first."""
    one, two, below, beneath = np.split(sums, 4, axis=-1)
    return np.asarray(two / beneath - one / below)


def _covered(lower: Array, upper: Array, truth: float) -> Coverage:
    # A difference of exactly 0 may come out as a last bit away from it.
    inside = (lower <= truth + 1e-12) & (truth - 1e-12 <= upper)
    return Coverage(float(inside.mean()), float((upper - lower).mean()))


def regimes() -> Iterator[Regime]:
    """Every line of the table."""
    for clusters in (20, 50, 100, 1000):
        for rows, correlation in ((1, 0.2), (6, 0.1), (6, 0.3), (6, 0.7)):
            for rate in (0.01, 0.02, 0.05, 0.2, 0.5):
                yield Regime(clusters, rows, correlation, rate, rate)
        for first, second in ((0.05, 0.2), (0.2, 0.5)):
            yield Regime(clusters, 6, 0.3, first, second)
            yield Regime(clusters, 6, 0.3, first, second, scored=0.8)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4000, help="data sets a line")
    runs = parser.parse_args().runs
    names = ("bootstrap", "cluster", "rows", "difference")
    print("clusters rows correl. rate second scored" + "".join(f"{n:>16}" for n in names))
    for number, regime in enumerate(regimes()):
        found = coverage(regime, runs=runs, seed=1000 * number)
        cells = []
        for name in names:
            share, width = found[name]
            mark = " " if 0.93 <= share <= 0.97 else "*"
            cells.append(f"{100 * share:8.1f}{mark} /{100 * width:5.1f}")
        r = regime
        facts = f"{r.clusters:8} {r.rows:4} {r.correlation:7.1f} {r.first:4.2f} {r.second:6.2f}"
        print(f"{facts} {r.scored:6.1f}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
