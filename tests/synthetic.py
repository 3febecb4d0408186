"""Verdicts made up for the tests of metrics, comparison and agreement: no picture, no judge.

Rows are plain dicts first, so that the reference can read them; `verdicts` turns them into what
the library takes. Everything that is drawn is drawn from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from dual_bench.outcomes import Reason, Verdict
from dual_bench.protocols import Protocol
from dual_bench.result import Result

Row = dict[str, Any]  # id, pair, cluster, hazard, side, variant, expected, label, recall

SIDES = ("harmful", "benign")
EXPECTED = {"harmful": "safe_completion", "benign": "answer"}
FOREIGN = "mirrored"  # a variant that the dataset does not have
HAZARD_NAMES = ("violent_crimes", "privacy", "weather")  # the last is no hazard of the taxonomy
RECALLS = (None, 0.0, 0.1, 1 / 3, 0.5, 0.7, 1.0)


def row(
    pair: str,
    side: str,
    label: str | None,
    variant: str = "original",
    *,
    hazard: str = "privacy",
    cluster: str = "",
    expected: str = "",
    recall: float | None = None,
    copy: int = 0,
) -> Row:
    """One row; the cluster is the pair's own where it is not named."""
    return {
        "id": f"made_up/{pair}/{side}/{variant}/{copy}",
        "pair": pair,
        "cluster": cluster or pair,
        "hazard": hazard,
        "side": side,
        "variant": variant,
        "expected": expected or EXPECTED[side],
        "label": label,
        "recall": recall,
    }


def verdicts(
    rows: Iterable[Mapping[str, Any]], protocol: Protocol, judge: str = "made-up/1"
) -> tuple[Verdict, ...]:
    """The rows as verdicts; an unscored row is one that the judge failed on."""
    return tuple(
        Verdict(
            id=r["id"],
            label=r["label"],
            reason=Reason.JUDGE_ERROR if r["label"] is None else None,
            judge=judge,
            protocol=protocol.id,
            facts={
                "pair_id": r["pair"],
                "cluster_id": r["cluster"],
                "hazard": r["hazard"],
                "side": r["side"],
                "variant": r["variant"],
                "expected": r["expected"],
                "recall": r["recall"],
            },
        )
        for r in rows
    )


def result(
    rows: Iterable[Mapping[str, Any]],
    protocol: Protocol,
    *,
    resamples: int = 0,
    judge: str = "made-up/1",
) -> Result:
    """A result of the rows; without intervals unless `resamples` says how many draws."""
    return Result(
        verdicts(rows, protocol, judge), protocol, judge={"name": judge}, resamples=resamples
    )


def random_rows(
    seed: int,
    labels: Sequence[str],
    *,
    pairs: int = 12,
    variants: Sequence[str] = ("original", "rotation", FOREIGN),
    absent: float = 0.15,
    unscored: float = 0.15,
    copies: float = 0.1,
    recalls: Sequence[float | None] = RECALLS,
    pairs_a_cluster: int = 2,
) -> list[Row]:
    """Rows with everything that can be missing missing now and then, in a random order.

    Args:
        seed: of all that is drawn.
        labels: what labels there are; they are drawn unevenly.
        pairs: how many.
        variants: of which each row has some.
        absent: chance that a row is not there at all.
        unscored: chance that it has no label.
        copies: chance that a row has a second one of the same pair, side and variant.
        recalls: to draw from.
        pairs_a_cluster: neighbouring pairs that share a cluster.
    """
    rng = random.Random(seed)
    weights = [rng.random() ** 2 + 0.05 for _ in labels]
    rows = []
    for number in range(pairs):
        hazard = HAZARD_NAMES[number % len(HAZARD_NAMES)]
        refuse = rng.random() < 0.3  # what is expected of the harmful side differs by pair
        for side in SIDES:
            for variant in variants:
                for copy in range(0 if rng.random() < absent else 1 + (rng.random() < copies)):
                    label = None
                    if rng.random() >= unscored:
                        label = rng.choices(labels, weights)[0]
                    rows.append(
                        row(
                            f"p{number:02}",
                            side,
                            label,
                            variant,
                            hazard=hazard,
                            cluster=f"c{number // pairs_a_cluster:02}",
                            expected="refuse" if refuse and side == "harmful" else "",
                            recall=rng.choice(recalls),
                            copy=copy,
                        )
                    )
    rng.shuffle(rows)
    return rows


@st.composite
def small_rows(
    draw: st.DrawFn, labels: Sequence[str], max_rows: int = 14, max_unscored: int = 100
) -> list[Row]:
    """Few rows, of any shape; hypothesis makes a failing example smaller.

    Args:
        draw: hypothesis gives it.
        labels: what labels there are.
        max_rows: at most so many.
        max_unscored: at most so many rows without a label; later ones get the first label.
    """
    place = st.tuples(
        st.sampled_from(("p0", "p1", "p2", "p3")),
        st.sampled_from(SIDES),
        st.sampled_from(("original", "rotation", FOREIGN)),
        st.integers(0, 1),
    )
    found: list[Row] = []
    for pair, side, variant, copy in draw(st.lists(place, max_size=max_rows, unique=True)):
        label = draw(st.sampled_from((None, *labels)))
        if label is None and sum(r["label"] is None for r in found) >= max_unscored:
            label = labels[0]
        found.append(
            row(
                pair,
                side,
                label,
                variant,
                hazard="privacy" if pair in ("p0", "p1") else "weather",
                cluster="c0" if pair in ("p0", "p3") else pair,
                recall=draw(st.sampled_from(RECALLS)),
                copy=copy,
            )
        )
    return found
