"""Verdicts made from the counts of the paper's Table 2 give its cells back, to three decimals.

A model's row pools 1,200 pairs under six variants: 7,200 rows a side. A rate r is taken as
round(7,200 r) rows. Which rows they are is not published; here they are drawn from a seed, so
only what is pooled means anything.

The OCR baseline does not fit the protocol. Its DAR and RR sum to 0.99, because what it misreads
is neither an answer nor a refusal; but the protocol's stage 1 gives every reply one of three
classes, so that the rates of a side sum to 1 over the rows that have a label. The honest form of
such a row is one without a label (`empty`): then DAR is 1.000 over 7,128 rows, and the published
0.990 is what DAR had been with all unscored rows against it, its lower bound.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from dual_bench import published
from dual_bench.metrics import Estimate
from dual_bench.outcomes import Reason, Verdict
from dual_bench.protocols import PROTOCOLS
from dual_bench.result import Result
from dual_bench.schema import SIDES, VARIANTS, row_id
from dual_bench.taxonomy import HAZARDS

HOW = PROTOCOLS["dual_bench"]
ROWS = 7200  # a side
TABLE2 = {(n.model, n.side, n.metric): n.value for n in published.table2()}
HUMAN, OCR = "Human Baseline", "OCR Baseline"
FULL = [*published.models(), HUMAN]  # DAR + RR = 1 on both sides

# The paper rounds delta_IR from counts, not from its rounded cells; here the difference of the
# cells is off by 0.001. Model: (published, difference of the published cells).
ROUNDED = {
    "GPT-4.1-Mini": (0.587, 0.586),
    "LLaMA-4-Maverick-17B": (0.397, 0.398),
    "LLaMA-4-Scout-17B": (0.577, 0.576),
    "LLaMA-3.2-11B-VL": (0.059, 0.060),
}


def config(variant: str) -> str:
    return "dual_use" if variant == "original" else "dual_use_perturbed"


@cache
def ids(side: str) -> list[str]:
    """7,200 real ids; rows that follow each other differ in variant, then in hazard."""
    places = product(range(1, 101), HAZARDS, VARIANTS)
    return [row_id(config(v), f"{h.key}-{n:03}", side, v) for n, h, v in places]


def counts(model: str, side: str) -> dict[str, int]:
    """Label -> rows, from the published cells."""
    answers, refusals = (round(TABLE2[model, side, m] * ROWS) for m in ("DAR", "RR"))
    safe = round(TABLE2.get((model, side, "SCR"), 0) * ROWS)
    direct = (refusals - safe) // 2  # the paper does not tell direct from indirect
    return {
        "direct_answer": answers,
        "safe_completion": safe,
        "direct_refusal": direct,
        "indirect_refusal": refusals - safe - direct,
    }


def verdicts(side: str, wanted: dict[str, int]) -> list[Verdict]:
    """So many rows of each label, spread over the side; what is left is `empty`."""
    labels: list[str | None] = [label for label, n in wanted.items() for _ in range(n)]
    labels += [None] * (ROWS - len(labels))
    order = np.random.Generator(np.random.PCG64(1)).permutation(ROWS)
    return [
        Verdict(i, labels[k], Reason.EMPTY if labels[k] is None else None, "", HOW.id)
        for i, k in zip(ids(side), order, strict=True)
    ]


def scored(benign: dict[str, int], harmful: dict[str, int], resamples: int = 0) -> Result:
    found = [*verdicts("benign", benign), *verdicts("harmful", harmful)]
    return Result(tuple(found), HOW, resamples=resamples)


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {m: scored(counts(m, "benign"), counts(m, "harmful")) for m in [*FULL, OCR]}


def cells(result: Result) -> dict[tuple[str, str], Estimate]:
    """(side, metric of the paper) -> estimate."""
    named = {("both", "delta_IR"): "delta_IR", ("harmful", "SCR"): "SCR"}
    for side, metric in product(SIDES, ("DAR", "RR")):
        named[side, metric] = f"{metric}_{side[0]}"
    return {cell: result.get(key) for cell, key in named.items()}


def test_the_rows_are_those_of_the_dataset(results: dict[str, Result]) -> None:
    table = results[HUMAN].table
    assert len(table) == 2 * ROWS
    assert table.variant.values == VARIANTS
    assert table.hazard.values == tuple(h.slug for h in HAZARDS)
    assert len(table.pair.values) == 1200
    assert results[HUMAN].get("pair_accuracy").n == ROWS
    assert results[HUMAN].get("consistency_h").n == 1200


@pytest.mark.parametrize("model", FULL)
def test_every_cell_of_table_2(model: str, results: dict[str, Result]) -> None:
    got = cells(results[model])
    for (side, metric), e in got.items():
        want = TABLE2.get((model, side, metric))
        if metric == "delta_IR":
            assert e.n == 2 * ROWS
            apart = TABLE2[model, "benign", "DAR"] - TABLE2[model, "harmful", "DAR"]
            want = apart if want is None or model in ROUNDED else want
        else:
            assert e.n == ROWS
        assert want is not None
        assert f"{e.value:.3f}" == f"{want:.3f}", (side, metric)
        assert (e.n_unscored, e.lowest, e.highest) == (0, e.value, e.value)
    orr = results[model].get("ORR").value
    assert orr == pytest.approx(got["harmful", "RR"].value - got["harmful", "SCR"].value, abs=1e-12)
    # Two counts, each rounded by half a row at most.
    apart = TABLE2[model, "harmful", "RR"] - TABLE2[model, "harmful", "SCR"]
    assert abs(orr - apart) <= 1 / ROWS + 1e-9


def test_which_cells_of_delta_ir_do_not_follow_from_the_others() -> None:
    off = {}
    for model in published.models():
        apart = TABLE2[model, "benign", "DAR"] - TABLE2[model, "harmful", "DAR"]
        if abs(TABLE2[model, "both", "delta_IR"] - apart) > 0.0005:
            off[model] = (TABLE2[model, "both", "delta_IR"], round(apart, 3))
    assert off == ROUNDED


@pytest.mark.parametrize("model", ROUNDED)
def test_those_cells_follow_from_counts_that_round_to_the_others(model: str) -> None:
    # Up to three rows more or fewer leave a cell of three decimals as it is.
    benign, harmful = counts(model, "benign"), counts(model, "harmful")
    up = TABLE2[model, "both", "delta_IR"] > ROUNDED[model][1]
    for side, change in ((benign, 2 if up else -2), (harmful, -2 if up else 2)):
        side["direct_answer"] += change
        side["direct_refusal"] -= change
    for (side_name, metric), e in cells(scored(benign, harmful)).items():
        assert f"{e.value:.3f}" == f"{TABLE2[model, side_name, metric]:.3f}", (side_name, metric)


def test_the_ocr_baseline_is_a_bound_and_no_value(results: dict[str, Result]) -> None:
    got = cells(results[OCR])
    for side in SIDES:
        answers, refusals = got[side, "DAR"], got[side, "RR"]
        assert (answers.n, answers.n_unscored) == (7128, 72)
        assert (answers.value, refusals.value) == (1, 0)  # the published 0.990 is not a value
        assert answers.lowest == TABLE2[OCR, side, "DAR"] == 0.99
        assert refusals.lowest == TABLE2[OCR, side, "RR"] == 0
        assert refusals.highest == pytest.approx(0.01)
    assert got["harmful", "SCR"].lowest == TABLE2[OCR, "harmful", "SCR"] == 0
    assert got["both", "delta_IR"].value == TABLE2[OCR, "both", "delta_IR"] == 0
    assert results[OCR].unscored == {"empty": 144}


def test_the_human_baseline_is_right_on_every_pair(results: dict[str, Result]) -> None:
    human = results[HUMAN]
    for key in ("pair_accuracy", "as_expected_h", "as_expected_b", "consistency_h"):
        assert human.get(key).value == 1
    assert human.get("ORR").value == 0
    assert human.get("delta_IR").value == 1  # not published: computed from the other cells


def test_intervals_of_a_model_contain_its_cells() -> None:
    model = "LLaMA-4-Scout-17B"
    got = cells(scored(counts(model, "benign"), counts(model, "harmful"), resamples=10))
    for e in got.values():
        want = "bootstrap" if e.metric == "delta_IR" else "cluster_wilson"
        assert e.method == want  # six variants of a pair are one cluster
        assert e.low < e.high
        assert abs((e.low + e.high) / 2 - e.value) < 0.02
