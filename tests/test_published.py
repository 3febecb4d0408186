"""The published numbers hang together: within a table, between tables, and with our names."""

from collections import Counter
from collections.abc import Iterable
from statistics import fmean

import pytest

from dual_bench import published
from dual_bench.published import BASELINES, MEAN, METRICS, Number
from dual_bench.schema import VARIANTS
from dual_bench.taxonomy import SLUGS

Key = tuple[str, str, str]  # model, side, metric
TABLE2 = {(n.model, n.side, n.metric): n.value for n in published.table2()}
MODELS = published.models()
ROWS = 7200  # a side of a model in Table 2
EPS = 1e-9  # decimals are not exact in binary


def grouped(numbers: Iterable[Number]) -> dict[Key, list[float]]:
    """Values of one model, side and metric, in file order."""
    groups: dict[Key, list[float]] = {}
    for n in numbers:
        groups.setdefault((n.model, n.side, n.metric), []).append(n.value)
    return groups


BY_VARIANT = grouped(published.by_variant())
BY_HAZARD = grouped(published.by_hazard())


def far(
    groups: dict[Key, list[float]], tolerance: float, names: Iterable[str] = MODELS
) -> set[Key]:
    """Keys whose mean is further than `tolerance` from Table 2."""
    keep = set(names)
    return {
        key
        for key, values in groups.items()
        if key[0] in keep and abs(fmean(values) - TABLE2[key]) > tolerance + EPS
    }


# --- What is there ---------------------------------------------------------------------------


def test_18_models_and_two_baselines_in_table_2() -> None:
    assert len(MODELS) == len(set(MODELS)) == 18
    assert list(dict.fromkeys(n.model for n in published.table2())) == [*MODELS, *BASELINES]
    # six numbers each, and the human baseline has no delta_IR
    assert len(published.table2()) == len(TABLE2) == 20 * 6 - 1
    assert ("Human Baseline", "both", "delta_IR") not in TABLE2


def test_every_model_has_every_variant_of_every_metric() -> None:
    numbers = published.by_variant()
    assert len(numbers) == 18 * 4 * 6
    assert {key[0] for key in BY_VARIANT} == set(MODELS)
    for key in BY_VARIANT:
        own = [n.variant for n in numbers if (n.model, n.side, n.metric) == key]
        assert own == list(VARIANTS)


def test_every_model_and_the_mean_have_every_hazard_of_every_metric() -> None:
    numbers = published.by_hazard()
    assert len(numbers) == (18 + 1) * 4 * 12
    assert {key[0] for key in BY_HAZARD} == {*MODELS, MEAN}
    for key in BY_HAZARD:
        own = [n.hazard for n in numbers if (n.model, n.side, n.metric) == key]
        assert own == list(SLUGS)


@pytest.mark.parametrize(
    "numbers", [published.table2(), published.by_variant(), published.by_hazard()]
)
def test_values_and_names_are_legal(numbers: list[Number]) -> None:
    for n in numbers:
        assert 0 <= n.value <= 1
        assert n.metric in METRICS
        assert n.side in published.SIDES
        assert (n.side == "both") == (n.metric == "delta_IR")
        assert n.metric != "SCR" or n.side == "harmful"


def test_each_row_says_where_it_comes_from() -> None:
    assert {(n.source, n.stated) for n in published.table2()} == {("table 2", True)}
    assert {(n.source, n.stated) for n in published.by_variant()} == {("figure 12", False)}
    for n in published.by_hazard():
        assert n.source == ("figure 9" if n.model == MEAN else "figure 11")
        assert not n.stated


@pytest.mark.parametrize(
    "note", [published.NOTE_TABLE2, published.NOTE_BY_VARIANT, published.NOTE_BY_HAZARD]
)
def test_notes_name_the_source_its_licence_and_the_limit(note: str) -> None:
    assert "arxiv.org/abs/2510.10846v3" in note
    assert "CC BY 4.0" in note
    assert "not comparable" in note


# --- Some values, written out a second time -----------------------------------------------------


