"""Wilson's interval with clusters: its parts against scipy and statsmodels, and its edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize  # type: ignore[import-untyped]
from scipy import stats as scipy_stats
from statsmodels.regression.linear_model import OLS  # type: ignore[import-untyped]

from dual_bench import stats
from dual_bench.stats.clustered import cluster_wilson

RNG = np.random.Generator(np.random.PCG64(20240601))


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("clusters", [2, 3, 4, 5, 6, 20, 101, 2000])
def test_ends_are_where_the_score_test_turns(level: float, clusters: int) -> None:
    # The ends solve (p - x)^2 = q^2 x (1 - x) / m; m is from the robust variance of a regression
    # on a constant, whose small-sample factor is C/(C - 1) (N - 1)/(N - 1), and q from scipy.
    rows = RNG.integers(2, 8, size=clusters)
    ones = RNG.binomial(rows, RNG.beta(1, 1.5, size=clusters))
    ones[0], ones[1] = 0, rows[1]
    y = np.concatenate([np.arange(n) < k for k, n in zip(ones, rows, strict=True)]).astype(float)
    groups = {"groups": np.repeat(np.arange(clusters), rows)}
    fit = OLS(y, np.ones(len(y))).fit(cov_type="cluster", cov_kwds=groups)
    p = y.mean()
    m = min(len(y), p * (1 - p) / fit.bse[0] ** 2)
    q = scipy_stats.t.ppf((1 + level) / 2, clusters - 1)

    def apart(x: float) -> float:
        return float((p - x) ** 2 - q**2 * x * (1 - x) / m)

    lower, upper = cluster_wilson(ones, rows, level)
    assert float(lower) == pytest.approx(optimize.brentq(apart, 0, p, xtol=1e-14), abs=1e-10)
    assert float(upper) == pytest.approx(optimize.brentq(apart, p, 1, xtol=1e-14), abs=1e-10)


def test_one_row_a_cluster_is_almost_wilson() -> None:
    ones = (RNG.random((5000, 4)) < [0.01, 0.1, 0.5, 0.9]).astype(int)
    got = cluster_wilson(ones, np.ones((5000, 4)))
    want = stats.wilson(ones.sum(axis=0), 5000)
    np.testing.assert_allclose(np.array(got), np.array(want), rtol=1e-3)


def test_copies_of_a_row_add_nothing() -> None:
    ones = RNG.integers(0, 2, size=40)
    np.testing.assert_allclose(
        np.array(cluster_wilson(6 * ones, np.full(40, 6))),
        np.array(cluster_wilson(ones, np.ones(40))),
        rtol=1e-12,
    )


@pytest.mark.parametrize("ones", [[3, 3], [2, 4]])
def test_clusters_more_alike_than_chance_count_no_more_than_their_rows(ones: list[int]) -> None:
    got = cluster_wilson(ones * 250, np.full(500, 6))  # the variance is none, or two thirds
    want = stats.wilson(1500, 3000)
    np.testing.assert_allclose(np.array(got), np.array(want), rtol=1e-3)


@pytest.mark.parametrize("rows", [[6] * 30, list(range(1, 31))])
def test_where_all_agree_clusters_are_taken_as_single_rows(rows: list[int]) -> None:
    worth = sum(rows) ** 2 / sum(n * n for n in rows)
    q = float(scipy_stats.t.ppf(0.975, 29))
    lower, upper = cluster_wilson(np.zeros(30), rows)
    assert lower == 0
    assert float(upper) == pytest.approx(q**2 / (worth + q**2), abs=1e-12)
    assert worth <= 30
    mirror = cluster_wilson(rows, rows)
    assert mirror.upper == 1
    assert float(mirror.lower) == pytest.approx(1 - float(upper), abs=1e-12)


def test_successes_and_failures_are_mirror_images() -> None:
    rows = RNG.integers(0, 7, size=(25, 60))
    ones = RNG.binomial(rows, RNG.beta(0.2, 2, size=(25, 60)))
    lower, upper = cluster_wilson(ones, rows)
    mirror = cluster_wilson(rows - ones, rows)
    np.testing.assert_allclose(lower, 1 - mirror.upper, rtol=0, atol=1e-12)
    np.testing.assert_allclose(upper, 1 - mirror.lower, rtol=0, atol=1e-12)
    rate = ones.sum(axis=0) / rows.sum(axis=0)
    assert np.all((lower >= 0) & (lower <= rate) & (rate <= upper) & (upper <= 1))


def test_columns_are_on_their_own_and_empty_clusters_do_not_count() -> None:
    rows = RNG.integers(0, 4, size=(30, 5))
    ones = RNG.binomial(rows, 0.4)
    together = cluster_wilson(ones, rows)
    for column in range(5):
        there = rows[:, column] > 0
        alone = cluster_wilson(ones[there, column], rows[there, column])
        assert alone.lower.shape == ()
        assert float(alone.lower) == pytest.approx(together.lower[column], abs=1e-15)
        assert float(alone.upper) == pytest.approx(together.upper[column], abs=1e-15)


def test_fewer_than_two_clusters_have_no_interval() -> None:
    for ones, rows in ([], []), ([2], [5]), ([0, 3], [0, 3]), ([0, 0], [0, 0]):
        assert np.isnan(cluster_wilson(ones, rows)).all()
    got = cluster_wilson([[0, 1], [0, 1]], [[0, 2], [3, 2]])
    assert np.isnan(got.lower).tolist() == np.isnan(got.upper).tolist() == [True, False]


@pytest.mark.parametrize(
    ("ones", "rows", "level"),
    [
        ([3], [2], 0.95),
        ([-1, 2], [2, 2], 0.95),
        ([1, float("nan")], [2, 2], 0.95),
        ([1, 1], [2, float("inf")], 0.95),
        ([1, 1], [2], 0.95),
        ([[[1]]], [[[1]]], 0.95),
        ([1, 1], [2, 2], 95),
    ],
)
def test_wrong_arguments_are_refused(ones: object, rows: object, level: float) -> None:
    with pytest.raises(ValueError, match=r"tops|level"):
        cluster_wilson(ones, rows, level)  # type: ignore[arg-type]
