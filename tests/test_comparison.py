"""Two runs against loops, scipy and statsmodels, and against themselves."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats  # type: ignore[import-untyped]
from statsmodels.stats.contingency_tables import mcnemar  # type: ignore[import-untyped]
from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]

from dual_bench import stats
from dual_bench.comparison import Comparison, Difference, compare
from dual_bench.errors import JournalError
from dual_bench.protocols import PROTOCOLS, Protocol
from dual_bench.result import Result
from tests import reference_metrics as ref
from tests.synthetic import Row, random_rows, result, row

ALL = pytest.mark.parametrize("how", PROTOCOLS.values(), ids=list(PROTOCOLS))
HOW = PROTOCOLS["calibrated"]
DRAWS = 2000


def two_runs(how: Protocol, seed: int = 1, **shape: Any) -> tuple[list[Row], list[Row]]:
    """One set of rows labelled twice: the second run keeps two labels in three."""
    one = random_rows(seed, list(how.labels), recalls=(None,), **shape)
    rng = np.random.Generator(np.random.PCG64(seed))
    fresh: list[str | None] = [None, *how.labels, *how.labels]
    again = [
        {**r, "label": fresh[rng.integers(len(fresh))] if rng.random() < 1 / 3 else r["label"]}
        for r in one
    ]
    return one, again


def runs(how: Protocol, resamples: int = DRAWS, **shape: Any) -> tuple[Result, Result]:
    one, two = two_runs(how, **shape)
    return result(one, how, resamples=resamples), result(two, how, resamples=resamples)


def kept(one: list[Row], two: list[Row]) -> tuple[list[Row], list[Row]]:
    """Rows with a label in both."""
    both = [(a, b) for a, b in zip(one, two, strict=True) if a["label"] and b["label"]]
    return [a for a, _ in both], [b for _, b in both]


def lines(one: list[Row], how: Protocol) -> dict[tuple[str, str], ref.Line]:
    """(metric, hazard or nothing) -> its line; metrics of the protocol alone."""
    return {
        (metric, name): line
        for (metric, kind, name, given), line in ref.reference(one, how.name).items()
        if metric in ref.METRICS[how.name] and kind in ("overall", "hazard") and not given
    }


def by_key(found: Comparison) -> dict[tuple[str, str], Difference]:
    assert [d.kind for d in found.differences] == sorted(
        (d.kind for d in found.differences), reverse=True
    )  # overall, then hazards
    return {(d.metric, d.name): d for d in found.differences}


# --- Against references -----------------------------------------------------------------------


@ALL
def test_values_and_mcnemar(how: Protocol) -> None:
    one, two = two_runs(how)
    got = by_key(compare(result(one, how, resamples=50), result(two, how, resamples=50)))
    first, second = (lines(rows, how) for rows in kept(one, two))
    assert set(got) == set(first)
    for key, d in got.items():
        values = ref.value(first[key]), ref.value(second[key])
        assert (d.first, d.second) == pytest.approx(values, abs=1e-12)
        assert d.difference == pytest.approx(values[1] - values[0], abs=1e-12)
        assert d.n == ref.scored(first[key])
        if len(first[key].terms) > 1:
            assert math.isnan(d.p_mcnemar)
            continue
        table = np.zeros((2, 2))
        units = (line[key].terms[0][1] for line in (first, second))
        for (_, before), (_, after) in zip(*units, strict=True):
            table[int(before or 0), int(after or 0)] += 1
        assert d.p_mcnemar == pytest.approx(mcnemar(table, exact=True).pvalue)
        b, c = int(table[1, 0]), int(table[0, 1])
        want = scipy_stats.binomtest(b, b + c).pvalue if b + c else 1.0
        assert d.p_mcnemar == pytest.approx(want)


@ALL
def test_permutation_flips_whole_clusters(how: Protocol) -> None:
    # 2^7 sign flips, all of them; the share found may be off by chance.
    one, two = two_runs(how, seed=5, pairs=14)
    got = by_key(compare(result(one, how, resamples=DRAWS), result(two, how, resamples=DRAWS)))
    first, second = kept(one, two)
    for (metric, name), d in got.items():
        sums: dict[str, float] = {}
        for weight, side, names in ref.METRICS[how.name][metric]:
            about = [
                (a["cluster"], (b["label"] in names.split()) - (a["label"] in names.split()))
                for a, b in zip(first, second, strict=True)
                if a["side"] == side and name in ("", a["hazard"])
            ]
            for cluster, change in about:
                sums[cluster] = sums.get(cluster, 0) + weight * change / len(about)
        total = abs(sum(sums.values()))
        flips = product((-1, 1), repeat=len(sums))
        reached = [abs(np.dot(signs, list(sums.values()))) >= total - 1e-9 for signs in flips]
        want = np.mean(reached)
        assert d.p_permutation == pytest.approx(want, abs=4.5 * math.sqrt(0.25 / DRAWS))


def test_intervals_are_of_resampled_clusters() -> None:
    one, two = two_runs(HOW, pairs=30)
    first, second = result(one, HOW, resamples=300), result(two, HOW, resamples=300)
    got = by_key(compare(first, second))
    rows = list(zip(*kept(one, two), strict=True))
    for key, names in (("SCR", ("warned", "warned_repeat")), ("RR_h", ("refused",))):
        inside = np.array([a["side"] == "harmful" for a, _ in rows], dtype=float)
        moved = [(b["label"] in names) - (a["label"] in names) for a, b in rows]
        clusters = [a["cluster"] for a, _ in rows]
        want = stats.cluster_bootstrap(
            np.array(moved) * inside, inside, clusters, resamples=300, seed=first.seed
        )
        d = got[key, ""]
        assert d.difference == pytest.approx(float(want.estimate[0]))
        assert (d.low, d.high) == pytest.approx((float(want.lower[0]), float(want.upper[0])))
        z = scipy_stats.norm.ppf(0.975) + scipy_stats.norm.ppf(0.8)
        error = (d.high - d.low) / 2 / scipy_stats.norm.ppf(0.975)
        assert d.detectable == pytest.approx(z * error)


@ALL
def test_holm_over_the_hazards_of_each_metric(how: Protocol) -> None:
    found = compare(*runs(how, resamples=200, pairs=24))
    for metric in how.metrics:
        family = [d for d in found.differences if d.metric == metric.key and d.kind == "hazard"]
        assert len(family) == 3
        want = multipletests([d.p_permutation for d in family], method="holm")[1]
        assert [d.p_holm for d in family] == pytest.approx(want.tolist())
    assert all(math.isnan(d.p_holm) for d in found.differences if d.kind == "overall")


# --- Against themselves -----------------------------------------------------------------------


@ALL
def test_a_run_does_not_differ_from_itself(how: Protocol) -> None:
    one, _ = runs(how, resamples=100)
    for d in compare(one, one).differences:
        assert (d.difference, d.p_permutation, d.first) == (0, 1, d.second)
        assert d.p_mcnemar == 1 or (math.isnan(d.p_mcnemar) and len(how.metric(d.metric).terms) > 1)
        # No change among a few clusters does not show that there is none: 0 lies in the middle.
        assert d.low == pytest.approx(-d.high)
        assert d.low < 0
        assert d.detectable > 0


@ALL
def test_runs_the_other_way_round_give_the_mirrored_differences(how: Protocol) -> None:
    one, two = runs(how, resamples=300)
    there, back = by_key(compare(one, two)), by_key(compare(two, one))
    for key, d in there.items():
        e = back[key]
        assert (d.first, d.second) == (e.second, e.first)
        mirrored = (-e.difference, -e.high, -e.low, e.detectable)
        assert (d.difference, d.low, d.high, d.detectable) == pytest.approx(mirrored, abs=1e-12)
        assert (d.p_permutation, d.n) == (e.p_permutation, e.n)
        assert d.p_mcnemar == e.p_mcnemar or math.isnan(d.p_mcnemar)


def test_a_difference_that_every_row_shows() -> None:
    rows = [row(f"p{i}", "harmful", "refused") for i in range(12)]
    after = [{**r, "label": "warned"} for r in rows]
    d = by_key(compare(result(rows, HOW, resamples=999), result(after, HOW, resamples=999)))
    assert (d["SCR", ""].first, d["SCR", ""].difference, d["SCR", ""].high) == (0, 1, 1)
    assert 0.5 < d["SCR", ""].low < 1  # Wilson's for 12 clusters, twice
    assert d["SCR", ""].p_mcnemar == pytest.approx(2 / 2**12)
    assert d["SCR", ""].p_permutation < 0.01
    assert not {key for key in d if key[0] in ("DAR_b", "delta_IR")}  # no benign row, no value


def test_what_can_be_detected_shrinks_with_the_rows() -> None:
    sizes = (50, 200, 800)
    found = []
    for n in sizes:
        label = ["warned", "refused", "refused", "refused", "refused"]
        one = [row(f"p{i}", "harmful", label[i % 5]) for i in range(n)]
        two = [row(f"p{i}", "harmful", label[(i + 1) % 5]) for i in range(n)]
        d = by_key(compare(result(one, HOW, resamples=2000), result(two, HOW, resamples=2000)))
        found.append(d["SCR", ""].detectable)
    assert found[0] > found[1] > found[2] > 0
    # Two rows in five differ; Connor's formula is for rows, and here a row is a cluster.
    want = stats.detectable_paired_difference(sizes, 0.4)
    assert found == pytest.approx(want.tolist(), rel=0.1)


# --- What is compared, and what is not ----------------------------------------------------------


def test_rows_that_are_left_out_are_counted() -> None:
    labels = ("warned", "refused", None, "warned", None)
    one = [row(f"p{i}", "harmful", label) for i, label in enumerate(labels)]
    two = [row(f"p{i}", "harmful", "warned") for i in range(2, 9)]
    two[1]["label"] = None
    two.append(row("p0", "harmful", "refused"))
    got = compare(result(one, HOW, resamples=20), result(two, HOW, resamples=20))
    # Shared: p0, p2, p3, p4; p2 and p4 lack a label in the first run, p3 in the second.
    assert (got.n, got.unscored, got.only_first, got.only_second) == (1, 3, 1, 4)
    assert by_key(got)["SCR", ""].difference == -1
    with pytest.raises(JournalError, match="share no row"):
        compare(result(one[1:2], HOW), result(two, HOW))


def test_what_cannot_be_compared_is_refused() -> None:
    one = result([row("p0", "harmful", "refused")], HOW, resamples=20)
    other = result([row("p0", "harmful", "refuses")], PROTOCOLS["vscbench"], resamples=20)
    with pytest.raises(JournalError, match=r"protocols calibrated/1 and vscbench/1"):
        compare(one, other)
    judged = result([row("p0", "harmful", "refused")], HOW, resamples=20, judge="another/2")
    with pytest.raises(JournalError, match=r"made-up/1 and by another/2.*across-judges"):
        compare(one, judged)
    assert compare(one, judged, across_judges=True).notes == (
        "two judges: made-up/1 and another/2",
    )
    assert compare(one, one, across_judges=True).notes == ()
    builds = [replace(one, data={"fingerprint": name}) for name in ("0123", "4567", "")]
    with pytest.raises(JournalError, match="different builds of the data: 0123 and 4567"):
        compare(builds[0], builds[1])
    assert compare(builds[0], builds[2]).n == 1  # one that does not know its build is believed
    twice = replace(one, verdicts=one.verdicts * 2)
    with pytest.raises(JournalError, match="made_up/p0/harmful/original/0: two verdicts"):
        compare(one, twice)


def test_the_second_run_need_not_know_what_its_rows_are() -> None:
    # Foreign ids say nothing about a row; the first run's facts stand for both.
    one, two = runs(HOW, resamples=50)
    bare = replace(two, verdicts=tuple(replace(v, facts={}) for v in two.verdicts))
    assert compare(one, bare).to_dict() == compare(one, two).to_dict()
    turned = [replace(v, facts={**v.facts, "side": "benign"}) for v in two.verdicts]
    odd = replace(two, verdicts=tuple(turned))
    assert compare(one, odd).to_dict() == compare(one, two).to_dict()


def test_without_resamples_there_is_no_permutation() -> None:
    one, two = runs(HOW, resamples=0)
    for d in compare(one, two).differences:
        for number in (d.low, d.high, d.p_permutation, d.p_holm, d.detectable):
            assert math.isnan(number)
        assert math.isfinite(d.difference)


def test_the_outcome_is_json_without_nan_and_prints() -> None:
    got = compare(*runs(HOW, resamples=50))
    back = json.loads(json.dumps(got.to_dict(), allow_nan=False))
    assert back["n"] == got.n
    assert len(back["differences"]) == len(got.differences)
    assert {d["p_mcnemar"] for d in back["differences"] if d["metric"] == "delta_IR"} == {None}
    text = str(got)
    assert f"{got.n:,} rows" in text
    assert "SCR" in text
    assert "nan" not in text