def test_some_values_of_each_table() -> None:
    assert TABLE2["LLaMA-4-Scout-17B", "benign", "DAR"] == 0.873
    assert TABLE2["Human Baseline", "harmful", "SCR"] == 1.0
    variants = {(n.model, n.metric, n.variant): n.value for n in published.by_variant()}
    assert variants["Mistral-small-24B", "SCR", "original"] == 0.1685
    assert variants["GPT-4.1", "RR", "noise_background"] == 0.8675
    assert variants["Qwen-2.5-VL-32B", "DAR", "chinese"] == 0.8959
    hazards = {(n.model, n.side, n.metric, n.hazard): n.value for n in published.by_hazard()}
    assert hazards[MEAN, "harmful", "SCR", "suicide_self_harm"] == 0.140
    assert hazards["GPT-4.1", "harmful", "RR", "child_sexual_exploitation"] == 0.926
    assert hazards["Qwen-2.5-VL-7B", "harmful", "RR", "defamation"] == 0.363


def test_family_means_of_the_abstract() -> None:
    def mean_scr(prefix: str) -> float:
        return fmean(TABLE2[m, "harmful", "SCR"] for m in MODELS if m.startswith(prefix))

    assert round(mean_scr("GPT-5"), 4) == 0.0793  # "7.9 %"
    assert round(mean_scr("Qwen"), 4) == 0.039  # "3.9 %"
    assert max(MODELS, key=lambda m: TABLE2[m, "harmful", "SCR"]) == "GPT-5-Nano"
    assert round(mean_scr(""), 4) == 0.0294


# --- Identities within Table 2 ------------------------------------------------------------------


@pytest.mark.parametrize("side", ["harmful", "benign"])
@pytest.mark.parametrize("model", [*MODELS, "Human Baseline"])
def test_dar_and_rr_sum_to_1(model: str, side: str) -> None:
    assert TABLE2[model, side, "DAR"] + TABLE2[model, side, "RR"] == pytest.approx(1, abs=EPS)


@pytest.mark.parametrize("side", ["harmful", "benign"])
def test_except_for_the_ocr_baseline_which_never_refuses(side: str) -> None:
    assert TABLE2["OCR Baseline", side, "DAR"] == 0.99
    assert TABLE2["OCR Baseline", side, "RR"] == 0


def test_delta_ir_is_the_difference_of_the_dars_and_off_by_rounding_for_four() -> None:
    off = {}
    for model in [*MODELS, "OCR Baseline"]:
        dars = TABLE2[model, "benign", "DAR"] - TABLE2[model, "harmful", "DAR"]
        off[model] = round(TABLE2[model, "both", "delta_IR"] - dars, 6)
    assert all(abs(d) <= 0.0015 for d in off.values())
    # three numbers rounded one by one can disagree by 0.001
    assert {m: d for m, d in off.items() if d} == {
        "GPT-4.1-Mini": 0.001,
        "LLaMA-4-Maverick-17B": -0.001,
        "LLaMA-4-Scout-17B": 0.001,
        "LLaMA-3.2-11B-VL": -0.001,
    }


@pytest.mark.parametrize("model", [*MODELS, *BASELINES])
def test_safe_completions_are_refusals(model: str) -> None:
    assert TABLE2[model, "harmful", "SCR"] <= TABLE2[model, "harmful", "RR"]


@pytest.mark.parametrize("model", MODELS)
def test_counts_of_7200_labels_give_table_2_again(model: str) -> None:
    safe = round(TABLE2[model, "harmful", "SCR"] * ROWS)
    refused = round(TABLE2[model, "harmful", "RR"] * ROWS)
    answered = round(TABLE2[model, "harmful", "DAR"] * ROWS)
    labels = ["safe_completion"] * safe + ["refusal"] * (refused - safe)
    labels += ["direct_answer"] * answered
    benign = ["direct_answer"] * round(TABLE2[model, "benign", "DAR"] * ROWS)
    benign += ["refusal"] * round(TABLE2[model, "benign", "RR"] * ROWS)
    assert len(labels) == len(benign) == ROWS  # each row has one label, none has two

    harmful, other = Counter(labels), Counter(benign)
    dar_h, dar_b = harmful["direct_answer"] / ROWS, other["direct_answer"] / ROWS
    rr_h = (harmful["refusal"] + harmful["safe_completion"]) / ROWS
    assert round(dar_h, 3) == TABLE2[model, "harmful", "DAR"]
    assert round(rr_h, 3) == TABLE2[model, "harmful", "RR"]
    assert round(harmful["safe_completion"] / ROWS, 3) == TABLE2[model, "harmful", "SCR"]
    assert round(dar_b, 3) == TABLE2[model, "benign", "DAR"]
    assert round(other["refusal"] / ROWS, 3) == TABLE2[model, "benign", "RR"]
    assert dar_b - dar_h == pytest.approx(TABLE2[model, "both", "delta_IR"], abs=0.0015)


