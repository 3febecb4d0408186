"""Do the 95% intervals contain the true rate 93 to 97 times in a hundred, and where do they not?

`python -m tests.benchmarks.coverage` prints many more regimes.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats as scipy_stats  # type: ignore[import-untyped]

from dual_bench import stats
from tests.benchmarks.coverage import Coverage, Regime, coverage, halves

RATES = [(0.05, 0.2), (0.2, 0.5), (0.5, 0.05)]


@cache
def simulated(clusters: int, first: float, second: float, scored: float = 1) -> dict[str, Coverage]:
    """Coverage with six rows in each half of a cluster, correlated by 0.2."""
    runs = {100: 2000}.get(clusters, 800)
    return coverage(Regime(clusters, 6, 0.2, first, second, scored), runs=runs, seed=clusters)


@pytest.mark.parametrize("n", [100, 1200])
@pytest.mark.parametrize("rate", [0.02, 0.05, 0.2, 0.5])
def test_wilson_covers(n: int, rate: float) -> None:
    # Exact, from the binomial probabilities. Coverage jumps up and down with the rate, because
    # counts are whole; it is averaged over rates up to a fifth away, and no one is far off.
    k = np.arange(n + 1)
    lower, upper = stats.wilson(k, n)
    near = np.linspace(0.8 * rate, 1.2 * rate, 201)[:, np.newaxis]
    inside = (lower <= near) & (near <= upper)
    covered = (scipy_stats.binom.pmf(k, n, near) * inside).sum(axis=1)
    assert 0.945 < covered.mean() < 0.97
    assert covered.min() > 0.92


@pytest.mark.parametrize("clusters", [100, 1000])
@pytest.mark.parametrize(("first", "second"), RATES)
def test_cluster_intervals_cover(clusters: int, first: float, second: float) -> None:
    found = simulated(clusters, first, second)
    assert 0.93 <= found["bootstrap"].share <= 0.97
    assert 0.93 <= found["difference"].share <= 0.97
    assert 0.93 <= found["cluster"].share <= 0.97
    # Taking rows as independent does not do, so there is something for clusters to mend.
    assert found["rows"].share < 0.9


def test_intervals_cover_when_some_rows_have_no_score() -> None:
    found = simulated(100, 0.2, 0.5, scored=0.8)
    assert all(0.93 <= found[name].share <= 0.97 for name in ("bootstrap", "cluster", "difference"))


@pytest.mark.parametrize("clusters", [20, 50])
def test_few_clusters_and_a_small_rate_need_cluster_wilson(clusters: int) -> None:
    small, large = simulated(clusters, 0.02, 0.02), simulated(clusters, 0.2, 0.2)
    assert small["bootstrap"].share < 0.9
    assert small["cluster"].share > small["bootstrap"].share + 0.04
    assert 0.93 <= large["cluster"].share <= 0.97
    assert large["cluster"].width < 1.12 * large["bootstrap"].width


def test_with_one_row_a_cluster_cluster_wilson_is_about_wilson() -> None:
    found = coverage(Regime(100, 1, 0.2, 0.05, 0.05), runs=1200, seed=1)
    assert found["cluster"].share >= 0.94
    assert found["cluster"].width == pytest.approx(found["rows"].width, rel=0.03)


def test_the_simulated_data_are_what_they_are_said_to_be() -> None:
    regime = Regime(1000, 6, 0.3, 0.1, 0.4, 0.8)
    ones, rows = halves(regime, 100, np.random.Generator(np.random.PCG64(1)))
    assert rows.mean() == pytest.approx(4.8, rel=0.01)
    assert ones.sum(axis=(1, 2)) / rows.sum(axis=(1, 2)) == pytest.approx([0.1, 0.4], rel=0.02)
    # Of rows given in full, the variance of a sum is n p (1 - p) (1 + (n - 1) r).
    ones, _ = halves(regime._replace(scored=1), 100, np.random.Generator(np.random.PCG64(2)))
    want = np.array([0.1 * 0.9, 0.4 * 0.6]) * 6 * (1 + 5 * 0.3)
    assert ones.var(axis=(1, 2)) == pytest.approx(want, rel=0.03)
    assert np.corrcoef(ones[0].ravel(), ones[1].ravel())[0, 1] > 0.1
