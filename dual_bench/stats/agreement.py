"""Do two or more sets of labels agree: kappa, confusion matrix, macro-F1.

Labels are nominal: there is no order, and every disagreement weighs the same. A missing label
is None or nan and leaves its item out; how many were left out is for the caller to say. Kappa
here is a point value; for an interval resample the items.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dual_bench.stats.intervals import Floats


class ConfusionMatrix(NamedTuple):
    """Counts (K, K), truth in rows and prediction in columns, and their K labels, sorted."""

    labels: NDArray[Any]
    counts: NDArray[np.int64]


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike) -> ConfusionMatrix:
    """How often each predicted label meets each true one.

    Args:
        truth: (N,) labels, all numbers or all strings; None and nan are no label.
        predicted: (N,) labels of the same kind.

    Returns:
        Labels that occur in either, and counts[i, j] of items with truth i and prediction j.
        With no labelled items K is 0.

    Raises:
        ValueError: the shapes differ, or strings and numbers are mixed.

    >>> confusion_matrix(["yes", "no", "no"], ["yes", "yes", "no"]).counts.tolist()
    [[1, 1], [0, 1]]
    """
    one, two = _labelled(truth, predicted)
    labels, codes = np.unique(np.concatenate([one, two]), return_inverse=True)
    size = len(labels)
    cells = codes[: len(one)] * size + codes[len(one) :]
    counts = np.bincount(cells, minlength=size * size).reshape(size, size)
    return ConfusionMatrix(labels, counts.astype(np.int64))


def macro_f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Mean over classes of F1 = 2 TP / (2 TP + FP + FN).

    The classes are all that occur in the truth or the prediction, each with the same weight;
    a class that only one of the two has counts as 0. With no labelled items the result is nan.

    Args:
        truth: (N,) labels, as for `confusion_matrix`.
        predicted: (N,) labels.

    Raises:
        ValueError: as for `confusion_matrix`.

    Source: Y. Yang (1999), Information Retrieval 1:69-90 (macro-averaging).

    >>> round(macro_f1(["yes", "no", "no"], ["yes", "yes", "no"]), 4)
    0.6667
    """
    counts = confusion_matrix(truth, predicted).counts
    if not counts.size:
        return float("nan")
    # Row sum + column sum = 2 TP + FP + FN, above 0 since every label occurs somewhere.
    return float(np.mean(2 * np.diag(counts) / (counts.sum(axis=0) + counts.sum(axis=1))))


def cohen_kappa(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's kappa of two raters: (p_o - p_e) / (1 - p_e).

    p_o is the share of items with the same label, p_e = sum_k p_1k p_2k the share that would
    agree by chance, given how often each rater uses each label.

    Args:
        first: (N,) labels, as for `confusion_matrix`.
        second: (N,) labels of the same items.

    Returns:
        A number in [-1, 1]. nan with no labelled items, and when both raters gave one and the
        same label to every item: then p_e is 1 and kappa is 0/0, though p_o is 1.

    Raises:
        ValueError: as for `confusion_matrix`.

    Source: J. Cohen (1960), Educ. Psychol. Meas. 20:37-46.

    >>> round(cohen_kappa([1, 1, 0, 0], [1, 0, 0, 0]), 4)
    0.5
    """
    counts = confusion_matrix(first, second).counts
    if len(counts) < 2:
        return float("nan")
    share = counts / counts.sum()
    chance = float(share.sum(axis=0) @ share.sum(axis=1))
    return (float(np.trace(share)) - chance) / (1 - chance)


def fleiss_kappa(counts: ArrayLike) -> float:
    """Fleiss' kappa of several ratings per item: (P - P_e) / (1 - P_e).

    With r_ik the ratings of item i as category k, and r_i = sum_k r_ik,

        P   = mean over items with r_i >= 2 of sum_k r_ik (r_ik - 1) / (r_i (r_i - 1))
        P_e = sum_k pi_k^2,  pi_k = mean over items with r_i >= 1 of r_ik / r_i

    which is Fleiss' (1971) statistic when all r_i are equal, and Gwet's extension of it when
    some ratings are missing. The raters need not be the same for every item.

    Args:
        counts: (items, categories), whole numbers 0 or more. An item with a nan is left out.

    Returns:
        A number up to 1. nan if no item has two ratings, and when all ratings are of one
        category: then P_e is 1 and kappa is 0/0, though the raters always agree.

    Raises:
        ValueError: not two-dimensional, or a count negative or not whole.

    Source: J. L. Fleiss (1971), Psychol. Bull. 76:378-382; K. L. Gwet (2014), Handbook of
        Inter-Rater Reliability, 4th ed., ch. 2 (missing ratings).

    >>> round(fleiss_kappa([[3, 0], [0, 3], [2, 1]]), 4)
    0.55
    """
    table = _ratings(counts)
    sizes = table.sum(axis=1)
    several = sizes >= 2
    if not several.any() or (table.sum(axis=0) > 0).sum() < 2:
        return float("nan")
    agreeing = (table * (table - 1)).sum(axis=1)
    observed = float(np.mean(agreeing[several] / (sizes * (sizes - 1))[several]))
    share = (table / sizes[:, np.newaxis]).mean(axis=0)
    chance = float(share @ share)
    return (observed - chance) / (1 - chance)


def _labelled(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both lists, without the items for which either label is missing."""
    # As objects first: numpy turns ["a", nan] and ["a", 1] into strings without a word.
    one, two = np.asarray(first, dtype=object), np.asarray(second, dtype=object)
    if one.ndim != 1 or one.shape != two.shape:
        raise ValueError(f"two lists of one length are needed, got {one.shape} and {two.shape}")
    kept = ~(_missing(one) | _missing(two))
    left = one[kept].tolist(), two[kept].tolist()
    if len({isinstance(label, str) for side in left for label in side}) > 1:
        raise ValueError("labels must be all strings or all numbers")
    return np.asarray(left[0]), np.asarray(left[1])


def _missing(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Which are None or nan, the value that does not equal itself."""
    return np.array([label is None or label != label for label in labels], dtype=np.bool_)


def _ratings(counts: ArrayLike) -> Floats:
    """The (items, categories) table without items that have a nan or no rating."""
    table: Floats = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"counts must have shape (items, categories), got {table.shape}")
    table = table[~np.isnan(table).any(axis=1)]
    if not np.all((table >= 0) & (table == np.floor(table)) & np.isfinite(table)):
        raise ValueError("ratings must be whole numbers, 0 or more")
    rated: Floats = table[table.sum(axis=1) > 0]
    return rated
