"""Each statistic against an independent reference: scipy, enumeration, a plain loop, a textbook."""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats  # type: ignore[import-untyped]

from dual_bench import stats
from dual_bench.stats import resampling

RNG = np.random.Generator(np.random.PCG64(20240601))
BINARY = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40)

# --- intervals ---------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_is_scipys(level: float) -> None:
    n = RNG.integers(1, 500, size=200)
    k = np.minimum(RNG.integers(0, 500, size=200), n)
    lower, upper = stats.wilson(k, n, level)
    for i in range(200):
        want = scipy_stats.binomtest(int(k[i]), int(n[i])).proportion_ci(level, "wilson")
        assert (lower[i], upper[i]) == pytest.approx((want.low, want.high), abs=1e-12)


def test_wilson_at_the_edges() -> None:
    lower, upper = stats.wilson([0, 0, 7], [0, 7, 7])
    assert np.isnan([lower[0], upper[0]]).all()
    assert lower[1] == 0
    assert upper[2] == 1
    assert stats.wilson([[1], [2]], [5, 9, 11]).lower.shape == (2, 3)


def test_wilson_covers() -> None:
    p = RNG.uniform(0.05, 0.95, size=20_000)
    lower, upper = stats.wilson(RNG.binomial(250, p), 250)
    assert 0.93 < np.mean((lower <= p) & (p <= upper)) < 0.97


@given(st.lists(st.booleans(), max_size=8), st.integers(0, 4))
def test_bounds_are_the_extremes_of_all_completions(scored: list[bool], unscored: int) -> None:
    total = len(scored) + unscored
    lower, upper = stats.bounds(sum(scored), len(scored), unscored)
    if not total:
        assert np.isnan([lower, upper]).all()
        return
    rates = [(sum(scored) + sum(c)) / total for c in product([0, 1], repeat=unscored)]
    assert (float(lower), float(upper)) == (min(rates), max(rates))


# --- cluster bootstrap -------------------------------------------------------------------


def test_bootstrap_is_the_plain_loop_over_the_same_draws() -> None:
    clusters = RNG.integers(0, 6, size=40) * 10  # gaps between the codes
    tops = RNG.integers(0, 2, size=(40, 2))
    bottoms = np.maximum(tops, RNG.integers(0, 2, size=(40, 2)))
    got = stats.cluster_bootstrap(tops, bottoms, clusters, resamples=300, seed=5)
    codes = sorted(set(clusters.tolist()))
    drawn = np.random.Generator(np.random.PCG64(5)).integers(0, len(codes), size=(300, len(codes)))
    for column in range(2):
        rates = []
        for picks in drawn:
            rows = [i for pick in picks for i in np.flatnonzero(clusters == codes[pick])]
            below = sum(int(bottoms[i, column]) for i in rows)
            if below:
                rates.append(sum(int(tops[i, column]) for i in rows) / below)
        assert got.estimate[column] == tops[:, column].sum() / bottoms[:, column].sum()
        assert got.lower[column] == pytest.approx(np.quantile(rates, 0.025), abs=1e-12)
        assert got.upper[column] == pytest.approx(np.quantile(rates, 0.975), abs=1e-12)


def test_resamples_have_the_distribution_of_all_resamples() -> None:
    values = [1, 5, 20, 100]
    exact = Counter(sum(picks) for picks in product(values, repeat=4))  # all 4^4, alike probable
    draws = stats.resampled_sums(values, list("abcd"), resamples=200_000, seed=1)[:, 0]
    got = Counter(draws.tolist())
    assert set(got) == set(exact)
    totals = sorted(exact)
    want = [exact[t] / 256 * 200_000 for t in totals]
    assert scipy_stats.chisquare([got[t] for t in totals], want).pvalue > 0.001


def test_bootstrap_covers_for_unequal_correlated_clusters() -> None:
    rng = np.random.Generator(np.random.PCG64(8))
    hits, runs = 0, 1000
    for seed in range(runs):  # cluster rates are Beta(6, 4), so the true rate is 0.6
        sizes = rng.integers(1, 8, size=300)
        ones = rng.binomial(sizes, rng.beta(6, 4, size=300))
        got = stats.cluster_bootstrap(ones, sizes, np.arange(300), resamples=500, seed=seed)
        hits += bool(got.lower[0] <= 0.6 <= got.upper[0])
    assert 0.93 < hits / runs < 0.97


