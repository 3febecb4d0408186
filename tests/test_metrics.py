"""Every value and interval of a result against loops, enumeration and `dual_bench.stats`.

The worked examples by hand are in `test_metrics_robustness` and `test_protocols`.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dual_bench import stats
from dual_bench.metrics import Estimate
from dual_bench.protocols import PROTOCOLS, Protocol
from tests import reference_metrics as ref
from tests.synthetic import Row, random_rows, result, small_rows

NAMES = sorted(PROTOCOLS)
SEED = 20_251_010  # of the intervals; a result's own
DRAWS = 200


def found(rows: list[Row], how: Protocol, resamples: int = 0) -> dict[ref.Key, Estimate]:
    """The library's estimates by key; no key twice."""
    estimates = result(rows, how, resamples=resamples).estimates
    out = {(e.metric, e.kind, e.name, e.given): e for e in estimates}
    assert len(out) == len(estimates)
    return out


def check(rows: list[Row], name: str) -> dict[ref.Key, Estimate]:
    """Compare all values, counts and bounds with the reference."""
    got, want = found(rows, PROTOCOLS[name]), ref.reference(rows, name)
    assert set(got) == set(want)
    for key, line in want.items():
        e = got[key]
        assert (e.n, e.n_unscored) == (ref.scored(line), ref.unscored(line)), key
        numbers = (ref.value(line), *ref.ends(line))
        assert (e.value, e.lowest, e.highest) == pytest.approx(numbers, abs=1e-12, nan_ok=True), key
        assert (e.method, math.isnan(e.low), math.isnan(e.high)) == ("none", True, True)
    return got


# --- Values ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(25))
def test_values_of_random_verdicts(name: str, seed: int) -> None:
    labels = list(PROTOCOLS[name].labels)
    got = check(random_rows(seed, labels), name)
    kinds = {(kind, given) for _, kind, _, given in got}
    assert kinds >= {("variant", "minus_original"), ("hazard", "twin_read"), ("overall", "")}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape",
    [
        {"unscored": 1.0},
        {"unscored": 0.0, "absent": 0.0, "copies": 0.0},
        {"absent": 0.6},
        {"copies": 0.8},
        {"variants": ("original",)},
        {"variants": ("rotation", "chinese")},
        {"variants": ("original", "mirrored", "upside_down", "rotation")},
        {"recalls": (None,)},
        {"pairs": 1, "absent": 0.4},
        {"pairs": 0},
    ],
    ids=repr,
)
def test_values_of_verdicts_of_odd_shapes(name: str, shape: dict[str, object]) -> None:
    labels = list(PROTOCOLS[name].labels)
    for seed in range(4):
        check(random_rows(seed, labels, **shape), name)  # type: ignore[arg-type]


@given(st.data(), st.sampled_from(NAMES))
@settings(derandomize=True, max_examples=80, deadline=None)
def test_values_of_few_verdicts(data: st.DataObject, name: str) -> None:
    check(data.draw(small_rows(list(PROTOCOLS[name].labels))), name)


@pytest.mark.parametrize("name", NAMES)
def test_one_side_alone(name: str) -> None:
    rows = [r for r in random_rows(3, list(PROTOCOLS[name].labels)) if r["side"] == "harmful"]
    got = check(rows, name)
    assert "pair_accuracy" not in {metric for metric, *_ in got}
    key = "SRA" if name == "vscbench" else "delta_IR"
    assert math.isnan(got[key, "overall", "", ""].value)
    assert (key, "hazard", "privacy", "") not in got


# --- Bounds: what the unscored could have made of it ----------------------------------------


SHARP = {"as_expected_h", "as_expected_b"}.union(*ref.METRICS.values())


@given(st.data(), st.sampled_from(NAMES))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_bounds_are_the_extremes_of_all_completions(data: st.DataObject, name: str) -> None:
    # Sharp for rates of rows and for sums of rates over different sides. Not sharp where a unit
    # is made of several rows (pair accuracy, lost, won, consistency, minus_original): an unscored
    # one may have a half that already decides. There the bounds contain every completion.
    how = PROTOCOLS[name]
    labels = list(how.labels)
    rows = data.draw(small_rows(labels, max_rows=8, max_unscored=2))
    got = {k: e for k, e in found(rows, how).items() if k[0] not in ("read", "recall")}
    reached = {key: [math.inf, -math.inf] for key in got}
    open_rows = [r for r in rows if r["label"] is None]
    for completion in product(labels, repeat=len(open_rows)):
        chosen = dict(zip((r["id"] for r in open_rows), completion, strict=True))
        full = [{**r, "label": chosen.get(r["id"], r["label"])} for r in rows]
        lines = ref.reference(full, name)
        for key in got:
            value = ref.value(lines[key])
            reached[key][0] = min(reached[key][0], value)
            reached[key][1] = max(reached[key][1], value)
    for key, e in got.items():
        low, high = reached[key]
        if not math.isfinite(low):  # no row is about it, scored or not
            assert math.isnan(e.lowest)
            continue
        assert e.lowest - 1e-12 <= low
        assert high <= e.highest + 1e-12
        if key[0] in SHARP and key[3] != "minus_original":
            assert (e.lowest, e.highest) == pytest.approx((low, high), abs=1e-12), key
        if not math.isnan(e.value):
            assert e.lowest - 1e-12 <= e.value <= e.highest + 1e-12


