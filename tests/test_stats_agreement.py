"""Agreement: worked examples from the literature, and counting by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dual_bench import stats

RNG = np.random.Generator(np.random.PCG64(20240601))

# Fleiss (1971), table 1: 30 patients, 6 psychiatrists, 5 diagnoses.
FLEISS_1971 = [
    *([0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0]),
    *([2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6]),
    *([1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1]),
    *([0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0], [0, 2, 0, 4, 0], [1, 0, 2, 0, 3]),
    *([0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0], [1, 0, 0, 4, 1]),
    *([0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6]),
]

# The worked example of Wikipedia's article on Fleiss' kappa: 10 items, 14 raters.
FOURTEEN_RATERS = [
    *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
    *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
]


def test_fleiss_worked_examples() -> None:
    table = np.array(FLEISS_1971)
    assert table.sum(axis=0).tolist() == [26, 26, 30, 55, 43]
    assert stats.fleiss_kappa(table) == pytest.approx(0.430, abs=5e-4)
    assert stats.fleiss_kappa(FOURTEEN_RATERS) == pytest.approx(0.210, abs=5e-4)


def test_fleiss_by_counting_pairs_of_ratings() -> None:
    for _ in range(100):
        table = RNG.multinomial(4, RNG.dirichlet(np.ones(3)), size=12)
        table[0, 0] += 2  # one item with more ratings than the others, and one with a single one
        table[1] = [0, 1, 0]
        agree, shares = [], []
        for row in table.tolist():
            given = [k for k, times in enumerate(row) for _ in range(times)]
            if len(given) > 1:
                agree.append(np.mean([one == two for one, two in permutations(given, 2)]))
            shares.append([given.count(k) / len(given) for k in range(3)])
        chance = sum(np.mean([s[k] for s in shares]) ** 2 for k in range(3))
        want = (np.mean(agree) - chance) / (1 - chance)
        assert stats.fleiss_kappa(table) == pytest.approx(want, abs=1e-12)


def test_fleiss_leaves_out_what_has_no_ratings() -> None:
    table = np.array(FLEISS_1971, dtype=float)
    more = np.vstack([table, np.zeros(5), np.full(5, np.nan)])
    assert stats.fleiss_kappa(more) == stats.fleiss_kappa(table)


def test_cohen_textbook_example_and_perfect_agreement() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p_o = 0.7, p_e = 0.5.
    one = ["yes"] * 25 + ["no"] * 25
    two = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert stats.cohen_kappa(one, two) == pytest.approx(0.4)
    assert stats.cohen_kappa(one, one) == pytest.approx(1)
    assert stats.fleiss_kappa([[4, 0], [0, 4]]) == pytest.approx(1)


def test_kappa_that_does_not_exist_is_nan() -> None:
    nan = float("nan")
    for pair in ([], []), ([1, 1], [1, 1]), ([nan, 1.0], [0.0, nan]), ([None, "a"], ["a", nan]):
        assert np.isnan(stats.cohen_kappa(*pair))
    for table in np.empty((0, 3)), [[3, 0], [3, 0]], [[1, 0], [0, 1]], [[nan, 2]]:
        assert np.isnan(stats.fleiss_kappa(table))
    assert stats.cohen_kappa([0, 0], [1, 1]) == 0
    assert np.isnan(stats.macro_f1([], []))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abce")), min_size=1))
def test_agreement_by_counting(rows: list[tuple[str, str]]) -> None:
    truth, predicted = [r[0] for r in rows], [r[1] for r in rows]
    classes, n = sorted({*truth, *predicted}), len(rows)
    labels, counts = stats.confusion_matrix(truth, predicted)
    assert labels.tolist() == classes
    assert counts.tolist() == [[rows.count((t, p)) for p in classes] for t in classes]
    f1 = [2 * rows.count((c, c)) / (truth.count(c) + predicted.count(c)) for c in classes]
    assert stats.macro_f1(truth, predicted) == pytest.approx(sum(f1) / len(f1))
    chance = sum(truth.count(c) * predicted.count(c) for c in classes) / n**2
    if chance < 1:
        want = (sum(t == p for t, p in rows) / n - chance) / (1 - chance)
        assert stats.cohen_kappa(truth, predicted) == pytest.approx(want, abs=1e-12)