def test_rows_in_another_order_and_blocks_of_another_size_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clusters = RNG.integers(0, 50, size=500)
    values = RNG.integers(0, 3, size=(500, 3))
    order = RNG.permutation(500)
    first = stats.resampled_sums(values, clusters, resamples=400, seed=3)
    mixed = stats.resampled_sums(values[order], clusters[order], resamples=400, seed=3)
    monkeypatch.setattr(resampling, "BLOCK_CELLS", 777)
    small = stats.resampled_sums(values, clusters, resamples=400, seed=3)
    assert np.array_equal(first, mixed)
    assert np.array_equal(first, small)
    assert not np.array_equal(first, stats.resampled_sums(values, clusters, resamples=400, seed=4))
    one, two = values[:, 0], values[:, 1]
    tests = [
        stats.paired_permutation(one[rows], two[rows], clusters[rows], resamples=400, seed=3)
        for rows in (np.arange(500), order)
    ]
    assert tests[0] == tests[1]


def test_a_difference_uses_the_same_draws_for_both_rates() -> None:
    x = RNG.integers(0, 2, size=200)
    sums = stats.resampled_sums(np.column_stack([x, x]), np.arange(200), resamples=50, seed=1)
    assert np.array_equal(sums[:, 0] - sums[:, 1], np.zeros(50))


def test_too_few_clusters_have_no_interval() -> None:
    one = stats.cluster_bootstrap([1, 0], [1, 1], [4, 4], resamples=50, seed=1)
    assert one.estimate[0] == 0.5
    assert np.isnan(stats.resampled_sums([1, 0], [4, 4], resamples=50, seed=1)).all()
    assert np.isnan([one.lower[0], one.upper[0]]).all()
    # The second metric lives in one of two clusters, the third nowhere.
    sides = [[1, 1, 0], [1, 0, 0], [1, 1, 0]]
    got = stats.cluster_bootstrap([[1, 1, 0]] * 3, sides, [0, 1, 0], resamples=50, seed=1)
    assert np.isnan(got.lower).tolist() == np.isnan(got.upper).tolist() == [False, True, True]
    assert np.isnan(got.estimate).tolist() == [False, False, True]
    none = stats.cluster_bootstrap([], [], [], resamples=50, seed=1)
    assert np.isnan(np.concatenate(none)).all()


def test_resamples_without_a_denominator_are_left_out() -> None:
    bottoms = [1, 1, 0, 0, 0, 0]  # about one resample in eleven draws neither of the first two
    got = stats.cluster_bootstrap([1, 0, 0, 0, 0, 0], bottoms, range(6), resamples=500, seed=1)
    assert [float(end[0]) for end in got] == [0.5, 0.0, 1.0]


# --- paired comparison -------------------------------------------------------------------


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int) -> None:
    want = scipy_stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert float(stats.mcnemar_exact(b, c)) == pytest.approx(want, rel=1e-9, abs=1e-250)


def test_mcnemar_of_arrays_of_large_tables_and_far_out() -> None:
    assert stats.mcnemar_exact([[0], [3]], [0, 3, 9]).shape == (2, 3)
    far = 2 * sum(comb(1075, i) for i in range(11)) / 2**1075  # whole numbers up to the division
    assert float(stats.mcnemar_exact(10, 1065)) == pytest.approx(far, rel=1e-11)
    want = scipy_stats.binomtest(499_000, 1_000_000).pvalue
    assert float(stats.mcnemar_exact(499_000, 501_000)) == pytest.approx(want, rel=1e-8)


@given(BINARY)
def test_discordant_counts(rows: list[tuple[bool, bool]]) -> None:
    b, c = stats.discordant([r[0] for r in rows], [r[1] for r in rows])
    assert (b, c) == (rows.count((True, False)), rows.count((False, True)))