# --- Figure 12 against itself and against Table 2 ----------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_identities_hold_for_each_variant(model: str) -> None:
    dar, rr, scr = (BY_VARIANT[model, "harmful", m] for m in ("DAR", "RR", "SCR"))
    for d, r, s in zip(dar, rr, scr, strict=True):
        assert d + r == pytest.approx(1, abs=0.00015)  # LLaMA-3.2-11B-VL, Chinese: 1.0001
        assert s <= r
    # delta_IR + DAR_h is the benign DAR, which the figure does not show
    benign = [d + i for d, i in zip(dar, BY_VARIANT[model, "both", "delta_IR"], strict=True)]
    assert max(benign) <= 1 + 0.0001
    assert fmean(benign) == pytest.approx(TABLE2[model, "benign", "DAR"], abs=0.001)


def test_mean_of_the_six_variants_is_table_2() -> None:
    # so Table 2 pools them. GPT-5-Mini is the worst: 0.0081 apart, and 0.0063 in SCR
    mini = {
        ("GPT-5-Mini", "harmful", "DAR"),
        ("GPT-5-Mini", "harmful", "RR"),
        ("GPT-5-Mini", "both", "delta_IR"),
    }
    assert far(BY_VARIANT, 0.008) == mini
    assert far(BY_VARIANT, 0.005) == mini | {("GPT-5-Mini", "harmful", "SCR")}
    assert far(BY_VARIANT, 0.0085) == set()


def test_originals_alone_are_not_table_2() -> None:
    originals = {key: values[:1] for key, values in BY_VARIANT.items()}
    assert {key[0] for key in far(originals, 0.01)} > {"Mistral-small-24B", "GPT-5-Nano"}


# --- Figures 9 and 11 against themselves and against Table 2 ------------------------------------


@pytest.mark.parametrize("model", [*MODELS, MEAN])
def test_identities_hold_for_each_hazard(model: str) -> None:
    dar, rr, scr = (BY_HAZARD[model, "harmful", m] for m in ("DAR", "RR", "SCR"))
    for d, r, s in zip(dar, rr, scr, strict=True):
        assert d + r == pytest.approx(1, abs=0.001 + EPS) or (r == 0 and d >= 0.997)
        assert s <= r


def test_an_rr_that_is_too_short_to_read_is_0() -> None:
    gaps = {
        key[0]
        for key in BY_HAZARD
        for d, r in zip(
            BY_HAZARD[key[0], "harmful", "DAR"], BY_HAZARD[key[0], "harmful", "RR"], strict=True
        )
        if 1 - d - r > 0.001 + EPS
    }
    assert gaps == {
        "GPT-5",
        "GPT-5-Mini",
        "Gemini-2.5-Flash",
        "Gemini-2.5-Flash-lite",
        "Qwen-2.5-VL-32B",
        "Mistral-small-24B",
    }


def test_mean_of_the_twelve_hazards_is_table_2() -> None:
    assert far(BY_HAZARD, 0.0015) == set()
    # beyond rounding of both: values too small to read, five of six in SCR
    assert far(BY_HAZARD, 0.0006) == {
        ("GPT-4.1", "harmful", "SCR"),
        ("GPT-4.1-Mini", "harmful", "SCR"),
        ("Gemini-2.5-Flash", "harmful", "RR"),
        ("LLaMA-4-Maverick-17B", "harmful", "SCR"),
        ("LLaMA-4-Scout-17B", "harmful", "SCR"),
        ("LLaMA-3.2-90B-VL", "harmful", "SCR"),
    }


@pytest.mark.parametrize(
    ("side", "metric"),
    [("benign", "DAR"), ("harmful", "DAR"), ("harmful", "RR"), ("harmful", "SCR")],
)
def test_figure_9_is_the_mean_of_figure_11(side: str, metric: str) -> None:
    columns = zip(*(BY_HAZARD[m, side, metric] for m in MODELS), strict=True)
    for mean, column in zip(BY_HAZARD[MEAN, side, metric], columns, strict=True):
        assert fmean(column) == pytest.approx(mean, abs=0.001 + EPS)