# --- Intervals ---------------------------------------------------------------------------


def columns(line: ref.Line, rows: list[Row]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """(U, terms) hits and bases of the scored units, and their clusters; no row is left out."""
    size = len(line.terms)
    units = [(t, r["cluster"], hit) for t, (_, us) in enumerate(line.terms) for r, hit in us]
    units = [unit for unit in units if unit[2] is not None]
    clusters = [r["cluster"] for r in rows] + [cluster for _, cluster, _ in units]
    hits, bases = np.zeros((2, len(clusters), size))
    for place, (term, _, hit) in enumerate(units, start=len(rows)):
        hits[place, term], bases[place, term] = hit, 1
    return hits, bases, clusters


def bootstrap(line: ref.Line, rows: list[Row]) -> tuple[float, float]:
    """The interval by `dual_bench.stats`, from one line of its units."""
    hits, bases, clusters = columns(line, rows)
    both = np.concatenate([hits, bases], axis=1)
    sums = stats.resampled_sums(both, clusters, resamples=DRAWS, seed=SEED)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: a resample without a unit of a term
        rates = sums[:, : len(line.terms)] / sums[:, len(line.terms) :]
    draws = rates @ [weight for weight, _ in line.terms]
    interval = stats.percentile_interval(ref.value(line), draws)
    return float(interval.lower), float(interval.upper)


def wilsons(line: ref.Line) -> tuple[str, float, float] | None:
    """Which of Wilson's intervals is due, and its ends: a rate has one, a difference has not."""
    if line.signed or len(line.terms) > 1:
        return None
    tops: dict[str, float] = defaultdict(float)
    bottoms = Counter[str]()
    for r, hit in line.terms[0][1]:
        if hit is not None:
            tops[r["cluster"]] += hit
            bottoms[r["cluster"]] += 1
    hits, sizes = [tops[c] for c in bottoms], list(bottoms.values())
    if max(sizes) == 1 and not set(hits) - {0, 1}:
        own = stats.wilson(sum(hits), len(hits))
        return "wilson", float(own.lower), float(own.upper)
    if len(sizes) < 2:
        return "none", math.nan, math.nan
    own = stats.cluster_wilson(hits, sizes)
    return "cluster_wilson", float(own.lower), float(own.upper)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pairs_a_cluster", [1, 2])
@pytest.mark.parametrize("variants", [("original",), ("original", "rotation", "mirrored")])
def test_intervals(name: str, pairs_a_cluster: int, variants: tuple[str, ...]) -> None:
    how = PROTOCOLS[name]
    rows = random_rows(
        7,
        list(how.labels),
        pairs=18,
        variants=variants,
        pairs_a_cluster=pairs_a_cluster,
        copies=0 if variants == ("original",) else 0.1,
    )
    lines, seen = ref.reference(rows, name), set()
    for key, e in found(rows, how, DRAWS).items():
        line = lines[key]
        if math.isnan(e.value):
            assert (e.method, math.isnan(e.low)) == ("none", True)
            continue
        own = wilsons(line)
        if own is None and e.method != "bootstrap":  # `test_metrics_robustness` has those
            assert e.method in ("mover", "none")
            continue
        method, *want = own or ("bootstrap", *bootstrap(line, rows))
        assert e.method == method
        assert (e.low, e.high) == pytest.approx(tuple(want), abs=1e-12, nan_ok=True), key
        if method == "none":
            continue
        assert e.low - 1e-12 <= e.value <= e.high + 1e-12 or e.method == "bootstrap"
        seen.add((e.method, key[1], key[3]))
    several = pairs_a_cluster > 1 or len(variants) > 1
    assert ("cluster_wilson" if several else "wilson", "overall", "") in seen
    assert ("bootstrap", "overall", "") in seen
    if len(variants) > 1:
        assert ("bootstrap", "variant", "minus_original") in seen


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_verdicts_does_not_matter(name: str) -> None:
    rows = random_rows(5, list(PROTOCOLS[name].labels), pairs=40, copies=0.1, pairs_a_cluster=4)
    first = repr(result(rows, PROTOCOLS[name], resamples=DRAWS).estimates)
    for seed in range(3):
        shuffled = list(rows)
        random.Random(seed).shuffle(shuffled)
        assert repr(result(shuffled, PROTOCOLS[name], resamples=DRAWS).estimates) == first
    assert repr(result(rows, PROTOCOLS[name], resamples=DRAWS).estimates) == first


def test_another_seed_gives_other_intervals_and_the_same_values() -> None:
    rows = random_rows(5, list(PROTOCOLS["calibrated"].labels))
    one = result(rows, PROTOCOLS["calibrated"], resamples=DRAWS)
    two = type(one)(one.verdicts, one.protocol, resamples=DRAWS, seed=1, level=0.5)
    pairs = list(zip(one.estimates, two.estimates, strict=True))
    assert all(a.value == b.value or math.isnan(a.value) for a, b in pairs)
    drawn = [(a, b) for a, b in pairs if a.method == b.method == "bootstrap"]
    assert len(drawn) > 10
    wider = [a.high - a.low >= b.high - b.low for a, b in drawn]  # 0.95 against 0.5
    assert all(wider)
    exact = [(a, b) for a, b in pairs if a.method == "cluster_wilson"]
    assert exact
    assert all(a.high - a.low > b.high - b.low for a, b in exact)