def test_permutation_is_the_share_of_all_sign_flips() -> None:
    for seed in range(15):
        rng = np.random.Generator(np.random.PCG64(seed))
        clusters = rng.integers(0, 9, size=30)
        one, two = rng.integers(0, 2, size=(2, 30)) * (0.1 if seed % 2 else 1)  # ties of fractions
        d = [float((two - one)[clusters == code].sum()) for code in range(9)]
        sums = [
            abs(sum(s * x for s, x in zip(f, d, strict=True))) for f in product([-1, 1], repeat=9)
        ]
        want = np.mean(np.array(sums) >= abs(sum(d)) - 1e-9)
        got = stats.paired_permutation(one, two, clusters, resamples=40_000, seed=seed)
        assert got.p_value == pytest.approx(want, abs=0.011)  # over 4 standard errors
        assert got.difference == pytest.approx(np.mean(two - one))


def test_permutation_with_clusters_of_one_row_agrees_with_mcnemar() -> None:
    one, two = RNG.integers(0, 2, size=(2, 60))
    got = stats.paired_permutation(one, two, np.arange(60), resamples=40_000, seed=2)
    assert got.p_value == pytest.approx(
        float(stats.mcnemar_exact(*stats.discordant(one, two))), abs=0.011
    )


def test_permutation_p_is_never_zero_and_nothing_to_see_is_one() -> None:
    sure = stats.paired_permutation(np.zeros(90), np.ones(90), np.arange(90), resamples=99, seed=1)
    assert sure == (1.0, 0.01)
    same = stats.paired_permutation([1, 0], [1, 0], [0, 1], resamples=99, seed=1)
    assert same == (0.0, 1.0)
    assert stats.paired_permutation([], [], [], resamples=99, seed=1).p_value == 1


def test_permutation_keeps_its_level_under_correlation_within_clusters() -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    false_alarms = 0
    for seed in range(1000):  # the rows of a cluster move together; rows would reject far too often
        shift = np.repeat(rng.choice([-1, 0, 1], size=40), 5)
        got = stats.paired_permutation(
            np.zeros(200), shift, np.repeat(np.arange(40), 5), resamples=199, seed=seed
        )
        false_alarms += got.p_value <= 0.05
    assert false_alarms / 1000 < 0.07


def test_holm_textbook_example() -> None:
    # Holm's own order of steps: 0.01 x 4, 0.02 x 3, 0.022 x 2 (held up by the step before), 0.09.
    got = stats.holm([0.02, 0.09, 0.01, 0.022])
    assert got == pytest.approx([0.06, 0.09, 0.04, 0.06])
    assert stats.holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), max_size=15), st.floats(0.001, 0.2))
def test_holm_rejects_what_the_step_down_procedure_rejects(ps: list[float], alpha: float) -> None:
    rejected: set[int] = set()
    for step, i in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        if ps[i] * (len(ps) - step) > alpha:
            break
        rejected.add(i)
    assert set(np.flatnonzero(stats.holm(ps) <= alpha).tolist()) == rejected


# --- power -------------------------------------------------------------------------------


def test_connors_formula_gives_the_pairs_back() -> None:
    # p10 = 0.45, p01 = 0.05, level 0.05, power 0.8: 23 pairs, by Connor's formula.
    at_22, at_23 = stats.detectable_paired_difference([22, 23], 0.5)
    assert at_23 <= 0.4 < at_22
    for n, psi, power in product([30, 150, 5000], [0.3, 0.9], [0.6, 0.8, 0.95]):
        d = float(stats.detectable_paired_difference(n, psi, 0.01, power))
        z_a, z_b = scipy_stats.norm.ppf(0.995), scipy_stats.norm.ppf(power)
        if d == d:
            assert (z_a * sqrt(psi) + z_b * sqrt(psi - d**2)) ** 2 / d**2 == pytest.approx(n)
    assert np.isnan(stats.detectable_paired_difference([10, 1000], [0.1, 0.0])).all()


def test_mcnemar_has_about_the_power_that_was_asked_for() -> None:
    n, psi = 1800, 0.15
    d = float(stats.detectable_paired_difference(n, psi))
    b, c, _ = RNG.multinomial(n, [(psi + d) / 2, (psi - d) / 2, 1 - psi], size=20_000).T
    found = 2 * scipy_stats.binom.cdf(np.minimum(b, c), b + c, 0.5) <= 0.05
    assert 0.77 < found.mean() < 0.81  # the exact test is a little less powerful


@pytest.mark.parametrize(("p", "n_1", "n_2"), [(0.5, 150, 150), (0.1, 200, 600), (0.3, 300, 90)])
def test_two_samples_have_about_the_power_that_was_asked_for(p: float, n_1: int, n_2: int) -> None:
    other = p + float(stats.detectable_difference(p, n_1, n_2))
    # The exact power of the pooled z-test: sum over all pairs of counts.
    x, y = np.arange(n_1 + 1)[:, np.newaxis], np.arange(n_2 + 1)
    pooled = (x + y) / (n_1 + n_2)
    variance = pooled * (1 - pooled) * (1 / n_1 + 1 / n_2)
    rejected = (y / n_2 - x / n_1) ** 2 > 1.959964**2 * variance
    chance = scipy_stats.binom.pmf(x, n_1, p) * scipy_stats.binom.pmf(y, n_2, other)
    assert chance[rejected].sum() == pytest.approx(0.8, abs=0.02)


def test_two_samples_as_r_does_it_and_a_difference_that_does_not_exist() -> None:
    # The examples of R's manual for power.prop.test, as rounded there.
    got = stats.detectable_difference(0.5, 50, 50, power=0.740)
    assert float(got) == pytest.approx(0.25, abs=5e-4)
    got = stats.detectable_difference(0.5, 76.7, 76.7, power=0.9)
    assert float(got) == pytest.approx(0.25, abs=1e-4)
    # "You'd need a sample size of at least n = 74" to tell 0.9 from 1.
    got = stats.detectable_difference([0.9, 0.9, 1.0], [73, 74, 74], [73, 74, 74])
    assert np.isnan(got).tolist() == [True, False, True]


# --- wrong arguments ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.wilson(3, 2),
        lambda: stats.wilson(float("nan"), 2),
        lambda: stats.wilson(1, 2, 95),
        lambda: stats.bounds(1, 2, -1),
        lambda: stats.cluster_sums([1, 2], [0]),
        lambda: stats.cluster_sums([1, 2], [0.0, float("nan")]),
        lambda: stats.cluster_bootstrap([1, float("nan")], [1, 1], [0, 1], seed=1),
        lambda: stats.cluster_bootstrap([1, 1], [1, -1], [0, 1], seed=1),
        lambda: stats.cluster_bootstrap([1, 1], [[1, 1]], [0, 1], seed=1),
        lambda: stats.resampled_sums([1, 1], [0, 1], resamples=0, seed=1),
        lambda: stats.percentile_interval([0.5], [0.4, 0.6]),
        lambda: stats.discordant([0, 2], [0, 1]),
        lambda: stats.mcnemar_exact(1.5, 2),
        lambda: stats.mcnemar_exact(-1, 2),
        lambda: stats.paired_permutation([1, 0], [1], [0, 1], seed=1),
        lambda: stats.holm([0.1, float("nan")]),
        lambda: stats.detectable_difference(0.5, 0, 10),
        lambda: stats.detectable_difference(1.5, 10, 10),
        lambda: stats.detectable_paired_difference(10, 0.5, power=0.01),
        lambda: stats.cohen_kappa([1, 0], ["1", "0"]),
        lambda: stats.macro_f1(["a"], ["a", "b"]),
        lambda: stats.fleiss_kappa([3, 0]),
        lambda: stats.fleiss_kappa([[1.5, 0.5]]),
    ],
)
def test_wrong_arguments_are_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize("seed", [None, 1.5])
def test_nothing_is_drawn_without_a_seed(seed: object) -> None:
    with pytest.raises(TypeError):
        stats.resampled_sums([1, 0], [0, 1], seed=seed)  # type: ignore[arg-type]
